"""The kernel's calls for mounting, by the interface of Linux 5.2 and later (fsopen(2), fsmount(2), move_mount(2)).

It says in words why a file system was refused, it puts the mount on exactly the folder that was meant, and only it can
show files of a recorder as another user's (mount_setattr(2), Linux 5.12), which its ext4 needs: there files belong to
the recorder's own users, and most of them to its root.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from .refusals import Refused

# A dying card is asked for a few sectors; each may take the kernel its retries.
PROBE_TIMEOUT_S = 30.0

# System calls since Linux 5.0 have one number on all machines (include/uapi/asm-generic/unistd.h).
_MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _MOUNT_SETATTR = 429, 430, 431, 432, 442
# include/uapi/linux/mount.h
_FSOPEN_CLOEXEC = _FSMOUNT_CLOEXEC = 1
_SET_FLAG, _SET_STRING, _CMD_CREATE = 0, 1, 6
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV, _ATTR_NOEXEC, _ATTR_NOATIME = 0x1, 0x2, 0x4, 0x8, 0x10
_ATTR_NOSYMFOLLOW, _ATTR_IDMAP = 0x200000, 0x100000
_MOVE_MOUNT_F_EMPTY_PATH = 0x4
_AT_FDCWD, _AT_EMPTY_PATH = -100, 0x1000
_MNT_DETACH, _UMOUNT_NOFOLLOW = 2, 8
_CLONE_NEWUSER = 0x10000000
_BLKFLSBUF = 0x1261  # include/uapi/linux/fs.h

_libc = ctypes.CDLL(None, use_errno=True)
_long = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Owner:
    """A user and a group by number."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a device is to be mounted. `shown_to` is who sees root's files as its own; None: nobody but root."""

    node: str
    file_system: str
    options: tuple[str, ...]
    writable: bool
    shown_to: Owner | None = None


class Mounter(Protocol):
    """What root asks of the kernel; the tests have one that loses its devices."""

    def file_system_of(self, node: str) -> str:
        """The type of the file system on a device, as blkid names it; empty when there is none that it knows."""

    def attach(self, plan: Plan, target: str) -> None:
        """Mount on the folder `target`. Raises OSError, its text saying what the file system said."""

    def detach(self, target: str, *, lazily: bool) -> bool:
        """Unmount; False when nothing is mounted there. `lazily`: out of sight now, gone when nobody uses it any more.
        Raises OSError."""

    def forget(self, node: str) -> None:
        """Have the kernel drop what it remembers of a device's content. Raises OSError."""

    def mountinfo(self) -> bytes:
        """The text of /proc/self/mountinfo (proc(5)). Raises OSError."""


class KernelMounter:
    """The kernel of this machine."""

    def file_system_of(self, node: str) -> str:
        """As Mounter says; raises Refused when the device does not answer."""
        command = ["blkid", "--probe", "--match-tag", "TYPE", "--output", "value", node]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                timeout=PROBE_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused("cannot-probe", str(error)) from error
        return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""

    def attach(self, plan: Plan, target: str) -> None:
        """As Mounter says."""
        context = _call(_FSOPEN, plan.file_system.encode(), _long(_FSOPEN_CLOEXEC))
        try:
            mount = _make(context, plan)
        finally:
            os.close(context)
        try:
            if plan.shown_to is not None:
                try:
                    _show_to(mount, plan.shown_to)
                except OSError as error:
                    # A kernel without user namespaces. What the daemon then may not read is reported entry by entry.
                    sys.stderr.write(f"dockd-root: device={plan.node} files-shown-as=their-owners said={error}\n")
            _call(
                _MOVE_MOUNT, _long(mount), b"", _long(_AT_FDCWD), os.fsencode(target), _long(_MOVE_MOUNT_F_EMPTY_PATH)
            )
        finally:
            os.close(mount)

    def detach(self, target: str, *, lazily: bool) -> bool:
        """As Mounter says."""
        if _libc.umount2(os.fsencode(target), _UMOUNT_NOFOLLOW | (_MNT_DETACH if lazily else 0)) == 0:
            return True
        number = ctypes.get_errno()
        if number in (errno.EINVAL, errno.ENOENT):
            return False
        raise OSError(number, os.strerror(number), target)

    def forget(self, node: str) -> None:
        """As Mounter says."""
        fd = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, _BLKFLSBUF, 0)
        finally:
            os.close(fd)

    def mountinfo(self) -> bytes:
        """As Mounter says."""
        with open("/proc/self/mountinfo", "rb") as file:
            return file.read()


