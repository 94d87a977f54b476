"""Which block devices root will touch: file systems on USB, and loop devices where that was allowed. Nothing else.

The name comes from a user without rights. It is looked up in sysfs and never becomes part of a path before it is known
to be a plain name.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

from .refusals import Refused

NAME = re.compile(r"[a-z]+[0-9]*(p?[0-9]+)?", re.ASCII)
NAME_LIMIT = 32  # DISK_NAME_LEN of the kernel
_LOOP = re.compile(r"loop[0-9]+(p[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Device:
    """A block device that root may touch; `number` is its st_rdev."""

    name: str
    node: str
    number: int


def checked_name(name: str) -> str:
    """The name itself when it is one that the kernel gives to disks; raises Refused for anything else."""
    if len(name) >= NAME_LIMIT or NAME.fullmatch(name) is None:
        raise Refused("no-device-name", ascii(name[:NAME_LIMIT]))
    return name


def find_device(name: str, *, allow_loop: bool, sys_dir: str = "/sys", dev_dir: str = "/dev") -> Device:
    """The device of this kernel name. Raises Refused when it is not there, not on USB, or no block device."""
    place = os.path.realpath(f"{sys_dir}/class/block/{checked_name(name)}")
    if not os.path.isdir(place):
        raise Refused("no-device", name)
    if not _on_usb(place, sys_dir) and not (allow_loop and _LOOP.fullmatch(name)):
        raise Refused("not-on-usb", name)
    node = f"{dev_dir}/{name}"
    try:
        status = os.lstat(node)
    except OSError:
        raise Refused("no-device", name) from None
    if not stat.S_ISBLK(status.st_mode):
        raise Refused("no-block-device", name)
    return Device(name, node, status.st_rdev)


def _on_usb(place: str, sys_dir: str) -> bool:
    """Whether one of the devices that this one hangs on belongs to the subsystem usb."""
    top = os.path.realpath(sys_dir)
    while len(place) > len(top):
        if os.path.basename(os.path.realpath(f"{place}/subsystem")) == "usb":
            return True
        place = os.path.dirname(place)
    return False
