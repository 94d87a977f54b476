"""Questions about sweeps, batches and tombstones: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, type_coerce

from ..columns import Name
from ..keeping.tables import clip_terms
from ..model import Clip
from ..reader import Reader, columns_of, one_by_one
from ..tables import clips, sessions
from .model import (
    APPROVED,
    IN,
    NONE,
    OPEN,
    PROPOSED,
    REFUSED,
    SPARED,
    STOPPED,
    BatchClip,
    BatchRow,
    SweepRow,
    Tombstone,
)
from .tables import batch_clips, batches, sweeps, tombstones

_SWEEP = columns_of(sweeps, SweepRow)
_BATCH = columns_of(batches, BatchRow)
_CLIP = columns_of(clips, Clip)
_STONE = columns_of(tombstones, Tombstone)
# Written out: an index covers this one value, and the planner must see it.
_IN = batch_clips.c.state == literal(IN, literal_execute=True)
# What somebody refused to dispose of is proposed again after so long: who wants it kept longer places a hold.
ASK_AGAIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class DueClip:
    """A clip whose term is over, as the catalogue has it: to be judged once more before anything follows from it."""

    id: str
    department: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Clips and their bytes."""

    clips: int
    size_bytes: int


# ------------------------------------------------------------------------------------------------------------ sweeps


def last_sweep(catalog: Reader) -> SweepRow | None:
    """The newest sweep, whatever became of it."""
    newest = select(*_SWEEP).where(catalog.own(sweeps)).order_by(sweeps.c.seq.desc()).limit(1)
    found = catalog.all(SweepRow, newest)
    return found[0] if found else None


def sweeps_that_went(catalog: Reader, limit: int) -> list[SweepRow]:
    """The newest so many sweeps that nobody had to be asked about, or that were let go on, oldest first."""
    went = select(*_SWEEP).where(catalog.own(sweeps), sweeps.c.state != STOPPED)
    return catalog.all(SweepRow, went.order_by(sweeps.c.seq.desc()).limit(limit))[::-1]


def sweeps_of_day(catalog: Reader, day: date) -> list[SweepRow]:
    """The sweeps of a day, in their order."""
    return catalog.all(SweepRow, select(*_SWEEP).where(catalog.own(sweeps, day=day)).order_by(sweeps.c.seq))


def holdings(catalog: Reader) -> Sum:
    """All clips that the station holds: from the seals' counts and the tombstones, so that no clip is looked at."""
    sealed = select(
        func.coalesce(func.sum(sessions.c.ingested), 0), func.coalesce(func.sum(sessions.c.ingested_bytes), 0)
    )
    ((came, came_bytes),) = catalog.rows(sealed.where(catalog.own(sessions)))
    went = destroyed_total(catalog)
    return Sum(int(came) - went.clips, int(came_bytes) - went.size_bytes)


# --------------------------------------------------------------------------------------------------------------- due


def due_clips(catalog: Reader, today: date, now: datetime) -> Iterator[DueClip]:
    """Clips whose last day lies before today and that no open batch has, the earliest first.

    Left out is also what a person refused to dispose of lately (ASK_AGAIN).
    """
    order = (clip_terms.c.keep_until, clip_terms.c.clip)
    found = catalog.paged(_due(catalog, today, now), order, tuple, lambda row: (row[3], row[0]))
    return (DueClip(row[0], row[1], int(row[2])) for row in found)


def due_sums(catalog: Reader, today: date, now: datetime) -> dict[str, Sum]:
    """How much `due_clips` finds, by department."""
    # Found first, then grouped: else a database walks all clips in the order of their departments.
    due = _due(catalog, today, now).cte("due").prefix_with("MATERIALIZED")
    sums = select(due.c.department, func.count(), func.sum(due.c.size_bytes)).group_by(due.c.department)
    return {row[0]: Sum(int(row[1]), int(row[2])) for row in catalog.rows(sums)}


def _due(catalog: Reader, today: date, now: datetime) -> Select[Any]:
    row = (clips.c.id, clips.c.department, clips.c.size_bytes, clip_terms.c.keep_until)
    due = select(*row).join(clip_terms, clip_terms.c.clip == clips.c.id)
    return due.where(catalog.own(clip_terms), clip_terms.c.keep_until < today.isoformat(), ~_in_hand(now))


