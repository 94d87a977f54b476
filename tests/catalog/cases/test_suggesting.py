"""What is suggested for a case, how strongly and why; what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from catalog.cases.suggesting import Candidate, Confidence, Wanted, distance_m, suggest

BEGIN = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLACE = (39.7123, 119.1622)
WANTED = Wanted(
    department="一中队",
    officers=frozenset({"000123"}),
    begin=BEGIN,
    end=BEGIN + 60 * MINUTE,
    slack=30 * MINUTE,
    radius_m=300,
)
HIS = Candidate("c1", "X1", "000123", "一中队", BEGIN + 5 * MINUTE, BEGIN + 15 * MINUTE)
OTHERS = replace(HIS, officer="000999", department="二中队", recorder="X9")
LONG = replace(WANTED, end=BEGIN + timedelta(days=40))
LATER = replace(HIS, begin=BEGIN + 80 * MINUTE, end=BEGIN + 90 * MINUTE)
MUCH_LATER = replace(HIS, begin=BEGIN + timedelta(days=2), end=BEGIN + timedelta(days=2, minutes=5))
UNKNOWN = replace(HIS, begin=None, end=None)
LINKED = replace(HIS, clip="c0", officer="000777", begin=BEGIN - 20 * MINUTE, end=BEGIN - 5 * MINUTE)


def _there(candidate: Candidate) -> Candidate:
    return replace(candidate, points=((39.7130, 119.1625),))


@pytest.mark.parametrize(
    ("wanted", "candidate", "confidence", "reasons"),
    [
        (WANTED, HIS, "strong", ["officer 000123", "in-window"]),
        (WANTED, LATER, "likely", ["officer 000123", "in-slack 20 min"]),
        (LONG, HIS, "possible", ["officer 000123", "in-window"]),
        (replace(LONG, place=PLACE), _there(HIS), "strong", ["officer 000123", "in-window", "near 82 m"]),
        (replace(WANTED, place=PLACE), _there(OTHERS), "likely", ["in-window", "near 82 m"]),
        (WANTED, replace(OTHERS, department="一中队"), "possible", ["department 一中队", "in-window"]),
        (WANTED, UNKNOWN, "possible", ["officer 000123", "time-unknown"]),
        (replace(WANTED, linked=(LINKED,)), replace(HIS, officer=None, department="-"), "strong",
         ["in-window", "next-to c0"]),
        (replace(WANTED, begin=BEGIN - timedelta(days=9), end=BEGIN - timedelta(days=8), linked=(LINKED,)),
         replace(HIS, officer=None, department="-"), "likely", ["next-to c0"]),
        (replace(WANTED, linked=(_there(replace(LINKED, recorder="X5")),)), _there(OTHERS), "likely",
         ["in-window", "near 0 m"]),
        # A clock that is a day off is so for both.
        (replace(WANTED, linked=(LINKED,)), replace(HIS, begin=BEGIN - timedelta(days=1), end=BEGIN + timedelta(days=1),
         likely=(LATER.begin, LATER.end)), "strong", ["officer 000123", "in-window"]),
        (WANTED, replace(HIS, other_cases=("B-2",)), "likely", ["officer 000123", "in-window", "other-case B-2"]),
        (LONG, replace(HIS, other_cases=("B-2",)), "possible", ["officer 000123", "in-window", "other-case B-2"]),
    ],
)  # fmt: skip
def test_what_speaks_for_a_recording_is_told_and_weighed(
    wanted: Wanted, candidate: Candidate, confidence: str, reasons: list[str]
) -> None:
    (found,) = suggest(wanted, [candidate])
    assert (found.confidence, [str(one) for one in found.reasons]) == (confidence, reasons)


@pytest.mark.parametrize(
    ("wanted", "candidate"),
    [
        (WANTED, OTHERS),
        (WANTED, MUCH_LATER),
        (WANTED, replace(LATER, officer="000999")),
        (LONG, replace(OTHERS, department="一中队")),
        (WANTED, replace(UNKNOWN, officer=None)),
        (replace(WANTED, place=(40.0, 119.0)), _there(OTHERS)),
        (replace(WANTED, linked=(HIS,)), HIS),
    ],
)
def test_one_sign_alone_is_no_suggestion(wanted: Wanted, candidate: Candidate) -> None:
    assert suggest(wanted, [candidate]) == []


def test_the_surest_come_first_and_equals_in_their_order() -> None:
    also = replace(HIS, clip="c2")
    found = suggest(WANTED, [replace(LATER, clip="late"), HIS, also])
    assert [(one.clip, one.confidence) for one in found] == [
        ("c1", Confidence.STRONG), ("c2", Confidence.STRONG), ("late", Confidence.LIKELY),
    ]  # fmt: skip


def test_distances_are_those_of_the_earth() -> None:
    # One degree of a meridian is 111.2 km on a sphere of this radius.
    assert distance_m((39.0, 119.0), (40.0, 119.0)) == pytest.approx(111_195, abs=5)
    assert distance_m((0.0, 179.5), (0.0, -179.5)) == pytest.approx(111_195, abs=5)
    assert distance_m(PLACE, PLACE) == 0
