"""What was handed in after the rule pack's deadline, by docking, officer or department."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.handing.model import Docked
from catalog.handing.queries import recordings_docked
from retention.hand_in import Late, lateness
from retention.pack import HandIn, Pack

from .assembly import Opened

_LASTING = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Tardy:
    """Recordings that came late together: `late` of so many, `certain` of these by the latest time they may have ended.

    `due_at` is of the one that is longest overdue; `late_by_s` so many seconds later it was docked.
    """

    session: str
    recorder: str
    officer: str | None
    department: str
    docked_at: datetime
    recordings: int
    late: int
    certain: int
    due_at: datetime
    late_by_s: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What came late; `unknown` recordings were not judged, because nobody knows when they were made."""

    rows: tuple[Tardy, ...]
    unknown: int


def judged(
    opened: Opened,
    pack: Pack,
    since: datetime,
    until: datetime | None,
    seen: Callable[[Docked], bool],
) -> Judged:
    """Hold what was docked in a time against the deadline; `seen` says what may be shown. Raises CatalogFault."""
    if pack.hand_in is None:
        return Judged((), 0)
    found = [one for one in recordings_docked(opened.station.catalog, since, until) if seen(one)]
    together: dict[tuple[str, str | None, str], list[Docked]] = defaultdict(list)
    for one in found:
        together[one.session, one.officer, one.department].append(one)
    rows = [row for some in together.values() if (row := _row(some, pack.hand_in, pack.zone)) is not None]
    return Judged(tuple(rows), sum(one.recorded_at is None for one in found))


def _row(some: Sequence[Docked], deadline: HandIn, zone: ZoneInfo) -> Tardy | None:
    late = [said for one in some if (said := _late(one, deadline, zone)) is not None]
    if not late:
        return None
    first = some[0]
    due = min(said.due_at for said in late)
    return Tardy(
        session=first.session,
        recorder=first.recorder,
        officer=first.officer,
        department=first.department,
        docked_at=first.docked_at,
        recordings=len(some),
        late=len(late),
        certain=sum(said.certain for said in late),
        due_at=due,
        late_by_s=int((first.docked_at - due).total_seconds()),
    )


def _late(one: Docked, deadline: HandIn, zone: ZoneInfo) -> Late | None:
    if one.recorded_at is None:
        return None
    length = timedelta(milliseconds=one.duration_ms or 0)
    # How long it went on is not known of every one: then nobody knows how late it ended.
    measured = one.duration_ms is not None or one.kind not in _LASTING
    latest = None if one.recorded_latest is None or not measured else one.recorded_latest + length
    return lateness(deadline, zone, one.recorded_at + length, latest, one.docked_at)


@dataclass(frozen=True, slots=True)
class Sum:
    """What came late of one officer or department: in how many dockings, and the longest of them."""

    name: str | None
    dockings: int
    late: int
    certain: int
    late_by_s: int


def summed(rows: Iterable[Tardy], by: str) -> list[Sum]:
    """The same by `officer` or `department`; who has most comes first."""
    of: dict[str | None, list[Tardy]] = defaultdict(list)
    for row in rows:
        of[getattr(row, by)].append(row)
    found = [
        Sum(
            name,
            len({row.session for row in some}),
            sum(row.late for row in some),
            sum(row.certain for row in some),
            max(row.late_by_s for row in some),
        )
        for name, some in of.items()
    ]
    return sorted(found, key=lambda one: (-one.late, one.name or ""))
