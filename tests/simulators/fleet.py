"""A year of a fleet: what happened to its recorders (`Truth`), and the little of it that a station sees (`Docking`).

It knows nothing of how a station judges: no name of the analysis, no threshold, no formula. Recorders drift with the
seasons, lose their clock, are set by hand without a word; officers work long and short shifts; cards and batteries
die, some without notice; files vanish, break and are tampered with.

Times inside are seconds since the fleet began; the recorder's own are naive and in China's zone, as recorders are.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.simulators.fleet_shift import Clock, Shift
from tests.simulators.fleet_values import BEGIN, DAY_S, MODELS, ZONE_S, Docking, File, History, Model, Planted, Truth


def fleet(recorders: int, days: int, seed: int = 7) -> Iterator[History]:
    """The histories, one after the other: the same for the same seed."""
    for number in range(recorders):
        yield _Life(
            f"R{number:04d}", MODELS[number % len(MODELS)], days, random.Random(seed * 1_000_003 + number)
        ).live()


class _Life:
    def __init__(self, recorder: str, model: Model, days: int, rng: random.Random) -> None:
        self.recorder, self.model, self.days, self.rng = recorder, model, days, rng
        self.clock = Clock(rng)
        self.method = rng.choices(("protocol", "log-line", "file", "newest-file"), (40, 28, 30, 2))[0]
        self.truth = Truth()
        self.sequence = rng.randint(0, 9_000)
        self.previous_key: str | None = None
        self.awaiting: Planted | None = None
        self.pending_set: float | None = None
        self.base_rate = rng.uniform(18e6, 60e6)
        self.hours_full = rng.uniform(11, 14)
        self._plan_ends()

    def _plan_ends(self) -> None:
        fate = self.rng.random()
        end = self.rng.randint(130, self.days - 5) if self.days > 150 else None
        self.fading_days = self.rng.randint(30, 120)
        if end is not None and fate < 0.15:
            self.truth.battery_end = end
        elif end is not None and fate < 0.30:
            self.truth.card_end = end
        self.truth.without_notice = self.rng.random() < 0.03

    def live(self) -> History:
        last = self.truth.battery_end or self.truth.card_end or self.days
        dockings = [self._day(day) for day in range(min(last, self.days))]
        if self.awaiting is not None and not self.model.logs:
            # No file came after it, and no log names it: nothing on earth could show this one.
            self.truth.gaps.remove(self.awaiting)
        self.truth.drift_s_per_day = self.clock.drifted(len(dockings) * DAY_S) / len(dockings)
        return History(self.recorder, self.model, dockings, self.truth)

    def _day(self, day: int) -> Docking:
        rng = self.rng
        begin = day * DAY_S + rng.uniform(0, 2) * 3600
        if self.pending_set is not None:
            # The file is read at power-on, mostly as the officer takes it, sometimes only for the next shift: the clock
            # then shows when it was written.
            late = math.exp(rng.uniform(math.log(3), math.log(120)))
            applied = self.pending_set + late if rng.random() < 0.93 else begin - 60
            self.clock.go(applied)
            if rng.random() < 0.9:
                self.clock.error = self.pending_set - applied
            self.pending_set = None
        if self.model.restarts_numbers and rng.random() < 0.02 and self.awaiting is None:
            self.sequence = 0
        shift_h = min(11.0, max(3.0, rng.gauss(7, 1.2)))
        files, lines = Shift(self, day, begin, shift_h).worked()
        dock = begin + shift_h * 3600 + rng.uniform(300, 1800)
        at = BEGIN + timedelta(seconds=dock)
        offset_ms = self._measured(dock, files)
        set_at, again_ms = self._maybe_set(dock)
        battery, rate, errors = self._health(day, shift_h)
        return Docking(
            day, at, self.method, offset_ms, set_at, again_ms, tuple(files), tuple(lines), battery, rate, errors
        )  # fmt: skip

    def _measured(self, dock: float, files: list[File]) -> int:
        """The offset by this recorder's way of asking, with its faults."""
        rng, clock = self.rng, self.clock
        clock.go(dock)
        if self.method == "protocol":
            return int((clock.error - rng.uniform(0, 1) + rng.uniform(0, 0.2)) * 1000)
        if self.method == "log-line":
            return int((clock.error - rng.uniform(0, 1) + rng.uniform(-2, 2)) * 1000)
        if self.method == "file":
            return int((clock.error - rng.uniform(0, 2)) * 1000)
        newest = max((f.claimed for f in files), default=clock.reads(dock) - timedelta(hours=9))
        station = (BEGIN + timedelta(seconds=dock + ZONE_S)).replace(tzinfo=None)
        return int((newest - station).total_seconds() * 1000)

    def _maybe_set(self, dock: float) -> tuple[datetime | None, int | None]:
        """Stations set clocks that are off by half a minute; by file, which works later and not always, only those that
        are off by more than it usually leaves.
        """
        if abs(self.clock.error) < (30 if self.method == "protocol" else 120):
            return None, None
        at = BEGIN + timedelta(seconds=dock)
        if self.method == "protocol":
            self.clock.error = self.rng.uniform(-0.5, 0.5)
            return at, int((self.clock.error - self.rng.uniform(0, 1)) * 1000)
        self.pending_set = dock
        return at, None

    def _health(self, day: int, shift_h: float) -> tuple[int, int, int]:
        rng = self.rng
        hours, rate, wrong = self.hours_full * (1 - 0.1 * day / 365), self.base_rate, 0.0
        if not self.truth.without_notice and self.truth.battery_end is not None:
            # At its end a usual shift empties it.
            gone = max(0.0, 1 - (self.truth.battery_end - day) / self.fading_days)
            hours -= (hours - 7) * gone**1.2
        if not self.truth.without_notice and self.truth.card_end is not None:
            gone = max(0.0, 1 - (self.truth.card_end - day) / self.fading_days)
            rate *= 1 - 0.75 * gone**1.5
            wrong = 5 * gone**2
        if rng.random() < 0.08:
            # Many recorders at once: the station's bus is shared.
            rate *= rng.uniform(0.3, 0.8)
        errors = sum(rng.random() < wrong / 20 for _ in range(20)) + (rng.random() < 0.004)
        charge = 100 * (1 - shift_h / hours) + rng.gauss(0, 3)
        return max(0, min(100, round(charge))), int(rate * rng.gauss(1, 0.07)), errors
