"""The time that a name claims, and whether it can be true."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.watching.recorded import moments_of

# Clocks that lost their battery start at 1970, 2000 or 2010; no recorder of today recorded before this.
NOT_BEFORE = datetime(2012, 1, 1, tzinfo=UTC)
# Ahead of the station by more than a wrong zone and a day: that clock was set wrongly.
AHEAD_LIMIT = timedelta(hours=48)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = re.compile("|".join(_MONTHS), re.IGNORECASE)


_DIGITS = "%Y%m%d%H%M%S"


def parse_time(text: str, forms: Iterable[str]) -> datetime | None:
    """The time by the first of the strptime `forms` that fits it, naive; None when none does.

    `%b` is the English short name of a month, whatever language the station speaks.
    """
    for form in forms:
        only_digits = form == _DIGITS and len(text) == 14 and text.isascii() and text.isdecimal()
        found = _of_digits(text) if only_digits else _by_form(text, form)
        if found is not None:
            return found
    return None


def _by_form(text: str, form: str) -> datetime | None:
    said = text
    if "%b" in form:
        said = _MONTH_NAME.sub(lambda month: f"{_MONTHS.index(month[0].lower()) + 1:02d}", text, count=1)
    try:
        return datetime.strptime(said, form.replace("%b", "%m"))
    except ValueError:
        return None


def _of_digits(text: str) -> datetime | None:
    """As strptime reads what most recorders write, four times as fast: it was a third of planning 20,000 entries."""
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    try:
        return datetime(year, month, day, int(text[8:10]), int(text[10:12]), int(text[12:]))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Claim:
    """What the recorder's clock said (`claimed_at`, local, no zone) and what that is in UTC.

    `recorded_at` is None when it cannot be true; `doubt` then says why: "no-such-time", "before-2012",
    "ahead-of-station". Texts are ISO 8601 with whole seconds; UTC ends in `Z`.
    """

    claimed_at: str | None = None
    recorded_at: str | None = None
    doubt: str | None = None


def read_claim(text: str, forms: Iterable[str], zone: ZoneInfo, station_now: datetime) -> Claim:
    """Read a name's time by the first of the strptime `forms` that fits it. `station_now` is aware."""
    claimed = parse_time(text, forms)
    return Claim(doubt="no-such-time") if claimed is None else _judge(claimed, zone, station_now)


def _judge(claimed: datetime, zone: ZoneInfo, station_now: datetime) -> Claim:
    said = claimed.isoformat(timespec="seconds")
    try:
        # An hour that the zone's clocks had twice or not at all: the later moment, so that nothing falls due too early.
        _, moment = moments_of(claimed, zone)
    except OverflowError:
        return Claim(said, None, "before-2012" if claimed.year < NOT_BEFORE.year else "ahead-of-station")
    if moment < NOT_BEFORE:
        return Claim(said, None, "before-2012")
    if moment - station_now > AHEAD_LIMIT:
        return Claim(said, None, "ahead-of-station")
    return Claim(said, moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z")
