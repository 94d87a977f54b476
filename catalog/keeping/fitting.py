"""Which clips fit an event that a hold was placed for: who, where, when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..cases.suggesting import Point, distance_m
from ..model import Clip, utc_text

_LASTING = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its times are aware; no officers or recorders is any; `within_m` are metres around `place`."""

    since: datetime
    until: datetime
    officers: tuple[str, ...] = ()
    recorders: tuple[str, ...] = ()
    place: Point | None = None
    within_m: int = 0

    @classmethod
    def of(cls, about: dict[str, Any]) -> Event:
        """The event that a hold is about, as the custody log has it."""
        latitude, _comma, longitude = (about["place"] or "").partition(",")
        return cls(
            datetime.fromisoformat(about["since"]),
            datetime.fromisoformat(about["until"]),
            tuple(about["officers"]),
            tuple(about["recorders"]),
            (float(latitude), float(longitude)) if about["place"] else None,
            about["within_m"],
        )

    def about(self) -> dict[str, Any]:
        """The event as the custody log has it, which holds no floats."""
        return {
            "since": utc_text(self.since),
            "until": utc_text(self.until),
            "officers": list(self.officers),
            "recorders": list(self.recorders),
            "place": None if self.place is None else f"{self.place[0]},{self.place[1]}",
            "within_m": self.within_m,
        }


def fits(clip: Clip, event: Event, points: Sequence[Point]) -> bool:
    """Whether a clip may show the event; `points` are where it was recorded.

    Of a clip whose clock is doubtful every time counts that it may have been recorded at; one that says nowhere where
    it was may have been there. A clip without any known time fits nothing until somebody settles its time.
    """
    begin = clip.recorded_earliest or clip.recorded_at
    latest = clip.recorded_latest or clip.recorded_at
    if begin is None or latest is None:
        return False
    end = latest + timedelta(milliseconds=clip.duration_ms or 0)
    if clip.duration_ms is None and clip.kind in _LASTING:
        # What nobody could measure may have gone on until it was taken in.
        end = max(end, clip.ingested_at)
    if begin > event.until or end < event.since:
        return False
    named = (*event.officers, *event.recorders)
    if named and clip.officer not in event.officers and clip.recorder not in event.recorders:
        return False
    return event.place is None or not points or any(distance_m(event.place, one) <= event.within_m for one in points)
