"""A recorder's clock, and one day of recording: what the officer did, what the recorder kept."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Protocol

from tests.simulators.fleet_values import BEGIN, DAY_S, ZONE_S, File, Line, Model, Planted, Truth

GIB = 1 << 30


class Clock:
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


class Worn(Protocol):
    """What of a recorder goes on from day to day. `awaiting` is a deletion that the next file will stand beside."""

    model: Model
    rng: random.Random
    clock: Clock
    truth: Truth
    sequence: int
    previous_key: str | None
    awaiting: Planted | None


class Shift:
    """One day's recordings: what the officer did, what the recorder kept."""

    def __init__(self, life: Worn, day: int, begin: float, shift_h: float) -> None:
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
