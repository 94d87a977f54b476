"""The register of faults: one row for each, from its report to its end."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Table

from ..columns import Name, UtcTime, only_where
from ..tables import metadata

recorder_faults = Table(
    "recorder_faults",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("what", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("text", Name, nullable=False),
    Column("holder", Name),
    Column("reported_by", Name, nullable=False),
    Column("reported_at", UtcTime, nullable=False),
    Column("inspected_by", Name),
    Column("inspected_at", UtcTime),
    Column("finding", Name),
    Column("private_repair", Name),
    Column("sent_to", Name),
    Column("sent_by", Name),
    Column("sent_at", UtcTime),
    Column("sent_note", Name),
    Column("ended_by", Name),
    Column("ended_at", UtcTime),
    Column("ended_note", Name),
    CheckConstraint("what IN ('fault', 'damage', 'lost')", name="what"),
    CheckConstraint(
        "state IN ('reported', 'inspected', 'sound', 'sent', 'lost', 'back', 'scrapped')",
        name="state",
    ),
    Index("ix_recorder_faults_reported", "reported_at", "id"),
    Index("ix_recorder_faults_open", "station", "recorder", **only_where("ended_at IS NULL")),
)
