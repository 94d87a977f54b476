"""Which recordings may belong to a case, and why: proposals for a person, who decides. Pure.

What speaks for a recording is who recorded it, when, where, and that it lies next to one that is under the case
already. Nothing is concluded from one of these alone but the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Point = tuple[float, float]
_EARTH_RADIUS_M = 6_371_009  # mean radius R1, GRS 80 (Moritz 2000)
# A window up to this long says when something happened; a longer one only that the case went on.
_NARROW = timedelta(hours=24)


class Confidence(StrEnum):
    """How much speaks for it, most first. Stands in the custody log: never renamed."""

    STRONG = "strong"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Sign(StrEnum):
    """What speaks for or against a recording. Stands in the custody log: never renamed."""

    OFFICER = "officer"
    IN_WINDOW = "in-window"
    IN_SLACK = "in-slack"
    NEXT_TO = "next-to"
    NEAR = "near"
    DEPARTMENT = "department"
    TIME_UNKNOWN = "time-unknown"
    OTHER_CASE = "other-case"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sign and its fact: the officer, minutes outside the window, the clip beside it, metres, the other case."""

    sign: Sign
    fact: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.fact}".rstrip()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording that might belong to it. `begin` and `end` are its widest limits, `likely` its most likely ones, None
    for the same; without `begin` and `end` nobody knows when.
    """

    clip: str
    recorder: str
    officer: str | None
    department: str
    begin: datetime | None
    end: datetime | None
    points: tuple[Point, ...] = ()
    other_cases: tuple[str, ...] = ()
    likely: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a case: who handles it, from when to when it happened, what lies under it already.

    `place` is where it happened; the places of `linked` count as well. `slack` is how far clocks and memories may be
    off, `radius_m` how far a place.
    """

    department: str
    officers: frozenset[str]
    begin: datetime
    end: datetime
    slack: timedelta
    radius_m: int
    place: Point | None = None
    linked: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A recording that is proposed, how strongly and why."""

    clip: str
    confidence: Confidence
    reasons: tuple[Reason, ...]


_ORDER = list(Confidence)


def suggest(wanted: Wanted, candidates: Iterable[Candidate]) -> list[Suggestion]:
    """Proposals, the surest first; of equal ones in the order of the candidates. What is linked is not proposed."""
    known = {one.clip for one in wanted.linked}
    found = [_judged(wanted, one) for one in candidates if one.clip not in known]
    return sorted((one for one in found if one is not None), key=lambda one: _ORDER.index(one.confidence))


def _judged(wanted: Wanted, one: Candidate) -> Suggestion | None:
    reasons = list(_reasons(wanted, one))
    confidence = _confidence(wanted, {reason.sign for reason in reasons})
    if confidence is None:
        return None
    if one.other_cases:
        reasons += [Reason(Sign.OTHER_CASE, number) for number in one.other_cases]
        confidence = _ORDER[min(_ORDER.index(confidence) + 1, len(_ORDER) - 1)]
    return Suggestion(one.clip, confidence, tuple(reasons))


def _confidence(wanted: Wanted, signs: set[Sign]) -> Confidence | None:
    narrow = wanted.end - wanted.begin <= _NARROW
    officer, near, beside = Sign.OFFICER in signs, Sign.NEAR in signs, Sign.NEXT_TO in signs
    inside, around = Sign.IN_WINDOW in signs, Sign.IN_SLACK in signs
    if Sign.TIME_UNKNOWN in signs:
        return Confidence.POSSIBLE if officer or near else None
    if not (inside or around):
        return Confidence.LIKELY if beside else None
    if inside and ((officer and (narrow or near)) or beside):
        return Confidence.STRONG
    if beside or (near and inside) or (officer and (near or narrow)):
        return Confidence.LIKELY
    if officer or near or (Sign.DEPARTMENT in signs and inside and narrow):
        return Confidence.POSSIBLE
    return None


def _reasons(wanted: Wanted, one: Candidate) -> Iterator[Reason]:
    if one.officer is not None and one.officer in wanted.officers:
        yield Reason(Sign.OFFICER, one.officer)
    elif one.department == wanted.department:
        yield Reason(Sign.DEPARTMENT, one.department)
    if one.begin is None or one.end is None:
        yield Reason(Sign.TIME_UNKNOWN)
    else:
        outside = max(wanted.begin - one.end, one.begin - wanted.end)
        if outside <= timedelta(0):
            yield Reason(Sign.IN_WINDOW)
        elif outside <= wanted.slack:
            yield Reason(Sign.IN_SLACK, f"{math.ceil(outside / timedelta(minutes=1))} min")
    beside = _beside(wanted, one)
    if beside is not None:
        yield Reason(Sign.NEXT_TO, beside)
    metres = _metres(wanted, one)
    if metres is not None and metres <= wanted.radius_m:
        yield Reason(Sign.NEAR, f"{metres:.0f} m")


def _beside(wanted: Wanted, one: Candidate) -> str | None:
    """The linked recording of the same recorder that ends or begins within the slack of this one, as its clock has it:
    however far that clock is off, it is for both.
    """
    own = _likely(one)
    for linked in wanted.linked:
        other = _likely(linked)
        if own is None or other is None or linked.recorder != one.recorder:
            continue
        if max(other[0] - own[1], own[0] - other[1]) <= wanted.slack:
            return linked.clip
    return None


def _likely(one: Candidate) -> tuple[datetime, datetime] | None:
    if one.begin is None or one.end is None:
        return None
    return one.likely or (one.begin, one.end)


def _metres(wanted: Wanted, one: Candidate) -> float | None:
    places: list[Point] = [wanted.place] if wanted.place else []
    places += [point for linked in wanted.linked for point in linked.points]
    return min((distance_m(a, b) for a in one.points for b in places), default=None)


def distance_m(one: Point, other: Point) -> float:
    """Metres between two points of latitude and longitude in degrees, along a great circle (haversine)."""
    lat_1, lon_1, lat_2, lon_2 = map(math.radians, (*one, *other))
    h = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))
