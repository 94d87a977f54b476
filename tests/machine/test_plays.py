"""Docking for real: the package in a machine with real systemd, udev and USB, and what happens to docks in the field.

Each play ends with `dock.rests`: no clip lost, none cleared unverified, no mount left.
"""

from __future__ import annotations

import pytest

from tests.machine.dock import VAULT, Dock
from tests.machine.guest import BAYS, VENDOR_PRODUCT, serial
from tests.machine.sticks import MIB, Kind, Table, Volume, recordings

pytestmark = pytest.mark.machine

KINDS: tuple[Kind, ...] = ("vfat", "ext4", "exfat")
SLOW = 4 * MIB  # bytes a second: slow enough for a play to step in


@pytest.mark.machine_short
def test_a_recorder_is_taken_in_proven_cleared_and_handed_back(dock: Dock) -> None:
    clips = recordings(4)
    dock.seat(dock.recorder("one", Volume(clips)), 3)
    said = dock.wait(3, "take-it")
    assert (said["slot"], said["clips"], said["clips_total"], said["reason"]) == (3, 4, 4, "")
    assert said["recorder"] == "4500123"
    dock.rests(clips)
    assert not dock.on_recorder(3)
    dock.take(3)
    dock.wait(3, "idle")


@pytest.mark.parametrize(
    ("kind", "table"), [("vfat", None), ("exfat", "gpt"), ("exfat", None), ("ext4", "mbr"), ("ext4", None)]
)
def test_every_file_system_with_and_without_a_table(dock: Dock, kind: Kind, table: Table | None) -> None:
    clips = recordings(3)
    dock.seat(dock.recorder("one", Volume(clips, kind=kind), table=table), 1)
    dock.wait(1, "take-it")
    dock.rests(clips)
    assert not dock.on_recorder(1)


def test_a_recorder_with_three_volumes_is_done_when_the_last_one_is(dock: Dock) -> None:
    volumes = [
        Volume(recordings(2, first=10 * number), kind=kind, label=f"VOLUME{number}", volume_id=number + 1)
        for number, kind in enumerate(KINDS)
    ]  # fmt: skip
    dock.seat(dock.recorder("three", *volumes, table="gpt"), 2)
    dock.machine.wait_for("[ $(journalctl -u dockd | grep -c 'act=clear kept=0') = 3 ]")
    dock.wait(2, "take-it")
    dock.rests(*(volume.files for volume in volumes))
    assert not dock.on_recorder(2)


def test_eight_recorders_in_the_same_moment(dock: Dock) -> None:
    clips = {bay: recordings(2, 2 * MIB, first=10 * bay) for bay in BAYS}
    # Cloned cards: all eight have the same volume number.
    cards = {bay: dock.recorder(str(bay), Volume(clips[bay], size_mib=64)) for bay in BAYS}
    for bay, card in cards.items():
        dock.seat(card, bay)
    for bay in BAYS:
        assert dock.wait(bay, "take-it")["key"] == f"{VENDOR_PRODUCT}:{serial(bay)}"
    dock.rests(*clips.values())
    assert [bay for bay in BAYS if dock.on_recorder(bay)] == []


def test_a_recorder_yanked_at_thirty_percent_goes_on_at_the_byte(dock: Dock) -> None:
    dock.set(clear='"never"')
    clips = recordings(1, 24 * MIB)
    card = dock.recorder("one", Volume(clips))
    dock.seat(card, 1, bytes_per_s=SLOW)
    dock.wait_share(1, 0.3)
    dock.take(1)
    dock.wait(1, "fault", reason="pulled-out")
    dock.machine.wait_for("! grep -q /run/dockd/volumes /proc/mounts")
    # <identity>.<bytes>.json vouches for so many bytes; what lies behind them is read again.
    kept = max(int(name.split(".")[-2]) for name in dock.machine.say(f"ls {VAULT}/.partial/*.json").split())
    assert kept >= 4 * MIB
    dock.seat(card, 1)
    dock.wait(1, "take-it")
    # Beside a recorder of that size that is read whole: what was kept was not read again, but for the seam.
    other = recordings(1, 24 * MIB, first=1)
    dock.seat(dock.recorder("two", Volume(other)), 2)
    dock.wait(2, "take-it")
    assert dock.statistics(1)["rd_bytes"] < dock.statistics(2)["rd_bytes"] - kept + MIB
    dock.rests(clips, other, on=[1, 2])


