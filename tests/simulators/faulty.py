"""One fault at one chosen call of a whole run, and everything a real disk does besides refusing.

`FaultyFiles` first records a run; each of its calls, as (side, act, place, which one of these), is then a place for a
fault. Threads of two runs may interleave otherwise, but the fifth write to one file is the same call in both.

A failed fsync loses what was written since the last good one, and the next fsync succeeds: so the kernel does it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from hashing.filecalls import Path
from tests.simulators.flaky_files import FlakyFiles, _Rule

RECORDER, VAULT = "recorder", "vault"
WRITING = frozenset({"create", "pwrite", "allocate", "mkdir", "move_new", "fsync", "syncfs", "truncate"})
SYNCING = frozenset({"fsync", "fdatasync", "syncfs"})
_RANDOM = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}|(?<=\.new-)[0-9a-f]+-[0-9a-f]+")


class What(StrEnum):
    """The faults."""

    ONCE = "eio-once"
    FOR_EVER = "eio-for-ever"  # and every later call on that side: the disk, or the recorder, is gone
    FULL = "no-space"  # and every later call that writes
    SHORT = "short"
    FLIP = "bit-flip"


@dataclass(frozen=True, slots=True, order=True)
class At:
    """One call of a run."""

    side: str
    act: str
    place: str
    nth: int


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    at: At
    what: What


def faults_at(calls: Iterable[At]) -> Iterator[Fault]:
    """Every fault that can befall one of these calls."""
    for at in calls:
        yield Fault(at, What.ONCE)
        yield Fault(at, What.FOR_EVER)
        if at.act in WRITING and at.side == VAULT:
            yield Fault(at, What.FULL)
        if at.act == "preadv":
            yield Fault(at, What.FLIP)
        if at.act in ("preadv", "pwrite"):
            yield Fault(at, What.SHORT)


class FaultyFiles(FlakyFiles):
    """The kernel's calls below two folders, with at most one fault. `run` lists the calls; `fired` says that it met."""

    def __init__(self, recorder: str, vault: str, fault: Fault | None = None) -> None:
        super().__init__()
        self._sides = {RECORDER: recorder, VAULT: vault}
        self._fault = fault
        self._counts: dict[tuple[str, str, str], int] = {}
        self._unsynced: dict[str, list[tuple[int, int]]] = {}
        self.run: list[At] = []
        self.fired = False

    def _meet(self, name: str, path: str, size_bytes: int = 0) -> list[_Rule]:
        side = next((side for side, root in self._sides.items() if path.startswith(root)), None)
        if side is None:
            return []
        with self._lock:
            key = (side, name, _RANDOM.sub("*", path[len(self._sides[side]) :]))
            nth = self._counts[key] = self._counts.get(key, 0) + 1
            at = At(*key, nth)
            self.run.append(at)
            number = self._errno(at)
            if name in SYNCING and side == VAULT:
                self._settle(name, path, lost=number != 0)
        if number:
            raise OSError(number, os.strerror(number), path)
        if self._fault is None or self._fault.at != at:
            return []
        if self._fault.what is What.FLIP:
            return [_Rule(name, "", 1, False, flip_byte=0)]
        return [_Rule(name, "", 1, False, limit_bytes=max(1, size_bytes // 2 - 1))]

    def _errno(self, at: At) -> int:
        fault = self._fault
        if fault is None:
            return 0
        now = at == fault.at
        later = self.fired and at.side == fault.at.side
        self.fired = self.fired or now
        match fault.what:
            case What.ONCE:
                return errno.EIO if now else 0
            case What.FOR_EVER:
                return errno.EIO if now or later else 0
            case What.FULL:
                return errno.ENOSPC if now or (later and at.act in WRITING) else 0
        return 0

    def _settle(self, name: str, path: str, *, lost: bool) -> None:
        """Forget what is durable now, or take away what the failed call lost."""
        paths = list(self._unsynced) if name == "syncfs" else [path]
        for each in paths:
            spans = self._unsynced.pop(each, [])
            if lost and spans and os.path.lexists(each):
                mode = os.stat(each).st_mode
                os.chmod(each, 0o600)
                with open(each, "r+b") as file:
                    for offset, length in spans:
                        file.seek(offset)
                        file.write(bytes(length))
                os.chmod(each, mode)

    def open(self, path: Path, flags: int, mode: int = 0o600, *, dir_fd: int | None = None) -> int:
        whole = os.path.join(self._path_of(dir_fd) if dir_fd is not None else "", os.fsdecode(path))
        self._meet("create" if flags & os.O_CREAT else "open", whole)
        fd = os.open(path, flags, mode, dir_fd=dir_fd)
        with self._lock:
            self._paths[fd] = os.readlink(f"/proc/self/fd/{fd}")
        return fd

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:
        done = super().pwrite(fd, data, offset)
        with self._lock:
            self._unsynced.setdefault(self._path_of(fd), []).append((offset, done))
        return done

    def unlink(self, path: Path, *, dir_fd: int | None = None) -> None:
        folder = self._path_of(dir_fd) if dir_fd is not None else ""
        self._meet("unlink", os.path.join(folder, os.fsdecode(path)))
        os.unlink(path, dir_fd=dir_fd)
