"""Holds the read rate of a block device, for us and our children only: a control group of our own.

blkio of version 1 and io of version 2 do the same: the kernel lets a request of the group through when the device's
share of the second is not used up (blk-throttle). It holds for O_DIRECT as for the page cache's reading ahead. No other
process is slowed, and our own writes and our reads of other devices are not either.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

GROUP = "dockd-bench"


class NoThrottle(Exception):
    """This kernel offers no way to hold a device's rate; `args` says what was looked for."""


@dataclass(frozen=True, slots=True)
class _Kind:
    title: str
    root: Path
    home: Path  # where we came from
    file: str
    line: str
    free: str


class Throttle(AbstractContextManager["Throttle"]):
    """Our own control group while the context lasts. Needs root; raises NoThrottle, OSError."""

    def __init__(self) -> None:
        self._kind = _version_1() or _version_2()
        self._group = self._kind.root / GROUP
        self.title = self._kind.title

    def __enter__(self) -> Throttle:
        self._group.mkdir(exist_ok=True)
        _tell(self._group / "cgroup.procs", str(os.getpid()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        _tell(self._kind.home / "cgroup.procs", str(os.getpid()))
        self._group.rmdir()

    def hold(self, device: int, bytes_per_s: int) -> None:
        """Hold reads of the block device with this number."""
        _tell(self._group / self._kind.file, self._kind.line.format(device=_number(device), rate=bytes_per_s))

    def let_go(self, device: int) -> None:
        """Hold it no longer."""
        _tell(self._group / self._kind.file, self._kind.free.format(device=_number(device)))


def _number(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def _tell(file: Path, text: str) -> None:
    with open(file, "w", encoding="ascii") as opened:
        opened.write(text)


def _version_1() -> _Kind | None:
    for place, kind, options in _mounts():
        file = "blkio.throttle.read_bps_device"
        if kind == "cgroup" and "blkio" in options and (place / file).exists():
            home = place / _own_group("blkio").lstrip("/")
            return _Kind(f"cgroup v1 {file}", place, home, file, "{device} {rate}", "{device} 0")
    return None


def _version_2() -> _Kind:
    for place, kind, _options in _mounts():
        if kind != "cgroup2" or "io" not in (place / "cgroup.controllers").read_text().split():
            continue
        if "io" not in (place / "cgroup.subtree_control").read_text().split():
            _tell(place / "cgroup.subtree_control", "+io")
        home = place / _own_group("").lstrip("/")
        return _Kind("cgroup v2 io.max", place, home, "io.max", "{device} rbps={rate}", "{device} rbps=max")
    raise NoThrottle("cgroup v1 blkio", "cgroup v2 io")


def _mounts() -> list[tuple[Path, str, list[str]]]:
    lines = [line.split(" ") for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [(Path(words[1]), words[2], words[3].split(",")) for words in lines]


def _own_group(controller: str) -> str:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, controllers, group = line.split(":", 2)
        if controller in controllers.split(","):
            return group
    return "/"
