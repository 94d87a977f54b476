"""Tables of cases, of what lies under them, of notes, and of the terms by which both are found.

`terms` is one inverted index for what is looked for: `field` says of what (catalog.cases.applying.FIELDS), `subject` is
the id of the case or the note. Its key is its only index, and it has no rowid: a million rows of it are the size of
what they say.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Day, Name, UtcTime, only_where
from ..tables import metadata

cases = Table(
    "cases",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("number", Name, nullable=False),
    Column("cause", Name, nullable=False),
    Column("parties", CanonicalJson, nullable=False),
    Column("kind", Name, nullable=False),
    Column("department", Name, nullable=False),
    Column("officers", CanonicalJson, nullable=False),
    Column("note", Name, nullable=False),
    Column("opened_on", Day, nullable=False),
    Column("ended_on", Day),
    Column("closed_on", Day),
    Column("reopened_on", Day),
    Column("filed_on", Day),
    Column("archive_no", Name),
    Column("outcome", Name, nullable=False),
    Column("recorded_by", Name, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    # What words are looked up in, as catalog.cases.bigrams compares them.
    Column("searched", Name, nullable=False),
    Column("searched_cause", Name, nullable=False),
    Column("searched_parties", Name, nullable=False),
    Index("ix_cases_number", "station", "number", unique=True),
    Index("ix_cases_opened", "opened_on", "id"),
    Index("ix_cases_department", "department", "opened_on", "id"),
    Index("ix_cases_kind", "kind", "opened_on", "id"),
    Index("ix_cases_unfiled", "ended_on", "id", **only_where("filed_on IS NULL AND ended_on IS NOT NULL")),
)

case_clips = Table(
    "case_clips",
    metadata,
    Column("case_id", Name, ForeignKey("cases.id"), primary_key=True),
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("how", Name, nullable=False),
    Column("confidence", Name),
    Column("reasons", CanonicalJson, nullable=False),
    Column("linked_by", Name, nullable=False),
    Column("linked_at", UtcTime, nullable=False),
    Column("unlinked_by", Name),
    Column("unlinked_at", UtcTime),
    Column("unlink_reason", Name),
    CheckConstraint("how IN ('by-hand', 'suggested', 'filed')", name="how"),
    Index("ix_case_clips_clip", "clip", "case_id"),
)

# How long single files are kept, where somebody has said so; no row: as the rule pack's table has it.
case_files = Table(
    "case_files",
    metadata,
    Column("case_id", Name, ForeignKey("cases.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("years", Integer),
    Column("counted_from", Name, nullable=False),
    Column("set_by", Name, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    Column("reason", Name, nullable=False),
    CheckConstraint("years > 0", name="years"),
    CheckConstraint("counted_from IN ('closing', 'new-year')", name="counted_from"),
)

case_documents = Table(
    "case_documents",
    metadata,
    Column("case_id", Name, ForeignKey("cases.id"), primary_key=True),
    Column("document", Name, ForeignKey("documents.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Column("title", Name, nullable=False),
    Column("added_by", Name, nullable=False),
    Column("added_at", UtcTime, nullable=False),
)

clip_notes = Table(
    "clip_notes",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("clip", Name, ForeignKey("clips.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("note", Name, nullable=False),
    Column("noted_by", Name, nullable=False),
    Column("noted_at", UtcTime, nullable=False),
    Column("searched", Name, nullable=False),
    Index("ix_clip_notes_clip", "clip", "seq"),
)

terms = Table(
    "terms",
    metadata,
    Column("station", Name, primary_key=True),
    Column("field", Name, primary_key=True),
    Column("term", Name, primary_key=True),
    Column("subject", Name, primary_key=True),
    sqlite_with_rowid=False,
)

PROJECTED = (cases, case_clips, case_files, case_documents, clip_notes, terms)
# What a case is no longer called is not found any more.
TAKEN_AWAY = (terms,)
