"""Questions about requests and marks of secrecy: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from ..bulk import among, parts
from ..cases.tables import case_clips
from ..errors import NotFound
from ..model import Clip, CustodyEntry
from ..people.access import Secrecy
from ..queries import entry_of
from ..reader import Reader, Row, columns_of
from ..tables import clips, custody
from .model import CASE, CLIP, GivenCopy, Kind, Mark, RequestRow, State, parts_of
from .tables import copies_given, request_clips, request_entries, requests, secrecy_marks

_REQUEST = columns_of(requests, RequestRow)
_COPY = columns_of(copies_given, GivenCopy)
_MARK = columns_of(secrecy_marks, Mark)
_ENTRY = columns_of(custody, CustodyEntry)
_KIND, _STATE = _REQUEST.index(requests.c.kind), _REQUEST.index(requests.c.state)

NO_MARKS: frozenset[Secrecy] = frozenset()


# ------------------------------------------------------------------------------------------------------------ requests


def find_request(catalog: Reader, name: str) -> RequestRow:
    """The request of this number (`2026-0007`; `2026-7` will do), else the one whose id begins so.

    Raises NotFound, Ambiguous.
    """
    parts = parts_of(name)
    if parts is None:
        return _request(catalog.by_prefix("request", requests, _REQUEST, name))
    year, running = parts
    own = select(*_REQUEST).where(catalog.own(requests, year=year, running=running))
    found = catalog.rows(own)
    if not found:
        raise NotFound("request", name)
    return _request(found[0])


def requests_asked(
    catalog: Reader,
    *,
    kind: Kind | None = None,
    states: Sequence[State] | None = None,
    clip: str | None = None,
    person: str | None = None,
) -> list[RequestRow]:
    """Requests in the order of their numbers: of a kind, in these states, that name a clip, that somebody asked for or
    that are for him (`person` as the log names him).
    """
    wanted = select(*_REQUEST).where(catalog.own(requests))
    if kind is not None:
        wanted = wanted.where(requests.c.kind == kind.value)
    if states is not None:
        wanted = wanted.where(requests.c.state.in_([state.value for state in states]))
    if clip is not None:
        wanted = wanted.where(requests.c.id.in_(select(request_clips.c.request).where(request_clips.c.clip == clip)))
    if person is not None:
        wanted = wanted.where((requests.c.asked_by == person) | (requests.c.for_whom == person))
    rows = catalog.rows(wanted.order_by(requests.c.year, requests.c.running))
    return [_request(row) for row in rows]


def last_running(catalog: Reader, year: int) -> int:
    """How many requests of that year there are."""
    last = select(func.max(requests.c.running)).where(catalog.own(requests, year=year))
    return int(catalog.rows(last)[0][0] or 0)


def clips_of_request(catalog: Reader, request: str) -> list[Clip]:
    """The clips that a request names, in the order they were recorded."""
    named = select(*columns_of(clips, Clip)).join(request_clips, request_clips.c.clip == clips.c.id)
    own = named.where(catalog.own(request_clips, request=request))
    return catalog.all(Clip, own.order_by(clips.c.sort_at, clips.c.id))


def clip_counts(catalog: Reader, request_ids: Sequence[str]) -> dict[str, int]:
    """How many clips each of these requests names."""
    found: dict[str, int] = {}
    counted = select(request_clips.c.request, func.count()).where(catalog.own(request_clips))
    for part in parts(request_ids):
        some = counted.where(among(request_clips.c.request, part)).group_by(request_clips.c.request)
        found |= {row[0]: int(row[1]) for row in catalog.rows(some)}
    return found


def names(catalog: Reader, request: str, clip: str) -> bool:
    """Whether a request names this clip."""
    return bool(
        catalog.rows(select(request_clips.c.clip).where(catalog.own(request_clips, request=request, clip=clip)))
    )


def copies_given_on(catalog: Reader, request: str | None = None) -> list[GivenCopy]:
    """What was given on a request, or on all of them, in the order it was given."""
    wanted = select(*_COPY).where(catalog.own(copies_given))
    if request is not None:
        wanted = wanted.where(copies_given.c.request == request)
    return catalog.all(GivenCopy, wanted.order_by(copies_given.c.seq))


def log_of_request(catalog: Reader, request: str) -> list[CustodyEntry]:
    """All entries that tell of a request, refusals included, in their order."""
    told = select(request_entries.c.seq).where(catalog.own(request_entries, request=request))
    own: Select[Any] = select(*_ENTRY).where(catalog.own(custody), custody.c.seq.in_(told))
    return [entry_of(row) for row in catalog.rows(own.order_by(custody.c.seq))]


def _request(row: Row) -> RequestRow:
    said = list(row)
    said[_KIND], said[_STATE] = Kind(row[_KIND]), State(row[_STATE])
    return RequestRow(*said)


# --------------------------------------------------------------------------------------------------------------- marks


def marks_on(catalog: Reader, *, clip: str | None = None, case: str | None = None) -> list[Mark]:
    """The marks that a clip or a case bears itself."""
    kind, subject = (CLIP, clip) if case is None else (CASE, case)
    own = catalog.own(secrecy_marks, subject_kind=kind, subject=subject)
    rows = catalog.rows(select(*_MARK).where(own, secrecy_marks.c.removed_at.is_(None)).order_by(secrecy_marks.c.mark))
    return [Mark(row[0], row[1], Secrecy(row[2]), *row[3:]) for row in rows]


def marks_of_case(catalog: Reader, case: str) -> frozenset[Secrecy]:
    """What a case is marked as."""
    return frozenset(mark.mark for mark in marks_on(catalog, case=case))


def marks_of_clips(catalog: Reader, clip_ids: Sequence[str]) -> dict[str, frozenset[Secrecy]]:
    """What each of these clips is marked as: itself, or by a case it lies under. A clip without marks is left out."""
    found: dict[str, set[Secrecy]] = defaultdict(set)
    marks = secrecy_marks.c
    live = catalog.own(secrecy_marks) & marks.removed_at.is_(None)
    for some in parts(clip_ids):
        own = select(marks.subject, marks.mark).where(live, marks.subject_kind == CLIP, among(marks.subject, some))
        by_case = (
            select(case_clips.c.clip, marks.mark)
            .join(secrecy_marks, (marks.subject == case_clips.c.case_id) & (marks.subject_kind == CASE))
            .where(live, among(case_clips.c.clip, some), case_clips.c.unlinked_at.is_(None))
        )
        for wanted in (own, by_case):
            for clip, mark in catalog.rows(wanted):
                found[clip].add(Secrecy(mark))
    return {clip: frozenset(said) for clip, said in found.items()}


def marks_of_request(catalog: Reader, request: str) -> frozenset[Secrecy]:
    """All that the clips of a request are marked as: themselves, or by cases they lie under."""
    marks = secrecy_marks.c
    live = catalog.own(secrecy_marks) & marks.removed_at.is_(None)
    named = select(request_clips.c.clip).where(catalog.own(request_clips, request=request))
    own = select(marks.mark).where(live, marks.subject_kind == CLIP, marks.subject.in_(named))
    by_case = (
        select(marks.mark)
        .join(case_clips, (marks.subject == case_clips.c.case_id) & (marks.subject_kind == CASE))
        .where(live, case_clips.c.clip.in_(named), case_clips.c.unlinked_at.is_(None))
    )
    return frozenset(Secrecy(row[0]) for wanted in (own, by_case) for row in catalog.rows(wanted.distinct()))


def marks_of_clip(catalog: Reader, clip: str) -> frozenset[Secrecy]:
    """What a clip is marked as: itself, or by a case it lies under."""
    return marks_of_clips(catalog, [clip]).get(clip, NO_MARKS)
