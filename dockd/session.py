"""What to do with each entry of a recorder, and what to say of it in the end. Nothing here touches the world.

`plan` gives every entry exactly one act; docking carries the acts out and gives every entry exactly one outcome; `Sum`
is what the officer reads; `seal_text` is what a stranger reads in thirty years.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from catalog.events import ClipIngested, EntryResolved, SessionOpened, SessionSealed
from catalog.model import utc_text
from catalog.watching.events import ClockMeasured, ClockSet, DutyJudged, HealthRead, NewerFilesSeen
from hashing.canonical import canonical

from .listing import Listed, Listing
from .naming import shown
from .recorders import Match, Taken, Trace

SEAL_FORMAT = "dockd session 1"

# A file that claims this much more than it holds is no recording: FAT has no holes, and a recorder on ext4 writes
# what it claims. Faults: a sparse file of 15 TiB on 8 blocks.
HOLE_LIMIT_BYTES = 64 * 1024 * 1024


class Act(StrEnum):
    """What docking does with an entry."""

    COPY = "copy"  # into the vault, as a clip
    CHECK = "check"  # the vault may hold it: compare fingerprints, copy if they differ
    SET_ASIDE = "set-aside"  # into quarantine
    DESCRIBE = "describe"  # quarantined without bytes: it is no file
    FAIL = "fail"  # cannot be read at all


class Outcome(StrEnum):
    """How an entry ended. Exactly one for each entry (architecture: the one pass)."""

    INGESTED = "ingested"
    ALREADY_HELD = "already-held"
    QUARANTINED = "quarantined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Holding:
    """What the catalogue already has of one path of this recorder: a clip, or a quarantined copy (clip is None)."""

    size_bytes: int
    fingerprint: str
    clip: str | None
    vault_path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One entry with its act. `reason` says why it is no ordinary clip; `holdings` are what CHECK compares with."""

    seq: int
    listed: Listed
    shown: str
    act: Act
    taken: Taken | None
    reason: str
    holdings: tuple[Holding, ...] = ()

    @property
    def path_hex(self) -> str | None:
        """The raw name in hex where the printed one is not the name itself."""
        raw = self.listed.path
        return None if self.shown.encode() == raw else raw.hex()

    @property
    def as_clip(self) -> bool:
        """Whether its copy becomes a clip (else it goes to quarantine)."""
        return self.taken is not None


def plan(
    listing: Listing,
    match: Match,
    held: Mapping[str, Sequence[Holding]],
    heads: Mapping[bytes, bytes] = MappingProxyType({}),
) -> list[Planned]:
    """Say of every entry what is to be done, in the order of the listing.

    `held` maps a printed path to what the vault already has from this recorder under that path; `heads` a raw path to
    the first bytes of a file whose name says nothing.
    """
    seen: set[bytes] = set()
    planned = []
    for seq, listed in enumerate(listing.entries, start=1):
        name = shown(listed.path)
        head = heads.get(listed.path)
        act, taken, reason = _judge(listed, match, listing.capacity_bytes, head, repeated=listed.path in seen)
        seen.add(listed.path)
        holdings: tuple[Holding, ...] = ()
        if act in (Act.COPY, Act.SET_ASIDE):
            holdings = tuple(
                h
                for h in held.get(name, ())
                if h.size_bytes == listed.size_bytes and (h.clip is not None) == (taken is not None)
            )
            if holdings:
                act = Act.CHECK
        planned.append(Planned(seq, listed, name, act, taken, reason, holdings))
    return planned


def _judge(
    listed: Listed, match: Match, capacity_bytes: int, head: bytes | None, *, repeated: bool
) -> tuple[Act, Taken | None, str]:
    if listed.kind == "unlistable":
        return Act.FAIL, None, listed.fault or "unlistable"
    if listed.kind != "file":
        return Act.DESCRIBE, None, listed.kind
    if repeated:
        # `open` reaches only the first of two equal names (faults: FAT may list one name twice).
        return Act.FAIL, None, "duplicate-name"
    if listed.fault not in (None, "duplicate-name"):
        return Act.FAIL, None, listed.fault or "unreadable"
    if listed.size_bytes > capacity_bytes:
        return Act.DESCRIBE, None, "larger-than-volume"
    if listed.size_bytes - listed.allocated_bytes > HOLE_LIMIT_BYTES:
        return Act.DESCRIBE, None, "sparse"
    said = match.classify(listed, head)
    if isinstance(said, Taken):
        return Act.COPY, said, ""
    if isinstance(said, Trace):
        return Act.SET_ASIDE, None, said.reason
    return Act.SET_ASIDE, None, said.reason


def newer_files(planned: Iterable[Planned], match: Match, session: str) -> list[NewerFilesSeen]:
    """What is to be told of files that claim to be newer than their docking; nothing where there are none."""
    files = [
        {"seq": one.seq, "path": one.shown, "modified_at": _time_text(one.listed.mtime_ns)}
        for one in planned
        if match.newer_than_docking(one.listed)
    ]
    return [NewerFilesSeen(session, match.recorder, files)] if files else []


