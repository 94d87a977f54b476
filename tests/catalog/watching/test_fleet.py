"""The figures of clocks, gaps and health, from a year of 200 recorders whose truth the analysis does not see."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog.watching.clocks import UNCERTAINTY_MS, Drift, Measurement, Method, drift
from catalog.watching.gaps import Gap, Habits, Segment, find_gaps
from catalog.watching.health import Fit, Quantity, Reading, fit_for_duty
from catalog.watching.packets import Jump
from catalog.watching.recorded import Known, Ruler, judge
from tests.simulators import fleet as fleet_life
from tests.simulators import fleet_shift, fleet_values
from tests.simulators.fleet import fleet
from tests.simulators.fleet_values import Docking, File, History, Line, Model, Planted

RECORDERS, DAYS = 200, 365
ZONE = ZoneInfo("Asia/Shanghai")
# 10 % of less than this is below what whole seconds in answers and steps of 2 s can show in a year of short pieces.
FLOOR_S_PER_DAY = 0.03
# What a planted fault may be found as: a deleted file by its number, by the log, or by the hole it leaves.
FOUND_AS = {
    "hole": {"between-segments"},
    "deleted": {"missing-sequence", "logged-without-clip", "between-segments"},
    "unexpected-end": {"unexpected-end"},
    "overlap": {"overlap"},
    "time-jump": {"time-jump"},
    "edited": {"edited"},
}
BATTERY = {Quantity.BATTERY}
CARD = {Quantity.READ_RATE, Quantity.READ_ERRORS}


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a log in the station's time."""

    at: datetime
    kind: str


@dataclass
class Figures:
    """What came out, over the whole fleet."""

    drifts: list[tuple[str, float, Drift | None]] = field(default_factory=list)
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    false: list[Gap] = field(default_factory=list)
    dying: list[tuple[str, bool, bool]] = field(default_factory=list)
    healthy_weeks: int = 0
    false_warnings: int = 0


def habits_of(model: Model) -> Habits:
    return Habits(
        split_ms=model.split_ms,
        pre_record_ms=model.pre_record_ms,
        sequence_limit=model.numbered_to,
        encoders=("AMBA",),
    )


def measurement(docking: Docking) -> Measurement:
    method = Method(docking.method)
    return Measurement(docking.at, docking.offset_ms, UNCERTAINTY_MS[method], method, True)


def measured_drift(history: History) -> Drift | None:
    measurements = [measurement(docking) for docking in history.dockings]
    for docking in history.dockings:
        if docking.set_at and docking.read_after_set_ms is not None:
            method = Method(docking.method)
            measurements.append(
                Measurement(docking.set_at, docking.read_after_set_ms, UNCERTAINTY_MS[method], method, True)
            )
    return drift(measurements, [docking.set_at for docking in history.dockings if docking.set_at])


def segment(recorder: str, file: File, docking: Docking, after: Measurement) -> Segment:
    corrected = Ruler.of(ZONE, None, after).correct(file.claimed)
    start = corrected.likely if isinstance(judge(file.claimed, corrected, docking.at), Known) else None
    end = start + timedelta(milliseconds=file.duration_ms) if start and file.duration_ms else None
    made_at = docking.at + timedelta(seconds=file.made_after_docking_s) if file.made_after_docking_s else None
    return Segment(
        file.key, recorder, file.key, start, end, 1_000, file.sequence, file.size_bytes,
        indexed=file.indexed, encoders=(file.encoder,), edit_lists=file.edit_lists, made_at=made_at,
        jumps=tuple(Jump(*jump) for jump in file.jumps),
    )  # fmt: skip


def event(line: Line, after: Measurement) -> Event:
    return Event(Ruler.of(ZONE, None, after).correct(line.at).likely, line.kind)


def found_gaps(history: History) -> Iterator[Gap]:
    previous: Segment | None = None
    habits = habits_of(history.model)
    for docking in history.dockings:
        after = measurement(docking)
        segments = [segment(history.recorder, file, docking, after) for file in docking.files]
        events = [event(line, after) for line in docking.lines]
        yield from find_gaps(
            history.recorder, segments, events, previous, habits=habits, first_seen=docking.at
        )  # fmt: skip
        previous = segments[-1] if segments else previous


