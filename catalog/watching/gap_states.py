"""What people do with a gap: open → explained → reviewed (duty D09). A pure transition, who may do what included.
One whose files came later is closed as delivered, whatever stood of it before.

The officer says at once why a recording stopped, into the next recording, or reports in writing; a leader who explained
nothing of it reviews. Unexplained gaps are chased; nothing is ever taken back, the custody log keeps every step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a gap stands. Stands in the custody log: never renamed."""

    OPEN = "open"
    EXPLAINED = "explained"
    REVIEWED = "reviewed"
    DELIVERED = "delivered"


# Of these nobody has to say any more.
CLOSED = frozenset({State.REVIEWED, State.DELIVERED})


class Role(StrEnum):
    """In what role somebody acts."""

    OFFICER = "officer"
    LEADER = "leader"
    KEEPER = "keeper"  # the recorder manager, who keeps the explanations


@dataclass(frozen=True, slots=True)
class Spoken:
    """The reason was spoken into a clip, beginning at `at_ms`."""

    clip: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Written:
    """A written report, with the digest of what is attached."""

    text: str
    attachment: str | None = None


@dataclass(frozen=True, slots=True)
class Explain:
    """Somebody says why there is a gap."""

    by: str
    role: Role
    at: datetime
    reason: Spoken | Written


@dataclass(frozen=True, slots=True)
class Review:
    """A leader accepts the explanation, or sends it back with a note."""

    by: str
    role: Role
    at: datetime
    accepted: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A gap's state. `explainers` are all who ever explained it: none of them may review it."""

    state: State = State.OPEN
    explainers: frozenset[str] = frozenset()
    reason: Spoken | Written | None = None
    reviewer: str | None = None


class Why(StrEnum):
    """Why an act is refused."""

    EMPTY = "empty-explanation"
    ALREADY_REVIEWED = "already-reviewed"
    DELIVERED = "delivered"
    NOT_EXPLAINED = "not-explained"
    NOT_A_LEADER = "not-a-leader"
    OWN_EXPLANATION = "own-explanation"
    NO_NOTE = "sent-back-without-a-note"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The act does not count; the standing stays."""

    why: Why


def advance(standing: Standing, act: Explain | Review) -> Standing | Refusal:
    """What an act makes of a gap.

    Officers, leaders and keepers explain, and may explain again until it is reviewed; only a leader who never
    explained it reviews. Sent back, it is open again.
    """
    if not act.by.strip():
        return Refusal(Why.NOBODY)
    if standing.state is State.REVIEWED:
        return Refusal(Why.ALREADY_REVIEWED)
    if standing.state is State.DELIVERED:
        return Refusal(Why.DELIVERED)
    if isinstance(act, Explain):
        if not _says_something(act.reason):
            return Refusal(Why.EMPTY)
        return Standing(State.EXPLAINED, standing.explainers | {act.by}, act.reason)
    if standing.state is not State.EXPLAINED:
        return Refusal(Why.NOT_EXPLAINED)
    if act.role is not Role.LEADER:
        return Refusal(Why.NOT_A_LEADER)
    if act.by in standing.explainers:
        return Refusal(Why.OWN_EXPLANATION)
    if act.accepted:
        return replace(standing, state=State.REVIEWED, reviewer=act.by)
    if not act.note.strip():
        return Refusal(Why.NO_NOTE)
    return replace(standing, state=State.OPEN, reason=None)


def to_chase(standing: Standing, found_at: datetime, now: datetime, patience: timedelta) -> bool:
    """Whether somebody is to be reminded: not closed, and found longer ago than `patience`."""
    return standing.state not in CLOSED and now - found_at > patience


def _says_something(reason: Spoken | Written) -> bool:
    if isinstance(reason, Spoken):
        return bool(reason.clip.strip()) and reason.at_ms >= 0
    return bool(reason.text.strip())
