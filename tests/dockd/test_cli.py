"""The command line as scripts and people meet it: real processes, a real home, the numbers they end with."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest

from dockd.cli import COMMANDS, cli
from dockd.exits import Exit
from dockd.lock import WriterLock
from tests.dockd.test_power_cuts import recording
from tests.simulators.quick import quick_folder

DOCK_KEYS = [
    "session",
    "recorder",
    "family",
    "slot",
    "on_recorder",
    "ingested",
    "already_held",
    "quarantined",
    "failed",
    "cleared",
    "bytes",
    "seconds",
]
CLIP_KEYS = [
    "id",
    "path",
    "name",
    "size_bytes",
    "blake3",
    "kind",
    "recorder",
    "officer",
    "department",
    "recorded_at",
    "duration_s",
]


def process(*arguments: str, environ: dict[str, str] | None = None, before: tuple[str, ...] = ()) -> Any:
    """`dockd` as a process of its own."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKD", "LANG", "LC_"))}
    return subprocess.run(
        [*before, sys.executable, "-m", "dockd", *arguments],
        capture_output=True,
        text=True,
        env={**known, "LANG": "C.UTF-8", **(environ or {})},
        check=False,
    )


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and sub-command."""
    root = click.Context(cli)
    for name in cli.list_commands(root):
        yield (name,)
        command = cli.get_command(root, name)
        if isinstance(command, click.Group):
            for below in command.list_commands(root):
                yield (name, below)


@pytest.fixture(scope="module")
def docked() -> Iterator[Path]:
    """A station with what two recorders delivered; tests here only read it, or copy it."""
    with quick_folder() as root:
        assert process("--home", str(root / "home"), "init", "--yes", "--department", "城关中队").returncode == Exit.OK
        for serial, officer, hour in (("1234567", "100001", 8), ("7654321", "200002", 10)):
            folder = root / serial
            folder.mkdir()
            for minute in range(3):
                name = f"{serial}_{officer}_20261119{hour:02d}{minute:02d}00.mp4"
                (folder / name).write_bytes(recording(name, 5000 + minute))
        (root / "1234567" / "谁也不认识.xyz").write_bytes(b"?")
        arguments = ["dock", "--json", "--slot", "4", "--facts", "later", str(root / "1234567"), str(root / "7654321")]
        done = process("--home", str(root / "home"), *arguments)
        assert done.returncode == Exit.OK, done.stderr
        (root / "docked.json").write_text(done.stdout)
        yield root


@pytest.fixture
def station(docked: Path, quick_path: Path) -> Path:
    """The same station, to be spoiled."""
    home = quick_path / "home"
    shutil.copytree(docked / "home", home)
    settings = home / "dockd.toml"
    settings.write_text(settings.read_text().replace(str(docked), str(quick_path)))
    return home


def ends(home: Path, code: Exit, *arguments: str, **named: Any) -> str:
    """The command ends with this number and, unless all is well, says why in one sentence and a hint."""
    done = process("--home", str(home), *arguments, **named)
    assert done.returncode == code, (done.returncode, done.stderr, done.stdout)
    assert "Traceback" not in done.stderr
    said: str = done.stderr if code not in (Exit.OK, Exit.FINDINGS, Exit.RECORDER) else done.stdout
    return said


def asked(home: Path, *arguments: str) -> Any:
    return json.loads(ends(home, Exit.OK, *arguments, "--json"))


def set_to(home: Path, section: str, setting: str) -> None:
    """Put a setting into the section of dockd.toml."""
    path = home / "dockd.toml"
    text = path.read_text()
    assert f"[{section}]\n" in text
    path.write_text(text.replace(f"[{section}]\n", f"[{section}]\n{setting}\n", 1))


# --------------------------------------------------------------------------------------------------------- helping


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_command_tells_what_it_does_and_takes(language: str) -> None:
    for command in commands():
        done = process(*command, "--help", environ={"DOCKD_LANG": language})
        assert done.returncode == 0, (command, done.stderr)
        assert "--help" in done.stdout
        # Examples name Chinese people and places in both languages.
        prose = re.sub(r"^ +dockd .*(\n {6,}.*)*", "", done.stdout, flags=re.MULTILINE)
        chinese = len(re.findall(r"[\u4e00-\u9fff]", prose))
        assert (chinese >= 12) == (language == "zh_CN"), (command, done.stdout)


def test_the_root_lists_every_command_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    done = process("--help", environ={"DOCKD_LANG": "en"})
    assert done.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", done.stdout, re.MULTILINE), name


def test_help_answers_without_loading_what_it_does_not_need() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dockd", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert loaded & {"click", "dockd"} == {"click", "dockd"}
    assert not loaded & {"sqlalchemy", "rich", "pydantic", "alembic", "cryptography", "psycopg", "blake3", "babel"}


@pytest.mark.parametrize(("shell", "check"), [("bash", ["bash", "-n"]), ("zsh", None), ("fish", None)])
def test_the_completion_script_is_one(shell: str, check: list[str] | None) -> None:
    done = process("completion", shell)
    assert done.returncode == 0
    assert "_DOCKD_COMPLETE" in done.stdout and "dockd" in done.stdout
    if check is not None:
        assert subprocess.run(check, input=done.stdout, text=True, check=False).returncode == 0


def test_completion_knows_the_commands() -> None:
    environ = {"_DOCKD_COMPLETE": "bash_complete", "COMP_WORDS": "dockd ver", "COMP_CWORD": "1"}
    program = [sys.executable, "-c", "from dockd.cli import cli; cli(prog_name='dockd')"]
    done = subprocess.run(program, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["plain,verify"]


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"dockd \d+\.\d+\.\d+\n", process("--version").stdout)


# ------------------------------------------------------------------------------------------------------ JSON and CSV


def test_dock_gives_the_sessions_by_their_stable_names(docked: Path) -> None:
    first, second = json.loads((docked / "docked.json").read_text())
    for session in (first, second):
        assert list(session)[: len(DOCK_KEYS)] == DOCK_KEYS
    assert (first["recorder"], first["family"], first["slot"]) == ("1234567", "gat947", 4)
    assert [first[name] for name in DOCK_KEYS[4:11]] == [4, 3, 0, 1, 0, 0, 15_003]
    assert second["slot"] == 5 and isinstance(second["seconds"], float)


@pytest.mark.duty("D05")
def test_clips_come_by_their_stable_names_and_filters(docked: Path) -> None:
    home = docked / "home"
    clips = asked(home, "clip", "list")
    assert len(clips) == 6
    for clip in clips:
        assert list(clip)[: len(CLIP_KEYS)] == CLIP_KEYS
        original = home / "vault" / clip["path"]
        assert original.stat().st_size == clip["size_bytes"]
        said = subprocess.run(["b3sum", "--no-names", original], capture_output=True, text=True, check=True).stdout
        assert said.strip() == clip["blake3"]

    def names(*filters: str) -> int:
        return len(asked(home, "clip", "list", *filters))

    assert names("--recorder", "1234567") == names("--officer", "100001") == 3
    assert names("--department", "城关中队") == names("--class", "unclassified") == names("--kind", "video") == 6
    assert names("--case", "A-1") == names("--department", "别的") == names("--kind", "audio") == 0
    # The agency's wall clock: recorded at 08:00, 08:01, 08:02 and 10:00, 10:01, 10:02.
    assert names("--since", "2026-11-19 10:00") == names("--until", "2026-11-19 08:03") == 3
    assert names("--since", "2026-11-19 08:01", "--until", "2026-11-19 10:01") == 3
    assert names("--limit", "2") == 2
    session = json.loads((docked / "docked.json").read_text())[0]["session"]
    assert names("--session", session) == 3
    assert clips[0]["recorded_at"] == "2026-11-19T00:00:00+00:00"


def test_clips_as_a_table_for_spreadsheets(docked: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ends(docked / "home", Exit.OK, "clip", "list", "--csv").lstrip("\ufeff"))))
    assert len(rows) == 6
    assert list(rows[0])[: len(CLIP_KEYS)] == CLIP_KEYS
    assert {row["department"] for row in rows} == {"城关中队"}


def test_sessions_and_clips_are_shown_by_the_beginning_of_their_names(docked: Path) -> None:
    home = docked / "home"
    sessions = asked(home, "session", "list")
    assert [row["recorder"] for row in asked(home, "session", "list", "--recorder", "7654321")] == ["7654321"]
    quarantined = next(row for row in sessions if row["quarantined"])
    shown = asked(home, "session", "show", quarantined["session"])
    assert sorted(entry["outcome"] for entry in shown["entries"]) == ["ingested"] * 3 + ["quarantined"]
    assert shown["on_recorder"] == 4
    clip = asked(home, "clip", "list")[0]
    assert asked(home, "clip", "show", clip["id"][:8])["facts"] == []
    assert clip["name"] in ends(home, Exit.OK, "clip", "show", clip["id"])
    assert "谁也不认识.xyz" in ends(home, Exit.OK, "session", "show", quarantined["session"])


def test_the_sum_is_told_to_people(station: Path, docked: Path) -> None:
    said = ends(station, Exit.OK, "dock", "--facts", "later", str(docked / "1234567"))
    assert "4 on recorder = 0 ingested + 3 already held + 1 quarantined" in said


def test_findings_are_a_list_that_is_empty_when_all_is_well(station: Path) -> None:
    assert asked(station, "verify", "--all") == []
    assert asked(station, "custody", "verify") == []
    clip = asked(station, "clip", "list")[0]
    os.chmod(station / "vault" / clip["path"], 0o640)
    (station / "vault" / clip["path"]).write_bytes(b"x")
    (finding,) = json.loads(ends(station, Exit.FINDINGS, "verify", clip["id"], "--json"))
    assert list(finding) == ["what", "where", "expected", "found"]
    assert finding["where"] == clip["path"]


def test_custody_lines_are_the_entries_own_bytes(docked: Path) -> None:
    home = docked / "home"
    lines = ends(home, Exit.OK, "custody", "show", "--json").splitlines()
    for before, after in pairwise(lines):
        digest = subprocess.run(["b3sum", "--no-names"], input=before, capture_output=True, text=True, check=True)
        assert json.loads(after)["prev"] == f"b3:{digest.stdout.strip()}"
    assert json.loads(lines[0])["kind"] == "station-initialised"


def test_filing_is_recorded_with_who_did_it(station: Path) -> None:
    clip = asked(station, "clip", "list")[0]
    filing = ("--case", "A-2026-17", "--class", "general-procedure", "--reason", "x")
    ends(station, Exit.OK, "clip", "file", clip["id"], *filing)
    (filed,) = asked(station, "clip", "list", "--case", "A-2026-17")
    assert (filed["id"], filed["class"]) == (clip["id"], "general-procedure")
    last = json.loads(ends(station, Exit.OK, "custody", "show", "--json").splitlines()[-1])
    assert last["kind"] == "clip-filed" and last["actor"].startswith("setup:")


def test_the_catalogue_is_rebuilt_by_one_command(station: Path) -> None:
    before = asked(station, "clip", "list")
    for ending in ("", "-wal", "-shm"):
        (station / f"catalog.db{ending}").unlink(missing_ok=True)
    told = asked(station, "catalog", "rebuild")
    assert (told["sessions_recovered"], told["unsigned"]) == ([], [])
    assert asked(station, "clip", "list") == before
    assert asked(station, "verify", "--all") == []


# -------------------------------------------------------------------------------------------------- the exit codes


def test_usage_is_2(station: Path, tmp_path: Path) -> None:
    for arguments in (
        ["dock"],
        ["nonsense"],
        ["dock", str(tmp_path / "nowhere")],
        ["dock", "--clear", "always", str(tmp_path)],
        ["verify"],
        ["verify", "x", "--all"],
        ["clip", "list", "--since", "yesterday"],
    ):
        ends(station, Exit.USAGE, *arguments)


def test_settings_are_3(station: Path) -> None:
    set_to(station, "dock", "clears = 'never'")
    assert "clear" in ends(station, Exit.SETTINGS, "session", "list")


def test_a_home_that_is_missing_or_there_already_is_4(station: Path, tmp_path: Path) -> None:
    assert "init" in ends(tmp_path, Exit.HOME, "session", "list")
    before = {path: path.read_bytes() for path in station.rglob("*") if path.is_file()}
    said = ends(station, Exit.HOME, "init", "--yes")
    assert "never overwrites" in said
    assert {path: path.read_bytes() for path in station.rglob("*") if path.is_file()} == before
    ends(station, Exit.HOME, "catalog", "rebuild")


def test_an_entry_that_failed_is_5_and_nothing_is_cleared(station: Path, tmp_path: Path) -> None:
    recorder = tmp_path / "recorder"
    (recorder / "sub").mkdir(parents=True)
    (recorder / "1234567_100001_20261119200000.mp4").write_bytes(b"clip")
    # Another file system inside the volume is none of the recorder's: it cannot be taken in.
    box = ("bwrap", "--dev-bind", "/", "/", "--tmpfs", str(recorder / "sub"))
    arguments = ["dock", "--json", "--facts", "later", "--clear", "after-verify", str(recorder)]
    (session,) = json.loads(ends(station, Exit.RECORDER, *arguments, before=box))
    assert (session["ingested"], session["failed"], session["cleared"]) == (1, 1, 0)
    assert (recorder / "1234567_100001_20261119200000.mp4").exists()


@pytest.mark.contract("P9")
def test_a_vault_without_room_is_6(station: Path, docked: Path) -> None:
    set_to(station, "dock", "free_space_floor_mib = 1000000000")
    assert "no room" in ends(station, Exit.VAULT, "dock", str(docked / "1234567"))


@pytest.mark.contract("P10")
def test_a_catalogue_that_is_lost_or_unsafe_is_7(station: Path, docked: Path) -> None:
    connection = sqlite3.connect(station / "catalog.db")
    (trigger,) = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' LIMIT 1").fetchone()
    connection.execute(f"DROP TRIGGER {trigger}")
    connection.commit()
    connection.close()
    ends(station, Exit.CATALOGUE, "dock", str(docked / "1234567"))
    for ending in ("", "-wal", "-shm"):
        (station / f"catalog.db{ending}").unlink(missing_ok=True)
    assert "rebuild" in ends(station, Exit.CATALOGUE, "session", "list")


def test_a_second_writer_is_9_and_readers_are_not(station: Path, docked: Path) -> None:
    (lock,) = station.rglob("writer.lock")
    with WriterLock(str(lock), ["dockd", "dock", "/media/x"]):
        assert "dock /media/x" in ends(station, Exit.BUSY, "dock", str(docked / "1234567"))
        ends(station, Exit.OK, "session", "list")


def test_a_name_that_nothing_has_is_10(station: Path) -> None:
    for command in (["clip", "show"], ["session", "show"], ["verify"]):
        ends(station, Exit.NOT_FOUND, *command, "zz")


def test_a_tool_that_is_missing_is_11(station: Path) -> None:
    set_to(station, "facts", 'exiftool = "no-such-exiftool"')
    assert "no-such-exiftool" in ends(station, Exit.TOOL, "facts")


def test_doctor_ends_with_the_number_of_the_gravest_fault(station: Path) -> None:
    (station / "catalog.db").unlink()
    done = process("--home", str(station), "doctor", "--json")
    assert done.returncode != Exit.OK
    assert json.loads(done.stdout)


def test_an_unforeseen_fault_is_told_without_its_traceback_unless_asked_for(station: Path) -> None:
    (station / "keys/station").write_bytes(b"no key")
    said = ends(station, Exit.HOME, "session", "list")
    assert said.startswith("dockd: error: ") and "\ndockd: hint: " in said
    done = process("--home", str(station), "session", "list", environ={"DOCKD_DEBUG": "1"})
    assert "Traceback" in done.stderr


def test_a_reader_that_leaves_early_is_no_fault(docked: Path) -> None:
    command = f"{sys.executable} -m dockd --home {docked / 'home'} custody show --json | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == ""
