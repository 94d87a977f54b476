"""By when a recording had to be handed in, and whether it was: on the day of the work, or so many hours after its end.

CL article 9, YX article 11, WX article 14 (每天工作结束后, the same day); QH article 32, QX article 14 (24 hours).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .pack import HandIn
from .periods import local_day


@dataclass(frozen=True, slots=True)
class Late:
    """A recording came late: by when it was due, and whether that is certain.

    It is certain when it was late even by the latest time at which the recording may have ended: no wrong clock accuses
    anybody.
    """

    due_at: datetime
    certain: bool


def due_at(deadline: HandIn, zone: ZoneInfo, ended: datetime) -> datetime:
    """By when something that ended then had to be handed in, UTC: the end of that day in the agency's zone, or so many
    hours later.
    """
    if deadline.within_hours is not None:
        return ended.astimezone(UTC) + timedelta(hours=deadline.within_hours)
    morrow = local_day(ended, zone) + timedelta(days=1)
    return datetime.combine(morrow, time(), zone).astimezone(UTC)


def lateness(
    deadline: HandIn, zone: ZoneInfo, likely_end: datetime, latest_end: datetime | None, docked: datetime
) -> Late | None:
    """Whether what was docked then came late; None: it came in time, by the best that is known of its end.

    `latest_end` None: nobody knows how late it may have ended.
    """
    due = due_at(deadline, zone, likely_end)
    if docked < due:
        return None
    return Late(due, latest_end is not None and docked >= due_at(deadline, zone, latest_end))
