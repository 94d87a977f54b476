"""The file that sets a recorder's clock when it is switched on (`TIMESET.TXT` and its kin).

It holds the time of its writing and is obeyed minutes or hours later, so writing it is the last act before release. One
that still lies there was not obeyed, and is replaced; anything else of that name is left alone.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hashing.filecalls import FileCalls

from ..listing import Volume
from .refusals import Refused
from .wipelist import Clock, ClockSet

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644
_ORDER_LIMIT_BYTES = 128
_AN_ORDER = re.compile(rb"[0-9/:. T\r\n-]*", re.ASCII)


def write_clock(files: FileCalls, volume: Volume, clock: Clock, now: datetime) -> ClockSet:
    """Write `now`, in the order's zone or else its own, into the volume's root, durably. Raises OSError; Refused when a
    file of that name is no order to a clock."""
    name = clock.name.encode("ascii")
    _remove_old(files, volume, name)
    told = now if clock.zone is None else now.astimezone(ZoneInfo(clock.zone))
    text = (told.strftime(clock.format) + "\n").encode("ascii")
    folder = volume.open_folder(b"")
    try:
        fd = files.open(name, _NEW, _MODE, dir_fd=folder)
        try:
            done = 0
            while done < len(text):
                done += files.pwrite(fd, text[done:], done)
            # The unit's umask is for root's own files; this one is the recorder's.
            files.chmod(fd, _MODE)
            files.fsync(fd)
        finally:
            files.close(fd)
        files.fsync(folder)
    finally:
        files.close(folder)
    return ClockSet(clock.name, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _remove_old(files: FileCalls, volume: Volume, name: bytes) -> None:
    try:
        lying = volume.read_small(name, _ORDER_LIMIT_BYTES + 1)
    except FileNotFoundError:
        return
    if len(lying) > _ORDER_LIMIT_BYTES or _AN_ORDER.fullmatch(lying) is None:
        raise Refused("clock-name-taken", name.decode("ascii"))
    folder = volume.open_folder(b"")
    try:
        files.unlink(name, dir_fd=folder)
    finally:
        files.close(folder)
