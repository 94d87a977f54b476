"""The tables. `custody` and `checkpoints` are the log, append-only; all others are what the log adds up to.

Every row carries its station: several may share one PostgreSQL, each with its own chain. A clip's lists are ordered by
`sort_at` (recorded, else ingested) and id, and each filter people use has its index in that order. No index holds a
path: a hostile recorder's may be longer than PostgreSQL can index (2,704 bytes), and one name must not stop ingest.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
)

from .columns import CanonicalJson, Name, UtcTime, only_where

# Marks a column that is worked out from others and the rule pack: what the log adds up to does not have it.
WORKED_OUT = "worked out"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Without rowid: a row can then be replaced by its key alone, which the guards watch, and not by a hidden second one.
# For the same reason the log's tables have no other unique key.
custody = Table(
    "custody",
    metadata,
    Column("station", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Name, nullable=False),
    Column("actor", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("subject", Name),
    Column("prev", Name, nullable=False),
    Column("hash", Name, nullable=False),
    Column("body", Name, nullable=False),
    # Only where there is one, or PostgreSQL would look entries up by their number in it: for a table that was empty
    # when its guard's plan was made it costs the same as the key, and then reads the whole log for every entry.
    Index("ix_custody_subject", "station", "subject", "seq", **only_where("subject IS NOT NULL")),
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("station", Name, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Name, nullable=False),
    Column("head", Name, nullable=False),
    Column("at", Name, nullable=False),
    Column("frontier", Name, nullable=False),
    Column("signature", Name, nullable=False),
    sqlite_with_rowid=False,
)

recorders = Table(
    "recorders",
    metadata,
    Column("station", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("family", Name, nullable=False),
    Column("label", Name),
    Column("department", Name, nullable=False),
    Column("officer", Name),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("sessions", Integer, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("family", Name, nullable=False),
    Column("family_reason", Name, nullable=False),
    Column("label", Name),
    Column("slot", Integer),
    Column("department", Name, nullable=False),
    Column("officer", Name),
    Column("source", Name, nullable=False),
    Column("vault_dir", Name, nullable=False),
    Column("on_recorder", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("station_synced", Boolean),
    Column("volume", CanonicalJson, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("state", Name, nullable=False),
    Column("sealed_at", UtcTime),
    Column("ingested", Integer, nullable=False),
    Column("already_held", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("ingested_bytes", BigInteger, nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    Column("session_digest", Name),
    Column("manifest_digest", Name),
    Column("clearing", Name, nullable=False),
    Column("cleared", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'sealed', 'interrupted')", name="state"),
    CheckConstraint("clearing IN ('none', 'intended', 'done')", name="clearing"),
    Index("ix_sessions_opened", "opened_at", "id"),
    Index("ix_sessions_recorder", "recorder", "opened_at", "id"),
    # What the station holds is added up every night: from here, and not from all that is known of every session. The
    # station stands last: first, it would be taken for a way to a recorder's sessions.
    Index("ix_sessions_held", "ingested", "ingested_bytes", "station"),
    Index("ix_sessions_open", "station", "opened_at", "id", **only_where("state = 'open'")),
    Index("ix_sessions_clearing", "station", "opened_at", "id", **only_where("clearing = 'intended'")),
)

entries = Table(
    "entries",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("station", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("path_hex", Name),
    Column("size_bytes", BigInteger, nullable=False),
    Column("outcome", Name, nullable=False),
    Column("reason", Name, nullable=False),
    Column("clip", Name),
    Column("vault_path", Name),
    Column("digest", Name),
    Column("fingerprint", Name),
    Column("cleared", Boolean, nullable=False),
    CheckConstraint("outcome IN ('ingested', 'already-held', 'quarantined', 'failed')", name="outcome"),
    Index("ix_entries_quarantined", "session", "seq", **only_where("outcome = 'quarantined'")),
)

clips = Table(
    "clips",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("session", Name, ForeignKey("sessions.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("department", Name, nullable=False),
    Column("officer", Name),
    Column("path", Name, nullable=False),
    Column("path_hex", Name),
    Column("name", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", Name, nullable=False),
    Column("digests", CanonicalJson, nullable=False),
    Column("fingerprint", Name, nullable=False),
    Column("vault_path", Name, nullable=False),
    Column("claimed_at", Name),
    Column("recorded_at", UtcTime),
    Column("time_source", Name),
    Column("key_mark", Boolean, nullable=False),
    Column("read_back", Name, nullable=False),
    Column("same_name_as", Name),
    Column("ingested_at", UtcTime, nullable=False),
    Column("sort_at", UtcTime, nullable=False),
    Column("duration_ms", BigInteger),
    Column("facts_state", Name, nullable=False),
    Column("clip_class", Name, nullable=False),
    Column("doubt", Name),
    Column("recorded_earliest", UtcTime),
    Column("recorded_latest", UtcTime),
    Column("anchor_at", UtcTime),
    Column("time_basis", Name),
    Column("time_doubt", Name),
    Column("officer_claimed", Name),
    Column("officer_bound", Name),
    Column("officer_basis", Name),
    Column("officer_why", Name),
    # Its original is gone, or about to go; the row stays (catalog.disposing). It has no term any more.
    Column("destroyed_at", UtcTime),
    CheckConstraint("facts_state IN ('pending', 'read', 'failed')", name="facts_state"),
    Index("ix_clips_time", "sort_at", "id"),
    Index("ix_clips_department", "department", "sort_at", "id"),
    Index("ix_clips_recorder", "recorder", "sort_at", "id"),
    Index("ix_clips_officer", "officer", "sort_at", "id"),
    Index("ix_clips_class", "clip_class", "sort_at", "id"),
    Index("ix_clips_kind", "kind", "sort_at", "id"),
    Index("ix_clips_doubtful_time", "sort_at", "id", **only_where("time_doubt IS NOT NULL")),
    Index("ix_clips_session", "session", "seq", unique=True),
    Index("ix_clips_digest", "digest"),
    Index("ix_clips_unread", "session", "seq", **only_where("facts_state != 'read'")),
)

facts = Table(
    "facts",
    metadata,
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("station", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("value", CanonicalJson, nullable=False),
    Column("unit", Name, nullable=False),
    Column("source", Name, nullable=False),
)

slots = Table(
    "slots",
    metadata,
    Column("station", Name, primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("port", Name, nullable=False),
    Column("priority", Boolean, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("station", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("reason", Name, nullable=False),
    Column("since", UtcTime, nullable=False),
)
