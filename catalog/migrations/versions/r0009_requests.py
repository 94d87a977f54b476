"""Requests, what they name and what was given on them; marks of secrecy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "requests",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("number", Name(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("case_id", Name()),
        sa.Column("purpose", Name(), nullable=False),
        sa.Column("recipient", Name()),
        sa.Column("for_whom", Name()),
        sa.Column("departments", CanonicalJson(), nullable=False),
        sa.Column("asked_by", Name(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("decided_by", Name()),
        sa.Column("decided_at", UtcTime()),
        sa.Column("decision_reason", Name()),
        sa.Column("valid_until", UtcTime()),
        sa.Column("uses", sa.Integer()),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("last_used_at", UtcTime()),
        sa.Column("closed_by", Name()),
        sa.Column("closed_at", UtcTime()),
        sa.Column("close_reason", Name()),
        sa.CheckConstraint("kind IN ('view', 'copy', 'provide', 'party')", name=op.f("ck_requests_kind")),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'used', 'closed')", name=op.f("ck_requests_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_requests_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_number", "requests", ["station", "year", "running"], unique=True)
    op.create_index("ix_requests_state", "requests", ["state", "year", "running"])
    op.create_index("ix_requests_asked_by", "requests", ["asked_by", "year", "running"])
    op.create_table(
        "request_clips",
        sa.Column("request", Name(), nullable=False),
        sa.Column("clip", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name=op.f("fk_request_clips_request")),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_request_clips_clip")),
        sa.PrimaryKeyConstraint("request", "clip", name=op.f("pk_request_clips")),
    )
    op.create_index("ix_request_clips_clip", "request_clips", ["clip", "request"])
    op.create_table(
        "copies_given",
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("request", Name(), nullable=False),
        sa.Column("form", Name(), nullable=False),
        sa.Column("clips", CanonicalJson(), nullable=False),
        sa.Column("bag_digest", Name(), nullable=False),
        sa.Column("kept", Name()),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("recipient", Name(), nullable=False),
        sa.Column("given_by", Name(), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.CheckConstraint("form IN ('original', 'watermarked')", name=op.f("ck_copies_given_form")),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name=op.f("fk_copies_given_request")),
        sa.PrimaryKeyConstraint("station", "seq", name=op.f("pk_copies_given")),
    )
    op.create_index("ix_copies_given_request", "copies_given", ["request", "seq"])
    op.create_table(
        "request_entries",
        sa.Column("station", Name(), nullable=False),
        sa.Column("request", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("station", "request", "seq", name=op.f("pk_request_entries")),
    )
    op.create_table(
        "secrecy_marks",
        sa.Column("station", Name(), nullable=False),
        sa.Column("subject_kind", Name(), nullable=False),
        sa.Column("subject", Name(), nullable=False),
        sa.Column("mark", Name(), nullable=False),
        sa.Column("set_by", Name(), nullable=False),
        sa.Column("set_at", UtcTime(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("removed_by", Name()),
        sa.Column("removed_at", UtcTime()),
        sa.Column("remove_reason", Name()),
        sa.CheckConstraint("subject_kind IN ('clip', 'case')", name=op.f("ck_secrecy_marks_subject_kind")),
        sa.CheckConstraint("mark IN ('state-secret', 'trade-secret', 'personal')", name=op.f("ck_secrecy_marks_mark")),
        sa.PrimaryKeyConstraint("station", "subject_kind", "subject", "mark", name=op.f("pk_secrecy_marks")),
    )
