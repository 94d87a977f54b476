"""Questions about documents: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from ..reader import Reader, columns_of
from .model import DocumentRow
from .tables import documents

_DOCUMENT = columns_of(documents, DocumentRow)


def all_documents(catalog: Reader) -> Iterator[DocumentRow]:
    """Every document of this station, by id."""
    base = select(*_DOCUMENT).where(catalog.own(documents))
    return catalog.paged(base, (documents.c.id,), lambda row: DocumentRow(*row), lambda found: (found.id,))


def documents_for(catalog: Reader, subject: str) -> list[DocumentRow]:
    """What is kept for one thing, in the order it came."""
    wanted = select(*_DOCUMENT).where(catalog.own(documents, subject=subject))
    return catalog.all(DocumentRow, wanted.order_by(documents.c.kept_at, documents.c.id))


def is_kept(catalog: Reader, document: str) -> bool:
    """Whether a document of exactly this id is on record."""
    return bool(catalog.rows(select(documents.c.id).where(catalog.own(documents, id=document))))
