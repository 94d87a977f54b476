"""How rows are read: by station, whole or in pages, as models. Each room's own questions are functions of a Reader.

Long lists are read in pages, each a short query that starts behind the last row of the one before: a verification of
terabytes keeps no transaction open, which would keep SQLite's WAL and PostgreSQL's dead rows growing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Engine, Select, Table, exists, literal, select, tuple_

from .engines import faults
from .errors import Ambiguous, CatalogFault, NotFound

PAGE = 500
_NAMED_CANDIDATES = 5

Row = Sequence[Any]
Model = TypeVar("Model")


def columns_of(table: Table, model: type[Any]) -> list[Column[Any]]:
    """The columns that a model's fields are named after, in the fields' order."""
    return [table.c[field.name] for field in fields(model)]


def one_by_one(asked: Select[Any], table: Table) -> ColumnElement[bool]:
    """That something is there, looked up for each row of `table`.

    PostgreSQL would join all there is of it first, for the few rows of a page, or walk it again for each row while it
    has not counted yet how much that is; it lets be what has an offset.
    """
    return exists(asked.correlate(table).offset(0))


class Reader:
    """Reads what one station recorded. Every method raises CatalogFault when the database fails."""

    def __init__(self, engine: Engine, station: str) -> None:
        self.station = station
        self._engine = engine

    def own(self, table: Table, **equal: Any) -> ColumnElement[bool]:
        """The rows of this station, and of these values."""
        own: ColumnElement[bool] = table.c.station == self.station
        for name, value in equal.items():
            # Written out where an index covers one value only: the planner must see it.
            given = literal(value, literal_execute=True) if name in ("state", "outcome", "clearing") else value
            own = own & (table.c[name] == given)
        return own

    def rows(self, statement: Select[Any]) -> Sequence[Row]:
        """All rows of a query. Raises CatalogFault."""
        try:
            with faults("read"), self._engine.connect() as connection:
                return connection.execute(statement).all()
        except ValueError as error:
            # A time or a map that is none: somebody changed the row.
            raise CatalogFault("read", error) from error

    def all(self, model: type[Model], statement: Select[Any]) -> list[Model]:
        """All rows of a query as models. Raises CatalogFault."""
        return [model(*row) for row in self.rows(statement)]

    def paged(
        self,
        base: Select[Any],
        key: tuple[Column[Any], ...],
        make: Callable[[Row], Model],
        position: Callable[[Model], tuple[Any, ...]],
        after: tuple[Any, ...] | None = None,
    ) -> Iterator[Model]:
        """All rows of a query as models, page by page; `position` tells the key of a model. Raises CatalogFault."""
        page = base.order_by(*key).limit(PAGE)
        while True:
            rows = self.rows(page if after is None else page.where(behind(key, after)))
            models = [make(row) for row in rows]
            yield from models
            if len(models) < PAGE:
                return
            after = position(models[-1])

    def by_prefix(self, kind: str, table: Table, columns: list[Column[Any]], prefix: str) -> Row:
        """The one row whose id begins so. Raises NotFound, Ambiguous, CatalogFault."""
        if not prefix:
            raise NotFound(kind, prefix)
        # A range and not LIKE: it uses the key, and no sign of it means anything else.
        behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        matching = select(*columns).where(self.own(table), table.c.id >= prefix, table.c.id < behind)
        rows = self.rows(matching.order_by(table.c.id).limit(_NAMED_CANDIDATES))
        ids = [row[columns.index(table.c.id)] for row in rows]
        if not rows:
            raise NotFound(kind, prefix)
        if len(rows) > 1 and ids[0] != prefix:
            raise Ambiguous(kind, prefix, ids)
        return rows[0]


def behind(key: tuple[Column[Any], ...], after: tuple[Any, ...]) -> ColumnElement[bool]:
    """The rows whose key comes after this one in order."""
    last = [literal(value, column.type) for column, value in zip(key, after, strict=True)]
    return tuple_(*key) > tuple_(*last) if len(key) > 1 else key[0] > last[0]


def ahead(key: tuple[Column[Any], ...], before: tuple[Any, ...]) -> ColumnElement[bool]:
    """The rows whose key comes before this one in order: those that follow when the newest come first."""
    first = [literal(value, column.type) for column, value in zip(key, before, strict=True)]
    return tuple_(*key) < tuple_(*first)
