"""When a clip was really recorded: the time it claims, put right by what is known of the clock, with honest limits.

No clock error can pull a disposal date forward: `latest_plausible` is the moment from which periods count. Where two
dockings frame a recording and agree, only a clock that left its rate and came back to it unseen could deceive it, and
by no more than the time between them; in every other case it is when the station first saw the clip.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from zoneinfo import ZoneInfo

from .clocks import BROKEN_MS_PER_DAY, DAY_MS, STANDARD_MS_PER_DAY, UNPROVEN_MS_PER_DAY, Drift, Measurement

# Names carry whole seconds, cut off: the recorder's clock stood up to so much later.
NAME_RESOLUTION_MS = 1_000
# Where clocks start that lost their power: Unix, FAT, clock chips that count years from 2000, and the 2010 of some
# recorders. A maker's own default is an argument.
RESET_DATES = (date(1970, 1, 1), date(1980, 1, 1), date(2000, 1, 1), date(2010, 1, 1))
# How long a clock may have run on from there before anybody noticed.
RESET_WINDOW = timedelta(days=400)
# Years of no zone: what a clock shows. A day before, since the default may be midnight of another zone.
_A_DAY = timedelta(days=1)
_AT_ONCE = timedelta()
_RESETS = tuple(
    (default, start - _A_DAY, start + RESET_WINDOW)
    for default in RESET_DATES
    for start in (datetime(default.year, default.month, default.day),)
)
# A maker's default lies in years in which recorders were worn: only its first days speak of a reset, and only when the
# claim is this old.
DEFAULT_WINDOW = timedelta(days=31)
DEFAULT_AGE = timedelta(days=365)
# No recorder of today recorded before this.
NOT_BEFORE = datetime(2012, 1, 1, tzinfo=UTC)
# Recordings may begin before the one with the lower number by as much as a recorder pre-records.
BACKWARDS_TOLERANCE = timedelta(minutes=2)


class Basis(StrEnum):
    """What a corrected time rests on."""

    BOTH = "both"  # measured at the dockings before and after it
    ONE = "one"  # measured at one docking, or not between the two
    BOUND = "bound"  # only the newest file is known
    NONE = "none"  # nothing is known: the claim as it stands
    CONTRADICTED = "contradicted"  # the measurements cannot be of a clock that ran on between them


def moments_of(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The UTC moments, earlier first, that a wall clock's time of a zone may be: one and the same but for an hour that
    the zone had twice or not at all. Raises OverflowError near the ends of the calendar.
    """
    one = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    other = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return (one, other) if one <= other else (other, one)


