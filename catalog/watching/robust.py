"""Medians and lines that a few wild values cannot move: what clocks and health are judged by.

Theil (1950) and Sen (1968): the slope of a line is the median of the slopes between pairs of points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

Point = tuple[float, float]

# Medians of this many bins tell the slope nearly as well as a year of points, with 500 pairs and not 66,000.
BINS = 32
# A median's deviation times this is a normal deviation; the second is what a median loses against a mean.
_TO_DEVIATION = 1.4826
_LOSS = math.sqrt(math.pi / 2)


@dataclass(frozen=True, slots=True)
class Line:
    """A line through `n` points. `uncertainty` is that of the slope, two deviations; infinite where n is under 3.
    `scatter` is how far points lie from it, one deviation.
    """

    slope: float
    at_zero: float
    uncertainty: float
    scatter: float
    n: int

    def at(self, x: float) -> float:
        """Its height at x."""
        return self.at_zero + self.slope * x


def weighted_median(pairs: Iterable[tuple[float, float]]) -> float:
    """The value at half of the weight, of (value, weight). Raises ValueError when nothing weighs."""
    ordered = sorted(pairs)
    whole = sum(weight for _value, weight in ordered)
    if whole <= 0:
        raise ValueError("nothing to take a median of")
    reached = 0.0
    for position, (value, weight) in enumerate(ordered):
        reached += weight
        if reached > whole / 2:
            return value
        if reached == whole / 2:
            after = next((v for v, w in ordered[position + 1 :] if w > 0), value)
            return (value + after) / 2
    return ordered[-1][0]


def binned(points: Sequence[Point], bins: int = BINS) -> list[Point]:
    """At most `bins` points: runs of neighbours in x as (median x, median y); few points stay as they are."""
    ordered = sorted(points)
    if len(ordered) <= bins:
        return ordered
    edges = [round(i * len(ordered) / bins) for i in range(bins + 1)]
    runs = [ordered[a:b] for a, b in pairwise(edges)]
    return [(median(x for x, _ in run), median(y for _, y in run)) for run in runs]


def pair_slopes(points: Sequence[Point]) -> list[tuple[float, float]]:
    """(slope, weight) of every pair of points apart in x. The weight is their distance: near ones tell little."""
    found = []
    for i, (x, y) in enumerate(points):
        for other_x, other_y in points[i + 1 :]:
            apart = other_x - x
            if apart > 0:
                found.append(((other_y - y) / apart, apart))
    return found


def deviation(values: Sequence[float]) -> float:
    """Spread of values about their median, as a normal deviation."""
    if not values:
        return 0.0
    middle = median(values)
    return _TO_DEVIATION * median(abs(value - middle) for value in values)


def spread(points: Sequence[Point]) -> float:
    """Sum of squared distances in x from their mean: how firmly these points hold a slope."""
    mean = sum(x for x, _ in points) / len(points)
    return sum((x - mean) ** 2 for x, _ in points)


def slope_uncertainty(half_width: float, held: float) -> float:
    """Uncertainty of a slope by points of this half width (95 %), where `held` is the sum of their `spread`."""
    return _LOSS * half_width / math.sqrt(held) if held > 0 else math.inf


def line_through(points: Sequence[Point]) -> Line | None:
    """The Theil-Sen line, or None when fewer than two points are apart in x."""
    few = binned(points)
    slopes = pair_slopes(few)
    if not slopes:
        return None
    slope = weighted_median(slopes)
    at_zero = median(y - slope * x for x, y in few)
    if len(points) < 3:
        return Line(slope, at_zero, math.inf, 0.0, len(points))
    scatter = deviation([y - slope * x for x, y in points])
    return Line(slope, at_zero, slope_uncertainty(2 * scatter, spread(points)), scatter, len(points))
