"""Departments, officers, the register of recorders, the issue ledger, accounts; whose recording a clip is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime, only_where

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Clips that are here keep the officer whom their recorder named, marked as claimed: no ledger spoke of them."""
    # As catalog.tables says why.
    op.drop_index("ix_custody_subject", "custody")
    columns = ["station", "subject", "seq"]
    op.create_index("ix_custody_subject", "custody", columns, **only_where("subject IS NOT NULL"))
    for name in ("officer_claimed", "officer_bound", "officer_basis", "officer_why"):
        op.add_column("clips", sa.Column(name, Name()))
    op.execute("UPDATE clips SET officer_claimed = officer, officer_basis = 'claimed' WHERE officer IS NOT NULL")
    _own(
        "departments",
        "id",
        sa.Column("name", Name(), nullable=False),
        sa.Column("parent", Name()),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    _own(
        "officers",
        "number",
        sa.Column("name", Name(), nullable=False),
        sa.Column("department", Name(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_officers_department", "officers", ["station", "department", "number"])
    _own(
        "register",
        "recorder",
        sa.Column("department", Name(), nullable=False),
        sa.Column("model", Name()),
        sa.Column("serial", Name()),
        sa.Column("state", Name(), nullable=False),
        sa.Column("note", Name(), nullable=False),
        sa.CheckConstraint(
            "state IN ('in-service', 'faulty', 'at-maker', 'lost', 'retired')", name=op.f("ck_register_state")
        ),
    )
    op.create_index("ix_register_department", "register", ["station", "department", "recorder"])
    _issues()
    _own(
        "accounts",
        "name",
        sa.Column("role", Name(), nullable=False),
        sa.Column("departments", CanonicalJson(), nullable=False),
        sa.Column("officer", Name()),
        sa.Column("clearance", CanonicalJson(), nullable=False),
        sa.Column("login", Name()),
        sa.Column("password", Name()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("locked_until", UtcTime()),
        sa.Column("locked_reason", Name()),
        sa.Column("created_at", UtcTime(), nullable=False),
    )


def _own(table: str, key: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("station", Name(), nullable=False),
        sa.Column(key, Name(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("station", key, name=op.f(f"pk_{table}")),
    )


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        sa.Column("officer", Name(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime()),
        sa.Column("due", UtcTime()),
        sa.Column("issued_by", Name(), nullable=False),
        sa.Column("returned_by", Name()),
        sa.Column("lender", Name()),
        sa.Column("note", Name(), nullable=False),
        sa.Column("return_note", Name()),
        sa.Column("withdrawn", Name()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
    )
    op.create_index("ix_issues_recorder", "issues", ["station", "recorder", "since", "id"])
    op.create_index("ix_issues_officer", "issues", ["station", "officer", "since", "id"])
