"""What happens at an agency, as values: recordings and their dockings, what people say and decide, what goes wrong.

Everything is told by the world's own time, which no recorder and no station knows for sure. Clips, cases and holds have
names of the simulation; what a station calls them is its own affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tests.simulators.legal_end import FileRule


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording. `began` is when it really began, UTC; `claims` what its name says, by the recorder's own clock
    (no zone); None: its name says nothing.
    """

    key: str
    recorder: str
    officer: str
    began: datetime
    length_s: int
    claims: datetime | None

    @property
    def ended(self) -> datetime:
        """When it really ended, UTC."""
        return self.began + timedelta(seconds=self.length_s)


@dataclass(frozen=True, slots=True)
class Docked:
    """A recorder is seated. `measured`: what its recordings say of themselves is read, their length among it.

    `cleared`: the station clears the recorder; else its officer does.
    """

    recorder: str
    recordings: tuple[Recording, ...]
    measured: bool
    cleared: bool


@dataclass(frozen=True, slots=True)
class Classified:
    """A person says what recordings show; an empty activity takes back what was said."""

    keys: tuple[str, ...]
    activity: str


@dataclass(frozen=True, slots=True)
class TimeSettled:
    """A person knows when a recording was made, give or take so much."""

    key: str
    within_s: int


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A case is on record."""

    case: str
    kind: str


@dataclass(frozen=True, slots=True)
class CaseEdited:
    """A case turned out to be of another kind."""

    case: str
    kind: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Recordings are put under a case."""

    case: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A recording is taken out from under a case."""

    case: str
    key: str


@dataclass(frozen=True, slots=True)
class Filed:
    """The short way: a class and the number of a case, which may be one that nobody opened."""

    key: str
    activity: str
    case: str


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """A case was closed on that day; it may be entered later."""

    case: str
    on: date


@dataclass(frozen=True, slots=True)
class CaseArchived:
    """The file of a case is complete and in the archive."""

    case: str


@dataclass(frozen=True, slots=True)
class CaseReopened:
    """A closed case goes on."""

    case: str


@dataclass(frozen=True, slots=True)
class Event:
    """Who, where, when: of nobody named, everybody's. Both moments UTC."""

    since: datetime
    until: datetime
    officers: tuple[str, ...] = ()
    recorders: tuple[str, ...] = ()

    def shows(self, one: Recording) -> bool:
        """Whether a recording was really made then, and there."""
        if one.began > self.until or one.ended < self.since:
            return False
        named = self.officers or self.recorders
        return not named or one.officer in self.officers or one.recorder in self.recorders


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """A hold on single recordings, on the session that brought one of them in, on a case, or on an event."""

    hold: str
    trigger: str | None
    long_term: bool
    keys: tuple[str, ...] = ()
    session_of: str = ""
    case: str = ""
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class LiftAsked:
    """Somebody asks to lift a hold; `alone`: and tries to grant it himself."""

    hold: str
    alone: bool


@dataclass(frozen=True, slots=True)
class LiftAnswered:
    """A second person grants or refuses it."""

    hold: str
    granted: bool


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """The agency says anew how long it keeps files of cases: its rule pack changes, by two persons."""

    files: tuple[tuple[str, FileRule], ...]


Act = (
    Docked
    | Classified
    | TimeSettled
    | CaseOpened
    | CaseEdited
    | Linked
    | Unlinked
    | Filed
    | CaseClosed
    | CaseArchived
    | CaseReopened
    | HoldPlaced
    | LiftAsked
    | LiftAnswered
    | FilesChanged
)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the agency and the night after it.

    `off`: the station is switched off, nobody docks and nothing is swept. `clock_off` is how far its clock is off, all
    day and in the night. `cut_at`: in the night the power goes at so manyeth change of the disk; 0: it does not.
    `answered`: whether the people who approve look at what waits for them on this day.
    """

    on: date
    acts: tuple[tuple[datetime, Act], ...] = ()
    off: bool = False
    clock_off: timedelta = timedelta()
    cut_at: int = 0
    answered: bool = True

    @property
    def night(self) -> datetime:
        """When the night's sweep begins: half past two of the next morning, UTC."""
        return datetime(self.on.year, self.on.month, self.on.day, 18, 30, tzinfo=UTC)

    @property
    def morning(self) -> datetime:
        """When people look at what waits for them: half past seven by the wall clock, in UTC."""
        return datetime(self.on.year, self.on.month, self.on.day, tzinfo=UTC) - timedelta(minutes=30)
