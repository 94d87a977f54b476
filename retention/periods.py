"""Calendar periods in the agency's zone, and which day is the last one of a period.

**Kept until D** means: kept through the end of day D of the agency's wall clock; the first day on which a clip may go
is D + 1. A period that counts from a day does not include that day; its last day is the one with the same number in
the month where it ends, or that month's last day where there is none such. So six months from 2026-08-31 last through
2027-02-28, and a year from 2028-02-29 through 2029-02-28. Source: 中华人民共和国民法典 arts. 201-203 (a period begins
the day after, ends on the corresponding day at 24:00, or on the month's last day). Art. 203 moves an end that falls on
a public holiday; that is for acts somebody must do on the day, and is not applied: nobody must destroy on a holiday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

# Any four years with their leap day; periods of a year and more are compared over all its days.
_LEAP_CYCLE = tuple(date(2027, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1))


@dataclass(frozen=True, slots=True)
class Period:
    """Years and months of the calendar, then days. All nought: the day itself is the last one."""

    years: int = 0
    months: int = 0
    days: int = 0

    def last_day(self, counted_from: date) -> date | None:
        """The last day of the period that counts from a day; None when it lies beyond the calendar's year 9999.

        A later day never gives an earlier one.
        """
        return _last_day(self, counted_from)

    def never_shorter_than(self, other: Period) -> bool:
        """Whether this period ends no earlier than the other, whatever day both count from."""
        return _never_shorter(self, other)


# An archive has few days and fewer periods: a change of pack asks for the same ends a million times.
@lru_cache(maxsize=65_536)
def _last_day(period: Period, counted_from: date) -> date | None:
    try:
        return counted_from + relativedelta(years=period.years, months=period.months, days=period.days)
    except (OverflowError, ValueError):
        return None


@cache
def _never_shorter(one: Period, other: Period) -> bool:
    for day in _LEAP_CYCLE:
        end, bound = one.last_day(day), other.last_day(day)
        if end is not None and (bound is None or end < bound):
            return False
    return True


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day of the agency's wall clock on which an aware moment falls; at the calendar's ends its nearest day."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return date.max if moment.year > date.min.year else date.min


def year_end(day: date) -> date:
    """The last day of a day's year: what counts from it begins with the year after."""
    return date(day.year, 12, 31)
