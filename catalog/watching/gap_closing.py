"""When files whose numbers were missing are delivered after all: by another card, or from a recorder that failed. Pure.

Numbers repeat: a recorder begins again after its last one, or with a new card. So a number alone closes nothing; the
file must also have been recorded in the time that the gap left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .gaps import Segment
from .model import GapRow

_MISSING = re.compile(r"missing=(\d{1,12})(?:-(\d{1,12}))?", re.ASCII)
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one gap: `files` by number and clip; `complete`: nothing of it is missing any more."""

    gap: str
    files: tuple[tuple[int, str], ...]
    complete: bool


def missing_ranges(evidence: Iterable[str]) -> Ranges:
    """The numbers that a gap's evidence names, as first and last of each row of them."""
    found = [fit for one in evidence if (fit := _MISSING.fullmatch(one))]
    return tuple((int(fit[1]), int(fit[2] or fit[1])) for fit in found)


def without(ranges: Iterable[tuple[int, int]], numbers: Iterable[int]) -> Ranges:
    """What is left of these rows when these numbers are there."""
    left = list(ranges)
    for number in set(numbers):
        kept = [one for one in left if not one[0] <= number <= one[1]]
        cut = [one for one in left if one not in kept]
        parts = [part for a, b in cut for part in ((a, number - 1), (number + 1, b))]
        left = kept + [(a, b) for a, b in parts if a <= b]
    return tuple(sorted(left))


def delivered(gaps: Iterable[GapRow], segments: Sequence[Segment]) -> list[Delivery]:
    """Which of these gaps (of one recorder) the segments fill, wholly or in part."""
    found = []
    for gap in gaps:
        left = without(missing_ranges(gap.evidence), [int(file["number"]) for file in gap.delivered])
        files: dict[int, str] = {}
        for segment in segments:
            number = segment.sequence
            if number is None or not _in_time(gap, segment):
                continue
            if any(a <= number <= b for a, b in left):
                files.setdefault(number, segment.clip)
        if files:
            found.append(Delivery(gap.id, tuple(sorted(files.items())), not without(left, files)))
    return found


def _in_time(gap: GapRow, segment: Segment) -> bool:
    """Whether a file was begun within the gap. Of one whose time is not known, as of a gap that has none, nobody can
    say that it is the one that is missing.
    """
    if segment.start is None or gap.start_at is None or gap.end_at is None:
        return False
    unsure = timedelta(milliseconds=gap.uncertainty_ms + segment.resolution_ms)
    return gap.start_at - unsure <= segment.start <= gap.end_at + unsure
