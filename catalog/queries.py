"""Lists and look-ups of clips, sessions, bays and the log: model objects out, never rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, null, select, union

from .bulk import among
from .custody import EMPTY
from .model import (
    CheckpointRow,
    Clip,
    ClipQuery,
    CustodyEntry,
    Enrolment,
    EntryRow,
    Fact,
    Head,
    Held,
    Recorder,
    SessionRow,
    Slot,
)
from .reader import Reader, Row, columns_of
from .tables import checkpoints, clips, custody, enrolments, entries, facts, recorders, sessions, slots

# Kinds of clips that are recordings, and not what a recorder writes beside them.
RECORDINGS = ("video", "audio", "photo")

_CLIP = columns_of(clips, Clip)
_SESSION = columns_of(sessions, SessionRow)
_ENTRY = columns_of(entries, EntryRow)
_FACT = columns_of(facts, Fact)
_RECORDER = columns_of(recorders, Recorder)
_CHECKPOINT = columns_of(checkpoints, CheckpointRow)
_CUSTODY = [column for column in custody.c if column.name not in ("subject", "body")] + [custody.c.body]


class Queries(Reader):
    """The reading half of a Catalog. Every method raises CatalogFault when the database fails."""

    # ------------------------------------------------------------------------------------------------------- clips

    def clips(self, query: ClipQuery | None = None) -> Iterator[Clip]:
        """Clips by time, oldest first; equal times by id."""
        query = query or ClipQuery()
        base = select(*_CLIP).where(clips.c.station == self.station, *_conditions(query))
        key = (clips.c.sort_at, clips.c.id)
        found = self.paged(base, key, lambda row: Clip(*row), lambda clip: clip.position, query.after)
        return islice(found, query.limit)

    def find_clip(self, prefix: str) -> Clip:
        """The one clip whose id begins so. Raises NotFound, Ambiguous."""
        return Clip(*self.by_prefix("clip", clips, _CLIP, prefix))

    def clips_of_session(self, session: str) -> list[Clip]:
        """A session's clips in the order of its listing."""
        return self.all(Clip, select(*_CLIP).where(self.own(clips, session=session)).order_by(clips.c.seq))

    def clips_with_digest(self, digest: str) -> list[Clip]:
        """Clips with these bytes that the vault holds; `digest` is `b3:…`. One that was destroyed is not held."""
        same = select(*_CLIP).where(self.own(clips, digest=digest), clips.c.destroyed_at.is_(None))
        return self.all(Clip, same.order_by(clips.c.id))

    def clips_without_facts(self, limit: int | None = None, *, again: bool = False) -> list[Clip]:
        """Clips whose facts nobody has tried to read, by session; with `again` also those a parser failed on."""
        waiting = select(*_CLIP).where(
            self.own(clips),
            clips.c.facts_state != literal("read", literal_execute=True),
            clips.c.destroyed_at.is_(None),
        )
        if not again:
            waiting = waiting.where(clips.c.facts_state == "pending")
        return self.all(Clip, waiting.order_by(clips.c.session, clips.c.seq).limit(limit))

    def facts_of(self, clip: str) -> list[Fact]:
        """A clip's facts in the order they were read."""
        return self.all(Fact, select(*_FACT).where(self.own(facts, clip=clip)).order_by(facts.c.position))

    # ---------------------------------------------------------------------------------------------- what is held

    def held_many(self, recorder: str) -> list[Held]:
        """All that the vault has of a recorder, clips and quarantined copies: one query for a docking."""
        return self._held(recorder)

    def held(self, recorder: str, path: str, size_bytes: int) -> list[Held]:
        """What the vault has of one path of this size; fingerprints say whether it is the same."""
        return self._held(recorder, ("path", path), ("size_bytes", size_bytes))

    def same_name(self, recorder: str, path: str) -> list[Held]:
        """What the vault has of one path of a recorder, whatever its bytes."""
        return self._held(recorder, ("path", path))

    def _held(self, recorder: str, *wanted: tuple[str, Any]) -> list[Held]:
        shared = ("path", "size_bytes", "fingerprint", "digest")
        as_clips = select(*(clips.c[name] for name in shared), clips.c.id, clips.c.vault_path, clips.c.doubt).where(
            self.own(clips, recorder=recorder),
            # What was destroyed is not held: a recorder that brings it again is read again.
            clips.c.destroyed_at.is_(None),
            *(clips.c[name] == value for name, value in wanted),
        )
        # An entry that was quarantined before names the same copy again: a union keeps one of them.
        as_entries = (
            select(*(entries.c[name] for name in shared), null(), entries.c.vault_path, null())
            .join(sessions, sessions.c.id == entries.c.session)
            .where(
                self.own(sessions, recorder=recorder),
                entries.c.outcome == literal("quarantined", literal_execute=True),
                entries.c.vault_path.is_not(None),
                entries.c.fingerprint.is_not(None),
                *(entries.c[name] == value for name, value in wanted),
            )
        )
        both = union(as_clips, as_entries).subquery()
        return self.all(Held, select(both).order_by(both.c.path, both.c.vault_path))

    # ---------------------------------------------------------------------------------------------------- sessions

    def sessions(self, *, recorder: str | None = None) -> Iterator[SessionRow]:
        """Docking sessions, oldest first."""
        base = select(*_SESSION).where(self.own(sessions))
        if recorder is not None:
            base = base.where(sessions.c.recorder == recorder)
        key = (sessions.c.opened_at, sessions.c.id)
        return self.paged(base, key, lambda row: SessionRow(*row), lambda session: (session.opened_at, session.id))

    def find_session(self, prefix: str) -> SessionRow:
        """The one session whose id begins so. Raises NotFound, Ambiguous."""
        return SessionRow(*self.by_prefix("session", sessions, _SESSION, prefix))

    def unsealed_sessions(self) -> list[SessionRow]:
        """Sessions without a seal, oldest first."""
        waiting = select(*_SESSION).where(self.own(sessions, state="open"))
        return self.all(SessionRow, waiting.order_by(sessions.c.opened_at, sessions.c.id))

    def clearing_intended(self) -> list[SessionRow]:
        """Sessions with a clearing that was intended and has no outcome yet, oldest first."""
        waiting = select(*_SESSION).where(self.own(sessions, clearing="intended"))
        return self.all(SessionRow, waiting.order_by(sessions.c.opened_at, sessions.c.id))

    def has_sealed(self, session: str) -> bool:
        """Whether a session of exactly this id is recorded as sealed."""
        sealed = select(sessions.c.id).where(self.own(sessions, id=session), sessions.c.state != "open")
        return bool(self.rows(sealed))

    def session_entries(self, session: str) -> list[EntryRow]:
        """What became of each entry of a session, in the order of its listing."""
        return self.all(EntryRow, select(*_ENTRY).where(self.own(entries, session=session)).order_by(entries.c.seq))

    def quarantined(self) -> Iterator[EntryRow]:
        """Entries whose copy lies in quarantine. A copy may be named by several entries."""
        base = select(*_ENTRY).where(self.own(entries, outcome="quarantined"), entries.c.vault_path.is_not(None))
        key = (entries.c.session, entries.c.seq)
        return self.paged(base, key, lambda row: EntryRow(*row), lambda entry: (entry.session, entry.seq))

    def recorders(self) -> list[Recorder]:
        """All recorders ever seen, by name."""
        return self.all(Recorder, select(*_RECORDER).where(self.own(recorders)).order_by(recorders.c.id))

    def slots(self) -> list[Slot]:
        """Bays and their ports, by number."""
        return self.all(Slot, select(*columns_of(slots, Slot)).where(self.own(slots)).order_by(slots.c.slot))

    def enrolments(self) -> list[Enrolment]:
        """Devices that may be docked, by key."""
        columns = columns_of(enrolments, Enrolment)
        return self.all(Enrolment, select(*columns).where(self.own(enrolments)).order_by(enrolments.c.key))

    # ----------------------------------------------------------------------------------------------------- custody

    def custody(self, first: int = 1, last: int | None = None) -> Iterator[CustodyEntry]:
        """Entries `first` to `last` of the log, both included, in their order."""
        base = select(*_CUSTODY).where(self.own(custody))
        if last is not None:
            base = base.where(custody.c.seq <= last)
        return self.paged(base, (custody.c.seq,), entry_of, lambda entry: (entry.seq,), (first - 1,))

    def session_log(self, session: str) -> Iterator[CustodyEntry]:
        """The entries about a session."""
        return self.log_about(session)

    def clip_log(self, clip: Clip) -> Iterator[CustodyEntry]:
        """The entries about one clip: its ingest and all that came after."""
        for entry in self.log_about(clip.session):
            if entry.kind == "clip-ingested" and entry.data["clip"] == clip.id:
                yield entry
                break
        yield from self.log_about(clip.id)

    def log_about(self, subject: str) -> Iterator[CustodyEntry]:
        """The entries about one thing of which there are no lists: a gap, a document."""
        base = select(*_CUSTODY).where(self.own(custody, subject=subject))
        return self.paged(base, (custody.c.seq,), entry_of, lambda entry: (entry.seq,), (0,))

    def head(self) -> Head:
        """The end of the log; `seq` is 0 when it is empty."""
        rows = self.rows(head_of(self.station))
        return Head(*rows[0]) if rows else EMPTY

    def last_checkpoint(self) -> CheckpointRow | None:
        """The newest checkpoint."""
        newest = select(*_CHECKPOINT).where(self.own(checkpoints)).order_by(checkpoints.c.size.desc()).limit(1)
        found = self.all(CheckpointRow, newest)
        return found[0] if found else None

    def checkpoints(self) -> list[CheckpointRow]:
        """All checkpoints, by size."""
        return self.all(CheckpointRow, select(*_CHECKPOINT).where(self.own(checkpoints)).order_by(checkpoints.c.size))

    def unexported(self) -> int:
        """How many entries no checkpoint covers yet."""
        last = self.last_checkpoint()
        return self.head().seq - (last.size if last else 0)


