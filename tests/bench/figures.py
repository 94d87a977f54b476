"""From samples to figures: least, median, greatest; ratios round by round; goals and their verdicts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .running import Sample

Steps = tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, median and greatest of some figures."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(min(values), median(values), max(values))

    def text(self, digits: int) -> str:
        """Median first: it is what counts."""
        return f"{self.middle:.{digits}f} ({self.least:.{digits}f}–{self.most:.{digits}f})"


def wall_s(steps: Steps) -> float:
    return sum(step.wall_s for step in steps)


def cpu_s(steps: Steps) -> float:
    return sum(step.cpu_s for step in steps)


def peak_mib(steps: Steps) -> float:
    return max(step.peak_bytes for step in steps) / 2**20


def spread(rounds: Sequence[Steps], figure: Callable[[Steps], float]) -> Spread:
    """The spread of one figure over the rounds."""
    return Spread.of([figure(steps) for steps in rounds])


def ratio(ours: Sequence[Steps], theirs: Sequence[Steps]) -> Spread:
    """Our time through theirs, round by round: what troubled a whole round troubled both."""
    return Spread.of([wall_s(our) / wall_s(their) for our, their in zip(ours, theirs, strict=True)])


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table of goals. `limit` is None where a figure is only to be stated."""

    name: str
    text: str
    found: Spread
    limit: float | None
    unit: str = ""
    digits: int = 2

    @property
    def met(self) -> bool | None:
        """By the median, rounded as printed."""
        return None if self.limit is None else round(self.found.middle, self.digits) <= self.limit

    def row(self) -> str:
        """A line of Markdown."""
        goal = "–" if self.limit is None else f"≤ {self.limit:.{self.digits}f}{self.unit}"
        verdict = {True: "met", False: "**missed**", None: "stated"}[self.met]
        return f"| {self.name} | {self.text} | {goal} | {self.found.text(self.digits)}{self.unit} | {verdict} |"
