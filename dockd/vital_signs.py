"""A recorder's vital signs at a docking, and whether it may go out again (duty D11).

    the recorder's own word: an ini file, its logs ─┐
    its file system: free, total                    ├─► health-read ─► with all before it ─► duty-judged
    our reading: rate, errors; its clock's error    ┘

What cannot be learned is None; nothing is guessed. The one protocol that tells a battery (JieLi) gives a number whose
unit no source states: it is taken for percent only where a family says `protocol` among its sources, which no shipped
one does.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from catalog.model import utc_text
from catalog.people.model import IN_SERVICE
from catalog.people.queries import registered
from catalog.watching.clocks import Method
from catalog.watching.events import DutyJudged, HealthRead
from catalog.watching.health import Fit, Reading, Reason, fit_for_duty
from catalog.watching.queries import clock_reading_in, health_of, open_gaps
from hashing.copying import ReadTime

from .clocks.observing import Observed
from .listing import Listing, Volume
from .reading_logs import logs_of
from .recorders import Match
from .recorders.logs import LogEvent, LogKind
from .session import Learned
from .station import Station
from .usb import Talked

# A rate of less than this is one of the card's start and its cache. A second or two of reading; a few minutes of video.
RATE_NEEDS_BYTES = 32 * 1024 * 1024
# What Linux says when a medium, its controller or the way to it fails (block/blk-core.c, blk_errors); EUCLEAN is a file
# system that contradicts itself. A device that is gone was pulled out, and says nothing of its card.
CARD_ERRNOS = frozenset(
    {errno.EIO, errno.ENODATA, errno.EILSEQ, errno.EREMOTEIO, errno.ETIMEDOUT, errno.EBADE, errno.EUCLEAN}
)

PERCENT_MAX, CYCLES_MAX, VOLTAGE_MAX_MV = 100, 100_000, 100_000
_BYTES_MAX = 2**62
_FIRMWARE_CHARS = 80
_COUNT = re.compile(r"([0-9]{1,19})\s*([A-Za-z%]*)", re.ASCII)
_SIZES = {"": 1, "b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}


class VitalSigns:
    """What one docking learns; afterwards `health` and `duty` have it, None where nothing was recorded.

    `read_time` is for the copy engine; whoever meets a fault of the recorder tells `fault`.
    """

    def __init__(self, station: Station) -> None:
        self._station = station
        self.read_time = ReadTime()
        self.health: HealthRead | None = None
        self.duty: DutyJudged | None = None
        self._errors = 0
        self._stalled = False

    def fault(self, error_no: int | None, reason: str = "") -> None:
        """Something of the recorder could not be had. A recorder that stalls leaves many files unread by one fault."""
        if reason == "stalled":
            self._errors += not self._stalled
            self._stalled = True
        elif error_no in CARD_ERRNOS:
            self._errors += 1

    def take(
        self,
        volume: Volume,
        listing: Listing,
        match: Match,
        session: str,
        clock: Observed,
        *,
        whole: bool,
    ) -> None:
        """Read them, judge, and put both on record in one transaction. Of a session that is not `whole` nothing is
        judged: its recorder was not released. `clock` is what was learned of its clock. Raises CatalogFault.
        """
        told = _told(volume, listing, match, clock.talked)
        room = volume.room() or (told.pop("storage_free", None), told.pop("storage_total", None))
        for listed in listing.entries:
            self.fault(listed.errno)
        self.health = HealthRead(
            session=session,
            recorder=match.recorder,
            read_at=utc_text(self._station.clock()),
            battery_percent=told.get("battery_percent"),
            cycles=told.get("battery_cycles"),
            voltage_mv=told.get("battery_mv"),
            storage_free_bytes=room[0],
            storage_total_bytes=room[1],
            read_rate_bytes_s=self._rate(),
            read_errors=self._errors,
            # Of a clock that was set since, what was measured is no error any more.
            clock_error_ms=self._clock_error(session) if clock.setting is None else None,
            firmware=told.get("firmware"),
        )
        self.duty = judge(self._station, self.health) if whole else None
        self._station.catalog.append([event for event in (self.health, self.duty) if event is not None])

    def learned(self, clock: Observed) -> Learned:
        """What session.json says of the recorder."""
        return Learned(clock.reading, clock.setting, self.health, self.duty)

    def after_clearing(self, freed_bytes: int) -> DutyJudged | None:
        """The verdict with the room that a clearing made, where that changes it. What was removed is confirmed by a
        listing; root's daemon keeps no mount on which to measure again.
        """
        health = self.health
        if health is None or self.duty is None or health.storage_free_bytes is None or not freed_bytes:
            return None
        free = min(health.storage_free_bytes + freed_bytes, health.storage_total_bytes or _BYTES_MAX)
        again = judge(self._station, replace(health, storage_free_bytes=free))
        changed = again != self.duty
        self.duty = again
        return again if changed else None

    def _rate(self) -> int | None:
        took = self.read_time
        return round(took.size_bytes / took.seconds) if took.size_bytes >= RATE_NEEDS_BYTES and took.seconds else None

    def _clock_error(self, session: str) -> int | None:
        found = clock_reading_in(self._station.catalog, session)
        # The newest file says only from where on the error lies: nothing, while that is not ahead of us.
        if found is None or (found.method == Method.NEWEST_FILE and found.offset_ms <= 0):
            return None
        return found.offset_ms


def judge(station: Station, health: HealthRead) -> DutyJudged:
    """Whether a recorder is fit for duty, by this reading, all before it, and the register. Raises CatalogFault."""
    known = health_of(station.catalog, health.recorder)
    readings = [reading_of(one) for one in known if one.session != health.session]
    readings.append(reading_of(health))
    limits = station.thresholds
    gaps = open_gaps(station.catalog, health.recorder) if limits.open_gaps_max is not None else 0
    line = registered(station.catalog, health.recorder)
    out = line is not None and line.state != IN_SERVICE
    said = fit_for_duty(readings, limits, open_gaps=gaps, out_of_service=out)
    return DutyJudged(
        session=health.session,
        recorder=health.recorder,
        fit=isinstance(said, Fit),
        reasons=[] if isinstance(said, Fit) else [_as_map(reason) for reason in said.reasons],
        soon=[_as_map(reason) for reason in said.soon],
    )


def reading_of(one: Any) -> Reading:
    """A HealthRead or a HealthReading as the arithmetic takes it."""
    at = one.read_at if isinstance(one.read_at, datetime) else datetime.fromisoformat(one.read_at)
    return Reading(
        at=at,
        battery_percent=one.battery_percent,
        cycles=one.cycles,
        voltage_mv=one.voltage_mv,
        storage_free_bytes=one.storage_free_bytes,
        storage_total_bytes=one.storage_total_bytes,
        read_rate_bytes_s=one.read_rate_bytes_s,
        read_errors=one.read_errors,
        clock_error_ms=one.clock_error_ms,
        firmware=one.firmware,
    )


def decimal(value: float) -> str:
    """A number as decimal text of at most three places: the custody log holds no floats."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _as_map(reason: Reason) -> dict[str, Any]:
    at = utc_text(reason.at) if reason.at is not None else None
    return {"quantity": str(reason.quantity), "value": decimal(reason.value), "limit": decimal(reason.limit), "at": at}