def _call(number: int, *arguments: object) -> int:
    done: int = _libc.syscall(_long(number), *arguments)
    if done < 0:
        fault = ctypes.get_errno()
        raise OSError(fault, os.strerror(fault))
    return done


# ------------------------------------------------------------------------------------------------------------ mounting


def _make(context: int, plan: Plan) -> int:
    """A mount that hangs nowhere yet, as a descriptor."""
    try:
        _configure(context, "source", plan.node)
        if not plan.writable:
            _configure(context, "ro")
        for option in plan.options:
            name, equals, value = option.partition("=")
            _configure(context, name, value if equals else None)
        _call(_FSCONFIG, _long(context), _long(_CMD_CREATE), None, None, _long(0))
        attributes = _ATTR_NOSUID | _ATTR_NODEV | _ATTR_NOEXEC | _ATTR_NOATIME | _ATTR_NOSYMFOLLOW
        attributes |= 0 if plan.writable else _ATTR_RDONLY
        return _call(_FSMOUNT, _long(context), _long(_FSMOUNT_CLOEXEC), _long(attributes))
    except OSError as error:
        said = _said(context) or os.strerror(error.errno or 0)
        raise OSError(error.errno, said, plan.node) from None


def _configure(context: int, name: str, value: str | None = None) -> None:
    if value is None:
        _call(_FSCONFIG, _long(context), _long(_SET_FLAG), name.encode(), None, _long(0))
    else:
        _call(_FSCONFIG, _long(context), _long(_SET_STRING), name.encode(), os.fsencode(value), _long(0))


def _said(context: int) -> str:
    """What the file system left in the log of its context: one message a read, `e ` before an error."""
    said = []
    with suppress(OSError):
        while message := os.read(context, 4096):
            said.append(message.decode("utf-8", "replace").strip())
    return "; ".join(line[2:] for line in said if line.startswith("e "))


# --------------------------------------------------------------------------------------------- files as another user's


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def _show_to(mount: int, owner: Owner) -> None:
    """Show what belongs to root on the recorder as `owner`'s; what belongs to others there as nobody's."""
    space = _user_namespace(owner)
    try:
        attributes = _MountAttr(attr_set=_ATTR_IDMAP, userns_fd=space)
        size = _long(ctypes.sizeof(attributes))
        _call(_MOUNT_SETATTR, _long(mount), b"", _long(_AT_EMPTY_PATH), ctypes.byref(attributes), size)
    finally:
        os.close(space)


def _user_namespace(owner: Owner) -> int:
    """A descriptor of a user namespace that maps 0 to `owner` and nobody else: such a map is said to the kernel so."""
    begun_read, begun_write = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        done = _libc.unshare(_CLONE_NEWUSER)
        os.write(begun_write, bytes([ctypes.get_errno() if done else 0]))
        signal.pause()
        os._exit(0)
    try:
        os.close(begun_write)
        fault = os.read(begun_read, 1)
        if fault != b"\0":
            number = fault[0] if fault else errno.ECHILD
            raise OSError(number, os.strerror(number), "user namespace")
        for name, number in (("uid_map", owner.uid), ("gid_map", owner.gid)):
            with open(f"/proc/{child}/{name}", "w", encoding="ascii") as file:
                file.write(f"0 {number} 1\n")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(begun_read)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
