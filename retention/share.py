"""The guard of the nightly sweep: a sweep above its usual share stops and asks. Pure.

A wrong clock, a mistyped pack or a class given in bulk all show in one way: more falls due than on other nights. So the
share of today is held against that of the sweeps before, in clips and in bytes, and against a ceiling that no history
can raise. Whoever is asked may let the sweep go on; the guard itself never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Any

# Sweeps that count as usual: a season of nights, so that last winter says nothing of summer.
USUAL_SWEEPS = 90
# With fewer sweeps that found anything, nothing is usual yet.
ENOUGH_SWEEPS = 10


class StopReason(StrEnum):
    """Why a sweep stops and asks. Stands in reports and in the custody log: never renamed."""

    ABOVE_USUAL_CLIPS = "above-usual-clips"
    ABOVE_USUAL_BYTES = "above-usual-bytes"
    ABOVE_CEILING_CLIPS = "above-ceiling-clips"
    ABOVE_CEILING_BYTES = "above-ceiling-bytes"
    FIRST_SWEEPS = "first-sweeps"
    CLOCK_WENT_BACK = "clock-went-back"
    LONG_PAUSE = "long-pause"


@dataclass(frozen=True, slots=True)
class SweepCount:
    """What one sweep found due among all that it held; `day` is of the agency's zone."""

    day: date
    due_clips: int
    due_bytes: int
    held_clips: int
    held_bytes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """`times_usual`: so many times the median share of nights on which anything was due. `at_least_clips`: fewer are
    never above the usual. `ceiling_permille`: of all that is held. `longest_pause_days`: since the last sweep.
    """

    times_usual: int = 3
    at_least_clips: int = 20
    ceiling_permille: int = 50
    longest_pause_days: int = 31


@dataclass(frozen=True, slots=True)
class Exceeded:
    """One limit that today's sweep exceeds: what was found and what is allowed, in clips, bytes or days."""

    reason: StopReason
    found: int
    allowed: int

    def as_data(self) -> dict[str, Any]:
        """The same as the custody log and JSON have it."""
        return {"reason": self.reason.value, "found": self.found, "allowed": self.allowed}


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing is unusual."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody must look before anything is set aside; all limits that were exceeded."""

    exceeded: tuple[Exceeded, ...]


def judge_share(history: Sequence[SweepCount], now: SweepCount, limits: Limits, *, agreed_clips: int = 0) -> Go | Stop:
    """Go or stop. `history` are the sweeps before, oldest first; one that stopped and was let go on counts like any.

    `agreed_clips` are those that people said yes to before: no share of them is judged, but a clock that leapt stops
    them too. Nothing to do is nothing unusual: such a sweep goes, whatever the clock says.
    """
    if now.due_clips == agreed_clips == 0:
        return Go()
    exceeded = _of_clock(history, now, limits)
    if now.due_clips:
        exceeded += [*_above_ceiling(now, limits), *_above_usual(history, now, limits)]
    return Stop(tuple(exceeded)) if exceeded else Go()


def _of_clock(history: Sequence[SweepCount], now: SweepCount, limits: Limits) -> list[Exceeded]:
    if not history:
        return []
    days = (now.day - history[-1].day).days
    if days < 0:
        return [Exceeded(StopReason.CLOCK_WENT_BACK, -days, 0)]
    if days > limits.longest_pause_days:
        # The station was off for long, or its clock leapt: then all at once seems to be over.
        return [Exceeded(StopReason.LONG_PAUSE, days, limits.longest_pause_days)]
    return []


def _above_ceiling(now: SweepCount, limits: Limits) -> list[Exceeded]:
    clips = now.held_clips * limits.ceiling_permille // 1000
    size = now.held_bytes * limits.ceiling_permille // 1000
    found = []
    if now.due_clips > clips:
        found.append(Exceeded(StopReason.ABOVE_CEILING_CLIPS, now.due_clips, clips))
    if now.due_bytes > size:
        found.append(Exceeded(StopReason.ABOVE_CEILING_BYTES, now.due_bytes, size))
    return found


def _above_usual(history: Sequence[SweepCount], now: SweepCount, limits: Limits) -> list[Exceeded]:
    if now.due_clips < limits.at_least_clips:
        return []
    told = [one for one in history[-USUAL_SWEEPS:] if one.due_clips and one.held_clips and one.held_bytes]
    if len(told) < ENOUGH_SWEEPS:
        return [Exceeded(StopReason.FIRST_SWEEPS, now.due_clips, limits.at_least_clips - 1)]
    # Fractions, so that the same counts give the same answer on every machine.
    usual_clips = median([Fraction(one.due_clips, one.held_clips) for one in told])
    usual_bytes = median([Fraction(one.due_bytes, one.held_bytes) for one in told])
    clips = int(usual_clips * limits.times_usual * now.held_clips)
    size = int(usual_bytes * limits.times_usual * now.held_bytes)
    found = []
    if now.due_clips > clips:
        found.append(Exceeded(StopReason.ABOVE_USUAL_CLIPS, now.due_clips, clips))
    if now.due_bytes > size:
        found.append(Exceeded(StopReason.ABOVE_USUAL_BYTES, now.due_bytes, size))
    return found
