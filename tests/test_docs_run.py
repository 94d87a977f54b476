"""The commands that the papers show run as they stand there: README's five minutes, and the checks by hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def blocks(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder as a checkout is after `make demo`: recorders, and the environment with its commands."""
    for recorder, names in {
        "gat947": [
            "4500123/20251120/4500123_012345_20251120081500.mp4",
            "4500123/20251120/4500123_012345_20251120082000.jpg",
        ],
        "ambarella": ["DCIM/251120/00018123_00000020251120084500_0001.MP4"],
    }.items():
        for number, name in enumerate([*names, "FIRMWARE.BIN"]):
            path = tmp_path / ".demo" / "recorders" / recorder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{recorder} {number} ".encode() * 2000)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "dockd").write_text(f'#!/bin/sh\nexec {sys.executable} -m dockd "$@"\n')
    (programs / "dockd").chmod(0o755)
    return tmp_path


def shell(script: str, place: Path, **environ: str) -> str:
    """Run a script as a person's shell would, ending at the first fault; what it said."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKD", "LANG", "LC_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=place, env={**known, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **environ},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_five_minutes_of_the_readme_run_as_they_stand(name: str, place: Path) -> None:
    said = shell("\n".join(blocks(name)), place)
    assert "3 on recorder = 2 ingested + 0 already held + 1 quarantined" in said
    assert 'Good "dockd-session" signature' in said


def test_what_the_papers_show_for_checking_by_hand_runs_as_it_stands(place: Path) -> None:
    home = place / ".demo" / "station"
    dockd = f"{place}/.venv/bin/dockd --home {home}"
    shell(f"{dockd} init --yes --digest sha256 --digest sm3; {dockd} dock --quiet .demo/recorders/*", place)
    said = shell("\n".join(blocks("docs/formats.md")), place)
    assert 'Good "dockd-session" signature' in said
    assert 'Good "dockd-checkpoint" signature' in said
    assert "head b3:" in said
    assert "root b3:" in said
    original = next(path for path in (home / "vault").rglob("*.MP4"))
    shutil.copy(original, place / "changed")
    original.unlink()
    original.write_bytes((place / "changed").read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(AssertionError, match="FAILED"):
        shell("\n".join(blocks("docs/formats.md")), place)