def _in_hand(now: datetime) -> ColumnElement[bool]:
    """That a clip lies in a batch that is open, or was refused lately."""
    refused = and_(batches.c.state == REFUSED, batches.c.refused_at > now - ASK_AGAIN)
    lies = (
        select(batch_clips.c.clip)
        .join(batches, batches.c.id == batch_clips.c.batch)
        .where(batch_clips.c.clip == clip_terms.c.clip, _IN, or_(batches.c.state.in_(OPEN), refused))
    )
    return one_by_one(lies, clip_terms)


def no_longer_due(catalog: Reader, today: date) -> list[tuple[str, str]]:
    """Batch and clip of what lies in an open batch although its term is not over, or is to be decided."""
    stays = or_(clip_terms.c.keep_until.is_(None), clip_terms.c.keep_until >= today.isoformat())
    inside = select(batch_clips.c.clip).join(clip_terms, clip_terms.c.clip == batch_clips.c.clip).where(_IN, stays)
    found: list[tuple[str, str]] = []
    # Batch by batch: a plan for all of them at once might begin with all clips that stay.
    for batch in batches_proposed(catalog):
        own = inside.where(batch_clips.c.batch == batch.id).order_by(batch_clips.c.clip)
        found += [(batch.id, row[0]) for row in catalog.rows(own)]
    return found


# ----------------------------------------------------------------------------------------------------------- batches


def find_batch(catalog: Reader, prefix: str) -> BatchRow:
    """The one batch whose id begins so. Raises NotFound, Ambiguous."""
    return BatchRow(*catalog.by_prefix("batch", batches, _BATCH, prefix))


def batches_proposed(catalog: Reader, *, everything: bool = False, day: date | None = None) -> list[BatchRow]:
    """Open batches in their order; with `everything` also those that are over; of a day those proposed on it."""
    wanted = select(*_BATCH).where(catalog.own(batches))
    if not everything:
        wanted = wanted.where(batches.c.state.in_(OPEN))
    if day is not None:
        wanted = wanted.where(batches.c.day == day)
    return catalog.all(BatchRow, wanted.order_by(batches.c.seq))


def approved_batches(catalog: Reader) -> list[BatchRow]:
    """Batches whose clips lie set aside: nobody must say yes any more."""
    alone = and_(batches.c.approval == NONE, batches.c.state == PROPOSED)
    wanted = select(*_BATCH).where(catalog.own(batches), or_(batches.c.state == APPROVED, alone))
    return catalog.all(BatchRow, wanted.order_by(batches.c.seq))


def clips_in(catalog: Reader, batch: str) -> list[Clip]:
    """What is still in a batch, session by session."""
    under = select(*_CLIP).join(batch_clips, batch_clips.c.clip == clips.c.id)
    inside = under.where(batch_clips.c.batch == batch, _IN)
    return catalog.all(Clip, inside.order_by(clips.c.session, clips.c.seq))


@dataclass(frozen=True, slots=True)
class InBatch:
    """A clip and what became of it in a batch; `until` is its last day, of one destroyed its tombstone's."""

    clip: Clip
    standing: BatchClip
    until: str | None


def all_of_batch(catalog: Reader, batch: str) -> list[InBatch]:
    """All that ever was in a batch, in the order of its recording."""
    columns = columns_of(batch_clips, BatchClip)
    until = func.coalesce(clip_terms.c.keep_until, type_coerce(tombstones.c.until, Name()))
    wanted = select(*_CLIP, *columns, until).join_from(clips, batch_clips, batch_clips.c.clip == clips.c.id)
    wanted = wanted.outerjoin(clip_terms, clip_terms.c.clip == clips.c.id)
    wanted = wanted.outerjoin(tombstones, tombstones.c.clip == clips.c.id).where(batch_clips.c.batch == batch)
    rows = catalog.rows(wanted.order_by(clips.c.sort_at, clips.c.id))
    width = len(_CLIP)
    return [InBatch(Clip(*row[:width]), BatchClip(*row[width:-1]), row[-1]) for row in rows]


def spared_on(catalog: Reader, day: date) -> list[tuple[Clip, BatchClip]]:
    """What left its batch on a day because it stays, each with why."""
    columns = columns_of(batch_clips, BatchClip)
    wanted = select(*_CLIP, *columns).join_from(clips, batch_clips, batch_clips.c.clip == clips.c.id)
    wanted = wanted.where(
        catalog.own(batch_clips, day=day), batch_clips.c.state == literal(SPARED, literal_execute=True)
    )
    rows = catalog.rows(wanted.order_by(batch_clips.c.batch, batch_clips.c.clip))
    return [(Clip(*row[: len(_CLIP)]), BatchClip(*row[len(_CLIP) :])) for row in rows]


