"""What stops the station. Errors carry facts; `dockd.explain` makes sentences of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.cases.states import Why as CaseWhy
    from catalog.people.access import Act
    from catalog.people.access import Why as AccessWhy
    from catalog.people.wanted import Fault
    from catalog.watching.gap_states import Why
    from retention.pack_faults import PackFaults

    from .people.signing_in import NotIn
    from .root.reason import Reason


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


class DocumentUnreadable(DockdError):
    """A document that somebody handed in cannot be taken whole."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class GapRefused(DockdError):
    """What somebody wanted to do with a gap is not for him to do, or not as the gap stands."""

    def __init__(self, gap: str, why: Why) -> None:
        super().__init__(gap, why)
        self.gap = gap
        self.why = why


class CaseRefused(DockdError):
    """What somebody wanted to do with a case (its number) is not to be done as the case stands."""

    def __init__(self, case: str, why: CaseWhy) -> None:
        super().__init__(case, why)
        self.case = case
        self.why = why


class CaseNumberTaken(DockdError):
    """A case of this number is on record already."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class HoldRefused(DockdError):
    """What somebody wanted to do with a hold is not to be done as it stands; `why` is a code of dockd.keeping.words."""

    def __init__(self, hold: str, why: str) -> None:
        super().__init__(hold, why)
        self.hold = hold
        self.why = why


class PackUnusable(DockdError):
    """The rule pack that the settings name is not there, or there are faults in the packs."""

    def __init__(self, name: str, faults: PackFaults | None = None) -> None:
        super().__init__(name, faults)
        self.name = name
        self.faults = faults


class PackNotAdopted(DockdError):
    """The settings name another rule pack than the one that terms are decided by; or what it says has changed."""

    def __init__(self, name: str, adopted: str) -> None:
        super().__init__(name, adopted)
        self.name = name
        self.adopted = adopted


class CountDiffers(DockdError):
    """Somebody confirmed another count than there is now: how many recordings an act makes due."""

    def __init__(self, given: int | None, found: int) -> None:
        super().__init__(given, found)
        self.given = given
        self.found = found


class BeyondClip(DockdError):
    """A clip is shorter than the time that somebody named in it; both in ms."""

    def __init__(self, clip: str, at_ms: int, duration_ms: int) -> None:
        super().__init__(clip, at_ms, duration_ms)
        self.clip = clip
        self.at_ms = at_ms
        self.duration_ms = duration_ms


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


class NotAllowed(DockdError):
    """Whoever acts may not do this here; the refusal is in the custody log."""

    def __init__(self, actor: str, act: Act, why: AccessWhy, department: str | None) -> None:
        super().__init__(actor, act, why, department)
        self.actor = actor
        self.act = act
        self.why = why
        self.department = department


class SignInRefused(DockdError):
    """Nobody was signed in under this name; of a lock until when, None: until somebody unlocks it."""

    def __init__(self, name: str, why: NotIn, until: datetime | None) -> None:
        super().__init__(name, why, until)
        self.name = name
        self.why = why
        self.until = until


class UnitFailed(DockdError):
    """Root's part came to nothing: `act` on the volume `name`. `reason` is root's own word, `said` what whoever called
    it heard, where there is none: root was not reached, or did not come to an end.
    """

    def __init__(self, act: str, name: str, said: str, reason: Reason | None = None) -> None:
        super().__init__(act, name, said, reason)
        self.act = act
        self.name = name
        self.said = said
        self.reason = reason


class SheetUnreadable(DockdError):
    """A file is no spreadsheet that can be read: `why` is too-large, unreadable, no-table, no-text or no-workbook."""

    def __init__(self, path: str, why: str, cause: BaseException | None = None) -> None:
        super().__init__(path, why, cause)
        self.path = path
        self.why = why
        self.cause = cause


class SheetFaults(DockdError):
    """A spreadsheet has faults: all of them, as catalog.people.wanted names them. Nothing was taken over."""

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        super().__init__(path, tuple(faults))
        self.path = path
        self.faults = tuple(faults)


class NotFitting(DockdError):
    """What somebody wants does not fit what is on record; `what` is a code of dockd.people.words."""

    def __init__(self, what: str, **facts: str) -> None:
        super().__init__(what, facts)
        self.what = what
        self.facts = facts
