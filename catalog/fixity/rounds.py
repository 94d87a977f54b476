"""How far the reading is: functions of a Reader, model objects out. All raise CatalogFault.

Rounds go through the vault in one order, so that the places of a round are in order of time as well: what is overdue is
one stretch of it, and nothing has to be looked at that is not. Second copies of clips are read in rounds of their own:
`at` names where they lie, and is None for originals.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, func, literal, not_, null, select, true, tuple_

from ..documents.tables import documents
from ..reader import PAGE, Reader, behind
from ..tables import clips, entries, sessions
from .model import CLIPS, DOCUMENTS, QUARANTINED, Amount, Place, Round, Stored
from .queries import CLIP_FILE, CLIP_PLACE, copies_at, stored
from .tables import copied_sessions, fixity_slices

_SLICE_PLACE = (fixity_slices.c.last_in, fixity_slices.c.last_no)


def round_of(catalog: Reader, what: str, at: str | None = None) -> Round:
    """The round that is under way; after one that has ended the next, which has not begun."""
    own = catalog.own(fixity_slices, what=what, place=at)
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


def read_in_round(catalog: Reader, what: str, number: int, at: str | None = None) -> Amount:
    """What was read in one round so far."""
    summed = select(
        func.coalesce(func.sum(fixity_slices.c.files), 0), func.coalesce(func.sum(fixity_slices.c.size_bytes), 0)
    )
    ((files, size_bytes),) = catalog.rows(summed.where(catalog.own(fixity_slices, what=what, place=at, round=number)))
    return Amount(int(files), int(size_bytes))


def next_files(
    catalog: Reader, what: str, after: Place | None, limit: int = PAGE, *, at: str | None = None
) -> list[Stored]:
    """The files that come after a place, in the order of reading."""
    base, key = _files(catalog, what, at)
    page = base.order_by(*key).limit(limit)
    rows = catalog.rows(page if after is None else page.where(behind(key, _told(key, after))))
    return [stored(what, row) for row in rows]


def left(catalog: Reader, what: str, after: Place | None, at: str | None = None) -> Amount:
    """What comes after a place."""
    base, key = _files(catalog, what, at)
    return _sum(catalog, base if after is None else base.where(behind(key, _told(key, after))), what)


def last_read(catalog: Reader, file: Stored, at: str | None = None) -> datetime:
    """When a file was last read whole from the medium: not before this."""
    current = round_of(catalog, file.what, at)
    for number in (current.number, current.number - 1):
        covering = _covering(catalog, file, number, at)
        if covering is not None and covering > file.since:
            return covering
    return file.since


def overdue(catalog: Reader, what: str, since: datetime, at: str | None = None) -> Amount:
    """What was last read before `since`."""
    base, key = _files(catalog, what, at)
    old = base.where(_since(what, at) < since)
    current = round_of(catalog, what, at)
    done = current.after
    before = _last_place(catalog, what, at, current.number - 1)
    # What this round has read, but too long ago; what the last one read so and this one has not; what neither has.
    spans = (
        (None, _last_place(catalog, what, at, current.number, since)),
        (done, _last_place(catalog, what, at, current.number - 1, since)),
    )
    parts = [_between(key, after, until) for after, until in spans if until is not None and _comes(after, until)]
    neither = max(done, before) if done is not None and before is not None else done or before
    parts.append(behind(key, _told(key, neither)) if neither is not None else true())
    amounts = [_sum(catalog, old.where(part), what) for part in parts]
    return Amount(sum(one.files for one in amounts), sum(one.size_bytes for one in amounts))


def _last_place(catalog: Reader, what: str, at: str | None, number: int, since: datetime | None = None) -> Place | None:
    """Where a round came to, or had come to with stretches that began before `since`."""
    reached = select(*_SLICE_PLACE).where(catalog.own(fixity_slices, what=what, place=at, round=number))
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


def _covering(catalog: Reader, file: Stored, number: int, at: str | None) -> datetime | None:
    """When the stretch of a round began that a file lies in; None when the round has not come to it."""
    own = catalog.own(fixity_slices, what=file.what, place=at, round=number)
    wanted = [literal(value, column.type) for column, value in zip(_SLICE_PLACE, file.place, strict=True)]
    reached = select(fixity_slices.c.began_at).where(own, tuple_(*_SLICE_PLACE) >= tuple_(*wanted))
    rows = catalog.rows(reached.order_by(*_SLICE_PLACE).limit(1))
    found: datetime | None = rows[0][0] if rows else None
    return found


# ---------------------------------------------------------------------------------------------------- what is read


def _files(catalog: Reader, what: str, at: str | None) -> tuple[Select[Any], tuple[Column[Any], ...]]:
    """What lies in the vault, or at a place, of a kind, and the key it is read in the order of."""
    if at is not None:
        assert what == CLIPS
        return copies_at(catalog, at), CLIP_PLACE
    if what == CLIPS:
        return select(*CLIP_FILE, clips.c.ingested_at).where(
            catalog.own(clips), clips.c.destroyed_at.is_(None)
        ), CLIP_PLACE
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


def _since(what: str, at: str | None) -> Column[Any]:
    """When a file was read back as it came to lie there."""
    if at is not None:
        return copied_sessions.c.copied_at
    column: Column[Any] = {CLIPS: clips.c.ingested_at, DOCUMENTS: documents.c.kept_at}.get(what, sessions.c.opened_at)
    return column


def _told(key: tuple[Column[Any], ...], place: Place) -> tuple[Any, ...]:
    return place[: len(key)]


def _sum(catalog: Reader, files: Select[Any], what: str) -> Amount:
    size = {CLIPS: clips.c.size_bytes, DOCUMENTS: documents.c.size_bytes}.get(what, entries.c.size_bytes)
    summed = files.with_only_columns(func.count(), func.coalesce(func.sum(size), 0), maintain_column_froms=True)
    ((count, size_bytes),) = catalog.rows(summed)
    return Amount(int(count), int(size_bytes))
