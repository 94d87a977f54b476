"""The steps lead from nothing to what tables.py says, on both databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from catalog import migrations
from catalog.engines import engine_for, parse_url
from catalog.kinds import KINDS, parse
from catalog.migrations import upgrade
from catalog.schema import REVISION
from catalog.store import Catalog
from catalog.tables import metadata
from tests.simulators.histories import docking, read
from tests.simulators.postgres import PostgresServer


def test_the_newest_step_is_the_revision_that_opening_wants() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [REVISION]


def test_alembic_sees_no_difference(database_url: str) -> None:
    engine = engine_for(parse_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_sqlite_has_the_very_tables_and_indexes(sqlite_url: str, tmp_path: Path) -> None:
    """Conditions of indexes, checks and WITHOUT ROWID too, which Alembic does not compare."""
    direct = tmp_path / "direct.db"
    engine = create_engine(f"sqlite:///{direct}")
    metadata.create_all(engine)
    engine.dispose()

    def schema(path: str) -> dict[str, set[str]]:
        rows = sqlite3.connect(path).execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
            " AND tbl_name <> 'alembic_version'"
        )
        return {name: set(sql.replace(",", "\n").split("\n")) for name, sql in rows}

    def plain(found: dict[str, set[str]]) -> dict[str, set[str]]:
        return {name: {" ".join(line.split()) for line in lines} - {""} for name, lines in found.items()}

    assert plain(schema(sqlite_url.removeprefix("sqlite:///"))) == plain(schema(str(direct)))


def test_postgresql_has_the_very_tables_and_indexes(postgres: PostgresServer) -> None:
    migrated, direct = postgres.new_database(), postgres.new_database(migrated=False)
    engine = engine_for(parse_url(direct.owner_url))
    metadata.create_all(engine)
    engine.dispose()

    def schema(url: str) -> set[tuple[str, ...]]:
        with psycopg.connect(url) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name, data_type, is_nullable, coalesce(collation_name, '')"
                " FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
            ).fetchall()
            indexes = connection.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            ).fetchall()
            constraints = connection.execute(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass"
                if url == migrated.owner_url
                else "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace"
            ).fetchall()
        return {tuple(row) for row in (*columns, *indexes, *constraints)}

    assert schema(migrated.owner_url) == schema(direct.owner_url)
    postgres.drop(migrated)
    postgres.drop(direct)


def test_upgrading_what_is_up_to_date_changes_nothing(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, "st")
    catalog.append(docking("s1"))
    assert Catalog.upgrade(sqlite_url) == REVISION
    assert catalog.head().seq == 5
    catalog.close()
    Catalog.open(sqlite_url, "st").close()


def test_every_kind_of_entry_is_read_back_as_its_event() -> None:
    for happened in [*docking("s1"), read("c")]:
        assert KINDS[happened.KIND] is type(happened)
        assert parse(happened.KIND, happened.data()) == happened


def test_values_and_errors_load_without_the_database_libraries() -> None:
    """`dockd --help` and the pure rules do not wait for SQLAlchemy; opening does not wait for Alembic."""
    pure = "import catalog.events, catalog.model, catalog.custody, catalog.errors; unwanted = {'sqlalchemy', 'alembic'}"
    opening = "import catalog.store; unwanted = {'alembic'}"
    for statements in (pure, opening):
        code = f"import sys; {statements}; print(sorted(unwanted & sys.modules.keys()))"
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == "[]"


def test_terms_that_were_worked_out_are_taken_over(sqlite_url: str, tmp_path: Path) -> None:
    catalog = Catalog.open(sqlite_url, "st")
    catalog.append(docking("s1"))
    catalog.close()
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as new:
        new.row_factory = sqlite3.Row
        rows = {name: [dict(row) for row in new.execute(f"SELECT * FROM {name}")] for name in ("sessions", "clips")}
    gone, kept, waiting = rows["clips"][0], rows["clips"][0] | {"id": "b", "seq": 8}, rows["clips"][0] | {"id": "c"}
    gone |= {"destroyed_at": "2026-01-01T00:00:00.000000Z", "keep_until": None}
    kept |= {"keep_until": "2027-05-20"}
    waiting |= {"seq": 9, "keep_until": None}
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        upgrade(connection, "0014")
        for table, some in (("sessions", rows["sessions"]), ("clips", [gone, kept, waiting])):
            for row in some:
                marks = ", ".join("?" * len(row))
                connection.exec_driver_sql(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
                )
        upgrade(connection)
        found = connection.exec_driver_sql("SELECT clip, session, seq, keep_until FROM clip_terms ORDER BY clip").all()
    engine.dispose()
    assert found == [("b", "s1", 8, "2027-05-20"), ("c", "s1", 9, None)]
