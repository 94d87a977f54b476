"""Until when clips are kept, in a table of its own: to work it out anew leaves the clips alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import Name, only_where

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TAKE_OVER = (
    "INSERT INTO clip_terms (clip, station, session, seq, keep_until)"
    " SELECT id, station, session, seq, keep_until FROM clips WHERE destroyed_at IS NULL ORDER BY session, seq"
)


def upgrade() -> None:
    """Take over what was worked out."""
    op.create_table(
        "clip_terms",
        sa.Column("clip", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("session", Name(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("keep_until", Name()),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_clip_terms_clip")),
        sa.PrimaryKeyConstraint("clip", name=op.f("pk_clip_terms")),
    )
    op.execute(_TAKE_OVER)
    op.create_index("ix_clip_terms_known", "clip_terms", ["keep_until", "clip"], **only_where("keep_until IS NOT NULL"))
    op.create_index("ix_clip_terms_waiting", "clip_terms", ["session", "seq"], **only_where("keep_until IS NULL"))
    op.drop_index("ix_clips_keep_until", "clips")
    op.drop_index("ix_clips_undecided", "clips")
    op.drop_column("clips", "keep_until")
