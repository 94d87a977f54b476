"""Questions about changes and what they touch: functions of a Reader. All raise CatalogFault.

What a change touches is read in pages by key: a case or a hold may have as many recordings as it likes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import or_, select

from ..bulk import among
from ..cases.states import Days
from ..cases.tables import case_clips, case_files, cases
from ..keeping.model import UnderCase
from ..keeping.tables import clip_terms, held_clips
from ..reader import Reader, columns_of
from ..tables import clips
from .model import PROPOSED, ChangeRow, Standing
from .tables import changes

_CHANGE = columns_of(changes, ChangeRow)


def changes_of(catalog: Reader, *, answered: bool = False) -> Iterator[ChangeRow]:
    """Changes that wait for a second person, the oldest first; with `answered` those that were confirmed or refused."""
    state = changes.c.state != PROPOSED if answered else changes.c.state == PROPOSED
    key = (changes.c.proposed_at, changes.c.id)
    page = select(*_CHANGE).where(catalog.own(changes), state)
    return catalog.paged(page, key, lambda row: ChangeRow(*row), lambda one: (one.proposed_at, one.id))


def find_change(catalog: Reader, prefix: str) -> ChangeRow:
    """The one change whose id begins so. Raises NotFound, Ambiguous."""
    return ChangeRow(*catalog.by_prefix("change", changes, _CHANGE, prefix))


def ids_under_case(catalog: Reader, case: str) -> Iterator[str]:
    """The clips that lie under a case, by id."""
    live = select(case_clips.c.clip).where(catalog.own(case_clips, case_id=case), case_clips.c.unlinked_at.is_(None))
    return catalog.paged(live, (case_clips.c.clip,), lambda row: str(row[0]), lambda clip: (clip,))


def ids_under_hold(catalog: Reader, hold: str) -> Iterator[str]:
    """The clips that lie under a hold, by id."""
    held = select(held_clips.c.clip).where(catalog.own(held_clips, hold=hold))
    return catalog.paged(held, (held_clips.c.clip,), lambda row: str(row[0]), lambda clip: (clip,))


def cases_by_id(catalog: Reader, ids: Collection[str], numbers: Collection[str] = ()) -> dict[str, UnderCase]:
    """The cases of these ids and of these numbers, by id, as facts of the clips under them have them."""
    columns = (cases.c.id, cases.c.number, cases.c.kind)
    days = (cases.c.opened_on, cases.c.ended_on, cases.c.closed_on, cases.c.reopened_on, cases.c.filed_on)
    named = or_(among(cases.c.id, sorted(ids)), among(cases.c.number, sorted(numbers)))
    wanted = select(*columns, case_files.c.years, case_files.c.counted_from, *days)
    wanted = wanted.outerjoin(case_files, case_files.c.case_id == cases.c.id).where(catalog.own(cases), named)
    found: dict[str, UnderCase] = {}
    for case, number, kind, years, counted_from, *stand in catalog.rows(wanted):
        own = Days(*stand)
        found[case] = UnderCase(number, kind, own.state, own.closed_on, years, counted_from)
    return found


def standings(catalog: Reader, ids: Sequence[str]) -> dict[str, Standing]:
    """What a change weighs of these clips, by id; at most a page of them."""
    columns = (clips.c.id, clip_terms.c.keep_until, clips.c.size_bytes, clips.c.department)
    wanted = select(*columns).outerjoin(clip_terms, clip_terms.c.clip == clips.c.id)
    found = catalog.rows(wanted.where(catalog.own(clips), among(clips.c.id, ids)))
    return {row[0]: Standing(*row[1:]) for row in found}
