"""Questions about holds and terms: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from ..bulk import among, parts
from ..model import Clip
from ..reader import PAGE, Reader, Row, behind, columns_of
from ..tables import clips
from .model import LIFTED, NO_END, AdoptedPack, HoldRow, Queued, TermCounts
from .tables import adopted_packs, clip_terms, held_clips, holds

_HOLD = columns_of(holds, HoldRow)
_CLIP = columns_of(clips, Clip)
# A recording began at most so long before an event that it shows.
_REACH = timedelta(hours=48)


# ------------------------------------------------------------------------------------------------------------- holds


def holds_placed(
    catalog: Reader, *, lifted: bool = False, scope: str | None = None, clip: str | None = None
) -> list[HoldRow]:
    """Holds in the order they were placed; with `lifted` also those that hold nothing any more."""
    wanted = select(*_HOLD).where(catalog.own(holds))
    if not lifted:
        wanted = wanted.where(holds.c.state != LIFTED)
    if scope is not None:
        wanted = wanted.where(holds.c.scope == scope)
    if clip is not None:
        wanted = wanted.where(holds.c.id.in_(select(held_clips.c.hold).where(held_clips.c.clip == clip)))
    return catalog.all(HoldRow, wanted.order_by(holds.c.placed_at, holds.c.id))


def find_hold(catalog: Reader, prefix: str) -> HoldRow:
    """The one hold whose id begins so. Raises NotFound, Ambiguous."""
    return HoldRow(*catalog.by_prefix("hold", holds, _HOLD, prefix))


def clips_held(catalog: Reader, hold: str) -> list[Clip]:
    """What lies under a hold, or lay under one that was lifted, in the order it was recorded."""
    under = select(*_CLIP).join(held_clips, held_clips.c.clip == clips.c.id)
    return catalog.all(Clip, under.where(held_clips.c.hold == hold).order_by(clips.c.sort_at, clips.c.id))


def held_totals(catalog: Reader, hold_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many clips lie under each of these holds, and their bytes; a hold without any is left out."""
    found: dict[str, tuple[int, int]] = {}
    counted = select(held_clips.c.hold, func.count(), func.sum(clips.c.size_bytes))
    counted = counted.join(clips, clips.c.id == held_clips.c.clip).group_by(held_clips.c.hold)
    for some in parts(hold_ids):
        rows = catalog.rows(counted.where(among(held_clips.c.hold, some)))
        found |= {row[0]: (int(row[1]), int(row[2])) for row in rows}
    return found


def clips_around(
    catalog: Reader,
    since: datetime,
    until: datetime,
    officers: Collection[str] = (),
    recorders: Collection[str] = (),
    besides: str | None = None,
) -> list[Clip]:
    """Clips whose time is known and near these times, or plausibly so by a clock that was off, of any of these officers
    and recorders; none named: of all. Those destroyed are left out.

    `besides` leaves out what lies under that hold already.
    """
    near = select(*_CLIP).where(
        catalog.own(clips),
        clips.c.destroyed_at.is_(None),
        clips.c.recorded_at.is_not(None),
        or_(
            and_(clips.c.sort_at >= since - _REACH, clips.c.sort_at <= until + _REACH),
            and_(clips.c.recorded_earliest <= until, clips.c.recorded_latest >= since - _REACH),
        ),
    )
    whose: list[ColumnElement[bool]] = []
    whose += [clips.c.officer.in_(sorted(officers))] if officers else []
    whose += [clips.c.recorder.in_(sorted(recorders))] if recorders else []
    if whose:
        near = near.where(or_(*whose))
    if besides is not None:
        near = near.where(clips.c.id.not_in(select(held_clips.c.clip).where(held_clips.c.hold == besides)))
    return catalog.all(Clip, near.order_by(clips.c.sort_at, clips.c.id))


