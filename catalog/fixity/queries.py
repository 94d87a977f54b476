"""Questions about second copies and damage: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, exists, func, not_, or_, select

from ..bulk import among, parts
from ..reader import PAGE, Reader, Row, columns_of
from ..tables import clips, sessions
from .model import CLIPS, Copied, CopyPlace, Damage, LostCopy, Stored
from .tables import copied_sessions, copy_gaps, copy_places, damages

CLIP_PLACE = (clips.c.session, clips.c.seq)
# What `stored` takes of a clip, but for the time it counts from.
CLIP_FILE = (*CLIP_PLACE, clips.c.id, clips.c.vault_path, clips.c.size_bytes, clips.c.digests)
_DAMAGE = columns_of(damages, Damage)
_COPY_PLACE = columns_of(copy_places, CopyPlace)


# ---------------------------------------------------------------------------------------------------- second copies


def has_copies(catalog: Reader, ids: Sequence[str], at: str | None = None) -> set[str]:
    """Which of these clips have a second copy, at this place or at whatever place, that was read back there when it
    was made.

    A copy that was found not to hold, or removed, is none; a destroyed clip has none.
    """
    lacking = exists().where(
        copy_gaps.c.clip == clips.c.id, copy_gaps.c.place == copied_sessions.c.place, copy_gaps.c.lacking
    )
    copied = select(clips.c.id).join(copied_sessions, copied_sessions.c.session == clips.c.session).distinct()
    if at is not None:
        copied = copied.where(copied_sessions.c.place == at)
    found: set[str] = set()
    for part in parts(ids):
        there = (catalog.own(clips), among(clips.c.id, part), clips.c.destroyed_at.is_(None), not_(lacking))
        found.update(row[0] for row in catalog.rows(copied.where(*there)))
    return found


def copies_at(catalog: Reader, place: str) -> Select[Any]:
    """The clips of which a place has copies; rows as `stored` takes them, with the time when they were copied."""
    lacking = exists().where(catalog.own(copy_gaps, place=place), copy_gaps.c.clip == clips.c.id, copy_gaps.c.lacking)
    there = (catalog.own(copied_sessions, place=place), clips.c.destroyed_at.is_(None), not_(lacking))
    row = (*CLIP_FILE, copied_sessions.c.copied_at)
    copied = select(*row).join(copied_sessions, copied_sessions.c.session == clips.c.session)
    return copied.where(catalog.own(clips), *there)


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


def lost_copies(catalog: Reader) -> list[LostCopy]:
    """The copies that were found not to hold, and were not made anew; of clips that were not destroyed."""
    row = (copy_gaps.c.place, copy_gaps.c.clip, clips.c.vault_path, copy_gaps.c.since)
    lost = select(*row).join(clips, clips.c.id == copy_gaps.c.clip)
    own = (catalog.own(copy_gaps, reason="damaged"), copy_gaps.c.lacking, clips.c.destroyed_at.is_(None))
    return catalog.all(LostCopy, lost.where(*own).order_by(copy_gaps.c.place, copy_gaps.c.since, copy_gaps.c.clip))


def to_forget(catalog: Reader, place: str) -> list[Stored]:
    """Clips that were destroyed and whose copies a place may still have, a page of them; none when all are gone.

    May: a copy that does not hold lies there as well, and so may one that a run made which was cut off.
    """
    gone_there = exists().where(catalog.own(copy_gaps, place=place, reason="destroyed"), copy_gaps.c.clip == clips.c.id)
    copied = select(*CLIP_FILE, clips.c.ingested_at).join(copied_sessions, copied_sessions.c.session == clips.c.session)
    gone = (clips.c.destroyed_at.is_not(None), copied_sessions.c.place == place, not_(gone_there))
    page = copied.where(catalog.own(clips), *gone).order_by(*CLIP_PLACE).limit(PAGE)
    return [stored(CLIPS, found) for found in catalog.rows(page)]


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


def stored(what: str, row: Row) -> Stored:
    """A file from its place, clip, vault path, size, digests and the time it counts from."""
    where, number, clip, vault_path, size_bytes, digests, since = row
    proof = digests if isinstance(digests, dict) else {"b3": digests}
    return Stored(what, (where, number), clip, vault_path, size_bytes, proof, since)


# ------------------------------------------------------------------------------------------------------------ damage


def damaged(catalog: Reader) -> list[Damage]:
    """What is damaged and was not restored, the oldest first; a clip that was destroyed meanwhile is not among them."""
    return catalog.all(Damage, _unrestored(select(*_DAMAGE), catalog).order_by(damages.c.found_at, damages.c.file))


def count_damaged(catalog: Reader) -> int:
    """How many files are damaged and were not restored."""
    ((count,),) = catalog.rows(_unrestored(select(func.count()).select_from(damages), catalog))
    return int(count)


def _unrestored(chosen: Select[Any], catalog: Reader) -> Select[Any]:
    own = chosen.where(catalog.own(damages), damages.c.restored_at.is_(None))
    return own.outerjoin(clips, clips.c.id == damages.c.clip).where(clips.c.destroyed_at.is_(None))


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
