"""Which day is the last one of a period."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.periods import Period, local_day, year_end

DAYS = st.dates(date(1990, 1, 1), date(2200, 12, 31))
PERIODS = st.builds(Period, st.integers(0, 60), st.integers(0, 400), st.integers(0, 4000))


@pytest.mark.parametrize(
    ("counted_from", "period", "last"),
    [
        (date(2026, 5, 20), Period(months=6), date(2026, 11, 20)),
        (date(2026, 8, 31), Period(months=6), date(2027, 2, 28)),
        (date(2027, 8, 29), Period(months=6), date(2028, 2, 29)),
        (date(2027, 8, 31), Period(months=6), date(2028, 2, 29)),
        (date(2026, 11, 30), Period(months=3), date(2027, 2, 28)),
        (date(2027, 2, 28), Period(months=3), date(2027, 5, 28)),
        (date(2028, 2, 29), Period(years=1), date(2029, 2, 28)),
        (date(2028, 2, 29), Period(years=4), date(2032, 2, 29)),
        (date(2026, 12, 31), Period(months=2), date(2027, 2, 28)),
        (date(2026, 5, 20), Period(days=90), date(2026, 8, 18)),
        (date(2026, 5, 20), Period(), date(2026, 5, 20)),
        (date(2026, 1, 31), Period(months=1, days=1), date(2026, 3, 1)),
    ],
)
def test_a_period_ends_on_the_corresponding_day_or_the_months_last(
    counted_from: date, period: Period, last: date
) -> None:
    assert period.last_day(counted_from) == last


def test_a_period_beyond_the_calendar_has_no_last_day() -> None:
    assert Period(years=1).last_day(date.max) is None
    assert Period(days=1).last_day(date.max) is None
    assert Period().last_day(date.max) == date.max


@settings(deadline=None)
@given(DAYS, DAYS, PERIODS)
def test_a_later_day_never_gives_an_earlier_end(one: date, other: date, period: Period) -> None:
    first, last = sorted((one, other))
    early, late = period.last_day(first), period.last_day(last)
    assert early is not None and late is not None
    assert early <= late


@settings(deadline=None)
@given(PERIODS, PERIODS, DAYS)
def test_what_is_never_shorter_is_not_shorter_on_any_day(one: Period, other: Period, day: date) -> None:
    longer, shorter = one.last_day(day), other.last_day(day)
    assert longer is not None and shorter is not None
    if longer < shorter:
        assert not one.never_shorter_than(other)


def test_half_a_year_in_days_does_not_stand_for_six_months() -> None:
    assert not Period(days=183).never_shorter_than(Period(months=6))
    assert Period(days=184).never_shorter_than(Period(months=6))


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2026, 5, 20, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai", date(2026, 5, 20)),
        (datetime(2026, 5, 20, 16, 0, 0, tzinfo=UTC), "Asia/Shanghai", date(2026, 5, 21)),
        (datetime(2026, 5, 20, 4, 59, 59, tzinfo=UTC), "America/Chicago", date(2026, 5, 19)),
        (datetime(2026, 12, 20, 5, 59, 59, tzinfo=UTC), "America/Chicago", date(2026, 12, 19)),
    ],
)
def test_a_day_is_one_of_the_agencys_wall_clock(moment: datetime, zone: str, day: date) -> None:
    assert local_day(moment, ZoneInfo(zone)) == day


def test_the_ends_of_the_calendar_stay_days() -> None:
    assert local_day(datetime.max.replace(tzinfo=UTC), ZoneInfo("Asia/Shanghai")) == date.max
    assert local_day(datetime.min.replace(tzinfo=UTC), ZoneInfo("America/Chicago")) == date.min


def test_a_new_year_counts_from_the_last_day_of_the_old() -> None:
    assert Period(years=10).last_day(year_end(date(2026, 3, 5))) == date(2036, 12, 31)
