"""The tables held against the log: what it adds up to in an empty database, row by row beside what is there."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Engine, Integer, Table, Text, select, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeDecorator

from hashing.digest import digest_of

from .columns import CanonicalJson, Day, UtcTime
from .engines import faults, sqlite_engine
from .errors import BadEvent
from .model import CustodyEntry, Difference, utc_text
from .projection import put
from .reader import PAGE, behind
from .schema import PROJECTED
from .tables import WORKED_OUT, custody, metadata

Row = tuple[Any, ...]
_ABSENT = "absent"
_PRESENT = "present"
_FOLDED_AT_ONCE = 1000
# Nobody needs this database after a power cut.
_SCRATCH = {"journal_mode": "OFF", "synchronous": "0", "temp_store": "MEMORY", "cache_size": "-16000"}


def differences(log: Iterable[CustodyEntry], found: Engine, station: str) -> Iterator[Difference]:
    """Where the tables of `found` say other than the bodies of `log`. Raises CatalogFault.

    A log that cannot be applied at all is one difference: the entry at which it ended.
    """
    with tempfile.TemporaryDirectory(prefix="dockd-fold-") as folder, _scratch(folder) as expected:
        refused = _fold(log, expected)
        if refused is not None:
            yield refused
            return
        for table in (*PROJECTED, custody):
            yield from _of_table(table, _rows(expected, table, station), _rows(found, table, station))


@contextmanager
def _scratch(folder: str) -> Iterator[Engine]:
    path = os.path.join(folder, "fold.db")
    sqlite3.connect(path).close()
    engine = sqlite_engine(path, _SCRATCH)
    try:
        # Without guards: what the log is worth is judged here, not refused.
        metadata.create_all(engine)
        yield engine
    finally:
        engine.dispose()


def _fold(log: Iterable[CustodyEntry], engine: Engine) -> Difference | None:
    waiting = iter(log)
    while entries := list(islice(waiting, _FOLDED_AT_ONCE)):
        where = f"{entries[0].seq}-{entries[-1].seq}"
        try:
            said = [CustodyEntry.of(entry.body, str(digest_of(entry.body))) for entry in entries]
            with engine.begin() as connection:
                put(connection, said)
        except (BadEvent, ValueError, KeyError, TypeError, IntegrityError) as error:
            return Difference("custody", where, "body", "entries that follow from those before", str(error))
    return None


# ------------------------------------------------------------------------------------------------------- row by row


class _TimeText(TypeDecorator[str]):
    """A time as SQLite keeps it, read without understanding it: a changed row may hold anything."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Text as it is; a moment of PostgreSQL as text."""
        return value if value is None or isinstance(value, str) else utc_text(value)


class _Comparing:
    """How the rows of one table are read and ordered for comparing."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.key = list(table.primary_key.columns)
        self.told = [column for column in table.c if WORKED_OUT not in column.info]
        self._places = [self.told.index(column) for column in self.key]
        self.columns = [_raw(column) for column in self.told]

    def key_of(self, row: Row) -> Row:
        return tuple(row[place] for place in self._places)

    def order(self, row: Row) -> list[tuple[int, Any]]:
        """As both databases order: nothing, numbers, text, bytes."""
        return [(_RANK.get(type(part), 0), part) for part in self.key_of(row)]

    def text(self, row: Row) -> str:
        return " ".join(str(part) for part in self.key_of(row))


_RANK = {int: 1, str: 2, bytes: 3}


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, UtcTime):
        return type_coerce(column, _TimeText())
    if isinstance(column.type, CanonicalJson | Day):
        return type_coerce(column, Text())
    if isinstance(column.type, Boolean):
        return type_coerce(column, Integer())
    return column


def _of_table(table: Table, expected: Iterator[Row], found: Iterator[Row]) -> Iterator[Difference]:
    """Both come in order of their key: what one has and the other has passed is missing there."""
    how = _Comparing(table)
    left, right = next(expected, None), next(found, None)
    while left is not None or right is not None:
        if left is not None and (right is None or how.order(left) < how.order(right)):
            yield Difference(table.name, how.text(left), "", _PRESENT, _ABSENT)
            left = next(expected, None)
        elif right is not None and (left is None or how.order(right) < how.order(left)):
            yield Difference(table.name, how.text(right), "", _ABSENT, _PRESENT)
            right = next(found, None)
        elif left is not None and right is not None:
            for column, wanted, there in zip(how.told, left, right, strict=True):
                if wanted != there:
                    yield Difference(table.name, how.text(left), column.name, str(wanted), str(there))
            left, right = next(expected, None), next(found, None)


def _rows(engine: Engine, table: Table, station: str) -> Iterator[Row]:
    how = _Comparing(table)
    page = select(*how.columns).where(table.c.station == station).order_by(*how.key).limit(PAGE)
    after: Row | None = None
    while True:
        with faults("compare"), engine.connect() as connection:
            statement = page if after is None else page.where(behind(tuple(how.key), after))
            rows = [tuple(row) for row in connection.execute(statement)]
        yield from rows
        if len(rows) < PAGE:
            return
        after = how.key_of(rows[-1])
