"""Contract P8: any later change to clip, catalogue or log is found, and what was not touched gives no finding."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dockd.assembly import writing
from dockd.cli import cli
from dockd.exits import Exit
from hashing.canonical import canonical
from hashing.digest import digest_of
from tests.dockd.test_power_cuts import fill, recording
from tests.dockd.test_rebuild import TABLES, find_and_explain
from tests.simulators.quick import quick_folder
from tests.simulators.station import dock


def run(home: Path, *arguments: str) -> int:
    """A command's exit code, as the program would end with it."""
    code = cli.main(["--home", str(home), *arguments], standalone_mode=False)
    assert isinstance(code, int)
    return code


@pytest.fixture(scope="module")
def pristine() -> Iterator[Path]:
    """A station with two sessions, quarantined entries, a filing and facts; all that a test changes is a copy."""
    with quick_folder() as root:
        home = root / "home"
        run(home, "init", "--yes", "--digest", "sha256", "--department", "城关中队")
        fill(root / "recorder")
        second = root / "second"
        second.mkdir()
        (second / "7654321_200002_20261119100000.mp4").write_bytes(recording("second", 9000))
        with writing(str(home)) as opened:
            dock(opened.station, root / "recorder", clear=True)
            dock(opened.station, second)
            clips = [clip.id for clip in opened.station.catalog.clips()]
            duration = {"name": "duration", "value": 61_500, "unit": "ms", "source": "ffprobe"}
            from catalog.events import FactsRead

            opened.station.catalog.append([FactsRead(clips[0], [duration], [])])
        with writing(str(home)) as opened:
            find_and_explain(opened.station, root)
        run(home, "clip", "file", clips[0], "--case", "A-1", "--class", "general-procedure")
        yield home


@pytest.fixture
def home(pristine: Path, quick_path: Path) -> Path:
    """The station, to be tampered with."""
    root = quick_path / "home"
    shutil.copytree(pristine, root)
    settings = root / "dockd.toml"
    settings.write_text(settings.read_text().replace(str(pristine), str(root)))
    return root


def found(home: Path, capsys: pytest.CaptureFixture[str], *what: str) -> list[dict[str, Any]]:
    """The findings, after a look at the exit code that goes with them."""
    capsys.readouterr()
    code = run(home, "verify", *(what or ("--all",)), "--json")
    told: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert code == (Exit.FINDINGS if told else Exit.OK)
    return told


# ------------------------------------------------------------------------------------------- hands on the files


def one(home: Path, pattern: str, last: bool = False) -> Path:
    """A file of the vault, made writable."""
    path = sorted(path for path in (home / "vault").glob(pattern) if path.is_file())[-1 if last else 0]
    os.chmod(path, 0o640)
    return path


def flip(home: Path, pattern: str, at: int = -20) -> None:
    path = one(home, pattern)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


CLIP = "城关中队/1234567/*/*/clips/*0000.mp4"
SEAL = "城关中队/1234567/*/*/session.json"
MANIFEST = "城关中队/1234567/*/*/manifest."
DOCUMENT = "documents/gap/*/*/"
QUARANTINED = "quarantine/*/*/*/clips/*.xyz"
LEDGER = "ledger/*/"


def _grow(home: Path) -> None:
    path = one(home, CLIP)
    path.write_bytes(path.read_bytes() + b"x")


def _shrink(home: Path) -> None:
    path = one(home, CLIP)
    path.write_bytes(path.read_bytes()[:-1])


def _swap(home: Path) -> None:
    """The bytes of one clip under the name of another, of another session."""
    other = one(home, "城关中队/7654321/*/*/clips/*.mp4").read_bytes()
    one(home, CLIP).write_bytes(other)


def _link(home: Path) -> None:
    path = one(home, CLIP)
    path.rename(home / "elsewhere")
    path.symlink_to(home / "elsewhere")


def _put(home: Path, beside: str, name: str) -> None:
    (one(home, beside).parent / name).write_bytes(b"put there later")


def _strange_session(home: Path) -> None:
    folder = one(home, SEAL).parent
    shutil.copytree(folder, folder.parent / "20261120T080000Z-abcdef")


def _resign(home: Path) -> None:
    """Another seal and its signature of another session: each is genuine, only not of this one."""
    for ending in ("", ".sig"):
        shutil.copyfile(one(home, f"城关中队/7654321/*/*/session.json{ending}"), one(home, SEAL + ending))


