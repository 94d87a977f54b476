"""What was handed in after the deadline, through the command: by docking, officer and department, for every pack."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.event import Event
from dockd.assembly import reading
from tests.simulators.agency import Command
from tests.simulators.histories import clip_id, ingested, opened, read, sealed
from tests.simulators.keeping import Keeping

# Ten in the morning of a day that is over, in the agency's zone.
WORK = (datetime.now(UTC) - timedelta(days=5)).replace(hour=2, minute=0, second=0, microsecond=0)


def docking(session: str, hours: float, **changed: Any) -> tuple[list[Event], datetime]:
    """A recording of a minute that was made at WORK, and was docked so many hours later."""
    known = {"recorded_at": WORK.isoformat(), "recorded_latest": (WORK + timedelta(minutes=5)).isoformat()}
    clip = ingested(session, 1, **(known | changed))
    events = [opened(session, department=clip.department), clip, sealed(session), read(clip_id(session, 1))]
    return events, WORK + timedelta(hours=hours)


def take_in(command: Command, session: str, hours: float, **changed: Any) -> None:
    events, at = docking(session, hours, **changed)
    with reading(str(command.home / "station")) as there:
        there.station.catalog.append(events, at=at)


@pytest.mark.duty("D02")
@pytest.mark.parametrize(
    ("pack", "in_time", "late"),
    [
        ("changli-water", 13.9, 14.0),
        ("yexian-transport", 13.9, 14.0),
        ("weixian-natural-resources", 13.9, 14.0),
        ("qinghe-market", 24.0, 24.2),
        ("qianxi-baimiaozi", 24.0, 24.2),
    ],
)
def test_what_came_after_the_deadline_of_each_regulation_is_listed(
    quick_path: Path, pack: str, in_time: float, late: float
) -> None:
    station = Keeping.at(quick_path, pack)
    take_in(station, "s1", in_time)
    assert station.ok("session", "late", "--json").json == []
    assert "nothing came late" in station.ok("session", "late").out
    take_in(station, "s2", late)
    (row,) = station.ok("session", "late", "--json").json
    assert (row["session"], row["officer"], row["late"], row["certain"]) == ("s2", "000123", 1, 1)
    assert 0 <= row["late_by_s"] < 700
    (told,) = csv.DictReader(io.StringIO(station.ok("session", "late", "--csv").out))
    assert (told["session"], told["recorder"], told["recordings"]) == ("s2", "X8123", "1")
    assert "1 of 1 late, 1 for certain" in station.ok("session", "late").out


@pytest.mark.duty("D02")
def test_it_is_summed_by_officer_and_by_department(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "qinghe-market")
    take_in(station, "s1", 30, officer="100234")
    take_in(station, "s2", 50, officer="100234", department="城南中队")
    take_in(station, "s3", 26, officer="100235")
    take_in(station, "s4", 3, officer="100236")
    by_officer = station.ok("session", "late", "--by", "officer", "--json").json
    assert [(one["name"], one["dockings"], one["late"]) for one in by_officer] == [("100234", 2, 2), ("100235", 1, 1)]
    assert by_officer[0]["late_by_s"] // 3600 == 25
    by_department = station.ok("session", "late", "--by", "department", "--json").json
    assert {one["name"]: one["late"] for one in by_department} == {"城关中队": 2, "城南中队": 1}
    assert "2 late in 2 dockings" in station.ok("session", "late", "--by", "officer").out
    only = station.ok("session", "late", "--officer", "100235", "--json").json
    assert [one["session"] for one in only] == ["s3"]
    only = station.ok("session", "late", "--department", "城南中队", "--json").json
    assert [one["session"] for one in only] == ["s2"]
    day = f"{WORK + timedelta(days=2):%Y-%m-%d}"
    assert [one["session"] for one in station.ok("session", "late", "--since", day, "--json").json] == ["s2"]
    before = {one["session"] for one in station.ok("session", "late", "--until", day, "--json").json}
    assert before == {"s1", "s3"}


def test_a_doubtful_clock_accuses_nobody_for_certain(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "qinghe-market")
    take_in(station, "s1", 30, recorded_latest=(WORK + timedelta(hours=20)).isoformat())
    take_in(station, "s2", 30, recorded_latest=None)
    take_in(station, "s3", 30, recorded_at=None, recorded_latest=None, time_doubt="clock-reset")
    ran = station.ok("session", "late", "--json")
    rows = [line for line in ran.out.splitlines() if '"certain"' in line]
    assert [line.strip() for line in rows] == ['"certain": 0,', '"certain": 0,']
    assert "1 recording was not judged" in ran.out


def test_a_pack_without_a_deadline_says_so(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "illinois-50-ilcs-706")
    take_in(station, "s1", 90)
    ran = station.ok("session", "late")
    assert "sets no deadline" in ran.out


def test_the_list_shows_what_is_within_reach(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "qinghe-market", people=True)
    take_in(station, "s1", 30, officer="100234")
    take_in(station, "s2", 30, officer="100235", department="城南中队")
    seen = {who: station.ok("session", "late", "--json", by=who).json for who in ("zhang", "south", "boss")}
    assert {who: [one["session"] for one in rows] for who, rows in seen.items()} == {
        "zhang": ["s1"],
        "south": ["s2"],
        "boss": ["s1", "s2"],
    }
