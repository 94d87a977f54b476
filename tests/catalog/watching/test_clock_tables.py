"""Clocks and settled times in the tables of both databases: live, and when the log is folded again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catalog.errors import BadEvent
from catalog.events import RecorderCleared
from catalog.model import ClipQuery
from catalog.store import Catalog
from catalog.watching.events import ClipTimeSettled, ClockMeasured, ClockSet, ClockSettingJudged
from catalog.watching.queries import clock_reading_in, clock_readings_of, clock_settings_of, last_clearing
from tests.simulators.histories import clip_id, ingested, opened, sealed

ONE, TWO = "20261121T013500Z-000001", "20261122T013500Z-000002"


def measured(session: str, at: str, offset_ms: int, **changed: object) -> ClockMeasured:
    facts = {"recorder": "X8123", "recorder_at": "2026-11-21T09:35:00", "uncertainty_ms": 3_000, "method": "log-line"}
    return ClockMeasured(session=session, measured_at=at, offset_ms=offset_ms, **({"synced": True} | facts | changed))  # type: ignore[arg-type]


def test_measurements_come_oldest_first_and_the_newest_when_few_are_asked_for(catalog: Catalog) -> None:
    # A reset clock is off by more than 32 bits of milliseconds.
    catalog.append([opened(ONE), measured(ONE, "2026-11-21T01:35:00Z", -800_000_000_000, synced=None)])
    catalog.append([opened(TWO), measured(TWO, "2026-11-22T01:35:00.250Z", 1_500)])
    assert [one.offset_ms for one in clock_readings_of(catalog, "X8123")] == [-800_000_000_000, 1_500]
    (last,) = clock_readings_of(catalog, "X8123", 1)
    assert (last.measured_at, last.synced) == (datetime(2026, 11, 22, 1, 35, 0, 250_000, tzinfo=UTC), True)
    first = clock_reading_in(catalog, ONE)
    assert first is not None and first.synced is None
    assert clock_reading_in(catalog, "nobody") is None
    assert clock_readings_of(catalog, "X9") == []


def test_a_setting_is_judged_once_it_is_there(catalog: Catalog) -> None:
    with pytest.raises(BadEvent):
        catalog.append([opened(ONE), ClockSettingJudged(ONE, "X8123", "nobody", "yes")])
    told = ClockSet(ONE, "X8123", "2026-11-21T02:00:00Z", "file", "2026-11-21T10:00:00", "TIMESET.TXT")
    catalog.append([opened(ONE), told])
    assert [one.took for one in clock_settings_of(catalog, "X8123")] == [None]
    catalog.append([opened(TWO), ClockSettingJudged(TWO, "X8123", ONE, "no")])
    (setting,) = clock_settings_of(catalog, "X8123")
    assert (setting.took, setting.judged_in, setting.told) == ("no", TWO, "2026-11-21T10:00:00")
    assert list(catalog.differences_from_custody()) == []


def test_the_last_clearing_is_the_newest_that_removed_something(catalog: Catalog) -> None:
    assert last_clearing(catalog, "X8123") is None
    for session, removed in ((ONE, [1]), (TWO, [])):
        catalog.append([opened(session), ingested(session, 1), sealed(session)])
        catalog.append([RecorderCleared(session, "X8123", removed, [], "listing")])
    found = last_clearing(catalog, "X8123")
    assert found is not None and found.id == ONE
    assert last_clearing(catalog, "X9") is None


def test_a_time_that_is_unknown_waits_until_somebody_settles_it(catalog: Catalog) -> None:
    unknown = {"recorded_at": None, "time_doubt": "clock-reset", "claimed_at": "2010-01-01T00:00:00"}
    catalog.append([opened(ONE), ingested(ONE, 1, **unknown), ingested(ONE, 2)])
    waiting = list(catalog.clips(ClipQuery(time_unknown=True)))
    assert [clip.id for clip in waiting] == [clip_id(ONE, 1)]
    likely = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    limits = [f"{likely + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in (-10, 0, 10)]
    catalog.append([ClipTimeSettled(clip_id(ONE, 1), *limits, "watch")], actor="user:li")
    assert list(catalog.clips(ClipQuery(time_unknown=True))) == []
    clip = catalog.find_clip(clip_id(ONE, 1))
    assert (clip.recorded_at, clip.sort_at, clip.time_source) == (likely, likely, "settled")
    assert (clip.anchor_at, clip.recorded_latest) == (likely + timedelta(minutes=10),) * 2
    assert clip.claimed_at == "2010-01-01T00:00:00"
    assert list(catalog.differences_from_custody()) == []
