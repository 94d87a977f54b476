"""What screens get to read, and how fresh it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dockd.bays.bay import Bay, State
from dockd.bays.slotfile import KEPT_FRESH_S, STALE_S, as_of
from dockd.bays.wall import REFRESH_S, Face, Wall
from dockd.results import Progress
from dockd.usb import Seen

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEEN = Seen("sdb1", "sdb", "p/1", "46f4:0001:BWC0001", ("080650",), "vfat", "BWC", 7, 1000)
IDLE = Bay("p/1", 3)
COPYING = replace(IDLE, state=State.COPYING, current=SEEN)


class Screen:
    """A wall, a clock that both it and we can see, and what a screen reads."""

    def __init__(self, run_dir: Path) -> None:
        (run_dir / "slots").mkdir()
        self.file = run_dir / "slots/3.json"
        self.now_s = 100.0
        self.wall = Wall(str(run_dir), lambda: NOON + timedelta(seconds=self.now_s))

    def show(self, bay: Bay, progress: Progress, *, after_s: float = 0.0, fault: str = "") -> bool:
        """Show a bay so much later; whether its file was written anew."""
        self.now_s += after_s
        self.file.unlink(missing_ok=True)
        self.wall.show(Face(bay, progress, NOON), fault, self.now_s)
        return self.file.exists()

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found


@pytest.fixture
def screen(tmp_path: Path) -> Screen:
    return Screen(tmp_path)


def test_a_bay_at_rest_is_written_when_it_changes_and_often_enough_not_to_look_dead(screen: Screen) -> None:
    progress = Progress(None)
    assert screen.show(IDLE, progress)
    assert not screen.show(IDLE, progress, after_s=KEPT_FRESH_S - 1)
    assert screen.show(IDLE, progress, after_s=1)
    assert screen.show(replace(IDLE, state=State.TAKE_IT, current=SEEN), progress)
    assert KEPT_FRESH_S * 2 < STALE_S


def test_a_bay_at_work_is_never_half_a_second_behind(screen: Screen) -> None:
    progress = Progress(3)
    progress.total_bytes = 4000
    screen.show(COPYING, progress)
    progress.done_bytes = 1000
    assert screen.show(COPYING, progress, after_s=REFRESH_S)
    assert REFRESH_S <= 0.5
    said = screen.read()
    assert (said["bytes"], said["rate"], said["left_s"]) == (1000, 4000, 0)


def test_a_station_that_takes_nothing_in_says_so_on_its_empty_bays(screen: Screen) -> None:
    screen.show(IDLE, Progress(None), fault="the vault is full")
    assert [screen.read()[name] for name in ("state", "reason", "detail")] == [
        "fault", "station-fault", "the vault is full"
    ]  # fmt: skip


def test_what_is_off_stays_off_and_all_else_is_worth_nothing_once_it_is_old(screen: Screen) -> None:
    screen.show(COPYING, Progress(3))
    left = screen.read()
    at = datetime.fromisoformat(left["at"])
    assert as_of(left, at + timedelta(seconds=STALE_S)) == left
    for moment in (at + timedelta(seconds=STALE_S + 1), at - timedelta(seconds=STALE_S + 1)):
        stale = as_of(left, moment)
        assert (stale["state"], stale["reason"], stale["detail"]) == ("no-word", "service-silent", left["at"])
    screen.wall.turn_off([Face(COPYING, Progress(3), NOON)])
    off = screen.read()
    assert (off["state"], off["reason"]) == ("off", "service-stopped")
    assert as_of(off, at + timedelta(days=1)) == off
