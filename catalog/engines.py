"""Connections to SQLite and PostgreSQL as a custody log needs them, and the facts by which guards judges a database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, bindparam, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from .errors import CatalogExists, CatalogFault, CatalogUnreachable
from .guards import SQLITE_SETTINGS, PostgresFacts, PostgresTrigger
from .schema import LOG, PROJECTED

# A database that does not answer for so long is down, and ingest says so within 60 s (contract P9).
PATIENCE_S = 30
_KEPT_OPEN = 4
# A custody entry of 1–2 KiB fits a page of this size whole; on SQLite's 4 KiB most of it would lie on one of its own,
# and the file be twice as long.
_PAGE_BYTES = 8192
# What a thousand clips change in one transaction: with SQLite's own 2 MiB it is written out and read again on the way.
_CACHE_KIB = 8192


def parse_url(url: str) -> URL:
    """The URL with the driver we use; `postgres://` and `postgresql://` are the same. Raises CatalogUnreachable."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CatalogUnreachable(url.partition(":")[0], error) from None
    backend = parsed.get_backend_name()
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database:
        return parsed
    raise CatalogUnreachable(parsed.render_as_string(hide_password=True))


@contextmanager
def faults(act: str) -> Iterator[None]:
    """Whatever the database raises in here becomes CatalogFault."""
    try:
        yield
    except SQLAlchemyError as error:
        raise CatalogFault(act, getattr(error, "orig", None) or error) from error


@contextmanager
def reaching(url: URL) -> Iterator[None]:
    """Whatever the database raises in here becomes CatalogUnreachable."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise CatalogUnreachable(url.render_as_string(hide_password=True), cause) from error


def engine_for(url: URL, *, reading: bool = False) -> Engine:
    """An engine; nothing is connected yet. `reading` makes SQLite refuse every change."""
    if url.get_backend_name() == "sqlite":
        pragmas = {
            **SQLITE_SETTINGS,
            "cell_size_check": "1",
            "cache_size": f"-{_CACHE_KIB}",
            "query_only": "1" if reading else "0",
        }
        return sqlite_engine(url.database or "", pragmas)
    return _postgres_engine(url)


def sqlite_engine(path: str, pragmas: dict[str, str]) -> Engine:
    """An engine on a file that must exist, with these settings on each connection.

    A transaction begins as the execution option `begin` says: BEGIN for reading, BEGIN IMMEDIATE for writing, so that
    a writer waits before its first statement and never fails in its second. What a statement may have to undo, and what
    it sorts, goes into files or, with the option `undo` MEMORY, into memory.
    """

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{quote(os.path.abspath(path))}?mode=rw",
            uri=True,
            timeout=PATIENCE_S,
            isolation_level=None,
            check_same_thread=False,
        )

    # A writer waits its turn in Catalog before it takes a connection, so a few are enough; each has its own cache.
    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=_KEPT_OPEN, max_overflow=-1, pool_use_lifo=True
    )

    @event.listens_for(engine, "connect")
    def settle(connection: Any, record: Any) -> None:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"PRAGMA temp_store={options.get('undo', 'FILE')}")
        connection.exec_driver_sql(options.get("begin", "BEGIN"))

    return engine


def _postgres_engine(url: URL) -> Engine:
    wanted = {
        "application_name": "dockd",
        "connect_timeout": "10",
        "keepalives_idle": "10",
        "tcp_user_timeout": str(PATIENCE_S * 1000),
    }
    engine = create_engine(
        url,
        connect_args={name: value for name, value in wanted.items() if name not in url.query},
        pool_size=_KEPT_OPEN,
        max_overflow=16,
        pool_use_lifo=True,
        pool_pre_ping=True,
    )

    @event.listens_for(engine, "connect")
    def settle(connection: Any, record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(f"SET lock_timeout = '{PATIENCE_S}s'")
            # Compiling a query takes longer than any of ours.
            cursor.execute("SET jit = off")
        connection.commit()

    return engine


@contextmanager
def new_sqlite_file(path: str) -> Iterator[str]:
    """A new SQLite file in WAL mode that only its owner reads, under another name while it is being filled.

    In the end it is durable and has its name, or there is nothing. Raises CatalogExists, OSError.
    """
    unfinished = f"{path}.new"
    if os.path.lexists(path):
        raise CatalogExists(path)
    for name in (unfinished, f"{unfinished}-wal", f"{unfinished}-shm"):
        with suppress(FileNotFoundError):
            os.unlink(name)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(unfinished)
    try:
        connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    yield unfinished
    _fsync(unfinished, os.O_RDWR)
    try:
        # A second name and not a rename: it never replaces.
        os.link(unfinished, path)
    except FileExistsError:
        raise CatalogExists(path) from None
    os.unlink(unfinished)
    _fsync(os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_DIRECTORY)


def _fsync(path: str, flags: int) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def revision_of(connection: Connection) -> str | None:
    """The revision that the tables have, None for a database without ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def sqlite_facts(connection: Connection, *, thorough: bool) -> tuple[dict[str, str], dict[str, str]]:
    """The settings and the schema that guards.sqlite_findings judges. `thorough` reads the whole file as well."""
    names = ["journal_mode", *SQLITE_SETTINGS]
    settings = {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in names}
    if thorough:
        settings["quick_check"] = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    rows = connection.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger' OR tbl_name IN :log)"
        ).bindparams(bindparam("log", [table.name for table in LOG], expanding=True))
    )
    return settings, {str(name): str(sql) for name, sql in rows}


