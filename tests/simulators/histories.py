"""Histories of a station: events as dockings make them, plain ones and whatever Hypothesis thinks of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from catalog.events import (
    ClearingIntended,
    ClipFiled,
    ClipIngested,
    CopiesSetAside,
    CopyCondemned,
    EntryResolved,
    Event,
    FactsRead,
    RecorderCleared,
    SessionOpened,
    SessionSealed,
    StationInitialised,
    Verified,
)


@dataclass
class Clock:
    """Time that passes only when asked for: a millisecond a look."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 1, 35, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def digest(*parts: object) -> str:
    """A digest that stands for these things."""
    return "b3:" + hashlib.sha256(repr(parts).encode()).hexdigest()


def clip_id(session: str, seq: int) -> str:
    """The id of a session's clip."""
    return digest("clip", session, seq)[3:19]


def opened(session: str, **changed: Any) -> SessionOpened:
    """A recorder was seated."""
    facts: dict[str, Any] = {
        "session": session,
        "recorder": "X8123",
        "family": "gat947",
        "family_reason": "names",
        "label": "城关",
        "slot": 3,
        "department": "城关中队",
        "officer": "000123",
        "source": "/media/x",
        "vault_dir": f"城关中队/X8123/2026-11-21/{session}",
        "on_recorder": 3,
        "size_bytes": 3000,
        "station_synced": True,
        "volume": {"label": "A\0B", "size_bytes": 64_000_000_000},
    }
    return SessionOpened(**(facts | changed))


def ingested(session: str, seq: int, **changed: Any) -> ClipIngested:
    """A clip of `session` is in the vault."""
    name = f"8123456_000123_20261121013{seq % 10}00.mp4"
    facts: dict[str, Any] = {
        "clip": clip_id(session, seq),
        "session": session,
        "seq": seq,
        "recorder": "X8123",
        "department": "城关中队",
        "officer": "000123",
        "path": f"DCIM/{seq:03d}/{name}",
        "path_hex": None,
        "name": name,
        "kind": "video",
        "size_bytes": 1000 + seq,
        "digests": {"b3": digest(session, seq), "sm3": digest("sm3", session, seq)},
        "fingerprint": digest("fingerprint", session, seq),
        "vault_path": f"城关中队/X8123/2026-11-21/{session}/clips/DCIM/{seq:03d}/{name}",
        "claimed_at": "2026-11-21T09:35:00",
        "recorded_at": f"2026-11-21T01:{seq % 60:02d}:00Z",
        "time_source": "name",
        "key_mark": False,
        "read_back": "direct",
    }
    return ClipIngested(**(facts | changed))


def resolved(session: str, seq: int, outcome: str = "failed", **changed: Any) -> EntryResolved:
    """An entry of `session` that did not become a clip."""
    facts: dict[str, Any] = {"path": f"LOG/{seq}.txt", "path_hex": None, "size_bytes": seq, "reason": "because"}
    if outcome == "quarantined":
        facts |= {
            "vault_path": f"quarantine/X8123/2026-11-21/{session}/clips/LOG/{seq}.txt",
            "digest": digest(session, seq),
            "fingerprint": digest("fingerprint", session, seq),
        }
    return EntryResolved(session=session, seq=seq, outcome=outcome, **(facts | changed))


def sealed(session: str, **changed: Any) -> SessionSealed:
    """The seal of `session`."""
    facts: dict[str, Any] = {
        "state": "sealed",
        "ingested": 2,
        "already_held": 0,
        "quarantined": 1,
        "failed": 0,
        "ingested_bytes": 2003,
        "milliseconds": 5000,
        "session_digest": digest("seal", session),
        "manifest_digest": digest("manifest", session),
    }
    return SessionSealed(session=session, **(facts | changed))


def read(clip: str, *, failed: bool = False) -> FactsRead:
    """What the parsers said of a clip."""
    facts: list[dict[str, Any]] = [
        {"name": "duration", "value": 61_500, "unit": "ms", "source": "ffprobe 5.1 format.duration"},
        {"name": "make", "value": "A\0B", "unit": "", "source": "exiftool 12.57 QuickTime:Make"},
        {"name": "gps_point", "value": {"lat": "39.7", "lon": "119.1"}, "unit": "degrees", "source": "exiftool 12.57"},
    ]
    return FactsRead(clip, facts, [{"parser": "exiftool", "reason": "time"}] if failed else [])


