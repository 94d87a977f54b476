"""How a recorder's clock runs: what was measured at dockings, its drift, and whether setting it took.

An offset is recorder minus station: a clock that is ahead has a positive one. GA/T 947-2015 part 2, 6.4.17 allows a
recorder 3 s a day.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from statistics import median

from .robust import Point, binned, deviation, pair_slopes, slope_uncertainty, spread, weighted_median

DAY_MS = 86_400_000
# GA/T 947-2015 part 2, 6.4.17: clock error within 3 s a day.
STANDARD_MS_PER_DAY = 3_000
# 116 ppm. A 32 kHz crystal is good for 20 ppm at 25 °C and loses 0.034 ppm/K² on both sides, 40 ppm at -10 or 60 °C;
# twice that for cheap ones. A clock of which no drift is known is believed to keep within this.
UNPROVEN_MS_PER_DAY = 10_000
# 1 min/day is 700 ppm: no crystal drifts so; the clock was set or reset in between.
BROKEN_MS_PER_DAY = 60_000

# A crystal's temperature changes little within so long.
_PART_DAYS = 45
# What reading two clocks to the millisecond leaves, whatever a method promises.
_FINEST_MS = 1


# (days since the first measurement, offset in ms), and its uncertainty in ms.
_Seen = tuple[Point, int]


class Method(StrEnum):
    """How an offset was measured. Stands in the custody log: never renamed."""

    PROTOCOL = "protocol"  # the recorder was asked, and answered
    LOG_LINE = "log-line"  # its log has a line for being connected, with its time
    FILE = "file"  # it wrote a file while we watched; the file's time was read back
    NEWEST_FILE = "newest-file"  # its clock has passed the newest file's time; nobody knows by how much


# Half widths, in ms; the offset is taken to lie within 19 times of 20.
UNCERTAINTY_MS = {
    # Whole seconds in the answer, and USB takes well under the rest.
    Method.PROTOCOL: 1_000,
    # Whole seconds, and the line is written up to 2 s before or after the station sees the device.
    Method.LOG_LINE: 3_000,
    # FAT keeps modification times in steps of 2 s, rounded down; half a step more until it is written.
    Method.FILE: 2_000,
    # FAT's step again. One-sided: the recorder's clock is at least so far.
    Method.NEWEST_FILE: 2_000,
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A recorder's clock against the station's at `at` (UTC, station time).

    `synced` says whether the station's own clock was disciplined then; None: unknown. With NEWEST_FILE the true offset
    is `offset_ms` or more, by any amount.
    """

    at: datetime
    offset_ms: int
    uncertainty_ms: int
    method: Method
    synced: bool | None = None

    @property
    def one_sided(self) -> bool:
        """Whether it only says from where on the offset lies."""
        return self.method is Method.NEWEST_FILE


def measured(
    method: Method, station: datetime, recorder: datetime, *, station_uncertainty_ms: int = 0, synced: bool | None
) -> Measurement:
    """The offset that two readings of the clocks make, both aware, with the uncertainty of the method."""
    offset_ms = round((recorder - station).total_seconds() * 1000)
    return Measurement(station, offset_ms, UNCERTAINTY_MS[method] + station_uncertainty_ms, method, synced)


@dataclass(frozen=True, slots=True)
class Drift:
    """How fast an offset grows, in seconds a day, from `n` measurements.

    `uncertainty` is a half width in s/day (19 times of 20).
    """

    s_per_day: float
    uncertainty: float
    n: int

    @property
    def beyond_standard(self) -> bool:
        """Whether it breaks GA/T 947's 3 s a day, uncertainty allowed for."""
        return abs(self.s_per_day) - self.uncertainty > STANDARD_MS_PER_DAY / 1000


def drift(measurements: Iterable[Measurement], settings: Iterable[datetime] = ()) -> Drift | None:
    """The mean drift over the time measured, or None when no two measurements belong together.

    `settings` are the times at which the clock was set, or may have been; a measurement at the very moment of a
    setting counts as after it (so a clock set and asked again by protocol holds its piece at both ends). Resets and
    settings nobody noted show as jumps and cut a piece too. One-sided measurements are passed over.

    Crystals run with the seasons: slopes are taken over some weeks each, and averaged by their length. A slope that
    has nothing to do with the others is left out.
    """
    ordered = sorted((m for m in measurements if not m.one_sided), key=lambda m: m.at)
    if len(ordered) < 2:
        return None
    sets = sorted(settings)
    pieces: dict[int, list[_Seen]] = {}
    for one in ordered:
        days = (one.at - ordered[0].at).total_seconds() / 86_400
        pieces.setdefault(bisect_right(sets, one.at), []).append(((days, one.offset_ms), one.uncertainty_ms))
    smooth = [run for piece in pieces.values() for run in _without_jumps(piece)]
    found = [slope for run in smooth for part in _weeks(run) if (slope := _slope(part)) is not None]
    if not found:
        return None
    middle = weighted_median((one.slope, one.days) for one in found)
    kept = [one for one in found if abs(one.slope - middle) <= 3 * one.uncertainty + STANDARD_MS_PER_DAY] or found
    days = sum(one.days for one in kept)
    mean = sum(one.slope * one.days for one in kept) / days
    chance = math.sqrt(sum((one.uncertainty * one.days) ** 2 for one in kept)) / days
    return Drift(mean / 1000, (chance + _FINEST_MS / days) / 1000, sum(one.n for one in kept))


