"""Contract P4: a real `dockd dock` ended by SIGKILL at any moment, again and again; by SIGINT, which is a request."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dockd.assembly import writing
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.station import dock

MIB = 2**20
ROUNDS = 6
KILLS_A_ROUND = 7
# A docking of what was recorded since takes about so long after its start.
LONGEST_S = 0.5
PATIENCE_S = 120


def dockd(home: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "dockd", "--home", str(home), *arguments]


def told(home: Path, *arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    done = subprocess.run(dockd(home, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A station of the command line's own making that keeps a part of a copy every MiB."""
    root = tmp_path / "home"
    subprocess.run(dockd(root, "init", "--yes"), check=True, capture_output=True)
    settings = root / "dockd.toml"
    text, changed = re.subn(r"^#checkpoint_mib = .*$", "checkpoint_mib = 1", settings.read_text(), flags=re.MULTILINE)
    assert changed == 1
    settings.write_text(text)
    yield root
    shutil.rmtree(root)


def record(recorder: Path, number: int, chance: random.Random) -> dict[str, bytes]:
    """What was recorded since the last docking: a long clip and some short ones."""
    recorder.mkdir(exist_ok=True)
    made = {}
    for minute, size in enumerate([12 * MIB + 77, *(chance.randrange(1, 300_000) for _ in range(4))]):
        name = f"1234567_100001_20261101{number // 60:02d}{number % 60:02d}{minute:02d}.mp4"
        made[name] = chance.randbytes(size)
        (recorder / name).write_bytes(made[name])
    return made


def begun(process: subprocess.Popen[bytes], home: Path) -> None:
    """Wait until it holds the home's lock (or has ended)."""
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        notes = list(home.rglob("writer.lock"))
        if notes and f'"pid": {process.pid}' in notes[0].read_text():
            return
        time.sleep(0.005)


@pytest.mark.contract("P4")
def test_kills_at_any_moment_lose_and_double_nothing(home: Path, tmp_path: Path) -> None:
    chance = random.Random(20261121)
    recorder = tmp_path / "recorder"
    contents: dict[str, bytes] = {}
    killed = 0
    for number in range(1, ROUNDS + 1):
        while killed < number * KILLS_A_ROUND:
            contents |= record(recorder, len(contents), chance)
            process = subprocess.Popen(
                dockd(home, "dock", "--json", "--facts", "later", str(recorder)), stdout=subprocess.DEVNULL
            )
            begun(process, home)
            time.sleep(chance.uniform(0, LONGEST_S))
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        # Whatever it was doing: the next start comes to rest by itself, and the next docking brings the rest.
        (session,) = told(home, "dock", "--json", "--facts", "later", str(recorder))
        assert session["failed"] == 0
        assert session["ingested"] + session["already_held"] == len(contents)
        assert told(home, "verify", "--all", "--json") == []
        clips = told(home, "clip", "list", "--json")
        assert sorted(clip["name"] for clip in clips) == sorted(contents)
        for clip in clips:
            assert (home / "vault" / clip["path"]).read_bytes() == contents[clip["name"]]
    assert killed >= 40
    with writing(str(home)) as opened:
        assert [name for name in opened.station.vault.names(".partial") if name.endswith(".part")] == []
        assert opened.rest is not None and opened.rest.sessions == ()


@pytest.mark.contract("P4")
def test_an_interrupt_is_obeyed_at_the_next_block_and_the_copy_goes_on_at_that_byte(home: Path, tmp_path: Path) -> None:
    recorder = tmp_path / "recorder"
    recorder.mkdir()
    name = "1234567_100001_20261119080000.mp4"
    content = random.Random(5).randbytes(240 * MIB)
    (recorder / name).write_bytes(content)

    def obedient() -> None:
        # Whoever runs the tests in the background may have them ignore interrupts, and that is inherited.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # On a busy machine it must not be through before we get to look.
        os.nice(19)

    process = subprocess.Popen(
        dockd(home, "dock", "--json", "--facts", "later", str(recorder)), stdout=subprocess.PIPE, preexec_fn=obedient
    )
    partials = home / "vault/.partial"
    while process.poll() is None and not list(partials.glob("*.json")):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    output, _nothing = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    (session,) = json.loads(output)
    assert (session["state"], session["failed"], session["ingested"]) == ("interrupted", 1, 0)
    (row,) = told(home, "session", "list", "--json")
    assert row["state"] == "interrupted"
    assert told(home, "verify", "--all", "--json") == []
    (kept_record,) = partials.glob("*.json")
    kept_bytes = json.loads(kept_record.read_text())["kept_bytes"]
    assert 0 < kept_bytes < len(content)
    with writing(str(home)) as opened:
        files = FlakyFiles()
        opened.station.files = files
        result, _ = dock(opened.station, recorder)
        assert (result.sum.ingested, result.sum.failed) == (1, 0)
        reads = sum(c.size_bytes for c in files.calls if c.name == "preadv" and c.path.startswith(str(recorder)))
        # The rest, the block the kept part ends in, and the few KiB that tell one file from another.
        assert reads <= len(content) - kept_bytes + 4 * MIB
        (clip,) = opened.station.catalog.clips()
        assert Path(opened.station.vault.at(clip.vault_path)).read_bytes() == content
        assert os.listdir(partials) == []
