"""Sweeps, batches of what is due, tombstones; when a clip was destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Day, Name, UtcTime, only_where

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No clip that is here was ever destroyed. One that is has no term any more, and none to be decided."""
    op.add_column("clips", sa.Column("destroyed_at", UtcTime()))
    op.drop_index("ix_clips_undecided", "clips")
    op.create_index(
        "ix_clips_undecided", "clips", ["session", "seq"], **only_where("keep_until IS NULL AND destroyed_at IS NULL")
    )
    _sweeps()
    _batches()
    _batch_clips()
    _tombstones()


def _sweeps() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("day", Day(), nullable=False),
        sa.Column("due_clips", sa.Integer(), nullable=False),
        sa.Column("due_bytes", sa.BigInteger(), nullable=False),
        sa.Column("ready_clips", sa.Integer(), nullable=False),
        sa.Column("ready_bytes", sa.BigInteger(), nullable=False),
        sa.Column("held_clips", sa.BigInteger(), nullable=False),
        sa.Column("held_bytes", sa.BigInteger(), nullable=False),
        sa.Column("exceeded", CanonicalJson(), nullable=False),
        sa.Column("departments", CanonicalJson(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("allowed_by", Name()),
        sa.Column("allowed_at", UtcTime()),
        sa.CheckConstraint("state IN ('ran', 'stopped', 'allowed')", name=op.f("ck_sweeps_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
    )
    op.create_index("ix_sweeps_order", "sweeps", ["station", "seq"])
    op.create_index("ix_sweeps_day", "sweeps", ["day", "seq"])


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sweep", Name(), nullable=False),
        sa.Column("department", Name(), nullable=False),
        sa.Column("day", Day(), nullable=False),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("left_clips", sa.Integer(), nullable=False),
        sa.Column("left_bytes", sa.BigInteger(), nullable=False),
        sa.Column("approval", Name(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("endorsed_by", Name()),
        sa.Column("endorsed_at", UtcTime()),
        sa.Column("approved_by", Name()),
        sa.Column("approved_at", UtcTime()),
        sa.Column("refused_by", Name()),
        sa.Column("refused_at", UtcTime()),
        sa.Column("refuse_reason", Name()),
        sa.CheckConstraint("approval IN ('two', 'one', 'none')", name=op.f("ck_batches_approval")),
        sa.CheckConstraint(
            "state IN ('proposed', 'endorsed', 'approved', 'refused', 'done')", name=op.f("ck_batches_state")
        ),
        sa.ForeignKeyConstraint(["sweep"], ["sweeps.id"], name=op.f("fk_batches_sweep")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index("ix_batches_order", "batches", ["station", "seq"])
    op.create_index("ix_batches_day", "batches", ["day", "seq"])


def _batch_clips() -> None:
    op.create_table(
        "batch_clips",
        sa.Column("batch", Name(), nullable=False),
        sa.Column("clip", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("why", Name()),
        sa.Column("kept_until", Name()),
        sa.Column("day", Day()),
        sa.CheckConstraint("state IN ('in', 'spared', 'destroyed')", name=op.f("ck_batch_clips_state")),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_batch_clips_batch")),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_batch_clips_clip")),
        sa.PrimaryKeyConstraint("batch", "clip", name=op.f("pk_batch_clips")),
    )
    op.create_index("ix_batch_clips_in", "batch_clips", ["clip", "batch"], **only_where("state = 'in'"))
    op.create_index("ix_batch_clips_spared", "batch_clips", ["day", "clip"], **only_where("state = 'spared'"))


def _tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("clip", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("batch", Name(), nullable=False),
        sa.Column("session", Name(), nullable=False),
        sa.Column("vault_path", Name(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("pack", Name(), nullable=False),
        sa.Column("pack_digest", Name(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("rule", Name(), nullable=False),
        sa.Column("article", Name(), nullable=False),
        sa.Column("until", Day(), nullable=False),
        sa.Column("day", Day(), nullable=False),
        sa.Column("destroyed_at", UtcTime(), nullable=False),
        sa.Column("removed_at", UtcTime()),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_tombstones_clip")),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_tombstones_batch")),
        sa.PrimaryKeyConstraint("clip", name=op.f("pk_tombstones")),
    )
    op.create_index("ix_tombstones_session", "tombstones", ["session", "clip"])
    op.create_index("ix_tombstones_day", "tombstones", ["day", "clip"])
    op.create_index("ix_tombstones_waiting", "tombstones", ["session", "clip"], **only_where("removed_at IS NULL"))
