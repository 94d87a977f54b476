"""GPS trails that lie beside recordings: Axis' `…_gpstrail.json`, whose places are WKT points. Pure.

Source: AXIS Body Worn integration API, "Location file format": CoordinateEntries with LocationWKT (`POINT(x y)`, x is
the longitude: OGC 06-103r4) and Timestamp (RFC 3339, UTC).
"""

from __future__ import annotations

import json
import re
from typing import Any

from catalog.claims import Point, Refused, Track, point

# A position a second for a day takes about 10 MB.
LIMIT_BYTES = 16 * 1024 * 1024
_POINT = re.compile(r"\s*POINT\s*\(\s*([+-]?[0-9.eE+-]{1,32})\s+([+-]?[0-9.eE+-]{1,32})\s*\)\s*", re.IGNORECASE)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z", re.ASCII)


def read_trail(data: bytes) -> Track:
    """The positions of a trail, their times in UTC with `Z`; what is none is refused with its reason. Never raises."""
    if len(data) > LIMIT_BYTES:
        return Track((), (Refused("larger than a day's trail"),))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return Track((), (Refused("no JSON"),))
    entries = document.get("CoordinateEntries") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return Track((), (Refused("no CoordinateEntries"),))
    read = [_entry(entry) for entry in entries]
    return Track(
        tuple(one for one in read if not isinstance(one, Refused)),
        tuple(one for one in read if isinstance(one, Refused)),
    )


def _entry(entry: Any) -> tuple[str, Point] | Refused:
    place = entry.get("LocationWKT") if isinstance(entry, dict) else None
    time = entry.get("Timestamp") if isinstance(entry, dict) else None
    found = _POINT.fullmatch(place) if isinstance(place, str) else None
    if found is None:
        return Refused("no WKT point")
    if not isinstance(time, str) or _TIME.fullmatch(time) is None:
        return Refused("no time in UTC")
    where = point(found[2], found[1])
    return where if isinstance(where, Refused) else (time, where)
