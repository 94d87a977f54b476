"""A bay's life, told as events and acts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockd.bays.bay import BUSY, Bay, Rules, State, next_to_copy, step
from dockd.bays.events import (
    Act,
    Began,
    Clear,
    Cleared,
    Dock,
    Docked,
    Failed,
    Happened,
    Mount,
    Mounted,
    Refuse,
    Release,
    RulesChanged,
    Talk,
    TalkEnded,
    Why,
)
from dockd.usb import Gone, Seen

KEY = "46f4:0001:BWC0001"
FIRST = Seen("sdb1", "sdb", "p/1", KEY, ("080650",), "vfat", "BWC", 7, 1000)
SECOND = replace(FIRST, name="sdb2")
KEYBOARD = Seen("usb:1-1", "", "p/1", "0627:0001:-", ("030101",), None, None, None, 0)
RULES = Rules(frozenset({KEY}))
EMPTY = Bay("p/1", 3)


def after(*events: Happened, bay: Bay = EMPTY, rules: Rules = RULES) -> tuple[Bay, list[Act]]:
    """The bay after all these, and the acts of the last one."""
    acts: list[Act] = []
    for event in events:
        bay, acts = step(bay, event, rules)
    return bay, acts


COPIED = (FIRST, Mounted("sdb1", "/v"), Began("sdb1"))


def test_an_enrolled_recorder_is_mounted_copied_and_may_be_taken() -> None:
    bay, acts = after(FIRST)
    assert (bay.state, acts) == (State.MOUNTING, [Mount(FIRST)])
    bay, acts = after(Mounted("sdb1", "/v"), bay=bay)
    assert (bay.state, acts) == (State.WAITING, [Dock(FIRST, "/v")])
    bay, acts = after(Began("sdb1"), bay=bay)
    assert (bay.state, acts) == (State.COPYING, [])
    bay, acts = after(Docked("sdb1", True, 0, False), bay=bay)
    assert (bay.state, acts) == (State.TAKE_IT, [Release(FIRST)])
    bay, acts = after(Gone("sdb1"), bay=bay)
    assert bay == EMPTY and acts == []


def test_a_recorder_is_cleared_only_after_a_complete_session_without_failures() -> None:
    assert after(*COPIED, Docked("sdb1", True, 0, True))[1] == [Clear(FIRST)]
    for complete, failed in ((True, 1), (False, 0), (False, 2)):
        bay, acts = after(*COPIED, Docked("sdb1", complete, failed, True))
        assert (bay.state, acts) == (State.FAULT, [Release(FIRST)])


def test_recordings_that_stay_after_clearing_are_told_and_the_recorder_may_be_taken() -> None:
    bay, acts = after(*COPIED, Docked("sdb1", True, 0, True), Cleared("sdb1", 2))
    assert (bay.state, bay.why, bay.detail, acts) == (State.TAKE_IT, Why.NOT_CLEARED, "2", [Release(FIRST)])


def test_an_unknown_recorder_is_not_mounted_and_goes_on_once_enrolled() -> None:
    bay, acts = after(FIRST, rules=Rules(frozenset()))
    assert (bay.state, acts) == (State.UNKNOWN, [])
    assert after(RulesChanged(), bay=bay, rules=Rules(frozenset())) == (bay, [])
    assert after(RulesChanged(), bay=bay)[1] == [Mount(FIRST)]


def test_a_keyboard_in_a_bay_is_refused_and_recorded() -> None:
    bay, acts = after(KEYBOARD)
    assert bay.state is State.REFUSED
    assert acts == [Refuse(KEYBOARD, "interfaces: keyboard or mouse")]
    assert after(Gone("usb:1-1"), bay=bay)[0] == EMPTY


def test_a_refused_volume_is_put_on_record_once_a_plugging_however_often_udev_tells_of_it() -> None:
    ntfs = replace(SECOND, filesystem="ntfs")
    bay, acts = after(FIRST, ntfs)
    assert (bay.state, acts) == (State.MOUNTING, [Refuse(ntfs, "file system: ntfs")])
    assert after(ntfs, ntfs, bay=bay) == (bay, [])
    # Refused first, with the good volume after it; and beside a keyboard in the same stick.
    bay, acts = after(ntfs, FIRST)
    assert acts == [Mount(FIRST)]
    assert after(ntfs, bay=bay) == (bay, [])
    bay, _ = after(KEYBOARD, ntfs, KEYBOARD)
    assert after(KEYBOARD, bay=bay) == after(ntfs, bay=bay) == (bay, [])
    again = replace(ntfs, diskseq=8)
    assert after(Gone("sdb2"), again, bay=after(FIRST, ntfs)[0])[1] == [Refuse(again, "file system: ntfs")]


def test_a_recorder_known_to_be_pulled_stays_a_fault_when_udev_tells_of_it_too() -> None:
    bay, _ = after(*COPIED, Failed("sdb1", Why.PULLED), Gone("sdb1"))
    assert (bay.state, bay.why, bay.current) == (State.FAULT, Why.PULLED, None)
    again = replace(FIRST, name="sdc1", diskseq=8)
    assert after(again, bay=bay)[1] == [Mount(again)]


def test_a_keyboard_outside_the_bays_is_nobodys_business() -> None:
    assert after(KEYBOARD, bay=Bay("p/1")) == (Bay("p/1"), [])


def test_a_recorder_pulled_while_copied_is_a_fault_until_one_is_seated_again() -> None:
    bay, acts = after(*COPIED, Gone("sdb1"))
    assert (bay.state, bay.why, acts) == (State.FAULT, Why.PULLED, [Release(FIRST)])
    again = replace(FIRST, name="sdc1", diskseq=8)
    assert after(Gone("sdb1"), bay=bay) == (bay, [])
    assert after(again, bay=bay)[1] == [Mount(again)]


def test_a_late_answer_about_a_recorder_that_left_does_not_touch_the_next_one() -> None:
    again = replace(FIRST, name="sdc1", diskseq=8)
    bay, _ = after(*COPIED, Gone("sdb1"), again)
    for late in (Docked("sdb1", True, 0, True), Mounted("sdb1", "/v"), Failed("sdb1", Why.UNREADABLE), Began("sdb1")):
        assert step(bay, late, RULES) == (bay, [])


def test_two_volumes_are_taken_in_one_after_the_other() -> None:
    bay, acts = after(FIRST, SECOND)
    assert acts == []
    bay, acts = after(Mounted("sdb1", "/v"), Began("sdb1"), Docked("sdb1", True, 0, False), bay=bay)
    assert acts == [Release(FIRST), Mount(SECOND)]
    bay, acts = after(Mounted("sdb2", "/w"), Began("sdb2"), Docked("sdb2", True, 0, False), bay=bay)
    assert (bay.state, acts) == (State.TAKE_IT, [Release(SECOND)])
    bay, _ = after(Gone("sdb1"), bay=bay)
    assert bay.state is State.TAKE_IT
    assert after(Gone("sdb2"), bay=bay)[0] == EMPTY


def test_the_same_device_told_twice_is_one() -> None:
    bay, _ = after(FIRST)
    assert step(bay, FIRST, RULES) == (bay, [])
    done, _ = after(*COPIED, Docked("sdb1", True, 0, False))
    assert step(done, FIRST, RULES) == (done, [])


def test_a_station_that_takes_nothing_in_says_so_and_goes_on_when_it_can() -> None:
    shut = replace(RULES, open=False)
    bay, acts = after(FIRST, rules=shut)
    assert (bay.state, bay.why, acts) == (State.FAULT, Why.STATION, [])
    assert after(RulesChanged(), bay=bay)[1] == [Mount(FIRST)]


def test_an_unreadable_recorder_is_let_go() -> None:
    bay, acts = after(FIRST, Failed("sdb1", Why.MOUNT_FAILED, "bad superblock"))
    assert (bay.state, bay.detail, acts) == (State.FAULT, "bad superblock", [Release(FIRST)])


EVENTS = st.sampled_from(
    [
        FIRST,
        SECOND,
        KEYBOARD,
        replace(FIRST, filesystem="ntfs", name="sdb3"),
        Gone("sdb1"),
        Gone("sdb2"),
        Gone("usb:1-1"),
        *(Mounted(name, "/v") for name in ("sdb1", "sdb2")),
        *(Began(name) for name in ("sdb1", "sdb2")),
        *(
            Docked(name, complete, failed, clear)
            for name in ("sdb1", "sdb2")
            for complete in (True, False)
            for failed in (0, 1)
            for clear in (True, False)
        ),
        Cleared("sdb1", 0),
        Failed("sdb1", Why.UNREADABLE),
        Failed("sdb2", Why.CLEARING_FAILED),
        RulesChanged(),
    ]
)


@given(st.lists(EVENTS, max_size=40), st.booleans(), st.booleans())
def test_whatever_happens_only_the_seated_and_enrolled_are_mounted(
    events: list[Happened], enrolled: bool, shut: bool
) -> None:
    rules = Rules(frozenset({KEY}) if enrolled else frozenset(), open=not shut)
    bay = EMPTY
    for event in events:
        bay, acts = step(bay, event, rules)
        for act in acts:
            if isinstance(act, Mount | Dock | Clear):
                assert enrolled and not shut
                assert bay.current == act.seen and bay.state in BUSY
        if bay.state in BUSY:
            assert bay.current is not None
        if bay.state is State.IDLE:
            assert bay.current is None and bay.why == ""


@pytest.mark.parametrize(
    ("waiting", "running", "limit", "chosen"),
    [
        ([], 0, 2, None),
        ([(5, False), (3, False)], 0, 2, 3),
        ([(5, True), (3, False)], 0, 2, 5),
        ([(5, True), (3, False)], 2, 2, None),
        ([(5, False)], 1, 2, 5),
    ],
)
def test_priority_bays_come_first_then_first_come(
    waiting: list[tuple[int, bool]], running: int, limit: int, chosen: int | None
) -> None:
    bays = [(arrival, Bay(f"p/{arrival}", arrival, priority=priority)) for arrival, priority in waiting]
    assert next_to_copy(bays, running, limit) == chosen


CONTROL = Seen("usb:1-1", "", "p/1", "4255:0001:-", ("ff0000",), None, None, None, 0, driver="ambarella")
BOTH = Rules(frozenset({KEY, CONTROL.key}))


def test_a_recorder_that_is_no_disk_yet_is_spoken_to_once_and_comes_back_as_one() -> None:
    bay, acts = after(CONTROL, rules=BOTH)
    assert (bay.state, acts) == (State.MOUNTING, [Talk(CONTROL)])
    assert after(CONTROL, bay=bay, rules=BOTH) == (bay, [])
    # udev may tell that it left before we hear what was said, or after.
    for said in ((TalkEnded("usb:1-1"), Gone("usb:1-1")), (Gone("usb:1-1"), TalkEnded("usb:1-1"))):
        left, acts = after(*said, bay=bay, rules=BOTH)
        assert (left, acts) == (EMPTY, [])
        assert after(FIRST, bay=left, rules=BOTH)[1] == [Mount(FIRST)]
    stays, _ = after(TalkEnded("usb:1-1"), bay=bay, rules=BOTH)
    assert after(CONTROL, bay=stays, rules=BOTH) == (stays, [])
    # Put in again another day it is spoken to again.
    assert after(Gone("usb:1-1"), CONTROL, bay=stays, rules=BOTH)[1] == [Talk(CONTROL)]


def test_a_disk_that_is_there_before_the_talk_is_over_waits_for_its_end() -> None:
    bay, acts = after(CONTROL, FIRST, rules=BOTH)
    assert (bay.state, acts) == (State.MOUNTING, [])
    for end in (TalkEnded("usb:1-1"), Gone("usb:1-1")):
        assert after(end, bay=bay, rules=BOTH)[1] == [Mount(FIRST)]


def test_a_recorder_in_its_control_mode_that_nobody_enrolled_is_not_spoken_to() -> None:
    bay, acts = after(CONTROL)
    assert (bay.state, bay.detail, acts) == (State.UNKNOWN, CONTROL.key, [])
    assert after(RulesChanged(), bay=bay, rules=BOTH)[1] == [Talk(CONTROL)]
    assert after(Gone("usb:1-1"), bay=bay) == (EMPTY, [])
    assert after(CONTROL, bay=Bay("p/1"), rules=BOTH) == (Bay("p/1"), [])


def test_a_keyboard_that_a_driver_would_speak_to_is_refused_all_the_same() -> None:
    typing = replace(CONTROL, interfaces=("ff0000", "030101"))
    bay, acts = after(typing, rules=BOTH)
    assert bay.state is State.REFUSED and acts == [Refuse(typing, "interfaces: keyboard or mouse, vendor specific")]


def test_a_recorder_that_does_not_become_a_disk_says_why_until_it_is_taken_out() -> None:
    bay, acts = after(CONTROL, Failed("usb:1-1", Why.TALK_FAILED, "no card"), rules=BOTH)
    assert (bay.state, bay.why, bay.detail, acts) == (State.FAULT, Why.TALK_FAILED, "no card", [])
    assert after(Gone("usb:1-1"), bay=bay, rules=BOTH)[0] == EMPTY


def test_a_recorder_that_leaves_with_its_talk_is_no_fault() -> None:
    bay, acts = after(CONTROL, Gone("usb:1-1"), Failed("usb:1-1", Why.TALK_FAILED), rules=BOTH)
    assert (bay, acts) == (EMPTY, [])
