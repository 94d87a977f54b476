"""Fixtures of more than one package: a PostgreSQL server a run, and databases of both kinds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.store import Catalog
from dockd.upkeep.idle import NICEST
from tests.simulators.histories import Clock
from tests.simulators.postgres import Database, PostgresServer

STATION = "st-7f3a91c2"


@pytest.fixture(autouse=True)
def priority() -> Iterator[None]:
    """A command that steps aside does so for its whole process, which here is that of all tests after it."""
    yield
    if os.getpriority(os.PRIO_PROCESS, 0) == NICEST and os.geteuid() == 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0)
        subprocess.run(["ionice", "--class", "none", "--pid", str(os.getpid())], check=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server; it is started when the first test needs it."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def postgres_database(postgres: PostgresServer) -> Iterator[Database]:
    """An empty catalogue on PostgreSQL."""
    database = postgres.new_database()
    yield database
    postgres.drop(database)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty catalogue on SQLite."""
    url = f"sqlite:///{tmp_path}/catalog.db"
    Catalog.create(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty catalogue, once on each database: what a test says holds on both."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    database: Database = request.getfixturevalue("postgres_database")
    return database.url


@pytest.fixture
def open_catalog(database_url: str) -> Iterator[Callable[[], Catalog]]:
    """Opens the catalogue, as often as asked; all are closed in the end."""
    opened: list[Catalog] = []

    def open_one() -> Catalog:
        opened.append(Catalog.open(database_url, STATION, clock=Clock()))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def catalog(open_catalog: Callable[[], Catalog]) -> Catalog:
    """An open, empty catalogue of station STATION."""
    return open_catalog()