FILES: dict[str, Callable[[Path], None]] = {
    "a byte of a clip": lambda home: flip(home, CLIP),
    "a clip grew": _grow,
    "a clip shrank": _shrink,
    "a clip with another's bytes": _swap,
    "a link in a clip's place": _link,
    "a clip is missing": lambda home: one(home, CLIP).unlink(),
    "a file beside the clips": lambda home: _put(home, CLIP, "extra.mp4"),
    "a file beside the seal": lambda home: _put(home, SEAL, "extra.txt"),
    "the seal": lambda home: flip(home, SEAL),
    "the seal is missing": lambda home: one(home, SEAL).unlink(),
    "the seal of another session": _resign,
    "the seal's signature": lambda home: flip(home, SEAL + ".sig", -60),
    "the seal's signature is missing": lambda home: one(home, SEAL + ".sig").unlink(),
    "the manifest": lambda home: flip(home, MANIFEST + "b3", 5),
    "the manifest is missing": lambda home: one(home, MANIFEST + "b3").unlink(),
    "the second manifest": lambda home: flip(home, MANIFEST + "sha256", 5),
    "the second manifest is missing": lambda home: one(home, MANIFEST + "sha256").unlink(),
    "a session folder nobody knows": _strange_session,
    "a byte in quarantine": lambda home: flip(home, QUARANTINED),
    "a quarantined file is missing": lambda home: one(home, QUARANTINED).unlink(),
    "a file beside the quarantined": lambda home: _put(home, QUARANTINED, "extra.xyz"),
    "the manifest of the quarantine": lambda home: flip(home, "quarantine/*/*/*/manifest.b3", 5),
    "the manifest of the quarantine is missing": lambda home: one(home, "quarantine/*/*/*/manifest.b3").unlink(),
    "a byte of a document": lambda home: flip(home, DOCUMENT + "file/*", -2),
    "a document is missing": lambda home: one(home, DOCUMENT + "file/*").unlink(),
    "a file beside a document": lambda home: _put(home, DOCUMENT + "file/*", "extra.txt"),
    "the manifest of a document": lambda home: flip(home, DOCUMENT + "manifest.b3", 5),
    "the manifest of a document is missing": lambda home: one(home, DOCUMENT + "manifest.b3").unlink(),
    "a line of the ledger": lambda home: flip(home, LEDGER + "entries-*"),
    "a part of the ledger is missing": lambda home: one(home, LEDGER + "entries-*").unlink(),
    "the end of the ledger is missing": lambda home: one(home, LEDGER + "entries-*", last=True).unlink(),
    "a checkpoint": lambda home: flip(home, LEDGER + "checkpoint-*.txt"),
    "a checkpoint is missing": lambda home: one(home, LEDGER + "checkpoint-*.txt", last=True).unlink(),
    "a checkpoint's signature": lambda home: flip(home, LEDGER + "checkpoint-*.sig", -60),
    "a checkpoint's signature is missing": lambda home: one(home, LEDGER + "checkpoint-*.sig").unlink(),
    "who may sign": lambda home: flip(home, LEDGER + "allowed_signers"),
}


