"""What can change a verdict next: the events that stand between a clip and another answer. Pure: codes and facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .verdicts import Due, Ground, Keep, Reason, Verdict


class Event(StrEnum):
    """What may happen. Stands in JSON: never renamed."""

    DAY_COMES = "day-comes"
    HOLD_LIFTED = "hold-lifted"
    HOLDS_READ = "holds-read"
    TIME_SETTLED = "time-settled"
    CASE_CLOSED = "case-closed"
    CASE_REOPENED = "case-reopened"
    CLOSING_DATED = "closing-dated"
    CASE_LINKED = "case-linked"
    FILE_PERIOD_SET = "file-period-set"
    CLASSIFIED = "classified"
    FLAG_WITHDRAWN = "flag-withdrawn"
    HOLD_PLACED = "hold-placed"
    PACK_CHANGED = "pack-changed"


@dataclass(frozen=True, slots=True)
class Change:
    """An event that would change the verdict.

    `subject` is the hold, case, trigger or class it happens to; `on` the day, where it is known. `then_until` is what
    the other grounds say meanwhile: after the event the clip is kept at least so long; None: another ground without end
    remains, or nothing is known.
    """

    event: Event
    subject: str = ""
    on: date | None = None
    then_until: date | None = None


_ENDS = {
    Reason.HOLDS_UNREADABLE: Event.HOLDS_READ,
    Reason.HELD: Event.HOLD_LIFTED,
    Reason.TIME_UNKNOWN: Event.TIME_SETTLED,
    Reason.CASE_OPEN: Event.CASE_CLOSED,
    Reason.CASE_REOPENED: Event.CASE_CLOSED,
    Reason.CASE_CLOSING_UNKNOWN: Event.CLOSING_DATED,
    Reason.LONG_TERM: Event.FLAG_WITHDRAWN,
    Reason.FLAG_NOT_IN_PACK: Event.FLAG_WITHDRAWN,
    Reason.CASE_FILE_UNKNOWN: Event.FILE_PERIOD_SET,
    Reason.CASE_AWAITED: Event.CASE_LINKED,
    Reason.UNCLASSIFIED: Event.CLASSIFIED,
    Reason.NO_RULE: Event.CLASSIFIED,
}


def next_changes(verdict: Verdict) -> tuple[Change, ...]:
    """What can change a verdict, the nearest first; a change of the pack is always possible, and last.

    Of a clip without end: one event for each ground without end; all of them must come before it can go. Of one with an
    end: the day it falls due, and what could move that day. Of a due one: what would still keep it.
    """
    found: list[Change] = []
    match verdict:
        case Keep(until=None, why=why):
            endless = [ground for ground in why.grounds if ground.until is None]
            ends = [ground.until for ground in why.grounds if ground.until is not None]
            then = max(ends, default=None) if len(endless) == 1 else None
            found += [
                Change(_ENDS[one.reason], one.case or one.subject, then_until=then)
                for one in endless
                if one.reason in _ENDS
            ]
        case Keep(until=until, why=why):
            if until is not None and until < date.max:
                found.append(Change(Event.DAY_COMES, on=until + timedelta(days=1)))
            found += _moves(why.ground)
        case Due(why=why):
            found += _moves(why.ground)
            found.append(Change(Event.HOLD_PLACED))
    return (*dict.fromkeys(found), Change(Event.PACK_CHANGED))


def _moves(ground: Ground) -> Iterator[Change]:
    if ground.reason in (Reason.UNCLASSIFIED, Reason.NO_RULE):
        yield Change(Event.CLASSIFIED, ground.subject)
    if ground.case:
        yield Change(Event.CASE_REOPENED, ground.case)
