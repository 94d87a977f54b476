"""What a seated recorder says of its clock, measured before anything is copied, and what follows for its recordings.

Nobody can ask a recorder that has become a disk what time it is, and no protocol that is known tells it before. It has
told at two moments: when it wrote into its log that it was connected, and when it named its newest file. The first is a
measurement where the station knows when it was plugged in; all else says only how far its clock has got. Where it was
set before it became a disk, its log may be of either clock, and its files tell how far the old one had got.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from catalog.event import Event
from catalog.model import Clip
from catalog.watching.clocks import Drift, Measurement, Method, Took, drift, measured, took
from catalog.watching.events import ClockMeasured, ClockSet, ClockSettingJudged
from catalog.watching.model import ClockReading, ClockSetting
from catalog.watching.queries import clock_readings_of, clock_settings_of, last_clearing
from catalog.watching.recorded import moments_of

from ..recorders import ClockMethod, LogKind, LogReading, Match
from ..recorders.family import MEDIA
from ..results import Note
from ..session import Planned
from ..station import Station
from ..usb import Origin, Talked
from .clip_times import Timing, jumping_back, time_text

# Two years of working days: what is older says nothing of how the clock runs now.
_HISTORY = 500
# A recorder that did one of these after it was connected wrote that line at an earlier docking.
_IN_USE = frozenset({LogKind.RECORD_START, LogKind.RECORD_STOP, LogKind.POWER_OFF})

# What tells one card from another without reading it.
_CARD = ("filesystem", "label", "capacity_bytes")

BY_PROTOCOL = "protocol"

_Told = tuple[Measurement, datetime]


@dataclass(frozen=True, slots=True)
class Docked:
    """A recorder in its bay. `began` is when its docking did, `origin` tells when it was connected and what was said
    there before it became a disk, `volume` is what identifies its card.
    """

    match: Match
    planned: tuple[Planned, ...]
    session: str
    began: datetime
    origin: Origin
    volume: Mapping[str, object]

    @property
    def said(self) -> Talked | None:
        """What was said to this recorder; None, too, when it was another one that was spoken to."""
        talked = self.origin.talked
        return talked if talked is not None and talked.is_of(self.match.recorder) else None

    @property
    def set_at(self) -> datetime | None:
        """When its clock was set on the way to becoming a disk."""
        return self.said.set_at if self.said is not None else None


@dataclass(frozen=True, slots=True)
class Observed:
    """What a docking learned of a clock: `events` follow session-opened, `notes` are for people, `timing` tells when
    each recording was made. `reading` is None where nothing was measured, `setting` where nothing was set by protocol,
    `talked` where nothing was said.
    """

    timing: Timing
    reading: ClockMeasured | None = None
    setting: ClockSet | None = None
    talked: Talked | None = None
    events: tuple[Event, ...] = ()
    notes: tuple[Note, ...] = ()


def unobserved(found: Match, began: datetime) -> Observed:
    """Of a source that has no clock: a drop folder's files come from many."""
    return Observed(Timing(found.family.zone, began, defaults=found.family.clock.defaults))


def observe(station: Station, docked: Docked, logs: Sequence[tuple[str, LogReading]]) -> Observed:
    """Measure the clock of a recorder, see whether its last setting took, and frame its recordings.

    `logs` are the recorder's own, newest first. Raises CatalogFault.
    """
    found, session = docked.match, docked.session
    readings = clock_readings_of(station.catalog, found.recorder, _HISTORY)
    settings = clock_settings_of(station.catalog, found.recorder, _HISTORY)
    told = _told(docked, logs, {reading.recorder_at for reading in readings}, station.clock_synced())
    after = told[0] if told else None
    history = [measurement_of(reading) for reading in readings]
    known = drift(history, obeyed(settings))
    events: list[Event] = []
    notes: list[Note] = []
    if docked.origin.talked is not None and docked.said is None:
        notes.append(Note("another-was-talked-to", found.recorder, docked.origin.talked.serial or ""))
    reading = None
    if told is not None:
        reading = _event(session, found.recorder, *told)
        events.append(reading)
    setting_now = _setting(docked)
    events += [setting_now] if setting_now is not None else []
    settings, judged = _judge_settings(settings, found, history, after, known)
    for setting in judged:
        events.append(ClockSettingJudged(session, found.recorder, setting.session, str(setting.took)))
        if setting.took == Took.NO and not found.clock_orders_left:
            notes.append(Note("clock-did-not-take", found.recorder, setting.told))
    timing = Timing(
        found.family.zone,
        docked.began,
        before=_before(history, settings),
        after=after,
        known=known,
        last_cleared=_last_cleared(station, docked),
        defaults=found.family.clock.defaults,
        backwards=jumping_back(docked.planned),
    )
    return Observed(timing, reading, setting_now, docked.said, tuple(events), tuple(notes))


def timing_of(station: Station, clip: Clip) -> Timing:
    """What is known by now of the clock with which a clip was made. Raises CatalogFault."""
    session = station.catalog.find_session(clip.session)
    families = {family.name: family for family in station.families}
    family = families.get(session.family)
    readings = clock_readings_of(station.catalog, clip.recorder)
    own = [one for one in readings if one.session == clip.session]
    # A session's own recordings are older than its setting, also where that came before the session was opened.
    before = [one for one in clock_settings_of(station.catalog, clip.recorder) if one.session != clip.session]
    settings = [one for one in before if one.set_at < session.opened_at]
    history = [measurement_of(one) for one in readings if one.measured_at < session.opened_at and one not in own]
    return Timing(
        family.zone if family else station.zone,
        clip.ingested_at,
        before=_before(history, settings),
        after=measurement_of(own[0]) if own else None,
        known=drift(history, obeyed(settings)),
        defaults=family.clock.defaults if family else (),
    )


