"""What keeps the log append-only in the database itself, and what makes a database unfit for it. Pure.

SQLite: triggers refuse UPDATE and DELETE, and an INSERT that is not the next entry. REPLACE deletes without firing
triggers unless `recursive_triggers` is on (sqlite.org, CREATE TRIGGER), so the insert guard refuses it by itself: a row
that is there already is not next. PostgreSQL: row triggers do not see TRUNCATE, so a statement trigger does; they
are ENABLE ALWAYS, or `session_replication_role` would switch them off; their functions name every table in full and fix
their search path, or a temporary table called custody would answer for it. And the daemon's role does not own the
tables: INSERT and SELECT are all it may do to the log.

Who may write the SQLite file, or owns the PostgreSQL tables, can take the guards away. That is seen at the next start,
and what was changed meanwhile by `dockd verify`, against a checkpoint that left the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from .custody import NO_ENTRY
from .errors import Unsafe
from .schema import LOG, PROJECTED, TAKEN_AWAY

# Looked up by key alone: a plan that PostgreSQL made for an empty table must not read a long log for every row.
_SQLITE_ORDER = {
    "custody": f"""EXISTS (SELECT 1 FROM custody WHERE station = NEW.station AND seq = NEW.seq)
 OR NEW.prev IS NOT CASE NEW.seq WHEN 1 THEN '{NO_ENTRY}'
  ELSE (SELECT hash FROM custody WHERE station = NEW.station AND seq = NEW.seq - 1) END""",
    "checkpoints": """EXISTS (SELECT 1 FROM checkpoints WHERE station = NEW.station AND size >= NEW.size)
 OR NEW.head IS NOT (SELECT hash FROM custody WHERE station = NEW.station AND seq = NEW.size)""",
}


def _sqlite_triggers() -> dict[str, str]:
    triggers = {}
    for table, order in _SQLITE_ORDER.items():
        for act in ("UPDATE", "DELETE"):
            name = f"{table}_no_{act.lower()}"
            triggers[name] = (
                f"CREATE TRIGGER {name} BEFORE {act} ON {table}\n"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        triggers[f"{table}_in_order"] = (
            f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table} WHEN {order}\n"
            f"BEGIN SELECT RAISE(ABORT, '{table}: not the next one'); END"
        )
    return triggers


SQLITE_TRIGGERS = _sqlite_triggers()

# What each connection sets for itself, and must then read back.
SQLITE_SETTINGS: dict[str, str] = {
    "synchronous": "2",  # FULL: a commit is on the medium
    "foreign_keys": "1",
    "recursive_triggers": "1",
    "trusted_schema": "0",
    "ignore_check_constraints": "0",
    "writable_schema": "0",
    "mmap_size": "0",  # an I/O error is then an error and not a SIGBUS
}


def sqlite_findings(settings: Mapping[str, str], schema: Mapping[str, str]) -> list[Unsafe]:
    """What is wrong with a SQLite database: `settings` by PRAGMA, `schema` the texts of sqlite_master by name.

    `schema` holds all triggers, and all that belongs to the log's tables; `quick_check` is among the settings when it
    was run.
    """
    wanted = {"journal_mode": "wal", **SQLITE_SETTINGS}
    if "quick_check" in settings:
        wanted["quick_check"] = "ok"
    found = [
        Unsafe(f"PRAGMA {name}", settings.get(name, "none"), value)
        for name, value in wanted.items()
        if settings.get(name) != value
    ]
    expected = _sqlite_schema()
    for name in sorted(expected.keys() | schema.keys()):
        if name not in schema:
            found.append(Unsafe(name, "missing", "as installed"))
        elif name not in expected:
            found.append(Unsafe(name, "foreign", "nothing beside our own"))
        elif _plain(schema[name]) != _plain(expected[name]):
            found.append(Unsafe(name, "altered", "as installed"))
    return found


def _sqlite_schema() -> dict[str, str]:
    dialect = sqlite.dialect()
    texts = dict(SQLITE_TRIGGERS)
    for table in LOG:
        texts[table.name] = str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            texts[str(index.name)] = str(CreateIndex(index).compile(dialect=dialect))
    return texts


def _plain(sql: str) -> str:
    return " ".join(sql.replace('"', "").split()).replace("( ", "(").replace(" )", ")").replace(" ,", ",")


# ------------------------------------------------------------------------------------------------------ PostgreSQL

# Bits of pg_trigger.tgtype (src/include/catalog/pg_trigger.h): row 1, before 2, insert 4, delete 8, update 16,
# truncate 32.
_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True, slots=True)
class PostgresTrigger:
    """A trigger as pg_trigger and pg_proc describe it; `enabled` is `A` for ENABLE ALWAYS, `restricted`
    whether it has a WHEN or watches some columns only.
    """

    table: str
    name: str
    type_bits: int
    enabled: str
    source: str
    settings: str
    restricted: bool = False


def postgres_functions(schema: str) -> dict[str, str]:
    """Names and bodies of the guards' functions in `schema`."""
    bodies = {
        "append_only": "BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END",
        "custody_in_order": f"""BEGIN
 IF EXISTS (SELECT 1 FROM {schema}.custody WHERE station = NEW.station AND seq = NEW.seq)
 OR NEW.prev IS DISTINCT FROM (CASE NEW.seq WHEN 1 THEN '{NO_ENTRY}'
  ELSE (SELECT hash FROM {schema}.custody WHERE station = NEW.station AND seq = NEW.seq - 1) END)
 THEN RAISE EXCEPTION 'custody: not the next one'; END IF;
 RETURN NEW;
END""",
        "checkpoints_in_order": f"""BEGIN
 IF EXISTS (SELECT 1 FROM {schema}.checkpoints WHERE station = NEW.station AND size >= NEW.size)
 OR NEW.head IS DISTINCT FROM (SELECT hash FROM {schema}.custody WHERE station = NEW.station AND seq = NEW.size)
 THEN RAISE EXCEPTION 'checkpoints: not the next one'; END IF;
 RETURN NEW;
END""",
    }
    return {f"dockd_{name}": body for name, body in bodies.items()}


