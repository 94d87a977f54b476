"""The catalogue made again from the vault equals the lost one; and who has tampered with the vault is not believed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.documents.queries import all_documents
from catalog.events import ClipFiled, FactsRead, StationInitialised
from catalog.model import CustodyEntry
from catalog.store import Catalog
from catalog.watching.events import GapFound, SessionExamined
from catalog.watching.gap_states import Role
from catalog.watching.queries import find_gap, gaps_found
from dockd.errors import LedgerFault
from dockd.gaps.acts import Who, explain_spoken, explain_written, review
from dockd.ledger import export
from dockd.rebuilding import Rebuilt, rebuild
from dockd.station import Station
from tests.dockd.test_power_cuts import fill, recording
from tests.simulators.postgres import Database
from tests.simulators.station import KEY, dock, findings, make_home, open_station

TABLES = (
    *("recorders", "sessions", "entries", "clips", "facts", "documents", "examinations", "gaps", "custody"),
    "checkpoints",
)


def populate(root: Path, url: str | None = None) -> None:
    """Several sessions, a clearing, one that failed, clips filed twice, facts read and failed."""
    fill(root / "recorder")
    other = root / "other"
    other.mkdir()
    for number in range(6):
        (other / f"7654321_200002_2026111910{number:02d}00.mp4").write_bytes(recording(f"o{number}", 4000))
    with open_station(root, url=url) as station:
        station.catalog.append([StationInitialised(KEY.public_line(), "0.1.0")])
        dock(station, root / "recorder", slot=3)
        dock(station, other, slot=None, clear=True)
        (other / "7654321_200002_20261119110000.mp4").mkdir()
        (other / "7654321_200002_20261119120000.wav").write_bytes(b"voice")
        dock(station, other)
        dock(station, root / "recorder", clear=True)
        clips = list(station.catalog.clips())
        station.catalog.append(
            [ClipFiled(clip.id, "A-2026-17", "evidence", "first") for clip in clips[:3]], actor="user:li"
        )
        station.catalog.append([ClipFiled(clips[0].id, None, "traffic", "moved")], actor="user:wang")
        find_and_explain(station, root)
        duration = {"name": "duration", "value": 61_500, "unit": "ms", "source": "ffprobe"}
        station.catalog.append([FactsRead(clips[1].id, [duration], [])])
        station.catalog.append([FactsRead(clips[2].id, [], [{"parser": "exiftool", "reason": "timeout"}])])
        export(station)


def find_and_explain(station: Station, root: Path) -> None:
    """Gaps as an examination records them: one explained with a report, sent back and explained again; one open."""
    session = next(iter(station.catalog.sessions()))
    first, second = [clip.id for clip in station.catalog.clips()][:2]
    start, end = "2026-11-19T00:00:10.000000Z", "2026-11-19T00:10:00.000000Z"
    found = GapFound("a1", session.id, session.recorder, "missing-sequence", first, second, start, end, 590_000, 2_000,
                     ["missing=3", "files=1"])  # fmt: skip
    bare = GapFound(
        "b2", session.id, session.recorder, "edited", first, first, None, None, None, 1_000, ["edit-lists=1"]
    )
    station.catalog.append([found, bare, SessionExamined(session.id, session.recorder, 2, 2)])
    # Examined again: the later word counts.
    station.catalog.append([SessionExamined(session.id, session.recorder, 2, 2)])
    (root / "report.txt").write_text("the battery was empty")
    li, wang = Who("li", Role.OFFICER, "user:li"), Who("wang", Role.LEADER, "user:wang")
    gap = find_gap(station.catalog, "a1")
    explain_written(station, [gap], li, "battery", str(root / "report.txt"))
    review(station, [find_gap(station.catalog, "a1")], wang, accepted=False, note="when?")
    explain_spoken(station, [find_gap(station.catalog, "a1")], li, station.catalog.find_clip(second), 4_000)
    review(station, [find_gap(station.catalog, "a1")], wang, accepted=True, note="")


@pytest.fixture
def populated(quick_path: Path) -> Path:
    """A station with a history."""
    make_home(quick_path)
    populate(quick_path)
    return quick_path


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as SQLite has it."""
    connection = sqlite3.connect(database)
    try:
        return {t: connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in TABLES}
    finally:
        connection.close()


