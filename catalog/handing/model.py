"""What the catalogue hands out of hand-overs. Times are aware and UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

MADE, DIFFERS, RECEIVED = "made", "differs", "received"
HERE, SIGNED, PAPER = "here", "signed", "paper"

# What can differ beside what retention.fixity.Damage names. Stand in the custody log: never renamed.
MORE = "more"  # it is there, and the manifest does not name it
DESTROYED = "destroyed"  # its period ended and it was disposed of since
TOLD = "told"  # a paper receipt says something in words


@dataclass(frozen=True, slots=True)
class HandedDifference:
    """One thing of a batch that is not with the receiver as the manifest says: `path` as the manifest names it."""

    path: str
    what: str
    expected: str = ""
    found: str = ""

    def as_map(self) -> dict[str, Any]:
        """As the custody log and a receipt have it."""
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> HandedDifference:
        """From what the log or a receipt has. Raises KeyError, ValueError."""
        values = {name: said[name] for name in ("path", "what", "expected", "found")}
        if not all(isinstance(value, str) for value in values.values()):
            raise ValueError("a difference is told in text")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """A batch: `state` is `made` (no receipt yet), `differs` (a receipt with differences) or `received` (whole).

    `clips` and `documents` are how many; `recipient` is for whom it was.
    """

    id: str
    department: str
    recipient: str
    made_by: str
    made_at: datetime
    clips: int
    documents: int
    size_bytes: int
    manifest_digest: str
    state: str


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What the receiving side said of a batch: `how` is `here`, `signed` or `paper`."""

    batch: str
    how: str
    receiver: str
    key: str | None
    taken_by: str
    taken_at: datetime
    files: int
    differences: list[dict[str, Any]]
    documents: list[str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver that this station was told of; `key` None: its signatures count no more."""

    name: str
    key: str | None
    told_by: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a department has not handed over: how many recordings, their bytes, and when the oldest was taken in."""

    department: str
    clips: int
    size_bytes: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Docked:
    """When a recording was handed in to the station, and what is known of when it was made."""

    session: str
    recorder: str
    officer: str | None
    department: str
    docked_at: datetime
    recorded_at: datetime | None
    recorded_latest: datetime | None
    duration_ms: int | None
    kind: str