@pytest.mark.duty("D06")
@pytest.mark.contract("P8")
@pytest.mark.parametrize("what", FILES)
def test_a_change_in_the_vault_is_found(home: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    FILES[what](home)
    assert found(home, capsys) != []


# ---------------------------------------------------------------------------------------- hands on the database


@contextmanager
def database(home: Path) -> Iterator[sqlite3.Connection]:
    """The catalogue for one who owns the file: the guards are taken away, and put back as they were."""
    connection = sqlite3.connect(home / "catalog.db", isolation_level=None)
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _sql in guards:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA foreign_keys = 0")
    yield connection
    for _name, sql in guards:
        connection.execute(sql)
    connection.close()


CELLS = {
    "recorders.department": "'another'",
    "recorders.sessions": "7",
    "sessions.ingested": "ingested + 1",
    "sessions.officer": "'100009'",
    "sessions.session_digest": "manifest_digest",
    "sessions.clearing": "'none'",
    "entries.outcome": "'failed'",
    "entries.cleared": "NOT cleared",
    "entries.path": "path || 'x'",
    "clips.officer": "'100009'",
    "clips.recorded_at": "'2020-01-01T00:00:00.000000Z'",
    "clips.digest": "fingerprint",
    "clips.vault_path": "vault_path || 'x'",
    "case_clips.how": "'by-hand'",
    "cases.number": "'B-2'",
    "facts.value": "'1'",
    "documents.digest": "'b3:00'",
    "documents.vault_path": "vault_path || 'x'",
    "documents.subject": "'gap:b2'",
    "examinations.gaps": "gaps + 1",
    "gaps.state": "'open'",
    "gaps.evidence": "'[]'",
    "gaps.length_ms": "7",
    "gaps.explainers": "'[]'",
    "gaps.reviewed_by": "'nobody'",
    "gaps.text": "'another reason'",
    "custody.actor": "'user:nobody'",
    "custody.at": "'2020-01-01T00:00:00.000000Z'",
    "custody.hash": "prev",
    "custody.subject": "'x'",
    "checkpoints.root": "head",
    "checkpoints.frontier": "'0'",
    "checkpoints.signature": "'none'",
    "checkpoints.at": "'2020-01-01T00:00:00.000000Z'",
}


@pytest.mark.contract("P8")
@pytest.mark.parametrize("cell", CELLS)
def test_a_changed_cell_of_any_table_is_found(home: Path, cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    table, column = cell.split(".")
    with database(home) as connection:
        key = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
        names = ", ".join(key)
        # The first row that it changes: the keys of two sessions have no order that a test could know.
        other = f"{column} IS NOT ({CELLS[cell]})"
        first = f"({names}) = (SELECT {names} FROM {table} WHERE {other} ORDER BY {names} LIMIT 1)"
        done = connection.execute(f"UPDATE {table} SET {column} = {CELLS[cell]} WHERE {first}")
        assert done.rowcount == 1
    assert found(home, capsys) != []


@pytest.mark.contract("P8")
@pytest.mark.parametrize("table", [table for table in TABLES if table != "checkpoints"])
def test_a_removed_row_of_any_table_is_found(home: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    with database(home) as connection:
        key = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
        names = ", ".join(key)
        connection.execute(f"DELETE FROM {table} WHERE ({names}) = (SELECT {names} FROM {table} LIMIT 1)")
    assert found(home, capsys) != []


def test_a_removed_row_of_checkpoints_takes_nothing_away(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The signed ones lie in the vault; the export goes on from the one before."""
    with database(home) as connection:
        connection.execute("DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)")
    with writing(str(home)) as opened:
        assert opened.station.catalog.unexported() == 0
    assert found(home, capsys) == []


@pytest.mark.contract("P8")
@pytest.mark.parametrize("table", TABLES)
def test_an_added_row_of_any_table_is_found(home: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    with database(home) as connection:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        row = dict(zip((c[1] for c in columns), connection.execute(f"SELECT * FROM {table}").fetchone(), strict=True))
        for column in ("seq", "size", "position"):
            if column in row:
                row[column] = 9999
        if "id" in row:
            row["id"] = "ffffffffffffffff"
        elif "seq" not in row and "session" in row:
            row["session"] = "20261120T080000Z-abcdef"
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    assert found(home, capsys) != []


def rewritten(connection: sqlite3.Connection, seq: int, old: str, new: str) -> None:
    """Change one custody entry and chain all that follow anew, as someone would who has no key."""
    rows = connection.execute("SELECT seq, body FROM custody WHERE seq >= ? ORDER BY seq", (seq,)).fetchall()
    prev = ""
    for number, body in rows:
        said = json.loads(body.replace(old, new) if number == seq else body)
        said["prev"] = prev or said["prev"]
        text = canonical(said)
        connection.execute(
            "UPDATE custody SET body = ?, prev = ?, hash = ? WHERE seq = ?",
            (text.decode(), said["prev"], str(digest_of(text)), number),
        )
        prev = str(digest_of(text))


@pytest.mark.contract("P8")
def test_a_custody_log_that_was_chained_anew_is_found(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with database(home) as connection:
        (seq,) = connection.execute("SELECT min(seq) FROM custody WHERE kind = 'clip-ingested'").fetchone()
        rewritten(connection, seq, '"officer":"100001"', '"officer":"100009"')
        connection.execute("UPDATE clips SET officer = '100009' WHERE officer = '100001' AND seq = 1")
    told = {finding["what"] for finding in found(home, capsys)}
    assert {"custody-differs-from-ledger", "checkpoint-differs-from-custody"} <= told


@pytest.mark.contract("P8")
def test_a_custody_log_whose_end_was_cut_off_is_found(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with database(home) as connection:
        (head,) = connection.execute("SELECT max(seq) FROM custody").fetchone()
        connection.execute("DELETE FROM custody WHERE seq > ?", (head - 1,))
        connection.execute("UPDATE clips SET clip_class = 'unclassified'")
    assert "custody-shorter-than-checkpoint" in {finding["what"] for finding in found(home, capsys)}


# ------------------------------------------------------------------------------------------------------ untouched


@pytest.mark.duty("D06")
def test_what_nobody_touched_gives_no_finding_however_often_it_is_verified(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _again in range(3):
        assert found(home, capsys) == []
    run(home, "custody", "show", "--json")
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["kind"], last["data"]["scope"], last["data"]["findings"]) == ("verified", "all", 0)
    assert run(home, "custody", "verify", "--json") == Exit.OK


def test_one_clip_and_one_session_are_verified_by_the_beginning_of_their_names(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    run(home, "clip", "list", "--json")
    clips = json.loads(capsys.readouterr().out)
    run(home, "session", "list", "--json")
    sessions = [row["session"] for row in json.loads(capsys.readouterr().out)]
    for clip in clips:
        assert found(home, capsys, clip["id"][:10]) == []
    for session in sessions:
        assert found(home, capsys, session) == []
    flip(home, CLIP)
    bad = one(home, CLIP).name
    for clip in clips:
        assert bool(found(home, capsys, clip["id"])) == (clip["path"].endswith(f"/clips/{bad}"))
    touched = {clip["session"] for clip in clips if clip["name"] == bad}
    for session in sessions:
        assert bool(found(home, capsys, session)) == (session in touched)