def lose(root: Path) -> Path:
    """The catalogue is gone; a copy is kept aside for comparing."""
    kept = root / "lost.db"
    shutil.move(root / "catalog.db", kept)
    for rest in ("-wal", "-shm"):
        (root / f"catalog.db{rest}").unlink(missing_ok=True)
    Catalog.create(f"sqlite:///{root}/catalog.db")
    return kept


def rebuilt(root: Path, check: Callable[[Station], None] = lambda station: None) -> Rebuilt:
    """Rebuild, as `dockd catalog rebuild` does on its new, empty database."""
    with open_station(root, seed=5, rest=False) as station:
        found = rebuild(station)
        check(station)
        return found


def without_rebuild(found: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """The rows but for the rebuild's own entry and the checkpoint that covers it."""
    found["custody"] = [row for row in found["custody"] if "catalog-rebuilt" not in row]
    found["checkpoints"] = found["checkpoints"][:-1]
    return found


@pytest.mark.duty("D06")
@pytest.mark.contract("P8")
def test_the_rebuilt_catalogue_equals_the_lost_one_in_every_table(populated: Path) -> None:
    lost = lose(populated)
    found = rebuilt(populated, lambda station: None if findings(station) == [] else pytest.fail("findings"))
    before, after = rows(lost), without_rebuild(rows(populated / "catalog.db"))
    for table in TABLES:
        assert before[table], table
        assert after[table] == before[table], table
    assert (found.entries, found.sessions_recovered, found.unsigned) == (len(before["custody"]), (), ())


def test_a_rebuilt_station_goes_on_where_the_lost_one_ended(populated: Path) -> None:
    lose(populated)
    rebuilt(populated)
    (populated / "other/7654321_200002_20261119130000.mp4").write_bytes(b"after the loss")
    with open_station(populated, seed=6) as station:
        result, _ = dock(station, populated / "other")
        assert (result.sum.ingested, result.sum.failed) == (1, 0)
        assert findings(station) == []


def only_documents_are_unknown(station: Station) -> bool:
    """A session vouches for itself by its seal; what people said of it stood in the ledger alone, and is gone."""
    found = findings(station)
    return {finding.what for finding in found} == {"file-unknown-to-catalogue"} and all(
        finding.where.startswith("documents/") for finding in found
    )


def test_sessions_behind_the_end_of_a_ledger_that_was_cut_short_come_back_from_their_seals(populated: Path) -> None:
    lost = rows(lose(populated))
    ledger = next((populated / "vault/ledger").iterdir())
    for pattern in ("entries-*", "checkpoint-*.txt", "checkpoint-*.sig"):
        for path in sorted(ledger.glob(pattern))[1:]:
            path.unlink()
    found = rebuilt(populated)
    assert found.entries > 0 and len(found.sessions_recovered) == len(lost["sessions"]) - 1
    with open_station(populated, seed=4) as station:
        assert only_documents_are_unknown(station)
        assert len(list(station.catalog.clips())) == len(lost["clips"])


def test_on_postgresql_the_rebuilt_catalogue_says_the_same(quick_path: Path, postgres_database: Database) -> None:
    make_home(quick_path)
    populate(quick_path)
    before = _models(quick_path, None)
    with open_station(quick_path, url=postgres_database.url, rest=False, seed=7) as station:
        rebuild(station)
        assert findings(station) == []
    assert _models(quick_path, postgres_database.url) == before


def _models(root: Path, url: str | None) -> tuple[object, ...]:
    with open_station(root, url=url, rest=False, seed=8) as station:
        catalog = station.catalog
        log = [e for e in catalog.custody() if e.kind != "catalog-rebuilt"]
        sessions = list(catalog.sessions())
        clips = list(catalog.clips())
        return (
            log,
            sessions,
            clips,
            catalog.recorders(),
            [catalog.session_entries(session.id) for session in sessions],
            [catalog.facts_of(clip.id) for clip in clips],
            list(gaps_found(catalog)),
            list(all_documents(catalog)),
        )


# ------------------------------------------------------------------------------------------- the ledger lost as well


def test_without_the_ledger_the_sessions_come_back_from_their_seals(populated: Path) -> None:
    lost = rows(lose(populated))
    shutil.rmtree(populated / "vault/ledger")
    (populated / "vault/ledger").mkdir()

    def check(station: Station) -> None:
        assert only_documents_are_unknown(station)

    found = rebuilt(populated, check)
    assert (found.entries, len(found.sessions_recovered), found.unsigned) == (0, len(lost["sessions"]), ())
    after = rows(populated / "catalog.db")

    def essence(clip: tuple[object, ...]) -> tuple[object, ...]:
        return clip[:12]

    assert [essence(clip) for clip in after["clips"]] == [essence(clip) for clip in lost["clips"]]
    assert [entry[:9] for entry in after["entries"]] == [entry[:9] for entry in lost["entries"]]
    with open_station(populated, seed=6) as station:
        result, _ = dock(station, populated / "recorder")
        assert result.sum.ingested == 0


def test_an_unsigned_session_folder_is_told_and_not_taken(populated: Path) -> None:
    lost = rows(lose(populated))
    stranger = populated / "vault/城关中队/1234567/2026-11-20/20261120T080000Z-abcdef"
    real = next(path.parent for path in (populated / "vault/城关中队").rglob("session.json"))
    shutil.copytree(real, stranger)
    (stranger / "session.json.sig").unlink()
    found = rebuilt(populated)
    assert [Path(folder).name for folder in found.unsigned] == [stranger.name]
    assert len(rows(populated / "catalog.db")["sessions"]) == len(lost["sessions"])


def test_a_session_folder_that_another_key_signed_is_told_and_not_taken(populated: Path) -> None:
    lose(populated)
    shutil.rmtree(populated / "vault/ledger")
    (populated / "vault/ledger").mkdir()
    seal = next((populated / "vault/城关中队").rglob("session.json"))
    os.chmod(seal, 0o640)
    seal.write_bytes(seal.read_bytes().replace(b"ingested", b"Ingested", 1))
    found = rebuilt(populated)
    assert [Path(folder).name for folder in found.unsigned] == [seal.parent.name]


# ------------------------------------------------------------------------------------------------ a tampered ledger


def _ledger(root: Path, pattern: str) -> Path:
    path = sorted(next((root / "vault/ledger").iterdir()).glob(pattern))[0]
    os.chmod(path, 0o640)
    return path


def _change_a_line(root: Path) -> None:
    path = _ledger(root, "entries-*")
    path.write_bytes(path.read_bytes().replace(b'"slot":3', b'"slot":4', 1))


def _drop_a_line(root: Path) -> None:
    path = _ledger(root, "entries-*")
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[1:]))


