"""The table of documents: one row for each that was ever kept. None goes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table

from ..columns import CanonicalJson, Name, UtcTime
from ..tables import metadata

documents = Table(
    "documents",
    metadata,
    Column("id", Name, primary_key=True),
    Column("station", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", Name, nullable=False),
    Column("digests", CanonicalJson, nullable=False),
    Column("vault_path", Name, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Column("kept_by", Name, nullable=False),
    Index("ix_documents_subject", "subject", "kept_at", "id"),
)

PROJECTED = (documents,)
