"""What the catalogue hands out of upkeep. Times are aware and UTC; vault paths are relative to the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hashing.digest import digest_of

CLIPS, QUARANTINED, DOCUMENTS = "clips", "quarantined", "documents"
# Small things first: a night that ends early has read them all the same.
WHATS = (DOCUMENTS, QUARANTINED, CLIPS)

# Why a clip's copy in the vault is not to be trusted: `Clip.doubt` until it is restored.
DAMAGED = "damaged"

# Stands for the vault's own folder of damaged bytes where places of copies are named.
ASIDE = "aside"

Place = tuple[str, int]
"""Where a file stands in the order of reading: its session and its number there; of a document its id, and 0."""


def place_text(place: Place) -> str:
    """A place as the log has it: `session/number`, or a document's id."""
    where, number = place
    return f"{where}/{number}" if number else where


def parse_place(text: str) -> Place:
    """What `place_text` made this of. Raises ValueError."""
    where, slash, number = text.rpartition("/")
    return (where, int(number)) if slash else (text, 0)


def file_key(clip: str | None, vault_path: str) -> str:
    """What a damaged file is known by: its clip's id, or 16 hex digits that stand for its path."""
    return clip if clip is not None else digest_of(vault_path.encode()).hex[:16]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the vault as it was recorded; `since` is when it was read when it came in."""

    what: str
    place: Place
    clip: str | None
    vault_path: str
    size_bytes: int
    digests: dict[str, str]
    since: datetime

    @property
    def key(self) -> str:
        """What damage of it is known by."""
        return file_key(self.clip, self.vault_path)


@dataclass(frozen=True, slots=True)
class Round:
    """How far a round of reading came: `after` is the last place that was read, None before the first.

    `number` 0 is before the first round. `began_at` is None for a round that has not begun.
    """

    what: str
    number: int
    began_at: datetime | None
    after: Place | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Amount:
    """Files and their bytes."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that was found damaged; whole again since `restored_at`, None while it is not."""

    file: str
    what: str
    clip: str | None
    vault_path: str
    damage: str
    expected: str
    found: str
    found_at: datetime
    restored_at: datetime | None
    source: str | None
    place: str | None
    aside: list[str]


@dataclass(frozen=True, slots=True)
class LostCopy:
    """A second copy that was found not to hold since `since`, and was not made anew; `vault_path` is its clip's."""

    place: str
    clip: str
    vault_path: str
    since: datetime


@dataclass(frozen=True, slots=True)
class CopyPlace:
    """A folder that second copies lie in, by the name that its marker gives it."""

    place: str
    folder: str
    same_disk: bool
    prepared_at: datetime


@dataclass(frozen=True, slots=True)
class Copied:
    """What a place holds: sessions, clips and bytes; `lacking` clips of these sessions that it should have and has
    not; `waiting` sealed sessions that it does not have at all; `newest` is when the last of its sessions came.
    """

    sessions: int
    clips: int
    size_bytes: int
    lacking: int
    waiting: int
    newest: datetime | None
