"""A database that could lose or change entries is refused at the start, with all that is wrong with it (P10)."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from catalog.errors import CatalogBehind, CatalogExists, CatalogUnreachable, OwnerNeeded, UnsafeDatabase
from catalog.guards import sqlite_findings
from catalog.schema import REVISION
from catalog.store import Catalog
from tests.simulators.histories import docking
from tests.simulators.postgres import Database, PostgresServer

STATION = "st-7f3a91c2"


def _findings(url: str) -> set[tuple[str, str]]:
    with pytest.raises(UnsafeDatabase) as caught:
        Catalog.open(url, STATION)
    return {(finding.what, finding.found) for finding in caught.value.findings}


def _sql(url: str, *statements: str) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


# ----------------------------------------------------------------------------------------------------------- SQLite


def test_a_journal_that_is_no_wal_is_refused(sqlite_url: str) -> None:
    _sql(sqlite_url, "PRAGMA journal_mode=DELETE")
    assert _findings(sqlite_url) == {("PRAGMA journal_mode", "delete")}


def test_a_dropped_an_altered_and_a_foreign_trigger_are_told_at_once(sqlite_url: str) -> None:
    _sql(
        sqlite_url,
        "DROP TRIGGER custody_no_delete",
        "DROP TRIGGER custody_no_update",
        "CREATE TRIGGER custody_no_update BEFORE UPDATE ON custody WHEN false BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER also AFTER INSERT ON clips BEGIN UPDATE clips SET size_bytes = 0; END",
        "PRAGMA journal_mode=DELETE",
    )
    assert _findings(sqlite_url) == {
        ("custody_no_delete", "missing"),
        ("custody_no_update", "altered"),
        ("also", "foreign"),
        ("PRAGMA journal_mode", "delete"),
    }


def test_a_log_table_of_another_shape_is_refused(sqlite_url: str) -> None:
    _sql(sqlite_url, "CREATE UNIQUE INDEX second_key ON custody (hash)", "ALTER TABLE checkpoints ADD COLUMN x TEXT")
    assert _findings(sqlite_url) == {("second_key", "foreign"), ("checkpoints", "altered")}


def test_a_database_made_outside_does_not_pass_for_guarded(sqlite_url: str) -> None:
    _sql(
        sqlite_url,
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'RAISE(ABORT', 'coalesce(1') WHERE name = 'custody_no_delete'",
    )
    assert _findings(sqlite_url) == {("custody_no_delete", "altered")}


def test_each_connection_sets_what_sqlite_forgets(sqlite_url: str) -> None:
    _sql(sqlite_url, "PRAGMA synchronous=OFF", "PRAGMA recursive_triggers=OFF", "PRAGMA foreign_keys=OFF")
    catalog = Catalog.open(sqlite_url, STATION)
    assert catalog.findings == ()
    catalog.close()


@pytest.mark.parametrize(
    ("name", "value"), [("synchronous", "1"), ("synchronous", "0"), ("foreign_keys", "0"), ("recursive_triggers", "0")]
)
def test_a_setting_that_does_not_take_is_a_finding(name: str, value: str) -> None:
    found = {finding.what: finding.found for finding in sqlite_findings({name: value}, {})}
    assert found[f"PRAGMA {name}"] == value


def test_a_damaged_file_is_refused_when_asked_to_look(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, STATION)
    for number in range(30):
        catalog.append(docking(f"s{number}"))
    catalog.close()
    path = sqlite_url.removeprefix("sqlite:///")
    with open(path, "r+b") as file:
        pages = os.path.getsize(path) // 4096
        file.seek(4096 * (pages - 5))
        file.write(os.urandom(4096))
    with pytest.raises((UnsafeDatabase, CatalogUnreachable)):
        Catalog.open(sqlite_url, STATION, thorough=True)


def test_an_unsafe_database_can_be_read_and_not_written(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, STATION)
    catalog.append(docking("s1"))
    catalog.close()
    _sql(sqlite_url, "DROP TRIGGER custody_no_delete")
    reading = Catalog.open(sqlite_url, STATION, for_reading=True)
    assert [finding.what for finding in reading.findings] == ["custody_no_delete"]
    assert len(list(reading.custody())) == 5
    with pytest.raises(UnsafeDatabase):
        reading.append(docking("s2"))
    reading.close()


def test_a_new_file_is_its_owners_alone_and_never_replaces_one(sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pytest.raises(CatalogExists) as caught:
        Catalog.create(sqlite_url)
    assert caught.value.path == path


def test_a_catalogue_that_was_not_finished_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "catalog.db.new").write_bytes(b"half")
    (tmp_path / "catalog.db.new-wal").write_bytes(b"half")
    Catalog.create(f"sqlite:///{tmp_path}/catalog.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalog.db"]
    Catalog.open(f"sqlite:///{tmp_path}/catalog.db", STATION).close()


def test_what_is_no_catalogue_is_unreachable_or_behind(tmp_path: Path) -> None:
    with pytest.raises(CatalogUnreachable):
        Catalog.open(f"sqlite:///{tmp_path}/none.db", STATION)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_bytes(b"no database at all\n" * 100)
    with pytest.raises(CatalogUnreachable):
        Catalog.open(f"sqlite:///{tmp_path}/text.db", STATION)
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE t (i)").connection.close()
    with pytest.raises(CatalogBehind) as behind:
        Catalog.open(f"sqlite:///{tmp_path}/empty.db", STATION)
    assert (behind.value.found, behind.value.wanted) == (None, REVISION)
    for url in ("mysql://x/y", "nonsense", "sqlite://"):
        with pytest.raises(CatalogUnreachable):
            Catalog.open(url, STATION)


def test_a_revision_of_another_program_is_refused(sqlite_url: str) -> None:
    _sql(sqlite_url, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(CatalogBehind) as caught:
        Catalog.open(sqlite_url, STATION)
    assert (caught.value.found, caught.value.wanted) == ("0999", REVISION)


# ------------------------------------------------------------------------------------------------------- PostgreSQL


def test_a_server_started_without_fsync_is_refused(postgres: PostgresServer, postgres_database: Database) -> None:
    with postgres.started_with(fsync="off", full_page_writes="off", zero_damaged_pages="on"):
        found = _findings(postgres_database.url)
    assert found == {("fsync", "off"), ("full_page_writes", "off"), ("zero_damaged_pages", "on")}


@pytest.mark.parametrize("whose", ["ROLE dockd IN DATABASE {}", "DATABASE {}"])
def test_commits_that_do_not_wait_for_the_disk_are_refused(
    postgres: PostgresServer, postgres_database: Database, whose: str
) -> None:
    postgres.admin(f"ALTER {whose.format(postgres_database.name)} SET synchronous_commit = off")
    assert _findings(postgres_database.url) == {("synchronous_commit", "off")}


def test_a_setting_that_turns_unsafe_later_stops_ingest(postgres: PostgresServer, postgres_database: Database) -> None:
    catalog = Catalog.open(postgres_database.url, STATION)
    catalog.append(docking("s1"))
    postgres.admin(
        f"ALTER DATABASE {postgres_database.name} SET synchronous_commit = off",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{postgres_database.name}'",
    )
    with pytest.raises(UnsafeDatabase):
        catalog.append(docking("s2"))
    assert catalog.head().seq == 5
    catalog.close()


_UNSAFE_ACTS: dict[str, tuple[list[str], set[str]]] = {
    "update": (["GRANT UPDATE ON custody TO dockd"], {"UPDATE on table custody"}),
    "column": (["GRANT UPDATE (body) ON custody TO dockd"], {"UPDATE on table custody"}),
    "delete": (["GRANT DELETE ON checkpoints TO PUBLIC"], {"DELETE on table checkpoints"}),
    "truncate": (["GRANT TRUNCATE ON custody TO dockd"], {"TRUNCATE on table custody"}),
    "trigger": (["GRANT TRIGGER ON custody TO dockd"], {"TRIGGER on table custody"}),
    "table-owner": (["ALTER TABLE clips OWNER TO dockd"], {"owner of table clips"}),
    "function-owner": (
        ["ALTER FUNCTION dockd_append_only OWNER TO dockd"],
        {"owner of function dockd_append_only"},
    ),
    "schema-owner": (["ALTER SCHEMA public OWNER TO dockd"], {"owner of schema public"}),
    "missing": (["DROP TRIGGER custody_no_truncate ON custody"], {"missing"}),
    "disabled": (["ALTER TABLE custody DISABLE TRIGGER custody_in_order"], {"enabled D"}),
    "not-always": (["ALTER TABLE custody ENABLE TRIGGER custody_no_change"], {"enabled O"}),
    "altered": (
        [
            "CREATE OR REPLACE FUNCTION dockd_custody_in_order() RETURNS trigger LANGUAGE plpgsql"
            " SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END'"
        ],
        {"altered"},
    ),
    "never": (
        [
            "DROP TRIGGER custody_no_change ON custody",
            "CREATE TRIGGER custody_no_change BEFORE UPDATE OR DELETE ON custody FOR EACH ROW WHEN (false)"
            " EXECUTE FUNCTION dockd_append_only()",
            "ALTER TABLE custody ENABLE ALWAYS TRIGGER custody_no_change",
        ],
        {"altered"},
    ),
    "foreign": (
        [
            "CREATE TRIGGER also BEFORE INSERT ON clips FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ],
        {"foreign"},
    ),
    "unlogged": (["ALTER TABLE custody SET UNLOGGED"], {"unlogged"}),
    "rule": (["CREATE RULE r AS ON INSERT TO custody DO INSTEAD NOTHING"], {"rules"}),
    "row-security": (["ALTER TABLE custody ENABLE ROW LEVEL SECURITY"], {"row security"}),
    "dropped": (["DROP TABLE facts"], {"missing"}),
}


@pytest.mark.parametrize("act", _UNSAFE_ACTS)
def test_powers_and_guards_that_are_not_as_installed_are_refused(
    postgres: PostgresServer, postgres_database: Database, act: str
) -> None:
    statements, expected = _UNSAFE_ACTS[act]
    postgres.admin(*statements, database=postgres_database.name)
    assert {found for _what, found in _findings(postgres_database.url)} == expected


def test_a_database_that_belongs_to_the_daemon_is_refused(
    postgres: PostgresServer, postgres_database: Database
) -> None:
    postgres.admin(f"ALTER DATABASE {postgres_database.name} OWNER TO dockd")
    assert _findings(postgres_database.url) == {("role", "owner of schema public")}


@pytest.mark.parametrize(
    ("grant", "revoke", "expected"),
    [
        ("ALTER ROLE dockd SUPERUSER", "ALTER ROLE dockd NOSUPERUSER", "superuser"),
        ("ALTER ROLE dockd CREATEROLE", "ALTER ROLE dockd NOCREATEROLE", "CREATEROLE"),
        ("GRANT dockd_owner TO dockd", "REVOKE dockd_owner FROM dockd", "owner of table custody"),
        ("GRANT pg_write_all_data TO dockd", "REVOKE pg_write_all_data FROM dockd", "member of pg_write_all_data"),
        (
            "GRANT pg_execute_server_program TO dockd",
            "REVOKE pg_execute_server_program FROM dockd",
            "member of pg_execute_server_program",
        ),
    ],
)
def test_a_role_that_could_reach_the_owners_power_is_refused(
    postgres: PostgresServer, postgres_database: Database, grant: str, revoke: str, expected: str
) -> None:
    postgres.admin(grant)
    try:
        assert expected in {found for _what, found in _findings(postgres_database.url)}
    finally:
        postgres.admin(revoke)


def test_a_database_of_another_encoding_is_refused(postgres: PostgresServer) -> None:
    postgres.admin(
        "CREATE DATABASE latin OWNER dockd_owner TEMPLATE template0 ENCODING 'LATIN1'"
        " LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        base = postgres.new_database()
        url, owner_url = (text.replace(base.name, "latin") for text in (base.url, base.owner_url))
        Catalog.create(url, owner_url=owner_url)
        assert _findings(url) == {("server_encoding", "LATIN1")}
    finally:
        postgres.admin("DROP DATABASE latin WITH (FORCE)")


def test_tables_are_never_made_as_the_daemons_own(postgres: PostgresServer) -> None:
    database = postgres.new_database(migrated=False)
    for owner_url in (None, database.url):
        with pytest.raises(OwnerNeeded) as caught:
            Catalog.create(database.url, owner_url=owner_url)
        assert caught.value.role == "dockd"
    with pytest.raises(CatalogBehind):
        Catalog.open(database.url, STATION)
    Catalog.create(database.url, owner_url=database.owner_url)
    Catalog.create(database.url, owner_url=database.owner_url)
    Catalog.open(database.url, STATION).close()


def test_a_server_that_does_not_answer_is_unreachable_and_its_password_untold() -> None:
    with pytest.raises(CatalogUnreachable) as caught:
        Catalog.open("postgresql://dockd:secret@127.0.0.1:1/dockd", STATION)
    assert "secret" not in caught.value.url and "127.0.0.1" in caught.value.url
