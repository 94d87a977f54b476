"""Holds and what they hold; the rule packs that counted, one after the other; the last day of every clip."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime, only_where
from ..tables import WORKED_OUT, metadata

holds = Table(
    "holds",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("trigger", Name),
    Column("long_term", Boolean, nullable=False),
    Column("reason", Name, nullable=False),
    Column("scope", Name, nullable=False),
    Column("about", CanonicalJson, nullable=False),
    # What a later clip is asked for: its session or its case. Empty for single clips and events.
    Column("subject", Name, nullable=False),
    Column("departments", CanonicalJson, nullable=False),
    Column("placed_by", Name, nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("state", Name, nullable=False),
    Column("asked_by", Name),
    Column("asked_at", UtcTime),
    Column("ask_reason", Name),
    Column("lifted_by", Name),
    Column("lifted_at", UtcTime),
    Column("lift_reason", Name),
    CheckConstraint("scope IN ('clips', 'session', 'case', 'event')", name="scope"),
    CheckConstraint("state IN ('active', 'lift-asked', 'lifted')", name="state"),
    Index("ix_holds_placed", "placed_at", "id"),
    Index("ix_holds_subject", "scope", "subject", "id"),
)

held_clips = Table(
    "held_clips",
    metadata,
    Column("hold", Name, ForeignKey("holds.id"), primary_key=True),
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_held_clips_clip", "clip", "hold"),
)

adopted_packs = Table(
    "adopted_packs",
    metadata,
    Column("station", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("pack", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("adopted_by", Name, nullable=False),
    Column("adopted_at", UtcTime, nullable=False),
    Column("made_due", Integer, nullable=False),
)

# Of every clip that is not destroyed. Apart from the clips: working all terms out anew would write each of their rows,
# and an entry in each of their indexes, two times.
clip_terms = Table(
    "clip_terms",
    metadata,
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("session", Name, nullable=False),
    Column("seq", Integer, nullable=False),
    # The last day on which it is kept; empty: to be decided. No word of the log.
    Column("keep_until", Name, info={WORKED_OUT: True}),
    Index("ix_clip_terms_known", "keep_until", "clip", **only_where("keep_until IS NOT NULL")),
    # In the order in which rows lie: to decide all of them, each page is then written once and not for every row.
    Index("ix_clip_terms_waiting", "session", "seq", **only_where("keep_until IS NULL")),
)

PROJECTED = (holds, held_clips, adopted_packs, clip_terms)
TAKEN_AWAY = (clip_terms,)
