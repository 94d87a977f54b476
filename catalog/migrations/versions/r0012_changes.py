"""Changes that would make recordings due: what was proposed, and what came of it; how long case files are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "changes",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("acts", CanonicalJson(), nullable=False),
        sa.Column("departments", CanonicalJson(), nullable=False),
        sa.Column("proposed_by", Name(), nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("made_due", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("plan_digest", Name(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("answered_by", Name()),
        sa.Column("answered_at", UtcTime()),
        sa.Column("answer_reason", Name()),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'refused')", name=op.f("ck_changes_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_state", "changes", ["state", "proposed_at", "id"])
    op.create_table(
        "case_files",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("years", sa.Integer()),
        sa.Column("counted_from", Name(), nullable=False),
        sa.Column("set_by", Name(), nullable=False),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.CheckConstraint("years > 0", name=op.f("ck_case_files_years")),
        sa.CheckConstraint("counted_from IN ('closing', 'new-year')", name=op.f("ck_case_files_counted_from")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_files_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_files")),
    )
