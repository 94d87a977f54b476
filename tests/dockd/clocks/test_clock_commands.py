"""Clocks and unknown times as people and scripts meet them: real commands on a real home."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from catalog.watching.events import ClipTimeSettled
from dockd.docking import Docking
from dockd.exits import Exit
from dockd.listing import Volume
from dockd.results import Progress
from tests.simulators.agency import Command
from tests.simulators.quick import quick_folder
from tests.simulators.worn import ORDER, SERIAL, Worn, docked, knows_worn, station_at

MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS = 12


@pytest.fixture(scope="module")
def fleet() -> Iterator[Command]:
    """A station that saw one recorder for twelve days, 5 s a day fast; tests here only read it."""
    with quick_folder() as root:
        yield _fleet(root)


def _fleet(root: Path) -> Command:
    dockd = Command(root)
    dockd.ok("init", "--yes", "--department", "城关中队")
    knows_worn(root / "station")
    worn = Worn(root / "card", offset=timedelta(seconds=40), drift_s_per_day=5.0, set_at=MONDAY)
    for day in range(DAYS):
        worn.records(MONDAY + day * DAY - HOUR)
        docked(root / "station", worn, MONDAY + day * DAY)
    return dockd


@pytest.fixture
def reset(quick_path: Path) -> tuple[Command, dict[str, datetime]]:
    """A station that took in a recorder whose clock had started anew in 2016, and when its recordings really were."""
    dockd = Command(quick_path)
    dockd.ok("init", "--yes", "--department", "城关中队")
    knows_worn(quick_path / "station")
    worn = Worn(quick_path / "card")
    docked(quick_path / "station", worn, MONDAY)
    worn.loses_power(MONDAY + HOUR, datetime(2016, 1, 1, 8, 0))
    for hours in (2, 3, 5):
        worn.records(MONDAY + hours * HOUR)
    docked(quick_path / "station", worn, MONDAY + DAY)
    return dockd, worn.truth


def videos(dockd: Command, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dockd.ok("clip", "list", "--kind", "video", "--json", *options).json
    return found


# ------------------------------------------------------------------------------------------------------------ clocks


@pytest.mark.duty("D10")
def test_the_error_and_the_drift_of_a_recorders_clock_are_listed_against_the_standard(fleet: Command) -> None:
    (row,) = fleet.ok("recorder", "clock", "--json").json
    assert (row["recorder"], row["method"], row["synced"], row["one_sided"]) == (SERIAL, "log-line", True, False)
    assert abs(row["offset_ms"] - 95_000) <= row["uncertainty_ms"]
    assert abs(row["drift_s_per_day"] - 5.0) <= row["drift_uncertainty_s_per_day"] < 2.0
    assert row["drift_beyond_standard"] is True
    text = fleet.ok("recorder", "clock").out
    assert "+95.0 s ± 3.0 s" in text and "station clock synchronised" in text
    assert "more than the 3 s allowed" in text


def test_one_recorder_is_told_with_every_measurement(fleet: Command) -> None:
    told = fleet.ok("recorder", "clock", SERIAL, "--json").json
    assert len(told["measurements"]) == DAYS
    assert told["settings"] == []
    rows = list(csv.DictReader(io.StringIO(fleet.ok("recorder", "clock", SERIAL, "--csv").out)))
    assert [int(row["offset_ms"]) for row in rows] == [one["offset_ms"] for one in told["measurements"]]
    text = fleet.ok("recorder", "clock", SERIAL).out
    assert "▁" in text and "█" in text and text.count("line in its log") == DAYS + 1


def test_a_clock_is_drawn_and_no_file_replaced(fleet: Command, tmp_path: Path) -> None:
    path = tmp_path / "clock.svg"
    fleet.ok("recorder", "clock", SERIAL, "--plot", str(path))
    (line,) = ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}polyline")
    assert len(line.attrib["points"].split()) == DAYS
    again = fleet("recorder", "clock", SERIAL, "--plot", str(path))
    assert again.code == Exit.USAGE and "is not replaced" in again.told
    assert fleet("recorder", "clock", "--plot", str(tmp_path / "other.svg")).code == Exit.USAGE


def test_an_unknown_recorder_is_told_as_one(fleet: Command) -> None:
    assert fleet("recorder", "clock", "nobody").code == Exit.NOT_FOUND


@pytest.mark.duty("D10")
def test_the_error_is_kept_with_every_clip(fleet: Command) -> None:
    clips = videos(fleet)
    assert len(clips) == DAYS
    assert {clip["time_basis"] for clip in clips[1:]} == {"both"}
    told = fleet.ok("clip", "time", clips[-1]["id"]).out
    assert "its clock was measured at the dockings before and after" in told
    assert told.count("line in its log") == 2
    document = fleet.ok("clip", "time", clips[-1]["id"], "--json").json
    assert document["clock_after"]["offset_ms"] - document["clock_before"]["offset_ms"] == 5_000
    assert document["claimed_at"] == clips[-1]["claimed_at"]
    shown = fleet.ok("clip", "show", clips[-1]["id"], "--json").json
    assert shown["recorded_earliest"] < shown["recorded_at"] < shown["recorded_latest"] == shown["anchor_at"]


@pytest.mark.duty("D10")
def test_a_clock_is_set_when_the_recorder_is_cleared_and_it_is_known_whether_that_took(quick_path: Path) -> None:
    dockd = Command(quick_path)
    dockd.ok("init", "--yes", "--department", "城关中队")
    knows_worn(quick_path / "station")
    worn = Worn(quick_path / "card", offset=-3 * HOUR)
    worn.records(datetime.now(UTC) - 2 * HOUR)
    # The command itself: of a folder nobody knows when it was plugged in, so its clock is not known to be right.
    dockd.ok("dock", "--clear", "after-verify", "--facts", "later", str(worn.card))
    assert (worn.card / ORDER).exists()
    assert dockd.ok("recorder", "clock", SERIAL, "--json").json["set_took"] is None
    worn.switched_on(datetime.now(UTC))
    docked(quick_path / "station", worn, datetime.now(UTC) + HOUR)
    told = dockd.ok("recorder", "clock", SERIAL, "--json").json
    assert (told["set_took"], told["set_by"], len(told["settings"])) == ("yes", ORDER, 1)
    assert abs(told["offset_ms"]) < 60_000
    assert f"by {ORDER}: took" in dockd.ok("recorder", "clock", SERIAL).out


def test_a_folder_docked_by_hand_says_only_how_far_its_clock_had_got(quick_path: Path) -> None:
    dockd = Command(quick_path)
    dockd.ok("init", "--yes")
    knows_worn(quick_path / "station")
    worn = Worn(quick_path / "card", logs=False)
    worn.records(datetime.now(UTC) - 2 * HOUR)
    dockd.ok("dock", "--facts", "later", str(worn.card))
    assert "≥ -2:00:0" in dockd.ok("recorder", "clock").out


def test_files_of_a_drop_folder_have_no_clock(quick_path: Path) -> None:
    dockd = Command(quick_path)
    dockd.ok("init", "--yes")
    knows_worn(quick_path / "station")
    worn = Worn(quick_path / "card")
    name = worn.records(MONDAY - HOUR)
    with station_at(quick_path / "station", MONDAY) as station, Volume.open(station.files, str(worn.card)) as volume:
        Docking(
            station, str(worn.card), slot=None, progress=Progress(None), stop=threading.Event(),
            only=frozenset({name.encode()}), source_name="voice",
        ).run(volume)  # fmt: skip
    (clip,) = videos(dockd)
    assert (clip["time_basis"], clip["recorded_at"], clip["anchor_at"]) == ("none", "2026-10-05T08:00:00+00:00", None)
    assert "never measured" in dockd.ok("recorder", "clock").out


# ----------------------------------------------------------------------------------------------------- unknown times


@pytest.mark.duty("D10")
def test_recordings_of_a_clock_that_started_anew_wait_for_a_person(reset: tuple[Command, dict[str, datetime]]) -> None:
    dockd, truth = reset
    waiting = videos(dockd, "--time-unknown")
    assert {clip["name"] for clip in waiting} == set(truth)
    assert {(clip["recorded_at"], clip["time_doubt"]) for clip in waiting} == {(None, "clock-reset")}
    first = min(waiting, key=lambda clip: str(clip["claimed_at"]))
    said = dockd.ok("clip", "time", first["id"]).out
    assert "time unknown: its clock had started anew" in said
    assert "claimed by the recorder: 2016-01-01 09:00:00" in said
    assert "time unknown: " in dockd.ok("clip", "show", first["id"]).out


@pytest.mark.duty("D10")
def test_a_reset_clock_is_settled_for_a_whole_session_by_one_shift(reset: tuple[Command, dict[str, datetime]]) -> None:
    dockd, truth = reset
    session = videos(dockd, "--time-unknown")[0]["session"]
    # 08:00 of 2016-01-01 stands for 18:00 of 2026-10-05, both by the wall clock.
    by = datetime(2026, 10, 5, 18) - datetime(2016, 1, 1, 8)
    shift = f"+{by.days}d{by.seconds // 3600}h"
    asked = ["clip", "settle-time", "--session", session, "--shift", shift, "--reason", "时钟复位，按出警记录"]
    dry = dockd.ok(*asked, "--dry-run").out
    assert dry.count("2016-01-01T") == 3 and dry.count(" → 2026-10-05 ") == 3 and "nothing was changed" in dry
    assert len(videos(dockd, "--time-unknown")) == 3
    assert "3 recordings settled" in dockd.ok(*asked).out
    assert videos(dockd, "--time-unknown") == []
    for clip in videos(dockd):
        assert datetime.fromisoformat(clip["recorded_at"]) == truth[clip["name"]]
        assert clip["claimed_at"].startswith("2016-01-01T")
        assert datetime.fromisoformat(clip["anchor_at"]) == truth[clip["name"]] + timedelta(minutes=10)
        assert (clip["time_source"], clip["time_doubt"]) == ("settled", None)
    log = [json.loads(line) for line in dockd.ok("custody", "show", "--json").out.splitlines()]
    settled = [entry for entry in log if entry["kind"] == ClipTimeSettled.KIND]
    assert {entry["data"]["reason"] for entry in settled} == {"时钟复位，按出警记录"}
    assert all(entry["actor"] != "dockd" for entry in settled) and len(settled) == 3
    told = dockd.ok("clip", "time", settled[0]["data"]["clip"]).out
    assert "时钟复位，按出警记录" in told
    assert dockd.ok("verify", "--all", "--json").json == []


@pytest.mark.parametrize("at_once", [False, True])
def test_one_recording_is_settled_within_limits_and_never_later_than_it_was_seen(
    reset: tuple[Command, dict[str, datetime]], at_once: bool
) -> None:
    dockd, _truth = reset
    clip = videos(dockd, "--time-unknown")[0]
    when, within = ("2026-10-06 16:59", "2h") if at_once else ("2026-10-05 19:30", "90s")
    dockd.ok("clip", "settle-time", clip["id"], "--at", when, "--within", within, "--reason", "出警记录")
    row = dockd.ok("clip", "show", clip["id"], "--json").json
    assert row["recorded_at"] == ("2026-10-06T08:59:00+00:00" if at_once else "2026-10-05T11:30:00+00:00")
    latest = datetime.fromisoformat(row["recorded_latest"])
    seen = datetime.fromisoformat(dockd.ok("clip", "time", clip["id"], "--json").json["ingested_at"])
    assert latest <= seen
    assert row["anchor_at"] == row["recorded_latest"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--at", "2026-10-07", "--reason", "r"), "after it was taken in"),
        (("--at", "1926-10-05", "--reason", "r"), "before 2012"),
        (("--at", "2026-10-05", "--reason", "  "), "--reason"),
        (("--shift", "+9999999d", "--reason", "r"), "span of time"),
        (("--shift", "+999999d", "--reason", "r"), "after it was taken in"),
        (("--shift", "3650d", "--reason", "r"), "span of time"),
        (("--at", "2026-10-05", "--within", "soon", "--reason", "r"), "span of time"),
        (("--at", "2026-10-05", "--shift", "+1d", "--reason", "r"), "--shift"),
        (("--reason", "r"), "--at"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(
    reset: tuple[Command, dict[str, datetime]], options: tuple[str, ...], word: str
) -> None:
    dockd, _truth = reset
    clip = videos(dockd, "--time-unknown")[0]
    ran = dockd("clip", "settle-time", clip["id"], *options)
    assert ran.code == Exit.USAGE and word in ran.told, ran
    assert len(videos(dockd, "--time-unknown")) == 3


def test_several_are_settled_by_a_shift_alone_and_a_session_only_where_there_is_something(
    reset: tuple[Command, dict[str, datetime]],
) -> None:
    dockd, _truth = reset
    two = [clip["id"] for clip in videos(dockd, "--time-unknown")[:2]]
    assert dockd("clip", "settle-time", *two, "--at", "2026-10-05", "--reason", "r").code == Exit.USAGE
    dockd.ok("clip", "settle-time", *two, "--shift", "+3930d", "--reason", "r")
    first = dockd.ok("session", "list", "--json").json[-1]["session"]
    assert dockd("clip", "settle-time", "--session", first, "--shift", "+1d", "--reason", "r").code == Exit.USAGE
