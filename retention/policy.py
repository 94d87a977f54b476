"""What is kept, until when and why. Pure and total: every clip has a verdict, and silence is not permission.

Each ground to keep a clip is worked out by itself; the latest decides, and one without end is later than all others. So
a hold, a flag or a doubt that is added can only lengthen. What shortens is only what a person says of the clip: its
class, its first case, its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .pack import UNCLASSIFIED, Anchor, Cite, CountedFrom, FilePeriod, Pack, Rule, Term
from .periods import local_day, year_end
from .verdicts import CaseFacts, CaseState, ClipFacts, Due, Flag, Ground, Hold, Keep, Reason, Verdict, Why

_PRECEDENCE = {reason: place for place, reason in enumerate(Reason)}


def decide(facts: ClipFacts, holds: Sequence[Hold] | None, pack: Pack, today: date) -> Verdict:
    """Keep until when and why, or due and why. `today` is a day in the agency's zone.

    `holds` are the active ones on this clip; None: they could not be read, and nothing goes. A clip that is kept until
    a day is due from the day after (`periods`). The rules of ties, doubts and several cases: docs/packs.md.
    """
    days = _Days(
        local_day(facts.recorded.latest if facts.recorded else facts.ingested_at, pack.zone),
        local_day(facts.ingested_at, pack.zone),
    )
    grounds = sorted(_grounds(facts, holds, pack, days), key=_order)
    first = grounds[0]
    floor = pack.minimum.period.last_day(days.recorded) if pack.minimum and facts.recorded else None
    why = Why(first, tuple(grounds[1:]), floor)
    if first.until is None or today <= first.until:
        return Keep(first.until, why)
    return Due(first.until, why)


@dataclass(frozen=True, slots=True)
class _Days:
    """The clip's days in the agency's zone; while the time is unknown, `recorded` is the day it was taken in."""

    recorded: date
    ingested: date


def _order(ground: Ground) -> tuple[timedelta, int, str, str, str]:
    """The latest end first; of equal ones the reason that stands first, then case, subject and rule by name."""
    # Without end is a day beyond the calendar's last one.
    left = timedelta(-1) if ground.until is None else date.max - ground.until
    return left, _PRECEDENCE[ground.reason], ground.case, ground.subject, ground.rule


def _grounds(facts: ClipFacts, holds: Sequence[Hold] | None, pack: Pack, days: _Days) -> Iterator[Ground]:
    if holds is None:
        yield Ground(Reason.HOLDS_UNREADABLE, None)
    for hold in holds or ():
        trigger = pack.trigger(hold.trigger) if hold.trigger else None
        article = trigger.cite.article if trigger else ""
        yield Ground(Reason.HELD, None, article, hold.trigger or "", anchored_on=hold.placed_on, subject=hold.id)
    if facts.recorded is None:
        yield Ground(Reason.TIME_UNKNOWN, None, anchor=Anchor.INGESTED, anchored_on=days.ingested)
    for flag in facts.flags:
        yield _of_flag(flag, pack, days)
    yield from _of_marks(facts, pack, days)
    for case in facts.cases:
        yield _of_case(case, pack, days)
    if pack.minimum is not None:
        # Last in precedence: it is told only where it is more than all else, or where there is nothing else.
        term = Term(Anchor.RECORDED, pack.minimum.period)
        yield _of_terms((term,), pack.minimum.cite, "", Reason.MINIMUM, days)


def _of_marks(facts: ClipFacts, pack: Pack, days: _Days) -> Iterator[Ground]:
    """Two marks that differ are a doubt, so both count. A case classifies a clip that no person marked."""
    marks = {one for one in (facts.user_class, facts.recorder_class) if one and one != UNCLASSIFIED}
    if facts.user_class not in marks and not facts.cases:
        yield _of_nobody(pack, days)
    for class_id in sorted(marks):
        yield from _of_class(class_id, facts.cases, pack, days)


def _of_nobody(pack: Pack, days: _Days) -> Ground:
    rule = pack.rule_of(pack.stand_in.class_id) if pack.stand_in else None
    if rule is None:
        return replace(_longest(pack, days, None), reason=Reason.UNCLASSIFIED)
    return replace(_of_rule(rule, pack, days, None), reason=Reason.UNCLASSIFIED)


def _of_class(class_id: str, cases: Sequence[CaseFacts], pack: Pack, days: _Days) -> Iterator[Ground]:
    rule = pack.rule_of(class_id)
    if rule is None:
        yield replace(_longest(pack, days, None), reason=Reason.NO_RULE, subject=class_id)
    elif not rule.of_case:
        yield replace(_of_rule(rule, pack, days, None), subject=class_id)
    elif not cases:
        yield Ground(Reason.CASE_AWAITED, None, rule.cite.article, rule.id, subject=class_id)
    else:
        # Open cases, and those without a day of closing, have their own ground in `_of_case`, without end.
        for case in cases:
            if case.state is CaseState.CLOSED and case.closed_on is not None:
                yield replace(_of_rule(rule, pack, days, case), subject=class_id)


def _of_case(case: CaseFacts, pack: Pack, days: _Days) -> Ground:
    if case.state is CaseState.OPEN:
        return Ground(Reason.CASE_OPEN, None, _article(pack, case.kind), case=case.number)
    if case.state is CaseState.REOPENED:
        return Ground(Reason.CASE_REOPENED, None, _article(pack, case.kind), case=case.number)
    if case.closed_on is None:
        return Ground(Reason.CASE_CLOSING_UNKNOWN, None, _article(pack, case.kind), case=case.number)
    rule = pack.rule_of_case(case.kind)
    if rule is None:
        return replace(_longest(pack, days, case), reason=Reason.NO_RULE, subject=case.kind, case=case.number)
    return replace(_of_rule(rule, pack, days, case), subject=case.kind, case=case.number)


def _article(pack: Pack, kind: str) -> str:
    rule = pack.rule_of_case(kind)
    return rule.cite.article if rule else ""


def _of_flag(flag: Flag, pack: Pack, days: _Days) -> Ground:
    trigger = pack.trigger(flag.trigger)
    if trigger is None:
        return Ground(Reason.FLAG_NOT_IN_PACK, None, anchored_on=flag.on, subject=flag.trigger)
    if not trigger.terms:
        return Ground(
            Reason.LONG_TERM, None, trigger.cite.article, trigger.id, Anchor.FLAGGED, flag.on, subject=trigger.id
        )
    found = _of_terms(trigger.terms, trigger.cite, trigger.id, Reason.FLAGGED, days, flagged_on=flag.on)
    return replace(found, subject=trigger.id)


def _longest(pack: Pack, days: _Days, case: CaseFacts | None) -> Ground:
    """The latest end that any rule of the pack gives this clip; a pack without rules gives none.

    Without a case, what counts from a closing is taken to count from the recording, and what is kept as a case file as
    long as the pack's table keeps the longest of that rule's kinds.
    """
    found = [_of_rule(rule, pack, days, case) for rule in pack.rules]
    return min(found, key=_order, default=Ground(Reason.NO_RULE, None))


def _of_rule(rule: Rule, pack: Pack, days: _Days, case: CaseFacts | None) -> Ground:
    if not rule.terms:
        return Ground(Reason.NO_END, None, rule.cite.article, rule.id)
    kinds = (case.kind,) if case else rule.classes
    files = [case.file if case and case.file else pack.file_period(kind) for kind in kinds]
    closed = case.closed_on if case else None
    found = _of_terms(rule.terms, rule.cite, rule.id, Reason.PERIOD, days, closed_on=closed, files=files)
    return replace(found, case=case.number if case and rule.of_case else "")


def _of_terms(
    terms: Sequence[Term],
    cite: Cite,
    rule: str,
    reason: Reason,
    days: _Days,
    *,
    closed_on: date | None = None,
    flagged_on: date | None = None,
    files: Sequence[FilePeriod | None] = (),
) -> Ground:
    """The latest end of some terms. No anchor lies before the recording: a year mistyped would pull the end forward."""
    ends: list[Ground] = []
    anchored = {
        Anchor.RECORDED: days.recorded,
        Anchor.INGESTED: max(days.ingested, days.recorded),
        Anchor.CASE_CLOSED: max(closed_on or days.recorded, days.recorded),
        Anchor.CASE_FILE: max(closed_on or days.recorded, days.recorded),
        Anchor.FLAGGED: max(flagged_on or days.recorded, days.recorded),
    }
    for term in terms:
        start = anchored[term.anchor]
        base = Ground(reason, None, cite.article, rule, term.anchor, start, term.period)
        if term.period is None:
            ends += [_of_file(file, base, start) for file in files]
        else:
            ends.append(_ended(replace(base, until=term.period.last_day(start))))
    return min(ends, key=_order)


def _of_file(file: FilePeriod | None, base: Ground, closed_on: date) -> Ground:
    if file is None:
        return replace(base, reason=Reason.CASE_FILE_UNKNOWN)
    if file.period is None:
        return replace(base, reason=Reason.CASE_FILE_PERMANENT)
    start = closed_on if file.counted_from is CountedFrom.CLOSING else year_end(closed_on)
    return _ended(replace(base, until=file.period.last_day(start), anchored_on=start, period=file.period))


def _ended(ground: Ground) -> Ground:
    return replace(ground, reason=Reason.BEYOND_CALENDAR) if ground.until is None else ground
