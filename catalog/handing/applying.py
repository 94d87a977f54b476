"""What hand-overs do to the tables, and what no log may ever say of them.

Nothing is handed over twice; nobody receives what he handed over himself; a receipt names the manifest of its batch,
and a signed one is by a key that the station was told before. A batch that was received whole takes no further receipt.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Select, Table, func, select, update

from ..bulk import among, parts
from ..documents.tables import documents
from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..tables import clips
from .model import DIFFERS, MADE, RECEIVED, SIGNED
from .tables import handed_clips, handed_documents, handover_receipts, handovers, receivers


def _made(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    inside, papers = data["clips"], data["documents"]
    _here(fold, entry, clips, inside)
    _here(fold, entry, documents, papers)
    _new(fold, entry, handed_clips.c.clip, inside)
    _new(fold, entry, handed_documents.c.document, papers)
    row = {name: data[name] for name in ("department", "size_bytes", "manifest_digest")}
    row |= {"id": data["batch"], "station": entry.station, "recipient": data["to"], "state": MADE}
    row |= {"made_by": data["by"], "made_at": entry.at, "clips": len(inside), "documents": len(papers)}
    fold.add(handovers, row)
    own = {"batch": data["batch"], "station": entry.station}
    fold.add(handed_clips, *({"clip": one, **own} for one in inside))
    fold.add(handed_documents, *({"document": one, **own} for one in papers))


def _here(fold: Fold, entry: CustodyEntry, table: Table, ids: Sequence[str]) -> None:
    """All of these are this station's, each named once. Raises BadEvent."""
    own = select(func.count()).where(table.c.station == entry.station)
    if _count(fold, own, table.c.id, ids) != len(ids):
        raise BadEvent(entry.kind, f"entry {entry.seq}: {table.name} that are not here, or named twice")


def _new(fold: Fold, entry: CustodyEntry, column: Column[str], ids: Sequence[str]) -> None:
    """None of these is in a batch. Raises BadEvent."""
    if _count(fold, select(func.count()), column, ids):
        raise BadEvent(entry.kind, f"entry {entry.seq}: handed over before")


def _count(fold: Fold, counted: Select[tuple[int]], column: Column[str], ids: Sequence[str]) -> int:
    fold.flush()
    return sum(fold.connection.scalar(counted.where(among(column, part))) or 0 for part in parts(ids))


def _received(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    own = (handovers.c.id == data["batch"], handovers.c.station == entry.station)
    known = select(handovers.c.made_by, handovers.c.manifest_digest, handovers.c.state).where(*own)
    found = fold.connection.execute(known).first()
    if found is None or found.state == RECEIVED:
        raise BadEvent(entry.kind, f"entry {entry.seq}: no such batch, or received")
    if found.manifest_digest != data["manifest_digest"]:
        raise BadEvent(entry.kind, f"entry {entry.seq}: a receipt for another manifest")
    if data["how"] == SIGNED:
        _refuse_unknown_key(fold, entry, data)
    elif found.made_by == data["by"]:
        raise BadEvent(entry.kind, f"entry {entry.seq}: handed over and received by one person")
    row = {name: data[name] for name in ("batch", "how", "receiver", "key", "files", "differences", "documents")}
    row |= {"station": entry.station, "seq": entry.seq, "taken_by": data["by"], "taken_at": entry.at}
    fold.add(handover_receipts, row)
    fold.one(entry, update(handovers).where(*own).values(state=DIFFERS if data["differences"] else RECEIVED))


def _refuse_unknown_key(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    named = select(receivers.c.key).where(receivers.c.station == entry.station, receivers.c.name == data["receiver"])
    key = fold.connection.scalar(named)
    if key is None or key != data["key"]:
        raise BadEvent(entry.kind, f"entry {entry.seq}: signed by a key that nobody told")


def _trusted(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    own = (receivers.c.station == entry.station, receivers.c.name == data["receiver"])
    told = {"key": data["key"], "told_by": data["by"], "told_at": entry.at}
    if not fold.run(update(receivers).where(*own).values(**told)):
        fold.add(receivers, told | {"station": entry.station, "name": data["receiver"]})


ACTS: dict[str, Act] = {
    "handover-made": _made,
    "handover-received": _received,
    "receiver-trusted": _trusted,
}
