"""What is true of an agency's recordings, and what its people know of them: from the acts alone, not the product.

`truth` is what the law would say if everything were known; nothing may go before that day. `known` is what people could
have known: by that day, and what it takes them to decide, a recording must be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.simulators.agency_acts import (
    Act,
    CaseClosed,
    CaseEdited,
    CaseOpened,
    CaseReopened,
    Classified,
    Docked,
    Filed,
    FilesChanged,
    HoldPlaced,
    LiftAnswered,
    Linked,
    Recording,
    TimeSettled,
    Unlinked,
)
from tests.simulators.legal_end import OTHER, FileRule, Footage, Legal, OfCase, legal_end

# No recorder of today recorded before: a claim of such a year is a clock that was never set.
_NEVER_SET_BEFORE = 2012
# An event is looked for among recordings whose clock was at most so far off; others wait until somebody settles them.
_LOOKED_FOR_WITHIN = timedelta(hours=48)
_ZONE = timedelta(hours=8)


@dataclass(slots=True)
class Kept:
    """A recording that came in. `seen_at` is the station's own time then; `doubted`: the station says that its time is
    unknown; `settled` is the latest moment of its beginning that a person named.
    """

    one: Recording
    docking: int
    seen_at: datetime
    measured: bool
    activity: str = ""
    cases: set[str] = field(default_factory=set)
    doubted: bool = False
    settled: datetime | None = None

    @property
    def time_is_known(self) -> bool:
        """Whether its clock can have been right at all, or a person settled when it was made."""
        claims = self.one.claims
        return self.settled is not None or (claims is not None and claims.year >= _NEVER_SET_BEFORE)

    @property
    def is_looked_for(self) -> bool:
        """Whether its time is known so well that whoever looks for an event can find it."""
        if self.settled is not None:
            return True
        claims, began = self.one.claims, (self.one.began + _ZONE).replace(tzinfo=None)
        return claims is not None and not self.doubted and abs(claims - began) <= _LOOKED_FOR_WITHIN


@dataclass(slots=True)
class Hold:
    """A hold. `named` is what was under it when it was placed, and what joined since."""

    placed: HoldPlaced
    docking: int | None
    named: set[str] = field(default_factory=set)
    active: bool = True


class World:
    """All that is true and known at one agency."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self.files: Mapping[str, FileRule] = {}
        self.kept: dict[str, Kept] = {}
        self.cases: dict[str, OfCase] = {}
        self.holds: dict[str, Hold] = {}
        self._dockings = 0
        # Answers, until something happens to their recordings.
        self._true: dict[str, Legal] = {}
        self._known: dict[str, Legal] = {}

    # ---------------------------------------------------------------------------------------------------- what happens

    def docked(self, act: Docked, seen_at: datetime, doubted: Iterable[str] = ()) -> set[str]:
        """A recorder came in; of `doubted` the station says that nobody knows when they were made. What came in."""
        self._dockings += 1
        for one in act.recordings:
            self.kept[one.key] = Kept(one, self._dockings, seen_at, act.measured, doubted=one.key in set(doubted))
        return {one.key for one in act.recordings}

    def happened(self, act: Act) -> set[str]:
        """People did something, and it counts; the recordings for which something may be different now."""
        before = self._touched(act)
        self._do(act)
        touched = before | self._touched(act)
        self._forget(touched)
        return touched

    def _touched(self, act: Act) -> set[str]:
        match act:
            case Classified(keys) | Linked(_, keys):
                return set(keys)
            case TimeSettled(key) | Unlinked(_, key) | Filed(key):
                return {key}
            case CaseEdited(case) | CaseClosed(case) | CaseReopened(case):
                return {key for key, one in self.kept.items() if case in one.cases}
            case HoldPlaced(hold) | LiftAnswered(hold):
                return self._under(self.holds[hold]) if hold in self.holds else set()
            case FilesChanged():
                return set(self.kept)
            case _:
                return set()

    def _under(self, hold: Hold) -> set[str]:
        return {key for key, one in self.kept.items() if key in hold.named or self.shows(hold, one)}

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._true.pop(key, None)
            self._known.pop(key, None)

    def _do(self, act: Act) -> None:
        match act:
            case Classified(keys, activity):
                for key in keys:
                    self.kept[key].activity = activity
            case TimeSettled(key, within_s):
                one = self.kept[key]
                one.settled = min(one.one.began + timedelta(seconds=within_s), one.seen_at)
            case CaseOpened(case, kind):
                self.cases[case] = OfCase(kind, None)
            case CaseEdited(case, kind):
                self.cases[case] = replace(self.cases[case], kind=kind)
            case CaseClosed(case, on):
                self.cases[case] = replace(self.cases[case], closed=on)
            case CaseReopened(case):
                self.cases[case] = replace(self.cases[case], closed=None)
            case Linked(case, keys):
                for key in keys:
                    self._join(case, key)
            case Filed(key, activity, case):
                self.cases.setdefault(case, OfCase(OTHER, None))
                self.kept[key].activity = activity
                self._join(case, key)
            case Unlinked(case, key):
                self.kept[key].cases.discard(case)
            case HoldPlaced():
                self._placed(act)
            case LiftAnswered(hold, granted):
                self.holds[hold].active = not granted
            case FilesChanged(files):
                self.files = dict(files)

    def _join(self, case: str, key: str) -> None:
        self.kept[key].cases.add(case)
        for hold in self.holds.values():
            if hold.active and hold.placed.case == case:
                hold.named.add(key)

    def _placed(self, act: HoldPlaced) -> None:
        docking = self.kept[act.session_of].docking if act.session_of else None
        named = {key for key, one in self.kept.items() if one.docking == docking or act.case in one.cases}
        self.holds[act.hold] = Hold(act, docking, named | set(act.keys))

    def shown(self, hold: str, keys: Iterable[str]) -> None:
        """What a person was shown, and put under a hold."""
        keys = set(keys)
        self.holds[hold].named |= keys
        self._forget(keys)

    # ---------------------------------------------------------------------------------------------------- what it means

    def held(self, key: str) -> bool:
        """Whether a recording is under a hold: it was named, or it really shows the event, and its time is known."""
        one = self.kept[key]
        return any(hold.active and (key in hold.named or self.shows(hold, one)) for hold in self.holds.values())

    @staticmethod
    def shows(hold: Hold, one: Kept) -> bool:
        """Whether a recording really shows the event of a hold, and can be found to do so."""
        event = hold.placed.event
        return event is not None and one.is_looked_for and event.shows(one.one)

    def missed(self, hold: str) -> set[str]:
        """What really shows the event of a hold that counts, and does not lie under it."""
        placed = self.holds[hold]
        shown = {key for key, one in self.kept.items() if self.shows(placed, one)}
        return shown - placed.named if placed.active else set()

    def truth(self, key: str) -> Legal:
        """When it may go, by when it really ended."""
        if key not in self._true:
            self._true[key] = legal_end(self.agency, self.as_it_was(key), self.files)
        return self._true[key]

    def known(self, key: str) -> Legal:
        """When it may go, by what people can know: no earlier than it was first seen, unless somebody settled it."""
        if key not in self._known:
            self._known[key] = legal_end(self.agency, self.as_known(key), self.files)
        return self._known[key]

    def as_it_was(self, key: str) -> Footage:
        """A recording with its real end; one whose clock was never set has none before somebody settles it."""
        one = self.kept[key]
        return replace(self.as_known(key), ended=one.one.ended if one.time_is_known else None)

    def as_known(self, key: str) -> Footage:
        """A recording with the latest end that people can know of."""
        one = self.kept[key]
        return Footage(_known_end(one), one.activity, self._cases(one), self.held(key))

    def _cases(self, one: Kept) -> tuple[OfCase, ...]:
        found = {self.cases[case] for case in one.cases}
        return tuple(sorted(found, key=lambda case: (case.kind, str(case.closed))))


def _known_end(one: Kept) -> datetime | None:
    length = timedelta(seconds=one.one.length_s)
    if one.settled is not None and one.measured:
        return one.settled + length
    if (one.doubted or not one.time_is_known) and one.settled is None:
        return None
    # While nobody measured it, it may have gone on until it came in.
    return one.seen_at + length if one.measured else one.seen_at
