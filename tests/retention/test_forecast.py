"""The day when the disk would break the legal minimum."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from retention.forecast import Forecast, Held, Intake, forecast

TODAY = date(2026, 11, 21)
GB = 10**9


def test_without_anything_going_the_room_lasts_as_many_days_as_it_holds() -> None:
    found = forecast(100 * GB, [], [Intake(10 * GB, None)], TODAY, grace_days=30)
    # Ten days fit; the eleventh does not.
    assert found == Forecast(TODAY + timedelta(days=11), -10 * GB, TODAY + timedelta(days=11), 10 * GB)


def test_what_falls_due_makes_room_when_its_grace_is_over() -> None:
    held = [Held(TODAY + timedelta(days=4), 50 * GB)]
    # Kept through the fourth day, goes on the fifth and five days of grace: room for five days more from the tenth.
    found = forecast(100 * GB, held, [Intake(10 * GB, None)], TODAY, grace_days=5)
    assert found.full_on == TODAY + timedelta(days=16)
    late = forecast(100 * GB, held, [Intake(10 * GB, None)], TODAY, grace_days=7)
    assert late.full_on == TODAY + timedelta(days=11)


def test_what_is_due_already_goes_after_its_grace() -> None:
    held = [Held(TODAY - timedelta(days=400), 10 * GB), Held(None, 900 * GB)]
    found = forecast(0, held, [Intake(10 * GB, None)], TODAY, grace_days=0)
    assert found.full_on == TODAY + timedelta(days=2)


def test_a_steady_state_that_fits_is_never_full() -> None:
    # Kept 9 days beside the day of intake, gone on the day after: eleven days of intake are there at most.
    intake = [Intake(10 * GB, 9)]
    assert forecast(110 * GB, [], intake, TODAY, grace_days=1) == Forecast(None, 0, TODAY + timedelta(days=11), 0)
    assert forecast(110 * GB - 1, [], intake, TODAY, grace_days=1).full_on == TODAY + timedelta(days=11)


def test_the_reserve_stays_free() -> None:
    found = forecast(100 * GB, [], [Intake(10 * GB, None)], TODAY, grace_days=0, reserve_bytes=50 * GB)
    assert found.full_on == TODAY + timedelta(days=6)


def test_beyond_its_horizon_it_says_nothing() -> None:
    found = forecast(100 * GB, [], [Intake(1, None)], TODAY, grace_days=0, horizon_days=365)
    assert (found.full_on, found.endless_bytes_per_day) == (None, 1)


SIZES = st.integers(0, 50)
ENTRIES = st.lists(
    st.builds(Held, st.none() | st.dates(TODAY - timedelta(40), TODAY + timedelta(60)), SIZES), max_size=6
)
INTAKES = st.lists(st.builds(Intake, st.integers(0, 9), st.none() | st.integers(0, 40)), max_size=3)


@settings(deadline=None)
@given(st.integers(0, 300), ENTRIES, INTAKES, st.integers(0, 20))
def test_it_agrees_with_a_store_that_is_filled_and_emptied_day_by_day(
    free: int, held: list[Held], intake: list[Intake], grace: int
) -> None:
    store = [(one.until and max(one.until, TODAY), one.size_bytes) for one in held]
    room = free + sum(size for _until, size in store)
    expected = None
    for n in range(1, 101):
        day = TODAY + timedelta(days=n)
        store = [(until, size) for until, size in store if until is None or day <= until + timedelta(days=grace)]
        store += [
            (None if one.kept_days is None else day + timedelta(days=one.kept_days), one.bytes_per_day)
            for one in intake
        ]
        if sum(size for _until, size in store) > room:
            expected = day
            break
    assert forecast(free, held, intake, TODAY, grace_days=grace, horizon_days=100).full_on == expected


@settings(deadline=None)
@given(st.integers(0, 300), ENTRIES, INTAKES, st.integers(0, 20), st.integers(0, 100))
def test_more_room_is_never_full_earlier(
    free: int, held: list[Held], intake: list[Intake], grace: int, more: int
) -> None:
    less_room = forecast(free, held, intake, TODAY, grace_days=grace, horizon_days=200).full_on or date.max
    more_room = forecast(free + more, held, intake, TODAY, grace_days=grace, horizon_days=200).full_on or date.max
    assert more_room >= less_room
