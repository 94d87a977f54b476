"""Many rows put in at once, and many ids asked for.

SQLite's driver takes one row a step and lets go of Python's lock for each: beside the busy threads of a copy, waiting
to get it back costs more than the rows. So a statement there holds many rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import BindParameter, Boolean, ColumnElement, Connection, Table, bindparam, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

from .columns import Ids

Row = dict[str, Any]

# Some builds of SQLite take no more than 32,766 values in a statement, and each shape of it is compiled once.
_ROWS_AT_ONCE = 64
_VALUES_AT_ONCE = 8_000
_IDS_AT_ONCE = 2_000


def parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in groups, each of which one statement asks for."""
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def among(column: ColumnElement[str], ids: Sequence[str] | BindParameter[Any]) -> ColumnElement[bool]:
    """That a column has one of `ids`: a single value of the statement, however many there are.

    A list of values would be written into the statement anew each time, which took longer than many a query. `ids` is
    a list, or a `bindparam` of type `Ids` to be given later.
    """
    given = ids if isinstance(ids, BindParameter) else bindparam(None, list(ids), type_=Ids(), unique=True)
    return _Among(column, given)


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _Among:
        """As it is: `… IN (…) = 1`, which SQLite would be given else, is served by no index."""
        return self


@compiles(_Among, "sqlite")
def _among_json(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} = ANY ({ids})"


def put_in(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert `rows`, which all have the same columns, in their order.

    Raises SQLAlchemyError; TypeError, ValueError, KeyError for a row that does not fit.
    """
    if not rows:
        return
    names = tuple(rows[0])
    at_once = min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // len(names))
    if connection.dialect.name != "sqlite" or len(rows) < at_once:
        connection.execute(insert(table), rows)
        return
    whole = len(rows) // at_once * at_once
    makers = _makers(table, names, connection.dialect)
    ready = [_values(row, names, makers) for row in rows[:whole]]
    statement = _statement(table, names, at_once, connection.dialect)
    for first in range(0, whole, at_once):
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(ready[first : first + at_once])))
    if whole < len(rows):
        connection.execute(insert(table), rows[whole:])


_Maker = Callable[[Any], Any]


def _values(row: Row, names: tuple[str, ...], makers: Sequence[tuple[int, _Maker]]) -> list[Any]:
    """What the driver is given for a row: its values, those of our own types made what the database keeps."""
    values = [row[name] for name in names]
    for at, make in makers:
        values[at] = make(values[at])
    return values


@lru_cache(maxsize=64)
def _makers(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[tuple[int, _Maker], ...]:
    found = ((at, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for at, name in enumerate(names))
    return tuple((at, make) for at, make in found if make is not None)


@lru_cache(maxsize=64)
def _statement(table: Table, names: tuple[str, ...], rows: int, dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    one = f"({', '.join('?' * len(names))})"
    columns = ", ".join(quote(name) for name in names)
    return f"INSERT INTO {quote(table.name)} ({columns}) VALUES {', '.join([one] * rows)}"
