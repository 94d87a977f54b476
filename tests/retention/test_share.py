"""A sweep above its usual share stops and asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.share import ENOUGH_SWEEPS, Exceeded, Go, Limits, Stop, StopReason, SweepCount, judge_share

LIMITS = Limits()
DAY = date(2026, 11, 21)
# Half a per cent a night: an agency that keeps half a year.
USUAL = SweepCount(DAY, 50, 50_000, 10_000, 10_000_000)
NIGHTS = [replace(USUAL, day=DAY - timedelta(days=n)) for n in range(30, 0, -1)]


def reasons(history: list[SweepCount], now: SweepCount) -> list[StopReason]:
    verdict = judge_share(history, now, LIMITS)
    return [one.reason for one in verdict.exceeded] if isinstance(verdict, Stop) else []


def test_a_usual_night_goes() -> None:
    assert judge_share(NIGHTS, USUAL, LIMITS) == Go()
    assert judge_share(NIGHTS, replace(USUAL, due_clips=150, due_bytes=150_000), LIMITS) == Go()


def test_above_three_times_the_usual_share_it_stops() -> None:
    assert judge_share(NIGHTS, replace(USUAL, due_clips=151), LIMITS) == Stop(
        (Exceeded(StopReason.ABOVE_USUAL_CLIPS, 151, 150),)
    )
    assert judge_share(NIGHTS, replace(USUAL, due_bytes=150_001), LIMITS) == Stop(
        (Exceeded(StopReason.ABOVE_USUAL_BYTES, 150_001, 150_000),)
    )


def test_the_share_is_of_what_is_held_so_an_archive_that_grew_may_have_more_due() -> None:
    grown = replace(USUAL, due_clips=400, due_bytes=400_000, held_clips=40_000, held_bytes=40_000_000)
    assert judge_share(NIGHTS, grown, LIMITS) == Go()


def test_a_few_clips_are_never_above_the_usual() -> None:
    quiet = [replace(one, due_clips=1, due_bytes=10) for one in NIGHTS]
    assert judge_share(quiet, replace(USUAL, due_clips=19, due_bytes=19_000), LIMITS) == Go()
    assert reasons(quiet, replace(USUAL, due_clips=20, due_bytes=20_000)) == [
        StopReason.ABOVE_USUAL_CLIPS, StopReason.ABOVE_USUAL_BYTES,
    ]  # fmt: skip


def test_nights_without_anything_due_and_one_wild_night_change_nothing_usual() -> None:
    weekends = [replace(one, due_clips=0, due_bytes=0) if n % 3 == 0 else one for n, one in enumerate(NIGHTS)]
    weekends[-1] = replace(weekends[-1], due_clips=9000, due_bytes=9_000_000)
    assert judge_share(weekends, replace(USUAL, due_clips=150), LIMITS) == Go()
    assert reasons(weekends, replace(USUAL, due_clips=151)) == [StopReason.ABOVE_USUAL_CLIPS]


def test_the_ceiling_holds_whatever_the_history() -> None:
    used_to_it = [replace(one, due_clips=600, due_bytes=600_000) for one in NIGHTS]
    assert judge_share(used_to_it, replace(USUAL, due_clips=500, due_bytes=500_000), LIMITS) == Go()
    assert reasons(used_to_it, replace(USUAL, due_clips=501, due_bytes=500_001)) == [
        StopReason.ABOVE_CEILING_CLIPS, StopReason.ABOVE_CEILING_BYTES,
    ]  # fmt: skip


def test_only_the_last_ninety_sweeps_say_what_is_usual() -> None:
    long_ago = [replace(one, due_clips=500) for one in NIGHTS * 7]
    assert judge_share([*long_ago, *NIGHTS], replace(USUAL, due_clips=151), LIMITS) == Go()
    assert reasons([*long_ago, *NIGHTS * 3], replace(USUAL, due_clips=151)) == [StopReason.ABOVE_USUAL_CLIPS]


@pytest.mark.parametrize("nights", [0, 1, ENOUGH_SWEEPS - 1])
def test_the_first_sweeps_ask(nights: int) -> None:
    assert reasons(NIGHTS[len(NIGHTS) - nights :], USUAL) == [StopReason.FIRST_SWEEPS]
    assert reasons(NIGHTS[-ENOUGH_SWEEPS:], USUAL) == []


def test_a_clock_that_went_back_or_leapt_stops_the_sweep() -> None:
    assert judge_share(NIGHTS, replace(USUAL, day=DAY - timedelta(days=3)), LIMITS) == Stop(
        (Exceeded(StopReason.CLOCK_WENT_BACK, 2, 0),)
    )
    assert judge_share(NIGHTS, replace(USUAL, day=DAY + timedelta(days=30)), LIMITS) == Go()
    assert judge_share(NIGHTS, replace(USUAL, day=DAY + timedelta(days=31)), LIMITS) == Stop(
        (Exceeded(StopReason.LONG_PAUSE, 32, 31),)
    )


def test_nothing_due_is_nothing_unusual() -> None:
    assert judge_share([], SweepCount(DAY, 0, 0, 0, 0), LIMITS) == Go()


def test_what_was_agreed_to_before_counts_for_the_clock_alone() -> None:
    quiet = replace(USUAL, due_clips=0, due_bytes=9_999_999)
    assert judge_share(NIGHTS, quiet, LIMITS, agreed_clips=5_000) == Go()
    late = replace(quiet, day=DAY + timedelta(days=31))
    assert judge_share(NIGHTS, late, LIMITS) == Go()
    assert judge_share(NIGHTS, late, LIMITS, agreed_clips=1) == Stop((Exceeded(StopReason.LONG_PAUSE, 32, 31),))
    assert judge_share(NIGHTS, replace(USUAL, due_clips=151), LIMITS, agreed_clips=1) == Stop(
        (Exceeded(StopReason.ABOVE_USUAL_CLIPS, 151, 150),)
    )


COUNTS = st.builds(
    SweepCount,
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 100),
    st.integers(0, 10_000),
    st.integers(0, 1000),
    st.integers(0, 100_000),
)


@settings(deadline=None)
@given(st.lists(COUNTS, max_size=30), COUNTS, st.integers(0, 500), st.integers(0, 5000))
def test_what_stops_still_stops_with_more_due(
    history: list[SweepCount], now: SweepCount, clips: int, size: int
) -> None:
    if isinstance(judge_share(history, now, LIMITS), Stop):
        more = replace(now, due_clips=now.due_clips + clips, due_bytes=now.due_bytes + size)
        assert isinstance(judge_share(history, more, LIMITS), Stop)
