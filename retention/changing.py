"""The plan of a change of pack, class, case or hold: what it would make due, before anybody makes it. Pure.

A dry run is the only first step. It shows what the second person has to know: how many, how much, which are the oldest,
and of how many there is no second copy. Above a share of the archive the change is refused outright.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from .verdicts import Due, Verdict

OLDEST = 5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A clip and its verdicts before and after the change. `recorded_on` is the day that its periods count from.

    `duration_ms` is None where nobody knows it; `second_copy`: there is one elsewhere, and it was read back.
    """

    id: str
    recorded_on: date
    duration_ms: int | None
    size_bytes: int
    second_copy: bool
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Archive:
    """All that is held, to measure a change against."""

    clips: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change would do. `made_due` are clips that stay today and may go after it; the next five are of these.

    `oldest` are up to five of them by day and id; `unknown_duration` have no part in `duration_ms`. `brought_forward`
    and `put_off` are clips that stay either way, with an earlier or a later end; `no_longer_due` are saved by it.
    `refused`: the change is above its share of the archive, in clips or in bytes, and is not made at all.
    """

    made_due: int
    duration_ms: int
    unknown_duration: int
    size_bytes: int
    without_second_copy: int
    oldest: tuple[Weighed, ...]
    brought_forward: int
    put_off: int
    no_longer_due: int
    refused: bool


@dataclass(slots=True)
class _Counting:
    made_due: int = 0
    duration_ms: int = 0
    unknown_duration: int = 0
    size_bytes: int = 0
    without_second_copy: int = 0
    brought_forward: int = 0
    put_off: int = 0
    no_longer_due: int = 0
    oldest: list[Weighed] = field(default_factory=list)


def plan(weighed: Iterable[Weighed], archive: Archive, *, refuse_above_permille: int) -> Plan:
    """Add up a change over the clips it touches, in one pass and in the memory of five clips.

    Refused when what it makes due is more than the share allows, in clips or in bytes; an archive of nought allows
    nothing.
    """
    told = _Counting()
    for one in weighed:
        if isinstance(one.after, Due):
            if not isinstance(one.before, Due):
                _made_due(told, one)
        elif isinstance(one.before, Due):
            told.no_longer_due += 1
        elif one.before.until != one.after.until:
            if _ends_before(one.after.until, one.before.until):
                told.brought_forward += 1
            else:
                told.put_off += 1
    return Plan(
        told.made_due,
        told.duration_ms,
        told.unknown_duration,
        told.size_bytes,
        told.without_second_copy,
        tuple(told.oldest),
        told.brought_forward,
        told.put_off,
        told.no_longer_due,
        above_share(told.made_due, told.size_bytes, archive, refuse_above_permille),
    )


def above_share(clips: int, size_bytes: int, archive: Archive, permille: int) -> bool:
    """Whether so many clips or bytes are above this share of the archive, in thousandths."""
    return clips * 1000 > archive.clips * permille or size_bytes * 1000 > archive.size_bytes * permille


def _made_due(told: _Counting, one: Weighed) -> None:
    told.made_due += 1
    told.duration_ms += one.duration_ms or 0
    told.unknown_duration += one.duration_ms is None
    told.size_bytes += one.size_bytes
    told.without_second_copy += not one.second_copy
    told.oldest = heapq.nsmallest(OLDEST, [*told.oldest, one], key=lambda clip: (clip.recorded_on, clip.id))


def _ends_before(day: date | None, other: date | None) -> bool:
    """None is without end, later than every day."""
    return day is not None and (other is None or day < other)
