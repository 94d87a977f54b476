"""Years of an agency, day by day, from a seed: what its people record, dock, say, decide and forget, and what fails.

It knows nothing of the product, and of the law only the words for kinds of cases and for what calls for a hold.
Recorders have clocks that were never set, recorders come back months late, cases are closed on paper long before
somebody enters it, and lifts are asked for by those who want to grant them. The station is off for weeks, its clock
leaps, its power goes in the middle of a night.

    python -m tests.simulators.agency_years --years 10 --clips 500 --agency changli-water

plays so many years with about so many clips each on a real station, and prints what came of it.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tests.simulators.agency_acts import (
    Act,
    CaseArchived,
    CaseClosed,
    CaseEdited,
    CaseOpened,
    CaseReopened,
    Classified,
    Day,
    Docked,
    Event,
    Filed,
    FilesChanged,
    HoldPlaced,
    LiftAnswered,
    LiftAsked,
    Linked,
    Recording,
    TimeSettled,
    Unlinked,
)
from tests.simulators.legal_end import AGENCIES, COERCIVE, GENERAL, OTHER, ROUTINE, SIMPLE, FileRule, agency_day

BEGIN = date(2027, 1, 4)
RECORDERS = {"8123451": "100231", "8123452": "100232", "8123453": "100233", "8123454": "100234"}
CLIPS_A_DOCKING = 2.5
_FOUR = ("objection", "obstruction", "mass-incident", "important", None)
# What each agency's people may call a reason for 长期保存, by their regulation.
TRIGGERS: dict[str, tuple[str | None, ...]] = {
    "changli-water": _FOUR,
    "yexian-transport": _FOUR,
    "weixian-natural-resources": _FOUR,
    "qinghe-market": ("important", None),
    "qianxi-baimiaozi": ("mass-incident", None),
}
# What the agency says of its case files, and after how many years of ten it says it.
FILES: tuple[tuple[float, tuple[tuple[str, FileRule], ...]], ...] = (
    (0.22, ((GENERAL, FileRule(2, True)), (COERCIVE, FileRule(3, False)), (SIMPLE, FileRule(1, False)))),
    (0.50, ((GENERAL, FileRule(3, True)), (COERCIVE, FileRule(3, False)), (SIMPLE, FileRule(1, False)))),
    (0.75, ((GENERAL, FileRule(1, False)), (COERCIVE, FileRule(2, True)), (SIMPLE, FileRule(1, False)))),
)
_SHOWN = ((ROUTINE, 50), (OTHER, 8), (SIMPLE, 8), (GENERAL, 14), (COERCIVE, 8), ("", 12))
_RESETS = (datetime(1970, 1, 1), datetime(1980, 1, 1), datetime(2000, 1, 1), datetime(2010, 1, 1))


@dataclass(frozen=True, slots=True)
class Scale:
    """How long, and how much."""

    years: int = 10
    clips_a_year: int = 30

    @property
    def days(self) -> int:
        """All of them."""
        return self.years * 365 + self.years // 4


_Make = Callable[[datetime], Act | None]


@dataclass(frozen=True, slots=True, order=True)
class _Planned:
    """What is to happen then, or on the first day after it on which it can."""

    when: datetime
    number: int
    make: _Make = field(compare=False)
    docking: bool = field(compare=False)


@dataclass(slots=True)
class _Case:
    name: str
    kind: str
    closed: bool = False


class Life:
    """One agency's years. `days` gives them in order; the same seed gives the same days."""

    def __init__(self, agency: str, seed: int = 1, scale: Scale | None = None) -> None:
        self.agency, self.scale = agency, scale or Scale()
        self.rng = random.Random(f"{agency}/{seed}")
        self._agenda: list[_Planned] = []
        self._count = 0
        self._docked: list[tuple[datetime, Recording]] = []
        self._cases: dict[str, _Case] = {}
        self._events: list[Event] = []
        self._off = self._breaks()
        self._leaps = self._clock()

    def days(self) -> Iterator[Day]:
        """Every day from the first to the last."""
        for share, files in FILES:
            self._at(self._day(share), FilesChanged(files))
        for number in range(self.scale.days):
            on = BEGIN + timedelta(days=number)
            off, leap = on in self._off, self._leaps.get(on, timedelta())
            self._day_begins(on)
            # While the clock is wrong people put nothing in; recorders are docked.
            acts = () if off else tuple(self._due(on, docking_only=leap != timedelta()))
            cut = self.rng.randrange(1, 10) if self.rng.random() < 0.2 else 0
            answered = not off and leap == timedelta() and on.weekday() < 5 and self.rng.random() < 0.9
            yield Day(on, acts, off, leap, cut, answered)

    # --------------------------------------------------------------------------------------------- what fails, and when

    def _day(self, share: float) -> datetime:
        return _local(BEGIN + timedelta(days=int(self.scale.days * share)), 10, 0)

    def _breaks(self) -> set[date]:
        """The station is switched off for weeks, once for longer than anybody would believe."""
        off: set[date] = set()
        for share, days in ((0.15, 17), (0.43, 45), (0.81, 24)):
            start = BEGIN + timedelta(days=int(self.scale.days * (share + self.rng.uniform(-0.02, 0.02))))
            off |= {start + timedelta(days=n) for n in range(min(days, self.scale.days // 20))}
        return off

    def _clock(self) -> dict[date, timedelta]:
        """Nights with a station's clock that is years ahead, weeks ahead, or behind."""
        leaps = {}
        for share, days in ((0.30, 1100), (0.37, 20), (0.58, -200), (0.66, 45), (0.70, -3), (0.90, 400)):
            on = BEGIN + timedelta(days=int(self.scale.days * (share + self.rng.uniform(-0.02, 0.02))))
            leaps[on] = timedelta(days=days)
        return {on: leap for on, leap in leaps.items() if on not in self._off}

    # ------------------------------------------------------------------------------------------------------- the agenda

    def _at(self, when: datetime, act: Act) -> None:
        self._then(when, lambda _at: act)

    def _then(self, when: datetime, make: _Make, *, docking: bool = False) -> None:
        self._count += 1
        heapq.heappush(self._agenda, _Planned(when, self._count, make, docking))

    def _later(self, when: datetime, low: int, high: int) -> datetime:
        """A minute of a working day so many days later."""
        days = self.rng.randint(low, high)
        return _local(agency_day(when) + timedelta(days=days), 8, 30) + timedelta(minutes=self.rng.randrange(480))

    def _due(self, on: date, *, docking_only: bool) -> Iterator[tuple[datetime, Act]]:
        waiting = []
        while self._agenda and agency_day(self._agenda[0].when) <= on:
            planned = heapq.heappop(self._agenda)
            if docking_only and not planned.docking:
                waiting.append(planned)
                continue
            # What was planned for a day on which the station was off is done now.
            at = max(planned.when, _local(on, 8, 0))
            act = planned.make(at)
            if act is not None:
                yield at, act
        for one in waiting:
            heapq.heappush(self._agenda, one)

    # ------------------------------------------------------------------------------------------------------- recordings

    def _day_begins(self, on: date) -> None:
        chance = self.scale.clips_a_year / CLIPS_A_DOCKING / 365
        for recorder in RECORDERS:
            if self.rng.random() < chance / len(RECORDERS) or (on in self._leaps and recorder == "8123453"):
                self._plan_docking(on, recorder)
        if self.rng.random() < self.scale.clips_a_year / 5 / 365:
            self._then(_local(on, 11, self.rng.randrange(60)), self._complaint)

    def _plan_docking(self, on: date, recorder: str) -> None:
        rng = self.rng
        midnight = rng.random() < 0.08
        at = _local(on, 23, 58) if midnight else _local(on, 17, 30) + timedelta(minutes=rng.randrange(240))
        late = rng.random() < 0.07
        begins = [self._begin(at, late, midnight) for _ in range(rng.choice((1, 2, 2, 3, 4)))]
        wrong = self._wrong_clock()
        made = []
        for begin in sorted(begins):
            self._count += 1
            claims = wrong(begin) if wrong else (begin + timedelta(hours=8)).replace(tzinfo=None)
            length_s = min(rng.randrange(20, 1800), int((at - begin).total_seconds()))
            made.append(Recording(f"r{self._count}", recorder, RECORDERS[recorder], begin, length_s, claims))
        docked = Docked(recorder, tuple(made), measured=rng.random() < 0.85, cleared=rng.random() < 0.3)

        def _docked_at(when: datetime) -> Act:
            self._after(when, docked, doubtful=wrong is not None)
            return docked

        self._then(at, _docked_at, docking=True)

    def _begin(self, at: datetime, late: bool, midnight: bool) -> datetime:
        """When a recording began: on the day, just before midnight, or long ago on a recorder nobody docked."""
        rng = self.rng
        if midnight:
            return at - timedelta(seconds=rng.randrange(40, 900))
        if not late:
            return at - timedelta(seconds=rng.randrange(2_000, 32_000))
        if self._events and rng.random() < 0.6:
            # One that was there, at an event for which a hold has been placed since.
            event = rng.choice(self._events[-4:])
            return event.since + (event.until - event.since) * rng.random()
        return at - timedelta(days=rng.randrange(20, 220), seconds=rng.randrange(30_000))

    def _wrong_clock(self) -> Callable[[datetime], datetime | None] | None:
        """How a recorder's clock is wrong at a docking; None: it is right."""
        rng, chance = self.rng, self.rng.random()
        if chance < 0.84:
            return None
        if chance < 0.90:
            reset, since = rng.choice(_RESETS), datetime(2027, 1, 1, tzinfo=UTC)
            return lambda begin: reset + timedelta(seconds=(begin - since).total_seconds() % 80_000)
        if chance < 0.92:
            return lambda begin: None
        days = rng.choice((-400, -200, -31, 2, 200, 366))
        return lambda begin: (begin + timedelta(days=days, hours=8)).replace(tzinfo=None)

    # --------------------------------------------------------------------------------------- what is said of recordings

    def _after(self, at: datetime, docked: Docked, *, doubtful: bool) -> None:
        rng = self.rng
        for one in docked.recordings:
            self._docked.append((at, one))
            if doubtful and rng.random() < 0.8:
                self._at(self._later(at, 1, 150), TimeSettled(one.key, rng.choice((0, 600, 7200))))
            activity = _drawn(rng, _SHOWN)
            if activity and rng.random() < 0.06:
                self._then(self._later(at, 1, 30), self._filed(one.key, activity))
            elif activity:
                self._at(self._later(at, 0, 30), Classified((one.key,), activity))
                if activity not in (ROUTINE, OTHER) and rng.random() < 0.85:
                    self._then(self._later(at, 1, 45), self._put_under_case(one.key, activity))
            if rng.random() < 0.05:
                changed = _drawn(rng, _SHOWN)
                self._at(self._later(at, 35, 160), Classified((one.key,), changed))

    def _filed(self, key: str, activity: str) -> _Make:
        def _make(at: datetime) -> Act:
            self._count += 1
            case = self._open_case() if self.rng.random() < 0.4 else None
            if case is None:
                # A number that nobody opened; nobody said what kind of case it is.
                case = self._cases[f"c{self._count}"] = _Case(f"c{self._count}", OTHER)
                self._plan_case(at, case)
            return Filed(key, activity, case.name)

        return _make

    def _put_under_case(self, key: str, activity: str) -> _Make:
        def _make(at: datetime) -> Act | None:
            rng, case = self.rng, self._open_case() if self.rng.random() < 0.5 else None
            soon = at + timedelta(minutes=5)
            if case is not None:
                self._linked(soon, case, key)
                return Linked(case.name, (key,))
            self._count += 1
            kind = activity if rng.random() < 0.9 else rng.choice((ROUTINE, SIMPLE, GENERAL, COERCIVE, OTHER))
            case = self._cases[f"c{self._count}"] = _Case(f"c{self._count}", kind)
            self._plan_case(at, case)
            self._at(soon, Linked(case.name, (key,)))
            self._linked(soon, case, key)
            return CaseOpened(case.name, kind)

        return _make

    def _linked(self, at: datetime, case: _Case, key: str) -> None:
        """What comes of a link: sometimes it was a mistake, sometimes another case needs the recording too."""
        rng = self.rng
        if rng.random() < 0.06:
            self._at(self._later(at, 2, 90), Unlinked(case.name, key))
        other = self._open_case()
        if other is not None and other is not case and rng.random() < 0.1:
            self._at(self._later(at, 1, 60), Linked(other.name, (key,)))

    def _open_case(self) -> _Case | None:
        there = [case for case in list(self._cases.values())[-8:] if not case.closed]
        return self.rng.choice(there) if there else None

    # ------------------------------------------------------------------------------------------------------------ cases

    def _plan_case(self, at: datetime, case: _Case) -> None:
        rng = self.rng
        if rng.random() < 0.06:
            kind = rng.choice((SIMPLE, GENERAL, COERCIVE))
            self._at(self._later(at, 3, 300), CaseEdited(case.name, kind))
        if rng.random() < 0.92:
            self._then(self._later(at, 15, 300), self._close(case))

    def _close(self, case: _Case) -> _Make:
        def _make(at: datetime) -> Act:
            rng, case.closed = self.rng, True
            if rng.random() < 0.6:
                self._then(self._later(at, 2, 40), self._while_closed(case, CaseArchived(case.name)))
            if rng.random() < 0.15:
                self._then(self._later(at, 3, 420), self._reopen(case))
            # Entered days after it happened.
            return CaseClosed(case.name, agency_day(at) - timedelta(days=rng.choice((0, 0, 0, 1, 4, 12))))

        return _make

    def _while_closed(self, case: _Case, act: Act) -> _Make:
        return lambda _at: act if case.closed else None

    def _reopen(self, case: _Case) -> _Make:
        def _make(at: datetime) -> Act:
            case.closed = False
            self._then(self._later(at, 15, 200), self._close(case))
            return CaseReopened(case.name)

        return _make

    # ------------------------------------------------------------------------------------------------------------ holds

    def _complaint(self, at: datetime) -> Act | None:
        """Somebody objects, or there was an incident: a hold of whatever kind fits what is known of it."""
        rng = self.rng
        recent = [one for when, one in self._docked if (at - when).days < (900 if rng.random() < 0.2 else 100)]
        if not recent:
            return None
        self._count += 1
        name, of = f"h{self._count}", rng.choice(recent)
        trigger, long_term = rng.choice(TRIGGERS[self.agency]), rng.random() < 0.4
        self._then(self._later(at, 5, 500), self._ask_lift(name))
        scope = rng.choice(("clips", "session", "case", "event", "event"))
        if scope == "case" and self._cases:
            case = rng.choice(list(self._cases)[-12:])
            return HoldPlaced(name, trigger, long_term, case=case)
        if scope == "session":
            return HoldPlaced(name, trigger, long_term, session_of=of.key)
        if scope == "event":
            around = timedelta(minutes=rng.choice((0, 10, 120, 600)))
            officers = (of.officer,) if rng.random() < 0.3 else ()
            recorders = (of.recorder,) if not officers and rng.random() < 0.2 else ()
            event = Event(of.began - around, of.ended + around, officers, recorders)
            self._events.append(event)
            return HoldPlaced(name, trigger, long_term, event=event)
        keys = {of.key, *(rng.choice(recent).key for _ in range(rng.randrange(3)))}
        return HoldPlaced(name, trigger, long_term, keys=tuple(sorted(keys)))

    def _ask_lift(self, hold: str) -> _Make:
        def _make(at: datetime) -> Act:
            rng = self.rng
            granted = rng.random() < 0.75
            answer = self._later(at, 1, 12)
            self._at(answer, LiftAnswered(hold, granted))
            if not granted and rng.random() < 0.8:
                self._then(self._later(answer, 20, 400), self._ask_lift(hold))
            return LiftAsked(hold, alone=rng.random() < 0.3)

        return _make


def _local(on: date, hour: int, minute: int) -> datetime:
    """A moment of the agency's wall clock, UTC."""
    return datetime.combine(on, time(hour, minute), UTC) - timedelta(hours=8)


def _drawn(rng: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return rng.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


def main() -> None:
    """Play years, and print the figures."""
    from tests.simulators.agency_playing import played

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--years", type=int, default=10)
    asked.add_argument("--clips", type=int, default=100, help="about so many clips a year")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--agency", choices=AGENCIES, action="append")
    asked.add_argument("--every-night", action="store_true", help="sweep every night, not only those that matter")
    given = asked.parse_args()
    scale = Scale(given.years, given.clips)
    for agency in given.agency or AGENCIES:
        print(agency, played(agency, given.seed, scale, every_night=given.every_night).text(), flush=True)


if __name__ == "__main__":
    main()
