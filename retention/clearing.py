"""May this recorder be cleared, clip by clip, and why not. Pure: evidence in, verdicts out.

A clip leaves the recorder only when every entry of the session has an outcome and none failed, the clip was read a
second time from the recorder with the same digest, and the vault's copy was read back from the medium (contract P1).
One doubt about the volume as a whole keeps everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Doubt(StrEnum):
    """Why an entry, or the whole recorder, is not cleared. The words stand in the custody log."""

    SESSION_INTERRUPTED = "session-interrupted"
    ENTRY_FAILED = "entry-failed"
    WITHOUT_OUTCOME = "without-outcome"
    LISTING_CHANGED = "listing-changed"
    DEVICE_CHANGED = "device-changed"
    READ_ONLY = "read-only"
    NOT_IN_VAULT = "not-in-vault"
    KEPT_BY_FAMILY = "kept-by-family"
    SECOND_READING_DIFFERS = "second-reading-differs"
    SECOND_READING_FAILED = "second-reading-failed"
    VAULT_COPY_DIFFERS = "vault-copy-differs"
    REMOVAL_FAILED = "removal-failed"
    STILL_LISTED = "still-listed"
    NOT_CONFIRMED = "not-confirmed"
    DUPLICATE_NAME = "duplicate-name"
    LIST_REFUSED = "list-refused"
    SEAL_UNPROVEN = "seal-unproven"
    NOT_VOUCHED = "not-vouched"
    NOT_MOUNTED = "not-mounted"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one entry when clearing is weighed. Digests are text; None means not read or unreadable."""

    seq: int
    outcome: str
    clearable: bool
    held_digest: str | None
    second_reading: str | None
    vault_reading: str | None


@dataclass(frozen=True, slots=True)
class Clear:
    """This entry may be removed."""

    seq: int


@dataclass(frozen=True, slots=True)
class Keep:
    """This entry stays, and why."""

    seq: int
    doubt: Doubt


def doubts_of_session(state: str, on_recorder: int, outcomes: Iterable[str]) -> list[Doubt]:
    """What keeps the whole recorder from being cleared, before anything is read again."""
    outcomes = list(outcomes)
    doubts = []
    if state != "sealed":
        doubts.append(Doubt.SESSION_INTERRUPTED)
    if len(outcomes) != on_recorder:
        doubts.append(Doubt.WITHOUT_OUTCOME)
    if "failed" in outcomes:
        doubts.append(Doubt.ENTRY_FAILED)
    return doubts


def candidate(outcome: str, *, clearable: bool, held_digest: str | None) -> Doubt | None:
    """Whether it is worth reading an entry again: None when it is."""
    if outcome not in ("ingested", "already-held") or held_digest is None:
        return Doubt.NOT_IN_VAULT
    return None if clearable else Doubt.KEPT_BY_FAMILY


def weigh(evidence: Iterable[Evidence]) -> list[Clear | Keep]:
    """A verdict for every entry. Silence is not permission: a reading that was not made keeps the entry."""
    verdicts: list[Clear | Keep] = []
    for entry in evidence:
        doubt = candidate(entry.outcome, clearable=entry.clearable, held_digest=entry.held_digest)
        if doubt is None and entry.second_reading is None:
            doubt = Doubt.SECOND_READING_FAILED
        elif doubt is None and entry.second_reading != entry.held_digest:
            doubt = Doubt.SECOND_READING_DIFFERS
        elif doubt is None and entry.vault_reading != entry.held_digest:
            doubt = Doubt.VAULT_COPY_DIFFERS
        verdicts.append(Clear(entry.seq) if doubt is None else Keep(entry.seq, doubt))
    return verdicts
