"""Questions about health and traces, on both databases: as they were told, and in one query for a whole fleet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from catalog.store import Catalog
from catalog.watching.events import DutyJudged, GapExplained, GapFound, HealthRead, NewerFilesSeen
from catalog.watching.queries import health_lately, health_of, last_verdict, last_verdicts, open_gaps, traces_found
from tests.simulators.histories import clip_id, digest, ingested, opened, resolved, sealed

T0 = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def docked(catalog: Catalog, recorder: str, day: int, **values: Any) -> str:
    """A docking with a reading, and a verdict where `fit` is among the values."""
    session = f"{recorder}-{day:03d}"
    at = (T0 + timedelta(days=day)).isoformat()
    fit = values.pop("fit", None)
    low = {"quantity": "battery_percent", "value": "12", "limit": "15", "at": None}
    judged = [] if fit is None else [DutyJudged(session, recorder, fit, [] if fit else [low], [])]
    catalog.append([opened(session, recorder=recorder), HealthRead(session, recorder, at, **values), *judged])
    return session


def test_a_reading_comes_back_as_it_was_told(catalog: Catalog) -> None:
    told = {"battery_percent": 44, "cycles": 3, "voltage_mv": 3_900, "storage_free_bytes": 2**40, "read_errors": 0}
    docked(catalog, "X1", 0, **told, firmware="V1", clock_error_ms=-5_000)
    (one,) = health_of(catalog, "X1")
    assert (one.read_at, one.firmware, one.clock_error_ms, one.read_rate_bytes_s) == (T0, "V1", -5_000, None)
    assert {name: getattr(one, name) for name in told} == told
    assert list(catalog.differences_from_custody()) == []


def test_the_fleet_is_told_by_one_query_the_newest_readings_of_each(catalog: Catalog) -> None:
    for day in range(5):
        for recorder in ("X1", "X2", "甲-7"):
            docked(catalog, recorder, day, battery_percent=day)
    docked(catalog, "X3", 9)
    asked: list[str] = []
    event.listen(catalog._engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    fleet = health_lately(catalog, 3)
    assert len([one for one in asked if "health_readings" in one]) == 1
    assert {name: [one.battery_percent for one in readings] for name, readings in fleet.items()} == {
        "X1": [2, 3, 4],
        "X2": [2, 3, 4],
        "X3": [None],
        "甲-7": [2, 3, 4],
    }


def test_the_last_word_of_a_session_and_of_a_recorder_counts(catalog: Catalog) -> None:
    docked(catalog, "X1", 0, fit=True)
    session = docked(catalog, "X1", 1, fit=False)
    docked(catalog, "X2", 0, fit=True)
    assert {name: one.fit for name, one in last_verdicts(catalog).items()} == {"X1": False, "X2": True}
    catalog.append([DutyJudged(session, "X1", True, [], [])])
    verdict = last_verdict(catalog, "X1")
    assert verdict is not None and verdict.fit and verdict.reasons == []
    assert last_verdict(catalog, "X9") is None
    assert list(catalog.differences_from_custody()) == []


def test_open_gaps_are_those_that_nobody_explained(catalog: Catalog) -> None:
    session = docked(catalog, "X1", 0)
    for gap in ("g1", "g2"):
        kind = "between-segments"
        catalog.append([GapFound(gap, session, "X1", kind, None, None, None, None, None, 0, [])])
    assert (open_gaps(catalog, "X1"), open_gaps(catalog, "X2")) == (2, 0)
    catalog.append([GapExplained("g1", "li", "officer", text="battery changed")])
    assert open_gaps(catalog, "X1") == 1


def test_traces_are_told_with_who_had_the_recorder_and_where_the_copy_lies(catalog: Catalog) -> None:
    catalog.append(
        [
            opened("s1", on_recorder=5),
            NewerFilesSeen("s1", "X8123", [{"seq": 4, "path": "a.mp4", "modified_at": "2027-01-01T00:00:00Z"}]),
            resolved("s1", 1, "quarantined", path=".DS_Store", reason="foreign-trace **/.DS_Store"),
            resolved("s1", 2, "quarantined", path="x.exe", reason="rogue-executable named exe"),
            resolved("s1", 3, "quarantined", path="what.xyz", reason="unknown-kind"),
            ingested("s1", 4, path="a.mp4"),
            resolved("s1", 5, "quarantined", path="y.exe", reason="quarantined-before"),
            sealed("s1"),
        ]
    )
    found = traces_found(catalog)
    assert [(one.seq, one.what, one.about) for one in found] == [
        (1, "foreign-trace", "**/.DS_Store"),
        (2, "rogue-executable", "named exe"),
        (4, "newer-than-docking", "2027-01-01T00:00:00.000000Z"),
    ]
    assert {(one.recorder, one.officer, one.session) for one in found} == {("X8123", "000123", "s1")}
    assert found[0].vault_path == "quarantine/X8123/2026-11-21/s1/clips/LOG/1.txt"
    assert (found[2].digest, found[2].vault_path) == (ingested("s1", 4).digests["b3"], ingested("s1", 4).vault_path)
    assert traces_found(catalog, recorder="X9") == []
    assert traces_found(catalog, since=found[0].docked_at) == found
    assert traces_found(catalog, since=found[0].docked_at + timedelta(seconds=1)) == []
    assert list(catalog.differences_from_custody()) == []


def test_a_file_that_stays_on_the_card_is_told_once(catalog: Catalog) -> None:
    seen = [{"seq": 1, "path": "a.mp4", "modified_at": "2027-01-01T00:00:00Z"}]
    catalog.append([opened("s1"), NewerFilesSeen("s1", "X8123", seen), ingested("s1", 1, path="a.mp4"), sealed("s1")])
    held = resolved("s2", 1, "already-held", path="a.mp4", clip=clip_id("s1", 1), digest=digest("s1", 1))
    catalog.append([opened("s2"), NewerFilesSeen("s2", "X8123", seen), held, sealed("s2")])
    assert [one.session for one in traces_found(catalog)] == ["s1"]


def test_a_time_that_no_calendar_has_is_no_time(catalog: Catalog) -> None:
    seen = [{"seq": 1, "path": "a.mp4", "modified_at": None}]
    catalog.append([opened("s1"), NewerFilesSeen("s1", "X8123", seen), ingested("s1", 1, path="a.mp4")])
    assert [one.about for one in traces_found(catalog)] == [""]