def docking(session: str, **changed: Any) -> list[Event]:
    """A whole docking: two clips, one quarantined entry, the seal."""
    return [
        opened(session, **changed),
        ingested(session, 1, **changed),
        ingested(session, 2, **changed),
        resolved(session, 3, "quarantined"),
        sealed(session),
    ]


# ------------------------------------------------------------------------------------------------------- any history

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_NAME = st.sampled_from(["X8123", "X8124", "甲-7"])


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Any course of dockings that dockd could record, in the groups in which it is appended."""
    groups: list[list[Event]] = [[StationInitialised("ssh-ed25519 AAAA", "0.1.0")]]
    known: list[str] = []
    for number in range(draw(st.integers(0, 4))):
        session = f"20261121T0135{number:02d}Z-{number:06x}"
        recorder = draw(_NAME)
        changed = {"recorder": recorder, "department": draw(_TEXT), "officer": draw(st.none() | _TEXT)}
        events: list[Event] = [opened(session, **changed, label=draw(_TEXT), volume={draw(_TEXT): draw(_TEXT)})]
        count = draw(st.integers(0, 6))
        for seq in range(1, count + 1):
            events.append(draw(_entry(session, seq, changed, known)))
            if isinstance(events[-1], ClipIngested):
                known.append(events[-1].clip)
            if draw(st.integers(0, 9)) == 0:
                events.append(CopyCondemned(session, seq, "p", "fsync"))
            if known and draw(st.integers(0, 4)) == 0:
                events.append(draw(_later(known)))
        if draw(st.integers(0, 3)):
            state = draw(st.sampled_from(["sealed", "interrupted"]))
            events.append(sealed(session, state=state, failed=draw(st.integers(0, 9))))
            events += draw(_clearing(session, recorder, count))
        events.append(draw(st.sampled_from([Verified("all", 3, 9, 0), CopiesSetAside(session, [{"path": "p"}])])))
        groups += _cut(events, draw(st.lists(st.integers(1, 5), max_size=6)))
    return groups


def _cut(events: list[Event], sizes: list[int]) -> list[list[Event]]:
    groups = []
    for size in sizes:
        if events:
            groups.append(events[:size])
            events = events[size:]
    return [*groups, events] if events else groups


@st.composite
def _entry(draw: st.DrawFn, session: str, seq: int, changed: dict[str, Any], known: list[str]) -> Event:
    outcome = draw(st.sampled_from(["ingested", "ingested", "already-held", "quarantined", "failed"]))
    if outcome != "ingested":
        clip = draw(st.sampled_from(known)) if outcome == "already-held" and known else None
        return resolved(session, seq, outcome, path=draw(_TEXT), clip=clip)
    return ingested(
        session,
        seq,
        **changed,
        path=draw(_TEXT),
        kind=draw(st.sampled_from(["video", "audio", "photo", "log"])),
        size_bytes=draw(st.integers(0, 2**62)),
        key_mark=draw(st.booleans()),
        recorded_at=draw(
            st.none()
            | st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
        ),
        same_name_as=draw(st.none() | st.sampled_from(known or ["none"])),
    )


@st.composite
def _later(draw: st.DrawFn, known: list[str]) -> Event:
    clip = draw(st.sampled_from(known))
    if draw(st.booleans()):
        return read(clip, failed=draw(st.booleans()))
    return ClipFiled(clip, draw(st.none() | _TEXT), draw(_TEXT), draw(_TEXT))


@st.composite
def _clearing(draw: st.DrawFn, session: str, recorder: str, count: int) -> list[Event]:
    if not count or draw(st.booleans()):
        return []
    removed = sorted(draw(st.sets(st.integers(1, count))))
    intent = ClearingIntended(session, recorder, [{"seq": seq} for seq in removed], {"node": "sda1"})
    if draw(st.booleans()):
        return [intent]
    return [intent, RecorderCleared(session, recorder, removed, [], "listing")]
