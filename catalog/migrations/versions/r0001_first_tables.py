"""The first tables, and the guards of the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog.columns import CanonicalJson, Name, UtcTime, only_where
from catalog.guards import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables, indexes, guards."""
    op.create_table(
        "checkpoints",
        sa.Column("station", Name(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("root", Name(), nullable=False),
        sa.Column("head", Name(), nullable=False),
        sa.Column("at", Name(), nullable=False),
        sa.Column("frontier", Name(), nullable=False),
        sa.Column("signature", Name(), nullable=False),
        sa.PrimaryKeyConstraint("station", "size", name=op.f("pk_checkpoints")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "custody",
        sa.Column("station", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", Name(), nullable=False),
        sa.Column("actor", Name(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("subject", Name()),
        sa.Column("prev", Name(), nullable=False),
        sa.Column("hash", Name(), nullable=False),
        sa.Column("body", Name(), nullable=False),
        sa.PrimaryKeyConstraint("station", "seq", name=op.f("pk_custody")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_custody_subject", "custody", ["station", "subject", "seq"])
    op.create_table(
        "recorders",
        sa.Column("station", Name(), nullable=False),
        sa.Column("id", Name(), nullable=False),
        sa.Column("family", Name(), nullable=False),
        sa.Column("label", Name()),
        sa.Column("department", Name(), nullable=False),
        sa.Column("officer", Name()),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.Column("last_seen", UtcTime(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("station", "id", name=op.f("pk_recorders")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        sa.Column("family", Name(), nullable=False),
        sa.Column("family_reason", Name(), nullable=False),
        sa.Column("label", Name()),
        sa.Column("slot", sa.Integer()),
        sa.Column("department", Name(), nullable=False),
        sa.Column("officer", Name()),
        sa.Column("source", Name(), nullable=False),
        sa.Column("vault_dir", Name(), nullable=False),
        sa.Column("on_recorder", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("station_synced", sa.Boolean()),
        sa.Column("volume", CanonicalJson(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("state", Name(), nullable=False),
        sa.Column("sealed_at", UtcTime()),
        sa.Column("ingested", sa.Integer(), nullable=False),
        sa.Column("already_held", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("ingested_bytes", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("session_digest", Name()),
        sa.Column("manifest_digest", Name()),
        sa.Column("clearing", Name(), nullable=False),
        sa.Column("cleared", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'sealed', 'interrupted')", name=op.f("ck_sessions_state")),
        sa.CheckConstraint("clearing IN ('none', 'intended', 'done')", name=op.f("ck_sessions_clearing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_open", "sessions", ["station", "opened_at", "id"], **only_where("state = 'open'"))
    op.create_index("ix_sessions_opened", "sessions", ["opened_at", "id"])
    op.create_index("ix_sessions_recorder", "sessions", ["recorder", "opened_at", "id"])
    op.create_table(
        "clips",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("session", Name(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("recorder", Name(), nullable=False),
        sa.Column("department", Name(), nullable=False),
        sa.Column("officer", Name()),
        sa.Column("path", Name(), nullable=False),
        sa.Column("path_hex", Name()),
        sa.Column("name", Name(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", Name(), nullable=False),
        sa.Column("digests", CanonicalJson(), nullable=False),
        sa.Column("fingerprint", Name(), nullable=False),
        sa.Column("vault_path", Name(), nullable=False),
        sa.Column("claimed_at", Name()),
        sa.Column("recorded_at", UtcTime()),
        sa.Column("time_source", Name()),
        sa.Column("key_mark", sa.Boolean(), nullable=False),
        sa.Column("read_back", Name(), nullable=False),
        sa.Column("same_name_as", Name()),
        sa.Column("ingested_at", UtcTime(), nullable=False),
        sa.Column("sort_at", UtcTime(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger()),
        sa.Column("facts_state", Name(), nullable=False),
        sa.Column("case_no", Name()),
        sa.Column("clip_class", Name(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name=op.f("fk_clips_session")),
        sa.CheckConstraint("facts_state IN ('pending', 'read', 'failed')", name=op.f("ck_clips_facts_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clips")),
    )
    op.create_index("ix_clips_case", "clips", ["case_no", "sort_at", "id"], **only_where("case_no IS NOT NULL"))
    op.create_index("ix_clips_class", "clips", ["clip_class", "sort_at", "id"])
    op.create_index("ix_clips_department", "clips", ["department", "sort_at", "id"])
    op.create_index("ix_clips_digest", "clips", ["digest"])
    op.create_index("ix_clips_kind", "clips", ["kind", "sort_at", "id"])
    op.create_index("ix_clips_officer", "clips", ["officer", "sort_at", "id"])
    op.create_index("ix_clips_unread", "clips", ["session", "seq"], **only_where("facts_state != 'read'"))
    op.create_index("ix_clips_recorder", "clips", ["recorder", "sort_at", "id"])
    op.create_index("ix_clips_session", "clips", ["session", "seq"], unique=True)
    op.create_index("ix_clips_time", "clips", ["sort_at", "id"])
    op.create_table(
        "entries",
        sa.Column("session", Name(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("path", Name(), nullable=False),
        sa.Column("path_hex", Name()),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("outcome", Name(), nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("clip", Name()),
        sa.Column("vault_path", Name()),
        sa.Column("digest", Name()),
        sa.Column("fingerprint", Name()),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name=op.f("fk_entries_session")),
        sa.CheckConstraint(
            "outcome IN ('ingested', 'already-held', 'quarantined', 'failed')", name=op.f("ck_entries_outcome")
        ),
        sa.PrimaryKeyConstraint("session", "seq", name=op.f("pk_entries")),
    )
    op.create_index("ix_entries_quarantined", "entries", ["session", "seq"], **only_where("outcome = 'quarantined'"))
    op.create_table(
        "facts",
        sa.Column("clip", Name(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        sa.Column("value", CanonicalJson(), nullable=False),
        sa.Column("unit", Name(), nullable=False),
        sa.Column("source", Name(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_facts_clip")),
        sa.PrimaryKeyConstraint("clip", "position", name=op.f("pk_facts")),
    )
    bind = op.get_bind()
    schema = bind.scalar(sa.text("SELECT quote_ident(current_schema())")) if bind.dialect.name == "postgresql" else ""
    for statement in ddl(bind.dialect.name, schema):
        bind.exec_driver_sql(statement)
