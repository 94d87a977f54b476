"""Clips by whatever people know of them, a page at a time, newest first: duty D05.

Two ways lead to a page. Where words are asked for and few cases or notes have them, their clips are gathered and put in
order. Else the clips are walked in the order of an index until the page is full; where they must be looked at on the
way, at most `WALKED` of them a page, so that every page comes soon, however little is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, false, literal, or_, select, tuple_, union, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ..applying import UNCLASSIFIED
from ..model import Clip
from ..reader import Reader, ahead, columns_of, one_by_one
from ..tables import clips
from .applying import CASE_TEXT, NOTE_TEXT
from .finding import Many, holding, looked_up, text_conditions
from .model import ClipPage, ClipSearch
from .tables import case_clips, cases, clip_notes

WALKED = 2_000
_CLIP = columns_of(clips, Clip)
_KEY: tuple[Column[Any], ...] = (clips.c.sort_at, clips.c.id)
_NEWEST_FIRST = tuple(column.desc() for column in _KEY)
# What narrows most comes first: SQLite has no statistics, and takes the index of the first of these that is given.
_NARROWING = ("session", "recorder", "officer", "departments", "clip_class", "kind")

After = tuple[datetime, str]


def clips_page(catalog: Reader, search: ClipSearch, limit: int, after: After | None = None) -> ClipPage:
    """The next page of at most `limit` clips behind `after`, the `position` of a clip. Raises CatalogFault."""
    if not search.by_text and search.case is None:
        return _walked(catalog, search, limit, after, [])
    meant = _meant(catalog, search)
    if isinstance(meant, Many):
        return _walked(catalog, search, limit, after, [_said(search)])
    # Materialised before it is put in order: else a plan may walk all clips for a few.
    named = meant.cte("named").prefix_with("MATERIALIZED")
    gathered = (
        select(*_CLIP)
        .join_from(named, clips, named.c.clip == clips.c.id)
        .where(catalog.own(clips), *_all_filters(search), *_behind(after))
        .cte("gathered")
        .prefix_with("MATERIALIZED")
    )
    page = select(gathered).order_by(gathered.c.sort_at.desc(), gathered.c.id.desc()).limit(limit)
    return _full_or_last(catalog.all(Clip, page), limit)


def all_clips(catalog: Reader, search: ClipSearch, after: After | None = None, limit: int = 500) -> Iterator[Clip]:
    """All clips of a search, page by page, newest first. Raises CatalogFault."""
    while True:
        page = clips_page(catalog, search, limit, after)
        yield from page.clips
        if page.next is None:
            return
        after = page.next


def _full_or_last(found: list[Clip], limit: int) -> ClipPage:
    return ClipPage(found, found[-1].position if len(found) == limit else None)


# ------------------------------------------------------------------------------------------------- few are meant


def _meant(catalog: Reader, search: ClipSearch) -> Select[Any] | Many:
    """The clips of the few cases and notes that are meant, as a query of `clip`."""
    if search.case is not None and not search.by_text:
        return _linked_to((search.case,))
    words = (*search.words, *search.party, *search.cause)
    of_cases = looked_up(catalog, CASE_TEXT, cases, words, _case_conditions(search))
    if isinstance(of_cases, Many):
        return of_cases
    if not _in_notes(search):
        return _linked_to(of_cases.ids)
    of_notes = looked_up(catalog, NOTE_TEXT, clip_notes, words, holding(clip_notes.c.searched, search.words))
    if isinstance(of_notes, Many):
        return of_notes
    noted = select(clip_notes.c.clip).where(clip_notes.c.id.in_(of_notes.ids))
    return select(union(_linked_to(of_cases.ids), noted).subquery().c.clip)


def _in_notes(search: ClipSearch) -> bool:
    """Whether a note may be what is meant: a note is no party, no cause, and of no case."""
    return bool(search.words) and not (search.party or search.cause or search.case)


def _linked_to(case_ids: tuple[str, ...]) -> Select[Any]:
    live = case_clips.c.unlinked_at.is_(None)
    return select(case_clips.c.clip).where(case_clips.c.case_id.in_(case_ids), live).distinct()


def _case_conditions(search: ClipSearch) -> list[ColumnElement[bool]]:
    found = text_conditions(search.words, search.party, search.cause)
    return found if search.case is None else [*found, cases.c.id == search.case]


# --------------------------------------------------------------------------------------------- in an index's order


def _walked(
    catalog: Reader, search: ClipSearch, limit: int, after: After | None, said: list[ColumnElement[bool]]
) -> ClipPage:
    """The clips that the index of what narrows most gives, looked at one by one for all else that is asked.

    `next` of a page that is not full is how far it came.
    """
    narrowest, others = _filters(search)
    looked_for = [*others, *said]
    if not looked_for:
        return _full_or_last(catalog.all(Clip, _in_order(catalog, search, narrowest, _CLIP, limit, after, [])), limit)
    keys = catalog.rows(_in_order(catalog, search, narrowest, list(_KEY), WALKED, after, []))
    if not keys:
        return ClipPage([], None)
    last = (keys[-1][0], keys[-1][1])
    bounds = [literal(value, column.type) for column, value in zip(_KEY, last, strict=True)]
    within = [tuple_(*_KEY) >= tuple_(*bounds), *looked_for]
    found = catalog.all(Clip, _in_order(catalog, search, narrowest, _CLIP, limit, after, within))
    if len(found) == limit:
        return ClipPage(found, found[-1].position)
    return ClipPage(found, last if len(keys) == WALKED else None)


def _said(search: ClipSearch) -> ColumnElement[bool]:
    """That the words stand in a case of the clip, or in a note on it."""
    under = (
        select(cases.c.id)
        .join(case_clips, case_clips.c.case_id == cases.c.id)
        .where(case_clips.c.clip == clips.c.id, case_clips.c.unlinked_at.is_(None), *_case_conditions(search))
    )
    if not _in_notes(search):
        return one_by_one(under, clips)
    noted = select(clip_notes.c.id).where(
        clip_notes.c.clip == clips.c.id, *holding(clip_notes.c.searched, search.words)
    )
    return or_(one_by_one(under, clips), one_by_one(noted, clips))


def _in_order(
    catalog: Reader,
    search: ClipSearch,
    narrowest: str | None,
    columns: list[Column[Any]],
    limit: int,
    after: After | None,
    also: list[ColumnElement[bool]],
) -> Select[Any]:
    """Clips in order, by the index of one key; of several departments each by itself, then put together."""
    conditions = [catalog.own(clips), *_times(search), *_behind(after), *also]

    def ordered(what: list[Column[Any]], key: list[ColumnElement[bool]]) -> Select[Any]:
        return select(*what).where(*key, *conditions).order_by(*_NEWEST_FIRST).limit(limit)

    if narrowest is None:
        return ordered(columns, [])
    if narrowest != "departments":
        return ordered(columns, [clips.c[narrowest] == getattr(search, narrowest)])
    departments = search.departments or ()
    if not departments:
        return select(*columns).where(false())
    if len(departments) == 1:
        return ordered(columns, [clips.c.department == departments[0]])
    parts = [
        select(ordered([clips.c.id, clips.c.sort_at], [clips.c.department == one]).subquery()) for one in departments
    ]
    together = union_all(*parts).subquery()
    first = select(together.c.id).order_by(together.c.sort_at.desc(), together.c.id.desc()).limit(limit)
    named = first.cte("first").prefix_with("MATERIALIZED")
    return select(*columns).join_from(named, clips, clips.c.id == named.c.id).order_by(*_NEWEST_FIRST)


def _behind(after: After | None) -> list[ColumnElement[bool]]:
    return [] if after is None else [ahead(_KEY, after)]


def _times(search: ClipSearch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.since is not None:
        found.append(clips.c.sort_at >= search.since)
    if search.until is not None:
        found.append(clips.c.sort_at < search.until)
    return found


def _filters(search: ClipSearch) -> tuple[str | None, list[ColumnElement[bool]]]:
    """The key that narrows most, and conditions for the others, which stand aside so that its index is used."""
    given = [name for name in _NARROWING if getattr(search, name) is not None]
    if search.clip_class not in (None, UNCLASSIFIED) and not {"session", "recorder", "officer"} & set(given):
        # Most clips have no class, so any class is rarer than a department.
        given = ["clip_class", *(name for name in given if name != "clip_class")]
    if not given:
        return None, []
    return given[0], [_condition(search, name) for name in given[1:]]


def _all_filters(search: ClipSearch) -> list[ColumnElement[bool]]:
    """All conditions on clips, each aside: clips are named by other tables then."""
    return [*(_condition(search, name) for name in _NARROWING if getattr(search, name) is not None), *_times(search)]


def _condition(search: ClipSearch, name: str) -> ColumnElement[bool]:
    if name == "departments":
        return _Aside(clips.c.department).in_(search.departments or ())
    same: ColumnElement[bool] = _Aside(clips.c[name]) == getattr(search, name)
    return same


class _Aside(FunctionElement[Any]):
    """A column whose index SQLite shall not take: a unary plus is no column (sqlite.org/optoverview.html). PostgreSQL
    has statistics and chooses for itself.
    """

    inherit_cache = True
    name = "aside"

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(_Aside)
def _as_it_is(element: _Aside, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Aside, "sqlite")
def _with_plus(element: _Aside, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"
