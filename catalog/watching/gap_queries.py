"""What finding gaps asks the catalogue: functions of a Reader. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select

from ..bulk import among, parts
from ..model import Clip, Fact, SessionRow
from ..reader import Reader, columns_of
from ..tables import clips, facts, sessions
from .gap_states import State
from .gaps import Kind
from .model import GapRow
from .tables import gaps, newer_files


def known_gaps(catalog: Reader, ids: Iterable[str]) -> set[str]:
    """Which gaps of these ids are on record."""
    known: set[str] = set()
    for part in parts(sorted(ids)):
        some = select(gaps.c.id).where(catalog.own(gaps), among(gaps.c.id, part))
        known.update(row[0] for row in catalog.rows(some))
    return known


def missing_numbers(catalog: Reader, recorder: str) -> list[GapRow]:
    """A recorder's gaps of missing numbers of which some are missing still."""
    wanted = select(*columns_of(gaps, GapRow)).where(
        catalog.own(gaps, recorder=recorder, kind=Kind.MISSING_SEQUENCE.value), gaps.c.state != State.DELIVERED.value
    )
    return catalog.all(GapRow, wanted.order_by(gaps.c.found_at, gaps.c.id))


def facts_in_session(catalog: Reader, session: str, names: Collection[str]) -> dict[str, dict[str, Fact]]:
    """Facts of these names of all clips of a session: by clip, then by name."""
    wanted = (
        select(*columns_of(facts, Fact))
        .join(clips, clips.c.id == facts.c.clip)
        .where(catalog.own(clips, session=session), facts.c.name.in_(sorted(names)))
    )
    found: dict[str, dict[str, Fact]] = {}
    for fact in catalog.all(Fact, wanted.order_by(facts.c.clip, facts.c.position)):
        found.setdefault(fact.clip, {})[fact.name] = fact
    return found


def clips_beside(
    catalog: Reader,
    session: SessionRow,
    kinds: Collection[str],
    first: datetime | None,
    last: datetime | None,
    most: tuple[int, int],
) -> tuple[list[Clip], list[Clip]]:
    """What the vault had of a session's recorder before that session: recordings of these kinds before `first` (newest
    first) and from `first` to `last`, of each at most so many. Without times the last that came.
    """
    earlier = select(*columns_of(clips, Clip)).where(
        catalog.own(clips, recorder=session.recorder),
        clips.c.kind.in_(sorted(kinds)),
        clips.c.ingested_at < session.opened_at,
    )
    if first is None or last is None:
        newest = earlier.order_by(clips.c.ingested_at.desc(), clips.c.seq.desc()).limit(most[0])
        return catalog.all(Clip, newest), []
    before = earlier.where(clips.c.sort_at < first).order_by(clips.c.sort_at.desc(), clips.c.id.desc())
    between = earlier.where(clips.c.sort_at >= first, clips.c.sort_at <= last).order_by(clips.c.sort_at, clips.c.id)
    return catalog.all(Clip, before.limit(most[0])), catalog.all(Clip, between.limit(most[1]))


def newer_in(catalog: Reader, session: str) -> dict[int, datetime]:
    """Entries of a session that claim to have been written after it began: when, by their number."""
    seen = select(newer_files.c.seq, newer_files.c.modified_at).where(catalog.own(newer_files, session=session))
    return {row[0]: row[1] for row in catalog.rows(seen) if row[1] is not None}


def docking_before(catalog: Reader, session: SessionRow) -> SessionRow | None:
    """The docking of the same recorder before this one."""
    earlier = select(*columns_of(sessions, SessionRow)).where(
        catalog.own(sessions, recorder=session.recorder), sessions.c.opened_at < session.opened_at
    )
    found = catalog.all(SessionRow, earlier.order_by(sessions.c.opened_at.desc(), sessions.c.id.desc()).limit(1))
    return found[0] if found else None
