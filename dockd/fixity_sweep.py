"""The vault read again, a part of it every night, so that every byte is read within a stated time (contract P7).

Rounds go through the vault in one order; a run goes on where the last one ended. What one run reads is put on record a
stretch at a time: a kill costs the reading of one stretch and nothing else.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.fixity.events import DamageFound, FixityRead
from catalog.fixity.model import CLIPS, WHATS, Amount, Damage, Place, Stored, place_text
from catalog.fixity.queries import damaged, last_read, left, next_files, round_of
from catalog.model import utc_text
from hashing.errors import TargetFault

from .damage import look_at, record, whole_again
from .forgetting import forget_aside
from .ledger import ALLOWED_SIGNERS, export, ledger_dir
from .station import Station

# One entry of the log stands for at most so much.
SLICE_BYTES = 16 * 2**30
SLICE_FILES = 20_000
# Opening a file costs about what reading so many bytes does: a night's share counts both.
FILE_COST_BYTES = 64 * 2**10
# When so many files of one run are damaged the disk is dying: each more only wears it down and fills the log.
DAMAGED_AT_MOST = 1_000
# A night may fail: what would be overdue before the night after the next is read now. A round is planned to be over
# sooner than that, or its beginning would be late as soon as it ends.
SPARE_NIGHTS = 2
PLANNED_NIGHTS = 4
# Files that follow each other were read one after the other: one of so many is asked whether it is late.
LATE_AT_ONCE = 64

Restore = Callable[[Stored], bool]
"""Puts a damaged file right from a copy; whether there was one that holds."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one run reads: so many bytes, or until a moment of the monotonic clock (seconds). With neither it is the
    night's share. One file of each kind is read in any case, so that every run gets on.
    """

    size_bytes: int | None = None
    until_s: float | None = None


@dataclass(slots=True)
class Swept:
    """What a run read and found. `damaged` is all that was met, known or not; `stopped`: too much was damaged."""

    files: int = 0
    size_bytes: int = 0
    damaged: list[DamageFound] = field(default_factory=list)
    restored: int = 0
    whole_again: int = 0
    rounds_ended: list[str] = field(default_factory=list)
    stopped: bool = False


def share(what_is_left: Amount, began_at: datetime | None, now: datetime, within_days: int) -> int:
    """The cost of what one night must read, so that the round ends in its time: what is left by the nights left."""
    gone = (now - began_at).days if began_at is not None else 0
    nights = max(1, within_days - PLANNED_NIGHTS - gone)
    return -(-cost(what_is_left) // nights)


def cost(amount: Amount) -> int:
    """What reading this costs, in bytes."""
    return amount.size_bytes + amount.files * FILE_COST_BYTES


class Sweep:
    """One run. `restore` is asked for every damaged file; None leaves them as they are."""

    def __init__(
        self,
        station: Station,
        within_days: int,
        *,
        actor: str = "dockd",
        restore: Restore | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._station = station
        self._within_days = within_days
        self._actor = actor
        self._restore = restore
        self._monotonic = monotonic
        self._known: dict[str, Damage] = {}
        self.swept = Swept()

    def run(self, budget: Budget) -> Swept:
        """Read what this run is to read. Raises TargetFault (the vault as a whole), CatalogFault."""
        self._known = {damage.file: damage for damage in damaged(self._station.catalog)}
        forget_aside(self._station, self._actor)
        spent = 0
        for what in WHATS:
            room = None if budget.size_bytes is None else max(0, budget.size_bytes - spent)
            spent += self._kind(what, room, budget.until_s)
        export(self._station)
        return self.swept

    def _kind(self, what: str, room_bytes: int | None, until_s: float | None) -> int:
        """Read of one kind; the bytes that were read."""
        station = self._station
        current = round_of(station.catalog, what)
        rest = left(station.catalog, what, current.after)
        number, after = current.number, current.after
        if not rest.files and after is not None:
            # What was left of the round is gone: the next one begins.
            number, after, rest = number + 1, None, left(station.catalog, what, None)
        began_at = current.began_at if after is not None else None
        quota: float = share(rest, began_at, station.clock(), self._within_days)
        if until_s is not None and what == CLIPS:
            quota = float("inf")
        elif room_bytes is not None:
            quota = room_bytes if what == CLIPS else min(quota, room_bytes)
        stretch = _Stretch(self, what, number, after)
        return stretch.run(quota, until_s, must_read=until_s is None and room_bytes is None)

    # ------------------------------------------------------------------------------------------- what a stretch asks

    def late(self, file: Stored) -> bool:
        """Whether a file would be overdue before the night after the next."""
        limit = timedelta(days=max(1, self._within_days - SPARE_NIGHTS))
        return last_read(self._station.catalog, file) < self._station.clock() - limit

    def over(self, until_s: float | None) -> bool:
        """Whether the time is up, or the disk is dying."""
        self.swept.stopped = len(self.swept.damaged) >= DAMAGED_AT_MOST
        return self.swept.stopped or (until_s is not None and self._monotonic() >= until_s)

    def refuse_without_vault(self) -> None:
        """A vault whose disk is not mounted has not lost its recordings. Raises TargetFault."""
        path = f"{ledger_dir(self._station.id)}/{ALLOWED_SIGNERS}"
        try:
            self._station.vault.read(path)
        except FileNotFoundError as error:
            cause = OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            raise TargetFault(self._station.vault.at(path), "open", cause) from error

    def read(self, file: Stored) -> bool:
        """Read one file and record what is wrong with it; whether it is whole."""
        result = look_at(self._station, file)
        self.swept.files += 1
        self.swept.size_bytes += result.read_bytes
        if result.damage is None:
            self.swept.whole_again += whole_again(self._station, file, self._known, self._actor)
            return True
        found = record(self._station, file, result, self._actor)
        if found is None:
            return True
        self.swept.damaged.append(found)
        if self._restore is not None and self._restore(file):
            self.swept.restored += 1
        return False

    def write_down(self, read: FixityRead) -> None:
        """Put a stretch on record."""
        self._station.catalog.append([read], actor=self._actor)
        if read.ends_round:
            self.swept.rounds_ended.append(read.what)

    @property
    def station(self) -> Station:
        """The station whose vault is read."""
        return self._station


class _Stretch:
    """Files read one after the other, put on record together."""

    def __init__(self, sweep: Sweep, what: str, number: int, after: Place | None) -> None:
        self._sweep = sweep
        self._what = what
        self._number = number
        self._after = after
        self._empty()

    def _empty(self) -> None:
        self._first: Place | None = None
        self._last: Place | None = None
        self._began_at = ""
        self._files = self._size_bytes = self._damaged = 0

    def run(self, quota: float, until_s: float | None, *, must_read: bool) -> int:
        """Read up to a cost of `quota`; the bytes that were read. `must_read`: what is late is read beyond it."""
        spent, total, asked, late = 0, 0, 0, False
        try:
            for file, listed_at in self._following():
                if spent >= quota and spent:
                    late = self._sweep.late(file) if must_read and asked % LATE_AT_ONCE == 0 else late
                    asked += 1
                    if not late:
                        break
                if self._first is None:
                    self._begin(file, listed_at)
                self._read(file)
                total += file.size_bytes
                spent += file.size_bytes + FILE_COST_BYTES
                over = self._sweep.over(until_s)
                if over or self._size_bytes >= SLICE_BYTES or self._files >= SLICE_FILES:
                    self._end()
                if over:
                    break
        finally:
            # Whoever interrupts us does not undo what was read.
            self._end()
        return total

    def _following(self) -> Iterator[tuple[Stored, datetime]]:
        """The files to come, each with the time before which they were listed."""
        after = self._after
        while True:
            listed_at = self._sweep.station.clock()
            page = next_files(self._sweep.station.catalog, self._what, after)
            if not page:
                return
            for file in page:
                yield file, listed_at
            after = page[-1].place

    def _begin(self, file: Stored, listed_at: datetime) -> None:
        self._sweep.refuse_without_vault()
        self._first = file.place
        # What comes in after the listing is not among what was read: it counts from its docking.
        self._began_at = utc_text(listed_at)

    def _read(self, file: Stored) -> None:
        whole = self._sweep.read(file)
        self._last = file.place
        self._files += 1
        self._size_bytes += file.size_bytes
        self._damaged += not whole

    def _end(self) -> None:
        if self._first is None or self._last is None:
            return
        ends = not next_files(self._sweep.station.catalog, self._what, self._last, 1)
        first, last = place_text(self._first), place_text(self._last)
        read = FixityRead(
            self._what, self._number, first, last, self._began_at,
            self._files, self._size_bytes, self._damaged, ends,
        )  # fmt: skip
        self._empty()
        self._sweep.write_down(read)
