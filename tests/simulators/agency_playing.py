"""Years of an agency played on its real station, and held against an oracle every night.

Each act goes through what its command goes through, by whom it behoves; those who try what they may not are refused.
After every sweep the vault's files are compared with what the law says of them and with the tombstones.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from catalog.disposing.model import STOPPED, BatchRow
from catalog.disposing.queries import (
    batches_proposed,
    clips_in,
    destroyed_total,
    find_batch,
    last_sweep,
    tombstone_of,
)
from dockd.errors import NotAllowed, PackNotAdopted
from dockd.people.acting import Acting
from dockd.sweep.disposal import allow, approve, endorse, refuse
from dockd.sweep.sweeping import Swept, sweep
from tests.simulators.agency_acts import Day
from tests.simulators.agency_deeds import Deeds
from tests.simulators.agency_station import AgencyStation, PowerCut
from tests.simulators.agency_world import World
from tests.simulators.agency_years import Life, Scale
from tests.simulators.legal_end import agency_day
from tests.simulators.quick import quick_folder
from tests.simulators.station import findings

DAY = timedelta(days=1)
# A sweep on every so manyeth night at least, when nothing is near its end.
LONGEST_SLEEP = timedelta(days=28)
# A verification reads everything: so often, and after every power cut.
VERIFIED_EVERY = timedelta(days=700)
# What somebody refused to dispose of is not asked about again for so long.
ASKED_AGAIN = timedelta(days=31)


@dataclass
class Figures:
    """What came of the years. All of `wrong` should be nothing: each with the night and the recording."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def fault(self, kind: str, text: str) -> None:
        """Something that must not be."""
        self.wrong.setdefault(kind, []).append(text)

    def text(self) -> str:
        """For people: nights, clips and what became of them, then all that is wrong."""
        told = {kind: self.counts[kind] for kind in ("nights", "clips", "destroyed")}
        told |= {kind: len(self.wrong.get(kind, ())) for kind in ("early", "under hold", "forgotten")}
        told |= self.counts
        lines = [", ".join(f"{kind} {number}" for kind, number in told.items())]
        lines += [f"  {kind}: {one}" for kind, some in self.wrong.items() for one in some]
        return "\n".join(lines)


def played(agency: str, seed: int, scale: Scale, *, every_night: bool = False, settled: Path | None = None) -> Figures:
    """The figures of one agency's years, in a folder of memory where there is room; `settled` as a station takes it."""
    with quick_folder() as folder:
        play = Play(AgencyStation(folder, agency, seed, settled), folder / "card", every_night=every_night)
        try:
            for day in Life(agency, seed, scale).days():
                play.day(day)
            play.verify("the end")
        finally:
            play.station.stop()
        return play.figures


@dataclass(slots=True)
class _Wait:
    """How far the disposal of a recording has come that may go: seen by a sweep, answered by people, ready."""

    seen: bool = False
    ready_at: datetime | None = None
    not_before: date = date.min