@pytest.mark.parametrize("during", ["reading", "removing"])
def test_a_recorder_yanked_while_it_is_cleared(dock: Dock, during: str) -> None:
    """Once while root reads it for the second time, once while root removes: of some 80 writes, after the 20th."""
    clips = recordings(24, MIB // 2)
    card = dock.recorder("one", Volume(clips))
    dock.seat(card, 1)
    dock.wait(1, "copying")
    dock.throttle(1, SLOW)
    dock.wait(1, "clearing")
    before = dock.statistics(1)
    if during == "reading":
        dock.wait_statistic(1, "rd_bytes", before["rd_bytes"] + 4 * MIB)
    else:
        dock.wait_statistic(1, "rd_bytes", before["rd_bytes"] + 12 * MIB)
        dock.throttle(1, 64 << 10)
        dock.wait_statistic(1, "wr_operations", before["wr_operations"] + 20)
    dock.take(1)
    dock.wait_over(1)
    dock.rests(clips)
    dock.seat(card, 1)
    dock.wait(1, "take-it")
    dock.rests(clips)
    assert not dock.on_recorder(1)


def test_the_power_goes_while_recorders_are_copied(dock: Dock) -> None:
    clips = [recordings(1, 16 * MIB, first=0), recordings(3, 4 * MIB, first=20)]
    for bay, one in enumerate(clips, 1):
        dock.seat(dock.recorder(str(bay), Volume(one)), bay, bytes_per_s=SLOW)
    dock.wait_share(1, 0.4)
    dock.machine.power_cut()
    dock.machine.boot()
    for bay in (1, 2):
        dock.wait(bay, "take-it")
    dock.rests(*clips)
    assert not dock.on_recorder(1) and not dock.on_recorder(2)


def test_bad_sectors_cost_their_clip_and_nothing_is_cleared(dock: Dock) -> None:
    clips = recordings(4)
    card = dock.recorder("one", Volume(clips))
    (hurt,) = [data for name, data in clips.items() if name.endswith("080200.mp4")]
    at = card.read_bytes().index(hurt) + MIB // 2
    dock.seat(card, 1, bad_sectors=(at // 512,))
    assert dock.wait(1, "fault")["reason"] == "entries-failed"
    (session,) = dock.sessions()
    assert (session["ingested"], session["failed"], session["cleared"]) == (3, 1, 0)
    assert dock.statistics(1)["wr_operations"] == 0
    # Healed, it is taken in whole; what was held already is not taken twice.
    dock.take(1)
    dock.seat(card, 1)
    dock.wait(1, "take-it")
    dock.rests(clips)


def test_an_unknown_recorder_is_shown_and_waits_for_somebody_to_enrol_it(dock: Dock) -> None:
    clips = recordings(2)
    dock.seat(dock.recorder("one", Volume(clips)), 5, as_serial="STRANGER")
    said = dock.wait(5, "unknown-recorder")
    assert said["key"] == f"{VENDOR_PRODUCT}:STRANGER"
    assert "/run/dockd/volumes" not in dock.machine.say("cat /proc/mounts")
    dock.machine.say("dockd recorder enrol --slot 5 --name spare")
    dock.wait(5, "take-it")
    dock.rests(clips)


def test_a_recorder_that_is_a_keyboard_as_well_is_never_mounted(dock: Dock) -> None:
    clips = recordings(2)
    card = dock.recorder("one", Volume(clips))
    before = card.read_bytes()
    dock.machine.say("dockd recorder enrol 1d6b:0104:TYPIST")
    dock.machine.ports.gadget(card, slot=0, serial="TYPIST", keyboard=True)
    said = dock.wait("port-platform_dummy_hcd.0_1", "refused")
    assert "keyboard" in said["detail"]
    assert "dockd/volumes" not in dock.machine.say("journalctl -b -t systemd -t kernel; cat /proc/mounts")
    dock.rests()
    assert card.read_bytes() == before


def test_why_root_would_not_mount_or_clear_stands_on_the_bay(dock: Dock) -> None:
    clips = recordings(2)
    card = dock.recorder("one", Volume(clips), table=None)
    dock.seat(card, 1, as_serial="STRANGER")
    device = dock.wait(1, "unknown-recorder")["device"]
    dock.machine.say(f"mkdir -p /mnt/desktop && mount -o ro /dev/{device} /mnt/desktop")
    dock.machine.say("dockd recorder enrol --slot 1")
    said = dock.wait(1, "fault", reason="mount-failed")
    assert said["detail"] == "another program mounted it at /mnt/desktop"
    dock.machine.say("umount /mnt/desktop")
    dock.take(1)
    dock.wait(1, "idle")
    dock.machine.say("chmod 0777 /run/dockd/outcome")
    dock.seat(card, 1, as_serial="STRANGER")
    said = dock.wait(1, "fault", reason="clearing-failed")
    assert said["detail"].startswith("/run/dockd/outcome is not as root needs it")
    assert dock.machine.say("journalctl -b -u dockd | grep -c 'why=mount-failed code=mounted-elsewhere'").strip() == "1"
    dock.take(1)
    dock.machine.say("chmod 0755 /run/dockd/outcome")
    dock.seat(card, 1, as_serial="STRANGER")
    dock.wait(1, "take-it")
    dock.rests(clips)
    assert not dock.on_recorder(1)


def test_a_volume_that_nobody_reads_is_put_on_record_once_a_plugging(dock: Dock) -> None:
    clips = recordings(2)
    volumes = [Volume(clips), Volume({}, kind="ext2", label="OTHER")]
    card = dock.recorder("one", *volumes)
    for plugging in (1, 2):
        dock.seat(card, 1)
        dock.wait(1, "take-it")
        # As a program does that opens the disk for writing: udev tells of all its volumes anew.
        dock.machine.say("udevadm trigger --action=change --subsystem-match=block && udevadm settle")
        dock.machine.say("udevadm trigger --action=change --subsystem-match=block && udevadm settle")
        dock.rests(clips)
        assert len(dock.custody("device-refused")) == plugging
        dock.take(1)
        dock.wait(1, "idle")


def test_a_keyboard_in_a_bay_is_refused(dock: Dock) -> None:
    dock.machine.ports.keyboard(port="1.2", serial="KEYS")
    assert "keyboard" in dock.wait(2, "refused")["detail"]
    (entry,) = dock.custody("device-refused")
    assert (entry["data"]["slot"], entry["data"]["interfaces"]) == (2, ["030101"])
    dock.machine.ports.yank("KEYS")
    dock.wait(2, "idle")
    dock.rests()


def test_without_space_in_the_vault_nothing_is_taken_or_cleared_until_there_is_some(dock: Dock) -> None:
    clips = recordings(4, 4 * MIB)
    dock.machine.say("fallocate -l $(( $(df -B1 --output=avail / | tail -1) - (70 << 20) )) /var/filler")
    dock.seat(dock.recorder("one", Volume(clips)), 1)
    assert dock.wait(1, "fault")["reason"] == "station-fault"
    assert dock.statistics(1)["wr_operations"] == 0
    dock.machine.say("rm /var/filler")
    dock.wait(1, "take-it")
    dock.rests(clips)
    assert not dock.on_recorder(1)


def test_a_daemon_killed_while_it_copies_goes_on_by_itself(dock: Dock) -> None:
    clips = recordings(2, 12 * MIB)
    dock.seat(dock.recorder("one", Volume(clips)), 1, bytes_per_s=SLOW)
    dock.wait_share(1, 0.3)
    dock.machine.say("systemctl kill --signal=KILL --kill-who=main dockd")
    dock.throttle(1, 0)
    dock.wait(1, "take-it")
    dock.rests(clips)
    assert not dock.on_recorder(1)


def test_a_recorder_moved_to_another_bay_goes_on_there(dock: Dock) -> None:
    clips = recordings(2, 12 * MIB)
    card = dock.recorder("one", Volume(clips))
    dock.seat(card, 1, bytes_per_s=SLOW)
    dock.wait_share(1, 0.3)
    dock.take(1)
    dock.seat(card, 6, as_serial=serial(1))
    dock.wait(6, "take-it")
    assert dock.state(1)["state"] in ("idle", "fault")
    dock.rests(clips)
    assert not dock.on_recorder(6)
