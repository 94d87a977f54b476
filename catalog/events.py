"""What happens at a docking and to a clip: one frozen dataclass for each kind of custody entry.

An event's fields are the entry's `data`; they hold all that its projection needs, so that the tables can be made again
from the log alone. Only text, whole numbers, booleans, None, and lists and maps of these: fractions would not survive
every JSON reader alike. Times are UTC, ISO 8601 with `Z`; paths are as `dockd.naming` prints them, relative to the
recorder's root or to the vault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .event import Event


@dataclass(frozen=True, slots=True)
class StationInitialised(Event):
    """The first entry of every chain: whose it is."""

    KIND = "station-initialised"
    public_key: str
    version: str


@dataclass(frozen=True, slots=True)
class SessionOpened(Event):
    """A recorder was seated and listed; nothing has been copied yet."""

    KIND = "session-opened"
    session: str
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
    volume: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipIngested(Event):
    """A copy was read back from the medium, equals what the recorder gave, and has its final name.

    `recorded_at` is the best value of when it was recorded, between `recorded_earliest` and `recorded_latest`; all are
    None when that is unknown, and `time_doubt` then says why. `time_basis` is what the limits rest on
    (catalog.watching.recorded). No period counts from before `anchor_at`, the latest time that is plausible.

    `officer` follows from the ledger, on `officer_basis`; None with `officer_why` until a person settles it
    (catalog.people.attributing). Entries without a basis are older: their `officer` is whom the recorder named.
    """

    KIND = "clip-ingested"
    clip: str
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
    recorded_at: str | None
    time_source: str | None
    key_mark: bool
    read_back: str
    same_name_as: str | None = None
    recorded_earliest: str | None = None
    recorded_latest: str | None = None
    anchor_at: str | None = None
    time_basis: str | None = None
    time_doubt: str | None = None
    officer_claimed: str | None = None
    officer_bound: str | None = None
    officer_basis: str | None = None
    officer_why: str | None = None


@dataclass(frozen=True, slots=True)
class EntryResolved(Event):
    """An entry that did not become a clip of this session: already held, quarantined or failed, and why."""

    KIND = "entry-resolved"
    session: str
    seq: int
    path: str
    path_hex: str | None
    size_bytes: int
    outcome: str
    reason: str
    clip: str | None = None
    vault_path: str | None = None
    digest: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class CopyCondemned(Event):
    """A copy that failed once: digest, fsync or source (contract P5). The recorder is the truth until a clean one."""

    KIND = "copy-condemned"
    session: str
    seq: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionSealed(Event):
    """session.json is signed and durable; the session will not change again."""

    KIND = "session-sealed"
    session: str
    state: str
    ingested: int
    already_held: int
    quarantined: int
    failed: int
    ingested_bytes: int
    milliseconds: int
    session_digest: str
    manifest_digest: str | None


@dataclass(frozen=True, slots=True)
class ClearingIntended(Event):
    """What is about to be removed from the recorder, durable before the first unlink (contract P2)."""

    KIND = "clearing-intended"
    session: str
    recorder: str
    entries: list[dict[str, Any]]
    device: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecorderCleared(Event):
    """What a fresh listing of the recorder confirmed as gone, and what was not cleared and why."""

    KIND = "recorder-cleared"
    session: str
    recorder: str
    removed: list[int]
    kept: list[dict[str, Any]]
    confirmed_by: str


@dataclass(frozen=True, slots=True)
class FactsRead(Event):
    """What exiftool and ffprobe said of a clip, and which of them failed.

    A fact is a map of `name`, `value`, `unit` and `source`, as catalog.media names them; the one called `duration`, in
    ms, is the clip's. Both lists empty: there was nothing to ask.
    """

    KIND = "facts-read"
    clip: str
    facts: list[dict[str, Any]]
    failures: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ClipFiled(Event):
    """A person put a clip under a case or a class; the mark of the recorder stays beside it."""

    KIND = "clip-filed"
    clip: str
    case_no: str | None
    clip_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class CopiesSetAside(Event):
    """After an interruption: finished copies that no entry names were put aside, nothing was removed."""

    KIND = "copies-set-aside"
    session: str
    copies: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Verified(Event):
    """A verification was run, over what, and how many findings it had (contract P7)."""

    KIND = "verified"
    scope: str
    clips: int
    size_bytes: int
    findings: int


@dataclass(frozen=True, slots=True)
class SlotBound(Event):
    """A bay got its number: whatever sits in this port sits in this slot. An earlier binding of either ends."""

    KIND = "slot-bound"
    slot: int
    port: str
    priority: bool = False


@dataclass(frozen=True, slots=True)
class SlotUnbound(Event):
    """A bay lost its number."""

    KIND = "slot-unbound"
    slot: int


@dataclass(frozen=True, slots=True)
class RecorderEnrolled(Event):
    """A device of this key may be docked. `name` is what people call it."""

    KIND = "recorder-enrolled"
    key: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecorderDismissed(Event):
    """A device of this key may be docked no longer."""

    KIND = "recorder-dismissed"
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceRefused(Event):
    """A device was not let in: not mass storage alone, or a file system nobody asked for."""

    KIND = "device-refused"
    slot: int | None
    port: str
    key: str
    reason: str
    interfaces: list[str]


@dataclass(frozen=True, slots=True)
class RecorderTalkedTo(Event):
    """A recorder was spoken to by its protocol before it became a disk. `serial`, `officer` and `battery` are its own
    words, None where it says nothing (the unit of `battery` is the maker's); `set_at` is when its clock was set (UTC)
    and `told` the time it was told, local without zone; `disk`: it was told to become a disk.
    """

    KIND = "recorder-talked-to"
    slot: int | None
    port: str
    key: str
    driver: str
    serial: str | None
    officer: str | None
    battery: int | None
    set_at: str | None
    told: str | None
    disk: bool
    fault: str | None


@dataclass(frozen=True, slots=True)
class CatalogRebuilt(Event):
    """The catalogue was made again from the vault."""

    KIND = "catalog-rebuilt"
    entries: int
    sessions_recovered: int
