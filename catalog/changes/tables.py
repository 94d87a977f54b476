"""Changes that would make recordings due: what was proposed, and what came of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata

changes = Table(
    "changes",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    # The entry that proposed it: what came after is younger than the plan.
    Column("seq", BigInteger, nullable=False),
    Column("acts", CanonicalJson, nullable=False),
    Column("departments", CanonicalJson, nullable=False),
    Column("proposed_by", Name, nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("made_due", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("plan_digest", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("answered_by", Name),
    Column("answered_at", UtcTime),
    Column("answer_reason", Name),
    CheckConstraint("state IN ('proposed', 'confirmed', 'refused')", name="state"),
    Index("ix_changes_state", "state", "proposed_at", "id"),
)

PROJECTED: tuple[Table, ...] = (changes,)
