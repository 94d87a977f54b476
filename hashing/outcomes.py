"""What is asked of the copy engine and what it answers.

Every task it takes ends in exactly one Verified or SourceFault; Checkpointed and Condemned may come before that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .digest import Algorithm, Digest

OpenSource = Callable[[int], int]
"""Opens a file of a recorder: takes extra flags (O_DIRECT or 0), gives a descriptor, raises OSError. The caller sees to
O_NOFOLLOW and O_NONBLOCK: the engine would hang where they would."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The part of an unfinished copy that was made durable; `digest` is BLAKE3 of it as the source gave it."""

    size_bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class CopyTask:
    """One file of a recorder to be copied.

    `key` is the caller's and comes back untouched. `size_bytes` is the size as listed: nothing beyond it is kept, and
    a file of another size is a fault. `partial` is the absolute path of the temporary name; its folder exists.
    `resume`: an earlier run left `partial` with at least these bytes; it is used only if the medium still gives them.
    """

    key: int
    open_source: OpenSource
    size_bytes: int
    partial: str
    resume: Prefix | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Durable under `task.partial` with mode 0440, and read back from the medium equal to what the source gave.

    `read_back` is "direct" (O_DIRECT) or "dropped" (page cache dropped first). `source_direct`: every byte of the
    source came past the page cache. `resumed_bytes` were taken over from an earlier run, hashed again from the medium.
    """

    task: CopyTask
    size_bytes: int
    digests: dict[Algorithm, Digest]
    fingerprint: Digest
    source_direct: bool
    read_back: str
    resumed_bytes: int


@dataclass(frozen=True, slots=True)
class SourceFault:
    """This file could not be taken whole; the next one may.

    `reason`: "unreadable", "absent" (no such name), "gone" (no such device), "not-regular", "shrank", "grew",
    "stalled", "stopped". `at_bytes` is the first byte that could not be had. `kept` is durable under `task.partial`;
    None means that nothing was worth keeping and nothing lies there.
    """

    task: CopyTask
    reason: str
    errno: int | None
    at_bytes: int
    kept: Prefix | None


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A long copy is under way and this much of it is durable: a power cut costs no more than what came after."""

    task: CopyTask
    kept: Prefix


@dataclass(frozen=True, slots=True)
class Condemned:
    """A copy that failed its proof was removed. `reason`: "digest" (the medium gives other bytes), "unreadable" (it
    gives none) – both are copied once more from the source – or "fsync", after which the engine raises TargetFault."""

    task: CopyTask
    reason: str
    errno: int | None


Outcome = Verified | SourceFault | Checkpointed | Condemned
