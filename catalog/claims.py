"""Positions and times as recorders write them → plain text; what cannot be one is refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

Item = TypeVar("Item")

# 0.0000001 degree is 11 mm; the digits after it are rounding of a division, not something the recorder said.
_STEP = Decimal("0.0000001")
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)

# ISO 6709:2008 annex H: signed latitude and longitude, degrees with 2 and 3 digits, minutes and seconds joined on.
_ISO6709 = re.compile(r"([+-])(\d{1,6})(\.\d{1,15})?([+-])(\d{1,7})(\.\d{1,15})?(?![\d.])", re.ASCII)

# One line a second in a subtitle track: `$G:2026-11-20 08:15:30-N39.71-E118.12` (Ambarella A9 and its kin).
_TRACK_LINE = re.compile(
    r"\$G:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)-([NS])(\d{1,3}(?:\.\d{1,15})?)-([EW])(\d{1,3}(?:\.\d{1,15})?)(?![\d.])",
    re.ASCII,
)

_TIME = re.compile(
    r"(\d{4})[:-](\d\d)[:-](\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(\.\d{1,9})?\s?(Z|[+-]\d\d:?\d\d)?(?: DST)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Point:
    """Latitude (north positive) and longitude (east positive): decimal degrees, at most 7 digits after the point."""

    lat: str
    lon: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What stood where a position or a time should be is none."""

    reason: str


@dataclass(frozen=True, slots=True)
class Track:
    """Positions in the order they were written: (time as the recorder wrote it, ISO 8601 without zone; where)."""

    points: tuple[tuple[str, Point], ...]
    refused: tuple[Refused, ...]


def decimal(text: str) -> Decimal | None:
    """The number that `text` is, if it is a plain finite one."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def point(lat_text: str, lon_text: str) -> Point | Refused:
    """The position that two signed numbers of degrees stand for. 0,0 is how receivers write "no fix"."""
    lat, lon = decimal(lat_text), decimal(lon_text)
    if lat is None or lon is None:
        return Refused(f"position is no number: {lat_text},{lon_text}")
    if abs(lat) > 90 or abs(lon) > 180:
        return Refused(f"position out of range: {lat_text},{lon_text}")
    if lat == 0 and lon == 0:
        return Refused("position 0,0")
    return Point(_degrees(lat), _degrees(lon))


def iso6709(text: str) -> Point | Refused:
    """The position that begins a text such as `+32.0929+034.8620+028.516/` or `-334512.5+1511234.5/`."""
    found = _ISO6709.match(text)
    if found is None:
        return Refused(f"position not in ISO 6709: {text[:60]}")
    lat = _sexagesimal(found[1], found[2], found[3] or "", degree_digits=2)
    lon = _sexagesimal(found[4], found[5], found[6] or "", degree_digits=3)
    if lat is None or lon is None:
        return Refused(f"position not in ISO 6709: {text[:60]}")
    return point(lat, lon)


def track(text: str) -> Track:
    """All positions of a subtitle text; lines that are something else are none of ours."""
    points: list[tuple[str, Point]] = []
    refused: list[Refused] = []
    for time, north_south, lat, east_west, lon in _TRACK_LINE.findall(text):
        try:
            at = datetime.strptime(time, "%Y-%m-%d %H:%M:%S").isoformat()
        except ValueError:
            refused.append(Refused(f"impossible time: {time}"))
            continue
        where = point(("-" if north_south == "S" else "") + lat, ("-" if east_west == "W" else "") + lon)
        if isinstance(where, Refused):
            refused.append(where)
        else:
            points.append((at, where))
    return Track(tuple(points), tuple(refused))


def claimed_time(text: str) -> tuple[str, str] | Refused | None:
    """ISO 8601 and unit ("utc", "local", "unzoned") of a date that a file claims; None when it claims none.

    A summer-time mark behind an offset (AVCHD) is passed over: the offset is taken as exiftool takes it.
    Unset is written 0000:00:00, blanks, or as the epoch of QuickTime (ISO 14496-12 8.2.2: seconds since 1904-01-01).
    """
    text = text.strip()
    if not re.search("[1-9]", text) or re.match("1904.01.01", text):
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        return Refused(f"impossible date: {text[:40]}")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime(*(int(part or 0) for part in (year, month, day, hour, minute, second)))  # type: ignore[arg-type]
    except ValueError:
        return Refused(f"impossible date: {text[:40]}")
    if hour is None:
        return at.date().isoformat(), "unzoned"
    fraction = (fraction or "").rstrip("0").rstrip(".")
    if zone is None:
        return at.isoformat() + fraction, "unzoned"
    if zone == "Z":
        return at.isoformat() + fraction + "Z", "utc"
    if int(zone[1:3]) > 14 or int(zone[-2:]) > 59:
        return Refused(f"impossible date: {text[:40]}")
    return f"{at.isoformat()}{fraction}{zone[:3]}:{zone[-2:]}", "local"


def thinned(items: Sequence[Item], at_most: int) -> list[Item]:
    """At most so many items (2 or more), evenly spread, the first and the last among them."""
    if len(items) <= at_most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (at_most - 1))] for i in range(at_most)]


def _degrees(value: Decimal) -> str:
    text = format(value.quantize(_STEP), "f").rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _sexagesimal(sign: str, digits: str, fraction: str, *, degree_digits: int) -> str | None:
    """Signed degrees, degrees and minutes, or degrees, minutes and seconds (told by the number of digits)."""
    if len(digits) <= degree_digits:
        return f"{sign}{digits}{fraction}"
    head, rest = digits[:degree_digits], digits[degree_digits:]
    if len(rest) == 2:
        minutes = Decimal(rest + fraction)
        seconds = Decimal(0)
    elif len(rest) == 4:
        minutes, seconds = Decimal(rest[:2]), Decimal(rest[2:] + fraction)
    else:
        return None
    if minutes >= 60 or seconds >= 60:
        return None
    total = Decimal(head) + minutes / 60 + seconds / 3600
    return f"{sign}{total.quantize(_STEP)}"
