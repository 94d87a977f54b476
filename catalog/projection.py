"""What a custody entry does to the tables: live, on rebuild and on verification, the same code.

A row depends on the log alone, never on a clock or on what lies on a disk. Entries are applied in their order; runs of
entries that only add rows are put in together, since none of them reads what another wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, or_, select, true, update
from sqlalchemy.sql import Executable

from .custody import subject_of
from .errors import BadEvent
from .model import CustodyEntry
from .tables import clips, custody, enrolments, entries, facts, recorders, sessions, slots

UNCLASSIFIED = "unclassified"
# The reason of retention.clearing that puts the vault's copy in doubt, and not only the recorder.
SECOND_READING_DIFFERS = "second-reading-differs"

_CLIP_FIELDS = (
    "session",
    "seq",
    "recorder",
    "department",
    "officer",
    "path",
    "path_hex",
    "name",
    "kind",
    "size_bytes",
    "digests",
    "fingerprint",
    "vault_path",
    "claimed_at",
    "recorded_at",
    "time_source",
    "key_mark",
    "read_back",
    "same_name_as",
)
_ENTRY_FIELDS = (
    "session",
    "seq",
    "path",
    "path_hex",
    "size_bytes",
    "outcome",
    "reason",
    "clip",
    "vault_path",
    "digest",
    "fingerprint",
)
_SESSION_FIELDS = (
    "recorder",
    "family",
    "family_reason",
    "label",
    "slot",
    "department",
    "officer",
    "source",
    "vault_dir",
    "on_recorder",
    "size_bytes",
    "station_synced",
    "volume",
)
_SEALED_FIELDS = (
    "state",
    "ingested",
    "already_held",
    "quarantined",
    "failed",
    "ingested_bytes",
    "milliseconds",
    "session_digest",
    "manifest_digest",
)

Row = dict[str, Any]


def put(connection: Connection, log: Sequence[CustodyEntry]) -> None:
    """Write entries into the log and apply them to the tables, inside the connection's transaction.

    Raises BadEvent for an entry that contradicts what is there, SQLAlchemyError.
    """
    read = [(entry, _data(entry)) for entry in log]
    rows = [
        {
            "station": entry.station,
            "seq": entry.seq,
            "at": entry.at,
            "actor": entry.actor,
            "kind": entry.kind,
            "subject": subject_of(data),
            "prev": entry.prev,
            "hash": entry.hash,
            "body": entry.body.decode(),
        }
        for entry, data in read
    ]
    connection.execute(insert(custody), rows)
    _Projection(connection).apply(read)


def _data(entry: CustodyEntry) -> Row:
    """What happened, as the bytes in the log say it. PostgreSQL's text holds no NUL, and a recorder's metadata may:
    in the tables it becomes U+FFFD; the body has it as an escape, unchanged.
    """
    return _without_nul(entry.data) if b"\\u0000" in entry.body else entry.data


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


class _Projection:
    """Applies entries through one connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[Table, list[Row]] = defaultdict(list)
        self._kind = ""
        self._acts: dict[str, Callable[[CustodyEntry, Row], None]] = {
            "session-opened": self._opened,
            "clip-ingested": self._ingested,
            "entry-resolved": self._resolved,
            "session-sealed": self._sealed,
            "clearing-intended": self._intended,
            "recorder-cleared": self._cleared,
            "facts-read": self._facts,
            "clip-filed": self._filed,
            "slot-bound": self._bound,
            "slot-unbound": self._unbound,
            "recorder-enrolled": self._enrolled,
            "recorder-dismissed": self._dismissed,
        }

    def apply(self, log: Iterable[tuple[CustodyEntry, Row]]) -> None:
        for entry, data in log:
            act = self._acts.get(entry.kind)
            # Kinds that leave no trace in the tables are told by the log alone.
            if act is None:
                continue
            self._kind = entry.kind
            try:
                act(entry, data)
            except (KeyError, TypeError, ValueError) as error:
                raise BadEvent(entry.kind, f"entry {entry.seq}: {error!r}") from error
        self._flush()

    def _flush(self) -> None:
        """Put in the rows that wait."""
        new = {row["session"] for table in (clips, entries) for row in self._waiting.get(table, ())}
        if new:
            # A sealed session does not change: its seal is signed.
            open_ones = select(func.count()).where(sessions.c.id.in_(sorted(new)), sessions.c.state == "open")
            if self._connection.scalar(open_ones) != len(new):
                raise BadEvent(self._kind, f"not in an open session: {', '.join(sorted(new))}")
        for table in (clips, entries):
            rows = self._waiting.pop(table, None)
            if rows:
                self._connection.execute(insert(table), rows)

    # ---------------------------------------------------------------------------------------------------- sessions

    def _opened(self, entry: CustodyEntry, data: Row) -> None:
        self._flush()
        row = {name: data[name] for name in _SESSION_FIELDS}
        row |= {"id": data["session"], "station": entry.station, "opened_at": entry.at, "state": "open"}
        row |= dict.fromkeys(("ingested", "already_held", "quarantined", "failed"), 0)
        row |= {"ingested_bytes": 0, "milliseconds": 0, "clearing": "none", "cleared": 0}
        self._connection.execute(insert(sessions), row)
        seen = {name: data[name] for name in ("family", "label", "department", "officer")} | {"last_seen": entry.at}
        known = update(recorders).where(recorders.c.station == entry.station, recorders.c.id == data["recorder"])
        if not self._connection.execute(known.values(**seen, sessions=recorders.c.sessions + 1)).rowcount:
            first = {"station": entry.station, "id": data["recorder"], "first_seen": entry.at, "sessions": 1}
            self._connection.execute(insert(recorders), first | seen)

    def _sealed(self, entry: CustodyEntry, data: Row) -> None:
        row = {name: data[name] for name in _SEALED_FIELDS}
        still_open = update(sessions).where(sessions.c.id == data["session"], sessions.c.state == "open")
        self._one(entry, still_open.values(**row, sealed_at=entry.at))

    def _intended(self, entry: CustodyEntry, data: Row) -> None:
        self._one(entry, update(sessions).where(sessions.c.id == data["session"]).values(clearing="intended"))

    def _cleared(self, entry: CustodyEntry, data: Row) -> None:
        self._flush()
        own = entries.c.session == data["session"]
        if data["removed"]:
            each = update(entries).where(own, entries.c.seq == bindparam("removed_seq")).values(cleared=true())
            self._connection.execute(each, [{"removed_seq": seq} for seq in data["removed"]])
        differing = [kept["seq"] for kept in data["kept"] if kept["reason"] == SECOND_READING_DIFFERS]
        if differing:
            named = select(entries.c.clip).where(own, entries.c.seq.in_(differing), entries.c.clip.is_not(None))
            self._connection.execute(update(clips).where(clips.c.id.in_(named)).values(doubt=SECOND_READING_DIFFERS))
        count = select(func.count()).where(own, entries.c.cleared == true()).scalar_subquery()
        self._one(
            entry, update(sessions).where(sessions.c.id == data["session"]).values(clearing="done", cleared=count)
        )

    # ------------------------------------------------------------------------------------------- entries and clips

    def _ingested(self, entry: CustodyEntry, data: Row) -> None:
        row = {name: data[name] for name in _CLIP_FIELDS}
        row["id"] = data["clip"]
        row["station"] = entry.station
        row["digest"] = data["digests"]["b3"]
        row["ingested_at"] = entry.at
        row["sort_at"] = data["recorded_at"] or entry.at
        row["facts_state"] = "pending"
        row["clip_class"] = UNCLASSIFIED
        self._waiting[clips].append(row)
        self._waiting[entries].append(
            {
                "station": entry.station,
                "session": data["session"],
                "seq": data["seq"],
                "path": data["path"],
                "path_hex": data["path_hex"],
                "size_bytes": data["size_bytes"],
                "outcome": "ingested",
                "reason": "",
                "clip": data["clip"],
                "vault_path": None,
                "digest": None,
                "fingerprint": None,
                "cleared": False,
            }
        )

    def _resolved(self, entry: CustodyEntry, data: Row) -> None:
        row = {name: data.get(name) for name in _ENTRY_FIELDS}
        self._waiting[entries].append(row | {"station": entry.station, "cleared": False})

    def _facts(self, entry: CustodyEntry, data: Row) -> None:
        state = "failed" if data["failures"] else "read"
        lengths = [fact["value"] for fact in data["facts"] if (fact["name"], fact["unit"]) == ("duration", "ms")]
        clip = update(clips).where(clips.c.id == data["clip"])
        self._one(entry, clip.values(duration_ms=lengths[0] if lengths else None, facts_state=state))
        self._connection.execute(delete(facts).where(facts.c.clip == data["clip"]))
        rows = [
            {
                "clip": data["clip"],
                "position": position,
                "station": entry.station,
                "name": fact["name"],
                "value": fact["value"],
                "unit": fact["unit"],
                "source": fact["source"],
            }
            for position, fact in enumerate(data["facts"], start=1)
        ]
        if rows:
            self._connection.execute(insert(facts), rows)

    def _filed(self, entry: CustodyEntry, data: Row) -> None:
        clip = update(clips).where(clips.c.id == data["clip"])
        self._one(entry, clip.values(case_no=data["case_no"], clip_class=data["clip_class"]))

    # ----------------------------------------------------------------------------------------- bays and enrolments

    def _bound(self, entry: CustodyEntry, data: Row) -> None:
        either = or_(slots.c.slot == data["slot"], slots.c.port == data["port"])
        self._connection.execute(delete(slots).where(slots.c.station == entry.station, either))
        row = {name: data[name] for name in ("slot", "port", "priority")}
        self._connection.execute(insert(slots), row | {"station": entry.station})

    def _unbound(self, entry: CustodyEntry, data: Row) -> None:
        own = slots.c.station == entry.station
        self._connection.execute(delete(slots).where(own, slots.c.slot == data["slot"]))

    def _enrolled(self, entry: CustodyEntry, data: Row) -> None:
        self._dismissed(entry, data)
        row = {name: data[name] for name in ("key", "name", "reason")}
        self._connection.execute(insert(enrolments), row | {"station": entry.station, "since": entry.at})

    def _dismissed(self, entry: CustodyEntry, data: Row) -> None:
        own = enrolments.c.station == entry.station
        self._connection.execute(delete(enrolments).where(own, enrolments.c.key == data["key"]))

    def _one(self, entry: CustodyEntry, statement: Executable) -> None:
        """Change one row that must be there."""
        self._flush()
        if self._connection.execute(statement).rowcount != 1:
            raise BadEvent(entry.kind, f"entry {entry.seq}: nothing to change")
