"""Questions about cases and what lies under them: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, null, select

from ..bulk import among, parts
from ..documents.tables import documents
from ..model import Clip
from ..reader import PAGE, Reader, ahead, behind, columns_of
from ..tables import clips, facts
from .applying import CASE_TEXT, HANDLER
from .finding import Few, looked_up, text_conditions
from .model import CaseDocument, CaseRow, CaseSearch, FilePeriodRow, Link, Note
from .states import State
from .tables import case_clips, case_documents, case_files, cases, clip_notes, terms

_CASE = columns_of(cases, CaseRow)
_LINK = columns_of(case_clips, Link)


def find_case(catalog: Reader, name: str) -> CaseRow:
    """The case of this number, else the one whose id begins so. Raises NotFound, Ambiguous."""
    found = case_numbered(catalog, name)
    return found if found is not None else CaseRow(*catalog.by_prefix("case", cases, _CASE, name))


def case_numbered(catalog: Reader, number: str) -> CaseRow | None:
    """The case of exactly this number."""
    found = catalog.all(CaseRow, select(*_CASE).where(catalog.own(cases, number=number)))
    return found[0] if found else None


def cases_page(catalog: Reader, search: CaseSearch, limit: int, after: tuple[date, str] | None = None) -> list[CaseRow]:
    """The next `limit` cases: newest opened first; with `ended_by` those whose act ended first come first.

    `after` is the `position` of the last case seen, with `ended_by` the day its act ended and its id.
    """
    wanted = select(*_CASE).where(catalog.own(cases), *_conditions(catalog, search))
    if search.ended_by is not None:
        key = (cases.c.ended_on, cases.c.id)
        if after is not None:
            wanted = wanted.where(behind(key, after))
        return catalog.all(CaseRow, wanted.order_by(*key).limit(limit))
    key = (cases.c.opened_on, cases.c.id)
    if after is not None:
        wanted = wanted.where(ahead(key, after))
    return catalog.all(CaseRow, wanted.order_by(*(column.desc() for column in key)).limit(limit))


def cases_of_search(catalog: Reader, search: CaseSearch, limit: int | None = None) -> Iterator[CaseRow]:
    """All cases of a search, or the first `limit` of them, page by page, in the order of `cases_page`."""
    left = limit
    after = None
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = cases_page(catalog, search, size, after)
        yield from page
        if len(page) < size:
            return
        left = None if left is None else left - size
        last = page[-1]
        after = last.position if search.ended_by is None or last.ended_on is None else (last.ended_on, last.id)


def _conditions(catalog: Reader, search: CaseSearch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.departments is not None:
        found.append(cases.c.department.in_(search.departments))
    if search.kind is not None:
        found.append(cases.c.kind == search.kind)
    if search.officer is not None:
        handled = select(terms.c.subject).where(catalog.own(terms, field=HANDLER, term=search.officer))
        found.append(cases.c.id.in_(handled))
    if search.since is not None:
        found.append(cases.c.opened_on >= search.since)
    if search.until is not None:
        found.append(cases.c.opened_on < search.until)
    if search.state is not None:
        found += _IN_STATE[search.state]
    if search.ended_by is not None:
        found += [cases.c.filed_on.is_(None), cases.c.ended_on.is_not(None), cases.c.ended_on <= search.ended_by]
    conditions = text_conditions(search.words, search.party, search.cause)
    if conditions:
        few = looked_up(catalog, CASE_TEXT, cases, (*search.words, *search.party, *search.cause), conditions)
        found += [cases.c.id.in_(few.ids)] if isinstance(few, Few) else conditions
    return found


_IN_STATE: dict[State, list[ColumnElement[bool]]] = {
    State.OPEN: [cases.c.closed_on.is_(null()), cases.c.reopened_on.is_(null())],
    State.REOPENED: [cases.c.closed_on.is_(null()), cases.c.reopened_on.is_not(null())],
    State.CLOSED: [cases.c.closed_on.is_not(null()), cases.c.filed_on.is_(null())],
    State.FILED: [cases.c.filed_on.is_not(null())],
}


def file_period_of(catalog: Reader, case: str) -> FilePeriodRow | None:
    """How long this very file is kept; None: nobody has said, and the rule pack's table counts."""
    said = select(*columns_of(case_files, FilePeriodRow)).where(catalog.own(case_files, case_id=case))
    found = catalog.all(FilePeriodRow, said)
    return found[0] if found else None


