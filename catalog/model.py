"""What the catalogue hands out. Times are aware and UTC; vault paths are relative to the vault."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


def utc_text(moment: datetime) -> str:
    """UTC with microseconds and `Z`: texts of this form sort as their times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """One line of a station's custody log. `body` is what was hashed; the other fields repeat what it says.

    Order is by `seq`. `at` is the station's claim, microseconds of UTC, written down as its clock had it: a clock that
    was set back shows as one.
    """

    station: str
    seq: int
    at: str
    actor: str
    kind: str
    prev: str
    hash: str
    body: bytes

    @classmethod
    def of(cls, body: bytes, entry_hash: str) -> CustodyEntry:
        """The entry that a body stands for. Raises ValueError, KeyError or TypeError when it is none."""
        said = json.loads(body)
        return cls(
            said["station"], said["seq"], said["at"], said["actor"], said["kind"], said["prev"], entry_hash, body
        )

    @property
    def data(self) -> dict[str, Any]:
        """What happened, as the body has it (parsed anew at every call)."""
        data: dict[str, Any] = json.loads(self.body.decode())["data"]
        return data


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a custody log: how many entries, and the last one's hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A signed statement about the first `size` entries; `frontier` lets the Merkle tree grow from there."""

    station: str
    size: int
    root: str
    head: str
    at: str
    frontier: str
    signature: str


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder as its last docking showed it."""

    id: str
    family: str
    label: str | None
    department: str
    officer: str | None
    first_seen: datetime
    last_seen: datetime
    sessions: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A bay's number and the port it stands for."""

    slot: int
    port: str
    priority: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device that may be docked, by its key `vendor:product:serial`."""

    key: str
    name: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A docking session. Counts are nought until it is sealed; `state` is `open`, `sealed` or `interrupted`.

    `clearing` is `none`, `intended` (an intent without an outcome) or `done`.
    """

    id: str
    station: str
    recorder: str
    family: str
    family_reason: str
    label: str | None
    slot: int | None
    department: str
    officer: str | None
    source: str
    vault_dir: str
    on_recorder: int
    size_bytes: int
    station_synced: bool | None
    volume: dict[str, Any]
    opened_at: datetime
    state: str
    sealed_at: datetime | None
    ingested: int
    already_held: int
    quarantined: int
    failed: int
    ingested_bytes: int
    milliseconds: int
    session_digest: str | None
    manifest_digest: str | None
    clearing: str
    cleared: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What became of one entry of a session. Of an ingested one the clip has the digest and the place."""

    session: str
    seq: int
    path: str
    path_hex: str | None
    size_bytes: int
    outcome: str
    reason: str
    clip: str | None
    vault_path: str | None
    digest: str | None
    fingerprint: str | None
    cleared: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording in the vault. `digests` are texts by algorithm; `b3` is always there.

    `facts_state` is `pending`, `read` or `failed` (a parser failed; the other's facts are there all the same). `doubt`
    says why the bytes may not be the recorder's: at its second reading it gave others, or they were found damaged in
    the vault (`damaged`); they are copied again at its next docking. `recorded_at` lies between `recorded_earliest`
    and `recorded_latest`; `time_doubt` says why it is not known. `anchor_at` is the latest time that is plausible,
    None for as late as it was ingested. `officer` rests on `officer_basis`, and is None, with `officer_why`, where a
    person must settle it (catalog.people.attributing); `officer_claimed` is whom the recording's own name says,
    `officer_bound` whom the recorder's binding file.
    One with `destroyed_at` was disposed of: its row stays, its original is gone or about to go (catalog.disposing).
    """

    id: str
    station: str
    session: str
    seq: int
    recorder: str
    department: str
    officer: str | None
    path: str
    path_hex: str | None
    name: str
    kind: str
    size_bytes: int
    digests: dict[str, str]
    fingerprint: str
    vault_path: str
    claimed_at: str | None
    recorded_at: datetime | None
    time_source: str | None
    key_mark: bool
    read_back: str
    same_name_as: str | None
    ingested_at: datetime
    sort_at: datetime
    duration_ms: int | None
    facts_state: str
    clip_class: str
    doubt: str | None
    recorded_earliest: datetime | None = None
    recorded_latest: datetime | None = None
    anchor_at: datetime | None = None
    time_basis: str | None = None
    time_doubt: str | None = None
    officer_claimed: str | None = None
    officer_bound: str | None = None
    officer_basis: str | None = None
    officer_why: str | None = None
    destroyed_at: datetime | None = None

    @property
    def position(self) -> tuple[datetime, str]:
        """Where the clip stands in a list: `ClipQuery.after` of the next page."""
        return self.sort_at, self.id


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing exiftool or ffprobe said of a clip, as catalog.media names it: `value` is any JSON value."""

    clip: str
    name: str
    value: Any
    unit: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """The fact by its stable names."""
        return {"name": self.name, "value": self.value, "unit": self.unit, "source": self.source}


@dataclass(frozen=True, slots=True)
class Held:
    """What the vault has of one path of a recorder. `clip` is None for a quarantined copy."""

    path: str
    size_bytes: int
    fingerprint: str
    digest: str
    clip: str | None
    vault_path: str
    doubt: str | None


@dataclass(frozen=True, slots=True)
class ClipQuery:
    """Which clips. Unset means any; times compare with `recorded_at`, or `ingested_at` where that is unknown.

    `since` is included, `until` is not. `departments` is any of these, `among` only clips of these ids;
    `unattributed` asks for recordings whose officer a person must settle, `time_unknown` for those whose time.
    `after` is the `position` of the last clip seen.
    """

    department: str | None = None
    recorder: str | None = None
    officer: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    clip_class: str | None = None
    session: str | None = None
    kind: str | None = None
    time_unknown: bool = False
    unattributed: bool = False
    departments: frozenset[str] | None = None
    among: frozenset[str] | None = None
    limit: int | None = None
    after: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A table says other than the custody log. `column` is empty when a whole row is missing or too many."""

    table: str
    key: str
    column: str
    expected: str
    found: str
