"""A whole station in a folder, with a clock, randomness and file calls of the test's choice."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from catalog.store import Catalog
from dockd.assembly import station_id
from dockd.clearing import Cleared, Clearing
from dockd.docking import Docking
from dockd.ledger import write_signers
from dockd.listing import Volume
from dockd.partials import Partials
from dockd.recorders import load_families
from dockd.recovery import come_to_rest
from dockd.results import Progress, Result
from dockd.station import Copying, Station
from dockd.vault import Vault
from dockd.verifying import Finding, Verifying
from hashing.digest import Algorithm
from hashing.filecalls import FileCalls, OsFileCalls
from hashing.signing import SigningKey

KEY = SigningKey.generate()
FAMILIES = load_families()


@dataclass(slots=True)
class Clock:
    """Time that passes only when asked for: a millisecond a look."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def make_home(root: Path, files: FileCalls | None = None) -> None:
    """An empty vault and an empty SQLite catalogue under `root`."""
    (root / "vault").mkdir(parents=True, exist_ok=True)
    Catalog.create(f"sqlite:///{root}/catalog.db")


@contextmanager
def open_station(
    root: Path,
    *,
    files: FileCalls | None = None,
    url: str | None = None,
    seed: int = 0,
    clock: Clock | None = None,
    algorithms: tuple[Algorithm, ...] = (Algorithm.BLAKE3,),
    copying: Copying | None = None,
    rest: bool = True,
) -> Iterator[Station]:
    """The station under `root`, at rest unless told otherwise."""
    files = files or OsFileCalls()
    clock = clock or Clock()
    chance = random.Random(f"{root}{seed}")
    catalog = Catalog.open(url or f"sqlite:///{root}/catalog.db", station_id(KEY), clock=clock)
    try:
        vault = Vault(files, str(root / "vault"))
        station = Station(
            id=station_id(KEY),
            files=files,
            vault=vault,
            partials=Partials(vault),
            catalog=catalog,
            key=KEY,
            families=FAMILIES,
            department="城关中队",
            zone=ZoneInfo("Asia/Shanghai"),
            algorithms=algorithms,
            clock=clock,
            random_hex=lambda digits: f"{chance.getrandbits(4 * digits):0{digits}x}",
            clock_synced=lambda: True,
            sweep_lock=str(root / "sweep.lock"),
            copying=copying or Copying(block_bytes=64 * 1024, blocks=4, checkpoint_bytes=128 * 1024, stall_s=5.0),
        )
        write_signers(vault, station.id, KEY)
        if rest:
            come_to_rest(station)
        yield station
    finally:
        catalog.close()


def dock(station: Station, source: Path, *, slot: int | None = 1, clear: bool = False) -> tuple[Result, Cleared | None]:
    """One docking session, from listing to seal, and the clearing when asked for."""
    with Volume.open(station.files, str(source)) as volume:
        docking = Docking(station, str(source), slot=slot, progress=Progress(slot), stop=threading.Event())
        result = docking.run(volume)
        return result, Clearing(docking, result, volume).run() if clear else None


def findings(station: Station) -> list[Finding]:
    """All that `verify --all` has to say."""
    return list(Verifying(station).everything())
