"""The vault read again, a part of it every night, so that every byte is read within a stated time (contract P7); and
the second copies beside it, where their disk is there.

Rounds go through the vault in one order; a run goes on where the last one ended. What one run reads is put on record a
stretch at a time: a kill costs the reading of one stretch and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.fixity.events import CopiesRead, FixityRead
from catalog.fixity.model import CLIPS, WHATS, Amount, Place, Stored, place_text
from catalog.fixity.queries import damaged
from catalog.fixity.rounds import last_read, left, next_files, round_of
from catalog.model import utc_text

from ..ledger import export
from ..station import Station
from .errors import MirrorFault, MirrorUnusable
from .forgetting import forget_aside
from .mirroring import Mirror
from .shelves import Copies, Originals, Restore, Shelf, Swept

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


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one run reads: so many bytes, or until a moment of the monotonic clock (seconds). With neither it is the
    night's share. One file of each kind is read in any case, so that every run gets on.
    """

    size_bytes: int | None = None
    until_s: float | None = None


def share(what_is_left: Amount, began_at: datetime | None, now: datetime, within_days: int) -> int:
    """The cost of what one night must read, so that the round ends in its time: what is left by the nights left."""
    gone = (now - began_at).days if began_at is not None else 0
    nights = max(1, within_days - PLANNED_NIGHTS - gone)
    return -(-cost(what_is_left) // nights)


def cost(amount: Amount) -> int:
    """What reading this costs, in bytes."""
    return amount.size_bytes + amount.files * FILE_COST_BYTES


class Sweep:
    """One run. `restore` is asked for every damaged file, None leaves them as they are; `mirror` is read when given."""

    def __init__(
        self,
        station: Station,
        within_days: int,
        *,
        actor: str = "dockd",
        restore: Restore | None = None,
        mirror: Mirror | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._station = station
        self._within_days = within_days
        self._actor = actor
        self._restore = restore
        self._mirror = mirror
        self._monotonic = monotonic
        self.swept = Swept()

    def run(self, budget: Budget) -> Swept:
        """Read what this run is to read. Raises TargetFault (the vault as a whole), CatalogFault."""
        known = {damage.file: damage for damage in damaged(self._station.catalog)}
        forget_aside(self._station, self._actor)
        spent = 0
        for what in WHATS:
            originals = Originals(self._station, what, self._actor, self.swept, known, self._restore)
            spent += self._shelf(originals, budget, spent)
        if self._mirror is not None:
            # After the originals: a run that ends early has read what there is only once.
            try:
                self._shelf(Copies(self._station, self._mirror, self._actor, self.swept), budget, spent)
            except (MirrorUnusable, MirrorFault):
                self.swept.mirror_left = True
        export(self._station)
        return self.swept

    def _shelf(self, shelf: Shelf, budget: Budget, spent_bytes: int) -> int:
        """Read of one shelf; the bytes that were read."""
        catalog = self._station.catalog
        current = round_of(catalog, shelf.what, shelf.at)
        rest = left(catalog, shelf.what, current.after, shelf.at)
        number, after = current.number, current.after
        if not rest.files and after is not None:
            # What was left of the round is gone: the next one begins.
            number, after, rest = number + 1, None, left(catalog, shelf.what, None, shelf.at)
        began_at = current.began_at if after is not None else None
        quota: float = share(rest, began_at, self._station.clock(), self._within_days)
        # A budget is for recordings, originals first; what is small beside them has its share, as far as that goes.
        recordings = shelf.what == CLIPS
        if budget.until_s is not None and recordings:
            quota = float("inf")
        elif budget.size_bytes is not None:
            room = max(0, budget.size_bytes - spent_bytes)
            quota = room if recordings else min(quota, room)
        stretch = _Stretch(self, shelf, number, after)
        return stretch.run(quota, budget.until_s, must_read=budget == Budget())

    # ------------------------------------------------------------------------------------------- what a stretch asks

    def following(self, shelf: Shelf, after: Place | None) -> Iterator[tuple[Stored, datetime]]:
        """The files to come, each with the time before which they were listed."""
        while True:
            listed_at = self._station.clock()
            page = next_files(self._station.catalog, shelf.what, after, at=shelf.at)
            if not page:
                return
            for file in page:
                yield file, listed_at
            after = page[-1].place

    def late(self, shelf: Shelf, file: Stored) -> bool:
        """Whether a file would be overdue before the night after the next."""
        limit = timedelta(days=max(1, self._within_days - SPARE_NIGHTS))
        return last_read(self._station.catalog, file, shelf.at) < self._station.clock() - limit

    def over(self, until_s: float | None) -> bool:
        """Whether the time is up, or a disk is dying."""
        self.swept.stopped = len(self.swept.damaged) + len(self.swept.copies_lost) >= DAMAGED_AT_MOST
        return self.swept.stopped or (until_s is not None and self._monotonic() >= until_s)

    def write_down(self, shelf: Shelf, read: FixityRead | CopiesRead) -> None:
        """Put a stretch on record."""
        self._station.catalog.append([read], actor=self._actor)
        if read.ends_round:
            self.swept.rounds_ended.append(shelf.at or shelf.what)

    def ends(self, shelf: Shelf, last: Place) -> bool:
        """Whether nothing comes after a place."""
        return not next_files(self._station.catalog, shelf.what, last, 1, at=shelf.at)


class _Stretch:
    """Files read one after the other, put on record together."""

    def __init__(self, sweep: Sweep, shelf: Shelf, number: int, after: Place | None) -> None:
        self._sweep = sweep
        self._shelf = shelf
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
            for file, listed_at in self._sweep.following(self._shelf, self._after):
                if spent >= quota and spent:
                    late = self._sweep.late(self._shelf, file) if must_read and asked % LATE_AT_ONCE == 0 else late
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

    def _begin(self, file: Stored, listed_at: datetime) -> None:
        self._shelf.refuse_when_away()
        self._first = file.place
        # What comes in after the listing is not among what was read: it counts from its docking.
        self._began_at = utc_text(listed_at)

    def _read(self, file: Stored) -> None:
        whole = self._shelf.read(file)
        self._last = file.place
        self._files += 1
        self._size_bytes += file.size_bytes
        self._damaged += not whole

    def _end(self) -> None:
        if self._first is None or self._last is None:
            return
        ends = self._sweep.ends(self._shelf, self._last)
        first, last = place_text(self._first), place_text(self._last)
        facts = (self._number, first, last, self._began_at, self._files, self._size_bytes, self._damaged, ends)
        shelf = self._shelf
        read = FixityRead(shelf.what, *facts) if shelf.at is None else CopiesRead(shelf.at, *facts)
        self._empty()
        self._sweep.write_down(shelf, read)
