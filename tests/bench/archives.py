"""Catalogues of agencies that have recorded for years, and what is asked of each that measures in them."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from catalog.event import Event
from catalog.store import Catalog
from dockd.config import Home
from dockd.keeping.packs import known_packs
from retention.pack import Pack
from retention.pack_faults import PackFaults
from tests.bench.workshop import in_child
from tests.simulators.large import Shape, fill
from tests.simulators.postgres import PostgresServer

STATION = "st-7f3a91c2"


@contextmanager
def filled_catalogue(
    database: str, clips: int, *, first: Sequence[Event] = (), undecided: int | None = None, searchable: bool = True
) -> Iterator[tuple[Catalog, str, Shape]]:
    """A filled catalogue of its own, which is gone afterwards, and its owner's URL. `first` is on record before there
    is any clip.
    """
    if database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="dockd-bench-") as folder:
            url = f"sqlite:///{folder}/catalog.db"
            Catalog.create(url)
            yield from _filled(url, url, clips, first, undecided, searchable)
        return
    server = PostgresServer()
    try:
        made = server.new_database()
        yield from _filled(made.url, made.owner_url, clips, first, undecided, searchable)
    finally:
        server.close()


def _filled(
    url: str, owner_url: str, clips: int, first: Sequence[Event], undecided: int | None, searchable: bool
) -> Iterator[tuple[Catalog, str, Shape]]:
    with closing(Catalog.open(url, STATION)) as catalog:
        catalog.append(first)
    in_child(lambda: fill(owner_url, clips, STATION, undecided, searchable=searchable))
    catalog = Catalog.open(url, STATION)
    yield catalog, owner_url, Shape(clips, STATION, undecided)
    catalog.close()


def size_bytes(catalog: Catalog) -> int:
    """What the database takes on its disk."""
    sqlite = catalog._engine.dialect.name == "sqlite"
    asked = (
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        if sqlite
        else "SELECT pg_database_size(current_database())"
    )
    with catalog._engine.connect() as connection:
        return int(connection.scalar(text(asked)) or 0)


def shipped_pack(name: str) -> Pack:
    """One of the rule packs that dockd brings along."""
    found = known_packs(Home.at(str(Path.cwd())))
    assert not isinstance(found, PackFaults)
    return next(pack for pack in found if pack.name == name)


def own_peak_mib() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