def beyond_standard(measurement: Measurement, last_set: datetime | None) -> bool | None:
    """Whether the clock is off by more than 3 s for each day since it was set, and the measurement's uncertainty.

    None when it is not known when it was set, or when the measurement cannot tell.
    """
    if last_set is None or (measurement.one_sided and measurement.offset_ms <= 0):
        return None
    days = max(0.0, (measurement.at - last_set).total_seconds() / 86_400)
    return abs(measurement.offset_ms) > STANDARD_MS_PER_DAY * days + measurement.uncertainty_ms


class Took(StrEnum):
    """Whether setting the clock took."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def took(
    set_at: datetime,
    after: Measurement | None,
    *,
    before: Measurement | None = None,
    file_there: bool | None = None,
    known: Drift | None = None,
) -> Took:
    """Whether the clock was set, as the next docking shows it.

    `after` is the first measurement since, `before` the last one of the old clock. `file_there` is for clocks set by a
    file (TIMESET.TXT and kin: applied at power-on, some time after it was written, then deleted by the recorder): does
    the file still stand there? None: the clock was set by protocol, at once.
    """
    if file_there:
        return Took.NO
    if after is None or after.one_sided or after.at < set_at:
        return Took.UNKNOWN
    since_ms = (after.at - set_at).total_seconds() * 1000
    may_have_run_ms = since_ms / DAY_MS * _rate_ms_per_day(known) + after.uncertainty_ms
    # A file names the time of writing: the clock stays behind by as long as it waited for the power-on.
    waited_ms = since_ms if file_there is False else 0
    as_if_set = -waited_ms - may_have_run_ms <= after.offset_ms <= may_have_run_ms
    if not as_if_set:
        return Took.NO
    if before is None or before.one_sided:
        # The file is gone, which the recorder does; or the clock answers as one just set.
        return Took.YES
    old_ms = (after.at - before.at).total_seconds() * 1000 / DAY_MS * _rate_ms_per_day(known)
    as_if_not = abs(after.offset_ms - before.offset_ms) <= old_ms + before.uncertainty_ms + after.uncertainty_ms
    if as_if_not and file_there is None:
        return Took.UNKNOWN
    return Took.YES


def _rate_ms_per_day(known: Drift | None) -> float:
    if known is None:
        return UNPROVEN_MS_PER_DAY
    return max(STANDARD_MS_PER_DAY, 1000 * (abs(known.s_per_day) + known.uncertainty))


@dataclass(frozen=True, slots=True)
class _Slope:
    """ms a day over so many days, by n measurements."""

    slope: float
    uncertainty: float
    days: float
    n: int


def _without_jumps(piece: list[_Seen]) -> list[list[_Seen]]:
    """A piece cut where the offset jumps: a step further from the usual drift than uncertainty and wander explain."""
    steps = [(b[0][0] - a[0][0], b[0][1] - a[0][1], a[1] + b[1]) for a, b in pairwise(piece)]
    rates = [(offset / days, days) for days, offset, _ in steps if days > 0]
    usual = weighted_median(rates) if len(rates) > 2 else 0.0
    # Two steps cannot say which of them is the usual one: only what no crystal does is a jump then.
    wander = STANDARD_MS_PER_DAY if len(rates) > 2 else BROKEN_MS_PER_DAY
    cut: list[list[_Seen]] = [[piece[0]]]
    for (days, offset, uncertainty), here in zip(steps, piece[1:], strict=True):
        if abs(offset - usual * days) > uncertainty + wander * days:
            cut.append([])
        cut[-1].append(here)
    return cut


def _weeks(run: list[_Seen]) -> list[list[_Seen]]:
    """A run in equal parts, none much longer than some weeks; neighbours share a measurement, so no day is lost."""
    days = run[-1][0][0] - run[0][0][0]
    parts = min(max(1, round(days / _PART_DAYS)), max(1, (len(run) - 1) // 2))
    edges = [round(i * (len(run) - 1) / parts) for i in range(parts + 1)]
    return [run[a : b + 1] for a, b in pairwise(edges)]


def _slope(part: list[_Seen]) -> _Slope | None:
    points = [point for point, _ in part]
    days = points[-1][0] - points[0][0]
    if len(points) < 2 or days <= 0:
        return None
    slope = weighted_median(pair_slopes(binned(points)))
    # What the methods promise, or how the points really scatter if that is more.
    promised = median(uncertainty for _, uncertainty in part)
    scatter = 2 * deviation([y - slope * x for x, y in points])
    return _Slope(slope, slope_uncertainty(max(promised, scatter), spread(points)), days, len(points))