# --------------------------------------------------------------------------------------------------------- links


def case_numbers(catalog: Reader, case_ids: Sequence[str]) -> dict[str, str]:
    """What people call these cases, by their ids."""
    found: dict[str, str] = {}
    for part in parts(case_ids):
        named = select(cases.c.id, cases.c.number).where(catalog.own(cases), among(cases.c.id, part))
        found |= {row[0]: row[1] for row in catalog.rows(named)}
    return found


def clips_of_case(catalog: Reader, case: str) -> list[Clip]:
    """The clips under a case, in the order they were recorded."""
    under = select(*columns_of(clips, Clip)).join(case_clips, case_clips.c.clip == clips.c.id)
    linked = under.where(catalog.own(case_clips, case_id=case), case_clips.c.unlinked_at.is_(None))
    return catalog.all(Clip, linked.order_by(clips.c.sort_at, clips.c.id))


def links_of_case(catalog: Reader, case: str, *, taken_out: bool = False) -> list[Link]:
    """What was put under a case; with `taken_out` also what was taken out again. In the order it was put there."""
    wanted = select(*_LINK).where(catalog.own(case_clips, case_id=case))
    if not taken_out:
        wanted = wanted.where(case_clips.c.unlinked_at.is_(None))
    return catalog.all(Link, wanted.order_by(case_clips.c.linked_at, case_clips.c.clip))


def cases_of_clips(catalog: Reader, clip_ids: Sequence[str]) -> dict[str, list[CaseRow]]:
    """The cases of each of these clips, in the order they were put under them; a clip under none is left out."""
    found: dict[str, list[CaseRow]] = defaultdict(list)
    for some in parts(clip_ids):
        links = select(case_clips.c.clip, *_CASE).join(cases, cases.c.id == case_clips.c.case_id)
        live = links.where(
            catalog.own(case_clips), among(case_clips.c.clip, some), case_clips.c.unlinked_at.is_(None)
        ).order_by(case_clips.c.linked_at, case_clips.c.case_id)
        for clip, *row in catalog.rows(live):
            found[clip].append(CaseRow(*row))
    return dict(found)


def counts_of_clips(catalog: Reader, case_ids: Sequence[str]) -> dict[str, int]:
    """How many clips lie under each of these cases; one without any is left out."""
    counted = select(case_clips.c.case_id, func.count()).where(
        catalog.own(case_clips), case_clips.c.case_id.in_(case_ids), case_clips.c.unlinked_at.is_(None)
    )
    return {row[0]: row[1] for row in catalog.rows(counted.group_by(case_clips.c.case_id))}


# --------------------------------------------------------------------------------------------- documents and notes


def documents_of_case(catalog: Reader, case: str) -> list[CaseDocument]:
    """The documents of a case, in the order they were added."""
    kept = documents.c
    columns = (kept.id, case_documents.c.title, kept.name, kept.size_bytes, kept.digest, kept.vault_path)
    wanted: Select[Any] = (
        select(*columns, case_documents.c.added_by, case_documents.c.added_at)
        .join(documents, kept.id == case_documents.c.document)
        .where(catalog.own(case_documents, case_id=case))
    )
    return catalog.all(CaseDocument, wanted.order_by(case_documents.c.added_at, kept.id))


def points_of_clips(catalog: Reader, clip_ids: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Where clips were recorded, latitude and longitude in degrees, as far as they say so."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for part in parts(clip_ids):
        some = among(facts.c.clip, part)
        said = select(facts.c.clip, facts.c.name, facts.c.value).where(
            catalog.own(facts), some, facts.c.name.in_(("gps_point", "gps_track"))
        )
        for clip, name, value in catalog.rows(said):
            places = [(value["lat"], value["lon"])] if name == "gps_point" else [row[1:] for row in value]
            found[clip] += [(float(lat), float(lon)) for lat, lon in places]
    return dict(found)


def notes_of_clip(catalog: Reader, clip: str) -> list[Note]:
    """What people wrote on a clip, oldest first."""
    wanted = select(*columns_of(clip_notes, Note)).where(catalog.own(clip_notes, clip=clip))
    return catalog.all(Note, wanted.order_by(clip_notes.c.seq))