def long_term_clips(catalog: Reader) -> Iterator[Queued]:
    """The archivist's queue: clips under a mark for long-term keeping that was not lifted, by id."""
    marked = (
        select(held_clips.c.clip, held_clips.c.since, holds.c.id, holds.c.trigger)
        .join(holds, holds.c.id == held_clips.c.hold)
        .where(catalog.own(holds), holds.c.long_term, holds.c.state != LIFTED)
    )
    page = select(*_CLIP).where(
        clips.c.id.in_(marked.with_only_columns(held_clips.c.clip)), clips.c.destroyed_at.is_(None)
    )
    page = page.order_by(clips.c.id).limit(PAGE)
    after: str | None = None
    while True:
        some = catalog.all(Clip, page if after is None else page.where(behind((clips.c.id,), (after,))))
        marks = catalog.rows(marked.where(held_clips.c.clip.in_([clip.id for clip in some])).order_by(holds.c.id))
        for clip in some:
            own = [mark for mark in marks if mark[0] == clip.id]
            yield _queued(clip, own)
        if len(some) < PAGE:
            return
        after = some[-1].id


def _queued(clip: Clip, marks: Sequence[Sequence[object]]) -> Queued:
    sinces = [since for _clip, since, _hold, _trigger in marks if isinstance(since, datetime)]
    return Queued(
        clip=clip.id,
        name=clip.name,
        vault_path=clip.vault_path,
        size_bytes=clip.size_bytes,
        digest=clip.digests["b3"],
        recorder=clip.recorder,
        officer=clip.officer,
        department=clip.department,
        recorded_at=clip.recorded_at,
        since=min(sinces),
        triggers=tuple(dict.fromkeys(str(trigger) for _clip, _since, _hold, trigger in marks if trigger is not None)),
        holds=tuple(str(hold) for _clip, _since, hold, _trigger in marks),
    )


# ------------------------------------------------------------------------------------------------------------- terms


def adopted_pack(catalog: Reader) -> AdoptedPack | None:
    """The rule pack that terms are decided by; None before the first one."""
    own = select(*columns_of(adopted_packs, AdoptedPack)).where(catalog.own(adopted_packs))
    found = catalog.all(AdoptedPack, own.order_by(adopted_packs.c.seq.desc()).limit(1))
    return found[0] if found else None


def term_of(catalog: Reader, clip: str) -> str | None:
    """The term of a clip as it was worked out: a day, NO_END, or None while it is to be decided."""
    found = catalog.rows(select(clip_terms.c.keep_until).where(catalog.own(clip_terms, clip=clip)))
    return None if not found or found[0][0] is None else str(found[0][0])


def terms_before(
    catalog: Reader, before: str | None, clip_class: str | None = None
) -> Iterator[tuple[Clip, str | None]]:
    """Clips that are kept until a day before this one, the earliest first; `before` None: those to be decided, in the
    order they were taken in. Each with its term.
    """
    page = select(*_CLIP, clip_terms.c.keep_until).join(clip_terms, clip_terms.c.clip == clips.c.id)
    page = page.where(catalog.own(clip_terms))
    if clip_class is not None:
        page = page.where(clips.c.clip_class == clip_class)
    if before is None:
        waiting = page.where(clip_terms.c.keep_until.is_(None))
        order = (clip_terms.c.session, clip_terms.c.seq)
        return catalog.paged(waiting, order, _with_term, lambda one: (one[0].session, one[0].seq))
    known = page.where(clip_terms.c.keep_until < before)
    order = (clip_terms.c.keep_until, clip_terms.c.clip)
    return catalog.paged(known, order, _with_term, lambda one: (one[1], one[0].id))


def _with_term(row: Row) -> tuple[Clip, str | None]:
    return Clip(*row[:-1]), row[-1]


def term_counts(catalog: Reader, today: str) -> TermCounts:
    """How many clips may go on this day, stay without end, and have no term yet; those destroyed do not count."""
    term = clip_terms.c.keep_until
    counted = select(
        func.count(),
        func.count(case((term < today, 1))),
        func.count(case((term == NO_END, 1))),
        func.count(case((term.is_(None), 1))),
    )
    (found,) = catalog.rows(counted.where(catalog.own(clip_terms)))
    return TermCounts(*(int(value) for value in found))
