"""Column types that mean the same on SQLite and PostgreSQL: same order, same values back; and conditions of indexes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, TIMESTAMP, String, Text, text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from hashing.canonical import canonical

from .model import utc_text


class Name(TypeDecorator[str]):
    """Text that is compared byte by byte, on PostgreSQL too whatever the server's language."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Collation "C" on PostgreSQL; SQLite's BINARY is the same order."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())


class UtcTime(TypeDecorator[datetime]):
    """A moment, aware and UTC. Takes a datetime or its ISO text; SQLite keeps text that sorts as time does."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` on PostgreSQL, text of fixed width on SQLite."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else String(27))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Raises ValueError for text that is no time and for a time without zone."""
        if value is None:
            return None
        moment, as_text = _moment(value)
        return moment if dialect.name == "postgresql" else as_text

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware, UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


@lru_cache(maxsize=256)
def _moment(value: str | datetime) -> tuple[datetime, str]:
    """A time and its text. The clips of a group share the time of their ingest, and are sorted by one they have."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError(f"time without zone: {value}")
    return moment, utc_text(moment)


class Day(TypeDecorator[date]):
    """A day of the agency's calendar. Takes a date or its ISO text; both databases keep text that sorts as days do."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """As Name: the same order on both."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Raises ValueError for text that is no day."""
        if value is None:
            return None
        return (date.fromisoformat(value) if isinstance(value, str) else value).isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """The day again."""
        return None if value is None else date.fromisoformat(value)


class Ids(TypeDecorator[Sequence[str]]):
    """Many ids as one value, to ask for them; no column has it. An array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`text[]` on PostgreSQL, text on SQLite."""
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """As the database takes it."""
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(value)


class CanonicalJson(TypeDecorator[Any]):
    """A JSON value, kept as its canonical text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """The canonical text."""
        return canonical(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value again."""
        return json.loads(value)


def only_where(condition: str) -> dict[str, Any]:
    """What makes an index one of some rows only, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
