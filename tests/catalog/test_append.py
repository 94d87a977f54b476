"""Appending: one transaction for log and tables, one order for all writers, on both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from catalog.custody import EMPTY, next_entries
from catalog.errors import BadEvent, CatalogFault, LogNotEmpty
from catalog.event import Event
from catalog.events import StationInitialised, Verified
from catalog.kinds import parse
from catalog.model import ClipQuery, CustodyEntry
from catalog.store import Catalog
from hashing.canonical import canonical, parse_canonical
from hashing.chain import first_broken
from hashing.digest import digest_of
from tests.simulators.histories import clip_id, digest, docking, ingested, opened, read, resolved, sealed
from tests.simulators.postgres import Database, PostgresServer

STATION = "st-7f3a91c2"


def _holds(catalog: Catalog) -> bool:
    return first_broken((entry.seq, entry.body, entry.hash) for entry in catalog.custody()) is None


def test_an_entry_is_the_canonical_json_of_the_design(catalog: Catalog) -> None:
    first, second = catalog.append([StationInitialised("key", "0.1.0"), Verified("all", 1, 2, 0)], actor="anna")
    assert first.body == (
        b'{"actor":"anna","at":"2026-11-21T01:35:00.001000Z","data":{"public_key":"key","version":"0.1.0"},'
        b'"kind":"station-initialised","prev":"b3:' + 64 * b"0" + b'","seq":1,"station":"st-7f3a91c2","v":1}'
    )
    assert first.hash == str(digest_of(first.body))
    assert second.prev == first.hash
    assert list(catalog.custody()) == [first, second]
    assert parse(second.kind, second.data) == Verified("all", 1, 2, 0)
    assert CustodyEntry.of(second.body, second.hash) == second
    assert (catalog.head().seq, catalog.head().hash) == (2, second.hash)


def test_nothing_to_append_is_no_entry(catalog: Catalog) -> None:
    assert catalog.append([]) == []
    assert catalog.head() == EMPTY


def test_a_clock_that_was_set_back_shows_as_one(catalog: Catalog) -> None:
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    catalog.append([Verified("all", 0, 0, 0)], at=now)
    catalog.append([Verified("all", 0, 0, 0)], at=now - timedelta(days=1))
    catalog.append([Verified("all", 0, 0, 0)], at=now.astimezone(tz=None))
    assert [(entry.seq, entry.at[:13]) for entry in catalog.custody()] == [
        (1, "2026-11-21T12"),
        (2, "2026-11-20T12"),
        (3, "2026-11-21T12"),
    ]
    assert _holds(catalog)


@pytest.mark.parametrize(
    "contradiction",
    [
        [sealed("none")],
        [ingested("none", 1)],
        [resolved("none", 1)],
        [read("0123456789abcdef")],
        [opened("s1")],
        [sealed("s1")],
        [ingested("s1", 9)],
        [resolved("s1", 9)],
        [opened("s2"), ingested("s2", 1), resolved("s2", 1)],
        [opened("s2"), ingested("s2", 1), ingested("s2", 1, clip="another")],
        [opened("s2"), resolved("s2", 1, "lost")],
        [opened("s2"), ingested("s2", 1, recorded_at="yesterday")],
        [opened("s2"), ingested("s2", 1, recorded_at="2026-11-21T01:35:00")],
        [opened("s2"), ingested("s2", 1, digests={"sm3": "sm3:00"})],
        [opened("s2", label="\ud800")],
        [opened("s2", volume={"share": 0.5})],
        [opened("s2"), sealed("s2", state="half")],
    ],
    ids=str,
)
def test_an_event_that_contradicts_the_log_leaves_nothing_of_its_group(
    catalog: Catalog, contradiction: list[Event]
) -> None:
    catalog.append(docking("s1"))
    before, head = list(catalog.sessions()), catalog.head()
    with pytest.raises((BadEvent, CatalogFault)):
        catalog.append([Verified("all", 0, 0, 0), *contradiction])
    assert catalog.head() == head
    assert list(catalog.sessions()) == before
    assert catalog.append([Verified("all", 0, 0, 0)])[0].seq == head.seq + 1


def test_a_projection_that_fails_leaves_no_entry(
    catalog: Catalog, database_url: str, request: pytest.FixtureRequest
) -> None:
    catalog.append([opened("s1")])
    if database_url.startswith("sqlite"):
        import sqlite3

        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
            connection.execute(
                "CREATE TRIGGER broken BEFORE INSERT ON entries WHEN NEW.seq = 3 BEGIN SELECT RAISE(ABORT, 'disk'); END"
            )
    else:
        owner: Database = request.getfixturevalue("postgres_database")
        with psycopg.connect(owner.owner_url, autocommit=True) as postgres:
            postgres.execute("ALTER TABLE entries ADD CONSTRAINT broken CHECK (seq <> 3)")
    with pytest.raises(CatalogFault) as caught:
        catalog.append([ingested("s1", seq) for seq in range(1, 6)])
    assert caught.value.act == "append"
    assert catalog.head().seq == 1
    assert list(catalog.clips()) == []


def test_what_a_thread_appends_stands_together_and_the_chain_holds(catalog: Catalog) -> None:
    catalog.append([opened(f"s{thread}") for thread in range(16)])
    faults: list[BaseException] = []

    def dock(session: str) -> None:
        try:
            for group in range(5):
                catalog.append([ingested(session, 4 * group + seq) for seq in range(1, 5)])
                assert len(catalog.clips_of_session(session)) == 4 * (group + 1)
            catalog.append([sealed(session)])
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=dock, args=(f"s{thread}",)) for thread in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert _holds(catalog)
    log = list(catalog.custody())
    assert len(log) == 16 + 16 * 21
    sessions = [entry.data["session"] for entry in log[16:] if entry.kind == "clip-ingested"]
    assert all(len(set(sessions[start : start + 4])) == 1 for start in range(0, len(sessions), 4))
    assert list(catalog.differences_from_custody()) == []


_OTHER_PROCESS = """
import sys, threading
from catalog.store import Catalog
from tests.simulators.histories import docking
catalog = Catalog.open(sys.argv[1], sys.argv[2])
def dock(name):
    for number in range(10):
        for event in docking(f"{name}-{number}"):
            catalog.append([event], actor=sys.argv[3])
