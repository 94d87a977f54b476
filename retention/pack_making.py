"""A checked pack file → Pack: the place where parts of a file become values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .pack import (
    Anchor,
    Cite,
    Class,
    FilePeriod,
    Filing,
    HandIn,
    Minimum,
    Office,
    Pack,
    Rhythm,
    Rule,
    StandIn,
    Term,
    Trigger,
    Words,
)
from .pack_checks import period_of

if TYPE_CHECKING:
    from .pack_schema import (
        FilingPart,
        HandInPart,
        MinimumPart,
        OfficePart,
        PackPart,
        RhythmPart,
        RulePart,
        StandInPart,
        TermPart,
        TriggerPart,
        WordsPart,
    )

    Cited = RulePart | TriggerPart | MinimumPart | StandInPart | HandInPart | RhythmPart | FilingPart | OfficePart


def pack_of(parsed: PackPart, origin: str, digest: str) -> Pack:
    """The pack that a file means, once `pack_checks` found no fault in it."""
    offices = parsed.offices
    return Pack(
        name=parsed.name,
        title=_words(parsed.title),
        agency=_words(parsed.agency),
        zone_name=parsed.zone,
        source=parsed.source,
        not_said=tuple(_words(one) for one in parsed.not_said),
        classes=tuple(Class(one.id, _words(one.title)) for one in parsed.classes),
        rules=tuple(
            Rule(one.id, _cite(one), _words(one.title), tuple(one.classes), tuple(one.cases), _terms(one.keep))
            for one in parsed.rules
        ),
        triggers=tuple(Trigger(one.id, _cite(one), _words(one.title), _terms(one.keep)) for one in parsed.triggers),
        case_files=tuple(
            (one.id, FilePeriod(None if one.permanent else period_of(one), one.counted_from))
            for one in parsed.case_files
        ),
        minimum=Minimum(period_of(parsed.minimum), _cite(parsed.minimum)) if parsed.minimum else None,
        stand_in=StandIn(parsed.unclassified.class_, _cite(parsed.unclassified)) if parsed.unclassified else None,
        hand_in=HandIn(parsed.hand_in.within_hours, _cite(parsed.hand_in)) if parsed.hand_in else None,
        hand_over=_rhythm(parsed.hand_over),
        filing=Filing(parsed.filing.within_days, _cite(parsed.filing)) if parsed.filing else None,
        inspection=_rhythm(parsed.inspection),
        approves_viewing=_office(offices.approves_viewing),
        provides=_office(offices.provides),
        approves_party_copy=_office(offices.approves_party_copy),
        origin=origin,
        digest=digest,
    )


def _words(part: WordsPart) -> Words:
    return Words(part.zh, part.en)


def _cite(part: Cited) -> Cite:
    return Cite(part.article, part.quote)


def _terms(parts: Sequence[TermPart]) -> tuple[Term, ...]:
    return tuple(Term(one.from_, None if one.from_ is Anchor.CASE_FILE else period_of(one)) for one in parts)


def _rhythm(part: RhythmPart | None) -> Rhythm | None:
    if part is None:
        return None
    return Rhythm(part.at_once, period_of(part.every) if part.every else None, _words(part.who), _cite(part))


def _office(part: OfficePart | None) -> Office | None:
    if part is None:
        return None
    return Office(part.role, _words(part.title), part.named, part.keeps_copy, _cite(part))
