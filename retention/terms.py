"""What the catalogue knows of a clip → what `policy.decide` is asked; and the term it comes to. Pure.

A term is the last day of the keeping as text, or NO_END. It does not depend on today, so it holds until a fact changes.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from catalog.cases.states import State
from catalog.keeping.model import NO_END, Held, TermFacts, UnderCase
from catalog.queries import RECORDINGS

from .pack import CountedFrom, FilePeriod, Pack
from .periods import Period, local_day
from .policy import decide
from .verdicts import CaseFacts, CaseState, ClipFacts, Flag, Hold, Interval, Verdict

_STATES = {
    State.OPEN: CaseState.OPEN,
    State.REOPENED: CaseState.REOPENED,
    State.CLOSED: CaseState.CLOSED,
    State.FILED: CaseState.CLOSED,
}
# Verdicts of so many different facts are remembered: two years of days, each with some classes, and more.
_REMEMBERED = 50_000


def asked_of(known: TermFacts, pack: Pack) -> tuple[ClipFacts, list[Hold]]:
    """The facts and the holds that a verdict on a clip rests on.

    A mark for long-term keeping with a trigger that the pack knows is a flag: the pack says how long. Every other hold
    keeps until it is lifted.
    """
    cases = tuple(
        CaseFacts(case.number, case.kind, _STATES[case.state], case.closed_on, _file_of(case)) for case in known.cases
    )
    flags = tuple(Flag(str(held.trigger), _on(held, pack)) for held in known.holds if _is_flag(held, pack))
    holds = [Hold(held.hold, held.trigger, _on(held, pack)) for held in known.holds if not _is_flag(held, pack)]
    ended = _ended(known)
    recorded = None if ended is None else Interval(None, ended)
    return ClipFacts(recorded, known.ingested_at, known.clip_class, None, cases, flags), holds


def _file_of(case: UnderCase) -> FilePeriod | None:
    """How long this very file is kept, where somebody said so."""
    if case.file_from is None:
        return None
    return FilePeriod(Period(years=case.file_years) if case.file_years else None, CountedFrom(case.file_from))


def _is_flag(held: Held, pack: Pack) -> bool:
    return held.long_term and held.trigger is not None and pack.trigger(held.trigger) is not None


def _on(held: Held, pack: Pack) -> date:
    return local_day(held.placed_at, pack.zone)


def _ended(known: TermFacts) -> datetime | None:
    """The latest plausible end of the recording; None while nobody knows when it was made.

    What is no recording and claims no time – logs, tracks – was there when it was taken in.
    """
    if known.time_doubt is not None or (known.recorded_at is None and known.kind in RECORDINGS):
        return None
    if known.anchor_at is None:
        return known.ingested_at
    if known.duration_ms is None:
        return max(known.anchor_at, known.ingested_at)
    return known.anchor_at + timedelta(milliseconds=known.duration_ms)


def verdict_on(known: TermFacts, pack: Pack, today: date) -> Verdict:
    """Keep until when and why, or due and why."""
    facts, holds = asked_of(known, pack)
    return decide(facts, holds, pack, today)


def term_text(until: date | None) -> str:
    """A verdict's last day as `clip_terms.keep_until` has it."""
    return NO_END if until is None else until.isoformat()


class Judge:
    """Terms by one pack; equal facts are judged once."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._known: dict[tuple[object, ...], str] = {}

    def __call__(self, known: TermFacts) -> str:
        """The term of a clip."""
        ended = _ended(known)
        zone = self._pack.zone
        # Nothing else of the facts counts: periods are of days.
        key = (
            None if ended is None else local_day(ended, zone),
            local_day(known.ingested_at, zone),
            known.clip_class,
            known.cases,
            known.holds,
        )
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = term_text(verdict_on(known, self._pack, date.min).until)
        return found
