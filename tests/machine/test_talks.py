"""Recorders that wait to be spoken to before they are a disk: real usbfs and sg, real udev, the unit's real rights."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.machine.dock import VAULT, Dock
from tests.machine.sticks import OFFICER, SERIAL, Volume, recording, recordings

pytestmark = pytest.mark.machine

TALKER = Path(__file__).with_name("talker.py")
BAY, HCD = 9, 0
CHINA = ZoneInfo("Asia/Shanghai")
GADGET = "1d6b:0104"


def talker(dock: Dock, kind: str, control: str, *enrolled: str) -> None:
    """A bay on dummy_hcd, these faces of the recorder enrolled, and the recorder put in."""
    dock.machine.write("/var/tmp/talker.py", TALKER.read_bytes())
    dock.machine.say(f"dockd slot bind {BAY} --port platform-dummy_hcd.{HCD}/1")
    for key in enrolled:
        dock.machine.say(f"dockd recorder enrol {key}")
    serial = control.rpartition(":")[2]
    dock.machine.start(f"python3 /var/tmp/talker.py {kind} {HCD} {serial} > /var/tmp/talker.log 2>&1")


def comes_back(dock: Dock, last: str, files: dict[str, bytes], disk: str) -> list[str]:
    """Once it was told to become a disk it is one; what it was told."""
    dock.machine.wait_for(f"grep -q '{last}' /var/tmp/told")
    card = dock.recorder("talker", Volume(files))
    dock.machine.ports.gadget(card, slot=HCD, serial=disk.rpartition(":")[2])
    dock.wait(BAY, "take-it")
    return dock.machine.say("cat /var/tmp/told").splitlines()


def told_at(dock: Dock, recorder: str, told: datetime) -> dict[str, Any]:
    """The clock of a recorder as the station knows it, set by protocol to about now."""
    now = datetime.fromisoformat(dock.machine.say("date -Iseconds").strip()).astimezone(CHINA).replace(tzinfo=None)
    assert now - timedelta(minutes=15) < told <= now
    clock: dict[str, Any] = json.loads(dock.machine.say(f"dockd recorder clock {recorder} --json"))
    assert (clock["set_by"], clock["set_took"]) == ("protocol", None)
    assert clock["settings"][-1]["told"] == told.isoformat(timespec="seconds")
    return clock


def test_a_recorder_in_control_mode_has_its_clock_set_and_is_docked_as_the_disk_it_becomes(dock: Dock) -> None:
    control, disk = "4255:0001:CTRL0001", f"{GADGET}:BWC9001"
    clips = {
        f"DCIM/251120/00018123_20251120{8 + number:02d}0000_{number:04d}.MP4": recording(number)[1]
        for number in range(2)
    }
    talker(dock, "ambarella", control, control, disk)
    told = comes_back(dock, "@ATH", clips, disk)
    date, time = told[2], told[3]
    assert told == ["@Ver;8;00000000;#", "@Gdv;8;12345678;#", date, time, "@ATH;8;12345678;#"]
    told_at(dock, "00018123", datetime.strptime(date[7:15] + time[7:13], "%Y%m%d%H%M%S"))
    (talked,) = dock.custody("recorder-talked-to")
    assert (talked["data"]["serial"], talked["data"]["disk"], talked["data"]["fault"]) == ("00018123", True, None)
    sealed = json.loads(dock.machine.say(f"cat {VAULT}/*/00018123/*/*/session.json"))
    assert sealed["clock_set"]["method"] == "protocol" and sealed["duty"]["fit"]
    dock.rests(clips)


def test_a_recorder_that_shows_no_card_yet_is_spoken_to_by_commands_of_its_chip(dock: Dock) -> None:
    both = f"{GADGET}:JL0001"
    clips = recordings(2)
    talker(dock, "jieli", both, both)
    told = comes_back(dock, "fb8200000006", clips, both)
    (setting,) = [line for line in told if line.startswith("fb8200000005")]
    data = bytes.fromhex(setting.split()[1])
    told_at(dock, SERIAL, datetime(int.from_bytes(data[:2], "little"), *data[2:]))
    (talked,) = dock.custody("recorder-talked-to")
    said = talked["data"]
    assert (said["serial"], said["officer"], said["battery"], said["fault"]) == (SERIAL, OFFICER, 88, None)
    dock.rests(clips)


def test_a_recorder_that_nobody_enrolled_is_told_nothing(dock: Dock) -> None:
    talker(dock, "ambarella", "4255:0001:STRANGE")
    assert dock.wait(BAY, "unknown-recorder")["detail"] == "4255:0001:STRANGE"
    assert dock.machine.run("cat /var/tmp/told").out == ""
    dock.machine.say("dockd recorder enrol 4255:0001:STRANGE")
    dock.machine.wait_for("grep -q '@ATH' /var/tmp/told")
    dock.wait(BAY, "idle")
