"""What the daemon asks to be removed, what the seal vouches for, and what came of it. Text in, values out.

All three are read as if a stranger had written them: types and sizes first, and one thing out of place refuses the
whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar
from zoneinfo import available_timezones

from hashing.digest import Algorithm, Digest
from hashing.errors import MalformedDigest

WIPE_FORMAT = "dockd wipe list 1"
OUTCOME_FORMAT = "dockd clearing outcome 1"
SEAL_FORMAT = "dockd session 1"

CONFIRMED_BY_REMOUNT = "remount"
NOTHING_REMOVED = "nothing-removed"

# A card of 100,000 clips needs 25 MB of the one and 120 MB of the other.
WIPE_LIMIT_BYTES = 64 << 20
SEAL_LIMIT_BYTES = 512 << 20

PATH_LIMIT_BYTES = 4096
_CLOCK_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", re.ASCII)
# Numbers of the calendar and the clock, and what stands between them: one line whatever the time.
_CLOCK_FORMAT = re.compile(r"(?:%[YmdHMSy]|[-/:. T])+", re.ASCII)
_CLOCK_FORMAT_LIMIT = 64

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """One entry of the volume as the daemon saw it."""

    path: bytes
    kind: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Removal:
    """One entry to be removed: `digest` is BLAKE3 of what the vault holds."""

    seq: int
    path: bytes
    size_bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Clock:
    """A file in the volume's root that sets the recorder's clock at power-on; `format` is strftime's, `zone` that of
    the recorder's clock (None: root's own).
    """

    name: str
    format: str
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class WipeList:
    """What the daemon asks for. `seal` is the path of the session.json that vouches for it."""

    session: str
    device: str
    diskseq: int | None
    seal: str
    listing: tuple[Listed, ...]
    remove: tuple[Removal, ...]
    clock: Clock | None

    def to_json(self) -> bytes:
        """The text that `read_wipe_list` reads."""
        document = {
            "format": WIPE_FORMAT,
            "session": self.session,
            "device": self.device,
            "diskseq": self.diskseq,
            "seal": self.seal,
            "listing": [
                {"path_hex": e.path.hex(), "kind": e.kind, "size_bytes": e.size_bytes, "mtime_ns": e.mtime_ns}
                for e in self.listing
            ],
            "remove": [
                {"seq": r.seq, "path_hex": r.path.hex(), "size_bytes": r.size_bytes, "digest": str(r.digest)}
                for r in self.remove
            ],
            "clock": asdict(self.clock) if self.clock else None,
        }
        return json.dumps(document).encode()


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The clock file was written: `set_at` is the time in it, as UTC."""

    name: str
    set_at: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wipe list. `kept` pairs entries with the word of their doubt; together with `removed` it names
    every entry that was to go. `fault` says what stopped the whole, or why the clock was not set."""

    session: str
    device: str
    removed: tuple[int, ...]
    kept: tuple[tuple[int, str], ...]
    confirmed_by: str = NOTHING_REMOVED
    clock: ClockSet | None = None
    fault: str | None = None

    def to_json(self) -> bytes:
        """The text that `read_outcome` reads."""
        document = {
            "format": OUTCOME_FORMAT,
            "session": self.session,
            "device": self.device,
            "removed": list(self.removed),
            "kept": [{"seq": seq, "reason": reason} for seq, reason in self.kept],
            "confirmed_by": self.confirmed_by,
            "clock": {"name": self.clock.name, "set_at": self.clock.set_at} if self.clock else None,
            "fault": self.fault,
        }
        return (json.dumps(document, ensure_ascii=False) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a seal says of one entry; `digest` is the vault's BLAKE3 of it, None where it holds no clip."""

    path: bytes
    size_bytes: int
    outcome: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What a session.json says, as far as clearing needs it; `entries` by their number in the session."""

    session: str
    state: str
    on_recorder: int
    entries: Mapping[int, Vouched]


# ------------------------------------------------------------------------------------------------------------- reading


def read_wipe_list(data: bytes) -> WipeList:
    """The wipe list that a text stands for; raises ValueError when it is none, or names a path twice or none at all."""
    fields = _document(data, WIPE_FORMAT)
    remove = tuple(_removal(entry) for entry in _objects(fields, "remove"))
    for values in ([r.seq for r in remove], [r.path for r in remove]):
        if len(set(values)) != len(values):
            raise ValueError("an entry to be removed stands there twice")
    return WipeList(
        _text(fields, "session"),
        _text(fields, "device"),
        None if fields.get("diskseq") is None else _number(fields, "diskseq"),
        _text(fields, "seal"),
        tuple(_listed(entry) for entry in _objects(fields, "listing")),
        remove,
        None if fields.get("clock") is None else _clock(_value(fields, "clock", dict)),
    )


def read_outcome(data: bytes) -> Outcome:
    """The outcome that a text stands for; raises ValueError when it is none."""
    fields = _document(data, OUTCOME_FORMAT)
    removed = _value(fields, "removed", list)
    if any(type(seq) is not int for seq in removed):
        raise ValueError("removed: not all are numbers")
    clock = None if fields.get("clock") is None else _value(fields, "clock", dict)
    return Outcome(
        _text(fields, "session"),
        _text(fields, "device"),
        tuple(removed),
        tuple((_number(entry, "seq"), _text(entry, "reason")) for entry in _objects(fields, "kept")),
        _text(fields, "confirmed_by"),
        ClockSet(_text(clock, "name"), _text(clock, "set_at")) if clock else None,
        None if fields.get("fault") is None else _text(fields, "fault"),
    )


def read_seal_facts(data: bytes) -> SealFacts:
    """What a session.json says; raises ValueError when it is none. Its signature is somebody else's business."""
    fields = _document(data, SEAL_FORMAT)
    opened = _value(fields, "opened", dict)
    entries: dict[int, Vouched] = {}
    for entry in _objects(fields, "entries"):
        seq = _number(entry, "seq")
        if seq in entries:
            raise ValueError(f"entry {seq} stands in the seal twice")
        entries[seq] = _vouched(entry)
    return SealFacts(
        _text(opened, "session"),
        _text(_value(fields, "sealed", dict), "state"),
        _number(opened, "on_recorder"),
        entries,
    )


