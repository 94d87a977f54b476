"""Sweeps, the batches they proposed, what is in these, and the tombstones."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Day, Name, UtcTime, only_where
from ..tables import metadata

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("state", Name, nullable=False),
    Column("day", Day, nullable=False),
    Column("due_clips", Integer, nullable=False),
    Column("due_bytes", BigInteger, nullable=False),
    Column("ready_clips", Integer, nullable=False),
    Column("ready_bytes", BigInteger, nullable=False),
    Column("held_clips", BigInteger, nullable=False),
    Column("held_bytes", BigInteger, nullable=False),
    Column("exceeded", CanonicalJson, nullable=False),
    Column("departments", CanonicalJson, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("allowed_by", Name),
    Column("allowed_at", UtcTime),
    CheckConstraint("state IN ('ran', 'stopped', 'allowed')", name="state"),
    Index("ix_sweeps_order", "station", "seq"),
    Index("ix_sweeps_day", "day", "seq"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sweep", Name, ForeignKey("sweeps.id"), nullable=False),
    Column("department", Name, nullable=False),
    Column("day", Day, nullable=False),
    Column("clips", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("left_clips", Integer, nullable=False),
    Column("left_bytes", BigInteger, nullable=False),
    Column("approval", Name, nullable=False),
    Column("grace_days", Integer, nullable=False),
    Column("state", Name, nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("endorsed_by", Name),
    Column("endorsed_at", UtcTime),
    Column("approved_by", Name),
    Column("approved_at", UtcTime),
    Column("refused_by", Name),
    Column("refused_at", UtcTime),
    Column("refuse_reason", Name),
    CheckConstraint("approval IN ('two', 'one', 'none')", name="approval"),
    CheckConstraint("state IN ('proposed', 'endorsed', 'approved', 'refused', 'done')", name="state"),
    Index("ix_batches_order", "station", "seq"),
    Index("ix_batches_day", "day", "seq"),
)

batch_clips = Table(
    "batch_clips",
    metadata,
    Column("batch", Name, ForeignKey("batches.id"), primary_key=True),
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("why", Name),
    Column("kept_until", Name),
    Column("day", Day),
    CheckConstraint("state IN ('in', 'spared', 'destroyed')", name="state"),
    Index("ix_batch_clips_in", "clip", "batch", **only_where("state = 'in'")),
    Index("ix_batch_clips_spared", "day", "clip", **only_where("state = 'spared'")),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("batch", Name, ForeignKey("batches.id"), nullable=False),
    Column("session", Name, nullable=False),
    Column("vault_path", Name, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", Name, nullable=False),
    Column("pack", Name, nullable=False),
    Column("pack_digest", Name, nullable=False),
    Column("reason", Name, nullable=False),
    Column("rule", Name, nullable=False),
    Column("article", Name, nullable=False),
    Column("until", Day, nullable=False),
    Column("day", Day, nullable=False),
    Column("destroyed_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Index("ix_tombstones_session", "session", "clip"),
    # All that was ever destroyed is added up every night: from here, and not from the tombstones themselves.
    Index("ix_tombstones_size", "size_bytes", "station"),
    Index("ix_tombstones_day", "day", "clip"),
    Index("ix_tombstones_waiting", "session", "clip", **only_where("removed_at IS NULL")),
)

PROJECTED: tuple[Table, ...] = (sweeps, batches, batch_clips, tombstones)