_POSTGRES_TRIGGERS = text("""
SELECT c.relname, t.tgname, t.tgtype, t.tgenabled::text, p.prosrc, coalesce(array_to_string(p.proconfig, ','), ''),
       t.tgqual IS NOT NULL OR t.tgattr::text <> ''
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relname = ANY(:tables) AND c.relnamespace = current_schema()::regnamespace
""")

# A member of a role may become it (SET ROLE), so membership counts as the power itself.
_POSTGRES_POWERS = text("""
SELECT 'superuser' FROM pg_roles WHERE rolsuper AND pg_has_role(current_user, oid, 'MEMBER')
UNION SELECT 'CREATEROLE' FROM pg_roles WHERE rolname = current_user AND rolcreaterole
UNION SELECT 'member of ' || rolname FROM pg_roles
  WHERE rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files')
  AND pg_has_role(current_user, oid, 'MEMBER')
UNION SELECT 'owner of schema ' || nspname FROM pg_namespace
  WHERE oid = current_schema()::regnamespace AND pg_has_role(current_user, nspowner, 'MEMBER')
UNION SELECT 'owner of function ' || proname FROM pg_proc
  WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'dockd\\_%'
  AND pg_has_role(current_user, proowner, 'MEMBER')
UNION SELECT 'owner of table ' || relname FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:tables)
  AND pg_has_role(current_user, relowner, 'MEMBER')
UNION SELECT act || ' on table ' || relname FROM pg_class, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) act
  WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:log)
  AND (has_table_privilege(current_user, oid, act)
       OR act = 'UPDATE' AND has_any_column_privilege(current_user, oid, 'UPDATE'))
ORDER BY 1
""")

_POSTGRES_TABLES = text("""
SELECT relname, relkind::text, relpersistence::text, relhasrules, relrowsecurity FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:tables)
""")


def postgres_facts(connection: Connection) -> PostgresFacts:
    """What guards.postgres_findings judges."""
    log = [table.name for table in LOG]
    tables = log + [table.name for table in PROJECTED]
    settings = connection.execute(text("SELECT name, setting FROM pg_settings"))
    encoding, schema = connection.execute(
        text("SELECT current_setting('server_encoding'), quote_ident(current_schema())")
    ).one()
    triggers = connection.execute(_POSTGRES_TRIGGERS, {"tables": tables})
    powers = connection.scalars(_POSTGRES_POWERS, {"tables": tables, "log": log})
    oddities = []
    missing = set(tables)
    for name, kind, persistence, has_rules, row_security in connection.execute(_POSTGRES_TABLES, {"tables": tables}):
        missing.discard(name)
        marks = {"no plain table": kind != "r", "unlogged": persistence != "p"}
        marks |= {"rules": has_rules, "row security": row_security}
        oddities += [(name, mark) for mark, found in marks.items() if found]
    oddities += [(name, "missing") for name in sorted(missing)]
    return PostgresFacts(
        settings={str(name): str(value) for name, value in settings},
        encoding=encoding,
        schema=schema,
        triggers=tuple(PostgresTrigger(*row) for row in triggers),
        powers=tuple(powers),
        oddities=tuple(oddities),
    )
