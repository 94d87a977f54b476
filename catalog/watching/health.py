"""What a recorder's dockings say of its battery and its card, and whether it is fit for duty (duty D11). Pure.

Nothing is believed of one docking: officers bring recorders back after long and short shifts, and cards are read while
others are. Medians and Theil-Sen lines over the last weeks say what changes; a forecast is when such a line meets its
threshold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from .clocks import DAY_MS
from .robust import Line, Point, line_through


class Quantity(StrEnum):
    """What is followed over time, with its unit in the name. Stands in settings and exports: never renamed."""

    BATTERY = "battery_percent"
    VOLTAGE = "voltage_mv"
    CYCLES = "cycles"
    FREE = "storage_free_bytes"
    READ_RATE = "read_rate_bytes_s"
    READ_ERRORS = "read_errors"
    CLOCK_ERROR = "clock_error_ms"


# Not measured at a docking, but reasons all the same.
OPEN_GAPS = "open_gaps"
OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one docking found, at `at` (UTC); None: not told. `battery_percent` is the charge on arrival, `read_errors`
    how many reads failed or differed, `clock_error_ms` recorder minus station.
    """

    at: datetime
    battery_percent: int | None = None
    cycles: int | None = None
    voltage_mv: int | None = None
    storage_free_bytes: int | None = None
    storage_total_bytes: int | None = None
    read_rate_bytes_s: int | None = None
    read_errors: int | None = None
    clock_error_ms: int | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a recorder is not fit; None: not asked.

    Levels are compared with what stands for the last `recent` dockings. `forecast_days` is how far ahead a line is
    followed, `window_days` and a third of it from how far back it is drawn: what ages slowly, and what breaks now.
    The read rate is judged by its share of what this card did in its first `first` dockings of the history given.
    `open_gaps_max` are gaps that nobody has explained.
    """

    battery_min_percent: int | None = 15
    voltage_min_mv: int | None = None
    cycles_max: int | None = 500
    free_min_percent: int | None = 10
    read_rate_min_percent: int | None = 60
    read_errors_max: int | None = 3
    clock_error_max_ms: int | None = 60_000
    open_gaps_max: int | None = None
    recent: int = 10
    first: int = 20
    window_days: int = 60
    forecast_days: int = 21


@dataclass(frozen=True, slots=True)
class Trend:
    """How a quantity went: its latest value, what stands for the recent ones, its slope per day over the window with
    the uncertainty of that (two deviations), and when its line meets the threshold (None: not soon, or not certainly).
    """

    quantity: Quantity
    latest: float
    recent: float
    slope_per_day: float
    uncertainty: float
    n: int
    threshold: float | None
    meets_threshold_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a recorder is not fit, or soon will not be: `value` against `limit`; `at` is the forecast date."""

    quantity: str
    value: float
    limit: float
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """Fit for duty; `soon` is what will end that."""

    soon: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Unfit:
    """Not fit, and every reason why."""

    reasons: tuple[Reason, ...]
    soon: tuple[Reason, ...] = ()


# Counts add up to what a card did in a week; everything else has a level.
_FALLING_IS_BAD = {Quantity.BATTERY, Quantity.VOLTAGE, Quantity.FREE, Quantity.READ_RATE}
# These are followed into the future. Room on the card is what was recorded since, and the clock has its own drift.
_FORECAST = {Quantity.BATTERY, Quantity.VOLTAGE, Quantity.READ_RATE, Quantity.CYCLES}
_NEEDED = 8
# A line is followed when its slope is so many times its uncertainty (of two deviations): many are drawn, and one in
# twenty would be steep by chance.
_SURE = 1.5


def trend(readings: Iterable[Reading], thresholds: Thresholds | None = None) -> dict[Quantity, Trend]:
    """Every quantity that was ever told, by the readings of the window before the last one."""
    limits = thresholds or Thresholds()
    ordered = sorted(readings, key=lambda reading: reading.at)
    found: dict[Quantity, Trend] = {}
    for quantity in Quantity:
        series = [(r.at, float(value)) for r in ordered if (value := getattr(r, quantity)) is not None]
        if series:
            threshold = _threshold(quantity, series, ordered, limits)
            found[quantity] = _trend(quantity, series, threshold, limits)
    return found


