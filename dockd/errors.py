"""What stops the station. Errors carry facts; `dockd.explain` makes sentences of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class DockdError(Exception):
    """Base of this package's errors."""


class Problem(StrEnum):
    """What can be wrong with one setting."""

    SYNTAX = "syntax"
    UNKNOWN = "unknown"
    TYPE = "type"
    RANGE = "range"
    CHOICE = "choice"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One fault of the settings file.

    `key` is `section.name`, or empty for a fault of the file as a whole; `line` counts from 1 and is None where the
    fault has no place of its own. `found` is what stands there; `expected` what would be right (a type, a range, the
    choices, or for an unknown key the nearest known one).
    """

    key: str
    problem: Problem
    line: int | None = None
    found: str = ""
    expected: str = ""


class ConfigFault(DockdError):
    """The settings file has faults: all of them, in the order of their lines."""

    def __init__(self, path: str, faults: Sequence[SettingFault]) -> None:
        super().__init__(path, tuple(faults))
        self.path = path
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class FamilyFault:
    """One fault of a family file: in which file, at which key (`recognise.0.label`), and what is wrong with it."""

    file: str
    key: str
    problem: str


class FamilyFaults(DockdError):
    """Family files have faults: all of them, file by file."""

    def __init__(self, faults: Sequence[FamilyFault]) -> None:
        super().__init__(tuple(faults))
        self.faults = tuple(faults)


class HomeMissing(DockdError):
    """There is no station here yet: `path` is the settings file that was looked for."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class HomeExists(DockdError):
    """A station is already here, and it is never overwritten."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class HomeFault(DockdError):
    """A file or folder of the home cannot be used; `act` is the call that failed."""

    def __init__(self, path: str, act: str, cause: OSError) -> None:
        super().__init__(path, act, cause)
        self.path = path
        self.act = act
        self.cause = cause


class Busy(DockdError):
    """Another dockd is writing here. None stands for what its note in the lock file does not say."""

    def __init__(self, pid: int | None, command: str | None, since: str | None) -> None:
        super().__init__(pid, command, since)
        self.pid = pid
        self.command = command
        self.since = since


class NoSpace(DockdError):
    """The vault has not the room that this needs; both in bytes. Nothing is ever deleted to make some (P9)."""

    def __init__(self, needed_bytes: int, free_bytes: int) -> None:
        super().__init__(needed_bytes, free_bytes)
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class ToolMissing(DockdError):
    """A program we call is not there; `package` is its name for apt."""

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(tool, package)
        self.tool = tool
        self.package = package


class LedgerFault(DockdError):
    """The custody log's export in the vault contradicts itself or its signatures, at `place`."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason


class NothingPlugged(DockdError):
    """Nobody plugged a recorder in while we waited."""

    def __init__(self, waited_s: float) -> None:
        super().__init__(waited_s)
        self.waited_s = waited_s


class SourceNotAFolder(DockdError):
    """What should be a recorder's volume is no folder."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path
