"""By when recordings are to be handed in, and what came late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from retention.hand_in import Late, due_at, lateness
from retention.pack import Cite, HandIn

ZONE = ZoneInfo("Asia/Shanghai")
SAME_DAY, DAY_LONG = HandIn(None, Cite("9", "")), HandIn(24, Cite("32", ""))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+08:00")


@pytest.mark.parametrize(
    ("deadline", "ended", "due"),
    [
        (SAME_DAY, "20T17:30", "21T00:00"),
        (SAME_DAY, "20T00:00", "21T00:00"),
        # A night shift ends on its second day.
        (SAME_DAY, "21T02:00", "22T00:00"),
        (DAY_LONG, "20T17:30", "21T17:30"),
        (DAY_LONG, "20T23:59", "21T23:59"),
    ],
)
def test_what_ended_then_is_due_then(deadline: HandIn, ended: str, due: str) -> None:
    assert due_at(deadline, ZONE, at(ended)) == at(due)
    assert due_at(deadline, ZONE, at(ended)).tzinfo is UTC
    assert lateness(deadline, ZONE, at(ended), at(ended), at(due) - timedelta(seconds=1)) is None
    assert lateness(deadline, ZONE, at(ended), at(ended), at(due)) == Late(at(due), certain=True)


def test_late_by_the_likely_end_alone_is_not_certain() -> None:
    docked = at("21T09:00")
    assert lateness(SAME_DAY, ZONE, at("20T17:00"), at("21T01:00"), docked) == Late(at("21T00:00"), certain=False)
    assert lateness(SAME_DAY, ZONE, at("20T17:00"), None, docked) == Late(at("21T00:00"), certain=False)
    assert lateness(SAME_DAY, ZONE, at("21T01:00"), at("21T02:00"), docked) is None
