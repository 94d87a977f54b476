"""Every entry of a volume, whatever it is: nothing is passed over, nothing is followed.

The walk goes by folder descriptors, to any depth with few of them open. What cannot be listed is an entry as well, of
the kind "unlistable": a walk that swallows one error makes a full recorder look empty.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from dataclasses import dataclass, replace

from hashing.filecalls import FileCalls, Path

from .volume import FOLDER_FLAGS, UNKNOWN_CAPACITY_BYTES, NotRegular, Volume, kind_of

__all__ = ["UNKNOWN_CAPACITY_BYTES", "Listed", "Listing", "NotRegular", "Volume", "list_volume"]

OTHER_DEVICE = "other-device"  # a mount inside the volume
LOOP = "loop"  # a folder that contains itself
DUPLICATE_NAME = "duplicate-name"  # one folder lists this name more than once; `open` reaches only the first
BAD_NAME = "bad-name"  # a name that no call could use: empty, dots, or with a slash
LISTING_FAILED = "listing-failed"  # the folder's entries cannot be read; errno says why
STATUS_FAILED = "status-failed"  # the entry is listed, but nothing can be learned of it
TOO_MUCH = "too-much"  # more names than a volume can honestly hold: the walk ended here

# What the names and paths of one listing may take. An honest full card of 100,000 clips needs a tenth of it; a tree
# made to exhaust us (every level lengthens every path below) meets it before it hurts.
LISTING_LIMIT_BYTES = 256 * 1024 * 1024
_ENTRY_COST_BYTES = 400

# Of the folders on the way to the present one, so many stay open; the others are found again through `..`.
OPEN_LEVELS = 16


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry that is not a folder (or a folder that could not be listed).

    `path` is raw and relative to the volume's root. `kind` is "file", "symlink", "fifo", "socket", "char-device",
    "block-device" or "unlistable". `fault` is one of the words above, `errno` the system's word for it.
    `allocated_bytes` counts what lies on the disk (st_blocks x 512): less than the size means holes.
    """

    path: bytes
    kind: str
    size_bytes: int = 0
    allocated_bytes: int = 0
    mtime_ns: int = 0
    inode: int = 0
    fault: str | None = None
    errno: int | None = None
    link_target: bytes | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A volume's entries, sorted by raw path; `device` is its st_dev, `capacity_bytes` the size of its file system."""

    entries: tuple[Listed, ...]
    device: int
    capacity_bytes: int
    root: str


def list_volume(files: FileCalls, root: Volume | Path, *, limit_bytes: int = LISTING_LIMIT_BYTES) -> Listing:
    """List a volume, or the folder at a path. `limit_bytes` bounds the memory that its names may take.

    Raises OSError when the root cannot be listed, or when the file system says afterwards that its device is gone:
    an empty listing from such a one is no evidence (contract P3).
    """
    if not isinstance(root, Volume):
        with Volume.open(files, root) as volume:
            return list_volume(files, volume, limit_bytes=limit_bytes)
    entries = _Walk(root, limit_bytes).run()
    root.answers()
    entries.sort(key=lambda entry: entry.path)
    return Listing(tuple(entries), root.device, root.capacity_bytes, root.root)


@dataclass(slots=True)
class _Folder:
    """A folder on the way: `todo` holds the names of subfolders still to be entered, the next one last."""

    name: bytes
    prefix: bytes
    identity: tuple[int, int]
    fd: int | None
    todo: list[bytes]


class _TooMuch(Exception):
    pass


