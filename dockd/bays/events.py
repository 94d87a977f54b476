"""What can happen in a bay, and what can be asked for. `dockd.bays.bay` says which follows from which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..usb import Gone, Seen


class Why(StrEnum):
    """Reasons a bay states; `dockd.showing` has the sentences."""

    PULLED = "pulled-out"
    MOUNT_FAILED = "mount-failed"
    UNREADABLE = "unreadable"
    ENTRIES_FAILED = "entries-failed"
    STOPPED = "stopped"
    STATION = "station-fault"
    NOT_ENROLLED = "not-enrolled"
    NOT_CLEARED = "not-cleared"
    CLEARING_FAILED = "clearing-failed"
    TALK_FAILED = "talk-failed"


@dataclass(frozen=True, slots=True)
class Mounted:
    """A volume can be read at `path`."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Began:
    """A worker took the volume up."""

    name: str


@dataclass(frozen=True, slots=True)
class Docked:
    """A session ended: sealed or interrupted, with so many failed entries; `clear` when it may be cleared."""

    name: str
    complete: bool
    failed: int
    clear: bool


@dataclass(frozen=True, slots=True)
class Cleared:
    """The clearing ended: `kept` recordings stayed that were to go."""

    name: str
    kept: int


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """A recorder was spoken to, and sent on to become a disk."""

    name: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An act came to nothing."""

    name: str
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Somebody enrolled a recorder, or the station takes in again after a fault of its own."""


Happened = Seen | Gone | Mounted | Began | Docked | Cleared | TalkEnded | Failed | RulesChanged


@dataclass(frozen=True, slots=True)
class Mount:
    """Have the volume mounted read-only."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Dock:
    """Take the volume in, as soon as there is a free worker."""

    seen: Seen
    path: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Have what was proven removed."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Release:
    """Let go of the volume."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Refuse:
    """Put on record that a device was not let in."""

    seen: Seen
    reason: str


@dataclass(frozen=True, slots=True)
class Talk:
    """Have a recorder spoken to that is no disk yet, by `seen.driver`."""

    seen: Seen


Act = Mount | Dock | Clear | Release | Refuse | Talk
