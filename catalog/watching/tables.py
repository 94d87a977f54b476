"""Tables of what dockings showed: one row a session for clock, health and verdict; one row a gap."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata

clock_readings = Table(
    "clock_readings",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("measured_at", UtcTime, nullable=False),
    Column("recorder_at", Name, nullable=False),
    Column("offset_ms", BigInteger, nullable=False),
    Column("uncertainty_ms", BigInteger, nullable=False),
    Column("method", Name, nullable=False),
    Column("synced", Boolean),
    Index("ix_clock_readings_recorder", "recorder", "measured_at", "session"),
)

clock_settings = Table(
    "clock_settings",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    Column("method", Name, nullable=False),
    Column("told", Name, nullable=False),
    Column("by_file", Name),
    Column("took", Name),
    Column("judged_in", Name),
    CheckConstraint("took IN ('yes', 'no', 'unknown')", name="took"),
    Index("ix_clock_settings_recorder", "recorder", "set_at", "session"),
)

health_readings = Table(
    "health_readings",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("battery_percent", Integer),
    Column("cycles", Integer),
    Column("voltage_mv", Integer),
    Column("storage_free_bytes", BigInteger),
    Column("storage_total_bytes", BigInteger),
    Column("read_rate_bytes_s", BigInteger),
    Column("read_errors", Integer),
    Column("clock_error_ms", BigInteger),
    Column("firmware", Name),
    Index("ix_health_readings_recorder", "recorder", "read_at", "session"),
)

duty_verdicts = Table(
    "duty_verdicts",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("judged_at", UtcTime, nullable=False),
    Column("fit", Boolean, nullable=False),
    Column("reasons", CanonicalJson, nullable=False),
    Column("soon", CanonicalJson, nullable=False),
    Index("ix_duty_verdicts_recorder", "recorder", "judged_at", "session"),
)

newer_files = Table(
    "newer_files",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("modified_at", UtcTime),
)

examinations = Table(
    "examinations",
    metadata,
    Column("session", Name, ForeignKey("sessions.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("examined_at", UtcTime, nullable=False),
    Column("clips", Integer, nullable=False),
    Column("gaps", Integer, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("found_in", Name, ForeignKey("sessions.id"), nullable=False),
    Column("recorder", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("before_clip", Name),
    Column("after_clip", Name),
    Column("start_at", UtcTime),
    Column("end_at", UtcTime),
    Column("length_ms", BigInteger),
    Column("uncertainty_ms", BigInteger, nullable=False),
    Column("evidence", CanonicalJson, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("state", Name, nullable=False),
    Column("explainers", CanonicalJson, nullable=False),
    Column("explained_by", Name),
    Column("explained_at", UtcTime),
    Column("clip_of_words", Name),
    Column("at_ms", BigInteger),
    Column("text", Name),
    Column("attachment", Name),
    Column("attachment_digest", Name),
    Column("reviewed_by", Name),
    Column("reviewed_at", UtcTime),
    Column("review_note", Name),
    Column("delivered", CanonicalJson, nullable=False),
    CheckConstraint("state IN ('open', 'explained', 'reviewed', 'delivered')", name="state"),
    Index("ix_gaps_state", "state", "found_at", "id"),
    Index("ix_gaps_recorder", "recorder", "found_at", "id"),
)

PROJECTED = (clock_readings, clock_settings, health_readings, duty_verdicts, newer_files, examinations, gaps)
TAKEN_AWAY = (duty_verdicts, examinations)
