"""What happened to changes that would make recordings due: the kinds of entries of this room.

Whoever proposes such a change and whoever confirms it are two persons (architecture: retention). What was proposed is
written down word for word, so that the second person confirms that and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..event import Event


@dataclass(frozen=True, slots=True)
class ChangeProposed(Event):
    """Someone asked for a change that would make recordings due: a pack, a class, the closing of a case. Not done yet.

    `acts` are the entries that a confirmation writes, in order, each a map of its `kind` and `data`. `departments` are
    those of the recordings that it would make due; `made_due` and `size_bytes` say how many these are and how large, as
    they were counted then; `plan_digest` is of their ids and last days.
    """

    KIND = "change-proposed"
    change: str
    acts: list[dict[str, Any]]
    by: str
    departments: list[str]
    made_due: int
    size_bytes: int
    plan_digest: str


@dataclass(frozen=True, slots=True)
class ChangeConfirmed(Event):
    """A second person typed how many recordings it makes due, and it was done: its own entries follow this one.

    `made_due`, `size_bytes` and `plan_digest` are as they were counted anew.
    """

    KIND = "change-confirmed"
    change: str
    proposed_by: str
    by: str
    made_due: int
    size_bytes: int
    plan_digest: str


@dataclass(frozen=True, slots=True)
class ChangeRefused(Event):
    """A second person refused a change, or whoever proposed it took it back: it was never done."""

    KIND = "change-refused"
    change: str
    by: str
    reason: str
