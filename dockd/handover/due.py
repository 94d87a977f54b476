"""By when a department hands over: by the rule pack's rhythm, or the agency's interval where the text leaves it open.

CL article 9: every month; WX article 14, QH article 34, QX article 14: at once; YX article 11: 定期, at intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from catalog.handing.queries import handovers_made, waiting
from retention.pack import Rhythm
from retention.periods import Period, local_day

from ..assembly import Opened
from ..keeping.deciding import set_pack


@dataclass(frozen=True, slots=True)
class Rhythms:
    """How often. `period` None: nobody has said; then nothing is ever overdue.

    A period of nought days is the day itself.
    """

    period: Period | None

    @classmethod
    def of(cls, rhythm: Rhythm | None, every_days: int) -> Rhythms:
        """By a pack's rhythm; `every_days` counts where it leaves the interval open, 0 stands for no interval."""
        if rhythm is not None and rhythm.at_once:
            return cls(Period())
        if rhythm is not None and rhythm.every is not None:
            return cls(rhythm.every)
        return cls(Period(days=every_days) if every_days else None)

    def due_on(self, since: date) -> date | None:
        """The last day on which what waits since a day may still wait."""
        return None if self.period is None else self.period.last_day(since)


@dataclass(frozen=True, slots=True)
class Late:
    """What waits: recordings that were not handed over, or a batch without a whole receipt.

    `what` is `not-handed-over` or `no-receipt`; `since` the day on which the oldest was taken in, or the batch made;
    `due_on` None: nobody said by when.
    """

    department: str
    what: str
    batch: str | None
    clips: int
    size_bytes: int
    since: date
    due_on: date | None
    today: date

    @property
    def overdue(self) -> bool:
        """Whether its last day is over."""
        return self.due_on is not None and self.due_on < self.today


def overdue_of(opened: Opened) -> tuple[list[Late], Rhythms]:
    """What waits at this station, by department: not handed over, then without a receipt. Raises PackUnusable."""
    catalog, zone = opened.station.catalog, opened.station.zone
    rhythm = Rhythms.of(set_pack(opened).hand_over, opened.config.handover.every_days)
    today = local_day(opened.station.clock(), zone)
    found = []
    for one in waiting(catalog):
        since = local_day(one.since, zone)
        late = Late(
            one.department, "not-handed-over", None, one.clips, one.size_bytes, since, rhythm.due_on(since), today
        )
        found.append(late)
    for batch in handovers_made(catalog, open_only=True):
        since = local_day(batch.made_at, zone)
        due = rhythm.due_on(since)
        found.append(Late(batch.department, "no-receipt", batch.id, batch.clips, batch.size_bytes, since, due, today))
    return found, rhythm
