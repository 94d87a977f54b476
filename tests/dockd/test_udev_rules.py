"""The udev rules: they tag file systems on USB, keep automounters off, and start nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "udev-rules/70-dockd.rules"
_PART = re.compile(r'([A-Z]+)(?:\{([A-Z_]+)\})?(==|!=|\+=|=)"([^"]*)"')
MATCHES = {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "ENV"}
ASSIGNS = {"TAG", "ENV", "GOTO", "LABEL"}


@dataclass
class Uevent:
    """A device as the rules see it: udev's properties, and the subsystems of it and its parents."""

    action: str = "add"
    subsystem: str = "block"
    parents: tuple[str, ...] = ("block", "scsi", "usb", "pci")
    env: dict[str, str] = field(default_factory=lambda: {"ID_FS_USAGE": "filesystem", "ID_FS_TYPE": "vfat"})
    tags: set[str] = field(default_factory=set)


def rules() -> list[list[tuple[str, str, str, str]]]:
    """Every rule as its parts; fails on anything that is none."""
    found = []
    for line in FILE.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        parts = [match.groups() for match in _PART.finditer(line)]
        assert re.sub(r",\s*", "", _PART.sub("", line)) == "", line
        found.append([(key, name or "", operator, value) for key, name, operator, value in parts])
    return found


def seen(event: Uevent) -> Uevent:
    """The event after the rules (udev(7): all matches of a rule must hold before its assignments are made)."""
    label = None
    for rule in rules():
        if label is not None:
            if ("LABEL", "", "=", label) not in rule:
                continue
            label = None
        subjects = {"ACTION": [event.action], "SUBSYSTEM": [event.subsystem], "SUBSYSTEMS": list(event.parents)}
        for key, name, operator, value in rule:
            if operator in ("==", "!="):
                has = value in ([event.env.get(name, "")] if key == "ENV" else subjects[key])
                if has != (operator == "=="):
                    break
            elif key == "GOTO":
                label = value
            elif key == "TAG":
                event.tags.add(value)
            elif key == "ENV":
                event.env[name] = value
    return event


@pytest.mark.parametrize("filesystem", ["vfat", "exfat", "ext4", "ntfs"])
@pytest.mark.parametrize("action", ["add", "change"])
def test_a_file_system_on_usb_is_handed_to_systemd_and_dockd_and_to_nobody_else(filesystem: str, action: str) -> None:
    event = seen(Uevent(action=action, env={"ID_FS_USAGE": "filesystem", "ID_FS_TYPE": filesystem}))
    assert event.tags == {"systemd"}
    assert (event.env["DOCKD"], event.env["UDISKS_IGNORE"]) == ("1", "1")


def test_a_bare_exfat_disk_that_seems_to_have_a_partition_table_counts() -> None:
    env = {"ID_FS_USAGE": "filesystem", "ID_FS_TYPE": "exfat", "ID_PART_TABLE_TYPE": "dos", "DEVTYPE": "disk"}
    assert "DOCKD" in seen(Uevent(env=env)).env


@pytest.mark.parametrize(
    "event",
    [
        Uevent(parents=("block", "scsi", "pci")),
        Uevent(env={"ID_PART_TABLE_TYPE": "gpt"}),
        Uevent(env={"ID_FS_USAGE": "crypto"}),
        Uevent(env={"ID_FS_USAGE": "other", "ID_FS_TYPE": "swap"}),
        Uevent(action="remove"),
        Uevent(subsystem="input", parents=("input", "usb")),
        Uevent(subsystem="usb", parents=("usb",)),
    ],
    ids=["own-disk", "disk-with-partitions", "encrypted", "swap", "removal", "keyboard", "usb-device"],
)
def test_nothing_else_is_touched(event: Uevent) -> None:
    before = dict(event.env)
    assert (seen(event).env, event.tags) == (before, set())


def test_the_rules_start_nothing_and_ask_no_program() -> None:
    parts = [part for rule in rules() for part in rule]
    assert {key for key, _name, operator, _value in parts if operator in ("==", "!=")} <= MATCHES
    assert {key for key, _name, operator, _value in parts if operator in ("=", "+=")} <= ASSIGNS
    assert not [name for _key, name, _operator, _value in parts if name == "SYSTEMD_WANTS"]


def test_every_goto_has_its_label_behind_it() -> None:
    places = [(key, value) for rule in rules() for key, _name, _operator, value in rule if key in ("GOTO", "LABEL")]
    assert places[-1] == ("LABEL", "dockd_end")
    assert {value for _key, value in places} == {"dockd_end"}


def test_udev_itself_finds_no_fault() -> None:
    tool = shutil.which("udevadm")
    known = tool and "verify" in subprocess.run([tool, "--help"], capture_output=True, text=True, check=False).stdout
    if not known:
        pytest.skip("udevadm verify came with systemd 254")
    done = subprocess.run([str(tool), "verify", str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