def set_aside_in(catalog: Reader, clip: str) -> BatchRow | None:
    """The open batch that a clip lies in; None when nobody means to dispose of it."""
    wanted = select(*_BATCH).join(batch_clips, batch_clips.c.batch == batches.c.id)
    inside = wanted.where(batch_clips.c.clip == clip, _IN, batches.c.state.in_(OPEN))
    found = catalog.all(BatchRow, inside)
    return found[0] if found else None


# -------------------------------------------------------------------------------------------------------- tombstones


def tombstone_of(catalog: Reader, clip: str) -> Tombstone | None:
    """What stays of a destroyed clip; None of one that is here."""
    found = catalog.all(Tombstone, select(*_STONE).where(catalog.own(tombstones, clip=clip)))
    return found[0] if found else None


def tombstones_of_session(catalog: Reader, session: str, batch: str | None = None) -> list[Tombstone]:
    """The tombstones of a session's clips, by their place in the vault; with `batch` only those of it."""
    wanted = select(*_STONE).where(catalog.own(tombstones, session=session))
    if batch is not None:
        wanted = wanted.where(tombstones.c.batch == batch)
    return catalog.all(Tombstone, wanted.order_by(tombstones.c.batch, tombstones.c.vault_path))


def destroyed_on(catalog: Reader, day: date) -> list[Tombstone]:
    """The tombstones of a day."""
    wanted = select(*_STONE).where(catalog.own(tombstones, day=day))
    return catalog.all(Tombstone, wanted.order_by(tombstones.c.batch, tombstones.c.vault_path))


def not_yet_removed(catalog: Reader) -> list[Tombstone]:
    """Tombstones whose original may lie in the vault still, session by session."""
    wanted = select(*_STONE).where(catalog.own(tombstones), tombstones.c.removed_at.is_(None))
    return catalog.all(Tombstone, wanted.order_by(tombstones.c.session, tombstones.c.batch, tombstones.c.vault_path))


def destroyed_total(catalog: Reader) -> Sum:
    """All that was ever destroyed."""
    counted = select(func.count(), func.coalesce(func.sum(tombstones.c.size_bytes), 0))
    ((count, total),) = catalog.rows(counted.where(catalog.own(tombstones)))
    return Sum(int(count), int(total))


# ---------------------------------------------------------------------------------------------------------- forecast


def held_by_term(catalog: Reader) -> list[tuple[str | None, int]]:
    """Bytes held by their last day, None of what is to be decided; those destroyed do not count."""
    bytes_of: Select[Any] = select(clip_terms.c.keep_until, func.sum(clips.c.size_bytes))
    living = bytes_of.join_from(clip_terms, clips, clips.c.id == clip_terms.c.clip).where(catalog.own(clip_terms))
    living = living.group_by(clip_terms.c.keep_until)
    return [(row[0], int(row[1])) for row in catalog.rows(living)]


def taken_in_since(catalog: Reader, since: datetime) -> list[tuple[datetime, str | None, int]]:
    """Bytes taken in by sessions opened since then: when, the last day they are kept (None: to be decided), how many.

    Of what is destroyed already the last day is its tombstone's.
    """
    until = func.coalesce(clip_terms.c.keep_until, type_coerce(tombstones.c.until, Name()))
    taken: Select[Any] = (
        select(sessions.c.opened_at, until, func.sum(clips.c.size_bytes))
        .join_from(sessions, clips, clips.c.session == sessions.c.id)
        .outerjoin(clip_terms, clip_terms.c.clip == clips.c.id)
        .outerjoin(tombstones, tombstones.c.clip == clips.c.id)
        .where(catalog.own(sessions), sessions.c.opened_at >= since)
        .group_by(sessions.c.opened_at, until)
    )
    return [(row[0], row[1], int(row[2])) for row in catalog.rows(taken)]


def first_session_at(catalog: Reader) -> datetime | None:
    """When the first recorder was docked."""
    first: datetime | None
    ((first,),) = catalog.rows(select(func.min(sessions.c.opened_at)).where(catalog.own(sessions)))
    return first
