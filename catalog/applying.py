"""What a docking and a bay do to the tables."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, func, insert, or_, select, true, update

from .errors import BadEvent
from .fold import Act, Fold, Row
from .model import CustodyEntry
from .tables import clips, enrolments, entries, facts, recorders, sessions, slots

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
_TIME_FIELDS = ("recorded_earliest", "recorded_latest", "anchor_at", "time_basis", "time_doubt")
_OFFICER_FIELDS = ("officer_claimed", "officer_bound", "officer_basis", "officer_why")
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


# ---------------------------------------------------------------------------------------------------- sessions


def _opened(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    row = {name: data[name] for name in _SESSION_FIELDS}
    row |= {"id": data["session"], "station": entry.station, "opened_at": entry.at, "state": "open"}
    row |= dict.fromkeys(("ingested", "already_held", "quarantined", "failed"), 0)
    row |= {"ingested_bytes": 0, "milliseconds": 0, "clearing": "none", "cleared": 0}
    fold.connection.execute(insert(sessions), row)
    seen = {name: data[name] for name in ("family", "label", "department", "officer")} | {"last_seen": entry.at}
    known = update(recorders).where(recorders.c.station == entry.station, recorders.c.id == data["recorder"])
    if not fold.connection.execute(known.values(**seen, sessions=recorders.c.sessions + 1)).rowcount:
        first = {"station": entry.station, "id": data["recorder"], "first_seen": entry.at, "sessions": 1}
        fold.connection.execute(insert(recorders), first | seen)


def _sealed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {name: data[name] for name in _SEALED_FIELDS}
    still_open = update(sessions).where(sessions.c.id == data["session"], sessions.c.state == "open")
    fold.one(entry, still_open.values(**row, sealed_at=entry.at))


def _intended(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _refuse_destroyed(fold, entry, data)
    fold.one(entry, update(sessions).where(sessions.c.id == data["session"]).values(clearing="intended"))


def _refuse_destroyed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """No recorder is cleared of what the vault no longer holds, however close a sweep came to this docking."""
    fold.flush()
    gone = (
        select(entries.c.seq)
        .join(clips, clips.c.id == entries.c.clip)
        .where(entries.c.session == data["session"], clips.c.destroyed_at.is_not(None))
    )
    named = {one["seq"] for one in data["entries"]}
    if named & set(fold.connection.scalars(gone)):
        raise BadEvent(entry.kind, f"entry {entry.seq}: names what was destroyed")


def _cleared(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    own = entries.c.session == data["session"]
    if data["removed"]:
        each = update(entries).where(own, entries.c.seq == bindparam("removed_seq")).values(cleared=true())
        fold.connection.execute(each, [{"removed_seq": seq} for seq in data["removed"]])
    differing = [kept["seq"] for kept in data["kept"] if kept["reason"] == SECOND_READING_DIFFERS]
    if differing:
        named = select(entries.c.clip).where(own, entries.c.seq.in_(differing), entries.c.clip.is_not(None))
        fold.connection.execute(update(clips).where(clips.c.id.in_(named)).values(doubt=SECOND_READING_DIFFERS))
    count = select(func.count()).where(own, entries.c.cleared == true()).scalar_subquery()
    fold.one(entry, update(sessions).where(sessions.c.id == data["session"]).values(clearing="done", cleared=count))


# ------------------------------------------------------------------------------------------- entries and clips


def _ingested(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {name: data[name] for name in _CLIP_FIELDS}
    row["id"] = data["clip"]
    row["station"] = entry.station
    row["digest"] = data["digests"]["b3"]
    row["ingested_at"] = entry.at
    row["sort_at"] = data["recorded_at"] or entry.at
    # Older entries have none of these.
    row |= {name: data.get(name) for name in _TIME_FIELDS}
    row |= _attribution(data)
    row["facts_state"] = "pending"
    row["clip_class"] = UNCLASSIFIED
    fold.later(clips, row)
    fold.later(
        entries,
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
        },
    )


def _attribution(data: Row) -> Row:
    if data.get("officer_basis") is not None:
        return {name: data[name] for name in _OFFICER_FIELDS}
    # Older entries: nobody but the recorder itself said whose it is.
    claimed = data["officer"]
    basis = "claimed" if claimed else None
    return dict.fromkeys(_OFFICER_FIELDS) | {"officer_claimed": claimed, "officer_basis": basis}


def _resolved(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {name: data.get(name) for name in _ENTRY_FIELDS}
    fold.later(entries, row | {"station": entry.station, "cleared": False})


def _facts(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    state = "failed" if data["failures"] else "read"
    lengths = [fact["value"] for fact in data["facts"] if (fact["name"], fact["unit"]) == ("duration", "ms")]
    clip = update(clips).where(clips.c.id == data["clip"])
    fold.one(entry, clip.values(duration_ms=lengths[0] if lengths else None, facts_state=state))
    fold.connection.execute(delete(facts).where(facts.c.clip == data["clip"]))
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
        fold.connection.execute(insert(facts), rows)


# ----------------------------------------------------------------------------------------- bays and enrolments


def _bound(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    either = or_(slots.c.slot == data["slot"], slots.c.port == data["port"])
    fold.connection.execute(delete(slots).where(slots.c.station == entry.station, either))
    row = {name: data[name] for name in ("slot", "port", "priority")}
    fold.connection.execute(insert(slots), row | {"station": entry.station})


def _unbound(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    own = slots.c.station == entry.station
    fold.connection.execute(delete(slots).where(own, slots.c.slot == data["slot"]))


def _enrolled(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _dismissed(fold, entry, data)
    row = {name: data[name] for name in ("key", "name", "reason")}
    fold.connection.execute(insert(enrolments), row | {"station": entry.station, "since": entry.at})


def _dismissed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    own = enrolments.c.station == entry.station
    fold.connection.execute(delete(enrolments).where(own, enrolments.c.key == data["key"]))


ACTS: dict[str, Act] = {
    "session-opened": _opened,
    "clip-ingested": _ingested,
    "entry-resolved": _resolved,
    "session-sealed": _sealed,
    "clearing-intended": _intended,
    "recorder-cleared": _cleared,
    "facts-read": _facts,
    "slot-bound": _bound,
    "slot-unbound": _unbound,
    "recorder-enrolled": _enrolled,
    "recorder-dismissed": _dismissed,
}
