"""What is written down of cases, of recordings put under them, of classes and of notes.

A day is a date of the agency's zone, `2026-11-21`: regulations count in days. `case` is a case's id and never changes;
its number may have to be put right.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..event import Event


@dataclass(frozen=True, slots=True)
class CaseOpened(Event):
    """A case is on record. `officers` are the numbers of those who handle it, `case_kind` a class of activity."""

    KIND = "case-opened"
    case: str
    number: str
    cause: str
    parties: list[str]
    case_kind: str
    department: str
    officers: list[str]
    opened_on: str
    ended_on: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseEdited(Event):
    """What is known of a case was put right or added to. All fields are as they are now."""

    KIND = "case-edited"
    case: str
    number: str
    cause: str
    parties: list[str]
    case_kind: str
    department: str
    officers: list[str]
    opened_on: str
    ended_on: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseClosed(Event):
    """A case was closed. `ended_on` is when the act itself ended, from which its file is due (QH article 32)."""

    KIND = "case-closed"
    case: str
    closed_on: str
    ended_on: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class CaseReopened(Event):
    """A closed case goes on: it is neither closed nor filed any more."""

    KIND = "case-reopened"
    case: str
    reopened_on: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseFiled(Event):
    """The file of a case is complete and in the archive, under `archive_no` where it has one (归档)."""

    KIND = "case-filed"
    case: str
    filed_on: str
    archive_no: str | None = None


@dataclass(frozen=True, slots=True)
class CaseFilePeriodSet(Event):
    """How long this very file is kept (归档保管期限), said by who keeps it: it goes before the rule pack's table.

    `years` None: for ever. `counted_from` is `closing`, or `new-year`: from the year after the closing. Said again, the
    last word counts.
    """

    KIND = "case-file-period-set"
    case: str
    years: int | None
    counted_from: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseDocumentAdded(Event):
    """A document that is kept in the vault (`document-kept`) belongs to a case; `title` says what it is."""

    KIND = "case-document-added"
    case: str
    document: str
    title: str


@dataclass(frozen=True, slots=True)
class ClipLinked(Event):
    """A person put a recording under a case, which may have many and be one of many.

    `how` is `by-hand` or `suggested`; of what was suggested, `confidence` and `reasons` are what the person was shown
    (catalog.cases.suggesting).
    """

    KIND = "clip-linked"
    clip: str
    case: str
    how: str
    confidence: str | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClipUnlinked(Event):
    """A person took a recording out from under a case again."""

    KIND = "clip-unlinked"
    clip: str
    case: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipClassified(Event):
    """A person said what kind of activity a recording shows. What the recorder marked stays beside it."""

    KIND = "clip-classified"
    clip: str
    clip_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipNoted(Event):
    """A person wrote a note on a recording. Notes are added to, never changed."""

    KIND = "clip-noted"
    clip: str
    note: str
