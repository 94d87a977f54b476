"""What a recorder's own log says of its recordings: begun, stopped, and what went wrong. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class LogKind(StrEnum):
    """The lines of a log that speak of gaps."""

    RECORD_START = "record-start"
    RECORD_STOP = "record-stop"
    POWER_ON = "power-on"
    POWER_OFF = "power-off"
    BATTERY_EMPTY = "battery-empty"
    CARD_FULL = "card-full"
    CARD_ERROR = "card-error"


class LogEvent(Protocol):
    """A line of a log: when (aware, corrected as the segments are), and what; kinds not in LogKind are passed over."""

    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...


# A recording that ends with one of these was not ended by its officer, even when the recorder closed the file.
_TROUBLE = (LogKind.BATTERY_EMPTY, LogKind.CARD_FULL, LogKind.CARD_ERROR)
_KINDS = frozenset(kind.value for kind in LogKind)
_RECORD = (LogKind.RECORD_START, LogKind.RECORD_STOP)


@dataclass(frozen=True, slots=True)
class Logged:
    """A recording as the log has it; `stop` is None when no line ends it."""

    start: datetime
    stop: datetime | None


class RecorderLog:
    """The lines of one docking, in order. Times are compared within `tolerance`."""

    __slots__ = ("_all", "_records", "_tolerance")

    def __init__(self, events: Iterable[LogEvent], tolerance: timedelta) -> None:
        lines = [(event.at, LogKind(event.kind)) for event in events if event.kind in _KINDS]
        self._all = sorted(lines, key=lambda line: line[0])
        self._records = [line for line in self._all if line[1] in _RECORD]
        self._tolerance = tolerance

    def stopped_at(self, moment: datetime) -> bool:
        """Whether a recording was stopped about then."""
        return any(kind is LogKind.RECORD_STOP for _at, kind in self._near(moment))

    def ran_on(self, start: datetime, end: datetime) -> bool:
        """Whether one recording was running all the time: begun before, stopped after, no line of it in between."""
        place = bisect_right(self._records, start, key=_at)
        if place == 0 or place == len(self._records):
            return False
        before, after = self._records[place - 1], self._records[place]
        return before[1] is LogKind.RECORD_START and after[1] is LogKind.RECORD_STOP and after[0] >= end

    def trouble_at(self, end: datetime) -> list[str]:
        """What the log has against an ordinary end then, as evidence; empty: nothing."""
        near = self._near(end)
        found = [f"log={kind}" for _at, kind in near if kind in _TROUBLE]
        stopped = any(kind is LogKind.RECORD_STOP for _at, kind in near)
        if not stopped and any(kind is LogKind.POWER_OFF for _at, kind in near):
            found.append(f"log={LogKind.POWER_OFF}")
        if not stopped and self._never_stopped(end):
            found.append("log-stop=none")
        return list(dict.fromkeys(found))

    def recordings(self) -> Iterator[Logged]:
        """Every recording of the log."""
        for place, (at, kind) in enumerate(self._records):
            if kind is LogKind.RECORD_START:
                after = self._records[place + 1] if place + 1 < len(self._records) else None
                yield Logged(at, after[0] if after and after[1] is LogKind.RECORD_STOP else None)

    def _never_stopped(self, end: datetime) -> bool:
        """Whether the recording that ended then has a beginning in the log, and then another beginning or a start of
        the recorder, but no stop. A log that breaks off says nothing.
        """
        place = bisect_left(self._records, end, key=_at)
        if place == 0 or self._records[place - 1][1] is not LogKind.RECORD_START:
            return False
        rest = self._all[bisect_right(self._all, end + self._tolerance, key=_at) :]
        for _when, kind in rest:
            if kind is LogKind.RECORD_STOP:
                return False
            if kind in (LogKind.RECORD_START, LogKind.POWER_ON):
                return True
        return False

    def _near(self, moment: datetime) -> list[tuple[datetime, LogKind]]:
        first = bisect_left(self._all, moment - self._tolerance, key=_at)
        return self._all[first : bisect_right(self._all, moment + self._tolerance, key=_at)]


def _at(line: tuple[datetime, LogKind]) -> datetime:
    return line[0]
