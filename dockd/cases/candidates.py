"""The recordings that are looked at when some are suggested for a case, as catalog.cases.suggesting wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from catalog.cases.model import CaseRow, ClipSearch
from catalog.cases.queries import cases_of_clips, clips_of_case, points_of_clips
from catalog.cases.searching import all_clips
from catalog.cases.suggesting import Candidate, Point, Suggestion, Wanted, suggest
from catalog.model import Clip
from catalog.people.access import Reach

from ..assembly import Opened

# So many recordings are looked at for each officer, recorder and department; who needs more narrows the time.
MOST = 2_000
# A recording began at most so long before the time it is looked for in.
_LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody gave to suggest by: times by UTC, None for those of the case; a place, if there is one."""

    begin: datetime | None
    end: datetime | None
    slack: timedelta
    place: Point | None
    radius_m: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """A suggestion with the recording it is about."""

    clip: Clip
    suggestion: Suggestion


def proposals(opened: Opened, case: CaseRow, asked: Asked, reach: Reach) -> list[Proposed]:
    """What may belong to a case, the surest first, of what whoever acts may see. Raises CatalogFault."""
    catalog = opened.station.catalog
    linked = clips_of_case(catalog, case.id)
    begin, end = _window(opened, case, asked)
    found = {
        clip.id: clip
        for clip in _looked_at(opened, case, asked, linked, begin, end)
        if reach.why_not(clip.department, clip.officer) is None
    }
    # Oldest first: what happened together stands together.
    ordered = sorted(found.values(), key=lambda clip: clip.position)
    wanted = Wanted(
        department=case.department,
        officers=frozenset(case.officers),
        begin=begin,
        end=end,
        slack=asked.slack,
        radius_m=asked.radius_m,
        place=asked.place,
        linked=tuple(_candidates(opened, case, linked)),
    )
    return [Proposed(found[one.clip], one) for one in suggest(wanted, _candidates(opened, case, ordered))]


def _window(opened: Opened, case: CaseRow, asked: Asked) -> tuple[datetime, datetime]:
    """From the beginning of the opening day to the end of the day on which the act ended, unless times are given."""
    zone = opened.station.zone
    last = case.ended_on or case.closed_on or opened.station.clock().astimezone(zone).date()
    begin = asked.begin or datetime.combine(case.opened_on, time(), zone)
    end = asked.end or datetime.combine(last + timedelta(days=1), time(), zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _looked_at(
    opened: Opened, case: CaseRow, asked: Asked, linked: Sequence[Clip], begin: datetime, end: datetime
) -> Iterable[Clip]:
    since, until = begin - asked.slack - _LONGEST, end + asked.slack
    searches = [ClipSearch(officer=officer, since=since, until=until) for officer in case.officers]
    searches.append(ClipSearch(departments=(case.department,), since=since, until=until))
    for recorder in sorted({clip.recorder for clip in linked}):
        own = [clip.sort_at for clip in linked if clip.recorder == recorder]
        around = min(own) - asked.slack - _LONGEST, max(own) + asked.slack + _LONGEST
        searches.append(ClipSearch(recorder=recorder, since=around[0], until=around[1]))
    for search in searches:
        found = islice(all_clips(opened.station.catalog, search), MOST)
        yield from (clip for clip in found if clip.destroyed_at is None)


def _candidates(opened: Opened, case: CaseRow, clips: Sequence[Clip]) -> Iterable[Candidate]:
    catalog = opened.station.catalog
    ids = [clip.id for clip in clips]
    points, cases = points_of_clips(catalog, ids), cases_of_clips(catalog, ids)
    for clip in clips:
        times = _Times.of(clip)
        yield Candidate(
            clip=clip.id,
            recorder=clip.recorder,
            officer=clip.officer,
            department=clip.department,
            begin=times.begin,
            end=times.end,
            likely=times.likely,
            points=tuple(points.get(clip.id, ())),
            other_cases=tuple(one.number for one in cases.get(clip.id, ()) if one.id != case.id),
        )


class _Times(NamedTuple):
    """From the earliest time at which a clip can have begun to the latest at which it can have ended, and likely."""

    begin: datetime | None
    end: datetime | None
    likely: tuple[datetime, datetime] | None

    @classmethod
    def of(cls, clip: Clip) -> _Times:
        """Nothing of a clip whose time is in doubt."""
        if clip.recorded_at is None or clip.time_doubt is not None:
            return cls(None, None, None)
        length = timedelta(milliseconds=clip.duration_ms or 0)
        latest = clip.recorded_latest or clip.recorded_at
        likely = clip.recorded_at, clip.recorded_at + length
        return cls(clip.recorded_earliest or clip.recorded_at, latest + length, likely)