@dataclass(frozen=True, slots=True)
class Corrected:
    """UTC, in the station's time. `likely` is a best value, the others enclose it; None: no limit is known.

    `synced` says whether the station's clock was disciplined at every measurement used; None: unknown.
    """

    earliest: datetime | None
    likely: datetime
    latest: datetime | None
    basis: Basis
    synced: bool | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    """Two measurements with recordings between them. `broken`: no clock that ran on can have shown both."""

    before: Measurement
    after: Measurement
    broken: bool
    rate: float
    slope: float

    @classmethod
    def of(cls, before: Measurement, after: Measurement) -> _Frame:
        span_ms = (after.at - before.at).total_seconds() * 1000
        # What the uncertainty of the two allows is no drift.
        moved_ms = max(0, abs(after.offset_ms - before.offset_ms) - before.uncertainty_ms - after.uncertainty_ms)
        if span_ms <= 0 or moved_ms * DAY_MS > BROKEN_MS_PER_DAY * span_ms:
            return cls(before, after, True, 0.0, 0.0)
        slope = (after.offset_ms - before.offset_ms) / span_ms
        return cls(before, after, False, _rate(2 * moved_ms * DAY_MS / span_ms), slope)

    def correct(self, first: datetime, last: datetime, step: timedelta, synced: bool | None) -> Corrected | None:
        """By both; None when a clock that ran on between them claimed this before one or after the other."""
        before, after = self.before, self.after
        if not self.broken:
            earliest = max(_earliest(first, m, self.rate) for m in (before, after))
            latest = min(_latest(last + step, m, self.rate) for m in (before, after))
            if latest < before.at or earliest > after.at:
                return None
            if earliest <= latest:
                likely = min(max(_solve(last, before, 0, self.slope), earliest), latest)
                return Corrected(earliest, likely, latest, Basis.BOTH, synced)
        # Whatever the clock did, this is what it says by either measurement; the dockings themselves enclose it too.
        rough = [_solve(moment, m, 0, 0.0) for moment in (first, last) for m in (before, after)]
        return Corrected(
            min(before.at, *rough), min(rough, key=lambda at: abs(after.at - at)), max(after.at, *rough),
            Basis.CONTRADICTED, synced,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruler:
    """What is known of a clock while recordings were made, ready to be held against many claims (see `correct`)."""

    zone: ZoneInfo
    two_sided: tuple[Measurement, ...]
    bounds: tuple[Measurement, ...]
    frame: _Frame | None
    rate: float
    slope: float
    step: timedelta
    synced: bool | None

    @classmethod
    def of(
        cls,
        zone: ZoneInfo,
        before: Measurement | None,
        after: Measurement | None,
        *,
        known: Drift | None = None,
        resolution_ms: int = NAME_RESOLUTION_MS,
    ) -> Ruler:
        """By what was measured at the dockings before and after.

        Both are of the clock as it ran then: no setting of it lies between them. Between two dockings the offset goes
        along the straight line and may stray as far as a clock within 3 s a day (or twice its own drift, if more) can
        and still arrive; beyond one it may stray at the rate of `known`, or of an unproven clock.
        """
        used = tuple(m for m in (before, after) if m is not None)
        two_sided = tuple(m for m in used if not m.one_sided)
        return cls(
            zone,
            two_sided,
            used,
            _Frame.of(*two_sided) if len(two_sided) == 2 else None,
            UNPROVEN_MS_PER_DAY if known is None else _rate(1000 * (abs(known.s_per_day) + known.uncertainty)),
            0.0 if known is None else known.s_per_day * 1000 / DAY_MS,
            timedelta(milliseconds=resolution_ms),
            _all_synced(used),
        )

    def correct(self, claimed_local: datetime) -> Corrected:
        """When it was really `claimed_local` (no zone) on the recorder: an hour that the zone had twice or not at all
        counts as both. Raises OverflowError near the ends of the calendar.
        """
        first, last = moments_of(claimed_local, self.zone)
        if self.two_sided:
            return self._measured(first, last)
        if self.bounds:
            latest = min(_latest(last + self.step, m, self.rate) for m in self.bounds)
            return Corrected(None, min(last, latest), latest, Basis.BOUND, self.synced)
        return Corrected(None, last, None, Basis.NONE)

    def _measured(self, first: datetime, last: datetime) -> Corrected:
        near = self.two_sided[0]
        if self.frame is not None:
            framed = self.frame.correct(first, last, self.step, self.synced)
            if framed is not None:
                return framed
            near = min(self.two_sided, key=lambda m: abs(last - timedelta(milliseconds=m.offset_ms) - m.at))
        return Corrected(
            _earliest(first, near, self.rate),
            _solve(last, near, 0, self.slope),
            _latest(last + self.step, near, self.rate),
            Basis.ONE,
            self.synced,
        )


def latest_plausible(corrected: Corrected | None, first_seen: datetime) -> datetime:
    """The moment from which a period counts. `corrected` is None where the time is unknown.

    Only a time that two dockings of a synchronised station frame may lie before `first_seen`.
    """
    if corrected is None:
        return first_seen
    if corrected.basis is Basis.BOTH and corrected.synced and corrected.latest is not None:
        return corrected.latest
    return max(first_seen, corrected.latest or corrected.likely)


class Doubt(StrEnum):
    """Why a time is unknown. Stands in the custody log: never renamed."""

    NO_TIME = "no-time"
    RESET = "clock-reset"
    BEFORE_RECORDERS = "before-2012"
    AHEAD = "ahead-of-station"
    BEFORE_LAST_CLEARING = "before-last-clearing"
    BACKWARDS = "backwards"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Known:
    """The claim can be true; the interval says when that was."""

    time: Corrected


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot, or nobody should rely on it. `compared_with` is what it stands against; `hint` is what the claim
    would come to all the same, for the person who settles it.
    """

    reason: Doubt
    compared_with: datetime | None = None
    hint: Corrected | None = None


def judge(
    claimed_local: datetime | None,
    corrected: Corrected | None,
    first_seen: datetime,
    *,
    last_cleared: datetime | None = None,
    backwards: bool = False,
    maker_defaults: Sequence[date] = (),
) -> Known | Unknown:
    """Whether a claimed time can be relied on.

    `first_seen` is the docking; `last_cleared` when the recorder was last seen to be empty: nothing on it is older.
    `backwards` is what `out_of_order` says. The worst doubt is told first.
    """
    if claimed_local is None or corrected is None:
        return Unknown(Doubt.NO_TIME)
    default = _default_near(claimed_local, first_seen, maker_defaults)
    if default is not None:
        return Unknown(Doubt.RESET, datetime(default.year, default.month, default.day, tzinfo=UTC), corrected)
    if claimed_local.replace(tzinfo=UTC) < NOT_BEFORE:
        return Unknown(Doubt.BEFORE_RECORDERS, NOT_BEFORE, corrected)
    if corrected.basis is Basis.CONTRADICTED:
        return Unknown(Doubt.CONTRADICTED, None, corrected)
    if (corrected.earliest or corrected.likely) > first_seen:
        return Unknown(Doubt.AHEAD, first_seen, corrected)
    if last_cleared is not None and (corrected.latest or corrected.likely) < last_cleared:
        return Unknown(Doubt.BEFORE_LAST_CLEARING, last_cleared, corrected)
    if backwards:
        return Unknown(Doubt.BACKWARDS, None, corrected)
    return Known(corrected)


def out_of_order(claims: Sequence[datetime]) -> frozenset[int]:
    """Positions, in claims ordered by their sequence numbers, at which the clock jumped backwards.

    The longest rising run is believed; where two equally long ones contend, neither is. What comes back by less than a
    pre-record is no jump.
    """
    count = len(claims)
    ends = _longest(claims)
    begins = _longest([_mirrored(claim) for claim in reversed(claims)])[::-1]
    best = max(ends, default=0)
    on_some = [i for i in range(count) if ends[i] + begins[i] - 1 == best]
    crowd: dict[int, int] = {}
    for i in on_some:
        crowd[ends[i]] = crowd.get(ends[i], 0) + 1
    believed = {i for i in on_some if crowd[ends[i]] == 1}
    highest = list(accumulate(claims, max))
    lowest = list(accumulate(reversed(claims), min))[::-1]
    return frozenset(
        i
        for i in range(count)
        if i not in believed and max(highest[i] - claims[i], claims[i] - lowest[i]) > BACKWARDS_TOLERANCE
    )


def _rate(at_least_ms_per_day: float) -> float:
    return max(float(STANDARD_MS_PER_DAY), at_least_ms_per_day)


def _earliest(claimed: datetime, m: Measurement, rate: float) -> datetime:
    """With the greatest offset the measurement allows at that time, growing away from it at the rate."""
    return _farthest(claimed, m, m.uncertainty_ms, rate)


def _latest(claimed: datetime, m: Measurement, rate: float) -> datetime:
    return _farthest(claimed, m, -m.uncertainty_ms, -rate)


def _farthest(claimed: datetime, m: Measurement, more_ms: int, rate: float) -> datetime:
    """As `_solve`, the slope being `rate` (ms a day) on whichever side of the measurement the claim lies."""
    since = claimed - m.at - timedelta(milliseconds=m.offset_ms + more_ms)
    away = rate if since >= _AT_ONCE else -rate
    return m.at + since / (1 + away / DAY_MS)


def _solve(claimed: datetime, m: Measurement, more_ms: int, slope: float) -> datetime:
    """The true time t at which t + offset(t) is `claimed`; the offset is a line through the measurement.

    Of t - m.at = x: x + offset + slope·x = claimed - m.at.
    """
    return m.at + (claimed - m.at - timedelta(milliseconds=m.offset_ms + more_ms)) / (1 + slope)


def _all_synced(used: Iterable[Measurement]) -> bool | None:
    said = [m.synced for m in used]
    if False in said:
        return False
    return None if None in said or not said else True


def _default_near(claimed: datetime, first_seen: datetime, maker_defaults: Sequence[date]) -> date | None:
    for default, start, end in _RESETS:
        if start <= claimed < end:
            return default
    for default in maker_defaults:
        start = datetime(default.year, default.month, default.day)
        old = first_seen - claimed.replace(tzinfo=UTC) > DEFAULT_AGE
        if old and start - _A_DAY <= claimed < start + DEFAULT_WINDOW:
            return default
    return None


def _longest(claims: Sequence[datetime]) -> list[int]:
    """For each place the length of the longest run of claims, none below the one before, that ends there."""
    tails: list[datetime] = []
    lengths = []
    for claim in claims:
        place = bisect_right(tails, claim)
        tails[place : place + 1] = [claim]
        lengths.append(place + 1)
    return lengths


def _mirrored(claim: datetime) -> datetime:
    return datetime.min + (datetime.max - claim.replace(tzinfo=None))