threads = [threading.Thread(target=dock, args=(f"{sys.argv[3]}{n}",)) for n in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_two_processes_share_one_chain(catalog: Catalog, database_url: str) -> None:
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen([sys.executable, "-c", _OTHER_PROCESS, database_url, STATION, name], cwd=root)
        for name in ("left", "right")
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    log = list(catalog.custody())
    assert len(log) == 2 * 3 * 10 * 5
    assert {entry.actor for entry in log} == {"left", "right"}
    assert _holds(catalog)
    assert list(catalog.differences_from_custody()) == []


def test_stations_that_share_a_database_have_a_chain_each(database_url: str) -> None:
    here, there = Catalog.open(database_url, "st-1"), Catalog.open(database_url, "st-2")
    here.append(docking("s1"))
    there.append(docking("s2"))
    here.append(docking("s3"))
    for one, sessions in ((here, ["s1", "s3"]), (there, ["s2"])):
        assert _holds(one)
        assert [session.id for session in one.sessions()] == sessions
        assert {clip.session for clip in one.clips()} == set(sessions)
        assert {held.vault_path.split("/")[3] for held in one.held_many("X8123")} == set(sessions)
        assert list(one.differences_from_custody()) == []
        one.close()


# ------------------------------------------------------------------------------------------------------- adopting


def test_exported_entries_are_taken_over_as_they_are(catalog: Catalog, tmp_path: Path) -> None:
    Catalog.create(f"sqlite:///{tmp_path}/lost.db")
    lost = Catalog.open(f"sqlite:///{tmp_path}/lost.db", STATION)
    lost.append(docking("s1"))
    lost.append([read(clip_id("s1", 1))])
    log = list(lost.custody())
    catalog.adopt(log[:3])
    catalog.adopt(log[3:])
    assert list(catalog.custody()) == log
    assert list(catalog.clips()) == list(lost.clips())
    assert list(catalog.sessions()) == list(lost.sessions())
    assert list(catalog.differences_from_custody()) == []
    assert catalog.append([Verified("all", 0, 0, 0)])[0].prev == log[-1].hash
    lost.close()


def test_entries_that_do_not_follow_the_head_are_not_taken_over(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    others = next_entries(EMPTY, docking("s2"), station=STATION, actor="dockd", at="2026-11-21T01:35:00.000000Z")
    for entries in (others, others[1:]):
        with pytest.raises(LogNotEmpty) as caught:
            catalog.adopt(entries)
        assert (caught.value.station, caught.value.size) == (STATION, 5)
    assert catalog.head().seq == 5


def test_a_line_that_is_no_entry_of_ours_is_refused(catalog: Catalog) -> None:
    entry = next_entries(EMPTY, [opened("s1")], station=STATION, actor="dockd", at="2026-11-21T01:35:00.000000Z")[0]
    said = parse_canonical(entry.body)
    del said["data"]["vault_dir"]
    body = canonical(said)
    with pytest.raises(BadEvent):
        catalog.adopt([CustodyEntry.of(body, str(digest_of(body)))])
    assert catalog.head() == EMPTY


# ------------------------------------------------------------------------------------------------------ checkpoints


def test_a_checkpoint_is_kept_once_and_only_of_this_log(catalog: Catalog) -> None:
    log = catalog.append(docking("s1"))
    assert (catalog.last_checkpoint(), catalog.unexported()) == (None, 5)
    facts = {"root": digest("root"), "at": log[2].at, "frontier": "{}", "signature": "-----"}
    for _twice in range(2):
        catalog.add_checkpoint(size=3, head=log[2].hash, **facts)
    last = catalog.last_checkpoint()
    assert last is not None and (last.size, last.head, last.frontier) == (3, log[2].hash, "{}")
    assert catalog.unexported() == 2
    for size, head in ((3, log[3].hash), (2, log[1].hash), (4, log[4].hash), (6, log[4].hash)):
        with pytest.raises(CatalogFault):
            catalog.add_checkpoint(size=size, head=head, **facts)
    assert [checkpoint.size for checkpoint in catalog.checkpoints()] == [3]


# -------------------------------------------------------------------------------------------------- PostgreSQL alone


def test_a_transaction_that_the_server_undid_is_done_again(
    postgres: PostgresServer, postgres_database: Database
) -> None:
    postgres.admin(
        "CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO dockd",
        "CREATE FUNCTION public.undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF nextval(''public.tries'') <= 2"
        " THEN RAISE EXCEPTION USING ERRCODE = ''40001''; END IF; RETURN NEW; END'",
        database=postgres_database.name,
    )
    catalog = Catalog.open(postgres_database.url, STATION)
    postgres.admin(
        "CREATE TRIGGER undo BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION public.undo()",
        database=postgres_database.name,
    )
    catalog.append(docking("s1"))
    assert [entry.seq for entry in catalog.custody()] == [1, 2, 3, 4, 5]
    catalog.close()


def test_a_server_that_goes_stops_ingest_and_one_that_comes_back_goes_on(
    postgres: PostgresServer, postgres_database: Database
) -> None:
    catalog = Catalog.open(postgres_database.url, STATION)
    catalog.append(docking("s1"))
    postgres.stop()
    try:
        with pytest.raises(CatalogFault):
            catalog.append(docking("s2"))
        with pytest.raises(CatalogFault):
            list(catalog.clips(ClipQuery()))
    finally:
        postgres.start()
    catalog.append(docking("s2"))
    assert _holds(catalog)
    assert [session.id for session in catalog.sessions()] == ["s1", "s2"]
    catalog.close()


# ------------------------------------------------------------------------------------------------------ SQLite alone


def test_a_full_disk_is_a_fault_and_leaves_nothing(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, STATION)
    catalog.append(docking("s1"))
    with catalog._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(CatalogFault):
        for number in range(200):
            catalog.append(docking(f"t{number}"))
    assert catalog.head().seq % 5 == 0
    assert list(catalog.differences_from_custody()) == []
    catalog.close()
