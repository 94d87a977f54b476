"""A catalogue from before there were cases: numbers under which clips were filed become cases, as the log has it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, insert, inspect, select, update

from catalog.cases.queries import cases_of_clips, clips_of_case, find_case
from catalog.engines import engine_for, parse_url
from catalog.events import ClipFiled
from catalog.store import Catalog
from catalog.tables import metadata
from tests.simulators.histories import Clock, clip_id, docking
from tests.simulators.postgres import Database, PostgresServer

FIRST, SECOND = clip_id("s1", 1), clip_id("s1", 2)
BEFORE_CASES = "0005"


@pytest.fixture(params=["sqlite", "postgresql"])
def old_and_new(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str, str]:
    """Two empty databases, the first with the tables of BEFORE_CASES: URLs of both, and of their owners."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("old")
        old, new = f"sqlite:///{folder}/old.db", f"sqlite:///{folder}/new.db"
        Catalog.create(new)
        with closing(sqlite3.connect(folder / "old.db")) as empty_file:
            empty_file.execute("PRAGMA journal_mode=WAL")
        owners = old, new
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        empty: Database = server.new_database(migrated=False)
        full = server.new_database()
        old, new, owners = empty.url, full.url, (empty.owner_url, full.owner_url)
    config = Config()
    config.set_main_option("script_location", "catalog:migrations")
    engine = engine_for(parse_url(owners[0]))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE_CASES)
    engine.dispose()
    return old, new, *owners


def test_numbers_of_filed_clips_become_cases_as_the_log_makes_them(old_and_new: tuple[str, str, str, str]) -> None:
    old, new, old_owner, new_owner = old_and_new
    catalog = Catalog.open(new, "st", clock=Clock())
    catalog.append(docking("s1"))
    filings = [
        ClipFiled(FIRST, "A-1", "case", ""),
        ClipFiled(SECOND, "A-1", "case", ""),
        ClipFiled(FIRST, "B-2", "case", "anders"),
        ClipFiled(SECOND, None, "routine", ""),
        ClipFiled(SECOND, "nul\0", "routine", ""),
    ]
    catalog.append(filings, actor="user:li")
    catalog.close()
    _copy(new_owner, old_owner)
    Catalog.upgrade(old, owner_url=old_owner)
    upgraded = Catalog.open(old, "st")
    assert [clip.id for clip in clips_of_case(upgraded, find_case(upgraded, "A-1").id)] == [FIRST, SECOND]
    assert {case.number for case in cases_of_clips(upgraded, [FIRST])[FIRST]} == {"A-1", "B-2"}
    assert list(upgraded.differences_from_custody()) == []
    upgraded.close()


def _copy(source: str, target: str) -> None:
    """Give the old tables the rows of the new ones, and clips the number they were filed under last."""
    from_engine, to_engine = engine_for(parse_url(source)), create_engine(parse_url(target))
    old = MetaData()
    old.reflect(to_engine)
    with from_engine.connect() as reading, to_engine.begin() as writing:
        for table in metadata.sorted_tables:
            if table.name not in old.tables:
                continue
            shared = [column for column in table.c if column.name in old.tables[table.name].c]
            rows = [dict(row) for row in reading.execute(select(*shared)).mappings()]
            if rows:
                # Typed as the new ones are: they tell how the databases keep times and lists.
                writing.execute(insert(table), rows)
        assert "case_no" in {column["name"] for column in inspect(writing).get_columns("clips")}
        for clip, number in ((FIRST, "B-2"), (SECOND, "nul\ufffd")):
            clips = old.tables["clips"]
            writing.execute(update(clips).where(clips.c.id == clip).values(case_no=number))
    from_engine.dispose()
    to_engine.dispose()
