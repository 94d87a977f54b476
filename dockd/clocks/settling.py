"""A person settles when a recording was made: what he says, its limits, and what cannot be. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.model import Clip
from catalog.watching.events import ClipTimeSettled
from catalog.watching.recorded import NOT_BEFORE, moments_of

from .clip_times import time_text

_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settled:
    """A clip and when it was made, UTC."""

    clip: Clip
    earliest: datetime
    likely: datetime
    latest: datetime

    def event(self, reason: str) -> ClipTimeSettled:
        """The custody entry for it."""
        return ClipTimeSettled(
            self.clip.id, time_text(self.earliest), time_text(self.likely), time_text(self.latest), reason
        )


@dataclass(frozen=True, slots=True)
class NotSo:
    """It cannot have been then: `why` is "after-first-seen", "before-2012" or "no-claim" (nothing that a shift could
    be counted from); `limit` is what it stands against.
    """

    clip: Clip
    why: str
    limit: datetime | None = None


def span(text: str) -> timedelta | None:
    """A length of time such as `10m`, `1d4h`, `90s`; None when it is none."""
    found = _SPAN.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def shift(text: str) -> timedelta | None:
    """A span with its sign: `+3650d4h` is what is added to a claimed time; None when it is none."""
    size = span(text[1:]) if text[:1] in ("+", "-") else None
    return None if size is None else -size if text[0] == "-" else size


def at(clip: Clip, local: datetime, zone: ZoneInfo, within: timedelta) -> Settled | NotSo:
    """The clip was made at this wall-clock time, give or take `within`. Its latest is never after it was first seen.

    Of an hour that the zone had twice the later one: no period ends too early by it.
    """
    try:
        _, likely = moments_of(local, zone)
        earliest, latest = likely - within, min(likely + within, clip.ingested_at)
    except OverflowError:
        return NotSo(clip, "before-2012" if local.year < NOT_BEFORE.year else "after-first-seen", None)
    if likely > clip.ingested_at:
        return NotSo(clip, "after-first-seen", clip.ingested_at)
    if earliest < NOT_BEFORE:
        return NotSo(clip, "before-2012", NOT_BEFORE)
    return Settled(clip, earliest, likely, latest)


def shifted(clip: Clip, by: timedelta, zone: ZoneInfo, within: timedelta) -> Settled | NotSo:
    """The clip's clock was wrong by this: what it claims and this together is when it was made."""
    if clip.claimed_at is None:
        return NotSo(clip, "no-claim")
    claimed = datetime.fromisoformat(clip.claimed_at)
    try:
        local = claimed + by
    except OverflowError:
        return NotSo(clip, "after-first-seen" if by > timedelta() else "before-2012")
    return at(clip, local, zone, within)