def _time_text(mtime_ns: int) -> str | None:
    """A volume's time of a file in UTC; None for one that no calendar has."""
    try:
        return utc_text(datetime.fromtimestamp(mtime_ns // 10**9, UTC))
    except (OverflowError, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Sum:
    """The reconciliation of one session: every entry of the recorder is in exactly one addend."""

    on_recorder: int
    ingested: int
    already_held: int
    quarantined: int
    failed: int

    @classmethod
    def of(cls, on_recorder: int, outcomes: Iterable[str]) -> Sum:
        """Count outcomes; raises ValueError when they do not add up to what was on the recorder."""
        counts = dict.fromkeys(Outcome, 0)
        for outcome in outcomes:
            counts[Outcome(outcome)] += 1
        if sum(counts.values()) != on_recorder:
            raise ValueError(f"{on_recorder} on recorder, but {sum(counts.values())} outcomes")
        return cls(
            on_recorder,
            counts[Outcome.INGESTED],
            counts[Outcome.ALREADY_HELD],
            counts[Outcome.QUARANTINED],
            counts[Outcome.FAILED],
        )


@dataclass(frozen=True, slots=True)
class Learned:
    """What a docking learned of its recorder by the time it is sealed; None for what it did not. Gaps are not among it:
    they are found once facts have been read.
    """

    clock: ClockMeasured | None = None
    clock_set: ClockSet | None = None
    health: HealthRead | None = None
    duty: DutyJudged | None = None

    def parts(self) -> dict[str, dict[str, Any]]:
        """What stands in session.json of it."""
        said = {name: getattr(self, name) for name in _LEARNED}
        return {name: _without(one.data(), "session", "recorder") for name, one in said.items() if one is not None}

    @classmethod
    def of(cls, document: Mapping[str, Any], opened: SessionOpened) -> Learned:
        """What stands in a session.json, also in one of before there was all of it. Raises TypeError."""
        said = {name: document[name] for name in _LEARNED if document.get(name)}
        return cls(**{name: _LEARNED[name](opened.session, opened.recorder, **fields) for name, fields in said.items()})


_LEARNED: dict[str, Callable[..., Any]] = {
    "clock": ClockMeasured,
    "clock_set": ClockSet,
    "health": HealthRead,
    "duty": DutyJudged,
}


def seal_text(
    opened: SessionOpened,
    opened_at: str,
    clips: Sequence[ClipIngested],
    resolved: Sequence[EntryResolved],
    sealed: SessionSealed,
    sealed_at: str,
    station: str,
    learned: Learned,
) -> bytes:
    """session.json: all that is known of the session, readable without dockd.

    Every entry of the volume stands in `entries` once, a line each, in the order of the listing. The digest of the
    manifest stands in it too, so that one signature covers all originals.
    """
    ingested = [{**_without(clip.data(), "session", "recorder"), "outcome": Outcome.INGESTED.value} for clip in clips]
    others = [_without(entry.data(), "session") for entry in resolved]
    entries = sorted([*ingested, *others], key=lambda entry: int(entry["seq"]))
    document = {
        "format": SEAL_FORMAT,
        "station": station,
        "opened_at": opened_at,
        "sealed_at": sealed_at,
        "opened": opened.data(),
        "sealed": _without(sealed.data(), "session_digest"),
        **learned.parts(),
    }
    head = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).removesuffix("\n}")
    # Indented JSON is written by Python and not by C: of 20,000 entries it alone took a third of their docking.
    lines = b",\n".join(b"  " + canonical(entry) for entry in entries)
    return head.encode() + b',\n "entries": [\n' + lines + b"\n ]\n}\n"


@dataclass(frozen=True, slots=True)
class Seal:
    """A session.json read again: the events it stands for."""

    station: str
    opened_at: str
    sealed_at: str
    opened: SessionOpened
    clips: tuple[ClipIngested, ...]
    resolved: tuple[EntryResolved, ...]
    sealed: dict[str, Any]
    learned: Learned

    @property
    def session(self) -> str:
        return self.opened.session


def read_seal(text: bytes) -> Seal:
    """The events that a session.json stands for; raises ValueError when it is none of ours."""
    try:
        document = json.loads(text)
        if document["format"] != SEAL_FORMAT:
            raise ValueError(f"unknown format {document['format']!r}")
        opened = SessionOpened(**document["opened"])
        clips, resolved = [], []
        for entry in document["entries"]:
            if entry["outcome"] == Outcome.INGESTED:
                facts = _without(entry, "outcome")
                clips.append(ClipIngested(session=opened.session, recorder=opened.recorder, **facts))
            else:
                resolved.append(EntryResolved(session=opened.session, **entry))
        return Seal(
            document["station"],
            document["opened_at"],
            document["sealed_at"],
            opened,
            tuple(clips),
            tuple(resolved),
            document["sealed"],
            Learned.of(document, opened),
        )
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a session.json: {error}") from error


def _without(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    rest = dict(data)
    for name in names:
        rest.pop(name, None)
    return rest
