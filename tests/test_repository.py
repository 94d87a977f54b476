"""What holds of the repository as a whole: it speaks of itself alone, and its papers say what its code does."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from dockd import config
from dockd.exits import Exit

ROOT = Path(__file__).resolve().parents[1]

LINES_AT_MOST = 400
BINARY_BYTES_AT_MOST = 1_000_000

# Put together here, so that this file does not name what it forbids.
REGISTRIES = [
    "py" + "pi.org", "python" + "hosted.org", "deb." + "debian.org", "security." + "debian.org", "npm" + "js.org",
    "npm" + "js.com", "archive." + "ubuntu.com", "proxy." + "golang.org", "crates" + ".io",
]  # fmt: skip
WORKPLACES = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me/[a-z]", "tmp/" + "lab"]) + r")\b"
)


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    data = path.read_bytes()
    if b"\0" in data[:8192]:
        return None
    return data.decode("utf-8", "replace")


def texts() -> list[tuple[str, str]]:
    return [(str(p.relative_to(ROOT)), text) for p in files() if (text := text_of(p)) is not None]


def python_files() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def test_no_file_names_a_package_registry() -> None:
    assert [(name, host) for name, text in texts() for host in REGISTRIES if host in text] == []


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if WORKPLACES.search(line)
    ]
    assert found == []


def test_every_module_opens_with_a_docstring() -> None:
    bare = [
        str(p.relative_to(ROOT)) for p in python_files() if ast.get_docstring(ast.parse(p.read_text("utf-8"))) is None
    ]
    assert bare == []


def test_no_file_of_code_is_too_long_to_read() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in python_files()}
    assert {name: lines for name, lines in lengths.items() if lines > LINES_AT_MOST} == {}


def test_there_is_no_large_binary() -> None:
    large = [
        str(p.relative_to(ROOT)) for p in files() if text_of(p) is None and p.stat().st_size > BINARY_BYTES_AT_MOST
    ]
    assert large == []


def pins(name: str) -> dict[str, list[str]]:
    """The requirements of a compiled file, each with its hashes."""
    found: dict[str, list[str]] = {}
    one = ""
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            one = line.rstrip(" \\")
            found[one] = []
        elif match := re.match(r"\s+--hash=(sha256:[0-9a-f]{64})\b", line):
            found[one].append(match[1])
    return found


@pytest.mark.parametrize("name", ["run.txt", "setup.txt", "dev.txt"])
def test_every_requirement_is_pinned_and_has_a_hash(name: str) -> None:
    assert pins(name)
    assert [one for one, hashes in pins(name).items() if "==" not in one or not hashes] == []


@pytest.mark.parametrize("name", ["run.txt", "setup.txt"])
def test_what_a_station_runs_is_what_was_tested(name: str) -> None:
    assert pins(name).items() <= pins("dev.txt").items()


def documented_codes(path: str) -> dict[int, list[str]]:
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    return {int(code): [cell.strip() for cell in rest.split("|")] for code, rest in rows}


def test_the_exit_codes_are_those_of_the_docs() -> None:
    assert {code: cells[0] for code, cells in documented_codes("docs/exit-codes.md").items()} == {
        one.value: one.name for one in Exit
    }


def test_the_exit_codes_are_those_of_the_design() -> None:
    assert set(documented_codes("DESIGN.md")) == {one.value for one in Exit}


def test_every_setting_is_in_the_docs_with_its_default_and_its_meaning() -> None:
    from dockd.config_file import _toml

    rows = re.findall(
        r"^\| `(\w+\.\w+)` \| `([^`]*)` \|[^|]*\| (.*) \|$", (ROOT / "docs/settings.md").read_text("utf-8"), re.M
    )
    expected = [
        (f"{section}.{name}", _toml(default), about.says)
        for section in config.SECTIONS
        for name, default, about in config.settings_of(section)
    ]
    assert rows == expected


def test_the_shell_scripts_are_sound() -> None:
    for path in ("packaging/system-packages.sh", ".ci/run"):
        shell = (ROOT / path).read_text().splitlines()[0].rpartition("/")[2].split()[-1]
        assert subprocess.run([shell, "-n", str(ROOT / path)], check=False).returncode == 0, path
        assert (ROOT / path).stat().st_mode & 0o111, f"{path} cannot be run"
