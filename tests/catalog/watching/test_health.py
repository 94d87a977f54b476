"""Fit for duty, or why not; and what is coming."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.watching.health import Fit, Quantity, Reading, Reason, Thresholds, Unfit, fit_for_duty, trend
from catalog.watching.robust import binned, line_through, weighted_median

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GIB = 1 << 30


def day(number: float) -> datetime:
    return T0 + timedelta(days=number)


def readings(count: int, **values: object) -> list[Reading]:
    """One a day; a value is a number, or a function of the day."""
    return [
        Reading(day(n), **{name: value(n) if callable(value) else value for name, value in values.items()})  # type: ignore[arg-type]
        for n in range(count)
    ]


HEALTHY = {
    "battery_percent": lambda n: 40 + (n * 7) % 11,
    "read_rate_bytes_s": lambda n: 30_000_000 + (n * 13) % 7 * 500_000,
    "read_errors": 0,
    "cycles": 120,
    "storage_free_bytes": 60 * GIB,
    "storage_total_bytes": 64 * GIB,
    "clock_error_ms": 4_000,
}


def test_a_healthy_recorder_is_fit() -> None:
    assert fit_for_duty(readings(60, **HEALTHY)) == Fit()


def test_nothing_known_is_nothing_against_it() -> None:
    assert fit_for_duty([]) == Fit()
    assert fit_for_duty([Reading(T0)]) == Fit()


@pytest.mark.parametrize(
    ("changed", "quantity"),
    [
        ({"battery_percent": 9}, "battery_percent"),
        ({"read_errors": 1}, "read_errors"),
        ({"read_rate_bytes_s": lambda n: 30_000_000 if n < 40 else 12_000_000}, "read_rate_bytes_s"),
        ({"storage_free_bytes": 2 * GIB}, "storage_free_bytes"),
        ({"cycles": 700}, "cycles"),
        ({"clock_error_ms": -61_000}, "clock_error_ms"),
    ],
)
def test_what_is_beyond_its_threshold_makes_it_unfit(changed: dict[str, object], quantity: str) -> None:
    said = fit_for_duty(readings(60, **{**HEALTHY, **changed}))
    assert isinstance(said, Unfit)
    assert [reason.quantity for reason in said.reasons] == [quantity]


def test_one_bad_day_is_no_reason() -> None:
    bad = {
        "battery_percent": lambda n: 1 if n == 59 else 45,
        "read_rate_bytes_s": lambda n: 5_000_000 if n == 59 else 30_000_000,
        "read_errors": lambda n: int(n == 59),
    }
    assert fit_for_duty(readings(60, **{**HEALTHY, **bad})) == Fit()


def test_a_falling_battery_is_announced_with_its_date() -> None:
    (reason,) = fit_for_duty(readings(60, battery_percent=lambda n: 84 - n)).soon
    assert (reason.quantity, reason.limit) == ("battery_percent", 15.0)
    assert reason.at == pytest.approx(day(69), abs=timedelta(hours=1))


def test_a_fall_that_is_still_far_off_or_may_be_chance_is_not_announced() -> None:
    assert fit_for_duty(readings(60, battery_percent=lambda n: 94 - n // 2)) == Fit()
    assert fit_for_duty(readings(60, battery_percent=lambda n: 20 + (n * 37) % 60 - n // 30)) == Fit()


def test_open_gaps_keep_a_recorder_in_only_where_that_is_wished() -> None:
    healthy = readings(30, **HEALTHY)
    assert fit_for_duty(healthy, open_gaps=9) == Fit()
    assert fit_for_duty(healthy, Thresholds(open_gaps_max=2), open_gaps=9) == Unfit((Reason("open_gaps", 9, 2),))


def test_a_threshold_that_is_off_is_not_asked() -> None:
    off = Thresholds(battery_min_percent=None)
    assert fit_for_duty(readings(30, battery_percent=1), off) == Fit()


@given(st.floats(-3, 3), st.integers(12, 200), st.integers(0, 10**6))
def test_a_trend_has_the_slope_of_what_it_follows(slope: float, count: int, seed: int) -> None:
    rng = random.Random(seed)
    found = trend(readings(count, voltage_mv=lambda n: round(4_000 + slope * 100 * n + rng.uniform(-20, 20))))
    one = found[Quantity.VOLTAGE]
    assert set(found) == {Quantity.VOLTAGE}
    assert one.slope_per_day == pytest.approx(slope * 100, abs=max(3 * one.uncertainty, 5))
    assert one.n <= 61


def test_one_wild_point_in_seven_does_not_turn_a_line() -> None:
    points = [(float(x), 2.0 * x + 5) if x % 7 else (float(x), 9e9) for x in range(60)]
    line = line_through(points)
    assert line is not None
    assert line.slope == pytest.approx(2.0, abs=0.2)


def test_a_line_needs_two_points_apart() -> None:
    assert line_through([]) is None
    assert line_through([(1.0, 2.0)]) is None
    assert line_through([(1.0, 2.0), (1.0, 3.0)]) is None


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.1, 10)), min_size=1, max_size=30))
def test_a_weighted_median_has_half_the_weight_on_either_side(pairs: list[tuple[float, float]]) -> None:
    middle = weighted_median(pairs)
    whole = sum(weight for _, weight in pairs)
    assert sum(weight for value, weight in pairs if value < middle) <= whole / 2 * (1 + 1e-9)
    assert sum(weight for value, weight in pairs if value > middle) <= whole / 2 * (1 + 1e-9)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6)), max_size=100))
def test_bins_hold_every_point_in_order(points: list[tuple[float, float]]) -> None:
    few = binned(points, 8)
    assert len(few) == min(8, len(points))
    assert [x for x, _ in few] == sorted(x for x, _ in few)