def measurement_of(reading: ClockReading) -> Measurement:
    """A reading of the catalogue as arithmetic takes it."""
    method = Method(reading.method)
    return Measurement(reading.measured_at, reading.offset_ms, reading.uncertainty_ms, method, reading.synced)


def obeyed(settings: Sequence[ClockSetting]) -> list[datetime]:
    """When a clock was set, or may have been."""
    return [setting.set_at for setting in settings if setting.took != Took.NO]


# ------------------------------------------------------------------------------------------------------ measuring


def _told(
    docked: Docked, logs: Sequence[tuple[str, LogReading]], measured_before: set[str], synced: bool | None
) -> _Told | None:
    """By the best of the family's methods that has anything to say."""
    zone, plugged_at = docked.match.family.zone, docked.origin.plugged_at
    began = docked.set_at or docked.began
    for method in docked.match.family.clock.measure:
        if method is ClockMethod.LOG_LINE and docked.set_at is None:
            line = _connected(logs, measured_before)
            if line is not None and plugged_at is not None:
                return measured(Method.LOG_LINE, plugged_at, _moment(line, zone, plugged_at), synced=synced), line
            if line is not None:
                return measured(Method.NEWEST_FILE, began, _moment(line, zone, began), synced=synced), line
        elif method is ClockMethod.NEWEST_FILE:
            newest = _newest(docked.match, docked.planned)
            if newest is not None:
                return measured(Method.NEWEST_FILE, began, _moment(newest, zone, began), synced=synced), newest
        # No protocol that is known tells the time, and nothing that is a disk writes a file.
    return None


def _connected(logs: Sequence[tuple[str, LogReading]], measured_before: set[str]) -> datetime | None:
    """The line of this docking in the newest log that has one: not one that was measured at an earlier docking, nor one
    after which the recorder was in use.
    """
    for _path, log in logs:
        for event in reversed(log.events):
            if event.kind in _IN_USE:
                break
            if event.kind is LogKind.CONNECTED and event.at is not None:
                if event.at in measured_before:
                    break
                return datetime.fromisoformat(event.at)
    return None


def _newest(found: Match, planned: Sequence[Planned]) -> datetime | None:
    """The latest time that a name claims and that can be true; where names claim none, the latest of a recording's last
    change on a card that counts in wall-clock time.
    """
    claims = [p.taken.claimed_at for p in planned if p.taken and p.taken.claimed_at and not p.taken.time_doubt]
    if claims:
        return datetime.fromisoformat(max(claims))
    if not found.wall_clock:
        return None
    written = [p.listed.mtime_ns for p in planned if p.taken and p.taken.kind in MEDIA and p.listed.mtime_ns > 0]
    if not written:
        return None
    newest = datetime.fromtimestamp(max(written) // 10**9, UTC)
    # Nobody knows whether the mount took it for UTC or for local time: the earlier is true by either.
    return min(newest.replace(tzinfo=None), newest.astimezone(found.family.zone).replace(tzinfo=None))


def _moment(local: datetime, zone: ZoneInfo, near: datetime) -> datetime:
    """A wall clock's time; of an hour that the zone had twice, the one nearer to the station's time."""
    return min(moments_of(local, zone), key=lambda moment: abs(moment - near))


def _event(session: str, recorder: str, measurement: Measurement, recorder_at: datetime) -> ClockMeasured:
    return ClockMeasured(
        session=session,
        recorder=recorder,
        measured_at=time_text(measurement.at),
        recorder_at=recorder_at.isoformat(timespec="seconds"),
        offset_ms=measurement.offset_ms,
        uncertainty_ms=measurement.uncertainty_ms,
        method=measurement.method.value,
        synced=measurement.synced,
    )


# ------------------------------------------------------------------------------------------------ setting and framing


def _setting(docked: Docked) -> ClockSet | None:
    """The clock's setting on the way to becoming a disk, as this docking puts it on record."""
    talked = docked.said
    if talked is None or talked.set_at is None or talked.told is None:
        return None
    return ClockSet(docked.session, docked.match.recorder, time_text(talked.set_at), BY_PROTOCOL, talked.told)


def _judge_settings(
    settings: Sequence[ClockSetting],
    found: Match,
    history: Sequence[Measurement],
    after: Measurement | None,
    known: Drift | None,
) -> tuple[list[ClockSetting], list[ClockSetting]]:
    """All settings with the verdict on those that had none, and these alone."""
    left = {name.lower() for name in found.clock_orders_left}
    every, new = [], []
    for setting in settings:
        if setting.took is None:
            before = [m for m in history if m.at <= setting.set_at and not m.one_sided]
            there = None if setting.by_file is None else setting.by_file.lower() in left
            said = took(setting.set_at, after, before=before[-1] if before else None, file_there=there, known=known)
            setting = replace(setting, took=said.value)
            new.append(setting)
        every.append(setting)
    return every, new


def _before(history: Sequence[Measurement], settings: Sequence[ClockSetting]) -> Measurement | None:
    """The last measurement of the clock as it ran since: none from before a setting that took or may have, for a file
    is obeyed some time after it was written, and from then on nothing is known but what comes after.
    """
    set_at = max(obeyed(settings), default=None)
    usable = [m for m in history if set_at is None or m.at > set_at]
    best = [m for m in usable if not m.one_sided] or usable
    return best[-1] if best else None


def _last_cleared(station: Station, docked: Docked) -> datetime | None:
    """When this card was last seen to be emptied; a recorder's other card has its own history."""
    session = last_clearing(station.catalog, docked.match.recorder)
    if session is None or any(session.volume.get(name) != docked.volume.get(name) for name in _CARD):
        return None
    return session.sealed_at