_SEARCH_PATH = "search_path=pg_catalog, pg_temp"


def postgres_triggers(schema: str) -> list[PostgresTrigger]:
    """The triggers that must be there."""
    body = postgres_functions(schema)
    triggers = []
    for table in _SQLITE_ORDER:
        kinds = {
            f"{table}_in_order": (_ROW | _BEFORE | _INSERT, f"dockd_{table}_in_order"),
            f"{table}_no_change": (_ROW | _BEFORE | _UPDATE | _DELETE, "dockd_append_only"),
            f"{table}_no_truncate": (_BEFORE | _TRUNCATE, "dockd_append_only"),
        }
        triggers += [
            PostgresTrigger(table, name, bits, "A", body[function], _SEARCH_PATH)
            for name, (bits, function) in kinds.items()
        ]
    return triggers


def postgres_ddl(schema: str) -> list[str]:
    """The statements that put the guards in place (again)."""
    functions = postgres_functions(schema)
    statements = [
        f"CREATE OR REPLACE FUNCTION {schema}.{name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = pg_catalog, pg_temp AS $guard${body}$guard$"
        for name, body in functions.items()
    ]
    when = {
        "in_order": "BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {schema}.dockd_{name}()",
        "no_change": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {schema}.dockd_append_only()",
        "no_truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {schema}.dockd_append_only()",
    }
    for table in _SQLITE_ORDER:
        for suffix, clause in when.items():
            name = f"{table}_{suffix}"
            full = f"{schema}.{table}"
            statements.append(
                f"CREATE OR REPLACE TRIGGER {name} " + clause.format(table=full, schema=schema, name=name)
            )
            statements.append(f"ALTER TABLE {full} ENABLE ALWAYS TRIGGER {name}")
    return statements


def postgres_grants(schema: str, role: str) -> list[str]:
    """The statements that leave `role` (quoted) exactly what the daemon needs."""
    log = ", ".join(f"{schema}.{table.name}" for table in LOG)
    projected = ", ".join(f"{schema}.{table.name}" for table in PROJECTED)
    everything = f"{log}, {projected}, {schema}.alembic_version"
    return [
        f"REVOKE ALL ON {everything} FROM PUBLIC, {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT ON {everything} TO {role}",
        f"GRANT INSERT ON {log}, {projected} TO {role}",
        f"GRANT UPDATE ON {projected} TO {role}",
        f"GRANT DELETE ON {', '.join(f'{schema}.{table.name}' for table in TAKEN_AWAY)} TO {role}",
    ]


POSTGRES_SETTINGS: dict[str, tuple[str, str]] = {
    # name: (the value that is unsafe, the one that is wanted)
    "fsync": ("off", "on"),
    "full_page_writes": ("off", "on"),
    "synchronous_commit": ("off", "on"),
    "zero_damaged_pages": ("on", "off"),
    "ignore_checksum_failure": ("on", "off"),
}


@dataclass(frozen=True, slots=True)
class PostgresFacts:
    """What a PostgreSQL database says of itself to the daemon's role."""

    settings: Mapping[str, str]
    encoding: str
    schema: str
    triggers: tuple[PostgresTrigger, ...]
    # What the role is or may do and must not, in words of PostgreSQL: ("UPDATE ON custody", "owner of custody").
    powers: tuple[str, ...]
    # What is odd about a table: ("custody", "unlogged").
    oddities: tuple[tuple[str, str], ...]


def postgres_findings(facts: PostgresFacts) -> list[Unsafe]:
    """What is wrong with a PostgreSQL database."""
    found = [
        Unsafe(name, unsafe, wanted)
        for name, (unsafe, wanted) in POSTGRES_SETTINGS.items()
        if facts.settings.get(name) == unsafe
    ]
    if facts.encoding != "UTF8":
        found.append(Unsafe("server_encoding", facts.encoding, "UTF8"))
    found += [Unsafe("role", power, "INSERT and SELECT on the log, no more") for power in facts.powers]
    found += [Unsafe(f"table {table}", oddity, "a plain table, logged") for table, oddity in facts.oddities]
    there = {(t.table, t.name): t for t in facts.triggers}
    for wanted in postgres_triggers(facts.schema):
        trigger = there.pop((wanted.table, wanted.name), None)
        if trigger is None:
            found.append(Unsafe(wanted.name, "missing", "as installed"))
        elif trigger.enabled != wanted.enabled:
            found.append(Unsafe(wanted.name, f"enabled {trigger.enabled}", "enabled A (always)"))
        elif trigger != wanted:
            found.append(Unsafe(wanted.name, "altered", "as installed"))
    found += [Unsafe(name, "foreign", "nothing beside our own") for _table, name in there]
    return found


def ddl(dialect: str, schema: str = "") -> list[Any]:
    """The statements that guard a fresh database."""
    return list(SQLITE_TRIGGERS.values()) if dialect == "sqlite" else postgres_ddl(schema)
