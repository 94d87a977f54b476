"""Bays with their ports, and recorders that may be docked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import Name, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables; no guards, they are projections."""
    op.create_table(
        "slots",
        sa.Column("station", Name(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("port", Name(), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("station", "slot", name=op.f("pk_slots")),
    )
    op.create_table(
        "enrolments",
        sa.Column("station", Name(), nullable=False),
        sa.Column("key", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station", "key", name=op.f("pk_enrolments")),
    )
