"""When the disk would break the legal minimum: the day on which it is full although all that may go has gone. Pure.

Arithmetic only: intake per day, what is held and until when, and room. Nothing follows from it by itself: a full disk
stops ingest and never deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Five years are further than any intake of today holds true.
HORIZON_DAYS = 5 * 366


@dataclass(frozen=True, slots=True)
class Intake:
    """Bytes that come in on a day on average, and how many days these are kept; None: without end."""

    bytes_per_day: int
    kept_days: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that are kept until a day (their last); None: without end."""

    until: date | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """`full_on` is the first day whose intake has no room even though all that was due has gone; None: not in sight.

    `least_free_bytes` is the least room left before that, on `least_on`. `endless_bytes_per_day` never goes again:
    while it is more than nought, every disk is full one day.
    """

    full_on: date | None
    least_free_bytes: int
    least_on: date
    endless_bytes_per_day: int


def forecast(
    free_bytes: int,
    held: Iterable[Held],
    intake: Sequence[Intake],
    today: date,
    *,
    grace_days: int,
    reserve_bytes: int = 0,
    horizon_days: int = HORIZON_DAYS,
) -> Forecast:
    """The first day without room, and the least room before it, of the days that `course` goes through."""
    least, least_on = free_bytes - reserve_bytes, today
    endless = sum(one.bytes_per_day for one in intake if one.kept_days is None)
    days = course(free_bytes, held, intake, today, grace_days, reserve_bytes, horizon_days)
    for day, free in days:
        if free < least:
            least, least_on = free, day
        if free < 0:
            return Forecast(day, least, day, endless)
    return Forecast(None, least, least_on, endless)


def course(
    free_bytes: int,
    held: Iterable[Held],
    intake: Sequence[Intake],
    today: date,
    grace_days: int,
    reserve_bytes: int = 0,
    horizon_days: int = HORIZON_DAYS,
) -> Iterator[tuple[date, int]]:
    """Each day from tomorrow on with the room at its end; below nought nothing more was taken in.

    What fell due and passed its grace goes first, then the day's intake comes. What is kept until D frees its room on
    D + 1 + `grace_days`; what is due already, `grace_days` after tomorrow at the latest. `reserve_bytes` stay free.
    """
    frees = _freed(held, today, grace_days, horizon_days)
    balanced = _balanced(intake, grace_days, horizon_days)
    free = free_bytes - reserve_bytes
    growth = sum(one.bytes_per_day for one in intake)
    for n in range(1, horizon_days + 1):
        growth -= balanced[n]
        free += frees[n] - growth
        yield today + timedelta(days=n), free


def _balanced(intake: Iterable[Intake], grace_days: int, horizon_days: int) -> list[int]:
    """Bytes a day of which, from the n-th day on, as many go as come: that of the first day goes then.

    Intake of day k is kept through k + `kept_days` and has gone `grace_days` after the day that follows.
    """
    found = [0] * (horizon_days + 1)
    for one in intake:
        if one.kept_days is not None and (n := one.kept_days + 2 + grace_days) <= horizon_days:
            found[n] += one.bytes_per_day
    return found


def _freed(held: Iterable[Held], today: date, grace_days: int, horizon_days: int) -> list[int]:
    """Bytes that go on the n-th day from today."""
    frees = [0] * (horizon_days + 1)
    for one in held:
        if one.until is None:
            continue
        n = max((one.until - today).days + 1, 1) + grace_days
        if n <= horizon_days:
            frees[n] += one.size_bytes
    return frees