def fit_for_duty(
    readings: Iterable[Reading],
    thresholds: Thresholds | None = None,
    *,
    open_gaps: int = 0,
    out_of_service: bool = False,
) -> Fit | Unfit:
    """Whether a recorder may go out again, and what is coming. Nothing known is no reason against it.

    `open_gaps` are the recorder's gaps that nobody has explained. `out_of_service`: the register says that it may not
    be worn, whatever was measured (CL 19, YX 21, WX 16, QX 16).
    """
    limits = thresholds or Thresholds()
    ordered = sorted(readings, key=lambda reading: reading.at)
    reasons: list[Reason] = []
    soon: list[Reason] = []
    for one in trend(ordered, limits).values():
        if one.threshold is None:
            continue
        if _beyond(one.quantity, one.recent, one.threshold):
            reasons.append(Reason(one.quantity, one.recent, one.threshold))
        elif one.meets_threshold_at is not None:
            soon.append(Reason(one.quantity, one.recent, one.threshold, one.meets_threshold_at))
    if limits.open_gaps_max is not None and open_gaps > limits.open_gaps_max:
        reasons.append(Reason(OPEN_GAPS, open_gaps, limits.open_gaps_max))
    if out_of_service:
        reasons.append(Reason(OUT_OF_SERVICE, 1, 0))
    return Unfit(tuple(reasons), tuple(soon)) if reasons else Fit(tuple(soon))


def _threshold(
    quantity: Quantity, series: Sequence[tuple[datetime, float]], ordered: Sequence[Reading], limits: Thresholds
) -> float | None:
    if quantity is Quantity.READ_RATE:
        if limits.read_rate_min_percent is None or len(series) < limits.first:
            return None
        return median(value for _, value in series[: limits.first]) * limits.read_rate_min_percent / 100
    if quantity is Quantity.FREE:
        total = next((r.storage_total_bytes for r in reversed(ordered) if r.storage_total_bytes), None)
        return None if limits.free_min_percent is None or total is None else total * limits.free_min_percent / 100
    level = {
        Quantity.BATTERY: limits.battery_min_percent,
        Quantity.VOLTAGE: limits.voltage_min_mv,
        Quantity.CYCLES: limits.cycles_max,
        Quantity.READ_ERRORS: limits.read_errors_max,
        Quantity.CLOCK_ERROR: limits.clock_error_max_ms,
    }[quantity]
    return None if level is None else float(level)


def _trend(
    quantity: Quantity, series: Sequence[tuple[datetime, float]], threshold: float | None, limits: Thresholds
) -> Trend:
    last_at, latest = series[-1]
    recent = _recent(quantity, [value for _, value in series[-limits.recent :]])
    begin = last_at - timedelta(days=limits.window_days)
    points: list[Point] = [((at - last_at).total_seconds() * 1000 / DAY_MS, v) for at, v in series if at >= begin]
    long = line_through(points)
    if long is None:
        return Trend(quantity, latest, recent, 0.0, math.inf, len(points), threshold, None)
    meets = None
    if threshold is not None and quantity in _FORECAST:
        short = line_through([point for point in points if point[0] >= -limits.window_days / 3])
        days = [d for line in (long, short) if line and (d := _days_until(quantity, line, threshold)) is not None]
        if days and min(days) <= limits.forecast_days:
            meets = last_at + timedelta(days=max(0.0, min(days)))
    return Trend(quantity, latest, recent, long.slope, long.uncertainty, long.n, threshold, meets)


def _days_until(quantity: Quantity, line: Line, threshold: float) -> float | None:
    """When a line meets the threshold; None when it certainly does not, or not certainly."""
    harmful = line.slope < 0 if quantity in _FALLING_IS_BAD else line.slope > 0
    if not harmful or line.n < _NEEDED or abs(line.slope) <= _SURE * line.uncertainty:
        return None
    # A battery that lasts usual shifts only is no battery: the line of what it is after the longer ones.
    below = line.scatter if quantity is Quantity.BATTERY else 0.0
    return (threshold - (line.at_zero - below)) / line.slope


def _recent(quantity: Quantity, values: Sequence[float]) -> float:
    """What stands for now: the sum of errors; the last count, room or clock error; of charge the third lowest of ten,
    for a battery must last the longer shifts too; the median of what is noisy.
    """
    if quantity is Quantity.READ_ERRORS:
        return sum(values)
    if quantity in (Quantity.CYCLES, Quantity.FREE, Quantity.CLOCK_ERROR):
        return values[-1]
    if quantity is Quantity.BATTERY:
        return sorted(values)[len(values) // 5]
    return median(values)


def _beyond(quantity: Quantity, value: float, threshold: float) -> bool:
    if quantity is Quantity.CLOCK_ERROR:
        return abs(value) > threshold
    return value < threshold if quantity in _FALLING_IS_BAD else value > threshold
