"""What the kernel says is mounted where, and the label of what is mounted."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass

MOUNTINFO = "/proc/self/mountinfo"
# Both tools answer from udev's data base or one sector; on a dying card the sector may never come.
LABEL_TIMEOUT_S = 10.0

_OCTAL = re.compile(rb"\\([0-7]{3})")
_HEXADECIMAL = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system: `source` is its device node, `device` its number as `st_dev` gives it."""

    source: str
    filesystem: str
    device: int


def mount_at(mountinfo: bytes, place: bytes, device: int) -> Mount | None:
    """The mount whose root is seen at `place`, or None when `place` is an ordinary folder of something larger.

    `mountinfo` is the text of /proc/self/mountinfo (proc(5)); where several mounts lie over each other the last one is
    seen. Only mounts of a device node count: a recorder always is one.
    """
    found = None
    for line in mountinfo.splitlines():
        head, _, tail = line.partition(b" - ")
        fields, after = head.split(b" "), tail.split(b" ")
        if len(fields) < 5 or len(after) < 2 or _unescaped(fields[4]) != place:
            continue
        major, _, minor = fields[2].partition(b":")
        source = os.fsdecode(_unescaped(after[1]))
        if source.startswith("/dev/") and os.makedev(int(major), int(minor)) == device:
            found = Mount(source, os.fsdecode(after[0]), device)
        else:
            found = None
    return found


def places_of(mountinfo: bytes) -> list[tuple[bytes, int]]:
    """Of every mount in /proc/self/mountinfo the place where it is seen, and its device as `st_dev` gives it."""
    found = []
    for line in mountinfo.splitlines():
        fields = line.split(b" ")
        if len(fields) > 4:
            major, _, minor = fields[2].partition(b":")
            found.append((_unescaped(fields[4]), os.makedev(int(major), int(minor))))
    return found


def read_label(source: str) -> str | None:
    """The volume label of a device node, or None when it has none or nobody may read it.

    udev is asked first, then `lsblk`, which answers from its data base too: neither needs a right to read the device,
    and udev does not even need its node, which the daemon's unit hides (PrivateDevices=).
    """
    label = decoded_label(_from_udev(source, "ID_FS_LABEL_ENC"))
    if label:
        return label
    said = _output(["lsblk", "--json", "--nodeps", "--output", "LABEL", source])
    if said:
        try:
            devices = json.loads(said)["blockdevices"]
        except (ValueError, KeyError, TypeError):
            devices = []
        label = str(devices[0].get("label") or "").strip() if devices else ""
        if label:
            return label
    return _output(["blkid", "--probe", "--output", "value", "--match-tag", "LABEL", source]).strip() or None


def decoded_label(encoded: str) -> str:
    """A label as udev keeps it: every byte that could end a line or a word stands as `\\x20` (ID_FS_LABEL_ENC)."""
    raw = _HEXADECIMAL.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(encoded))
    return raw.decode("utf-8", "replace").strip()


def _from_udev(source: str, name: str) -> str:
    """A property of a device node in udev's data base; empty where there is no udev, or it knows nothing of it."""
    if not source.startswith("/dev/"):
        return ""
    try:
        # Here, because root's tool does without it, and so does a machine without libudev.
        import pyudev
    except ImportError:
        return ""
    try:
        device = pyudev.Devices.from_name(pyudev.Context(), "block", os.path.basename(source))
        return str(device.properties.get(name) or "")
    except (pyudev.DeviceNotFoundError, OSError):
        return ""


def disk_sequence(device: int) -> int | None:
    """The kernel's serial number of this appearance of the disk (sysfs `diskseq`): a re-plugged one gets another."""
    folder = f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"
    for path in (f"{folder}/diskseq", f"{folder}/../diskseq"):
        try:
            with open(path, encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            continue
    return None


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LABEL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _unescaped(field: bytes) -> bytes:
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), field)
