"""Stretches that were read again, damaged files, and where second copies lie. No row goes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime, only_where
from ..tables import metadata

# One row a stretch: a million clips a month are some hundred of them. When a clip was last read follows from the row
# whose stretch it lies in, and nothing need be written for each clip.
fixity_slices = Table(
    "fixity_slices",
    metadata,
    Column("station", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Name, nullable=False),
    Column("round", Integer, nullable=False),
    Column("last_in", Name, nullable=False),
    Column("last_no", BigInteger, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("files", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("damaged", Integer, nullable=False),
    Column("ends_round", Boolean, nullable=False),
    # Where second copies of clips were read; null: originals in the vault.
    Column("place", Name),
    CheckConstraint("what IN ('clips', 'quarantined', 'documents')", name="what"),
    Index("ix_fixity_slices_place", "station", "what", "place", "round", "last_in", "last_no"),
)

damages = Table(
    "damages",
    metadata,
    Column("station", Name, primary_key=True),
    # A clip's id, or what stands for another file's path.
    Column("file", Name, primary_key=True),
    Column("what", Name, nullable=False),
    Column("clip", Name, ForeignKey("clips.id")),
    Column("vault_path", Name, nullable=False),
    Column("damage", Name, nullable=False),
    Column("expected", Name, nullable=False),
    Column("found", Name, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("restored_at", UtcTime),
    Column("source", Name),
    Column("place", Name),
    # Every vault path under which earlier bytes of it are kept.
    Column("aside", CanonicalJson, nullable=False),
    Index("ix_damages_unrestored", "station", "found_at", "file", **only_where("restored_at IS NULL")),
)

copy_places = Table(
    "copy_places",
    metadata,
    Column("station", Name, primary_key=True),
    Column("place", Name, primary_key=True),
    Column("folder", Name, nullable=False),
    Column("same_disk", Boolean, nullable=False),
    Column("prepared_at", UtcTime, nullable=False),
)

copied_sessions = Table(
    "copied_sessions",
    metadata,
    Column("station", Name, primary_key=True),
    Column("place", Name, primary_key=True),
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("clips", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    # From when on all of them are known to have held: when the session was copied first.
    Column("copied_at", UtcTime, nullable=False),
    Index("ix_copied_sessions_session", "session", "place"),
)

# Clips of copied sessions that a place does not have, or had not for a while: few.
copy_gaps = Table(
    "copy_gaps",
    metadata,
    Column("station", Name, primary_key=True),
    Column("place", Name, primary_key=True),
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("reason", Name, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("lacking", Boolean, nullable=False),
    CheckConstraint("reason IN ('not-copied', 'damaged', 'destroyed')", name="reason"),
    Index("ix_copy_gaps_clip", "clip", "place"),
)

PROJECTED = (fixity_slices, damages, copy_places, copied_sessions, copy_gaps)
