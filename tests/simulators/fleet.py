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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2025, 11, 1, tzinfo=UTC)
ZONE_S = 8 * 3600
DAY_S = 86_400
GIB = 1 << 30


@dataclass(slots=True)
class File:
    """As listed and probed: `claimed` is cut to whole seconds; a file without index has no duration."""

    key: str
    claimed: datetime
    duration_ms: int | None
    size_bytes: int
    sequence: int | None
    indexed: bool = True
    encoder: str = "AMBA AVC"
    edit_lists: int = 0
    made_after_docking_s: int = 0
    jumps: tuple[tuple[int, str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the recorder's log, by its own clock."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Docking:
    """All a station sees of one docking. `set_at`: it tried to set the clock then. `read_after_set_ms`: the offset
    asked for again right after, where the recorder can be asked."""

    day: int
    at: datetime
    method: str
    offset_ms: int
    set_at: datetime | None
    read_after_set_ms: int | None
    files: tuple[File, ...]
    lines: tuple[Line, ...]
    battery_percent: int
    read_rate_bytes_s: int
    read_errors: int


@dataclass(frozen=True, slots=True)
class Model:
    """What the maker says of a recorder: how it names, cuts and logs."""

    split_ms: int | None
    pre_record_ms: int
    numbered_to: int | None
    logs: bool
    restarts_numbers: bool = False


MODELS = (
    Model(300_000, 0, 9_999, logs=True),
    Model(300_000, 15_000, 9_999, logs=False, restarts_numbers=True),
    Model(600_000, 30_000, None, logs=True),
    Model(180_000, 0, None, logs=False),
    Model(None, 10_000, 9_999, logs=True),
)


@dataclass(slots=True)
class Planted:
    """A gap that is really there: what it is, and the files beside it."""

    kind: str
    near: set[str]


@dataclass(slots=True)
class Truth:
    """What happened to a recorder. `battery_end` and `card_end` are days; `without_notice`: its end had no signs."""

    drift_s_per_day: float = 0.0
    gaps: list[Planted] = field(default_factory=list)
    battery_end: int | None = None
    card_end: int | None = None
    without_notice: bool = False
    resets: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """One recorder's year."""

    recorder: str
    model: Model
    dockings: list[Docking]
    truth: Truth


def fleet(recorders: int, days: int, seed: int = 7) -> Iterator[History]:
    """The histories, one after the other: the same for the same seed."""
    for number in range(recorders):
        yield _Life(
            f"R{number:04d}", MODELS[number % len(MODELS)], days, random.Random(seed * 1_000_003 + number)
        ).live()


class _Clock:
    """A recorder's clock: its error as time goes by."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rate = rng.gauss(0, 1.3) if rng.random() < 0.93 else rng.choice((-1, 1)) * rng.uniform(3.5, 15)
        self.season = rng.uniform(0.02, 0.2)
        self.phase = rng.uniform(0, 2 * math.pi)
        self.error = rng.uniform(-20, 20)
        self.now = 0.0

    def drifted(self, until: float) -> float:
        """By how much it drifts from the beginning until then, were it never set."""
        turn = 2 * math.pi / 365
        days = until / DAY_S
        return self.rate * days + self.season / turn * (math.sin(turn * days + self.phase) - math.sin(self.phase))

    def go(self, until: float) -> None:
        if until > self.now:
            self.error += self.drifted(until) - self.drifted(self.now) + self.rng.gauss(0, 0.02)
            self.now = until

    def reads(self, at: float) -> datetime:
        """What it shows; time goes forward only."""
        self.go(at)
        return (BEGIN + timedelta(seconds=at + self.error + ZONE_S)).replace(tzinfo=None)


class _Life:
    def __init__(self, recorder: str, model: Model, days: int, rng: random.Random) -> None:
        self.recorder, self.model, self.days, self.rng = recorder, model, days, rng
        self.clock = _Clock(rng)
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
        files, lines = _Shift(self, day, begin, shift_h).worked()
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


class _Shift:
    """One day's recordings: what the officer did, what the recorder kept."""

    def __init__(self, life: _Life, day: int, begin: float, shift_h: float) -> None:
        self.life, self.day, self.rng, self.model = life, day, life.rng, life.model
        self.now, self.end = begin, begin + shift_h * 3600
        self.files: list[File] = []
        self.lines: list[Line] = []
        self.before: str | None = life.previous_key

    def worked(self) -> tuple[list[File], list[Line]]:
        rng = self.rng
        self._log("power-on")
        if rng.random() < 0.003:
            self._lose_clock()
        for _ in range(rng.randint(2, 4)):
            self.now += rng.expovariate(1 / 4000) + 5
            length = min(rng.expovariate(1 / 400) + 8, 4000)
            if self.now + length + 600 > self.end:
                break
            self._record(length)
        self._log("power-off")
        if self.files:
            self.life.previous_key = self.files[-1].key
        return self.files, self.lines

    def _lose_clock(self) -> None:
        """An empty cell, or a hand that sets it and tells nobody."""
        clock, self.life.truth.resets = self.life.clock, self.life.truth.resets + 1
        clock.go(self.now)
        if self.rng.random() < 0.5:
            lost = datetime(self.rng.choice((1970, 2000, 2010)), 1, 1, tzinfo=UTC) - timedelta(seconds=ZONE_S)
            clock.error = (lost - BEGIN).total_seconds() - self.now
        else:
            clock.error += self.rng.choice((-1, 1)) * self.rng.uniform(8, 29)

    def _record(self, length: float) -> None:
        """One recording: cut into files, perhaps damaged."""
        rng = self.rng
        fault = rng.choices(
            (None, "hole", "delete", "no-index", "battery-empty", "crash", "jump", "edit", "overlap"),
            (970, 5, 8, 3, 3, 3, 3, 3, 2),
        )[0]
        pre = 0.0 if fault == "overlap" else self.model.pre_record_ms / 1000
        start, stop = self.now - pre, self.now + length
        if fault == "overlap" and self.files and self.files[-1].duration_ms:
            self._overlapped(length)
            return
        self._log("record-start")
        parts = self._cut(start, stop, hole_at=fault == "hole")
        files = [self._file(a, b - a, cut=i + 1 < len(parts)) for i, (a, b) in enumerate(parts)]
        self.now = parts[-1][1]
        self._end(fault)
        if fault == "jump":
            self._jump(files[0])
        elif fault == "edit":
            self._edit(rng.choice(files))
        elif fault == "no-index":
            files[-1].indexed, files[-1].duration_ms = False, None
            self._plant("unexpected-end", {files[-1].key})
        elif fault in ("battery-empty", "crash") and self.model.logs:
            self._plant("unexpected-end", {files[-1].key})
        self._keep(files, fault)

    def _cut(self, start: float, stop: float, *, hole_at: bool) -> list[tuple[float, float]]:
        """Beginnings and ends of the files; between them no time is lost, but for a planted hole."""
        rng = self.rng
        # A file of 4 GiB at some 8 to 12 Mbit/s.
        size = self.model.split_ms / 1000 if self.model.split_ms else rng.uniform(2900, 3300)
        parts = []
        at = start
        while at + size < stop:
            parts.append((at, at + size))
            at += size
        parts.append((at, max(stop, at + 6)))
        if hole_at and len(parts) > 1:
            place = rng.randrange(1, len(parts))
            late = rng.uniform(3, 50)
            moved = [(a + late, b + late) for a, b in parts[place:]]
            parts = parts[:place] + moved
            self.hole = place
        else:
            self.hole = 0
        return parts

    def _file(self, start: float, length: float, *, cut: bool) -> File:
        life = self.life
        limit = self.model.numbered_to
        if limit is not None:
            life.sequence = life.sequence % limit + 1
        size = int(length * 1e6)
        if cut and self.model.split_ms is None:
            size = 4 * GIB - self.rng.randint(1, 40 << 20)
        key = f"{self.day}-{len(self.files)}-{start:.3f}"
        claimed = (BEGIN + timedelta(seconds=start + life.clock.error + ZONE_S)).replace(tzinfo=None, microsecond=0)
        late = self.rng.randint(-20, 20) if cut else self.rng.randint(-5, 5)
        return File(key, claimed, round(length * 1000) + late, size, life.sequence if limit else None)

    def _end(self, fault: str | None) -> None:
        if fault == "battery-empty":
            self._log("battery-empty")
            self.now += 300
            self._log("power-on")
        elif fault == "crash":
            self.now += 60
            self._log("power-on")
        else:
            if self.rng.random() < 0.05:
                self._log("battery-low")
            self._log("record-stop")

    def _keep(self, files: list[File], fault: str | None) -> None:
        """Files reach the card; a deleted one does not, and leaves a trace only where something would show it."""
        gone = self._deleted(files) if fault == "delete" else None
        for place, file in enumerate(files):
            if self.life.awaiting is not None and file is not gone:
                self.life.awaiting.near.add(file.key)
                self.life.awaiting = None
            if file is gone:
                planted = self._plant("deleted", {self.before} if self.before else set())
                if place + 1 == len(files) or self.model.numbered_to:
                    self.life.awaiting = planted
                elif self.model.numbered_to is None:
                    planted.near.add(files[place + 1].key)
                continue
            if fault == "hole" and self.hole and place == self.hole:
                self._plant("hole", {files[place - 1].key, file.key})
            self.files.append(file)
            self.before = file.key

    def _deleted(self, files: list[File]) -> File | None:
        if self.model.numbered_to and self.before:
            return self.rng.choice(files)
        if len(files) > 2 and self.model.split_ms:
            # Without numbers a file shows that is missing in the middle.
            return files[self.rng.randrange(1, len(files) - 1)]
        if len(files) == 1 and self.model.logs:
            return files[0]
        return None

    def _overlapped(self, length: float) -> None:
        """Somebody recorded again over a time that another file has: it says that it began before that one ended."""
        last = self.files[-1]
        early = self.rng.uniform(4, 10) + self.model.pre_record_ms / 1000
        if (last.duration_ms or 0) / 1000 < early + 5 or length < 20:
            return
        file = self._file(self.now, length, cut=False)
        end = last.claimed + timedelta(milliseconds=last.duration_ms or 0)
        file.claimed = (end - timedelta(seconds=early)).replace(microsecond=0)
        file.duration_ms = min(round(length * 1000), 150_000)
        self.now += length
        if self.life.awaiting is not None:
            self.life.awaiting.near.add(file.key)
            self.life.awaiting = None
        self._plant("overlap", {last.key, file.key})
        self.files.append(file)
        self.before = file.key

    def _jump(self, file: File) -> None:
        length = self.rng.choice((-1, 1)) * self.rng.randint(800, 20_000)
        at = self.rng.randint(0, max(1, (file.duration_ms or 1) - 1))
        file.jumps = ((0, "video", at, length), (1, "audio", at + 20, length))
        self._plant("time-jump", {file.key})

    def _edit(self, file: File) -> None:
        how = self.rng.randrange(3)
        if how == 0:
            file.encoder = self.rng.choice(("Lavf58.29.100", "HandBrake 1.6.1"))
        elif how == 1:
            file.edit_lists = 2
        else:
            file.made_after_docking_s = self.rng.randint(3600, 10 * DAY_S)
        self._plant("edited", {file.key})

    def _plant(self, kind: str, near: set[str]) -> Planted:
        planted = Planted(kind, near)
        self.life.truth.gaps.append(planted)
        return planted

    def _log(self, kind: str) -> None:
        if self.model.logs:
            self.lines.append(Line(self.life.clock.reads(self.now).replace(microsecond=0), kind))
