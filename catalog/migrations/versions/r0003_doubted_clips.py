"""Clips whose recorder gave other bytes at the second reading."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import Name

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column; nothing was doubted before."""
    op.add_column("clips", sa.Column("doubt", Name()))
