"""What becomes of recordings whose term is over.

The sweep proposes and destroys; people endorse, approve, refuse and let go on. What they may do is asked before an
event is made (catalog.people.access); what must hold whatever program writes the log is refused in `applying`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..event import Event


@dataclass(frozen=True, slots=True)
class SweepRan(Event):
    """A sweep went through: what it found due that no open batch has, what was ready to be destroyed, all held."""

    KIND = "sweep-ran"
    sweep: str
    day: str
    due_clips: int
    due_bytes: int
    ready_clips: int
    ready_bytes: int
    held_clips: int
    held_bytes: int


@dataclass(frozen=True, slots=True)
class SweepStopped(Event):
    """A sweep was unusual: it proposed and destroyed nothing, and waits for a person.

    `exceeded` are the limits, each with `reason`, `found` and `allowed` (retention.share.Exceeded); `departments` those
    of what it would have touched.
    """

    KIND = "sweep-stopped"
    sweep: str
    day: str
    due_clips: int
    due_bytes: int
    ready_clips: int
    ready_bytes: int
    held_clips: int
    held_bytes: int
    exceeded: list[dict[str, Any]]
    departments: list[str]


@dataclass(frozen=True, slots=True)
class SweepAllowed(Event):
    """A person looked at a sweep that stopped, and lets the next one go on. `clips` is the number he typed."""

    KIND = "sweep-allowed"
    sweep: str
    by: str
    clips: int


@dataclass(frozen=True, slots=True)
class DisposalProposed(Event):
    """Recordings of one department whose term is over, for people to decide about.

    `approval` is how many persons must say yes (`two`, `one`, `none`), `grace_days` how long they lie set aside from
    the last yes on; both as the settings were then.
    """

    KIND = "disposal-proposed"
    batch: str
    sweep: str
    department: str
    day: str
    approval: str
    grace_days: int
    size_bytes: int
    clips: list[str]


@dataclass(frozen=True, slots=True)
class DisposalEndorsed(Event):
    """The archivist agrees to the disposal of the `clips` recordings that are still in a batch."""

    KIND = "disposal-endorsed"
    batch: str
    by: str
    clips: int


@dataclass(frozen=True, slots=True)
class DisposalApproved(Event):
    """The leader approves it, having typed how many they are: from now on they lie set aside."""

    KIND = "disposal-approved"
    batch: str
    by: str
    clips: int


@dataclass(frozen=True, slots=True)
class DisposalRefused(Event):
    """A person refuses it: nothing of the batch goes."""

    KIND = "disposal-refused"
    batch: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipSpared(Event):
    """A recording left a batch: facts or holds say now that it stays, or somebody waits for a copy of it.

    `why` is the ground (retention.verdicts.Reason), or ASKED_FOR. `kept_until` is its new last day, None without end.
    """

    KIND = "clip-spared"
    batch: str
    clip: str
    day: str
    why: str
    kept_until: str | None


@dataclass(frozen=True, slots=True)
class ClipDestroyed(Event):
    """The tombstone: a recording is destroyed. Its original is removed after this is durable, in the log and the vault.

    `until` was the last day of its keeping by `pack`; `reason`, `rule` and `article` are of the ground that decided.
    """

    KIND = "clip-destroyed"
    batch: str
    clip: str
    day: str
    vault_path: str
    size_bytes: int
    digest: str
    pack: str
    pack_digest: str
    reason: str
    rule: str
    article: str
    until: str


@dataclass(frozen=True, slots=True)
class OriginalsRemoved(Event):
    """The originals of destroyed recordings no longer lie in the vault: a folder's listing was made durable without."""

    KIND = "originals-removed"
    batch: str
    clips: list[str]
