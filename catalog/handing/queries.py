"""Questions about hand-overs: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, or_, select

from ..bulk import among, parts
from ..cases.tables import cases
from ..documents.model import DocumentRow
from ..documents.tables import documents
from ..errors import NotFound
from ..model import Clip, SessionRow
from ..queries import RECORDINGS
from ..reader import Reader, columns_of
from ..tables import clips, sessions
from ..watching.tables import gaps
from .model import RECEIVED, Docked, HandoverRow, ReceiptRow, Receiver, Waiting
from .tables import handed_clips, handed_documents, handover_receipts, handovers, receivers

_HANDOVER = columns_of(handovers, HandoverRow)
_RECEIPT = columns_of(handover_receipts, ReceiptRow)
_CLIP = columns_of(clips, Clip)
_SESSION = columns_of(sessions, SessionRow)
_DOCUMENT = columns_of(documents, DocumentRow)

# ------------------------------------------------------------------------------------------------------------ waiting


def _unhanded(catalog: Reader) -> ColumnElement[bool]:
    """Clips of sealed sessions that are there and in no batch. `clips` must be joined with `sessions`."""
    handed = select(handed_clips.c.clip).where(handed_clips.c.clip == clips.c.id)
    return catalog.own(clips) & (sessions.c.state != "open") & clips.c.destroyed_at.is_(None) & ~handed.exists()


def waiting(catalog: Reader) -> list[Waiting]:
    """What each department has not handed over, by department; one that has nothing is left out."""
    counted = (
        select(clips.c.department, func.count(), func.sum(clips.c.size_bytes), func.min(clips.c.ingested_at))
        .join(sessions, sessions.c.id == clips.c.session)
        .where(_unhanded(catalog))
        .group_by(clips.c.department)
        .order_by(clips.c.department)
    )
    return [Waiting(row[0], int(row[1]), int(row[2]), row[3]) for row in catalog.rows(counted)]


def clips_waiting(
    catalog: Reader,
    departments: Collection[str],
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Clip]:
    """The oldest `limit` clips of these departments that are in no batch, by when they were recorded, or taken in where
    that is unknown; `since` is included, `until` is not.
    """
    wanted = (
        select(*_CLIP)
        .join(sessions, sessions.c.id == clips.c.session)
        .where(_unhanded(catalog), clips.c.department.in_(sorted(departments)))
    )
    wanted = wanted if since is None else wanted.where(clips.c.sort_at >= since)
    wanted = wanted if until is None else wanted.where(clips.c.sort_at < until)
    return catalog.all(Clip, wanted.order_by(clips.c.sort_at, clips.c.id).limit(limit))


def documents_waiting(
    catalog: Reader, departments: Collection[str], since: datetime | None = None, until: datetime | None = None
) -> list[DocumentRow]:
    """Papers of these departments that are in no batch, of their cases and on gaps in what was docked for them; by when
    they were kept.
    """
    among = sorted(departments)
    of_cases = select(literal("case:").concat(cases.c.id)).where(catalog.own(cases), cases.c.department.in_(among))
    of_gaps = (
        select(literal("gap:").concat(gaps.c.id))
        .join(sessions, sessions.c.id == gaps.c.found_in)
        .where(catalog.own(gaps), sessions.c.department.in_(among))
    )
    handed = select(handed_documents.c.document).where(handed_documents.c.document == documents.c.id)
    about = or_(documents.c.subject.in_(of_cases), documents.c.subject.in_(of_gaps))
    wanted = select(*_DOCUMENT).where(catalog.own(documents), about, ~handed.exists())
    wanted = wanted if since is None else wanted.where(documents.c.kept_at >= since)
    wanted = wanted if until is None else wanted.where(documents.c.kept_at < until)
    return catalog.all(DocumentRow, wanted.order_by(documents.c.kept_at, documents.c.id))


def sessions_of(catalog: Reader, ids: Collection[str]) -> list[SessionRow]:
    """The sessions of these ids, by id."""
    named = sorted(ids)
    found: list[SessionRow] = []
    for part in parts(named):
        some = select(*_SESSION).where(catalog.own(sessions), among(sessions.c.id, part))
        found += catalog.all(SessionRow, some.order_by(sessions.c.id))
    return found


# ---------------------------------------------------------------------------------------------------------- handed in


def recordings_docked(catalog: Reader, since: datetime, until: datetime | None = None) -> list[Docked]:
    """Recordings whose docking began from `since` on and before `until`, in the order of their dockings."""
    told = (clips.c.session, clips.c.recorder, clips.c.officer, clips.c.department, sessions.c.opened_at)
    times = (clips.c.recorded_at, clips.c.recorded_latest, clips.c.duration_ms, clips.c.kind)
    wanted = (
        select(*told, *times)
        .join(sessions, sessions.c.id == clips.c.session)
        .where(catalog.own(clips), sessions.c.opened_at >= since, clips.c.kind.in_(RECORDINGS))
    )
    wanted = wanted if until is None else wanted.where(sessions.c.opened_at < until)
    return catalog.all(Docked, wanted.order_by(sessions.c.opened_at, sessions.c.id, clips.c.seq))


# ------------------------------------------------------------------------------------------------------------ batches


def handovers_made(
    catalog: Reader, *, departments: Collection[str] | None = None, open_only: bool = False
) -> list[HandoverRow]:
    """Batches in the order they were made; with `open_only` those that were not received whole."""
    wanted = select(*_HANDOVER).where(catalog.own(handovers))
    if departments is not None:
        wanted = wanted.where(handovers.c.department.in_(sorted(departments)))
    if open_only:
        wanted = wanted.where(handovers.c.state != RECEIVED)
    return catalog.all(HandoverRow, wanted.order_by(handovers.c.made_at, handovers.c.id))


def find_handover(catalog: Reader, prefix: str) -> HandoverRow:
    """The one batch whose id begins so. Raises NotFound, Ambiguous."""
    return HandoverRow(*catalog.by_prefix("handover", handovers, _HANDOVER, prefix))


def handover(catalog: Reader, batch: str) -> HandoverRow:
    """The batch of exactly this id. Raises NotFound."""
    found = catalog.all(HandoverRow, select(*_HANDOVER).where(catalog.own(handovers, id=batch)))
    if not found:
        raise NotFound("handover", batch)
    return found[0]


def clips_handed(catalog: Reader, batch: str) -> list[Clip]:
    """What is in a batch, in the order it was recorded; also what was disposed of since."""
    inside = select(*_CLIP).join(handed_clips, handed_clips.c.clip == clips.c.id)
    return catalog.all(Clip, inside.where(handed_clips.c.batch == batch).order_by(clips.c.sort_at, clips.c.id))


def documents_handed(catalog: Reader, batch: str) -> list[DocumentRow]:
    """The papers in a batch, by when they were kept."""
    inside = select(*_DOCUMENT).join(handed_documents, handed_documents.c.document == documents.c.id)
    return catalog.all(
        DocumentRow, inside.where(handed_documents.c.batch == batch).order_by(documents.c.kept_at, documents.c.id)
    )


def receipts_of(catalog: Reader, batch: str) -> list[ReceiptRow]:
    """What was said of a batch by those who received it, in order."""
    return receipts_of_batches(catalog, [batch]).get(batch, [])


def receipts_of_batches(catalog: Reader, batches: Sequence[str]) -> dict[str, list[ReceiptRow]]:
    """The same of many; one that nobody received is left out."""
    found: dict[str, list[ReceiptRow]] = defaultdict(list)
    wanted = select(*_RECEIPT).where(catalog.own(handover_receipts)).order_by(handover_receipts.c.seq)
    for part in parts(batches):
        for one in catalog.all(ReceiptRow, wanted.where(among(handover_receipts.c.batch, part))):
            found[one.batch].append(one)
    return found


# ---------------------------------------------------------------------------------------------------------- receivers


def all_receivers(catalog: Reader) -> Sequence[Receiver]:
    """Receivers that the station was told of, by name; those whose key counts no more as well."""
    wanted = select(*columns_of(receivers, Receiver)).where(catalog.own(receivers))
    return catalog.all(Receiver, wanted.order_by(receivers.c.name))


def receiver_of_key(catalog: Reader, key: str) -> Receiver | None:
    """The receiver whose key this is (`ssh-ed25519 AAAA…`); None when nobody told it."""
    wanted = select(*columns_of(receivers, Receiver)).where(catalog.own(receivers, key=key))
    found = catalog.all(Receiver, wanted.order_by(receivers.c.name).limit(1))
    return found[0] if found else None
