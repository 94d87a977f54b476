"""The log is append-only in the database itself: every way past it that is known is closed (faults.md), or found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest

from catalog.store import Catalog
from hashing.chain import first_broken
from hashing.digest import digest_of
from hashing.merkle import Frontier, leaf_hash
from tests.simulators.histories import digest, docking
from tests.simulators.postgres import Database, PostgresServer

_NEW = "('st-7f3a91c2', {seq}, 'at', 'me', 'kind', NULL, '{prev}', 'b3:ff', '{{}}')"
_COLUMNS = "station, seq, at, actor, kind, subject, prev, hash, body"


def _filled(catalog: Catalog) -> Catalog:
    catalog.append(docking("s1"))
    head = catalog.head()
    catalog.add_checkpoint(size=head.seq, root=digest("r"), head=head.hash, at="t", frontier="{}", signature="s")
    return catalog


def _attacks(catalog: Catalog) -> dict[str, str]:
    """Statements of SQL that both databases know, by what they try."""
    head = catalog.head()
    known = next(catalog.custody(2, 2))
    return {
        "update": "UPDATE custody SET body = '{}' WHERE seq = 2",
        "update-nothing-changed": "UPDATE custody SET body = body WHERE seq = 2",
        "delete": "DELETE FROM custody WHERE seq = 2",
        "delete-last": f"DELETE FROM custody WHERE seq = {head.seq}",
        "insert-again": f"INSERT INTO custody VALUES {_NEW.format(seq=2, prev=known.prev)}",
        "insert-with-gap": f"INSERT INTO custody VALUES {_NEW.format(seq=head.seq + 2, prev=head.hash)}",
        "insert-wrong-prev": f"INSERT INTO custody VALUES {_NEW.format(seq=head.seq + 1, prev=known.prev)}",
        "insert-before-first": f"INSERT INTO custody VALUES {_NEW.format(seq=0, prev=digest())}",
        "insert-negative": f"INSERT INTO custody VALUES {_NEW.format(seq=-1, prev=digest())}",
        "insert-two-of-one-number": (
            f"INSERT INTO custody VALUES {_NEW.format(seq=head.seq + 1, prev=head.hash)},"
            f" {_NEW.format(seq=head.seq + 1, prev=head.hash)}"
        ),
        "upsert": (
            f"INSERT INTO custody VALUES {_NEW.format(seq=2, prev=known.prev)}"
            " ON CONFLICT (station, seq) DO UPDATE SET body = '{}'"
        ),
        "checkpoint-update": "UPDATE checkpoints SET root = 'b3:00'",
        "checkpoint-delete": "DELETE FROM checkpoints",
        "checkpoint-same-size": (
            f"INSERT INTO checkpoints VALUES ('st-7f3a91c2', {head.seq}, 'r', '{head.hash}', 't', 'f', 's')"
        ),
        "checkpoint-smaller": (
            f"INSERT INTO checkpoints VALUES ('st-7f3a91c2', 2, 'r', '{known.hash}', 't', 'f', 's')"
        ),
        "checkpoint-beyond-the-log": (
            f"INSERT INTO checkpoints VALUES ('st-7f3a91c2', {head.seq + 1}, 'r', '{head.hash}', 't', 'f', 's')"
        ),
    }


@pytest.mark.parametrize("recursive_triggers", ["OFF", "ON"])
def test_sqlite_refuses_every_change_of_the_log(sqlite_url: str, recursive_triggers: str) -> None:
    catalog = _filled(Catalog.open(sqlite_url, "st-7f3a91c2"))
    before = list(catalog.custody())
    head, known = catalog.head(), before[1]
    again, key_again = _NEW.format(seq=2, prev=known.prev), _NEW.format(seq=head.seq, prev=head.hash)
    attacks = _attacks(catalog) | {
        "replace": f"INSERT OR REPLACE INTO custody VALUES {again}",
        "replace-last": f"REPLACE INTO custody VALUES {key_again}",
        "ignore": f"INSERT OR IGNORE INTO custody VALUES {_NEW.format(seq=head.seq + 9, prev=head.hash)}",
        "update-or-replace": "UPDATE OR REPLACE custody SET seq = 3 WHERE seq = 2",
        "hidden-key": (
            f"INSERT OR REPLACE INTO custody (rowid, {_COLUMNS}) VALUES"
            f" (1, {_NEW.format(seq=head.seq + 1, prev=head.hash)[1:]}"
        ),
        "checkpoint-replace": (
            f"INSERT OR REPLACE INTO checkpoints VALUES ('st-7f3a91c2', {head.seq}, 'r', '{head.hash}', 't', 'f', 's')"
        ),
    }
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute(f"PRAGMA recursive_triggers={recursive_triggers}")
    for name, statement in attacks.items():
        with pytest.raises(sqlite3.Error):
            connection.execute(statement)
            pytest.fail(f"{name} went through")
    connection.close()
    assert list(catalog.custody()) == before
    assert len(catalog.checkpoints()) == 1
    catalog.close()


def test_postgresql_refuses_every_change_of_the_log_to_the_daemon(
    postgres: PostgresServer, postgres_database: Database
) -> None:
    catalog = _filled(Catalog.open(postgres_database.url, "st-7f3a91c2"))
    before = list(catalog.custody())
    attacks = _attacks(catalog) | {
        "truncate": "TRUNCATE custody",
        "truncate-cascade": "TRUNCATE checkpoints, custody CASCADE",
        "replication-role": "SET session_replication_role = replica",
        "disable-triggers": "ALTER TABLE custody DISABLE TRIGGER ALL",
        "disable-trigger": "ALTER TABLE custody DISABLE TRIGGER custody_no_change",
        "rename-trigger": "ALTER TRIGGER custody_no_change ON custody RENAME TO x",
        "drop-trigger": "DROP TRIGGER custody_no_change ON custody",
        "replace-function": (
            "CREATE OR REPLACE FUNCTION public.dockd_append_only() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN OLD; END'"
        ),
        "own-trigger": (
            "CREATE TRIGGER a BEFORE INSERT ON custody FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        "rule": "CREATE RULE r AS ON INSERT TO custody DO INSTEAD NOTHING",
        "unlogged": "ALTER TABLE custody SET UNLOGGED",
        "row-security": "ALTER TABLE custody ENABLE ROW LEVEL SECURITY",
        "drop": "DROP TABLE custody",
        "rename": "ALTER TABLE custody RENAME TO c",
        "become-owner": "SET ROLE dockd_owner",
        "grant-membership": "GRANT dockd_owner TO dockd",
        "superuser": "ALTER ROLE dockd SUPERUSER",
        "lock-out": "LOCK TABLE custody IN ACCESS EXCLUSIVE MODE",
        "new-object-in-schema": "CREATE TABLE public.x (i int)",
        "revision": "UPDATE alembic_version SET version_num = '9999'",
        "delete-clip": "DELETE FROM clips",
        "copy-program": "COPY custody TO PROGRAM 'cat'",
    }
    with psycopg.connect(postgres_database.url, autocommit=True) as connection:
        for name, statement in attacks.items():
            try:
                connection.execute(statement.encode())
            except psycopg.Error:
                continue
            pytest.fail(f"{name} went through")
        # Only a warning tells that nothing was granted.
        connection.execute("GRANT UPDATE ON custody TO dockd")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE custody SET body = body")
    assert list(catalog.custody()) == before
    catalog.close()


def test_a_temporary_table_does_not_answer_for_the_log(postgres_database: Database) -> None:
    catalog = _filled(Catalog.open(postgres_database.url, "st-7f3a91c2"))
    head = catalog.head()
    with psycopg.connect(postgres_database.url, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE custody (LIKE public.custody)")
        forged = _NEW.format(seq=head.seq + 4, prev=digest("forged"))
        before = _NEW.format(seq=head.seq + 3, prev="x").replace("b3:ff", digest("forged"))
        connection.execute(f"INSERT INTO custody VALUES {before}".encode())
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(f"INSERT INTO public.custody VALUES {forged}".encode())
    assert catalog.head() == head
    catalog.close()


@pytest.mark.parametrize("role", ["owner_url", "admin_url"])
def test_the_guards_hold_for_those_who_could_take_them_away(postgres_database: Database, role: str) -> None:
    catalog = _filled(Catalog.open(postgres_database.url, "st-7f3a91c2"))
    before = list(catalog.custody())
    attacks = _attacks(catalog) | {"truncate": "TRUNCATE custody CASCADE"}
    with psycopg.connect(getattr(postgres_database, role), autocommit=True) as connection:
        if role == "admin_url":
            connection.execute("SET session_replication_role = replica")
        for statement in attacks.values():
            with pytest.raises(psycopg.Error):
                connection.execute(statement.encode())
    assert list(catalog.custody()) == before
    catalog.close()


def test_a_chain_written_anew_without_guards_is_found_by_a_checkpoint_kept_outside(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who can write the file can drop the triggers and forge a chain that holds: only what left the machine knows."""
    catalog = Catalog.open(sqlite_url, "st-7f3a91c2")
    catalog.append(docking("s1"))
    kept_outside = Frontier().extend(leaf_hash(entry.body) for entry in catalog.custody()).root()
    originals = list(catalog.custody())
    catalog.close()

    forged, prev = [], originals[0].prev
    for entry in originals:
        body = entry.body.replace(entry.prev.encode(), prev.encode()).replace(b'"size_bytes":1001', b'"size_bytes":1')
        prev = str(digest_of(body))
        forged.append((body.decode(), body and str(digest_of(body)), entry.seq))
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _sql in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for body, entry_hash, seq in forged:
        connection.execute("UPDATE custody SET body = ?, hash = ? WHERE seq = ?", (body, entry_hash, seq))
        connection.execute(
            "UPDATE custody SET prev = coalesce((SELECT hash FROM custody c WHERE c.seq = ?), prev) WHERE seq = ?",
            (seq - 1, seq),
        )
    connection.execute("UPDATE clips SET size_bytes = 1 WHERE size_bytes = 1001")
    connection.execute("UPDATE entries SET size_bytes = 1 WHERE size_bytes = 1001")
    for _name, sql in triggers:
        connection.execute(sql)
    connection.close()

    after = Catalog.open(sqlite_url, "st-7f3a91c2")
    assert first_broken((e.seq, e.body, e.hash) for e in after.custody()) is None
    assert list(after.differences_from_custody()) == []
    assert Frontier().extend(leaf_hash(entry.body) for entry in after.custody()).root() != kept_outside
    after.close()


