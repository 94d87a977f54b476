"""What the file system of a folder is and can do: a vault needs some things that not every one can."""

from __future__ import annotations

import errno
import mmap
import os
import re
from dataclasses import dataclass

from hashing.filecalls import FileCalls

from .i18n import N_

# O_DIRECT wants memory, offset and length aligned to the logical block; 4096 satisfies every disk made so far.
_BLOCK_BYTES = 4096

# Measured: what a vault on these would lack. Bind mounts show the file system below.
UNFIT = {
    "tmpfs": N_("forgets everything when the power goes"),
    "ramfs": N_("forgets everything when the power goes"),
    "overlay": N_("goes away with its container"),
    "vfat": N_("knows no owners, no modes and no file over 4 GiB"),
    "msdos": N_("knows no owners, no modes and no file over 4 GiB"),
    "exfat": N_("knows no owners, no modes and no journal"),
}


@dataclass(frozen=True, slots=True)
class Abilities:
    """What worked in a folder. `fault` is the first call that should have worked and did not, and why."""

    fsync: bool
    no_replace: bool
    direct_io: bool
    fault: tuple[str, OSError] | None = None


def filesystem_of(mountinfo: bytes, path: str) -> str | None:
    """The type of the file system that an absolute, resolved `path` lies on, by /proc/self/mountinfo (proc(5))."""
    wanted, best, found = os.fsencode(path), -1, None
    for line in mountinfo.splitlines():
        head, _dash, tail = line.partition(b" - ")
        fields = head.split(b" ")
        if len(fields) < 5 or not tail:
            continue
        point = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), fields[4])
        inside = wanted == point or wanted.startswith(point.rstrip(b"/") + b"/")
        # Of mounts over each other the last one is seen.
        if inside and len(point) >= best:
            best, found = len(point), tail.split(b" ")[0].decode("ascii", "replace")
    return found


def abilities_of(files: FileCalls, folder: str, token: str) -> Abilities:
    """Try in `folder` what a vault is built on, with two small files named by `token` that are removed again.

    Asked are a durable write, a rename that refuses to replace, and reading past the page cache. Never raises OSError:
    what failed is part of the answer.
    """
    first, second = (os.path.join(folder, f"doctor-{token}-{number}") for number in (1, 2))
    can = {"fsync": False, "no_replace": False, "direct_io": False}
    fault: tuple[str, OSError] | None = None
    try:
        for name in (first, second):
            _write_durably(files, name)
        can["fsync"] = True
        can["no_replace"] = _refuses_to_replace(files, first, second)
        can["direct_io"] = _reads_directly(files, second)
    except OSError as error:
        fault = (os.path.basename(str(error.filename)) if error.filename else folder, error)
    finally:
        for name in (first, second):
            try:
                files.unlink(name)
            except OSError as error:
                if error.errno != errno.ENOENT and fault is None:
                    fault = (os.path.basename(name), error)
    return Abilities(**can, fault=fault)


def _write_durably(files: FileCalls, name: str) -> None:
    fd = files.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
    try:
        files.pwrite(fd, b"\0" * _BLOCK_BYTES, 0)
        files.fsync(fd)
    finally:
        files.close(fd)
    fd = files.open(os.path.dirname(name), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        files.fsync(fd)
    finally:
        files.close(fd)


def _refuses_to_replace(files: FileCalls, source: str, target: str) -> bool:
    try:
        files.move_new(source, target)
    except FileExistsError:
        return True
    except OSError:
        return False
    return False


def _reads_directly(files: FileCalls, name: str) -> bool:
    try:
        fd = files.open(name, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return False
        raise
    try:
        # An anonymous map begins on a page: aligned enough for every disk.
        with mmap.mmap(-1, _BLOCK_BYTES) as block, memoryview(block) as view:
            return files.preadv(fd, [view], 0) == _BLOCK_BYTES
    except OSError as error:
        if error.errno == errno.EINVAL:
            return False
        raise
    finally:
        files.close(fd)
