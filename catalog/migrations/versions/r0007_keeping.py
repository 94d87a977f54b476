"""Holds, what they hold, the rule packs that counted; until when a clip is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime, only_where

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Terms of clips that are here are to be decided: `keep_until` is empty."""
    op.add_column("clips", sa.Column("keep_until", Name()))
    op.create_index("ix_clips_keep_until", "clips", ["keep_until", "id"], **only_where("keep_until IS NOT NULL"))
    op.create_index("ix_clips_undecided", "clips", ["session", "seq"], **only_where("keep_until IS NULL"))
    op.create_table(
        "holds",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("trigger", Name()),
        sa.Column("long_term", sa.Boolean(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("scope", Name(), nullable=False),
        sa.Column("about", CanonicalJson(), nullable=False),
        sa.Column("subject", Name(), nullable=False),
        sa.Column("departments", CanonicalJson(), nullable=False),
        sa.Column("placed_by", Name(), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("asked_by", Name()),
        sa.Column("asked_at", UtcTime()),
        sa.Column("ask_reason", Name()),
        sa.Column("lifted_by", Name()),
        sa.Column("lifted_at", UtcTime()),
        sa.Column("lift_reason", Name()),
        sa.CheckConstraint("scope IN ('clips', 'session', 'case', 'event')", name=op.f("ck_holds_scope")),
        sa.CheckConstraint("state IN ('active', 'lift-asked', 'lifted')", name=op.f("ck_holds_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_placed", "holds", ["placed_at", "id"])
    op.create_index("ix_holds_subject", "holds", ["scope", "subject", "id"])
    op.create_table(
        "held_clips",
        sa.Column("hold", Name(), nullable=False),
        sa.Column("clip", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["hold"], ["holds.id"], name=op.f("fk_held_clips_hold")),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_held_clips_clip")),
        sa.PrimaryKeyConstraint("hold", "clip", name=op.f("pk_held_clips")),
    )
    op.create_index("ix_held_clips_clip", "held_clips", ["clip", "hold"])
    op.create_table(
        "adopted_packs",
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("pack", Name(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("adopted_by", Name(), nullable=False),
        sa.Column("adopted_at", UtcTime(), nullable=False),
        sa.Column("made_due", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("station", "seq", name=op.f("pk_adopted_packs")),
    )
