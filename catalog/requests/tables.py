"""Requests, the recordings they name, the copies given on them, the entries that tell of them; marks of secrecy."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata

requests = Table(
    "requests",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("number", Name, nullable=False),
    # The number in parts: the year, and which request of that year.
    Column("year", Integer, nullable=False),
    Column("running", Integer, nullable=False),
    Column("kind", Name, nullable=False),
    Column("case_id", Name, ForeignKey("cases.id")),
    Column("purpose", Name, nullable=False),
    Column("recipient", Name),
    Column("for_whom", Name),
    Column("departments", CanonicalJson, nullable=False),
    Column("asked_by", Name, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("state", Name, nullable=False),
    Column("decided_by", Name),
    Column("decided_at", UtcTime),
    Column("decision_reason", Name),
    Column("valid_until", UtcTime),
    # How often it may be used, empty: as often as wanted; and how often it was.
    Column("uses", Integer),
    Column("used", Integer, nullable=False),
    Column("last_used_at", UtcTime),
    Column("closed_by", Name),
    Column("closed_at", UtcTime),
    Column("close_reason", Name),
    CheckConstraint("kind IN ('view', 'copy', 'provide', 'party')", name="kind"),
    CheckConstraint("state IN ('asked', 'approved', 'refused', 'used', 'closed')", name="state"),
    Index("ix_requests_number", "station", "year", "running", unique=True),
    Index("ix_requests_state", "state", "year", "running"),
    Index("ix_requests_asked_by", "asked_by", "year", "running"),
)

request_clips = Table(
    "request_clips",
    metadata,
    Column("request", Name, ForeignKey("requests.id"), primary_key=True),
    Column("clip", Name, ForeignKey("clips.id"), primary_key=True),
    Column("station", Name, nullable=False),
    Index("ix_request_clips_clip", "clip", "request"),
)

copies_given = Table(
    "copies_given",
    metadata,
    Column("station", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("request", Name, ForeignKey("requests.id"), nullable=False),
    Column("form", Name, nullable=False),
    Column("clips", CanonicalJson, nullable=False),
    Column("bag_digest", Name, nullable=False),
    Column("kept", Name),
    Column("size_bytes", BigInteger, nullable=False),
    Column("recipient", Name, nullable=False),
    Column("given_by", Name, nullable=False),
    Column("given_at", UtcTime, nullable=False),
    CheckConstraint("form IN ('original', 'watermarked')", name="form"),
    Index("ix_copies_given_request", "request", "seq"),
)

# Which entries of the log tell of a request: a view is found in the log by its recording alone.
request_entries = Table(
    "request_entries",
    metadata,
    Column("station", Name, primary_key=True),
    Column("request", Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
)

# `subject` is the id of a clip or of a case. A mark that was taken off stays here, with who took it off.
secrecy_marks = Table(
    "secrecy_marks",
    metadata,
    Column("station", Name, primary_key=True),
    Column("subject_kind", Name, primary_key=True),
    Column("subject", Name, primary_key=True),
    Column("mark", Name, primary_key=True),
    Column("set_by", Name, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    Column("reason", Name, nullable=False),
    Column("removed_by", Name),
    Column("removed_at", UtcTime),
    Column("remove_reason", Name),
    CheckConstraint("subject_kind IN ('clip', 'case')", name="subject_kind"),
    CheckConstraint("mark IN ('state-secret', 'trade-secret', 'personal')", name="mark"),
)

PROJECTED = (requests, request_clips, copies_given, request_entries, secrecy_marks)
