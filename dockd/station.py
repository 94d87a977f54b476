"""The station's parts, put together once and handed to whoever works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from catalog.store import Catalog
from catalog.watching.health import Thresholds
from hashing.digest import Algorithm, digest_of
from hashing.filecalls import FileCalls
from hashing.signing import SigningKey

from .errors import NoSpace
from .partials import Partials
from .recorders import Family
from .vault import Vault


@dataclass(frozen=True, slots=True)
class Copying:
    """How the copy engine is to work; memory for one recorder is about `block_bytes × (blocks + 2)`."""

    block_bytes: int = 2 * 1024 * 1024
    blocks: int = 6
    checkpoint_bytes: int = 256 * 1024 * 1024
    # Small files that share a syncfs, and then a transaction of the catalogue: 20,000 of them take 20 of each.
    batch_files: int = 1024
    stall_s: float = 30.0


@dataclass(slots=True)
class Station:
    """Everything a docking needs. The clock, randomness and the file system are parts like the others."""

    id: str
    files: FileCalls
    vault: Vault
    partials: Partials
    catalog: Catalog
    key: SigningKey
    families: Sequence[Family]
    department: str
    zone: ZoneInfo
    algorithms: tuple[Algorithm, ...]
    clock: Callable[[], datetime]
    random_hex: Callable[[int], str]
    clock_synced: Callable[[], bool | None]
    # The file that whoever sweeps holds (dockd.lock): the writer's own lock stays with the daemon.
    sweep_lock: str
    free_space_floor_bytes: int = 0
    copying: Copying = field(default_factory=Copying)
    thresholds: Thresholds = field(default_factory=Thresholds)
    # Seals of one station follow each other: the ledger's segments must not overlap.
    ledger_lock: threading.Lock = field(default_factory=threading.Lock)
    _turns: dict[str, threading.Lock] = field(default_factory=dict)

    def turn(self, recorder: str) -> threading.Lock:
        """The lock of one recorder's name: whoever holds it is the only session of that name."""
        return self._turns.setdefault(recorder, threading.Lock())

    def new_session_id(self, began: datetime) -> str:
        """Sortable by time, and not the same twice: `20261121T013500Z-3f9a1c`."""
        return f"{began:%Y%m%dT%H%M%SZ}-{self.random_hex(6)}"

    def clip_id(self, session: str, seq: int) -> str:
        """16 hex digits; people type the first few."""
        return digest_of(f"{self.id}/{session}/{seq}".encode()).hex[:16]

    def local_day(self, moment: datetime) -> str:
        """The agency's calendar day, as folders are named by it."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d}"

    def refuse_without_space(self, needed_bytes: int) -> None:
        """Raises NoSpace when a session would leave less than the floor (contract P9: full disks stop ingest)."""
        free = self.vault.free_bytes()
        if free < needed_bytes + self.free_space_floor_bytes:
            raise NoSpace(needed_bytes + self.free_space_floor_bytes, free)
