"""A file system that misbehaves when told to: the kernel's own calls, with faults put in front of them.

Every rule names the call, which of the calls it means (counted from 1, for paths below `under` only) and whether the
fault stays. Rules may be added while others are running; everything is under one lock but the calls themselves.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, RLock
from typing import Any

from hashing.filecalls import OsFileCalls, Path


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made; `path` is that of the descriptor's file where the call takes a descriptor."""

    name: str
    path: str
    size_bytes: int = 0


@dataclass(slots=True)
class _Rule:
    call: str
    under: str
    at: int
    forever: bool
    errno: int = 0
    stall: Event | None = None
    flip_byte: int = -1
    limit_bytes: int = 0
    seen: int = 0

    def strikes(self, name: str, path: str) -> bool:
        """Whether this very call is meant; counts it."""
        if name != self.call or not path.startswith(self.under):
            return False
        self.seen += 1
        return self.seen == self.at or (self.forever and self.seen > self.at)


class FlakyFiles(OsFileCalls):
    """The kernel's calls with faults. `calls` is the log."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._rules: list[_Rule] = []
        self._gone: list[str] = []
        self._paths: dict[int, str] = {}
        self._lock = RLock()

    # ------------------------------------------------------------ what to do wrong

    def fail(self, call: str, errno: int, *, at: int = 1, forever: bool = False, under: str = "") -> None:
        """The `at`-th such call raises OSError(errno); with `forever`, and every one after it."""
        self._rules.append(_Rule(call, under, at, forever, errno=errno))

    def stall(self, call: str, until: Event, *, at: int = 1, under: str = "") -> None:
        """The `at`-th such call does not begin before `until` is set."""
        self._rules.append(_Rule(call, under, at, forever=False, stall=until))

    def flip_bit(self, byte: int, *, at: int = 1, forever: bool = False, under: str = "") -> None:
        """The `at`-th preadv gives its `byte`-th byte with one bit wrong."""
        self._rules.append(_Rule("preadv", under, at, forever, flip_byte=byte))

    def read_short(self, limit_bytes: int, *, under: str = "") -> None:
        """No preadv gives more than `limit_bytes`."""
        self._rules.append(_Rule("preadv", under, 1, forever=True, limit_bytes=limit_bytes))

    def write_short(self, limit_bytes: int, *, under: str = "") -> None:
        """No pwrite takes more than `limit_bytes`."""
        self._rules.append(_Rule("pwrite", under, 1, forever=True, limit_bytes=limit_bytes))

    def vanish(self, root: str) -> None:
        """From now on everything below `root`, open files too, answers EIO."""
        self._gone.append(root)

    def count(self, name: str, under: str = "") -> int:
        """How many such calls were made below `under`."""
        with self._lock:
            return sum(call.name == name and call.path.startswith(under) for call in self.calls)

    # ------------------------------------------------------------ the calls

    def _meet(self, name: str, path: str, size_bytes: int = 0) -> list[_Rule]:
        with self._lock:
            self.calls.append(Call(name, path, size_bytes))
            met = [rule for rule in self._rules if rule.strikes(name, path)]
            gone = any(path.startswith(root) for root in self._gone)
        for rule in met:
            if rule.stall is not None:
                rule.stall.wait()
        number = next((rule.errno for rule in met if rule.errno), 5 if gone else 0)
        if number:
            raise OSError(number, os.strerror(number), path)
        return met

    def _path_of(self, fd: int) -> str:
        with self._lock:
            return self._paths.get(fd, "")

    def open(self, path: Any, flags: int, mode: int = 0o600, *, dir_fd: int | None = None) -> int:
        text = os.fsdecode(path)
        folder = self._path_of(dir_fd) if dir_fd is not None else ""
        self._meet("open", os.path.join(folder, text))
        fd = os.open(path, flags, mode, dir_fd=dir_fd)
        with self._lock:
            self._paths[fd] = os.readlink(f"/proc/self/fd/{fd}")
        return fd

    def close(self, fd: int) -> None:
        with self._lock:
            path = self._paths.pop(fd, "")
            os.close(fd)
        self._meet("close", path)

    def fstat(self, fd: int) -> os.stat_result:
        self._meet("fstat", self._path_of(fd))
        return os.fstat(fd)

    def lstat(self, path: Path, *, dir_fd: int | None = None) -> os.stat_result:
        self._meet("lstat", os.fsdecode(path))
        return super().lstat(path, dir_fd=dir_fd)

    def preadv(self, fd: int, buffers: Sequence[memoryview], offset: int) -> int:  # type: ignore[override]
        (buffer,) = buffers
        met = self._meet("preadv", self._path_of(fd), len(buffer))
        limits = [rule.limit_bytes for rule in met if rule.limit_bytes]
        got = os.preadv(fd, [buffer], offset)
        got = min([got, *limits])
        for rule in met:
            if 0 <= rule.flip_byte < got:
                buffer[rule.flip_byte] ^= 0x10
        return got

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:  # type: ignore[override]
        met = self._meet("pwrite", self._path_of(fd), len(data))
        limits = [rule.limit_bytes for rule in met if rule.limit_bytes]
        return os.pwrite(fd, data[: min([len(data), *limits])], offset)

    def allocate(self, fd: int, size_bytes: int) -> None:
        self._meet("allocate", self._path_of(fd), size_bytes)
        super().allocate(fd, size_bytes)

    def truncate(self, fd: int, size_bytes: int) -> None:
        self._meet("truncate", self._path_of(fd), size_bytes)
        os.ftruncate(fd, size_bytes)

    def set_flags(self, fd: int, flags: int) -> None:
        self._meet("set_flags", self._path_of(fd))
        super().set_flags(fd, flags)

    def drop_cache(self, fd: int) -> None:
        self._meet("drop_cache", self._path_of(fd))
        super().drop_cache(fd)

    def will_read(self, fd: int, offset: int, length: int) -> None:
        self._meet("will_read", self._path_of(fd), length)
        super().will_read(fd, offset, length)

    def fsync(self, fd: int) -> None:  # type: ignore[override]
        self._meet("fsync", self._path_of(fd))
        os.fsync(fd)

    def fdatasync(self, fd: int) -> None:  # type: ignore[override]
        self._meet("fdatasync", self._path_of(fd))
        os.fdatasync(fd)

    def syncfs(self, fd: int) -> None:
        self._meet("syncfs", self._path_of(fd))
        super().syncfs(fd)

    def move_new(self, source: Path, target: Path) -> None:
        self._meet("move_new", os.fsdecode(target))
        super().move_new(source, target)

    def replace(self, source: Path, target: Path) -> None:  # type: ignore[override]
        self._meet("replace", os.fsdecode(target))
        os.replace(source, target)

    def unlink(self, path: Path, *, dir_fd: int | None = None) -> None:  # type: ignore[override]
        self._meet("unlink", os.fsdecode(path))
        os.unlink(path, dir_fd=dir_fd)

    def mkdir(self, path: Path, mode: int = 0o750) -> None:
        self._meet("mkdir", os.fsdecode(path))
        super().mkdir(path, mode)

    def rmdir(self, path: Path) -> None:  # type: ignore[override]
        self._meet("rmdir", os.fsdecode(path))
        os.rmdir(path)

    def chmod(self, fd: int, mode: int) -> None:
        self._meet("chmod", self._path_of(fd))
        os.fchmod(fd, mode)

    def scandir(self, fd_or_path: int | Path) -> list[os.DirEntry[str]] | list[os.DirEntry[bytes]]:
        path = self._path_of(fd_or_path) if isinstance(fd_or_path, int) else os.fsdecode(fd_or_path)
        self._meet("scandir", path)
        return super().scandir(fd_or_path)
