"""What a document that was kept does to the tables."""

from __future__ import annotations

from sqlalchemy import select

from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from .tables import documents


def _kept(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    if fold.connection.scalar(select(documents.c.id).where(documents.c.id == data["document"])) is not None:
        # Handed in twice at the same time: it lies there once.
        return
    row = {name: data[name] for name in ("subject", "name", "size_bytes", "digests", "vault_path")}
    row |= {"id": data["document"], "station": entry.station, "digest": data["digests"]["b3"]}
    fold.add(documents, row | {"kept_at": entry.at, "kept_by": entry.actor})


ACTS: dict[str, Act] = {"document-kept": _kept}
