"""The work of a nightly sweep and of a new rule pack in plain SQL, through the database's driver alone: the bound.

It reads the rows that dockd reads, and writes as many, as durably: what is proposed goes into tables of the same shape
beside the catalogue's, with the ids of each batch as an entry's text. It judges nothing: it knows one period, leaves
no reasons, chains and signs nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from catalog import engines
from catalog.keeping.model import NO_END
from catalog.store import Catalog

# A connection of either driver; both know `execute`, `commit` and marks for values, though not the same ones.
Driver = Any

_SQLITE_MARK = "?"
_DUE = (
    "SELECT id, department, size_bytes FROM clip_terms JOIN clips ON clips.id = clip_terms.clip"
    " WHERE keep_until < {mark} ORDER BY keep_until, clip"
)
_FACTS = (
    "SELECT id, kind, clip_class, recorded_at, time_doubt, anchor_at, duration_ms, ingested_at"
    " FROM clip_terms JOIN clips ON clips.id = clip_terms.clip WHERE keep_until < {mark}"
)
_CASES = (
    "SELECT case_clips.clip, cases.number, cases.kind, cases.opened_on, cases.ended_on, cases.closed_on FROM clip_terms"
    " JOIN case_clips ON case_clips.clip = clip_terms.clip JOIN cases ON cases.id = case_clips.case_id"
    " WHERE clip_terms.keep_until < {mark} AND case_clips.unlinked_at IS NULL"
)
_HOLDS = (
    "SELECT held_clips.clip, holds.id, holds.placed_at FROM clip_terms"
    " JOIN held_clips ON held_clips.clip = clip_terms.clip JOIN holds ON holds.id = held_clips.hold"
    " WHERE clip_terms.keep_until < {mark} AND holds.state != 'lifted'"
)
_TABLES = (
    "CREATE TABLE plain_batches (batch text, clip text, station text, state text, PRIMARY KEY (batch, clip))",
    "CREATE INDEX plain_batches_clip ON plain_batches (clip, batch)",
    "CREATE TABLE plain_log (seq integer PRIMARY KEY, told text)",
)
_DROP = ("DROP TABLE plain_batches", "DROP TABLE plain_log")
_PROPOSE = "INSERT INTO plain_batches VALUES ({mark}, {mark}, {mark}, 'in')"
_TELL = "INSERT INTO plain_log VALUES ({mark}, {mark})"
_TERMS = (
    "UPDATE clip_terms SET keep_until = CASE"
    " WHEN EXISTS (SELECT 1 FROM held_clips JOIN holds ON holds.id = held_clips.hold"
    "  WHERE held_clips.clip = clip_terms.clip AND holds.state != 'lifted') THEN {mark}"
    " WHEN EXISTS (SELECT 1 FROM case_clips JOIN cases ON cases.id = case_clips.case_id"
    "  WHERE case_clips.clip = clip_terms.clip AND case_clips.unlinked_at IS NULL AND cases.closed_on IS NULL)"
    "  THEN {mark}"
    " ELSE {day} END FROM clips WHERE clips.id = clip_terms.clip"
)
_DAY = {
    "sqlite": "date(coalesce(anchor_at, recorded_at, ingested_at), '+6 months')",
    "postgresql": "to_char(coalesce(anchor_at, recorded_at, ingested_at) + interval '6 months', 'YYYY-MM-DD')",
}


def sweep_s(catalog: Catalog, owner_url: str, today: str) -> float:
    """Seconds to list what is due, to read what is known of it, and to propose it, a transaction a department."""
    engine = engines.engine_for(engines.parse_url(owner_url))
    with _driver(engine) as (driver, mark):
        for statement in _TABLES:
            driver.execute(statement)
        driver.commit()
        began = time.monotonic()
        due = driver.execute(_DUE.format(mark=mark), (today,)).fetchall()
        for asked in (_FACTS, _CASES, _HOLDS):
            driver.execute(asked.format(mark=mark), (today,)).fetchall()
        cursor = driver.cursor()
        for number, department in enumerate(sorted({row[1] for row in due})):
            if mark == _SQLITE_MARK:
                driver.execute("BEGIN IMMEDIATE")
            rows = [(department, row[0], catalog.station) for row in due if row[1] == department]
            cursor.execute(_TELL.format(mark=mark), (number, json.dumps([row[1] for row in rows])))
            cursor.executemany(_PROPOSE.format(mark=mark), rows)
            driver.commit()
        taken_s = time.monotonic() - began
        for statement in _DROP:
            driver.execute(statement)
        driver.commit()
    return taken_s


def terms_s(catalog: Catalog) -> float:
    """Seconds to give every clip a term in one statement."""
    with _driver(catalog._engine) as (driver, mark):
        statement = _TERMS.format(mark=mark, day=_DAY[catalog._engine.dialect.name])
        began = time.monotonic()
        driver.execute(statement, (NO_END, NO_END))
        driver.commit()
        return time.monotonic() - began


@contextmanager
def _driver(engine: Engine) -> Iterator[tuple[Driver, str]]:
    """The driver's own connection, with the settings of the catalogue's, and its mark for a value."""
    lent = engine.raw_connection()
    try:
        yield lent.driver_connection, _SQLITE_MARK if engine.dialect.name == "sqlite" else "%s"
    finally:
        lent.invalidate()
