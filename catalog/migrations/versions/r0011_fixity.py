"""When the vault was read again, what was damaged, and where second copies lie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was read again yet: what is here counts from when it was docked."""
    op.create_table(
        "fixity_slices",
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("what", Name(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("last_in", Name(), nullable=False),
        sa.Column("last_no", sa.BigInteger(), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("read_at", UtcTime(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.Integer(), nullable=False),
        sa.Column("ends_round", sa.Boolean(), nullable=False),
        sa.CheckConstraint("what IN ('clips', 'quarantined', 'documents')", name=op.f("ck_fixity_slices_what")),
        sa.PrimaryKeyConstraint("station", "seq", name=op.f("pk_fixity_slices")),
    )
    op.create_index("ix_fixity_slices_place", "fixity_slices", ["station", "what", "round", "last_in", "last_no"])
    op.create_table(
        "damages",
        sa.Column("station", Name(), nullable=False),
        sa.Column("file", Name(), nullable=False),
        sa.Column("what", Name(), nullable=False),
        sa.Column("clip", Name()),
        sa.Column("vault_path", Name(), nullable=False),
        sa.Column("damage", Name(), nullable=False),
        sa.Column("expected", Name(), nullable=False),
        sa.Column("found", Name(), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("restored_at", UtcTime()),
        sa.Column("source", Name()),
        sa.Column("place", Name()),
        sa.Column("aside", CanonicalJson(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_damages_clip")),
        sa.PrimaryKeyConstraint("station", "file", name=op.f("pk_damages")),
    )
    op.create_table(
        "copy_places",
        sa.Column("station", Name(), nullable=False),
        sa.Column("place", Name(), nullable=False),
        sa.Column("folder", Name(), nullable=False),
        sa.Column("same_disk", sa.Boolean(), nullable=False),
        sa.Column("prepared_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station", "place", name=op.f("pk_copy_places")),
    )
    op.create_table(
        "copied_sessions",
        sa.Column("station", Name(), nullable=False),
        sa.Column("place", Name(), nullable=False),
        sa.Column("session", Name(), nullable=False),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("copied_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name=op.f("fk_copied_sessions_session")),
        sa.PrimaryKeyConstraint("station", "place", "session", name=op.f("pk_copied_sessions")),
    )
    op.create_index("ix_copied_sessions_session", "copied_sessions", ["session", "place"])
    op.create_table(
        "copy_gaps",
        sa.Column("station", Name(), nullable=False),
        sa.Column("place", Name(), nullable=False),
        sa.Column("clip", Name(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("lacking", sa.Boolean(), nullable=False),
        sa.CheckConstraint("reason IN ('not-copied', 'damaged', 'destroyed')", name=op.f("ck_copy_gaps_reason")),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_copy_gaps_clip")),
        sa.PrimaryKeyConstraint("station", "place", "clip", name=op.f("pk_copy_gaps")),
    )
    op.create_index("ix_copy_gaps_clip", "copy_gaps", ["clip", "place"])
