"""Hand-overs between custodians with their receipts; the register of faults of recorders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime, only_where

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FAULT_STATES = "state IN ('reported', 'inspected', 'sound', 'sent', 'lost', 'back', 'scrapped')"


def upgrade() -> None:
    """Nothing was handed over yet; what the register says of recorders stays as it is."""
    op.create_table(
        "handovers",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("department", Name(), nullable=False),
        sa.Column("recipient", Name(), nullable=False),
        sa.Column("made_by", Name(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("manifest_digest", Name(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.CheckConstraint("state IN ('made', 'differs', 'received')", name=op.f("ck_handovers_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index("ix_handovers_made", "handovers", ["made_at", "id"])
    _handed("handed_clips", "clip", "clips")
    _handed("handed_documents", "document", "documents")
    op.create_table(
        "handover_receipts",
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("batch", Name(), nullable=False),
        sa.Column("how", Name(), nullable=False),
        sa.Column("receiver", Name(), nullable=False),
        sa.Column("key", Name()),
        sa.Column("taken_by", Name(), nullable=False),
        sa.Column("taken_at", UtcTime(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("differences", CanonicalJson(), nullable=False),
        sa.Column("documents", CanonicalJson(), nullable=False),
        sa.CheckConstraint("how IN ('here', 'signed', 'paper')", name=op.f("ck_handover_receipts_how")),
        sa.ForeignKeyConstraint(["batch"], ["handovers.id"], name=op.f("fk_handover_receipts_batch")),
        sa.PrimaryKeyConstraint("station", "seq", name=op.f("pk_handover_receipts")),
    )
    op.create_index("ix_handover_receipts_batch", "handover_receipts", ["batch", "seq"])
    op.create_table(
        "receivers",
        sa.Column("station", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("key", Name()),
        sa.Column("told_by", Name(), nullable=False),
        sa.Column("told_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station", "name", name=op.f("pk_receivers")),
    )
    _faults()


def _handed(table: str, what: str, of: str) -> None:
    op.create_table(
        table,
        sa.Column(what, Name(), nullable=False),
        sa.Column("batch", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.ForeignKeyConstraint([what], [f"{of}.id"], name=op.f(f"fk_{table}_{what}")),
        sa.ForeignKeyConstraint(["batch"], ["handovers.id"], name=op.f(f"fk_{table}_batch")),
        sa.PrimaryKeyConstraint(what, name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_batch", table, ["batch", what])


def _faults() -> None:
    op.create_table(
        "recorder_faults",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        sa.Column("what", Name(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("text", Name(), nullable=False),
        sa.Column("holder", Name()),
        sa.Column("reported_by", Name(), nullable=False),
        sa.Column("reported_at", UtcTime(), nullable=False),
        sa.Column("inspected_by", Name()),
        sa.Column("inspected_at", UtcTime()),
        sa.Column("finding", Name()),
        sa.Column("private_repair", Name()),
        sa.Column("sent_to", Name()),
        sa.Column("sent_by", Name()),
        sa.Column("sent_at", UtcTime()),
        sa.Column("sent_note", Name()),
        sa.Column("ended_by", Name()),
        sa.Column("ended_at", UtcTime()),
        sa.Column("ended_note", Name()),
        sa.CheckConstraint("what IN ('fault', 'damage', 'lost')", name=op.f("ck_recorder_faults_what")),
        sa.CheckConstraint(_FAULT_STATES, name=op.f("ck_recorder_faults_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorder_faults")),
    )
    op.create_index("ix_recorder_faults_reported", "recorder_faults", ["reported_at", "id"])
    op.create_index(
        "ix_recorder_faults_open", "recorder_faults", ["station", "recorder"], **only_where("ended_at IS NULL")
    )
