"""When this station's disk would break the legal minimum: from what came in lately, what is held, and the room left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from catalog.disposing.queries import first_session_at, held_by_term, taken_in_since
from catalog.keeping.model import NO_END
from retention.forecast import Forecast, Held, Intake, course, forecast
from retention.pack import Pack
from retention.periods import local_day

from ..assembly import Opened
from ..keeping.deciding import agency_day

# The season that says what comes in on a day.
LOOKED_BACK_DAYS = 90


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast and what it rests on: `days` of intake, bytes a day, bytes held, without end and undecided."""

    today: date
    days: int
    intake: tuple[Intake, ...]
    held: tuple[Held, ...]
    undecided_bytes: int
    free_bytes: int
    reserve_bytes: int
    grace_days: int
    forecast: Forecast

    @property
    def bytes_per_day(self) -> int:
        """All that comes in on a day."""
        return sum(one.bytes_per_day for one in self.intake)

    @property
    def held_bytes(self) -> int:
        """All that is held."""
        return sum(one.size_bytes for one in self.held)

    @property
    def endless_bytes(self) -> int:
        """What is held without end, as things stand."""
        return sum(one.size_bytes for one in self.held if one.until is None)

    def free_by_day(self) -> Iterator[tuple[date, int]]:
        """The room at the end of each day, through the day on which there is none."""
        for day, free in course(
            self.free_bytes, self.held, self.intake, self.today, self.grace_days, self.reserve_bytes
        ):
            yield day, free
            if free < 0:
                return


def outlook(opened: Opened, pack: Pack) -> Outlook:
    """The forecast of this station by a pack's calendar. What is to be decided counts as kept without end.

    Raises CatalogFault, TargetFault.
    """
    station, catalog = opened.station, opened.station.catalog
    today = agency_day(opened, pack)
    first = first_session_at(catalog)
    known = 1 if first is None else (today - local_day(first, pack.zone)).days + 1
    days = min(LOOKED_BACK_DAYS, max(known, 1))
    since = datetime.combine(today - timedelta(days=days - 1), time(), pack.zone)
    terms = held_by_term(catalog)
    held = tuple(Held(_until(term), size_bytes) for term, size_bytes in terms)
    intake = _intake(catalog_rows=taken_in_since(catalog, since), days=days, pack=pack)
    free, reserve = station.vault.free_bytes(), station.free_space_floor_bytes
    grace = opened.config.sweep.grace_days
    said = forecast(free, held, intake, today, grace_days=grace, reserve_bytes=reserve)
    undecided = sum(size_bytes for term, size_bytes in terms if term is None)
    return Outlook(today, days, intake, held, undecided, free, reserve, grace, said)


def _intake(catalog_rows: list[tuple[datetime, str | None, int]], days: int, pack: Pack) -> tuple[Intake, ...]:
    """What comes in on a day, by how many days it is kept."""
    kept: dict[int | None, int] = defaultdict(int)
    for taken_at, term, size_bytes in catalog_rows:
        until = _until(term)
        kept[None if until is None else max((until - local_day(taken_at, pack.zone)).days, 0)] += size_bytes
    # Rounded up: a forecast that is too hopeful is no use.
    return tuple(
        Intake(-(-size_bytes // days), kept_days)
        for kept_days, size_bytes in sorted(kept.items(), key=lambda one: (one[0] is None, one[0] or 0))
    )


def _until(term: str | None) -> date | None:
    return None if term is None or term == NO_END else date.fromisoformat(term)
