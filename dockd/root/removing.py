"""On the recorder: reads again what is to go, removes it, and sees by a listing that it is gone.

After its cable is pulled a recorder still answers: a FAT volume says "no such file" to every unlink and lists as empty,
an ext4 one syncs its folders with success (measured with Linux 6.1). So here an unlink that finds nothing has failed,
and "gone" is what a listing of a fresh mount says while it still shows all the rest (contract P2, P3).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hashing.digest import Algorithm
from hashing.filecalls import FileCalls
from hashing.reading import SourceUnreadable, read_source
from retention.clearing import Doubt, Keep

from ..listing import Volume, list_volume
from .vouching import Stayed
from .wipelist import Listed, Removal

# What one entry may be refused for while the volume is sound: a recorder's immutable file.
_OWN_REFUSALS = frozenset({errno.EPERM, errno.EACCES})
# A reading that ends so says that the device is gone or hangs: the rest would not be better.
_DEVICE_GONE = frozenset({"gone", "stalled"})


@dataclass(frozen=True, slots=True)
class Proven:
    """A file that was just read again and is the one in the vault; `stamp` is what its status said then."""

    removal: Removal
    stamp: tuple[int, int, int]


def listed_now(files: FileCalls, volume: Volume) -> list[Listed]:
    """The volume's entries as a wipe list has them, in the order of their paths; raises OSError, Stayed for a name that
    stands there twice."""
    found = [Listed(e.path, e.kind, e.size_bytes, e.mtime_ns) for e in list_volume(files, volume).entries]
    if len({entry.path for entry in found}) != len(found):
        raise Stayed(Doubt.DUPLICATE_NAME)
    return sorted(found)


def read_again(
    files: FileCalls, volume: Volume, removals: Iterable[Removal], *, stall_s: float
) -> tuple[list[Proven], list[Keep]]:
    """Read every file to be removed, not from the cache: those that are what the vault holds, and those that stay.

    Raises Stayed when the device is gone or hangs.
    """
    proven: list[Proven] = []
    kept: list[Keep] = []
    for removal in removals:
        try:
            found = _read_one(files, volume, removal, stall_s)
        except (OSError, ValueError):
            found = Doubt.SECOND_READING_FAILED
        except SourceUnreadable as fault:
            if fault.reason in _DEVICE_GONE:
                raise Stayed(Doubt.SECOND_READING_FAILED, f"entry {removal.seq}: {fault.reason}") from fault
            found = Doubt.SECOND_READING_FAILED
        if isinstance(found, Proven):
            proven.append(found)
        else:
            kept.append(Keep(removal.seq, found))
    return proven, kept


def _read_one(files: FileCalls, volume: Volume, removal: Removal, stall_s: float) -> Proven | Doubt:
    stamps: list[tuple[int, int, int]] = []

    def opened(flags: int) -> int:
        fd = volume.open_entry(removal.path, flags)
        try:
            stamps.append(_stamp(files.fstat(fd)))
        except BaseException:
            files.close(fd)
            raise
        return fd

    found = read_source(files, opened, removal.size_bytes, (Algorithm.BLAKE3,), stall_s=stall_s)
    if found.digests[Algorithm.BLAKE3] != removal.digest:
        return Doubt.SECOND_READING_DIFFERS
    return Proven(removal, stamps[-1])


def remove(files: FileCalls, volume: Volume, proven: Sequence[Proven]) -> set[int]:
    """Unlink each and make each folder durable; the entries for which either failed. Nothing is tried twice.

    The first failure that speaks against the whole volume ends it: the rest stays.
    """
    by_folder: dict[bytes, list[Proven]] = {}
    for one in proven:
        by_folder.setdefault(os.path.dirname(one.removal.path), []).append(one)
    failed: set[int] = set()
    sound = True
    for folder, entries in by_folder.items():
        if sound:
            folder_failed, sound = _remove_in(files, volume, folder, entries)
        else:
            folder_failed = {one.removal.seq for one in entries}
        failed |= folder_failed
    return failed


def _remove_in(files: FileCalls, volume: Volume, folder: bytes, entries: Sequence[Proven]) -> tuple[set[int], bool]:
    """The entries of one folder that failed, and whether the volume still seems sound."""
    everything = {one.removal.seq for one in entries}
    try:
        fd = volume.open_folder(folder)
    except OSError:
        return everything, False
    failed: set[int] = set()
    sound = True
    try:
        for one in entries:
            if sound:
                number = _unlink(files, fd, one)
                sound = number in (0, *_OWN_REFUSALS)
            if not sound or number:
                failed.add(one.removal.seq)
        files.fsync(fd)
    except OSError:
        return everything, False
    finally:
        files.close(fd)
    return failed, sound


def _unlink(files: FileCalls, folder_fd: int, one: Proven) -> int:
    """Remove one name if what it names still is what was read; 0, or the errno of what was wrong."""
    name = os.path.basename(one.removal.path)
    try:
        if _stamp(files.lstat(name, dir_fd=folder_fd)) != one.stamp:
            return errno.ESTALE
        files.unlink(name, dir_fd=folder_fd)
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def confirmed(
    before: Sequence[Listed], now: Sequence[Listed], unlinked: Collection[bytes], tried: Collection[bytes]
) -> tuple[set[bytes], Doubt | None]:
    """Which paths are gone for sure, by a listing of a fresh mount, and what keeps the others from being so.

    Nothing is gone unless all that was not to go is still there as it was, and nothing is there that was not before.
    """
    known, seen = set(before), set(now)
    rest = {entry for entry in known if entry.path not in tried}
    if not rest <= seen or not seen <= known:
        return set(), Doubt.NOT_CONFIRMED
    present = {entry.path for entry in seen}
    gone = {path for path in unlinked if path not in present}
    return gone, Doubt.STILL_LISTED if len(gone) < len(unlinked) else None


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    # Not the inode: FAT has none, and the kernel numbers its files anew when it has forgotten them.
    return status.st_mode, status.st_size, status.st_mtime_ns
