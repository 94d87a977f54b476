"""What the catalogue hands out of sweeps, batches and tombstones. Times are aware and UTC; days are the agency's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

# States of a batch. Of an open one nothing is proposed a second time.
PROPOSED, ENDORSED, APPROVED, REFUSED, DONE = "proposed", "endorsed", "approved", "refused", "done"
OPEN = (PROPOSED, ENDORSED, APPROVED)
# How many persons say yes before the grace period begins.
TWO, ONE, NONE = "two", "one", "none"
# States of a clip in a batch.
IN, SPARED, DESTROYED = "in", "spared", "destroyed"
# Why a clip was spared although it is due: somebody waits for a copy. Else a code of retention.verdicts.Reason.
ASKED_FOR = "asked-for"
# States of a sweep.
RAN, STOPPED, ALLOWED = "ran", "stopped", "allowed"


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep that ran, or stopped: what it found due for the first time, what was ready to be destroyed, all held.

    `state` is `ran`, `stopped` or `allowed` (stopped, and somebody let the next one go on). `exceeded` are the limits
    that stopped it, each with `reason`, `found` and `allowed`.
    """

    id: str
    seq: int
    state: str
    day: date
    due_clips: int
    due_bytes: int
    ready_clips: int
    ready_bytes: int
    held_clips: int
    held_bytes: int
    exceeded: list[dict[str, Any]]
    departments: list[str]
    at: datetime
    allowed_by: str | None
    allowed_at: datetime | None

    @property
    def asked_clips(self) -> int:
        """How many recordings a stopped sweep asks about."""
        return self.due_clips + self.ready_clips


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Recordings of one department that were proposed together. `left_clips` and `left_bytes` are still in it."""

    id: str
    sweep: str
    department: str
    day: date
    clips: int
    size_bytes: int
    left_clips: int
    left_bytes: int
    approval: str
    grace_days: int
    state: str
    proposed_at: datetime
    endorsed_by: str | None
    endorsed_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    refused_by: str | None
    refused_at: datetime | None
    refuse_reason: str | None

    @property
    def ready_at(self) -> datetime | None:
        """When its grace is over; None while somebody must still say yes, or nothing of it is to go any more."""
        if self.state == APPROVED and self.approved_at is not None:
            return self.approved_at + timedelta(days=self.grace_days)
        if self.state == PROPOSED and self.approval == NONE:
            return self.proposed_at + timedelta(days=self.grace_days)
        return None


@dataclass(frozen=True, slots=True)
class BatchClip:
    """A clip of a batch: `in` it, `spared` from it (why, and kept until when: None is without end) or `destroyed`."""

    batch: str
    clip: str
    state: str
    why: str | None
    kept_until: str | None
    day: date | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a destroyed clip for ever. `until` was the last day of its keeping, by `article` of `pack`.

    `reason` and `rule` are those of the ground that decided. `removed_at` None: its original may lie there still.
    """

    clip: str
    batch: str
    session: str
    vault_path: str
    size_bytes: int
    digest: str
    pack: str
    pack_digest: str
    reason: str
    rule: str
    article: str
    until: date
    day: date
    destroyed_at: datetime
    removed_at: datetime | None
