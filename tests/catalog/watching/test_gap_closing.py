"""Files that were missing and come later: by number and by time, never by number alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.watching.gap_closing import Delivery, delivered, missing_ranges, without
from catalog.watching.gaps import Segment
from catalog.watching.model import GapRow

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def gap(*evidence: str, came: tuple[int, ...] = (), timed: bool = True) -> GapRow:
    """Numbers that are missing between 09:00 and 09:10."""
    return GapRow(
        id="g1", station="st", found_in="s1", recorder="A7", kind="missing-sequence", before_clip="c1",
        after_clip="c9", start_at=AT if timed else None, end_at=AT + 10 * MINUTE if timed else None, length_ms=None,
        uncertainty_ms=2_000, evidence=list(evidence), found_at=AT, state="open", explainers=[], explained_by=None,
        explained_at=None, clip_of_words=None, at_ms=None, text=None, attachment=None, attachment_digest=None,
        reviewed_by=None, reviewed_at=None, review_note=None,
        delivered=[{"number": one, "clip": f"old{one}"} for one in came],
    )  # fmt: skip


def segment(number: int | None, minutes: float | None, clip: str = "late") -> Segment:
    start = None if minutes is None else AT + minutes * MINUTE
    return Segment(clip, "A7", "x.mp4", start, None, sequence=number)


def test_a_file_of_the_missing_number_and_time_closes_the_gap() -> None:
    assert delivered([gap("missing=3", "files=1")], [segment(3, 5)]) == [Delivery("g1", ((3, "late"),), True)]


@pytest.mark.parametrize("minutes", [-1, 11, 60 * 24, None])
def test_the_same_number_at_another_time_is_another_file(minutes: float | None) -> None:
    assert delivered([gap("missing=3")], [segment(3, minutes)]) == []


def test_where_the_gap_has_no_time_nobody_can_say() -> None:
    assert delivered([gap("missing=3", timed=False)], [segment(3, 5)]) == []


def test_names_have_whole_seconds_so_the_edges_are_not_sharp() -> None:
    assert delivered([gap("missing=3")], [segment(3, -2 / 60)])
    assert delivered([gap("missing=3")], [segment(3, 10 + 2 / 60)])


def test_what_came_before_counts_and_what_came_twice_does_not() -> None:
    part = gap("missing=3-5", came=(4,))
    assert delivered([part], [segment(4, 5)]) == []
    assert delivered([part], [segment(5, 5), segment(5, 6, "again")]) == [Delivery("g1", ((5, "late"),), False)]
    assert delivered([part], [segment(5, 5, "b"), segment(3, 4, "a"), segment(None, 4)]) == [
        Delivery("g1", ((3, "a"), (5, "b")), True)
    ]


def test_only_evidence_of_numbers_names_numbers() -> None:
    assert missing_ranges(["missing=3", "files=1", "missing=7-9", "missing=x", "log=ran-on"]) == ((3, 3), (7, 9))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=5), st.sets(st.integers(0, 70)))
def test_what_is_left_is_what_was_asked_for_without_what_is_there(
    asked: list[tuple[int, int]], numbers: set[int]
) -> None:
    ranges = [(first, first + more) for first, more in asked]
    left = {number for a, b in without(ranges, numbers) for number in range(a, b + 1)}
    assert left == {number for a, b in ranges for number in range(a, b + 1)} - numbers
