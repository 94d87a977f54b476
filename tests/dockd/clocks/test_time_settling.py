"""What a person says of a time: spans, limits, and what cannot have been."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.model import Clip
from dockd.clocks.settling import NotSo, Settled, at, shift, shifted, span
from tests.dockd.gaps.test_gap_segments import clip as clip_of

CHINA = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
TEN_MINUTES = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("10m", timedelta(minutes=10)), ("1d4h", timedelta(days=1, hours=4)), ("90s", timedelta(seconds=90)),
        ("2h30m5s", timedelta(hours=2, minutes=30, seconds=5)), ("", None), ("10", None), ("m", None),
        ("10m5h", None), ("-10m", None), ("１０m", None), ("9999999d", None),
    ],
)  # fmt: skip
def test_a_span_is_days_hours_minutes_seconds_in_this_order(text: str, length: timedelta | None) -> None:
    assert span(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("+3650d4h", timedelta(days=3650, hours=4)), ("-30m", -timedelta(minutes=30)), ("3650d", None), ("+", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_shift_has_its_sign(text: str, length: timedelta | None) -> None:
    assert shift(text) == length


def clip(claimed: str | None = "2010-01-01T00:10:00", seen: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC)) -> Clip:
    return clip_of(claimed_at=claimed, ingested_at=seen)


def test_the_latest_is_never_after_it_was_first_seen() -> None:
    said = at(clip(), datetime(2026, 11, 20, 16, 55), CHINA, TEN_MINUTES)
    assert isinstance(said, Settled)
    assert said.likely == datetime(2026, 11, 20, 8, 55, tzinfo=UTC)
    assert said.earliest == said.likely - TEN_MINUTES
    assert said.latest == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_of_an_hour_that_came_twice_the_later_one_counts() -> None:
    said = at(clip(), datetime(2026, 10, 25, 2, 30), BERLIN, TEN_MINUTES)
    assert isinstance(said, Settled) and said.likely == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "why"),
    [
        (datetime(2026, 11, 20, 17, 0, 1), "after-first-seen"), (datetime(9999, 12, 31, 23), "after-first-seen"),
        (datetime(2011, 12, 31), "before-2012"), (datetime(1, 1, 1), "before-2012"),
        (datetime(2012, 1, 1, 8, 5), "before-2012"),
    ],
)  # fmt: skip
def test_what_cannot_have_been_is_told_with_its_reason(local: datetime, why: str) -> None:
    said = at(clip(), local, CHINA, TEN_MINUTES)
    assert isinstance(said, NotSo) and said.why == why


def test_a_shift_counts_from_the_claim() -> None:
    said = shifted(clip(), timedelta(days=6000), CHINA, TEN_MINUTES)
    assert isinstance(said, Settled) and said.likely == datetime(2026, 6, 5, 16, 10, tzinfo=UTC)
    none = shifted(clip(None), timedelta(days=6000), CHINA, TEN_MINUTES)
    assert isinstance(none, NotSo) and none.why == "no-claim"
    for by, why in ((timedelta(days=3_000_000), "after-first-seen"), (-timedelta(days=800_000), "before-2012")):
        beyond = shifted(clip(), by, CHINA, TEN_MINUTES)
        assert isinstance(beyond, NotSo) and beyond.why == why