class _Walk:
    """One walk over one volume. `run` once."""

    def __init__(self, volume: Volume, limit_bytes: int) -> None:
        self._volume = volume
        self._files = volume.files
        self._left_bytes = limit_bytes
        self._entries: list[Listed] = []
        self._way: list[_Folder] = []
        self._on_way: set[tuple[int, int]] = set()

    def run(self) -> list[Listed]:
        """All entries, in no order; raises OSError of the root."""
        try:
            self._enter(self._volume.open_folder(b""), b"", b"")
            while self._way:
                folder = self._way[-1]
                if folder.todo:
                    self._descend(folder, folder.todo.pop())
                else:
                    self._ascend()
        except _TooMuch:
            place = self._way[-1].prefix.rstrip(b"/") if self._way else b""
            self._entries.append(Listed(place or b".", "unlistable", fault=TOO_MUCH))
        finally:
            for folder in self._way:
                if folder.fd is not None:
                    self._files.close(folder.fd)
        return self._entries

    # -------------------------------------------------------------------------------------------- down and up

    def _descend(self, parent: _Folder, name: bytes) -> None:
        path = parent.prefix + name
        try:
            fd = self._files.open(name, FOLDER_FLAGS, dir_fd=parent.fd)
        except OSError as error:
            self._unlistable(path, error)
            return
        try:
            self._enter(fd, name, path)
        except OSError as error:
            self._unlistable(path, error)

    def _enter(self, fd: int, name: bytes, path: bytes) -> None:
        """List one open folder and make it the present one; on any failure the descriptor is closed."""
        try:
            status = self._files.fstat(fd)
            identity = (status.st_dev, status.st_ino)
            if status.st_dev != self._volume.device or identity in self._on_way:
                fault = OTHER_DEVICE if status.st_dev != self._volume.device else LOOP
                self._add(Listed(path, "unlistable", inode=status.st_ino, fault=fault))
                self._files.close(fd)
                return
            names = [os.fsencode(entry.name) for entry in self._files.scandir(fd)]
            folder = _Folder(name, path + b"/" if path else b"", identity, fd, [])
            self._charge(folder.prefix)
            self._sort_out(folder, names)
        except BaseException:
            self._files.close(fd)
            raise
        self._way.append(folder)
        self._on_way.add(identity)
        if len(self._way) > OPEN_LEVELS + 1:
            # The root stays open: from it everything can be found again.
            far = self._way[-OPEN_LEVELS - 1]
            if far is not self._way[0] and far.fd is not None:
                self._files.close(far.fd)
                far.fd = None

    def _ascend(self) -> None:
        """Leave the present folder; its parent is opened again when it had been closed on the way down."""
        done = self._way.pop()
        self._on_way.discard(done.identity)
        try:
            if self._way and self._way[-1].fd is None:
                self._reopen(self._way[-1], done.fd)
        finally:
            if done.fd is not None:
                self._files.close(done.fd)

    def _reopen(self, folder: _Folder, child_fd: int | None) -> None:
        found: int | OSError = OSError(errno.EBADF, os.strerror(errno.EBADF))
        if child_fd is not None:
            found = self._open_known(folder, b"..", child_fd)
        if isinstance(found, OSError):
            found = self._from_root(folder)
        if not isinstance(found, OSError):
            folder.fd = found
            return
        # Nobody finds the way back: what was still to be entered counts as not listed.
        for name in folder.todo:
            self._unlistable(folder.prefix + name, found)
        folder.todo = []

    def _from_root(self, folder: _Folder) -> int | OSError:
        """Down again from the nearest ancestor that is open, each step checked to be the folder we came through."""
        last = self._way.index(folder)
        first = max(i for i in range(last) if self._way[i].fd is not None)
        fd = self._way[first].fd
        assert fd is not None
        opened = None
        for step in self._way[first + 1 : last + 1]:
            found = self._open_known(step, step.name, fd)
            if opened is not None:
                self._files.close(opened)
            if isinstance(found, OSError):
                return found
            fd = opened = found
        return fd

    def _open_known(self, folder: _Folder, name: bytes, at_fd: int) -> int | OSError:
        try:
            fd = self._files.open(name, FOLDER_FLAGS, dir_fd=at_fd)
        except OSError as error:
            return error
        try:
            status = self._files.fstat(fd)
            if (status.st_dev, status.st_ino) == folder.identity:
                return fd
            fault = OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        except OSError as error:
            fault = error
        self._files.close(fd)
        return fault

    # ----------------------------------------------------------------------------------------------- entries

    def _sort_out(self, folder: _Folder, names: list[bytes]) -> None:
        """Give every listed name its entry, or its place in `todo` when it is a folder."""
        times = Counter(names)
        folders: list[bytes] = []
        for name in sorted(names):
            entry = self._look(folder, name)
            repeated = times[name] > 1
            if entry is None and name not in folders[-1:]:
                folders.append(name)
                continue
            if entry is None:
                # The second folder of a name: `open` only ever reaches the first, so this one cannot be listed.
                entry = Listed(folder.prefix + name, "unlistable")
            self._add(replace(entry, fault=DUPLICATE_NAME) if repeated and entry.fault is None else entry)
        folder.todo = folders[::-1]

    def _look(self, folder: _Folder, name: bytes) -> Listed | None:
        """What lies under a name; None for a folder."""
        path = folder.prefix + name
        if name in (b"", b".", b"..") or b"/" in name:
            return Listed(path, "unlistable", fault=BAD_NAME)
        assert folder.fd is not None
        try:
            status = self._files.lstat(name, dir_fd=folder.fd)
        except OSError as error:
            fault = LOOP if error.errno == errno.ELOOP else STATUS_FAILED
            return Listed(path, "unlistable", fault=fault, errno=error.errno)
        kind = kind_of(status.st_mode)
        if kind == "folder":
            return None
        other = status.st_dev != self._volume.device
        return Listed(
            path,
            "unlistable" if other else kind,
            status.st_size,
            status.st_blocks * 512,
            status.st_mtime_ns,
            status.st_ino,
            fault=OTHER_DEVICE if other else None,
            link_target=_link_target(name, folder.fd) if kind == "symlink" else None,
        )

    def _unlistable(self, path: bytes, error: OSError) -> None:
        if not path:
            raise error
        fault = LOOP if error.errno == errno.ELOOP else LISTING_FAILED
        self._add(Listed(path, "unlistable", fault=fault, errno=error.errno))

    def _add(self, entry: Listed) -> None:
        self._charge(entry.path)
        self._entries.append(entry)

    def _charge(self, path: bytes) -> None:
        self._left_bytes -= len(path) + _ENTRY_COST_BYTES
        if self._left_bytes < 0:
            raise _TooMuch


def _link_target(name: bytes, folder_fd: int) -> bytes | None:
    try:
        return os.readlink(name, dir_fd=folder_fd)
    except OSError:
        return None
