"""Clips, facts and logs become what gaps are found in; and a gap keeps its id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.model import Clip, EntryRow, Fact
from catalog.watching.gaps import Gap, Kind
from catalog.watching.packets import Jump
from dockd.gaps.finding import gap_id
from dockd.gaps.segments import Correction, lines_of, present, segment_of
from dockd.recorders import load_families
from dockd.recorders.logs import LogEvent, LogKind, LogReading

ZONE = ZoneInfo("Asia/Shanghai")
(DCIM,) = (family for family in load_families() if family.name == "dcim")
T0 = datetime(2026, 11, 20, 0, 15, tzinfo=UTC)


def clip(**changed: object) -> Clip:
    made = Clip(
        id="c1", station="st", session="s1", seq=1, recorder="X1", department="d", officer=None,
        path="DCIM/100MEDIA/MOVI0007.MP4", path_hex=None, name="MOVI0007.MP4", kind="video", size_bytes=9,
        digests={"b3": "b3:0"}, fingerprint="b3:1", vault_path="v", claimed_at="2026-11-20T08:16:00",
        # The recorder is a minute ahead.
        recorded_at=T0, time_source="name", key_mark=False, read_back="direct", same_name_as=None, ingested_at=T0,
        sort_at=T0, duration_ms=60_000, facts_state="read", clip_class="unclassified", doubt=None,
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def facts(**values: object) -> dict[str, Fact]:
    units = {"created": "unzoned", "modified": "unzoned"}
    return {name: Fact("c1", name, value, units.get(name, ""), "test") for name, value in values.items()}


def test_a_clip_with_its_facts_is_a_segment() -> None:
    said = facts(indexed="no", encoders=["AMBA"], edit_lists=2, time_jumps=[["0", "video", "4000", "-3000"]])
    segment = segment_of(clip(), said, DCIM, ZONE)
    assert (segment.start, segment.end, segment.sequence) == (T0, T0 + timedelta(minutes=1), 7)
    assert (segment.indexed, segment.encoders, segment.edit_lists) == (False, ("AMBA",), 2)
    assert segment.jumps == (Jump(0, "video", 4000, -3000),)


def test_of_what_nobody_read_nothing_is_said() -> None:
    segment = segment_of(clip(duration_ms=None), {}, None, ZONE)
    assert (segment.end, segment.sequence, segment.indexed, segment.made_at) == (None, None, None, None)


def test_a_photo_is_a_moment_and_its_program_is_no_encoder() -> None:
    segment = segment_of(clip(kind="photo", duration_ms=None), facts(encoders=["Photo 1.0"]), DCIM, ZONE)
    assert segment.is_photo and segment.encoders == ()


def test_a_doubtful_time_is_none_and_a_settled_one_as_fine_as_its_limits() -> None:
    assert segment_of(clip(time_doubt="ahead-of-station"), {}, DCIM, ZONE).start is None
    settled = clip(time_source="settled", recorded_earliest=T0, recorded_latest=T0 + timedelta(minutes=2))
    assert segment_of(settled, {}, DCIM, ZONE).resolution_ms == 120_000


@pytest.mark.parametrize(
    ("said", "newer", "made_at"),
    [
        # Local or UTC, nobody knows: the earlier. And a minute ahead like the recorder's clock.
        ({"created": "2026-11-20T08:16:00"}, None, T0),
        ({"created": "2026-11-20T08:16:00", "modified": "2026-11-22T08:16:00"}, None, T0 + timedelta(days=2)),
        ({"created": "2026-11-20T08:16:00Z"}, None, T0 + timedelta(hours=8)),
        ({"created": "2026-11-20"}, None, None),
        ({}, datetime(2026, 11, 23, 8, 16, tzinfo=UTC), T0 + timedelta(days=3)),
    ],
)
def test_when_a_file_was_made_is_told_by_the_recorders_corrected_clock(
    said: dict[str, str], newer: datetime | None, made_at: datetime | None
) -> None:
    assert segment_of(clip(), facts(**said), DCIM, ZONE, newer).made_at == made_at


def test_a_clock_that_ran_ahead_proves_no_later_making() -> None:
    said = facts(created="2031-01-01T00:00:00")
    assert segment_of(clip(time_doubt="ahead-of-station"), said, DCIM, ZONE).made_at is None
    assert segment_of(clip(recorded_at=None), said, DCIM, ZONE).made_at is None


def entry(path: str, **changed: object) -> EntryRow:
    made = EntryRow("s1", 9, path, None, 5, "failed", "unreadable", None, None, None, None, False)
    return replace(made, **changed)  # type: ignore[arg-type]


def test_what_lay_there_and_is_no_clip_keeps_its_number() -> None:
    correct = Correction([clip()], ZONE)
    there = present(entry("DCIM/100MEDIA/MOVI0009.MP4"), "X1", DCIM, correct, None)
    assert there is not None and (there.clip, there.sequence, there.start) == ("entry:9", 9, None)
    timed = present(entry("DCIM/VID_20261120_081700.mp4"), "X1", DCIM, correct, T0)
    assert timed is not None and timed.start == T0 + timedelta(minutes=1)
    assert present(entry("DCIM/notes.txt"), "X1", DCIM, correct, T0) is None
    assert present(entry("DCIM/holiday film.mp4"), "X1", DCIM, correct, None) is None
    newer = present(entry("DCIM/holiday film.mp4"), "X1", DCIM, correct, T0 + timedelta(days=1))
    assert newer is not None and newer.made_at == T0 + timedelta(hours=16)


def test_lines_of_a_log_are_corrected_as_the_recording_nearest_to_them() -> None:
    later = clip(claimed_at="2026-11-20T12:00:00", recorded_at=T0 + timedelta(hours=3, minutes=40))
    correct = Correction([clip(), later, clip(claimed_at=None), clip(recorded_at=None)], ZONE)
    assert correct(datetime(2026, 11, 20, 8, 17)) == T0 + timedelta(minutes=1)
    # The clock had been set between them.
    assert correct(datetime(2026, 11, 20, 12, 1)) == T0 + timedelta(hours=3, minutes=41)
    assert Correction([], ZONE, offset_ms=60_000)(datetime(2026, 11, 20, 8, 17)) == T0 + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "value", "gap_kind"),
    [
        (LogKind.RECORD_START, None, "record-start"),
        (LogKind.BATTERY, 0, "battery-empty"),
        (LogKind.BATTERY, "empty", "battery-empty"),
        (LogKind.BATTERY, 40, None),
        (LogKind.BATTERY, None, None),
        (LogKind.STORAGE, "full", "card-full"),
        (LogKind.STORAGE, 0, "card-full"),
        (LogKind.STORAGE, 812, None),
        (LogKind.CARD_ERROR, None, "card-error"),
        (LogKind.KEY, None, None),
        (LogKind.UNKNOWN, "text", None),
    ],
)
def test_battery_and_storage_speak_of_gaps_when_nothing_is_left(
    kind: LogKind, value: str | int | None, gap_kind: str | None
) -> None:
    events = (LogEvent("2026-11-20T08:17:00", kind, value, 3), LogEvent(None, kind, value, 4))
    lines = lines_of("a.log", LogReading(events, 4, "utf-8", None, False), Correction([], ZONE))
    assert [(line.kind, line.line_no) for line in lines] == ([(gap_kind, 3)] if gap_kind else [])


def gap(kind: Kind, *evidence: str, **changed: object) -> Gap:
    made = Gap(kind, "X1", "c1", "c2", T0, T0, 5, 1, evidence)
    return replace(made, **changed)  # type: ignore[arg-type]


def test_a_gap_keeps_its_id_when_times_are_settled_and_what_follows_comes_late() -> None:
    missing = gap(Kind.MISSING_SEQUENCE, "missing=3", "files=1")
    assert gap_id("st", replace(missing, start=None, length_ms=None)) == gap_id("st", missing)
    assert gap_id("st", replace(missing, evidence=(*missing.evidence, "logged-start=x"))) == gap_id("st", missing)
    dead = gap(Kind.UNEXPECTED_END, "index=none", after_clip=None)
    assert gap_id("st", replace(dead, after_clip="c9")) == gap_id("st", dead)
    logged = gap(Kind.NO_CLIP, "logged-start=x", "logged-at=y")
    assert gap_id("st", replace(logged, before_clip=None, evidence=("logged-start=z", "logged-at=y"))) == gap_id(
        "st", logged
    )


def test_two_gaps_have_two_ids() -> None:
    different = [
        gap(Kind.MISSING_SEQUENCE, "missing=3"),
        gap(Kind.MISSING_SEQUENCE, "missing=3-4"),
        gap(Kind.OVERLAP, "overlap-ms=9"),
        gap(Kind.OVERLAP, "overlap-ms=9", after_clip="c3"),
        gap(Kind.TIME_JUMP, "stream=0", "at-ms=9", "jump-ms=5"),
        gap(Kind.TIME_JUMP, "stream=0", "at-ms=8", "jump-ms=5"),
        gap(Kind.EDITED, "encoder=x"),
        gap(Kind.EDITED, "made-at=x", "file=a.mp4", before_clip=None),
        gap(Kind.EDITED, "made-at=x", "file=b.mp4", before_clip=None),
    ]
    assert len({gap_id("st", one) for one in different}) == len(different)
    assert gap_id("st", different[0]) != gap_id("another", different[0])
