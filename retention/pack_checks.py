"""What no type can say of a pack file: ids that fit together, anchors that make sense, and that nothing is undercut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .pack import UNCLASSIFIED, Anchor, Pack, Term
from .pack_faults import PackProblem
from .periods import Period

if TYPE_CHECKING:
    from .pack_schema import PackPart, PeriodPart, RulePart, TriggerPart

Place = tuple[str | int, ...]
Problems = Iterator[tuple[Place, PackProblem, str, str]]

_RULE_ANCHORS = (Anchor.RECORDED, Anchor.INGESTED, Anchor.CASE_CLOSED, Anchor.CASE_FILE)
_TRIGGER_ANCHORS = (Anchor.RECORDED, Anchor.INGESTED, Anchor.FLAGGED)


def problems(parsed: PackPart) -> Problems:
    """Every fault as place, problem, what was found and what was expected."""
    yield from _ids(parsed)
    yield from _zone(parsed)
    yield from _classes(parsed)
    for i, rule in enumerate(parsed.rules):
        yield from _kept(("rules", i), rule, _RULE_ANCHORS)
    for i, trigger in enumerate(parsed.triggers):
        yield from _kept(("triggers", i), trigger, _TRIGGER_ANCHORS)
    for i, file in enumerate(parsed.case_files):
        if file.permanent != file.empty:
            yield ("case_files", i), PackProblem.PERMANENT_OR_PERIOD, file.id, ""
    yield from _minimum(parsed)
    yield from _deadlines(parsed)


def undercut(pack: Pack, beneath: Pack) -> Problems:
    """Where a pack that extends another would keep anything shorter than that one does."""
    if beneath.minimum and (pack.minimum is None or not pack.minimum.period.never_shorter_than(beneath.minimum.period)):
        yield (
            ("minimum",),
            PackProblem.UNDERCUTS,
            _said(pack.minimum.period if pack.minimum else None),
            _said(beneath.minimum.period),
        )
    pairs = [(one.id, beneath.rule_of(one.id), pack.rule_of(one.id)) for one in beneath.classes]
    pairs += [(one.id, beneath.rule_of_case(one.id), pack.rule_of_case(one.id)) for one in beneath.classes]
    for class_id, old, new in dict.fromkeys(pairs):
        # A class without a rule is kept for the longest period: that undercuts nothing.
        if old is not None and new is not None and not _as_long(new.terms, old.terms):
            place = [rule.id for rule in pack.rules].index(new.id)
            yield ("rules", place, "keep"), PackProblem.UNDERCUTS, class_id, old.cite.article
    for trigger in beneath.triggers:
        now = pack.trigger(trigger.id)
        if now is not None and not _as_long(now.terms, trigger.terms):
            place = [other.id for other in pack.triggers].index(now.id)
            yield ("triggers", place, "keep"), PackProblem.UNDERCUTS, trigger.id, trigger.cite.article


def _as_long(new: Sequence[Term], old: Sequence[Term]) -> bool:
    """Whether each end of the old terms is there still, or a later one of the same anchor; no terms are no end."""
    if not new:
        return True
    return bool(old) and all(
        any(term.anchor is was.anchor and _reaches(term.period, was.period) for term in new) for was in old
    )


def _reaches(new: Period | None, old: Period | None) -> bool:
    return new is old or (new is not None and old is not None and new.never_shorter_than(old))


def _said(period: Period | None) -> str:
    if period is None:
        return "-"
    told = [f"{name} = {value}" for name in ("years", "months", "days") if (value := getattr(period, name))]
    return ", ".join(told) or "days = 0"


def _ids(parsed: PackPart) -> Problems:
    for key in ("classes", "rules", "triggers", "case_files"):
        counted = Counter(one.id for one in getattr(parsed, key))
        seen: set[str] = set()
        for i, one in enumerate(getattr(parsed, key)):
            if one.id in seen:
                yield (key, i, "id"), PackProblem.ID_TWICE, one.id, str(counted[one.id])
            seen.add(one.id)
    for i, one in enumerate(parsed.classes):
        if one.id == UNCLASSIFIED:
            yield ("classes", i, "id"), PackProblem.RESERVED, one.id, ""


def _zone(parsed: PackPart) -> Problems:
    try:
        ZoneInfo(parsed.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("zone",), PackProblem.ZONE, parsed.zone, "Asia/Shanghai"


def _classes(parsed: PackPart) -> Problems:
    known = [one.id for one in parsed.classes]
    told = ", ".join(known)
    owner: dict[str, str] = {}
    of_cases: dict[str, str] = {}
    for i, rule in enumerate(parsed.rules):
        for key, ids, owned in (("classes", rule.classes, owner), ("cases", rule.cases, of_cases)):
            for j, class_id in enumerate(ids):
                if class_id not in known:
                    yield ("rules", i, key, j), PackProblem.UNKNOWN_CLASS, class_id, told
                elif owned.setdefault(class_id, rule.id) != rule.id:
                    yield ("rules", i, key, j), PackProblem.CLASS_IN_TWO_RULES, class_id, owned[class_id]
    for i, file in enumerate(parsed.case_files):
        if file.id not in known:
            yield ("case_files", i, "id"), PackProblem.UNKNOWN_CLASS, file.id, told
    if parsed.unclassified is not None:
        class_id = parsed.unclassified.class_
        if class_id not in owner:
            yield ("unclassified", "class"), PackProblem.UNKNOWN_CLASS, class_id, ", ".join(owner)
        else:
            rule = next(one for one in parsed.rules if class_id in one.classes)
            if any(term.from_ in (Anchor.CASE_CLOSED, Anchor.CASE_FILE) for term in rule.keep):
                yield ("unclassified", "class"), PackProblem.STAND_IN_OF_CASE, class_id, rule.id


def _kept(place: Place, one: RulePart | TriggerPart, anchors: Sequence[Anchor]) -> Problems:
    if one.no_end == bool(one.keep):
        yield place, PackProblem.KEEP_OR_NO_END, one.id, ""
    for j, term in enumerate(one.keep):
        here = (*place, "keep", j)
        if term.from_ not in anchors:
            yield (*here, "from"), PackProblem.ANCHOR, term.from_.value, ", ".join(anchors)
        elif term.from_ is Anchor.CASE_FILE and not term.empty:
            yield here, PackProblem.PERIOD_OF_FILE, one.id, ""
        elif term.from_ is not Anchor.CASE_FILE and term.empty:
            yield here, PackProblem.NO_PERIOD, term.from_.value, ""


def _minimum(parsed: PackPart) -> Problems:
    ends = [(i, j, term) for i, rule in enumerate(parsed.rules) for j, term in enumerate(rule.keep)]
    counted = [term for _i, _j, term in ends if term.from_ is not Anchor.CASE_FILE]
    if parsed.minimum is None:
        if counted:
            yield ("minimum",), PackProblem.NO_MINIMUM, "", ""
        return
    if parsed.minimum.empty:
        yield ("minimum",), PackProblem.NO_PERIOD, "recorded", ""
        return
    least = period_of(parsed.minimum)
    for i, j, term in ends:
        if term.from_ is Anchor.RECORDED and not period_of(term).never_shorter_than(least):
            yield ("rules", i, "keep", j), PackProblem.BELOW_MINIMUM, _said(period_of(term)), _said(least)


def _deadlines(parsed: PackPart) -> Problems:
    if parsed.hand_in is not None and parsed.hand_in.same_day == (parsed.hand_in.within_hours is not None):
        yield ("hand_in",), PackProblem.DEADLINE, "", ""
    for key, rhythm in (("hand_over", parsed.hand_over), ("inspection", parsed.inspection)):
        if rhythm is None or rhythm.every is None:
            continue
        if rhythm.at_once or period_of(rhythm.every) == Period():
            yield (key, "every"), PackProblem.RHYTHM, _said(period_of(rhythm.every)), ""


def period_of(part: PeriodPart) -> Period:
    """The period that a part of a file tells."""
    return Period(part.years, part.months, part.days)