def _vouched(entry: dict[str, Any]) -> Vouched:
    outcome = _text(entry, "outcome")
    digest: str | None
    if outcome == "ingested":
        digest = _text(_value(entry, "digests", dict), Algorithm.BLAKE3.value)
    else:
        # A quarantined copy has a digest too, but is no clip: it stays on the recorder.
        digest = _text(entry, "digest") if entry.get("clip") is not None else None
    path = _text(entry, "path").encode() if entry.get("path_hex") is None else _hex(entry)
    return Vouched(path, _number(entry, "size_bytes"), outcome, digest)


def _listed(entry: dict[str, Any]) -> Listed:
    return Listed(_hex(entry), _text(entry, "kind"), _number(entry, "size_bytes"), _number(entry, "mtime_ns"))


def _removal(entry: dict[str, Any]) -> Removal:
    try:
        digest = Digest.parse(_text(entry, "digest"))
    except MalformedDigest as error:
        raise ValueError(f"digest: {error}") from error
    if digest.algorithm is not Algorithm.BLAKE3:
        raise ValueError("digest: not BLAKE3")
    path = _hex(entry)
    if not path or len(path) > PATH_LIMIT_BYTES or b"\0" in path:
        raise ValueError("path_hex: no path")
    if any(part in (b"", b".", b"..") for part in path.split(b"/")):
        raise ValueError(f"path_hex: leads out of the volume: {path!r}")
    return Removal(_number(entry, "seq"), path, _number(entry, "size_bytes"), digest)


def _clock(fields: dict[str, Any]) -> Clock:
    name, form = _text(fields, "name"), _text(fields, "format")
    if _CLOCK_NAME.fullmatch(name) is None:
        raise ValueError("clock: no plain file name")
    if len(form) > _CLOCK_FORMAT_LIMIT or _CLOCK_FORMAT.fullmatch(form) is None:
        raise ValueError("clock: no format of date and time")
    zone = None if fields.get("zone") is None else _text(fields, "zone")
    if zone is not None and zone not in available_timezones():
        raise ValueError("clock: no time zone")
    return Clock(name, form, zone)


# --------------------------------------------------------------------------------------------------------------- shape


def _document(data: bytes, wanted: str) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from error
    if not isinstance(document, dict) or document.get("format") != wanted:
        raise ValueError(f"not a {wanted}")
    return document


def _value(fields: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    value = fields.get(name)
    # `type`, not isinstance: True is no number.
    if type(value) is not kind:
        raise ValueError(f"{name}: not {kind.__name__}")
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    text = _value(fields, name, str)
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError(f"{name}: no plain text")
    return text


def _number(fields: Mapping[str, Any], name: str) -> int:
    return _value(fields, name, int)


def _hex(fields: Mapping[str, Any]) -> bytes:
    try:
        return bytes.fromhex(_text(fields, "path_hex"))
    except ValueError as error:
        raise ValueError("path_hex: not hex") from error


def _objects(fields: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    for entry in _value(fields, name, list):
        if type(entry) is not dict:
            raise ValueError(f"{name}: not a list of objects")
        yield entry
