"""Many rows at once are the rows that one at a time would be, on both databases."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.event import listen

from catalog.errors import BadEvent, CatalogFault
from catalog.event import Event
from catalog.store import Catalog
from tests.simulators.histories import ingested, opened, resolved

STATION = "st-7f3a91c2"
AT = datetime(2026, 11, 21, 1, 35, tzinfo=UTC)
# More than one statement holds, and not a multiple of it.
MANY = 150


def many() -> list[Event]:
    """Clips and entries of all shapes a row can have."""
    clips: list[Event] = [
        ingested(
            "s1",
            number,
            key_mark=number % 2 == 0,
            officer=None if number % 3 else "000123",
            recorded_at=None if number % 5 == 0 else f"2026-11-21T01:{number % 60:02d}:00Z",
            department="城关\0中队" if number % 7 == 0 else 'it\'s "x"',
        )
        for number in range(1, MANY)
    ]
    return [*clips, *(resolved("s1", number) for number in range(MANY, 2 * MANY))]


def rows_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, with its values' types."""
    found = {}
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
            found[table] = sorted((tuple((type(value).__name__, value) for value in row) for row in rows), key=repr)
    return found


def test_rows_put_in_together_are_those_put_in_one_by_one(tmp_path: Path) -> None:
    for name in ("together", "single"):
        url = f"sqlite:///{tmp_path / name}"
        Catalog.create(url)
        catalog = Catalog.open(url, STATION)
        events = [opened("s1"), *many()]
        for group in [events] if name == "together" else [[event] for event in events]:
            catalog.append(group, at=AT)
        catalog.close()
    together, single = rows_of(tmp_path / "together"), rows_of(tmp_path / "single")
    assert len(together["clips"]) == MANY - 1 and len(together["entries"]) == 2 * MANY - 1
    assert together == single


def test_many_rows_are_read_as_they_were_told(catalog: Catalog) -> None:
    catalog.append([opened("s1"), *many()], at=AT)
    for event in many()[: MANY - 1]:
        clip = catalog.find_clip(event.data()["clip"])
        said = event.data()
        assert (clip.key_mark, clip.officer, clip.digests) == (said["key_mark"], said["officer"], said["digests"])
        assert (clip.recorded_at is None) == (said["recorded_at"] is None)
        assert clip.sort_at == (clip.recorded_at or AT)
    assert list(catalog.differences_from_custody()) == []


@pytest.mark.parametrize("at", [3, 70, MANY - 2])
@pytest.mark.parametrize("what", ["twice", "no time"])
def test_one_row_that_does_not_fit_keeps_all_out(catalog: Catalog, what: str, at: int) -> None:
    catalog.append([opened("s1")])
    events = many()
    changed: dict[str, Any] = {"clip": events[0].data()["clip"]} if what == "twice" else {"recorded_at": "yesterday"}
    events[at] = ingested("s1", at + 1, **changed)
    with pytest.raises(CatalogFault if what == "twice" else BadEvent):
        catalog.append(events)
    assert catalog.head().seq == 1
    assert catalog.find_session("s1").state == "open"
    catalog.append(many())
    assert catalog.head().seq == 2 * MANY


def test_what_many_rows_may_have_to_undo_goes_into_no_file(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, STATION)
    catalog.append([opened("s1")], at=AT)
    unfinished: list[str] = []

    def look(_connection: Connection) -> None:
        links = (Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd"))
        unfinished.extend(str(os.readlink(link)) for link in links if link.is_symlink())

    listen(catalog._engine, "commit", look)
    catalog.append(many(), at=AT)
    catalog.close()
    assert any(name.endswith("-wal") for name in unfinished), unfinished
    assert not [name for name in unfinished if "etilqs" in name]
