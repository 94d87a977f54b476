"""When a recording was made, for the custody log; and the recorder's own counting against its clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.watching.clocks import Measurement, Method
from dockd.clocks.clip_times import Timing, jumping_back, time_text
from dockd.listing import Listed
from dockd.recorders import Taken
from dockd.session import Act, Planned

CHINA = ZoneInfo("Asia/Shanghai")
SEEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def taken(claimed: str | None, kind: str = "video", sequence: str | None = None, doubt: str | None = None) -> Taken:
    return Taken(kind, None, claimed, None, "name", False, sequence, True, time_doubt=doubt)


def counted(claims: Iterable[tuple[str, str]], folder: str = "DCIM", kind: str = "video") -> list[Planned]:
    """Entries with (number, hour) of one day."""
    return [
        Planned(
            seq, Listed(f"{folder}/{number}".encode(), "file"), number, Act.COPY,
            taken(f"2026-11-19T{hour}:00:00", kind, number), "",
        )
        for seq, (number, hour) in enumerate(claims, start=1)
    ]  # fmt: skip


def test_without_a_clock_the_claim_stands_and_counts_from_when_it_was_seen() -> None:
    said = Timing(CHINA, SEEN).of(1, taken("2026-11-19T08:00:00"))
    assert said == {
        "recorded_at": "2026-11-19T00:00:00Z", "recorded_earliest": None, "recorded_latest": None, "anchor_at": None,
        "time_basis": "none", "time_doubt": None,
    }  # fmt: skip


def test_limits_are_told_to_the_millisecond() -> None:
    after = Measurement(SEEN, 90_500, 3_000, Method.LOG_LINE, True)
    said = Timing(CHINA, SEEN, after=after).of(1, taken("2026-11-20T16:00:00"))
    assert said["time_basis"] == "one"
    assert said["recorded_at"] == "2026-11-20T07:58:29.500Z"
    assert said["anchor_at"] is None


@pytest.mark.parametrize(
    ("claimed", "doubt"), [("0001-01-01T00:00:00", "before-2012"), ("9999-12-31T23:59:59", "ahead-of-station")]
)
def test_the_ends_of_the_calendar_are_no_time(claimed: str, doubt: str) -> None:
    assert Timing(CHINA, SEEN).of(1, taken(claimed))["time_doubt"] == doubt


def test_a_log_without_a_claim_is_no_task_but_a_recording_is() -> None:
    timing = Timing(CHINA, SEEN)
    assert timing.of(1, taken(None, "log"))["time_doubt"] is None
    assert timing.of(1, taken(None, "photo"))["time_doubt"] == "no-time"
    assert timing.of(1, taken(None, "log", doubt="no-such-time"))["time_doubt"] == "no-time"


def test_a_number_that_goes_up_while_time_goes_back_is_found() -> None:
    assert jumping_back(counted([("0001", "08"), ("0002", "09"), ("0003", "05"), ("0004", "10")])) == {3}


def test_each_folder_and_kind_counts_for_itself() -> None:
    photos = counted([("0001", "20"), ("0002", "21"), ("0003", "22")], kind="photo")
    films = counted([("0004", "08"), ("0005", "09"), ("0006", "10")])
    assert jumping_back([*photos, *films]) == frozenset()
    assert (
        jumping_back([*counted([("0001", "20"), ("0002", "21")]), *counted([("0003", "08")], "DCIM/2")]) == frozenset()
    )


def test_a_count_that_repeats_itself_orders_nothing() -> None:
    assert jumping_back(counted([("0001", "20"), ("0001", "08"), ("0002", "09"), ("0003", "10")])) == frozenset()


def test_a_counter_that_ran_over_goes_on_from_the_beginning() -> None:
    over = [("9997", "08"), ("9998", "09"), ("9999", "10"), ("0001", "11"), ("0002", "12")]
    assert jumping_back(counted(over)) == frozenset()
    assert jumping_back(counted([*over, ("0003", "07")])) == {6}


def test_whole_seconds_are_told_as_such() -> None:
    assert time_text(SEEN) == "2026-11-20T09:00:00Z"
    assert time_text(SEEN + timedelta(microseconds=900)) == "2026-11-20T09:00:00Z"
    assert time_text(SEEN + timedelta(milliseconds=20)) == "2026-11-20T09:00:00.020Z"
