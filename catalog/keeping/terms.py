"""Terms of clips: the facts they rest on, read for many at once, and the days that were worked out.

Facts are read and terms put down in one transaction that holds the station's turn: no hold, class or case comes in
between, and what is forgotten afterwards is decided again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, text

from ..bulk import among, parts
from ..cases.states import Days
from ..cases.tables import case_clips, case_files, cases
from ..columns import Ids
from ..reader import Reader, Row, behind
from ..tables import clips
from .model import LIFTED, Held, TermFacts, UnderCase
from .tables import clip_terms, held_clips, holds

# Facts of so many clips are in memory at once, and the station's other writers wait for so many: some 50 ms.
AT_ONCE = 2_000

Judge = Callable[[TermFacts], str]
_Ask = Callable[[Select[Any]], Sequence[Row]]

_CLIP = (
    *(clips.c.id, clips.c.kind, clips.c.clip_class, clips.c.recorded_at, clips.c.time_doubt, clips.c.anchor_at),
    *(clips.c.duration_ms, clips.c.ingested_at),
)
_CASES: Select[Any] = (
    select(
        *(case_clips.c.clip, cases.c.number, cases.c.kind, case_files.c.years, case_files.c.counted_from),
        *(cases.c.opened_on, cases.c.ended_on, cases.c.closed_on, cases.c.reopened_on, cases.c.filed_on),
    )
    .join(cases, cases.c.id == case_clips.c.case_id)
    .outerjoin(case_files, case_files.c.case_id == cases.c.id)
    .where(case_clips.c.unlinked_at.is_(None), among(case_clips.c.clip, bindparam("ids", type_=Ids())))
    .order_by(case_clips.c.clip, cases.c.number)
)
_HOLDS: Select[Any] = (
    select(held_clips.c.clip, holds.c.id, holds.c.trigger, holds.c.long_term, holds.c.placed_at)
    .join(holds, holds.c.id == held_clips.c.hold)
    .where(holds.c.state != LIFTED, among(held_clips.c.clip, bindparam("ids", type_=Ids())))
    .order_by(held_clips.c.clip, holds.c.id)
)


def decide_some(connection: Connection, station: str, judge: Judge) -> int:
    """Work out terms of clips that have none, at most AT_ONCE of them; how many. Inside the caller's transaction.

    `judge` gives the last day on which a clip is kept, as text, or NO_END.
    """
    # In the order in which they were taken in, which is how they lie; each gets a term, so that none comes again.
    waiting = (
        select(*_CLIP)
        .join(clip_terms, clip_terms.c.clip == clips.c.id)
        .where(clip_terms.c.station == station, clip_terms.c.keep_until.is_(None))
    )
    rows = connection.execute(waiting.order_by(clip_terms.c.session, clip_terms.c.seq).limit(AT_ONCE)).all()
    if rows:
        _put(connection, [(one.id, judge(one)) for one in _facts(rows, lambda asked: connection.execute(asked).all())])
    return len(rows)


_PUT_MANY = text(
    "UPDATE clip_terms SET keep_until = found.until"
    " FROM unnest(CAST(:ids AS text[]), CAST(:untils AS text[])) AS found (id, until) WHERE clip_terms.clip = found.id"
)


def _put(connection: Connection, terms: Sequence[tuple[str, str]]) -> None:
    if connection.dialect.name == "sqlite":
        one = "UPDATE clip_terms SET keep_until = ? WHERE clip = ?"
        connection.exec_driver_sql(one, [(until, clip) for clip, until in terms])
        return
    ids, untils = zip(*terms, strict=True)
    connection.execute(_PUT_MANY, {"ids": list(ids), "untils": list(untils)})


def term_facts(catalog: Reader, ids: Sequence[str], *, destroyed: bool = False) -> list[TermFacts]:
    """The facts of these clips, by id; of one that is destroyed only with `destroyed`. Raises CatalogFault."""
    own = catalog.own(clips) if destroyed else catalog.own(clips) & clips.c.destroyed_at.is_(None)
    return _of_ids(own, ids, catalog.rows)


def facts_within(connection: Connection, station: str, ids: Sequence[str]) -> list[TermFacts]:
    """The facts of these clips as they stand inside the caller's transaction, by id, without those destroyed."""
    living = (clips.c.station == station) & clips.c.destroyed_at.is_(None)
    return _of_ids(living, ids, lambda asked: connection.execute(asked).all())


def _of_ids(which: ColumnElement[bool], ids: Sequence[str], ask: _Ask) -> list[TermFacts]:
    found: list[TermFacts] = []
    for some in parts(sorted(ids)):
        own = select(*_CLIP).where(which, among(clips.c.id, some)).order_by(clips.c.id)
        found += _facts(ask(own), ask)
    return found


def all_term_facts(catalog: Reader) -> Iterator[tuple[TermFacts, str | None, int]]:
    """The facts of all clips that are not destroyed, by id, each with its term and its size in bytes.

    Raises CatalogFault.
    """
    page = select(*_CLIP, clip_terms.c.keep_until, clips.c.size_bytes).join(clip_terms, clip_terms.c.clip == clips.c.id)
    page = page.where(catalog.own(clip_terms)).order_by(clips.c.id).limit(AT_ONCE)
    after: str | None = None
    while True:
        rows = catalog.rows(page if after is None else page.where(behind((clips.c.id,), (after,))))
        for facts, row in zip(_facts([row[:-2] for row in rows], catalog.rows), rows, strict=True):
            yield facts, row[-2], row[-1]
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][0]


def _facts(rows: Sequence[Row], ask: _Ask) -> list[TermFacts]:
    """Rows of clips with their cases and holds, in the order of the rows."""
    if not rows:
        return []
    ids = [row[0] for row in rows]
    under: dict[str, tuple[UnderCase, ...]] = defaultdict(tuple)
    for clip, number, kind, years, counted_from, *days in ask(_CASES.params(ids=ids)):
        stand = Days(*days)
        under[clip] += (UnderCase(number, kind, stand.state, stand.closed_on, years, counted_from),)
    held: dict[str, tuple[Held, ...]] = defaultdict(tuple)
    for clip, *hold in ask(_HOLDS.params(ids=ids)):
        held[clip] += (Held(*hold),)
    return [_known(row, under.get(row[0], ()), held.get(row[0], ())) for row in rows]


def _known(row: Row, under: tuple[UnderCase, ...], held: tuple[Held, ...]) -> TermFacts:
    clip, kind, clip_class, recorded_at, time_doubt, anchor_at, duration_ms, ingested_at = row
    return TermFacts(clip, kind, clip_class, recorded_at, time_doubt, anchor_at, duration_ms, ingested_at, under, held)
