"""What `policy.decide` is asked and answers: facts in, a verdict with all its grounds out. Codes, no sentences.

The words of the enums stand in JSON and in the custody log: they are never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .pack import Anchor, FilePeriod
from .periods import Period


@dataclass(frozen=True, slots=True)
class Interval:
    """When a recording plausibly ended, by the station's time. Both aware.

    `latest` is the moment from which periods count: catalog.watching.recorded.latest_plausible and the duration (an
    unknown duration: when the clip was first seen). `earliest` is None where nothing limits it; no date counts from it.
    Raises ValueError for a time without a zone.
    """

    earliest: datetime | None
    latest: datetime

    def __post_init__(self) -> None:
        if self.latest.tzinfo is None or (self.earliest is not None and self.earliest.tzinfo is None):
            raise ValueError("a time without a zone")


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case that a clip belongs to. `kind` is a class of the pack; `closed_on` a day in the agency's zone.

    `file` is how long this very file is kept, where its archivist has said so; None: as the pack's table has it.
    """

    number: str
    kind: str
    state: CaseState
    closed_on: date | None = None
    file: FilePeriod | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Somebody said that a trigger of the pack applies, on that day."""

    trigger: str
    on: date


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """All that a verdict on one clip rests on.

    `recorded` is None while the time is unknown and no person has settled it. `user_class` is the class people gave it;
    `recorder_class` what the recorder said, None once a person has confirmed the user's mark against it. Raises
    ValueError for a time without a zone.
    """

    recorded: Interval | None
    ingested_at: datetime
    user_class: str | None = None
    recorder_class: str | None = None
    cases: tuple[CaseFacts, ...] = ()
    flags: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        if self.ingested_at.tzinfo is None:
            raise ValueError("a time without a zone")


@dataclass(frozen=True, slots=True)
class Hold:
    """An active hold on the clip. `trigger` is the trigger of the pack that it was placed for, if any."""

    id: str
    trigger: str | None
    placed_on: date


class Reason(StrEnum):
    """Why a clip is kept so long. Of grounds with the same end the one that stands first here is told first."""

    HOLDS_UNREADABLE = "holds-unreadable"
    HELD = "held"
    TIME_UNKNOWN = "time-unknown"
    CASE_OPEN = "case-open"
    CASE_REOPENED = "case-reopened"
    CASE_CLOSING_UNKNOWN = "case-closing-unknown"  # closed, and nobody wrote down when
    LONG_TERM = "long-term"  # a trigger of the pack without an end
    FLAG_NOT_IN_PACK = "flag-not-in-pack"  # somebody flagged it for what the pack does not know
    CASE_FILE_UNKNOWN = "case-file-unknown"  # as long as the case file, and nobody has said how long that is
    CASE_FILE_PERMANENT = "case-file-permanent"
    CASE_AWAITED = "case-awaited"  # its class is of a case, and it belongs to none yet
    NO_END = "no-end"  # the rule sets no end
    UNCLASSIFIED = "unclassified"  # the longest period of the pack, or the class that stands for it
    NO_RULE = "no-rule"  # the pack is silent about the class: the longest period
    BEYOND_CALENDAR = "beyond-calendar"
    FLAGGED = "flagged"  # a trigger of the pack with an end
    PERIOD = "period"  # a rule's period
    MINIMUM = "minimum"  # below this nothing of the pack goes


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason to keep a clip, and until when: None is without end.

    Which facts are there depends on the reason: `rule` and `article` where the pack speaks; `anchor`, `anchored_on` and
    `period` where a period counts (the last day is the anchor's day and the period); `subject` is the id of the hold or
    trigger, or the class; `case` the case's number.
    """

    reason: Reason
    until: date | None
    article: str = ""
    rule: str = ""
    anchor: Anchor | None = None
    anchored_on: date | None = None
    period: Period | None = None
    subject: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The ground that decides, all others behind it, and the floor: before the day after it, nothing lets the clip go.

    `floor` is None when the pack has no minimum, or when the recording's day is unknown.
    """

    ground: Ground
    others: tuple[Ground, ...]
    floor: date | None

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """All grounds, the deciding one first."""
        return (self.ground, *self.others)


@dataclass(frozen=True, slots=True)
class Keep:
    """The clip stays: through the day `until`, or without end."""

    until: date | None
    why: Why


@dataclass(frozen=True, slots=True)
class Due:
    """The clip may go, since the day after `until`."""

    until: date
    why: Why


Verdict = Keep | Due