def test_an_entry_changed_without_guards_breaks_the_chain_there(sqlite_url: str) -> None:
    catalog = Catalog.open(sqlite_url, "st-7f3a91c2")
    catalog.append(docking("s1"))
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("DROP TRIGGER custody_no_update")
    connection.execute("UPDATE custody SET body = replace(body, '1002', '1003') WHERE seq = 3")
    connection.close()
    broken = first_broken((e.seq, e.body, e.hash) for e in catalog.custody())
    assert broken is not None and broken.seq == 3
    assert {d.table for d in catalog.differences_from_custody()} == {"custody", "clips", "entries"}
    catalog.close()


def test_postgresql_looks_an_entry_up_by_its_key_even_while_the_log_is_empty(postgres_database: Database) -> None:
    """The guard keeps the plan of its first look: another index would read the whole log from then on."""
    with psycopg.connect(postgres_database.owner_url) as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute("PREPARE look (text, bigint) AS SELECT hash FROM custody WHERE station = $1 AND seq = $2")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN EXECUTE look ('st', 7)"))
        assert "pk_custody" in plan
        # What happened to one thing is still found by the other index.
        connection.execute("SET enable_seqscan = off")
        connection.execute("PREPARE about (text) AS SELECT seq FROM custody WHERE station = 'st' AND subject = $1")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN EXECUTE about ('clip')"))
        assert "ix_custody_subject" in plan
