"""Tables of departments, officers, the register of recorders, the issue ledger and accounts.

No row refers to another by a foreign key: recordings and files name departments and officers that nobody registered.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata
from .fault_tables import recorder_faults

departments = Table(
    "departments",
    metadata,
    Column("station", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("parent", Name),
    Column("active", Boolean, nullable=False),
)

officers = Table(
    "officers",
    metadata,
    Column("station", Name, primary_key=True),
    Column("number", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("department", Name, nullable=False),
    Column("active", Boolean, nullable=False),
    Index("ix_officers_department", "station", "department", "number"),
)

register = Table(
    "register",
    metadata,
    Column("station", Name, primary_key=True),
    Column("recorder", Name, primary_key=True),
    Column("department", Name, nullable=False),
    Column("model", Name),
    Column("serial", Name),
    Column("state", Name, nullable=False),
    Column("note", Name, nullable=False),
    CheckConstraint("state IN ('in-service', 'faulty', 'at-maker', 'lost', 'retired')", name="state"),
    Index("ix_register_department", "station", "department", "recorder"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("recorder", Name, nullable=False),
    Column("officer", Name, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("due", UtcTime),
    Column("issued_by", Name, nullable=False),
    Column("returned_by", Name),
    Column("lender", Name),
    Column("note", Name, nullable=False),
    Column("return_note", Name),
    Column("withdrawn", Name),
    Index("ix_issues_recorder", "station", "recorder", "since", "id"),
    Index("ix_issues_officer", "station", "officer", "since", "id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("station", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("role", Name, nullable=False),
    Column("departments", CanonicalJson, nullable=False),
    Column("officer", Name),
    Column("clearance", CanonicalJson, nullable=False),
    Column("login", Name),
    Column("password", Name),
    Column("failures", Integer, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("locked_until", UtcTime),
    Column("locked_reason", Name),
    Column("created_at", UtcTime, nullable=False),
)

PROJECTED = (departments, officers, register, issues, accounts, recorder_faults)
TAKEN_AWAY: tuple[Table, ...] = ()
