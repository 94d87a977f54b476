"""What the catalogue hands out of cases and of what lies under them. Times are aware and UTC, days the agency's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ..model import Clip
from .states import Days, State


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case. `kind` is a class of activity, `officers` are the numbers of those who handle it."""

    id: str
    number: str
    cause: str
    parties: list[str]
    kind: str
    department: str
    officers: list[str]
    note: str
    opened_on: date
    ended_on: date | None
    closed_on: date | None
    reopened_on: date | None
    filed_on: date | None
    archive_no: str | None
    outcome: str
    recorded_by: str
    recorded_at: datetime

    @property
    def days(self) -> Days:
        """Its days, as catalog.cases.states reckons with them."""
        return Days(self.opened_on, self.ended_on, self.closed_on, self.reopened_on, self.filed_on)

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.days.state

    @property
    def position(self) -> tuple[date, str]:
        """Where it stands in a list: `after` of the next page."""
        return self.opened_on, self.id


@dataclass(frozen=True, slots=True)
class Link:
    """A recording under a case: who put it there, and why it was suggested (`how` `suggested`).

    `how` is `filed` for `dockd clip file`. One that was taken out again has `unlinked_at`, by whom and why.
    """

    case_id: str
    clip: str
    how: str
    confidence: str | None
    reasons: list[str]
    linked_by: str
    linked_at: datetime
    unlinked_by: str | None
    unlinked_at: datetime | None
    unlink_reason: str | None


@dataclass(frozen=True, slots=True)
class FilePeriodRow:
    """How long the file of a case is kept, where somebody has said so; `years` None is for ever."""

    years: int | None
    counted_from: str
    set_by: str
    set_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """A document of a case as it lies in the vault; `vault_path` is relative to it."""

    document: str
    title: str
    name: str
    size_bytes: int
    digest: str
    vault_path: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on a recording."""

    id: str
    clip: str
    note: str
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class CaseSearch:
    """Which cases; None means any. `departments` and `officer` are both kept to. Words must all stand in the case.

    `ended_by` asks for cases without a file whose act ended on that day or earlier, in the order of these days.
    """

    departments: tuple[str, ...] | None = None
    officer: str | None = None
    kind: str | None = None
    state: State | None = None
    since: date | None = None
    until: date | None = None
    words: tuple[str, ...] = ()
    party: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    ended_by: date | None = None


@dataclass(frozen=True, slots=True)
class ClipSearch:
    """Which clips; None means any, and all that is set must hold. `case` is a case's id.

    `departments` are all that are meant, those below included. `since` is included, `until` is not; both compare with
    the time of recording, or with that of ingest where nobody knows it. `words` must all stand in one of the clip's
    cases or in one of its notes, `party` and `cause` in the parties or the cause of one of its cases.
    """

    departments: tuple[str, ...] | None = None
    recorder: str | None = None
    officer: str | None = None
    session: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    clip_class: str | None = None
    case: str | None = None
    words: tuple[str, ...] = ()
    party: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()

    @property
    def by_text(self) -> bool:
        """Whether words are asked for."""
        return bool(self.words or self.party or self.cause)


@dataclass(frozen=True, slots=True)
class ClipPage:
    """Clips, newest first. `next` is where to go on; None: that was all.

    A page may be short, or empty, and still not be the last: a search that finds little among much looks at so many
    clips a page and no more, and `next` says how far it came.
    """

    clips: list[Clip]
    next: tuple[datetime, str] | None