def _shorten(root: Path) -> None:
    sorted(next((root / "vault/ledger").iterdir()).glob("entries-*"))[-1].unlink()


def _change_a_checkpoint(root: Path) -> None:
    path = _ledger(root, "checkpoint-*.txt")
    path.write_bytes(path.read_bytes().replace(b"size ", b"size 1", 1))


def _drop_a_signature(root: Path) -> None:
    _ledger(root, "checkpoint-*.sig").unlink()


def _rewrite_the_end(root: Path) -> None:
    """Somebody without the key makes the last entries anew, chained as they should be."""
    path = sorted(next((root / "vault/ledger").iterdir()).glob("entries-*"))[-1]
    os.chmod(path, 0o640)
    lines = path.read_bytes().splitlines()
    said = CustodyEntry.of(lines[-1], "")
    assert said.kind == "facts-read"
    lines[-1] = lines[-1].replace(b'"timeout"', b'"crashed"')
    path.write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.contract("P8")
@pytest.mark.parametrize(
    "tamper",
    [_change_a_line, _drop_a_line, _shorten, _change_a_checkpoint, _drop_a_signature, _rewrite_the_end],
)
def test_a_ledger_that_was_tampered_with_is_refused(populated: Path, tamper: Callable[[Path], None]) -> None:
    lose(populated)
    tamper(populated)
    with open_station(populated, seed=5, rest=False) as station, pytest.raises(LedgerFault):
        rebuild(station)


def test_a_catalogue_that_has_entries_is_not_rebuilt_over(populated: Path) -> None:
    with open_station(populated, seed=5, rest=False) as station:
        head = station.catalog.head()
        with pytest.raises(Exception, match=str(head.seq)):
            rebuild(station)
        assert station.catalog.head() == head
