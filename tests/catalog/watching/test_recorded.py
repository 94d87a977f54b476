"""When a clip was really recorded, and that no clock error pulls a period forward."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.watching.clocks import Drift, Measurement, Method
from catalog.watching.recorded import (
    Basis,
    Corrected,
    Doubt,
    Known,
    Ruler,
    Unknown,
    judge,
    latest_plausible,
    out_of_order,
)

CHINA = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


def local(moment: datetime, zone: ZoneInfo = CHINA) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def at(when: datetime, offset_s: float, uncertainty_ms: int = 1000, synced: bool | None = True) -> Measurement:
    return Measurement(when, round(offset_s * 1000), uncertainty_ms, Method.PROTOCOL, synced)


def correct(
    claimed: datetime, zone: ZoneInfo, before: Measurement | None, after: Measurement | None, known: Drift | None = None
) -> Corrected:
    return Ruler.of(zone, before, after, known=known).correct(claimed)


def test_between_two_dockings_the_offset_goes_along_the_line() -> None:
    # 10 s ahead at the first docking, 12 s at the second, two days later: 11 s in the middle.
    found = correct(local(T0 + DAY + 11 * SECOND), CHINA, at(T0, 10), at(T0 + 2 * DAY, 12))
    assert found.basis is Basis.BOTH
    assert abs(found.likely - (T0 + DAY)) < timedelta(milliseconds=1)
    assert found.earliest is not None and found.latest is not None
    # ± 1 s of the method, 3 s/day of wander from the nearer docking less what 2 s of drift take, 1 s of the name.
    assert timedelta(seconds=6) < found.latest - found.earliest < timedelta(seconds=10)


def test_near_a_docking_the_interval_is_as_narrow_as_the_method() -> None:
    found = correct(local(T0 + 10 * SECOND), CHINA, at(T0, 10), at(T0 + 2 * DAY, 12))
    assert found.earliest is not None and found.latest is not None
    assert found.latest - found.earliest == pytest.approx(timedelta(seconds=3), abs=timedelta(milliseconds=1))


def test_one_measurement_widens_by_the_day_and_a_known_drift_narrows_it() -> None:
    claim = local(T0 - 10 * DAY)
    alone = correct(claim, CHINA, None, at(T0, 0))
    helped = correct(claim, CHINA, None, at(T0, 0), known=Drift(1.0, 0.1, 50))
    for found, half in ((alone, 101), (helped, 31)):
        assert found.basis is Basis.ONE and found.earliest and found.latest
        width = (found.latest - found.earliest).total_seconds()
        assert width == pytest.approx(2 * half + 1, abs=0.1)
    assert helped.likely - alone.likely == pytest.approx(timedelta(seconds=10), abs=timedelta(milliseconds=10))


def test_without_a_measurement_there_are_no_limits() -> None:
    assert correct(local(T0), CHINA, None, None) == Corrected(None, T0, None, Basis.NONE)


def test_the_newest_file_only_limits_from_above() -> None:
    bound = Measurement(T0, 3_600_000, 2000, Method.NEWEST_FILE, True)
    found = correct(local(T0 + HOUR), CHINA, None, bound)
    assert found.basis is Basis.BOUND and found.earliest is None and found.latest is not None
    assert T0 <= found.latest < T0 + 4 * SECOND
    assert found.likely <= found.latest


def test_a_clock_that_was_changed_between_two_dockings_contradicts_itself() -> None:
    found = correct(local(T0 + HOUR), CHINA, at(T0, 0), at(T0 + DAY, 86_400 * 365))
    assert found.basis is Basis.CONTRADICTED
    assert found.earliest is not None and found.latest is not None
    assert found.earliest <= T0 and found.latest >= T0 + DAY


def test_a_claim_outside_both_dockings_rests_on_the_nearer_one_alone() -> None:
    assert correct(local(T0 - 9 * DAY), CHINA, at(T0, 0), at(T0 + DAY, 0)).basis is Basis.ONE
    assert correct(local(T0 + 9 * DAY), CHINA, at(T0, 0), at(T0 + DAY, 0)).basis is Basis.ONE


def test_an_hour_that_came_twice_counts_as_both() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    docking = datetime(2026, 10, 25, 8, 0, tzinfo=UTC)
    found = correct(datetime(2026, 10, 25, 2, 30), berlin, None, at(docking, 0))
    assert found.earliest is not None and found.latest is not None
    assert found.earliest < datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.latest > found.likely
    assert found.likely >= datetime(2026, 10, 25, 1, 30, tzinfo=UTC) - SECOND


@st.composite
def running_clocks(draw: st.DrawFn) -> tuple[datetime, Corrected, datetime]:
    """(true time, what is made of its claim, first seen) of a clock within 3 s a day, as crooked as that allows."""
    hours = draw(st.integers(1, 24 * 60))
    rates = draw(st.lists(st.floats(-3, 3), min_size=1, max_size=6))
    offset_s = draw(st.floats(-1e6, 1e6))
    moment = draw(st.floats(0, 1)) * hours * HOUR
    wrong = draw(st.tuples(*[st.floats(-1, 1)] * 2))
    known = draw(st.sampled_from(["both", "before", "after", "none"]))
    synced = draw(st.sampled_from([True, False, None]))

    def offset(after: timedelta) -> float:
        part = hours * HOUR / len(rates)
        return offset_s + sum(
            rate * (min(max(after - i * part, timedelta(0)), part) / DAY) for i, rate in enumerate(rates)
        )

    end = T0 + hours * HOUR
    before = at(T0, offset(timedelta(0)) + wrong[0], 1001, synced) if known in ("both", "before") else None
    after = at(end, offset(hours * HOUR) + wrong[1], 1001, synced) if known in ("both", "after") else None
    claimed = local(T0 + moment + timedelta(seconds=offset(moment))).replace(microsecond=0)
    return T0 + moment, correct(claimed, CHINA, before, after), end


@given(running_clocks())
def test_the_true_time_lies_in_the_interval(made: tuple[datetime, Corrected, datetime]) -> None:
    true, found, _first_seen = made
    finest = timedelta(milliseconds=1)
    assert found.basis is not Basis.CONTRADICTED
    assert found.earliest is None or found.earliest <= true + finest
    assert found.latest is None or found.latest >= true - finest
    assert found.earliest is None or found.earliest <= found.likely
    assert found.latest is None or found.likely <= found.latest


@given(running_clocks())
def test_no_period_begins_before_the_recording(made: tuple[datetime, Corrected, datetime]) -> None:
    true, found, first_seen = made
    assert latest_plausible(found, first_seen) >= true - timedelta(milliseconds=1)


@given(
    claimed=st.datetimes(datetime(1960, 1, 1), datetime(2099, 1, 1)),
    offsets=st.tuples(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12)),
    given_=st.sampled_from(["both", "before", "after", "none"]),
    hours=st.integers(1, 10_000),
)
def test_whatever_a_clock_says_no_period_begins_before_the_last_docking_but_one(
    claimed: datetime, offsets: tuple[int, int], given_: str, hours: int
) -> None:
    """Any claim, any offsets: with both dockings known the period begins between them or later, else at first sight."""
    first_seen = T0 + hours * HOUR
    before = Measurement(T0, offsets[0], 1000, Method.PROTOCOL, True) if given_ in ("both", "before") else None
    after = Measurement(first_seen, offsets[1], 1000, Method.PROTOCOL, True) if given_ in ("both", "after") else None
    corrected = correct(claimed, CHINA, before, after)
    said = judge(claimed, corrected, first_seen)
    anchor = latest_plausible(said.time if isinstance(said, Known) else None, first_seen)
    assert anchor >= (T0 if corrected.basis is Basis.BOTH else first_seen)


@given(running_clocks())
def test_to_know_less_never_brings_a_period_forward(made: tuple[datetime, Corrected, datetime]) -> None:
    _true, found, first_seen = made
    assume(found.latest is None or found.latest <= first_seen)
    assert latest_plausible(found, first_seen) <= latest_plausible(None, first_seen) or found.latest is None


@pytest.mark.parametrize("synced", [False, None])
def test_a_station_without_the_time_counts_from_first_sight(synced: bool | None) -> None:
    found = correct(local(T0 + HOUR), CHINA, at(T0, 0, synced=synced), at(T0 + DAY, 0))
    assert found.synced is synced
    assert latest_plausible(found, T0 + DAY) == T0 + DAY


@pytest.mark.parametrize(
    ("claimed", "reason"),
    [
        (None, Doubt.NO_TIME),
        (datetime(1970, 1, 1, 8, 0, 12), Doubt.RESET),
        (datetime(1969, 12, 31, 23, 0), Doubt.RESET),
        (datetime(1980, 1, 1), Doubt.RESET),
        (datetime(2000, 1, 3, 12), Doubt.RESET),
        (datetime(2010, 1, 1, 0, 4), Doubt.RESET),
        (datetime(1999, 5, 5), Doubt.BEFORE_RECORDERS),
        (datetime(2011, 12, 1), Doubt.BEFORE_RECORDERS),
        (datetime(2018, 1, 1, 0, 30), Doubt.RESET),
        (local(T0 + HOUR), Doubt.AHEAD),
        (local(T0 - 5 * DAY), Doubt.BEFORE_LAST_CLEARING),
    ],
)
def test_impossible_times_are_unknown_and_say_why(claimed: datetime | None, reason: Doubt) -> None:
    corrected = correct(claimed, CHINA, None, at(T0, 0)) if claimed else None
    said = judge(claimed, corrected, T0, last_cleared=T0 - DAY, maker_defaults=[date(2018, 1, 1)])
    assert isinstance(said, Unknown)
    assert said.reason is reason
    assert said.hint == corrected


def test_a_clock_that_is_ahead_at_both_dockings_is_put_right_and_known() -> None:
    corrected = correct(local(T0 + 4 * HOUR), CHINA, at(T0 - DAY, 5 * 3600), at(T0, 5 * 3600))
    assert isinstance(judge(local(T0 + 4 * HOUR), corrected, T0, last_cleared=T0 - DAY), Known)
    assert abs(corrected.likely - (T0 - HOUR)) < SECOND


def test_a_good_time_of_new_year_is_no_reset() -> None:
    new_year = datetime(2026, 1, 1, 0, 5)
    docking = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    corrected = correct(new_year, CHINA, None, at(docking, 0))
    assert isinstance(judge(new_year, corrected, docking, maker_defaults=[date(2026, 1, 1)]), Known)


def test_what_came_after_a_jump_backwards_is_unknown() -> None:
    corrected = correct(local(T0 - HOUR), CHINA, None, at(T0, 0))
    said = judge(local(T0 - HOUR), corrected, T0, backwards=True)
    assert isinstance(said, Unknown) and said.reason is Doubt.BACKWARDS


def minutes(*numbers: float) -> list[datetime]:
    return [datetime(2026, 3, 2, 9) + timedelta(minutes=n) for n in numbers]


@pytest.mark.parametrize(
    ("claims", "doubtful"),
    [
        ([], set()),
        (minutes(1, 2, 3), set()),
        (minutes(1, 1, 2, 2), set()),
        (minutes(0, 10, 20, -999_999, 30, 40), {3}),
        (minutes(0, 99_999, 20, 30, 40), {1}),
        # Half says this, half that: neither is believed.
        (minutes(100, 110, 0, 10), {0, 1, 2, 3}),
        # A pre-record reaches back.
        (minutes(0, 10, 9, 20), set()),
    ],
)
def test_jumps_backwards_are_found_by_the_numbers(claims: list[datetime], doubtful: set[int]) -> None:
    assert out_of_order(claims) == doubtful


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_what_is_believed_rises(numbers: list[int]) -> None:
    claims = minutes(*numbers)
    doubtful = out_of_order(claims)
    believed = [claim for place, claim in enumerate(claims) if place not in doubtful]
    for place, claim in enumerate(believed):
        assert all(earlier <= claim + timedelta(minutes=2) for earlier in believed[:place])
