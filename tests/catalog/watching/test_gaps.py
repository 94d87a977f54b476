"""Gaps between and within recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.watching.gaps import FAT_LIMIT_BYTES, Gap, Habits, Kind, Segment, find_gaps
from catalog.watching.packets import Jump

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SPLIT = Habits(split_ms=300_000, sequence_limit=9999, encoders=("AMBA",))


@dataclass(frozen=True)
class Line:
    at: datetime
    kind: str


def s(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def seg(number: int | None, start: float | None, length: float | None = 300, **more: object) -> Segment:
    begin = None if start is None else s(start)
    end = begin + timedelta(seconds=length) if begin is not None and length is not None else None
    made = Segment(f"c{number}", "R1", f"{number}.MP4", begin, end, sequence=number)
    return replace(made, **more)  # type: ignore[arg-type]


def log(*lines: tuple[float, str]) -> list[Line]:
    return [Line(s(at), kind) for at, kind in lines]


def kinds(gaps: list[Gap]) -> list[str]:
    return [gap.kind.value for gap in gaps]


NO_GAP = {
    "cut files that adjoin": ([seg(1, 0), seg(2, 300), seg(3, 600, 20)], []),
    "cut files whose names are a second off": ([seg(1, 0), seg(2, 301), seg(3, 600, 20)], []),
    "less than names can tell": ([seg(1, 0), seg(2, 302)], []),
    "two recordings of one morning": ([seg(1, 0, 120), seg(2, 4000, 60)], []),
    "a stop at the full length, said by the log": (
        [seg(1, 0), seg(2, 330)],
        log((0, "record-start"), (300, "record-stop"), (330, "record-start"), (630, "record-stop")),
    ),
    "a long pause after a full length": ([seg(1, 0), seg(2, 2000)], []),
    "FAT's limit": ([seg(1, 0, 3000, size_bytes=FAT_LIMIT_BYTES - 5), seg(2, 3000, 100)], []),
    "FAT's limit, both parts named by the beginning": (
        [seg(1, 0, 3000, size_bytes=FAT_LIMIT_BYTES - 5), seg(2, 0, 100)],
        [],
    ),
    "numbers that run over": ([seg(9998, 0, 9), seg(9999, 100, 9), seg(1, 200, 9)], []),
    "numbers that begin again": ([seg(57, 0, 9), seg(58, 100, 9), seg(1, 200, 9), seg(2, 300, 9)], []),
    "a clock set back in between": ([seg(505, 1000, 9), seg(506, 100, 9), seg(507, 200, 9)], []),
    "times unknown": ([seg(5, None), seg(6, None), seg(7, 200, 9)], log((0, "record-start"), (9, "record-stop"))),
    "photos between": ([seg(1, 0, 60), seg(2, 70, 0), seg(3, 100, 60)], []),
    "lines nobody asked for": ([seg(1, 0, 60)], log((0, "record-start"), (30, "key-press"), (60, "record-stop"))),
}


@pytest.mark.parametrize("name", NO_GAP)
def test_this_is_no_gap(name: str) -> None:
    segments, lines = NO_GAP[name]
    gaps = find_gaps("R1", segments, lines, habits=SPLIT)
    if name == "a clock set back in between":
        # It looks like a recording over another; nothing is missing.
        assert kinds(gaps) == ["overlap"]
    else:
        assert gaps == []


def test_a_pre_record_that_reaches_into_the_file_before_is_no_overlap() -> None:
    habits = replace(SPLIT, pre_record_ms=30_000)
    assert find_gaps("R1", [seg(1, 0, 100), seg(2, 75, 60)], habits=habits) == []
    assert kinds(find_gaps("R1", [seg(1, 0, 100), seg(2, 60, 60)], habits=habits)) == ["overlap"]
    # It may swallow the whole of a short last file, which then seems to come after it.
    assert find_gaps("R1", [seg(None, 300, 8), seg(None, 290, 400)], habits=habits) == []


def test_a_hole_between_cut_files_is_measured_with_its_uncertainty() -> None:
    (gap,) = find_gaps("R1", [seg(1, 0), seg(2, 317, 60)], habits=SPLIT)
    assert gap == Gap(
        Kind.BETWEEN_SEGMENTS, "R1", "c1", "c2", s(300), s(317), 17_000, 2_000, ("cut-at-ms=300000",)
    )  # fmt: skip


def test_finer_times_show_finer_holes() -> None:
    fine = [seg(1, 0, resolution_ms=1), seg(2, 300.05, 60, resolution_ms=1)]
    assert kinds(find_gaps("R1", fine, habits=SPLIT)) == ["between-segments"]
    adjoining = [seg(1, 0, resolution_ms=1), seg(2, 300.04, 60, resolution_ms=1)]
    assert find_gaps("R1", adjoining, habits=SPLIT) == []


def test_a_recording_that_the_log_says_ran_on_has_a_hole() -> None:
    lines = log((0, "record-start"), (400, "record-stop"))
    (gap,) = find_gaps("R1", [seg(None, 0, 130), seg(None, 170, 230)], lines)
    assert (gap.kind, gap.length_ms, gap.evidence) == (Kind.BETWEEN_SEGMENTS, 40_000, ("log=ran-on",))


def test_without_numbers_a_hole_of_whole_files_is_files_that_are_gone() -> None:
    (gap,) = find_gaps("R1", [seg(None, 0), seg(None, 900, 60)], habits=SPLIT)
    assert gap.evidence == ("cut-at-ms=300000", "files=2")


@pytest.mark.parametrize(
    ("numbers", "previous", "evidence"),
    [
        ([1, 2, 5], None, ("missing=3-4", "files=2")),
        ([1, 3], None, ("missing=2", "files=1")),
        ([8], 5, ("missing=6-7", "files=2")),
        ([9999, 2], None, ("missing=1", "files=1")),
        ([9997, 2], None, ("missing=9998-9999", "missing=1", "files=3")),
        ([3], 57, ("missing=1-2", "files=2")),
    ],
)
def test_missing_numbers_are_named(numbers: list[int], previous: int | None, evidence: tuple[str, ...]) -> None:
    segments = [seg(number, 1000 * (place + 1), 60) for place, number in enumerate(numbers)]
    before = None if previous is None else seg(previous, 0, 60)
    (gap,) = find_gaps("R1", segments, previous=before, habits=SPLIT)
    assert gap.kind is Kind.MISSING_SEQUENCE
    assert gap.evidence == evidence
    assert gap.length_ms == 940_000


@given(st.sets(st.integers(1, 60), min_size=1, max_size=50))
def test_exactly_the_absent_numbers_are_missing(kept: set[int]) -> None:
    segments = [seg(number, 100 * number, 50) for number in sorted(kept)]
    gaps = find_gaps("R1", segments, previous=seg(0, 0, 50))
    assert set(kinds(gaps)) <= {"missing-sequence"}
    missing: set[int] = set()
    for gap in gaps:
        for said in gap.evidence:
            name, _, span = said.partition("=")
            if name == "missing":
                first, _, last = span.partition("-")
                missing |= set(range(int(first), int(last or first) + 1))
    assert missing == set(range(1, max(kept))) - kept


@pytest.mark.parametrize(
    ("segment", "lines", "evidence"),
    [
        (seg(1, 0, None, indexed=False), [], ("index=none",)),
        (seg(1, 0, 50), log((0, "record-start"), (50, "battery-empty"), (51, "record-stop")), ("log=battery-empty",)),
        (seg(1, 0, 50), log((0, "record-start"), (49, "card-full"), (50, "record-stop")), ("log=card-full",)),
        (seg(1, 0, 50), log((0, "record-start"), (52, "card-error")), ("log=card-error",)),
        (seg(1, 0, 50), log((0, "record-start"), (51, "power-off")), ("log=power-off",)),
        (seg(1, 0, 50), log((0, "record-start"), (90, "power-on")), ("log-stop=none",)),
        (seg(1, 0, 50), log((0, "record-start"), (50, "record-stop"), (52, "power-off")), None),
        # A log that breaks off says nothing.
        (seg(1, 0, 50), log((0, "record-start")), None),
    ],
)
def test_an_end_that_no_hand_made_is_unexpected(
    segment: Segment, lines: list[Line], evidence: tuple[str, ...] | None
) -> None:
    gaps = find_gaps("R1", [segment], lines)
    assert [(gap.kind, gap.evidence) for gap in gaps] == ([(Kind.UNEXPECTED_END, evidence)] if evidence else [])


def test_an_unexpected_end_lasts_until_the_next_recording() -> None:
    lines = log((0, "record-start"), (50, "battery-empty"), (90, "power-on"), (100, "record-start"))
    gaps = find_gaps("R1", [seg(1, 0, 50), seg(2, 100, 50)], lines)
    assert (gaps[0].start, gaps[0].end, gaps[0].length_ms) == (s(50), s(100), 50_000)


def test_a_logged_recording_without_a_file_is_a_gap() -> None:
    lines = log((0, "record-start"), (50, "record-stop"), (100, "record-start"), (140, "record-stop"))
    (gap,) = find_gaps("R1", [seg(None, 0, 50)], lines)
    assert (gap.kind, gap.before_clip, gap.after_clip) == (Kind.NO_CLIP, "cNone", None)
    assert (gap.start, gap.end, gap.length_ms) == (s(100), s(140), 40_000)


def test_a_log_of_recordings_and_no_file_at_all_is_a_gap_too() -> None:
    (gap,) = find_gaps("R1", [], log((100, "record-start"), (140, "record-stop")), previous=seg(1, 0, 50))
    assert (gap.kind, gap.recorder, gap.before_clip) == (Kind.NO_CLIP, "R1", "c1")


def test_a_deleted_file_that_is_logged_too_is_one_gap() -> None:
    lines = log(*((100.0 * i + d, kind) for i in range(3) for d, kind in ((0, "record-start"), (50, "record-stop"))))
    (gap,) = find_gaps("R1", [seg(1, 0, 50), seg(3, 200, 50)], lines)
    assert gap.kind is Kind.MISSING_SEQUENCE
    assert gap.evidence == ("missing=2", "files=1", f"logged-start={s(100).isoformat()}")


def test_overlaps_jumps_and_edits_are_gaps() -> None:
    jumps = (Jump(0, "video", 9_000, 4_000), Jump(1, "audio", 9_020, 3_900), Jump(0, "video", 30_000, -2_000))
    segments = [
        seg(1, 0, 100),
        seg(2, 90, 60, jumps=jumps),
        seg(3, 500, 60, encoders=("AMBA AVC", "Lavf58.29.100"), edit_lists=2, made_at=s(99_999)),
    ]
    gaps = find_gaps("R1", segments, habits=SPLIT, first_seen=s(3000))
    assert [(g.kind, g.length_ms) for g in gaps] == [
        (Kind.OVERLAP, 10_000),
        (Kind.TIME_JUMP, 4_000),
        (Kind.TIME_JUMP, 2_000),
        (Kind.EDITED, None),
    ]
    assert gaps[1].start == s(99)
    assert gaps[3].evidence == ("encoder=Lavf58.29.100", "edit-lists=2", f"made-at={s(99_999).isoformat()}")


def test_of_a_family_whose_encoders_nobody_knows_nothing_is_edited_by_name() -> None:
    assert find_gaps("R1", [seg(1, 0, 60, encoders=("Lavf58",))]) == []


def test_files_of_two_recorders_are_not_compared() -> None:
    with pytest.raises(ValueError, match="R2"):
        find_gaps("R1", [seg(1, 0), seg(2, 300, recorder="R2")])


@given(
    st.lists(
        st.builds(
            seg,
            st.none() | st.integers(0, 30),
            st.none() | st.floats(-1e4, 1e4),
            st.none() | st.floats(0, 4000),
        ),
        max_size=8,
    ),
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.sampled_from(["record-start", "record-stop", "power-on", "x"]))),
)
def test_any_files_and_any_log_are_answered_the_same_in_any_order(
    segments: list[Segment], lines: list[tuple[float, str]]
) -> None:
    segments = [replace(one, clip=f"c{place}", name=f"{place:02d}") for place, one in enumerate(segments)]
    gaps = find_gaps("R1", segments, log(*lines), habits=SPLIT)
    assert find_gaps("R1", segments[::-1], log(*lines), habits=SPLIT) == gaps
    assert all(gap.length_ms is None or gap.length_ms >= 0 for gap in gaps)
    assert all(gap.evidence for gap in gaps)
