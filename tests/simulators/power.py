"""A file system that loses what was not fsynced.

`PowerLog` is a FileCalls on a real folder that writes down what every call changed. `states_after(log, cut, …)` then
says what the disk may hold when the power goes after the `cut`-th change: everything that was made durable before, and
of the rest any part, in any order – data, names, renames and folders alike. `lay_out` puts such a state on a disk.

The model is harsher than ext4: a file's fsync does not make its name durable, only the folder's does, and a rename
whose folders were not both synced may be seen half: the new name beside the old one.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from hashing.filecalls import OsFileCalls


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the disk. `inode` is ours; `path` is relative to the root."""

    act: str  # create, name, unname, mkdir, rmdir, write, resize, sync-file, sync-folder, sync-all
    path: str = ""
    inode: int = -1
    offset: int = 0
    data: bytes = b""
    size: int = 0


@dataclass(slots=True)
class PowerLog(OsFileCalls):
    """Real calls below `root`, each written down; other paths are passed through."""

    root: str
    database: str | None = None
    changes: list[Change] = field(default_factory=list)
    # The catalogue as it was committed when the n-th change began: SQLite with synchronous=FULL keeps its word.
    commits: list[int] = field(default_factory=list)
    databases: list[bytes] = field(default_factory=list)
    _fds: dict[int, tuple[str, int]] = field(default_factory=dict)
    _inodes: dict[tuple[int, int], int] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _version: int = -1
    _made: int = 0
    _watcher: sqlite3.Connection | None = None

    def begin(self) -> int:
        """Take what lies below `root` for durable; the number of the first change after that."""
        for folder, folders, names in os.walk(self.root):
            for name in sorted(folders):
                self._note(Change("mkdir", self._relative(f"{folder}/{name}") or ""))
            for name in sorted(names):
                path = f"{folder}/{name}"
                status = os.lstat(path)
                self._made += 1
                inode = self._inodes[(status.st_dev, status.st_ino)] = self._made
                with open(path, "rb") as file:
                    data = file.read()
                relative = self._relative(path) or ""
                self._note(Change("create", relative, inode))
                self._note(Change("name", relative, inode))
                self._note(Change("write", relative, inode, 0, data))
        self._note(Change("sync-all"))
        return len(self.changes)

    # -------------------------------------------------------------------------------------------------- the database

    def look_at_database(self) -> None:
        """Keep a copy of the committed catalogue when it has changed."""
        if self.database is None:
            return
        if self._watcher is None:
            self._watcher = sqlite3.connect(self.database, check_same_thread=False)
        version = self._watcher.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            copy = sqlite3.connect(":memory:")
            self._watcher.backup(copy)
            self.databases.append(copy.serialize())
            copy.close()

    def _note(self, change: Change) -> None:
        self.look_at_database()
        self.changes.append(change)
        self.commits.append(len(self.databases) - 1)

    def close_watcher(self) -> None:
        """Take the last look and let go of the database."""
        self.look_at_database()
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    # ------------------------------------------------------------------------------------------------------ the calls

    def _relative(self, path: str | bytes) -> str | None:
        text = os.fsdecode(path)
        return text[len(self.root) :].strip("/") if text.startswith(self.root) else None

    def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
        relative = self._relative(path) if dir_fd is None else None
        with self._lock:
            existed = relative is not None and os.path.lexists(path)
            fd = os.open(path, flags, mode, dir_fd=dir_fd)
            if relative is None:
                return fd
            status = os.fstat(fd)
            key = (status.st_dev, status.st_ino)
            if not existed:
                # The kernel gives a removed file's number to a new one; ours are never used again.
                self._made += 1
                self._inodes[key] = self._made
                self._note(Change("create", relative, self._inodes[key]))
                self._note(Change("name", relative, self._inodes[key]))
            self._fds[fd] = (relative, self._inodes.get(key, -1))
            return fd

    def close(self, fd: int) -> None:  # type: ignore[override]
        with self._lock:
            self._fds.pop(fd, None)
            os.close(fd)

    def pwrite(self, fd, data, offset):  # type: ignore[no-untyped-def,override]
        with self._lock:
            if fd in self._fds:
                self._note(Change("write", self._fds[fd][0], self._fds[fd][1], offset, bytes(data)))
            return os.pwrite(fd, data, offset)

    def truncate(self, fd, size_bytes):  # type: ignore[no-untyped-def,override]
        with self._lock:
            if fd in self._fds:
                self._note(Change("resize", self._fds[fd][0], self._fds[fd][1], size=size_bytes))
            os.ftruncate(fd, size_bytes)

    def allocate(self, fd: int, size_bytes: int) -> None:
        with self._lock:
            before = os.fstat(fd).st_size
            os.posix_fallocate(fd, 0, size_bytes)
            if fd in self._fds and size_bytes > before:
                self._note(Change("resize", self._fds[fd][0], self._fds[fd][1], size=size_bytes))

    def fsync(self, fd: int) -> None:  # type: ignore[override]
        with self._lock:
            os.fsync(fd)
            if fd in self._fds:
                path, inode = self._fds[fd]
                self._note(Change("sync-folder", path) if inode < 0 else Change("sync-file", path, inode))

    def fdatasync(self, fd: int) -> None:  # type: ignore[override]
        with self._lock:
            os.fdatasync(fd)
            if fd in self._fds:
                self._note(Change("sync-file", *self._fds[fd]))

    def syncfs(self, fd: int) -> None:
        with self._lock:
            if fd in self._fds:
                self._note(Change("sync-all"))

    def move_new(self, source, target):  # type: ignore[no-untyped-def,override]
        with self._lock:
            OsFileCalls.move_new(self, source, target)
            old, new = self._relative(source), self._relative(target)
            if new is not None and old is not None:
                status = os.lstat(target)
                inode = self._inodes[(status.st_dev, status.st_ino)]
                self._note(Change("name", new, inode))
                self._note(Change("unname", old, inode))

    def replace(self, source, target):  # type: ignore[no-untyped-def,override]
        with self._lock:
            os.replace(source, target)
            old, new = self._relative(source), self._relative(target)
            if new is not None and old is not None:
                status = os.lstat(target)
                self._note(Change("name", new, self._inodes[(status.st_dev, status.st_ino)]))
                self._note(Change("unname", old))

    def unlink(self, path, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
        with self._lock:
            relative = self._relative(path) if dir_fd is None else None
            if relative is not None:
                status = os.lstat(path)
                inode = self._inodes.pop((status.st_dev, status.st_ino), -1)
            os.unlink(path, dir_fd=dir_fd)
            if relative is not None:
                self._note(Change("unname", relative, inode))

    def mkdir(self, path, mode=0o750):  # type: ignore[no-untyped-def,override]
        with self._lock:
            os.mkdir(path, mode)
            relative = self._relative(path)
            if relative is not None:
                self._note(Change("mkdir", relative))


@dataclass(slots=True)
class Disk:
    """A state of the disk: folders, names and contents."""

    folders: set[str] = field(default_factory=set)
    names: dict[str, int] = field(default_factory=dict)
    contents: dict[int, bytearray] = field(default_factory=dict)

    def apply(self, change: Change) -> None:
        match change.act:
            case "create":
                self.contents[change.inode] = bytearray()
            case "name":
                self.names[change.path] = change.inode
            case "unname":
                self.names.pop(change.path, None)
            case "mkdir":
                self.folders.add(change.path)
            case "write":
                content = self.contents.setdefault(change.inode, bytearray())
                end = change.offset + len(change.data)
                content.extend(bytes(max(0, end - len(content))))
                content[change.offset : end] = change.data
            case "resize":
                content = self.contents.setdefault(change.inode, bytearray())
                del content[change.size :]
                content.extend(bytes(change.size - len(content)))

    def reachable(self) -> dict[str, bytes]:
        """The files whose whole path is there."""
        return {
            path: bytes(self.contents.get(inode, b""))
            for path, inode in sorted(self.names.items())
            if all(parent in self.folders for parent in parents(path))
        }

    def reachable_folders(self) -> list[str]:
        return sorted(folder for folder in self.folders if all(parent in self.folders for parent in parents(folder)))


def parents(path: str) -> Iterator[str]:
    """The folders above a path, without the root."""
    while path := os.path.dirname(path):
        yield path


def durable_before(changes: list[Change], cut: int) -> list[bool]:
    """For each of the first `cut` changes: whether a later sync among them made it durable."""
    durable = [False] * cut
    synced_files: set[int] = set()
    synced_folders: set[str] = set()
    everything = False
    for index in range(cut - 1, -1, -1):
        change = changes[index]
        match change.act:
            case "sync-all":
                everything = True
            case "sync-file":
                synced_files.add(change.inode)
            case "sync-folder":
                synced_folders.add(change.path)
            case "create":
                # An inode without a name is nothing; with a durable name it is there, though perhaps empty.
                durable[index] = True
            case "write" | "resize":
                durable[index] = everything or change.inode in synced_files
            case _:
                durable[index] = everything or os.path.dirname(change.path) in synced_folders
    return durable


def state_after(changes: list[Change], cut: int, *, luck: float, seed: int) -> Disk:
    """The disk after a power cut behind the `cut`-th change. `luck` 0 loses all that is not durable, 1 keeps it all."""
    chance = random.Random(seed * 1_000_003 + cut)
    disk = Disk()
    for change, safe in zip(changes[:cut], durable_before(changes, cut), strict=True):
        if safe or chance.random() < luck:
            disk.apply(change)
    return disk


def lay_out(disk: Disk, root: str) -> None:
    """Put a state on a real disk, in an empty folder."""
    os.makedirs(root, exist_ok=True)
    for folder in disk.reachable_folders():
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    for path, content in disk.reachable().items():
        with open(f"{root}/{path}", "wb") as file:
            file.write(content)
