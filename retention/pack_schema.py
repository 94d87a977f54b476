"""The shape of a pack file. Only `pack_files` imports this: it is the edge where TOML becomes values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from catalog.people.access import Role

from .pack import Anchor, CountedFrom

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(strict=True, ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WordsPart(_Part):
    """A name in both languages of the screens."""

    zh: Text
    en: Text


class _Cited(_Part):
    """What stands in the regulation: where, and in which words."""

    article: Text
    quote: Text


class PeriodPart(_Part):
    """Years and months of the calendar, then days."""

    years: Annotated[Count, Field(le=1000)] = 0
    months: Annotated[Count, Field(le=1200)] = 0
    days: Annotated[Count, Field(le=36500)] = 0

    @property
    def empty(self) -> bool:
        """Whether no period is told at all."""
        return not self.model_fields_set & {"years", "months", "days"}


class TermPart(PeriodPart):
    """`keep = [{ from = "recorded", months = 6 }]`: one end; the latest of a list counts."""

    from_: Annotated[Anchor, Field(alias="from")]


class ClassPart(_Part):
    """`[[classes]]`: a class of activity, and a kind of case."""

    id: Id
    title: WordsPart


class RulePart(_Cited):
    """`[[rules]]`: how long clips of these classes, and of cases of these kinds, are kept."""

    id: Id
    title: WordsPart
    classes: Annotated[list[Id], Field(min_length=1)]
    cases: list[Id] = []
    keep: list[TermPart] = []
    no_end: Annotated[bool, Field(strict=True)] = False


class TriggerPart(_Cited):
    """`[[triggers]]`: what makes a clip one to be kept long."""

    id: Id
    title: WordsPart
    keep: list[TermPart] = []
    no_end: Annotated[bool, Field(strict=True)] = False


class CaseFilePart(PeriodPart):
    """`[[case_files]]`: how long the agency keeps files of cases of that kind."""

    id: Id
    permanent: Annotated[bool, Field(strict=True)] = False
    counted_from: CountedFrom = CountedFrom.NEW_YEAR


class MinimumPart(_Cited, PeriodPart):
    """`[minimum]`: below this nothing goes; counts from the recording."""


class StandInPart(_Cited):
    """`[unclassified]`: the class that stands for clips which nobody classified."""

    class_: Annotated[Id, Field(alias="class")]


class HandInPart(_Cited):
    """`[hand_in]`: by when a recorder must be docked."""

    same_day: Annotated[bool, Field(strict=True)] = False
    within_hours: Annotated[int, Field(strict=True, ge=1, le=720)] | None = None


class RhythmPart(_Cited):
    """`[hand_over]` and `[inspection]`: at once, at a rhythm, or (neither) at intervals that the text leaves open."""

    at_once: Annotated[bool, Field(strict=True)] = False
    every: PeriodPart | None = None
    who: WordsPart


class FilingPart(_Cited):
    """`[filing]`: days from the end of the act within which the case file must be complete."""

    within_days: Annotated[int, Field(strict=True, ge=1, le=3650)]


class OfficePart(_Cited):
    """`[offices.…]`: who decides or acts."""

    role: Role
    title: WordsPart
    named: Annotated[bool, Field(strict=True)] = True
    keeps_copy: Annotated[bool, Field(strict=True)] = False


class OfficesPart(_Part):
    """`[offices]`."""

    approves_viewing: OfficePart | None = None
    provides: OfficePart | None = None
    approves_party_copy: OfficePart | None = None


class PackPart(_Part):
    """A whole pack file."""

    name: Id
    extends: Id | None = None
    title: WordsPart
    agency: WordsPart
    zone: Text
    source: Text
    not_said: list[WordsPart] = []
    classes: Annotated[list[ClassPart], Field(min_length=1)]
    rules: Annotated[list[RulePart], Field(min_length=1)]
    triggers: list[TriggerPart] = []
    case_files: list[CaseFilePart] = []
    minimum: MinimumPart | None = None
    unclassified: StandInPart | None = None
    hand_in: HandInPart | None = None
    hand_over: RhythmPart | None = None
    filing: FilingPart | None = None
    inspection: RhythmPart | None = None
    offices: OfficesPart = OfficesPart()
