"""What is read again in rounds, and what becomes of damage there: originals in the vault, second copies on the mirror.

A disk that is not mounted has lost nothing: before anything on it is called damaged, and before a stretch of it begins,
the shelf looks whether its disk is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from catalog.fixity.events import CopiesRemoved, DamageFound
from catalog.fixity.model import CLIPS, Damage, Stored
from catalog.fixity.queries import has_copies
from retention.fixity import examine

from ..station import Station
from .damage import look_at, record, refuse_without_vault, whole_again
from .mirroring import Mirror, refuse_when_away

Restore = Callable[[Stored], bool]
"""Puts a damaged file right from a copy; whether there was one that holds."""


@dataclass(frozen=True, slots=True)
class DamagedCopy:
    """A second copy that does not hold. `damage`, `expected` and `found` are as in `DamageFound`."""

    place: str
    clip: str
    vault_path: str
    damage: str
    expected: str
    found: str


@dataclass(slots=True)
class Swept:
    """What a run read and found. `damaged` is all that was met in the vault, known or not, `copies_lost` what did not
    hold on the mirror; `mirror_left`: its disk went away before its share was read; `stopped`: too much was damaged.
    """

    files: int = 0
    size_bytes: int = 0
    damaged: list[DamageFound] = field(default_factory=list)
    restored: int = 0
    whole_again: int = 0
    copies_lost: list[DamagedCopy] = field(default_factory=list)
    mirror_left: bool = False
    rounds_ended: list[str] = field(default_factory=list)
    stopped: bool = False

    def count(self, read_bytes: int) -> None:
        """One file more was read."""
        self.files += 1
        self.size_bytes += read_bytes


class Shelf(Protocol):
    """Files of one kind in one place. `at` is the mirror's name in the log, None for the vault."""

    @property
    def what(self) -> str:
        """Which kind."""

    @property
    def at(self) -> str | None:
        """Where."""

    def refuse_when_away(self) -> None:
        """Raises what the shelf raises when its disk is not there."""

    def read(self, file: Stored) -> bool:
        """Read one file and record what is wrong with it; whether it is whole."""


@dataclass(frozen=True, slots=True)
class Originals:
    """What lies in the vault of a kind. `known` is what was damaged when the run began; `restore` is asked for every
    damaged file, None leaves them as they are. Raises TargetFault (the vault as a whole), CatalogFault.
    """

    station: Station
    what: str
    actor: str
    swept: Swept
    known: dict[str, Damage]
    restore: Restore | None

    @property
    def at(self) -> None:
        """In the vault."""
        return None

    def refuse_when_away(self) -> None:
        """A vault whose disk is not mounted has not lost its recordings."""
        refuse_without_vault(self.station)

    def read(self, file: Stored) -> bool:
        """Damage is recorded once; what was damaged and is whole is said to be so."""
        result = look_at(self.station, file)
        self.swept.count(result.read_bytes)
        if result.damage is None:
            self.swept.whole_again += whole_again(self.station, file, self.known, self.actor)
            return True
        found = record(self.station, file, result, self.actor)
        if found is None:
            return True
        self.swept.damaged.append(found)
        if self.restore is not None and self.restore(file):
            self.swept.restored += 1
        return False


@dataclass(frozen=True, slots=True)
class Copies:
    """The second copies of recordings on the mirror. Raises MirrorUnusable, MirrorFault (their disk), CatalogFault."""

    station: Station
    mirror: Mirror
    actor: str
    swept: Swept

    @property
    def what(self) -> str:
        """Recordings: what else lies there is not on record one by one."""
        return CLIPS

    @property
    def at(self) -> str:
        """On the mirror."""
        return self.mirror.place

    def refuse_when_away(self) -> None:
        """A disk that was carried away has lost no copies."""
        refuse_when_away(self.station, self.mirror)

    def read(self, file: Stored) -> bool:
        """A copy that does not hold counts no more; the next `dockd mirror run` puts it aside and makes a new one."""
        assert file.clip is not None
        vault = self.mirror.vault
        result = examine(vault.files, vault.at(file.vault_path), file.size_bytes, file.digests)
        self.swept.count(result.read_bytes)
        if result.damage is None:
            return True
        self.refuse_when_away()
        if not has_copies(self.station.catalog, [file.clip], self.at):
            # Its recording was destroyed while we read.
            return True
        lost = CopiesRemoved(self.at, [file.clip], file.size_bytes, "damaged")
        self.station.catalog.append([lost], actor=self.actor)
        self.swept.copies_lost.append(
            DamagedCopy(self.at, file.clip, file.vault_path, result.damage.value, result.expected, result.found)
        )
        return False
