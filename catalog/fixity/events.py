"""What upkeep finds and does: stretches of the vault read again, damage, what was put right, second copies.

A vault is read in rounds, each in one order: clips and quarantined copies by session and number in its listing,
documents by id. An entry stands for a stretch of that order and never for a single file, so that a million files a
month do not drown the log.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..event import Event


@dataclass(frozen=True, slots=True)
class FixityRead(Event):
    """A stretch of the vault was read again from the medium, and every digest taken anew (contract P7).

    `what` is `clips`, `quarantined` or `documents`; each has its rounds, counted from 1. All that lay there from
    `first` to `last`, both included (`session/number`, or a document's id), was read between `began_at` and the time of
    this entry. `ends_round`: nothing came after `last`.
    """

    KIND = "fixity-read"
    what: str
    round: int
    first: str
    last: str
    began_at: str
    files: int
    size_bytes: int
    damaged: int
    ends_round: bool


@dataclass(frozen=True, slots=True)
class CopiesRead(Event):
    """A stretch of the second copies of clips at a place was read again from its medium, and every digest taken anew.

    As `fixity-read`; each place has rounds of its own. What does not hold has an entry `copies-removed`.
    """

    KIND = "copies-read"
    place: str
    round: int
    first: str
    last: str
    began_at: str
    files: int
    size_bytes: int
    damaged: int
    ends_round: bool


@dataclass(frozen=True, slots=True)
class DamageFound(Event):
    """A file in the vault is no longer what was recorded of it.

    `damage` is `missing`, `unreadable`, `different-size` or `different-digest`. The same damage met again is not
    recorded again.
    """

    KIND = "damage-found"
    what: str
    clip: str | None
    vault_path: str
    damage: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class DamageRestored(Event):
    """A damaged file is again what was recorded of it: read back from the medium.

    `source` is `mirror`, `vault` (another clip with these bytes), `folder` (one that somebody named) or `found-whole`
    (it was put right by other hands, or could be read again); `place` says which. `aside` are the vault paths under
    which what lay there before is kept.
    """

    KIND = "damage-restored"
    what: str
    clip: str | None
    vault_path: str
    source: str
    place: str
    aside: list[str]


@dataclass(frozen=True, slots=True)
class MirrorPrepared(Event):
    """A folder may hold second copies: its marker names it `place`. `same_disk`: it lies on the vault's own disk."""

    KIND = "mirror-prepared"
    place: str
    folder: str
    same_disk: bool


@dataclass(frozen=True, slots=True)
class CopiesMade(Event):
    """A sealed session has second copies at a place, each read back from its medium and equal to what was catalogued.

    `clips` of them and `size_bytes`; `lacking` are the clips of the session that are not among them: damaged in the
    vault, or destroyed. Said again of a session, it counts anew.
    """

    KIND = "copies-made"
    place: str
    session: str
    clips: int
    size_bytes: int
    lacking: list[str]


@dataclass(frozen=True, slots=True)
class CopiesRemoved(Event):
    """Second copies are no longer at a place. `reason` is `destroyed` (the clips were, on record) or `damaged` (the
    copies do not hold; what is left of them is put aside there when new ones are made). `place` may be `aside`: the
    damaged bytes that the vault kept.
    """

    KIND = "copies-removed"
    place: str
    clips: list[str]
    size_bytes: int
    reason: str
