"""Every change of a row that the log does not know is found, and named (contract P8)."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from catalog.errors import CatalogFault
from catalog.model import Difference
from catalog.store import Catalog
from tests.simulators.histories import clip_id, digest, docking, read
from tests.simulators.postgres import Database

STATION = "st-7f3a91c2"
_CLIP = clip_id("s1", 1)

_CHANGES: dict[str, tuple[str, set[tuple[str, str, str]]]] = {
    "size": (f"UPDATE clips SET size_bytes = 7 WHERE id = '{_CLIP}'", {("clips", _CLIP, "size_bytes")}),
    "digest": (
        f"""UPDATE clips SET digests = '{{"b3":"b3:00"}}', digest = 'b3:00' WHERE id = '{_CLIP}'""",
        {("clips", _CLIP, "digest"), ("clips", _CLIP, "digests")},
    ),
    "time": (
        f"UPDATE clips SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE id = '{_CLIP}'",
        {("clips", _CLIP, "recorded_at")},
    ),
    "officer": ("UPDATE sessions SET officer = NULL", {("sessions", "s1", "officer")}),
    "outcome": ("UPDATE entries SET outcome = 'failed' WHERE seq = 3", {("entries", "s1 3", "outcome")}),
    "fact": ("DELETE FROM facts WHERE position = 2", {("facts", f"{_CLIP} 2", "")}),
    "entry": ("DELETE FROM entries WHERE seq = 3", {("entries", "s1 3", "")}),
    "mark": (f"UPDATE clips SET key_mark = true WHERE id = '{_CLIP}'", {("clips", _CLIP, "key_mark")}),
    "recorder": (
        "UPDATE recorders SET id = 'X1'",
        {("recorders", f"{STATION} X1", ""), ("recorders", f"{STATION} X8123", "")},
    ),
    "extra": (
        "INSERT INTO entries (session, seq, station, path, size_bytes, outcome, reason, cleared)"
        f" VALUES ('s1', 2000, '{STATION}', 'p', 1, 'failed', '', false)",
        {("entries", "s1 2000", "")},
    ),
}


@pytest.mark.parametrize("change", _CHANGES)
def test_a_changed_row_is_named(
    catalog: Catalog, database_url: str, request: pytest.FixtureRequest, change: str
) -> None:
    statement, expected = _CHANGES[change]
    catalog.append(docking("s1"))
    catalog.append([read(_CLIP)])
    assert list(catalog.differences_from_custody()) == []
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute(statement)
        connection.close()
    else:
        database: Database = request.getfixturevalue("postgres_database")
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute(statement.encode())
    assert {(d.table, d.key, d.column) for d in catalog.differences_from_custody()} == expected


def _tampered(url: str, *statements: str) -> list[Difference]:
    catalog = Catalog.open(url, STATION)
    catalog.append(docking("s1"))
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    found = list(catalog.differences_from_custody())
    catalog.close()
    return found


def test_a_row_that_makes_no_sense_is_a_difference_and_no_crash(sqlite_url: str) -> None:
    found = _tampered(
        sqlite_url,
        "PRAGMA ignore_check_constraints=ON",
        "UPDATE clips SET recorded_at = 'soon', digests = '{', key_mark = 5, size_bytes = 'much' WHERE seq = 1",
        "UPDATE entries SET seq = 'three', outcome = 'lost' WHERE seq = 3",
        "UPDATE recorders SET id = x'ff00'",
    )
    assert {(difference.table, difference.column) for difference in found} == {
        ("clips", "recorded_at"),
        ("clips", "digests"),
        ("clips", "key_mark"),
        ("clips", "size_bytes"),
        ("entries", ""),
        ("recorders", ""),
    }


def test_a_row_that_makes_no_sense_is_a_fault_to_a_reader(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, STATION)
    catalog.append(docking("s1"))
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE clips SET recorded_at = 'soon'")
    with pytest.raises(CatalogFault):
        list(catalog.clips())
    catalog.close()


def test_a_log_that_cannot_be_applied_is_one_difference(sqlite_url: str) -> None:
    (found,) = _tampered(sqlite_url, "DROP TRIGGER custody_no_update", "UPDATE custody SET body = '{}' WHERE seq = 2")
    assert (found.table, found.key, found.column) == ("custody", "1-5", "body")


@pytest.mark.parametrize("column", ["kind", "actor", "at", "subject", "prev", "hash"])
def test_a_column_of_the_log_beside_its_body_is_compared(sqlite_url: str, column: str) -> None:
    found = _tampered(sqlite_url, "DROP TRIGGER custody_no_update", f"UPDATE custody SET {column} = 'x' WHERE seq = 4")
    assert {(difference.table, difference.key, difference.column) for difference in found} == {
        ("custody", f"{STATION} 4", column)
    }
    assert found[0].found == "x" and found[0].expected != digest()
