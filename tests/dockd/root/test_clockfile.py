"""The recorder's clock is set last, from the station's, by a file that is nobody's recording."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from dockd.root.wipelist import Clock, ClockSet
from hashing.filecalls import OsFileCalls
from retention.clearing import Doubt
from tests.simulators.loop_bay import CLIPS, CONTENTS, LoopBay, clock_order, mounts_of

NOON_TEXT = b"2026-11-20 12:00:07\n"


def test_the_clock_file_holds_the_stations_local_time_and_the_outcome_utc(docked: LoopBay) -> None:
    docked.ask(clock=clock_order())
    outcome = docked.clear()
    assert (len(outcome.removed), outcome.fault) == (3, None)
    assert outcome.clock == ClockSet("TIMESET.TXT", "2026-11-20T04:00:07Z")
    assert docked.on_card()["TIMESET.TXT"] == NOON_TEXT
    assert mounts_of(docked.card.name) == []


def test_the_clock_file_shows_the_wall_clock_of_the_recorders_zone(docked: LoopBay) -> None:
    docked.ask(clock=Clock("TIMESET.TXT", "%Y-%m-%d %H:%M:%S", "Europe/London"))
    assert docked.clear().clock == ClockSet("TIMESET.TXT", "2026-11-20T04:00:07Z")
    assert docked.on_card()["TIMESET.TXT"] == b"2026-11-20 04:00:07\n"


def test_a_clock_is_set_where_nothing_is_to_be_removed(docked: LoopBay) -> None:
    docked.ask(remove=(), clock=Clock("time.txt", "%Y/%m/%d %H:%M:%S"))
    outcome = docked.clear()
    assert (outcome.removed, outcome.kept, outcome.confirmed_by) == ((), (), "nothing-removed")
    assert docked.on_card() == {**CONTENTS, "time.txt": b"2026/11/20 12:00:07\n"}


def test_an_order_that_the_recorder_did_not_obey_is_replaced(docked: LoopBay, bay: LoopBay) -> None:
    docked.ask(clock=clock_order())
    docked.clear()
    docked.dock(seed=1)
    docked.ask(clock=clock_order())
    assert docked.clear().clock == ClockSet("TIMESET.TXT", "2026-11-20T04:00:07Z")
    assert docked.on_card()["TIMESET.TXT"] == NOON_TEXT


@pytest.mark.parametrize("content", [b"this is evidence", b"0" * 129, b"\0"])
def test_a_file_of_that_name_that_is_no_order_is_left_alone(docked: LoopBay, content: bytes) -> None:
    note = docked.root / "note"
    note.write_bytes(content)
    docked.plug_again(f"write {note} /TIMESET.TXT")
    docked.dock(seed=1)
    docked.ask(remove=(), clock=clock_order())
    outcome = docked.clear()
    assert (outcome.clock, outcome.fault) == (None, "clock: clock-name-taken: TIMESET.TXT")
    assert docked.on_card()["TIMESET.TXT"] == content


@pytest.mark.parametrize(
    "clock",
    [
        Clock("../TIMESET.TXT", "%Y"), Clock("DCIM/x", "%Y"), Clock("", "%Y"), Clock(".", "%Y"), Clock("a b", "%Y"),
        Clock("TIMESET.TXT", "%Z"), Clock("TIMESET.TXT", "%Y\n%Y"), Clock("TIMESET.TXT", ""),
        Clock("TIMESET.TXT", "%Y", "Mars/Olympus"), Clock("TIMESET.TXT", "%Y", "../../etc/localtime"),
        Clock("TIMESET.TXT", "%s rm"), Clock("TIMESET.TXT", "%Y" * 100), Clock("TIMESET.TXT", "%-Y" + "%"),
    ],
)  # fmt: skip
def test_an_order_that_is_none_refuses_the_whole_list(docked: LoopBay, clock: Clock) -> None:
    docked.ask(clock=clock)
    outcome = docked.clear()
    assert outcome.fault is not None and "clock" in outcome.fault
    assert docked.on_card() == CONTENTS


def test_the_clock_of_a_doubtful_card_is_not_set(docked: LoopBay) -> None:
    docked.plug_again(f"sif /{CLIPS[0]} flags 0x80010")  # EXT4_EXTENTS_FL, EXT4_IMMUTABLE_FL
    docked.ask(clock=clock_order())
    outcome = docked.clear()
    assert outcome.kept == ((docked.listed().remove[0].seq, Doubt.REMOVAL_FAILED.value),)
    assert outcome.clock is None
    assert "TIMESET.TXT" not in docked.on_card()


def test_nothing_is_written_on_a_card_that_changed(docked: LoopBay) -> None:
    first, *rest = docked.listed().listing
    docked.ask(remove=(), clock=clock_order(), listing=(replace(first, mtime_ns=1), *rest))
    outcome = docked.clear()
    assert (outcome.clock, outcome.fault) == (None, Doubt.LISTING_CHANGED.value)
    assert docked.on_card() == CONTENTS


@pytest.mark.contract("P5")
def test_a_clock_file_that_did_not_reach_the_card_is_not_reported_as_set(docked: LoopBay) -> None:
    class FullCard(OsFileCalls):
        def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:  # type: ignore[override]
            if os.readlink(f"/proc/self/fd/{fd}").endswith("TIMESET.TXT"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return os.pwrite(fd, data, offset)

    docked.ask(clock=clock_order())
    outcome = docked.clear(files=FullCard())
    # What was removed is removed all the same, and confirmed before the clock's turn came.
    assert (len(outcome.removed), outcome.confirmed_by) == (3, "remount")
    assert outcome.clock is None
    assert outcome.fault is not None and outcome.fault.startswith("clock: [Errno 28]")
