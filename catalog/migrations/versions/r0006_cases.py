"""Cases, what lies under them, notes, and the terms by which both are found; a clip has many cases."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from catalog.cases.bigrams import searched, terms
from catalog.columns import CanonicalJson, Day, Name, UtcTime, only_where

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Numbers under which clips were filed become cases, as the log's entries of the filings make them."""
    _cases()
    op.create_table(
        "case_clips",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("clip", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("how", Name(), nullable=False),
        sa.Column("confidence", Name()),
        sa.Column("reasons", CanonicalJson(), nullable=False),
        sa.Column("linked_by", Name(), nullable=False),
        sa.Column("linked_at", UtcTime(), nullable=False),
        sa.Column("unlinked_by", Name()),
        sa.Column("unlinked_at", UtcTime()),
        sa.Column("unlink_reason", Name()),
        sa.CheckConstraint("how IN ('by-hand', 'suggested', 'filed')", name=op.f("ck_case_clips_how")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_clips_case_id")),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_case_clips_clip")),
        sa.PrimaryKeyConstraint("case_id", "clip", name=op.f("pk_case_clips")),
    )
    op.create_index("ix_case_clips_clip", "case_clips", ["clip", "case_id"])
    op.create_table(
        "case_documents",
        sa.Column("case_id", Name(), nullable=False),
        sa.Column("document", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("title", Name(), nullable=False),
        sa.Column("added_by", Name(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_documents_case_id")),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name=op.f("fk_case_documents_document")),
        sa.PrimaryKeyConstraint("case_id", "document", name=op.f("pk_case_documents")),
    )
    op.create_table(
        "clip_notes",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("clip", Name(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("note", Name(), nullable=False),
        sa.Column("noted_by", Name(), nullable=False),
        sa.Column("noted_at", UtcTime(), nullable=False),
        sa.Column("searched", Name(), nullable=False),
        sa.ForeignKeyConstraint(["clip"], ["clips.id"], name=op.f("fk_clip_notes_clip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip_notes")),
    )
    op.create_index("ix_clip_notes_clip", "clip_notes", ["clip", "seq"])
    op.create_table(
        "terms",
        sa.Column("station", Name(), nullable=False),
        sa.Column("field", Name(), nullable=False),
        sa.Column("term", Name(), nullable=False),
        sa.Column("subject", Name(), nullable=False),
        sa.PrimaryKeyConstraint("station", "field", "term", "subject", name=op.f("pk_terms")),
        sqlite_with_rowid=False,
    )
    _fill()
    op.drop_index("ix_clips_case", "clips")
    op.drop_column("clips", "case_no")


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", Name(), nullable=False),
        sa.Column("station", Name(), nullable=False),
        sa.Column("number", Name(), nullable=False),
        sa.Column("cause", Name(), nullable=False),
        sa.Column("parties", CanonicalJson(), nullable=False),
        sa.Column("kind", Name(), nullable=False),
        sa.Column("department", Name(), nullable=False),
        sa.Column("officers", CanonicalJson(), nullable=False),
        sa.Column("note", Name(), nullable=False),
        sa.Column("opened_on", Day(), nullable=False),
        sa.Column("ended_on", Day()),
        sa.Column("closed_on", Day()),
        sa.Column("reopened_on", Day()),
        sa.Column("filed_on", Day()),
        sa.Column("archive_no", Name()),
        sa.Column("outcome", Name(), nullable=False),
        sa.Column("recorded_by", Name(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("searched", Name(), nullable=False),
        sa.Column("searched_cause", Name(), nullable=False),
        sa.Column("searched_parties", Name(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_number", "cases", ["station", "number"], unique=True)
    op.create_index("ix_cases_opened", "cases", ["opened_on", "id"])
    op.create_index("ix_cases_department", "cases", ["department", "opened_on", "id"])
    op.create_index("ix_cases_kind", "cases", ["kind", "opened_on", "id"])
    op.create_index(
        "ix_cases_unfiled", "cases", ["ended_on", "id"], **only_where("filed_on IS NULL AND ended_on IS NOT NULL")
    )


def _fill() -> None:
    """What `clip-filed` does to these tables (catalog.cases.applying), for every one that is in the log."""
    connection = op.get_bind()
    filings = connection.execute(
        sa.text("SELECT station, at, actor, hash, body FROM custody WHERE kind = 'clip-filed' ORDER BY station, seq")
    )
    cases: dict[tuple[str, str], dict[str, Any]] = {}
    links: dict[tuple[str, str], dict[str, Any]] = {}
    departments = {row[0]: row[1] for row in connection.execute(sa.text("SELECT id, department FROM clips"))}
    for station, at, actor, entry_hash, body in filings:
        said = json.loads(body)["data"]
        if said["case_no"] is None:
            continue
        number = said["case_no"].replace("\0", "\ufffd")
        # The id follows from the entry that named the number first.
        first = {"id": entry_hash.removeprefix("b3:")[:16], "recorded_by": actor, "recorded_at": at}
        first |= {"station": station, "number": number, "department": departments[said["clip"]], "opened_on": at[:10]}
        first |= {"cause": "", "parties": [], "kind": "other", "officers": [], "note": "", "outcome": ""}
        first |= {"searched": searched((number,)), "searched_cause": "", "searched_parties": ""}
        case = cases.setdefault((station, number), first)
        link = {"case_id": case["id"], "clip": said["clip"], "station": station, "how": "filed", "reasons": []}
        links[case["id"], said["clip"]] = link | {"linked_by": actor, "linked_at": at}
    found = [
        {"station": case["station"], "field": "case", "term": term, "subject": case["id"]}
        for case in cases.values()
        for term in sorted(terms(case["searched"]))
    ]
    for name, rows in (("cases", list(cases.values())), ("case_clips", list(links.values())), ("terms", found)):
        if rows:
            op.bulk_insert(sa.table(name, *(sa.column(column, _TYPES.get(column, Name())) for column in rows[0])), rows)


_TYPES = {
    "parties": CanonicalJson(),
    "officers": CanonicalJson(),
    "reasons": CanonicalJson(),
    "opened_on": Day(),
    "recorded_at": UtcTime(),
    "linked_at": UtcTime(),
}