def count_gaps(history: History, figures: Figures) -> None:
    beside: dict[str, list[Planted]] = {}
    for planted in history.truth.gaps:
        figures.planted[planted.kind] += 1
        for key in planted.near:
            beside.setdefault(key, []).append(planted)
    hit: set[int] = set()
    for gap in found_gaps(history):
        figures.gaps += 1
        keys = [key for key in (gap.before_clip, gap.after_clip) if key]
        meant = [p for key in keys for p in beside.get(key, ()) if gap.kind in FOUND_AS[p.kind]]
        hit |= {id(planted) for planted in meant}
        if not meant:
            figures.false.append(gap)
    for planted in history.truth.gaps:
        figures.found[planted.kind] += id(planted) in hit


def test_the_simulation_knows_nothing_of_the_analysis() -> None:
    ours = re.compile(r"^\s*(?:from|import) (?:hashing|catalog|retention|dockd)\b", re.MULTILINE)
    sources = [Path(inspect.getfile(module)) for module in (fleet_life, fleet_shift, fleet_values)]
    assert [path.name for path in sources if ours.search(path.read_text("utf-8"))] == []


def flagged(readings: list[Reading], of: set[Quantity]) -> bool:
    said = fit_for_duty(readings)
    reasons = said.soon if isinstance(said, Fit) else said.reasons + said.soon
    return any(reason.quantity in of for reason in reasons)


def count_health(history: History, figures: Figures) -> None:
    readings = [
        Reading(
            docking.at,
            battery_percent=docking.battery_percent,
            read_rate_bytes_s=docking.read_rate_bytes_s,
            read_errors=docking.read_errors,
        )
        for docking in history.dockings
    ]
    for name, end, of in (
        ("battery", history.truth.battery_end, BATTERY),
        ("card", history.truth.card_end, CARD),
    ):
        if end is not None:
            until = [reading for reading in readings if (reading.at - readings[0].at).days <= end - 8]
            figures.dying.append((name, history.truth.without_notice, flagged(until, of)))
    if history.truth.battery_end is None and history.truth.card_end is None:
        for week in range(7, len(readings), 7):
            figures.healthy_weeks += 1
            figures.false_warnings += flagged(readings[:week], BATTERY | CARD)


@cache
def figures() -> Figures:
    """One walk over the fleet for all tests of this file."""
    found = Figures()
    for history in fleet(RECORDERS, DAYS):
        found.drifts.append((history.recorder, history.truth.drift_s_per_day, measured_drift(history)))
        count_gaps(history, found)
        count_health(history, found)
    return found


pytestmark = pytest.mark.xdist_group("fleet")


def test_drift_is_within_a_tenth_for_19_of_20_recorders() -> None:
    right = [
        measured is not None and abs(measured.s_per_day - true) <= max(abs(true) / 10, FLOOR_S_PER_DAY)
        for _, true, measured in figures().drifts
    ]
    assert len(right) == RECORDERS
    assert sum(right) / RECORDERS >= 0.95


def test_the_uncertainty_of_a_drift_is_honest() -> None:
    held = [abs(m.s_per_day - true) <= m.uncertainty for _, true, m in figures().drifts if m is not None]
    assert sum(held) / len(held) >= 0.9


def test_planted_gaps_are_found() -> None:
    planted, found = figures().planted, figures().found
    assert set(planted) == set(FOUND_AS)
    assert found.total() / planted.total() >= 0.99
    assert {kind for kind in planted if found[kind] / planted[kind] < 0.97} == set()


def test_hardly_any_gap_is_false() -> None:
    assert len(figures().false) / figures().gaps <= 0.01


def test_what_dies_is_flagged_a_week_before_even_counting_what_dies_without_notice() -> None:
    warned = [in_time for _part, _sudden, in_time in figures().dying]
    assert len(warned) >= 40
    assert sum(warned) / len(warned) >= 0.9


@pytest.mark.parametrize("part", ["battery", "card"])
def test_a_part_that_shows_signs_is_flagged_a_week_before_its_end(part: str) -> None:
    warned = [in_time for name, sudden, in_time in figures().dying if name == part and not sudden]
    assert len(warned) >= 15
    assert sum(warned) / len(warned) >= 0.9


def test_healthy_recorders_are_left_alone() -> None:
    assert figures().false_warnings / figures().healthy_weeks <= 0.01
