"""A rule pack: what one regulation says about keeping, handing in, and who decides, as values.

Packs are data (`packs/*.toml`, `docs/packs.md`); `pack_files` reads them. Every rule carries the article it comes from
and the article's own words, so that each answer can be looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from catalog.people.access import Role

from .periods import Period

# What the catalogue calls a clip that nobody classified; no class of a pack may be called so.
UNCLASSIFIED = "unclassified"


class Anchor(StrEnum):
    """From what a period counts. Stands in pack files and in answers: never renamed."""

    RECORDED = "recorded"  # the latest plausible day of the recording's end
    INGESTED = "ingested"  # the day the station took it in
    CASE_CLOSED = "case-closed"  # the day the case was closed
    CASE_FILE = "case-file"  # as long as the case's own file is kept
    FLAGGED = "flagged"  # the day on which somebody said that a trigger applies


class CountedFrom(StrEnum):
    """From when the period of a case file counts."""

    CLOSING = "closing"  # from the day the case was closed
    NEW_YEAR = "new-year"  # from the year after


@dataclass(frozen=True, slots=True)
class Words:
    """A name in both languages of the screens."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Cite:
    """Where it stands, and the words that stand there (in the regulation's own language)."""

    article: str
    quote: str


@dataclass(frozen=True, slots=True)
class Term:
    """One end that a rule sets: a period after an anchor. `period` is None for `case-file` only."""

    anchor: Anchor
    period: Period | None


@dataclass(frozen=True, slots=True)
class Rule:
    """How long clips of some classes, or of cases of these kinds, are kept: through the latest end of its terms.

    No terms: without end. `cases` are kinds of cases that it is for beside its classes, whatever rule is for clips of
    such a class outside any case.
    """

    id: str
    cite: Cite
    title: Words
    classes: tuple[str, ...]
    cases: tuple[str, ...]
    terms: tuple[Term, ...]

    @property
    def of_case(self) -> bool:
        """Whether the rule cannot be applied before a case is known."""
        return any(term.anchor in (Anchor.CASE_CLOSED, Anchor.CASE_FILE) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What makes a clip one to be kept long (长期保存). No terms: without end."""

    id: str
    cite: Cite
    title: Words
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class FilePeriod:
    """How long a case file is kept. `period` is None for a file that is kept for ever."""

    period: Period | None
    counted_from: CountedFrom


@dataclass(frozen=True, slots=True)
class Minimum:
    """Below this no clip goes, whatever else is said; it counts from the recording."""

    period: Period
    cite: Cite


@dataclass(frozen=True, slots=True)
class Class:
    """A class of activity, which is also a kind of case."""

    id: str
    title: Words


@dataclass(frozen=True, slots=True)
class StandIn:
    """The class that stands for clips which nobody classified, where a regulation knows none such."""

    class_id: str
    cite: Cite


@dataclass(frozen=True, slots=True)
class HandIn:
    """By when a recorder must be docked: on the day of the work (`within_hours` None), or so long after its end."""

    within_hours: int | None
    cite: Cite


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Something done again and again. `at_once`: every time; `every` None otherwise: at intervals the text leaves open.

    `who` does it, or receives it.
    """

    at_once: bool
    every: Period | None
    who: Words
    cite: Cite


@dataclass(frozen=True, slots=True)
class Filing:
    """By when a case's file must be complete, in days from the end of the act (D17)."""

    within_days: int
    cite: Cite


@dataclass(frozen=True, slots=True)
class Office:
    """Who decides or acts. `named` is False where the text asks for it and leaves open who: the role is then ours.

    `keeps_copy`: the text asks that a copy of what was given is kept.
    """

    role: Role
    title: Words
    named: bool
    keeps_copy: bool
    cite: Cite


@dataclass(frozen=True, slots=True)
class Pack:
    """All of one regulation that the station goes by.

    `origin` is the file that it was read from; `digest` is of what it says, with what it takes from the pack it
    extends: two packs of one digest give the same verdicts.
    """

    name: str
    title: Words
    agency: Words
    zone_name: str
    source: str
    not_said: tuple[Words, ...]
    classes: tuple[Class, ...]
    rules: tuple[Rule, ...]
    triggers: tuple[Trigger, ...]
    case_files: tuple[tuple[str, FilePeriod], ...]
    minimum: Minimum | None
    stand_in: StandIn | None
    hand_in: HandIn | None
    hand_over: Rhythm | None
    filing: Filing | None
    inspection: Rhythm | None
    approves_viewing: Office | None
    provides: Office | None
    approves_party_copy: Office | None
    origin: str
    digest: str

    @property
    def zone(self) -> ZoneInfo:
        """The agency's zone, in which its days begin and end."""
        return ZoneInfo(self.zone_name)

    def rule_of(self, class_id: str) -> Rule | None:
        """The rule for a class; None where the pack is silent."""
        return next((rule for rule in self.rules if class_id in rule.classes), None)

    def rule_of_case(self, kind: str) -> Rule | None:
        """The rule for cases of a kind; None where the pack is silent."""
        named = next((rule for rule in self.rules if kind in rule.cases), None)
        return named or self.rule_of(kind)

    def trigger(self, trigger_id: str) -> Trigger | None:
        """The trigger of that id."""
        return next((one for one in self.triggers if one.id == trigger_id), None)

    def file_period(self, kind: str) -> FilePeriod | None:
        """How long files of cases of that kind are kept; None: nobody has said."""
        return dict(self.case_files).get(kind)