class Play:
    """One agency's station, the world around it, and what is wrong between the two."""

    def __init__(self, station: AgencyStation, card: Path, *, every_night: bool) -> None:
        self.station, self.world, self.figures = station, World(station.agency), Figures()
        self.deeds = Deeds(station, self.world, card, self.figures.counts)
        self.chance = random.Random(station.agency)
        self.every_night = every_night
        self.gone: dict[str, date] = self.deeds.gone
        self._waits: dict[str, _Wait] = {}
        self._wake = date.min
        self._clock_was_right = True
        self._verified = date.min

    # ------------------------------------------------------------------------------------------------------------ a day

    def day(self, day: Day) -> None:
        """Morning, day and night."""
        if day.off:
            return
        clock, leap = self.station.clock, day.clock_off
        self.station.clock_is_right = leap == timedelta()
        if day.answered:
            clock.now = day.morning
            self._answer()
        for at, act in day.acts:
            clock.now = at + leap
            self.deeds.do(act, at)
        if self.deeds.widen_asked and leap == timedelta():
            self.deeds.widen()
        tonight = day.on + DAY
        if day.acts or day.answered:
            self._wake = min(self._wake, self._next_night(tonight))
        if self.every_night or tonight >= self._wake or leap or not self._clock_was_right:
            clock.now = day.night + leap
            cut = self._night(day, tonight)
            # The next sweep goes on where one ended that was cut: a tombstone is durable before its original goes.
            self._wake = tonight + DAY if cut else self._next_night(tonight + DAY)
            self._clock_was_right = not leap

    def _next_night(self, first: date) -> date:
        """The next night on which anything can go, or may not go just yet."""
        found = [first + LONGEST_SLEEP]
        for key in self._living():
            for legal in (self.world.truth(key), self.world.known(key)):
                if legal.first_day is not None:
                    found += [legal.first_day - DAY, legal.first_day]
            ready = self._waits[key].ready_at if key in self._waits else None
            if ready is not None:
                found.append(agency_day(ready) + DAY)
        return min(on for on in found if on >= first)

    def _living(self) -> list[str]:
        return [key for key in self.world.kept if key not in self.gone]

    # --------------------------------------------------------------------------------------------------- what people do

    def _answer(self) -> None:
        """The archivist and the leader look at what waits for them; somebody forgets, somebody says no."""
        catalog = self.station.opened.station.catalog
        self.deeds.confirm()
        last = last_sweep(catalog)
        if last is not None and last.state == STOPPED and self._clock_was_right:
            allow(self.station.by("boss"), last.asked_clips)
            self.figures.counts["let go on"] += 1
        for batch in batches_proposed(catalog):
            if batch.state == "proposed":
                self._decide(batch)
        for wait in self._waits.values():
            if wait.seen and wait.ready_at is None:
                wait.ready_at = self.station.clock.now + timedelta(days=self._grace_days)

    @property
    def _grace_days(self) -> int:
        return self.station.opened.config.sweep.grace_days

    def _decide(self, batch: BatchRow) -> None:
        catalog = self.station.opened.station.catalog
        if self.chance.random() < 0.08:
            for clip in clips_in(catalog, batch.id):
                self._waits[self.deeds.keys[clip.id]] = _Wait(
                    not_before=agency_day(self.station.clock.now) + ASKED_AGAIN
                )
            refuse(self.station.by("boss"), batch.id, "not yet")
            self.figures.counts["refused"] += 1
            return
        found = endorse(self.station.by("arch"), batch.id)
        if found.state == "endorsed":
            self._refused_alone(found)
            approve(self.station.by("boss"), batch.id, find_batch(catalog, batch.id).left_clips)
            self.figures.counts["batches"] += 1

    def _refused_alone(self, batch: BatchRow) -> None:
        """Whoever endorsed cannot approve as well."""
        try:
            approve(self.station.by("arch"), batch.id, batch.left_clips)
        except NotAllowed:
            return
        self.figures.fault("one person alone", batch.id)

    # ---------------------------------------------------------------------------------------------------------- a night

    def _night(self, day: Day, on: date) -> bool:
        """The sweep, and what is to be seen after it; whether the power went."""
        opened = self.station.opened
        opened.acting = Acting("os:dockd", None)
        if day.cut_at and self._ripe():
            self.station.files.cut_at(day.cut_at)
        swept, cut = None, False
        try:
            swept = sweep(opened)
        except PackNotAdopted:
            self.figures.counts["waited for a pack"] += 1
        except PowerCut:
            cut = True
            self.figures.counts["power cuts"] += 1
        self.station.files.left = None
        if cut:
            self.station.restart()
        self.figures.counts["nights"] += 1
        if swept is not None:
            self._tell(swept, on, leaps=bool(day.clock_off))
        went = swept is not None and not swept.stopped and not day.clock_off
        self._compare(on, went=went)
        if swept is not None:
            self._tombstones(on)
        if went and on - self._verified > VERIFIED_EVERY:
            self._verified = on
            self.verify(on.isoformat())
        elif cut:
            self._verified = date.min
        return cut

    def _ripe(self) -> bool:
        """Whether anything is to be destroyed tonight."""
        return any(
            wait.ready_at is not None and wait.ready_at <= self.station.clock.now for wait in self._waits.values()
        )

    def _tell(self, swept: Swept, on: date, *, leaps: bool) -> None:
        counts = self.figures.counts
        counts["stopped"] += bool(swept.stopped)
        counts["spared"] += len(swept.spared)
        for clip in swept.spared if leaps else ():
            # By a clock that went back it was not due: all begins anew.
            self._waits.pop(self.deeds.keys[clip], None)
        for clip in swept.proposed:
            key = self.deeds.keys[clip]
            if not leaps and not self.world.truth(key).allows(on):
                self.figures.fault("proposed early", f"{on} {key} {self.world.truth(key)}")

    def _compare(self, on: date, *, went: bool) -> None:
        """Every recording that was there yesterday: gone lawfully, or there and not overdue."""
        for key in self._living():
            legal = self.world.truth(key)
            if os.path.lexists(os.path.join(self.station.vault_dir, self.deeds.paths[key])):
                self._wait(key, on, went=went)
                continue
            self.gone[key] = on
            self._waits.pop(key, None)
            self.figures.counts["destroyed"] += 1
            if self.world.held(key):
                self.figures.fault("under hold", f"{on} {key}")
            elif not legal.allows(on):
                self.figures.fault("early", f"{on} {key} {legal} {self.world.kept[key]}")
            if tombstone_of(self.station.opened.station.catalog, self.deeds.ids[key]) is None:
                self.figures.fault("without a tombstone", f"{on} {key}")

    def _wait(self, key: str, on: date, *, went: bool) -> None:
        """Whether a recording that may go has been left lying: seen by a sweep, agreed to, and its grace over."""
        # A day's doubt: a recording that came in before midnight may have gone on until after it.
        may_go = self.world.known(key).allows(on - DAY)
        wait = self._waits.setdefault(key, _Wait())
        if not may_go:
            self._waits[key] = _Wait(not_before=wait.not_before)
        elif went and on >= wait.not_before:
            if wait.ready_at is not None and wait.ready_at <= self.station.clock.now:
                self.figures.fault("forgotten", f"{on} {key} {self.world.known(key)}")
                self._waits[key] = _Wait()
            else:
                wait.seen = True

    def _tombstones(self, on: date) -> None:
        total = destroyed_total(self.station.opened.station.catalog).clips
        if total != len(self.gone):
            self.figures.fault("tombstones", f"{on}: {total} tombstones, {len(self.gone)} files gone")

    def verify(self, when: str) -> None:
        """`dockd verify --all` finds nothing, and the tables are what the log says."""
        self.figures.counts["verified"] += 1
        for finding in findings(self.station.opened.station):
            self.figures.fault("found by verify", f"{when} {finding}")
        self.figures.counts["clips"] = len(self.world.kept)
