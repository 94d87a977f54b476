"""The plan of a change, which people see before anybody makes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from retention.changing import Archive, Weighed, plan
from retention.policy import decide
from retention.verdicts import ClipFacts
from tests.retention.telling import HELD, PACKS, recorded

QX, YX = PACKS["qianxi-baimiaozi"], PACKS["yexian-transport"]
TODAY = date(2026, 11, 21)
ARCHIVE = Archive(1000, 10**9)


def weighed(number: int, day: date, *, size: int = 1000, after: str = "shorter", held: bool = False) -> Weighed:
    """A routine clip whose pack changes from one year to three months, or back; `held` afterwards."""
    facts: ClipFacts = recorded("routine", on=day)
    long, short = decide(facts, (), YX, TODAY), decide(facts, [HELD] if held else (), QX, TODAY)
    before, now = (long, short) if after == "shorter" else (short, long)
    return Weighed(f"clip-{number:03d}", day, 60_000 if number % 2 else None, size, number % 3 == 0, before, now)


def test_it_counts_what_becomes_due_its_hours_bytes_and_lacking_second_copies() -> None:
    clips = [weighed(n, date(2026, 3, 1) + timedelta(days=n % 7)) for n in range(10)]
    found = plan(clips, ARCHIVE, refuse_above_permille=50)
    assert (found.made_due, found.size_bytes, found.duration_ms, found.unknown_duration) == (10, 10_000, 300_000, 5)
    assert found.without_second_copy == 6
    assert [one.id for one in found.oldest] == ["clip-000", "clip-007", "clip-001", "clip-008", "clip-002"]
    assert not found.refused


def test_what_stays_due_what_moves_and_what_is_saved_are_told_apart() -> None:
    clips = [
        weighed(1, date(2026, 3, 1)),
        weighed(2, date(2026, 10, 1)),
        weighed(3, date(2025, 1, 1)),
        weighed(4, date(2026, 10, 1), after="longer"),
        weighed(5, date(2026, 3, 1), after="longer"),
        weighed(6, date(2026, 10, 1), held=True),
    ]
    found = plan(clips, ARCHIVE, refuse_above_permille=50)
    assert (found.made_due, found.brought_forward, found.put_off, found.no_longer_due) == (1, 1, 2, 1)
    same = replace(clips[0], after=clips[0].before)
    assert plan([same], ARCHIVE, refuse_above_permille=50).brought_forward == 0


@pytest.mark.parametrize(("clips", "refused"), [(50, False), (51, True)])
def test_above_its_share_in_clips_it_is_refused(clips: int, refused: bool) -> None:
    due = [weighed(n, date(2026, 3, 1)) for n in range(clips)]
    assert plan(due, ARCHIVE, refuse_above_permille=50).refused is refused


@pytest.mark.parametrize(("size", "refused"), [(50_000_000, False), (50_000_001, True)])
def test_above_its_share_in_bytes_it_is_refused(size: int, refused: bool) -> None:
    assert plan([weighed(1, date(2026, 3, 1), size=size)], ARCHIVE, refuse_above_permille=50).refused is refused


def test_nothing_may_go_from_an_archive_that_nobody_counted() -> None:
    assert plan([weighed(1, date(2026, 3, 1))], Archive(0, 0), refuse_above_permille=50).refused
    assert not plan([], Archive(0, 0), refuse_above_permille=50).refused


def test_a_million_clips_are_gone_through_one_by_one() -> None:
    one = weighed(1, date(2026, 3, 1))
    seen = 0

    def stream() -> object:
        nonlocal seen
        for seen in range(1, 1001):
            yield replace(one, id=f"clip-{1000 - seen:04d}")

    found = plan(stream(), Archive(10**6, 10**9), refuse_above_permille=50)  # type: ignore[arg-type]
    assert (seen, found.made_due) == (1000, 1000)
    assert [clip.id for clip in found.oldest] == [f"clip-{n:04d}" for n in range(5)]
