"""Clocks, health, verdicts and gaps, and the documents that explain them; when a clip was recorded, with limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime, only_where

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Clips that are here keep no limits: nothing was measured, so they count from when they were first seen."""
    for name in ("recorded_earliest", "recorded_latest", "anchor_at"):
        op.add_column("clips", sa.Column(name, UtcTime()))
    for name in ("time_basis", "time_doubt"):
        op.add_column("clips", sa.Column(name, Name()))
    op.create_index("ix_clips_doubtful_time", "clips", ["sort_at", "id"], **only_where("time_doubt IS NOT NULL"))
    _per_session(
        "clock_readings",
        sa.Column("measured_at", UtcTime(), nullable=False),
        sa.Column("recorder_at", Name(), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("uncertainty_ms", sa.BigInteger(), nullable=False),
        sa.Column("method", Name(), nullable=False),
        sa.Column("synced", sa.Boolean()),
    )
    op.create_index("ix_clock_readings_recorder", "clock_readings", ["recorder", "measured_at", "session"])
    _per_session(
        "clock_settings",
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("method", Name(), nullable=False),
        sa.Column("told", Name(), nullable=False),
        sa.Column("by_file", Name()),
        sa.Column("took", Name()),
        sa.Column("judged_in", Name()),
        sa.CheckConstraint("took IN ('yes', 'no', 'unknown')", name=op.f("ck_clock_settings_took")),
    )
    op.create_index("ix_clock_settings_recorder", "clock_settings", ["recorder", "set_at", "session"])
    _per_session(
        "health_readings",
        sa.Column("read_at", UtcTime(), nullable=False),
        sa.Column("battery_percent", sa.Integer()),
        sa.Column("cycles", sa.Integer()),
        sa.Column("voltage_mv", sa.Integer()),
        sa.Column("storage_free_bytes", sa.BigInteger()),
        sa.Column("storage_total_bytes", sa.BigInteger()),
        sa.Column("read_rate_bytes_s", sa.BigInteger()),
        sa.Column("read_errors", sa.Integer()),
        sa.Column("clock_error_ms", sa.BigInteger()),
        sa.Column("firmware", Name()),
    )
    op.create_index("ix_health_readings_recorder", "health_readings", ["recorder", "read_at", "session"])
    _per_session(
        "duty_verdicts",
        sa.Column("judged_at", UtcTime(), nullable=False),
        sa.Column("fit", sa.Boolean(), nullable=False),
        sa.Column("reasons", CanonicalJson(), nullable=False),
        sa.Column("soon", CanonicalJson(), nullable=False),
    )
    op.create_index("ix_duty_verdicts_recorder", "duty_verdicts", ["recorder", "judged_at", "session"])
    op.create_table(
        "newer_files",
        sa.Column("session", Name(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        sa.Column("path", Name(), nullable=False),
        sa.Column("modified_at", UtcTime()),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name=op.f("fk_newer_files_session")),
        sa.PrimaryKeyConstraint("session", "seq", name=op.f("pk_newer_files")),
    )
    _per_session(
        "examinations",
        sa.Column("examined_at", UtcTime(), nullable=False),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
    )
    _gaps()
    _documents()


def _per_session(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("session", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name=op.f(f"fk_{name}_session")),
        sa.PrimaryKeyConstraint("session", name=op.f(f"pk_{name}")),
    )


def _gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("found_in", Name(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("before_clip", Name()),
        sa.Column("after_clip", Name()),
        sa.Column("start_at", UtcTime()),
        sa.Column("end_at", UtcTime()),
        sa.Column("length_ms", sa.BigInteger()),
        sa.Column("uncertainty_ms", sa.BigInteger(), nullable=False),
        sa.Column("evidence", CanonicalJson(), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("explainers", CanonicalJson(), nullable=False),
        sa.Column("explained_by", Name()),
        sa.Column("explained_at", UtcTime()),
        sa.Column("clip_of_words", Name()),
        sa.Column("at_ms", sa.BigInteger()),
        sa.Column("text", Name()),
        sa.Column("attachment", Name()),
        sa.Column("attachment_digest", Name()),
        sa.Column("reviewed_by", Name()),
        sa.Column("reviewed_at", UtcTime()),
        sa.Column("review_note", Name()),
        sa.CheckConstraint("state IN ('open', 'explained', 'reviewed')", name=op.f("ck_gaps_state")),
        sa.ForeignKeyConstraint(["found_in"], ["sessions.id"], name=op.f("fk_gaps_found_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    op.create_index("ix_gaps_state", "gaps", ["state", "found_at", "id"])
    op.create_index("ix_gaps_recorder", "gaps", ["recorder", "found_at", "id"])


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("subject", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("digests", CanonicalJson(), nullable=False),
        sa.Column("vault_path", Name(), nullable=False),
        sa.Column("kept_at", UtcTime(), nullable=False),
        sa.Column("kept_by", Name(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_subject", "documents", ["subject", "kept_at", "id"])