# ------------------------------------------------------------------------------------------- the recorder's own word


def _told(volume: Volume, listing: Listing, match: Match, talked: Talked | None) -> dict[str, Any]:
    """What the family's sources say, the best one's word first; only what can be true."""
    told: dict[str, Any] = {}
    for source in match.family.health.sources:
        said: dict[str, Any] = {}
        if source == "ini":
            said = {name: read(match.health[name]) for name, read in _READ.items() if name in match.health}
        elif source == "log":
            said = _of_logs([reading.events for _path, reading in logs_of(volume, listing, match)])
        elif source == "protocol" and talked is not None and talked.battery is not None:
            said = {"battery_percent": talked.battery if 0 <= talked.battery <= PERCENT_MAX else None}
        told = {**{name: value for name, value in said.items() if value is not None}, **told}
    return told


def _of_logs(logs: Sequence[tuple[LogEvent, ...]]) -> dict[str, Any]:
    """The last battery and storage lines, of logs newest first."""
    return {
        "battery_percent": _last(logs, LogKind.BATTERY, PERCENT_MAX),
        "storage_free": _last(logs, LogKind.STORAGE, _BYTES_MAX),
    }


def _last(logs: Sequence[tuple[LogEvent, ...]], kind: LogKind, most: int) -> int | None:
    for events in logs:
        for event in reversed(events):
            if event.kind is kind and isinstance(event.value, int) and 0 <= event.value <= most:
                return event.value
    return None


def _count(most: int, *units: str) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        found = _COUNT.fullmatch(text)
        fits = found is not None and found[2].lower() in ("", *units) and int(found[1]) <= most
        return int(found[1]) if found is not None and fits else None

    return read


def _size(text: str) -> int | None:
    found = _COUNT.fullmatch(text)
    unit = _SIZES.get(found[2].lower()) if found is not None else None
    size_bytes = int(found[1]) * unit if found is not None and unit is not None else None
    return size_bytes if size_bytes is not None and size_bytes <= _BYTES_MAX else None


_READ: dict[str, Callable[[str], int | str | None]] = {
    "battery_percent": _count(PERCENT_MAX, "%"),
    "battery_cycles": _count(CYCLES_MAX),
    "battery_mv": _count(VOLTAGE_MAX_MV, "mv"),
    "storage_free": _size,
    "storage_total": _size,
    "firmware": lambda text: text[:_FIRMWARE_CHARS],
}
