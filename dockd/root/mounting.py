"""Mounts a recorder read-only for the daemon, and lets go of it, also when it is no longer there."""

from __future__ import annotations

import os
from contextlib import suppress

from hashing.filecalls import FileCalls

from ..mounts import places_of
from .device import Device, checked_name
from .folders import our_folder
from .kernel import Mounter, Owner, Plan
from .refusals import Refused

VOLUMES = "volumes"
FILE_SYSTEMS = ("vfat", "exfat", "ext4")
ROOT = Owner(0, 0)

# Several mounts may lie over each other; nobody ever made more than this.
_MOUNTS_AT_MOST = 16


def plan_for(device: Device, mounter: Mounter, owner: Owner, *, writable: bool) -> Plan:
    """How this device is mounted: times as UTC, names as UTF-8, and nothing written that nobody asked for.

    `owner` sees the files as its own; a writable mount is root's alone. Raises Refused when its file system is none of
    FILE_SYSTEMS.
    """
    file_system = mounter.file_system_of(device.node)
    if file_system not in FILE_SYSTEMS:
        raise Refused("file-system", file_system or "none")
    if file_system == "ext4":
        # A card may say of itself that its errors stop the machine (errors=panic in its superblock). Without `noload`
        # even a read-only mount replays the journal, which writes; a writable one needs it.
        options = ["errors=remount-ro", *(["noinit_itable"] if writable else ["noload"])]
        return Plan(device.node, file_system, tuple(options), writable, None if writable or owner == ROOT else owner)
    user = ROOT if writable else owner
    masks = ["fmask=0177", "dmask=0077"] if writable else ["fmask=0337", "dmask=0227"]
    options = [f"uid={user.uid}", f"gid={user.gid}", *masks]
    # FAT's times have no zone: the daemon knows the recorder's, the kernel shall not guess.
    options += ["utf8", "tz=UTC"] if file_system == "vfat" else ["iocharset=utf8", "time_offset=0"]
    return Plan(device.node, file_system, tuple(options), writable)


def mount(device: Device, run_dir: str, owner: Owner, files: FileCalls, mounter: Mounter) -> str:
    """Mount a recorder at `<run_dir>/volumes/<name>` for `owner` to read; where it is.

    Raises Refused when something is mounted there already, or the device somewhere else (an automounter was faster);
    OSError with the kernel's words when the file system will not.
    """
    target = f"{our_folder(files, run_dir, VOLUMES)}/{device.name}"
    refuse_mounted(device, target, mounter)
    plan = plan_for(device, mounter, owner, writable=False)
    # Mode 0: while nothing is mounted there, the daemon is refused rather than shown an empty folder (contract P3).
    with suppress(FileExistsError):
        files.mkdir(target, 0o000)
    try:
        mounter.attach(plan, target)
    except OSError:
        with suppress(OSError):
            files.rmdir(target)
        raise
    return target


def unmount(name: str, run_dir: str, files: FileCalls, mounter: Mounter) -> None:
    """Let go of what is mounted at `<run_dir>/volumes/<name>` and remove the folder; nothing there is no fault.

    Lazily: after a yank, or while somebody reads, the mount is out of sight all the same. Raises Refused, OSError.
    """
    checked_name(name)
    let_go(f"{our_folder(files, run_dir, VOLUMES)}/{name}", files, mounter)


def let_go(target: str, files: FileCalls, mounter: Mounter) -> None:
    """Unmount all that lies on `target`, lazily, and remove the folder. Raises OSError."""
    for _ in range(_MOUNTS_AT_MOST):
        if not mounter.detach(target, lazily=True):
            break
    with suppress(FileNotFoundError):
        files.rmdir(target)


def refuse_mounted(device: Device, target: str, mounter: Mounter) -> None:
    """Raises Refused when `target` is a mount, or the device is mounted anywhere; OSError."""
    place = os.fsencode(os.path.realpath(target))
    for where, number in places_of(mounter.mountinfo()):
        if where == place:
            raise Refused("mounted-already", target)
        if number == device.number:
            raise Refused("mounted-elsewhere", os.fsdecode(where))
