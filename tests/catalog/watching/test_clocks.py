"""Offsets, drift, and whether setting a clock took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.watching.clocks import (
    UNCERTAINTY_MS,
    Drift,
    Measurement,
    Method,
    Took,
    beyond_standard,
    drift,
    measured,
    took,
)

DAY = timedelta(days=1)
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(days: float, offset_s: float, method: Method = Method.PROTOCOL) -> Measurement:
    return Measurement(T0 + days * DAY, round(offset_s * 1000), UNCERTAINTY_MS[method], method, True)


def test_an_offset_is_recorder_minus_station() -> None:
    found = measured(Method.FILE, T0, T0 + timedelta(seconds=90.5), station_uncertainty_ms=40, synced=True)
    assert found == Measurement(T0, 90_500, 2_040, Method.FILE, True)


def test_every_method_has_its_uncertainty_and_only_the_newest_file_is_one_sided() -> None:
    assert set(UNCERTAINTY_MS) == set(Method)
    assert [m for m in Method if at(0, 0, m).one_sided] == [Method.NEWEST_FILE]


@pytest.mark.parametrize(
    ("measurements", "settings", "expected"),
    [
        ([at(0, 0), at(10, 5)], [], 0.5),
        ([at(0, 0), at(10, -50)], [], -5.0),
        # Set on day 10 and asked again: both pieces say 2 s a day.
        ([at(0, 0), at(5, 10), at(9, 18), at(10, 0), at(15, 10)], [9.5], 2.0),
        # A measurement at the moment of a setting is of the clock that was set.
        ([at(0, 0), at(10, 20), at(10, 0), at(20, 20)], [10], 2.0),
        # Reset to 1970 on day 4, nobody set it, nobody noted it.
        ([at(d, d) for d in range(4)] + [at(d, -1.7e9 + d) for d in range(4, 9)], [], 1.0),
        # Set by hand, by 40 s.
        ([at(d, d / 2) for d in range(9)] + [at(d, d / 2 - 40) for d in range(9, 20)], [], 0.5),
        # One wild measurement.
        ([at(d, 9e6 if d == 5 else 3 * d) for d in range(12)], [], 3.0),
    ],
)
def test_drift_is_seen_through_settings_and_resets(
    measurements: list[Measurement], settings: list[float], expected: float
) -> None:
    found = drift(measurements, [T0 + days * DAY for days in settings])
    assert found is not None
    assert found.s_per_day == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("measurements", "settings"),
    [
        ([], []),
        ([at(0, 3)], []),
        ([at(0, 3), at(0, 4)], []),
        ([at(0, 0), at(5, 9)], [2]),
        ([at(0, 0, Method.NEWEST_FILE), at(9, 9, Method.NEWEST_FILE)], []),
        ([at(0, 0), at(1, 1e9)], []),
    ],
)
def test_without_two_measurements_of_one_running_clock_there_is_no_drift(
    measurements: list[Measurement], settings: list[float]
) -> None:
    assert drift(measurements, [T0 + days * DAY for days in settings]) is None


@given(
    rate=st.floats(-8, 8),
    noise=st.lists(st.integers(-1000, 1000), min_size=3, max_size=40),
    jump=st.integers(-(10**12), 10**12),
)
def test_drift_lies_within_its_uncertainty_whatever_the_noise_a_method_allows(
    rate: float, noise: list[int], jump: int
) -> None:
    """Noise anywhere within the method's limits, all on one side if need be: a worst case, so twice the half width."""
    measurements = [
        Measurement(T0 + day * DAY, round(rate * day * 1000) + wrong + jump, 1000, Method.PROTOCOL, True)
        for day, wrong in enumerate(noise)
    ]
    found = drift(measurements)
    assert found is not None
    assert abs(found.s_per_day - rate) <= 2 * found.uncertainty
    assert found.n >= len(noise)


@given(st.permutations([at(d, 0.7 * d) for d in range(8)]))
def test_the_order_of_measurements_does_not_matter(measurements: list[Measurement]) -> None:
    assert drift(measurements) == drift(sorted(measurements, key=lambda m: m.at))


@pytest.mark.parametrize(
    ("offset_s", "days", "expected"),
    [(30, 10, False), (30.9, 10, False), (31.1, 10, True), (-31.1, 10, True), (0.9, 0, False), (1.1, 0, True)],
)
def test_three_seconds_for_each_day_since_it_was_set_are_allowed(offset_s: float, days: int, expected: bool) -> None:
    assert beyond_standard(at(0, offset_s), T0 - days * DAY) is expected


def test_nobody_can_tell_of_a_clock_that_was_never_seen_set() -> None:
    assert beyond_standard(at(0, 500), None) is None
    assert beyond_standard(at(0, -500, Method.NEWEST_FILE), T0) is None
    assert beyond_standard(at(0, 500, Method.NEWEST_FILE), T0) is True


def test_a_drift_breaks_the_standard_only_beyond_its_uncertainty() -> None:
    assert Drift(-4.0, 0.5, 9).beyond_standard
    assert not Drift(3.2, 0.5, 9).beyond_standard


@pytest.mark.parametrize(
    ("after", "before", "file_there", "expected"),
    [
        (at(1, 0), at(0, 50), True, Took.NO),
        (at(1, -40), at(0, 500), False, Took.YES),
        (at(1, 501), at(0, 500), False, Took.NO),
        (at(1, -31), at(0, -30), False, Took.YES),
        (at(1, -200_000), at(0, -200_000), False, Took.NO),
        (None, at(0, 50), False, Took.UNKNOWN),
        (at(1, 0, Method.NEWEST_FILE), None, False, Took.UNKNOWN),
        (at(1, 1), at(0, 50), None, Took.YES),
        (at(1, 51), at(0, 50), None, Took.NO),
        (at(1, 2), at(0, 1), None, Took.UNKNOWN),
        (at(-1, 0), None, None, Took.UNKNOWN),
        (at(1, -3600), None, None, Took.NO),
    ],
)
def test_the_next_docking_shows_whether_setting_the_clock_took(
    after: Measurement | None, before: Measurement | None, file_there: bool | None, expected: Took
) -> None:
    assert took(T0 + timedelta(minutes=5), after, before=before, file_there=file_there) is expected
