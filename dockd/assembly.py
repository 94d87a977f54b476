"""The one place that builds real parts from settings.

`reading` gives a station to look at, `writing` one that may take recorders in: it holds the home's lock and has come
to rest first.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hashing.filecalls import OsFileCalls
from hashing.signing import SigningKey

from . import i18n
from .clocks.synced import clock_synced
from .config import Config, Home
from .config_file import database_url, load
from .database_urls import redacted
from .errors import HomeFault, HomeMissing, ToolMissing
from .lock import WriterLock
from .partials import Partials
from .recorders import Family, load_families
from .recovery import Rest, come_to_rest
from .station import Copying, Station
from .vault import Vault

if TYPE_CHECKING:
    from catalog.probe import Probe
    from catalog.store import Catalog

    from .people.acting import Acting
    from .rebuilding import Rebuilt

MIB = 1024 * 1024
# Up to so many recorders at once each have the full ring; with more, fewer blocks, so that sixteen stay within 300 MiB
# for the whole process (docs/performance.md, G7). Smaller blocks instead would have every file above their size copied
# as a long one, past the page cache that the first look filled: sixteen at once took a quarter longer.
FULL_RING_RECORDERS = 4
FEWER_BLOCKS = 4


@dataclass(slots=True)
class Opened:
    """A station with its settings, and what coming to rest did (None for those who only read)."""

    home: Home
    config: Config
    station: Station
    rest: Rest | None = None
    # Who acts, once somebody asked (dockd.people.acting).
    acting: Acting | None = None

    @property
    def actor(self) -> str:
        """Who acts, for the custody log, in what asks nobody. Raises SignInRefused."""
        from .people.acting import acting

        return acting(self).actor

    def tune_copying(self, recorders: int) -> None:
        """Share the memory between so many recorders."""
        at_once = min(recorders, self.config.dock.parallel)
        if at_once > FULL_RING_RECORDERS:
            self.station.copying = replace(self.station.copying, blocks=FEWER_BLOCKS)

    def probe(self, folder: str) -> Probe:
        """A boxed reader of facts for the originals in one folder."""
        from catalog.jail import Limits
        from catalog.parsers import Tools
        from catalog.probe import Probe, ProbeLimits

        settings = self.config.facts
        tools = Tools(
            exiftool=_program(settings.exiftool, "libimage-exiftool-perl"), ffprobe=_program(settings.ffprobe, "ffmpeg")
        )
        box = Limits(memory_bytes=settings.memory_mib * MIB, cpu_s=settings.timeout_s)
        limits = ProbeLimits(timeout_s=float(settings.timeout_s), packets=settings.packets == "read", box=box)
        return Probe(folder, files=self.station.files, tools=tools, limits=limits)


def station_id(key: SigningKey) -> str:
    """A station's name in the log: it follows from its key, so that no two stations share one by mistake."""
    import hashlib

    return "st-" + hashlib.sha256(key.public_line().encode()).hexdigest()[:8]


def utc_now() -> datetime:
    """The station's clock."""
    return datetime.now(UTC)


@contextmanager
def reading(option: str | None, *, examining: bool = False) -> Iterator[Opened]:
    """The station, to look at and to append single entries to. Raises HomeMissing, ConfigFault, CatalogError.

    `examining` opens an unsafe database too, to look at only: `station.catalog.findings` says what is wrong with it.
    """
    with _opened(*_settings(option), examining=examining) as opened:
        yield opened


@contextmanager
def _opened(home: Home, config: Config, *, examining: bool = False) -> Iterator[Opened]:
    from catalog.store import Catalog

    key = load_key(home)
    url = database_url(config, home, os.environ)
    catalog = Catalog.open(url, station_id(key), clock=utc_now, for_reading=examining, thorough=examining)
    try:
        yield Opened(home, config, build(home, config, key, catalog))
    finally:
        catalog.close()


@contextmanager
def writing(option: str | None) -> Iterator[Opened]:
    """The station, to take recorders in: locked, and at rest. Raises Busy beside what `reading` raises."""
    home, config = _settings(option)
    with WriterLock(home.lock_file), _opened(home, config) as opened:
        opened.rest = come_to_rest(opened.station)
        yield opened


@contextmanager
def rebuilding(option: str | None, owner_url: str | None) -> Iterator[tuple[Opened, Rebuilt]]:
    """A new, empty catalogue, filled from the vault. Raises CatalogExists when there is one already."""
    from catalog.store import Catalog

    from .rebuilding import rebuild

    home, config = _settings(option)
    url = database_url(config, home, os.environ)
    with WriterLock(home.lock_file):
        Catalog.create(url, owner_url=owner_url)
        with reading(option) as opened:
            yield opened, rebuild(opened.station)


def upgrade_catalog(option: str | None, owner_url: str | None) -> str:
    """Bring the database to this version's tables; the revision it then has."""
    from catalog.schema import REVISION
    from catalog.store import Catalog

    home, config = _settings(option)
    with WriterLock(home.lock_file):
        Catalog.upgrade(database_url(config, home, os.environ), owner_url=owner_url)
    return REVISION


def build(home: Home, config: Config, key: SigningKey, catalog: Catalog) -> Station:
    """Put the parts together."""
    files = OsFileCalls()
    vault = Vault(files, config.vault_dir(home))
    return Station(
        id=station_id(key),
        files=files,
        vault=vault,
        partials=Partials(vault),
        catalog=catalog,
        key=key,
        families=load_families(config.families_dir(home)),
        department=config.station.department,
        zone=ZoneInfo(config.station.time_zone),
        algorithms=config.vault.algorithms,
        clock=utc_now,
        random_hex=lambda digits: secrets.token_hex((digits + 1) // 2)[:digits],
        clock_synced=clock_synced,
        sweep_lock=home.lock_of("sweep"),
        free_space_floor_bytes=config.dock.free_space_floor_mib * MIB,
        copying=Copying(checkpoint_bytes=config.dock.checkpoint_mib * MIB, stall_s=float(config.dock.stall_s)),
        thresholds=config.health.thresholds,
    )


def known_families(option: str | None, *folders: str) -> tuple[Family, ...]:
    """The shipped families, the station's own where there is one, and those of `folders`. Raises FamilyFaults."""
    try:
        home, config = _settings(option)
    except HomeMissing:
        return load_families(*folders)
    return load_families(config.families_dir(home), *folders)


def open_database(home: Home, config: Config) -> str:
    """Open the catalogue as a docking would, close it, and tell what it is; raises what opening raises."""
    from catalog.store import Catalog

    catalog = Catalog.open(database_url(config, home, os.environ), station_id(load_key(home)), clock=utc_now)
    try:
        return f"{redacted(config.database.url)}, {catalog.head().seq}"
    finally:
        catalog.close()


def _program(name: str, package: str) -> str:
    """The full path of a program; raises ToolMissing."""
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(name, package)
    return found


def load_key(home: Home) -> SigningKey:
    """The station's key. Raises HomeMissing, HomeFault."""
    try:
        with open(home.key_file, "rb") as file:
            return SigningKey.from_openssh(file.read())
    except FileNotFoundError as error:
        raise HomeMissing(home.key_file) from error
    except OSError as error:
        raise HomeFault(home.key_file, "open", error) from error


def _settings(option: str | None) -> tuple[Home, Config]:
    home = Home.chosen(option, os.environ)
    config = load(home)
    i18n.set_language(config.station.language)
    return home, config
