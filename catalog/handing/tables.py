"""Batches that were handed over, what is in them, their receipts, and the receivers whose signatures count."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata

handovers = Table(
    "handovers",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("department", Name, nullable=False),
    Column("recipient", Name, nullable=False),
    Column("made_by", Name, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("clips", Integer, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("manifest_digest", Name, nullable=False),
    Column("state", Name, nullable=False),
    CheckConstraint("state IN ('made', 'differs', 'received')", name="state"),
    Index("ix_handovers_made", "made_at", "id"),
)

# A clip, and a document, is in one batch at most: the key says so.
handed_clips = Table(
    "handed_clips",
    metadata,
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("batch", Name, ForeignKey("handovers.id"), nullable=False),
    Column("station", Name, nullable=False),
    Index("ix_handed_clips_batch", "batch", "clip"),
)

handed_documents = Table(
    "handed_documents",
    metadata,
    Column("document", Name, ForeignKey("documents.id"), primary_key=True),
    Column("batch", Name, ForeignKey("handovers.id"), nullable=False),
    Column("station", Name, nullable=False),
    Index("ix_handed_documents_batch", "batch", "document"),
)

handover_receipts = Table(
    "handover_receipts",
    metadata,
    Column("station", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("batch", Name, ForeignKey("handovers.id"), nullable=False),
    Column("how", Name, nullable=False),
    Column("receiver", Name, nullable=False),
    Column("key", Name),
    Column("taken_by", Name, nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("files", Integer, nullable=False),
    Column("differences", CanonicalJson, nullable=False),
    Column("documents", CanonicalJson, nullable=False),
    CheckConstraint("how IN ('here', 'signed', 'paper')", name="how"),
    Index("ix_handover_receipts_batch", "batch", "seq"),
)

receivers = Table(
    "receivers",
    metadata,
    Column("station", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("key", Name),
    Column("told_by", Name, nullable=False),
    Column("told_at", UtcTime, nullable=False),
)

PROJECTED: tuple[Table, ...] = (handovers, handed_clips, handed_documents, handover_receipts, receivers)