def head_of(station: str) -> Select[Any]:
    """The query for the last entry's number and hash."""
    return (
        select(custody.c.seq, custody.c.hash)
        .where(custody.c.station == station)
        .order_by(custody.c.seq.desc())
        .limit(1)
    )


def entry_of(row: Row) -> CustodyEntry:
    """An entry of the log, from its columns in the order of its fields."""
    station, seq, at, actor, kind, prev, entry_hash, body = row
    return CustodyEntry(station, seq, at, actor, kind, prev, entry_hash, body.encode())


def _conditions(query: ClipQuery) -> list[ColumnElement[bool]]:
    equal = ("department", "recorder", "officer", "clip_class", "session", "kind")
    found = [clips.c[name] == value for name in equal if (value := getattr(query, name)) is not None]
    if query.since is not None:
        found.append(clips.c.sort_at >= query.since)
    if query.until is not None:
        found.append(clips.c.sort_at < query.until)
    if query.time_unknown:
        found.append(clips.c.time_doubt.is_not(None))
    if query.unattributed:
        found.append(clips.c.officer.is_(None) & clips.c.kind.in_(RECORDINGS))
    if query.among is not None:
        found.append(among(clips.c.id, sorted(query.among)))
    if query.departments is not None:
        found.append(clips.c.department.in_(sorted(query.departments)))
    return found
