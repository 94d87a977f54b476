"""Gaps whose missing files came later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STATES = "state IN ('open', 'explained', 'reviewed', 'delivered')"


def upgrade() -> None:
    """Of gaps that are here nothing came yet: the next examination of a session looks."""
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
        return
    op.add_column("gaps", sa.Column("delivered", CanonicalJson(), nullable=False, server_default="[]"))
    op.alter_column("gaps", "delivered", server_default=None)
    op.drop_constraint(op.f("ck_gaps_state"), "gaps", type_="check")
    op.create_check_constraint(op.f("ck_gaps_state"), "gaps", _STATES)


def _made_anew() -> None:
    """SQLite changes no condition of a table that is there."""
    op.drop_index("ix_gaps_state", "gaps")
    op.drop_index("ix_gaps_recorder", "gaps")
    op.rename_table("gaps", "gaps_before")
    table = op.create_table(
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
        sa.Column("delivered", CanonicalJson(), nullable=False),
        sa.CheckConstraint(_STATES, name=op.f("ck_gaps_state")),
        sa.ForeignKeyConstraint(["found_in"], ["sessions.id"], name=op.f("fk_gaps_found_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "delivered")
    op.execute(f"INSERT INTO gaps ({names}, delivered) SELECT {names}, '[]' FROM gaps_before")
    op.drop_table("gaps_before")
    op.create_index("ix_gaps_state", "gaps", ["state", "found_at", "id"])
    op.create_index("ix_gaps_recorder", "gaps", ["recorder", "found_at", "id"])
