"""Questions about upkeep: functions of a Reader, model objects out. All raise CatalogFault.

Rounds go through the vault in one order, so that the places of a round are in order of time as well: what is overdue is
one stretch of it, and nothing has to be looked at that is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, exists, func, literal, not_, null, or_, select, true, tuple_

from ..documents.tables import documents
from ..reader import PAGE, Reader, Row, behind, columns_of
from ..tables import clips, entries, sessions
from .model import CLIPS, DOCUMENTS, QUARANTINED, Amount, Copied, CopyPlace, Damage, Place, Round, Stored
from .tables import copied_sessions, copy_gaps, copy_places, damages, fixity_slices

_SLICE_PLACE = (fixity_slices.c.last_in, fixity_slices.c.last_no)
_DAMAGE = columns_of(damages, Damage)
_COPY_PLACE = columns_of(copy_places, CopyPlace)
_CLIP_PLACE = (clips.c.session, clips.c.seq)


# ---------------------------------------------------------------------------------------------------- second copies


def has_copies(catalog: Reader, ids: Sequence[str]) -> set[str]:
    """Which of these clips have a second copy, at whatever place, that was read back there when it was made.

    A copy that was found not to hold, or removed, is none; a destroyed clip has none.
    """
    lacking = exists().where(
        copy_gaps.c.clip == clips.c.id, copy_gaps.c.place == copied_sessions.c.place, copy_gaps.c.lacking
    )
    copied = select(clips.c.id).join(copied_sessions, copied_sessions.c.session == clips.c.session).distinct()
    found: set[str] = set()
    for start in range(0, len(ids), PAGE):
        some = clips.c.id.in_(ids[start : start + PAGE])
        there = (catalog.own(clips), some, clips.c.destroyed_at.is_(None), not_(lacking))
        found.update(row[0] for row in catalog.rows(copied.where(*there)))
    return found


def places_of_copies(catalog: Reader) -> list[CopyPlace]:
    """The folders that were prepared for second copies, by name."""
    own = select(*_COPY_PLACE).where(catalog.own(copy_places))
    return catalog.all(CopyPlace, own.order_by(copy_places.c.place))


def to_copy(catalog: Reader, place: str) -> Iterator[str]:
    """The sealed sessions that a place does not have whole, by id: those it has nothing of, and those with clips that
    were not copied, or whose copies were damaged.
    """
    copied = exists().where(copied_sessions.c.place == place, copied_sessions.c.session == sessions.c.id)
    lacking = (
        select(clips.c.session)
        .join(copy_gaps, copy_gaps.c.clip == clips.c.id)
        .where(catalog.own(copy_gaps, place=place), copy_gaps.c.lacking, clips.c.destroyed_at.is_(None))
    )
    wanted = or_(not_(copied), sessions.c.id.in_(lacking))
    base = select(sessions.c.id).where(catalog.own(sessions), sessions.c.state != "open", wanted)
    return catalog.paged(base, (sessions.c.id,), lambda row: str(row[0]), lambda session: (session,))


def is_copied(catalog: Reader, place: str, session: str) -> bool:
    """Whether copies of a session were made at a place."""
    own = catalog.own(copied_sessions, place=place, session=session)
    return bool(catalog.rows(select(copied_sessions.c.session).where(own)))


def lacking_of(catalog: Reader, place: str, session: str) -> list[str]:
    """The clips of a copied session that a place should have and has not."""
    lacking = select(clips.c.id).join(copy_gaps, copy_gaps.c.clip == clips.c.id)
    own = (catalog.own(copy_gaps, place=place), copy_gaps.c.lacking, clips.c.session == session)
    wanted = lacking.where(*own, clips.c.destroyed_at.is_(None))
    return [str(row[0]) for row in catalog.rows(wanted.order_by(clips.c.id))]


def to_forget(catalog: Reader, place: str) -> list[Stored]:
    """Clips that were destroyed and whose copies a place still has, a page of them; none when all are gone."""
    lacking = exists().where(copy_gaps.c.clip == clips.c.id, copy_gaps.c.place == place, copy_gaps.c.lacking)
    row = (*_CLIP_PLACE, clips.c.id, clips.c.vault_path, clips.c.size_bytes, clips.c.digests, clips.c.ingested_at)
    copied = select(*row).join(copied_sessions, copied_sessions.c.session == clips.c.session)
    gone = (clips.c.destroyed_at.is_not(None), copied_sessions.c.place == place, not_(lacking))
    page = copied.where(catalog.own(clips), *gone).order_by(*_CLIP_PLACE).limit(PAGE)
    return [_stored(CLIPS, found) for found in catalog.rows(page)]


def copied_at(catalog: Reader, place: str) -> Copied:
    """What a place holds, and what it lacks."""
    own = catalog.own(copied_sessions, place=place)
    total = func.coalesce(func.sum(copied_sessions.c.size_bytes), 0)
    counted = select(
        func.count(), func.coalesce(func.sum(copied_sessions.c.clips), 0), total, func.max(copied_sessions.c.copied_at)
    )
    ((copied, of_clips, size_bytes, newest),) = catalog.rows(counted.where(own))
    gaps = select(func.count()).select_from(copy_gaps).join(clips, clips.c.id == copy_gaps.c.clip)
    wanted = (catalog.own(copy_gaps, place=place), copy_gaps.c.lacking, clips.c.destroyed_at.is_(None))
    ((lacking,),) = catalog.rows(gaps.where(*wanted))
    ((sealed,),) = catalog.rows(select(func.count()).where(catalog.own(sessions), sessions.c.state != "open"))
    return Copied(int(copied), int(of_clips), int(size_bytes), int(lacking), int(sealed) - int(copied), newest)


# ------------------------------------------------------------------------------------------------------------ damage


def damaged(catalog: Reader) -> list[Damage]:
    """What is damaged and was not restored, the oldest first; a clip that was destroyed meanwhile is not among them."""
    own = select(*_DAMAGE).where(catalog.own(damages), damages.c.restored_at.is_(None))
    kept = own.outerjoin(clips, clips.c.id == damages.c.clip).where(clips.c.destroyed_at.is_(None))
    return catalog.all(Damage, kept.order_by(damages.c.found_at, damages.c.file))


def damage_of(catalog: Reader, file: str) -> Damage | None:
    """What is known of damage of this file (`Stored.key`); None when it never was damaged."""
    found = catalog.all(Damage, select(*_DAMAGE).where(catalog.own(damages, file=file)))
    return found[0] if found else None


def aside_of_destroyed(catalog: Reader) -> list[Damage]:
    """Destroyed clips of which damaged bytes are still kept aside."""
    gone = select(*_DAMAGE).join(clips, clips.c.id == damages.c.clip).where(clips.c.destroyed_at.is_not(None))
    found = catalog.all(Damage, gone.where(catalog.own(damages)).order_by(damages.c.file))
    return [damage for damage in found if damage.aside]


def all_damages(catalog: Reader) -> Iterator[Damage]:
    """All that was ever damaged, restored or not."""
    base = select(*_DAMAGE).where(catalog.own(damages))
    return catalog.paged(base, (damages.c.file,), lambda row: Damage(*row), lambda one: (one.file,))


# ----------------------------------------------------------------------------------------------------------- reading


def round_of(catalog: Reader, what: str) -> Round:
    """The round that is under way; after one that has ended the next, which has not begun."""
    own = catalog.own(fixity_slices, what=what)
    order = (fixity_slices.c.round, *_SLICE_PLACE)
    newest = select(*order, fixity_slices.c.ends_round, fixity_slices.c.read_at)
    rows = catalog.rows(newest.where(own).order_by(*(one.desc() for one in order)).limit(1))
    if not rows:
        return Round(what, 1, None, None, None)
    number, where, place_no, ended, read_at = rows[0]
    if ended:
        return Round(what, number + 1, None, None, read_at)
    first = select(fixity_slices.c.began_at).where(own, fixity_slices.c.round == number)
    ((began_at,),) = catalog.rows(first.order_by(*_SLICE_PLACE).limit(1))
    return Round(what, number, began_at, (where, place_no), read_at)


def read_in_round(catalog: Reader, what: str, number: int) -> Amount:
    """What was read in one round so far."""
    summed = select(
        func.coalesce(func.sum(fixity_slices.c.files), 0), func.coalesce(func.sum(fixity_slices.c.size_bytes), 0)
    )
    ((files, size_bytes),) = catalog.rows(summed.where(catalog.own(fixity_slices, what=what, round=number)))
    return Amount(int(files), int(size_bytes))


def next_files(catalog: Reader, what: str, after: Place | None, limit: int = PAGE) -> list[Stored]:
    """The files that come after a place, in the order of reading."""
    base, key = _files(catalog, what)
    page = base.order_by(*key).limit(limit)
    rows = catalog.rows(page if after is None else page.where(behind(key, _told(key, after))))
    return [_stored(what, row) for row in rows]


def left(catalog: Reader, what: str, after: Place | None) -> Amount:
    """What comes after a place."""
    base, key = _files(catalog, what)
    return _sum(catalog, base if after is None else base.where(behind(key, _told(key, after))), what)


def last_read(catalog: Reader, file: Stored) -> datetime:
    """When a file was last read whole from the medium: not before this."""
    current = round_of(catalog, file.what)
    for number in (current.number, current.number - 1):
        covering = _covering(catalog, file.what, number, file.place)
        if covering is not None and covering > file.since:
            return covering
    return file.since


def overdue(catalog: Reader, what: str, since: datetime) -> Amount:
    """What was last read before `since`."""
    base, key = _files(catalog, what)
    old = base.where(_since(what) < since)
    current = round_of(catalog, what)
    done = current.after
    before = _last_place(catalog, what, current.number - 1)
    # What this round has read, but too long ago; what the last one read so and this one has not; what neither has.
    spans = (
        (None, _last_place(catalog, what, current.number, since)),
        (done, _last_place(catalog, what, current.number - 1, since)),
    )
    parts = [_between(key, after, until) for after, until in spans if until is not None and _comes(after, until)]
    neither = max(done, before) if done is not None and before is not None else done or before
    parts.append(behind(key, _told(key, neither)) if neither is not None else true())
    amounts = [_sum(catalog, old.where(part), what) for part in parts]
    return Amount(sum(one.files for one in amounts), sum(one.size_bytes for one in amounts))


def _last_place(catalog: Reader, what: str, number: int, since: datetime | None = None) -> Place | None:
    """Where a round came to, or had come to with stretches that began before `since`."""
    reached = select(*_SLICE_PLACE).where(catalog.own(fixity_slices, what=what, round=number))
    if since is not None:
        reached = reached.where(fixity_slices.c.began_at < since)
    rows = catalog.rows(reached.order_by(*(one.desc() for one in _SLICE_PLACE)).limit(1))
    return (rows[0][0], rows[0][1]) if rows else None


def _comes(after: Place | None, until: Place) -> bool:
    return after is None or after < until


def _between(key: tuple[Column[Any], ...], after: Place | None, until: Place) -> ColumnElement[bool]:
    """Behind one place, and not behind the other."""
    reached = not_(behind(key, _told(key, until)))
    return reached if after is None else and_(behind(key, _told(key, after)), reached)


def _covering(catalog: Reader, what: str, number: int, place: Place) -> datetime | None:
    """When the stretch of a round began that this place lies in; None when the round has not come to it."""
    own = catalog.own(fixity_slices, what=what, round=number)
    wanted = [literal(value, column.type) for column, value in zip(_SLICE_PLACE, place, strict=True)]
    reached = select(fixity_slices.c.began_at).where(own, tuple_(*_SLICE_PLACE) >= tuple_(*wanted))
    rows = catalog.rows(reached.order_by(*_SLICE_PLACE).limit(1))
    found: datetime | None = rows[0][0] if rows else None
    return found


# ------------------------------------------------------------------------------------------------ the three kinds


def _files(catalog: Reader, what: str) -> tuple[Select[Any], tuple[Column[Any], ...]]:
    """What lies in the vault of a kind, and the key it is read in the order of."""
    if what == CLIPS:
        row = (*_CLIP_PLACE, clips.c.id, clips.c.vault_path, clips.c.size_bytes, clips.c.digests, clips.c.ingested_at)
        return select(*row).where(catalog.own(clips), clips.c.destroyed_at.is_(None)), _CLIP_PLACE
    if what == DOCUMENTS:
        paper = select(documents.c.id, literal(0), null(), documents.c.vault_path, documents.c.size_bytes)
        paper = paper.add_columns(documents.c.digests, documents.c.kept_at).where(catalog.own(documents))
        return paper, (documents.c.id,)
    assert what == QUARANTINED
    put_there = (
        entries.c.outcome == literal("quarantined", literal_execute=True),
        entries.c.vault_path.is_not(None),
        entries.c.digest.is_not(None),
        # A later session that met the same thing names the copy of the first.
        entries.c.vault_path.contains(entries.c.session),
    )
    key = (entries.c.session, entries.c.seq)
    columns = (*key, null(), entries.c.vault_path, entries.c.size_bytes, entries.c.digest, sessions.c.opened_at)
    joined = select(*columns).join(sessions, sessions.c.id == entries.c.session)
    return joined.where(catalog.own(entries), *put_there), key


def _since(what: str) -> Column[Any]:
    column: Column[Any] = {CLIPS: clips.c.ingested_at, DOCUMENTS: documents.c.kept_at}.get(what, sessions.c.opened_at)
    return column


def _told(key: tuple[Column[Any], ...], place: Place) -> tuple[Any, ...]:
    return place[: len(key)]


def _stored(what: str, row: Row) -> Stored:
    where, number, clip, vault_path, size_bytes, digests, since = row
    proof = digests if isinstance(digests, dict) else {"b3": digests}
    return Stored(what, (where, number), clip, vault_path, size_bytes, proof, since)


def _sum(catalog: Reader, files: Select[Any], what: str) -> Amount:
    size = {CLIPS: clips.c.size_bytes, DOCUMENTS: documents.c.size_bytes}.get(what, entries.c.size_bytes)
    summed = files.with_only_columns(func.count(), func.coalesce(func.sum(size), 0), maintain_column_froms=True)
    ((count, size_bytes),) = catalog.rows(summed)
    return Amount(int(count), int(size_bytes))
