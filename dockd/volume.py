"""A recorder's volume, held by its root's descriptor: nothing is reached by a path of strings.

Every component is opened below the one before it and no link is followed, so that a tree which changes under us, or was
made to mislead, cannot lead out of the volume.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from hashing.filecalls import FileCalls, Path

from .mounts import MOUNTINFO, Mount, disk_sequence, mount_at, read_label
from .naming import shown

# O_NONBLOCK: opening a FIFO or a device node must not wait; on plain files and folders it says nothing.
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

# A reader goes through one folder after the other; two readers and their parents fit.
KEPT_FOLDERS = 8

# What a volume of unknown size is taken for: the largest offset a file can have.
UNKNOWN_CAPACITY_BYTES = 2**63 - 1

StatVfs = Callable[[int], os.statvfs_result]


class NotRegular(OSError):
    """An entry is no plain file of this volume: `kind` says what it is ("fifo", "folder", "other-device" …).

    Its errno is ELOOP, which openat gives too when O_NOFOLLOW meets a link.
    """

    def __init__(self, path: bytes, kind: str) -> None:
        super().__init__(errno.ELOOP, kind, os.fsdecode(path))
        self.path = path
        self.kind = kind


_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "char-device",
    stat.S_IFBLK: "block-device",
}


def kind_of(mode: int) -> str:
    """The word for a file type of `st_mode`; what no system knows is "unlistable"."""
    return _KINDS.get(stat.S_IFMT(mode), "unlistable")


@dataclass(slots=True)
class _Kept:
    """An open folder of the cache; closed when it has been dropped and nobody uses it any more."""

    fd: int
    users: int = 0
    dropped: bool = False


class Volume:
    """A volume under `root`. May be used by several threads at once; `close` when all are done."""

    def __init__(self, files: FileCalls, root: str, root_fd: int, device: int, statvfs: StatVfs) -> None:
        self.files = files
        self.root = root
        self.device = device
        self._statvfs = statvfs
        self._root = _Kept(root_fd, users=1)
        self._cache: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._noatime = os.O_NOATIME
        self._label: tuple[str | None] | None = None
        self.capacity_bytes = self._capacity()

    @classmethod
    def open(cls, files: FileCalls, root: Path, *, statvfs: StatVfs = os.fstatvfs) -> Volume:
        """Take hold of the folder `root`; the operator's own path may go through links. Raises OSError."""
        text = os.fsdecode(root)
        fd = files.open(text, FOLDER_FLAGS & ~os.O_NOFOLLOW)
        try:
            return cls(files, text, fd, files.fstat(fd).st_dev, statvfs)
        except BaseException:
            files.close(fd)
            raise

    def close(self) -> None:
        """Let go of the volume, so that it can be unmounted. Descriptors handed out stay with their owners."""
        with self._lock:
            for kept in self._cache.values():
                self._drop(kept)
            self._cache.clear()
            if not self._root.dropped:
                self._root.users -= 1
                self._drop(self._root)

    def __enter__(self) -> Volume:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # ----------------------------------------------------------------------------------------------- opening

    def open_entry(self, path: bytes, extra_flags: int = 0) -> int:
        """A descriptor of the plain file `path` (raw, relative), for reading; the caller closes it.

        `extra_flags` are for the last open only (O_DIRECT). Raises OSError; NotRegular when it is anything else than a
        plain file on the volume's own device.
        """
        folder, name = _split(path)
        with self._folder(folder) as folder_fd:
            fd = self._open_quietly(name, FILE_FLAGS | extra_flags, folder_fd)
        try:
            status = self.files.fstat(fd)
            kind = "other-device" if status.st_dev != self.device else kind_of(status.st_mode)
            if kind != "file":
                raise NotRegular(path, kind)
        except BaseException:
            self.files.close(fd)
            raise
        return fd

    def open_folder(self, path: bytes) -> int:
        """A descriptor of the folder `path` (b"" is the root); the caller closes it. Raises OSError."""
        if not path:
            with self._folder(b"") as root_fd:
                return self._open_child(root_fd, b".", path)
        folder, name = _split(path)
        with self._folder(folder) as folder_fd:
            return self._open_child(folder_fd, name, path)

    def read_small(self, path: bytes, limit_bytes: int) -> bytes:
        """The first `limit_bytes` of a plain file, or all of it when it is shorter. Raises OSError."""
        fd = self.open_entry(path)
        try:
            block = memoryview(bytearray(limit_bytes))
            done = 0
            while done < limit_bytes:
                count = self.files.preadv(fd, [block[done:]], done)
                if count == 0:
                    break
                done += count
            return bytes(block[:done])
        finally:
            self.files.close(fd)

    def _open_quietly(self, name: bytes, flags: int, folder_fd: int) -> int:
        """Open without leaving a trace of reading; only a file's owner may ask for that."""
        if self._noatime:
            try:
                return self.files.open(name, flags | self._noatime, dir_fd=folder_fd)
            except PermissionError as error:
                if error.errno != errno.EPERM:
                    raise
                self._noatime = 0
        return self.files.open(name, flags, dir_fd=folder_fd)

    def _open_child(self, folder_fd: int, name: bytes, path: bytes) -> int:
        fd = self.files.open(name, FOLDER_FLAGS, dir_fd=folder_fd)
        try:
            if self.files.fstat(fd).st_dev != self.device:
                raise NotRegular(path, "other-device")
        except BaseException:
            self.files.close(fd)
            raise
        return fd

    # ------------------------------------------------------------------------------------- the last few folders

    @contextmanager
    def _folder(self, path: bytes) -> Iterator[int]:
        kept = self._acquire(path)
        try:
            yield kept.fd
        finally:
            with self._lock:
                self._release(kept)

    def _acquire(self, path: bytes) -> _Kept:
        """The open folder `path`, opened from its nearest ancestor that still is open."""
        at, kept = self._nearest(path)
        names = path[len(at) :].lstrip(b"/").split(b"/") if len(at) < len(path) else []
        for name in names:
            at = at + b"/" + name if at else name
            try:
                fd = self._open_child(kept.fd, name, at)
            finally:
                with self._lock:
                    self._release(kept)
            kept = self._keep(at, fd)
        return kept

    def _nearest(self, path: bytes) -> tuple[bytes, _Kept]:
        with self._lock:
            if self._root.dropped:
                raise OSError(errno.EBADF, "volume is closed", self.root)
            at = path
            while at and at not in self._cache:
                at = at.rpartition(b"/")[0]
            kept = self._cache[at] if at else self._root
            if at:
                self._cache.move_to_end(at)
            kept.users += 1
            return at, kept

    def _keep(self, path: bytes, fd: int) -> _Kept:
        kept = _Kept(fd, users=1)
        with self._lock:
            if self._root.dropped:
                kept.dropped = True
                return kept
            before = self._cache.pop(path, None)
            if before is not None:
                self._drop(before)
            self._cache[path] = kept
            if len(self._cache) > KEPT_FOLDERS:
                self._drop(self._cache.popitem(last=False)[1])
        return kept

    def _release(self, kept: _Kept) -> None:
        kept.users -= 1
        if kept.dropped and not kept.users:
            self.files.close(kept.fd)

    def _drop(self, kept: _Kept) -> None:
        kept.dropped = True
        if not kept.users:
            self.files.close(kept.fd)

    # ------------------------------------------------------------------------------------------ what it is

    def answers(self) -> None:
        """Raises OSError when the file system says that its device is gone.

        A pulled vfat lists as empty without an error, and only statvfs tells (measured with Linux 6.1).
        """
        with self._folder(b"") as root_fd:
            self._statvfs(root_fd)

    def room(self) -> tuple[int, int] | None:
        """Bytes free, and bytes in all, of the volume's file system; None when it is gone, or when `root` is not where
        a device is mounted: a folder's file system is not the recorder's.
        """
        try:
            with self._folder(b"") as root_fd:
                said = self._statvfs(root_fd) if self._mount() else None
        except OSError:
            return None
        return (said.f_bfree * said.f_frsize, said.f_blocks * said.f_frsize) if said and said.f_blocks else None

    def label(self) -> str | None:
        """The label of the volume; None when it has none, or when `root` is not where a device is mounted.

        Printable, as `naming.shown` prints names: a label is written by whoever made the card.
        """
        if self._label is None:
            mount = self._mount()
            label = read_label(mount.source) if mount else None
            self._label = (shown(label.encode()) if label else None,)
        return self._label[0]

    def facts(self) -> dict[str, int | str | None]:
        """What tells this volume from another: stays the same while it is docked, changes when it is plugged anew."""
        mount = self._mount()
        return {
            "device": f"{os.major(self.device)}:{os.minor(self.device)}",
            "source": mount.source if mount else None,
            "filesystem": mount.filesystem if mount else None,
            "diskseq": disk_sequence(self.device) if mount else None,
            # A folder's file system is not the recorder's, and on some its size changes with use.
            "capacity_bytes": self.capacity_bytes if mount else None,
            "label": self.label(),
        }

    def _mount(self) -> Mount | None:
        try:
            with open(MOUNTINFO, "rb") as file:
                mountinfo = file.read()
        except OSError:
            return None
        return mount_at(mountinfo, os.fsencode(os.path.realpath(self.root)), self.device)

    def _capacity(self) -> int:
        try:
            said = self._statvfs(self._root.fd)
        except OSError:
            return UNKNOWN_CAPACITY_BYTES
        return said.f_blocks * said.f_frsize or UNKNOWN_CAPACITY_BYTES


def _split(path: bytes) -> tuple[bytes, bytes]:
    """Folder and name of a path within a volume; ValueError when it could lead anywhere else."""
    if any(part in (b"", b".", b"..") for part in path.split(b"/")):
        raise ValueError(f"no path within a volume: {path!r}")
    folder, _, name = path.rpartition(b"/")
    return folder, name
