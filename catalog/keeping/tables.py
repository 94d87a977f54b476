"""Holds and what they hold; the rule packs that counted, one after the other."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata

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

PROJECTED = (holds, held_clips, adopted_packs)
