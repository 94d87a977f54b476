"""Time jumps inside a clip, by ffprobe's own words."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.watching.packets import FFPROBE_PACKETS, Jump, JumpFinder, distinct


def clip(path: Path, *late: str) -> Path:
    """Four seconds of picture and sound, and what is done to their packets afterwards."""
    whole, done = path.with_name("recorded.mp4"), path.with_name("done.mp4")
    sources = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=4", "-f", "lavfi", "-i", "sine=duration=4"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    subprocess.run(["ffmpeg", "-v", "error", *sources, *codecs, str(whole)], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(whole), "-c", "copy", *late, str(done)], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(done), "-c", "copy", str(path)], check=True)
    return path


def time_jumps(lines: Iterable[str], most: int | None = None) -> list[Jump]:
    finder = JumpFinder(most=most)
    for line in lines:
        finder.line(line)
    return finder.jumps


def packets(path: Path) -> list[str]:
    command = ["ffprobe", "-v", "error", *FFPROBE_PACKETS, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts"])
def test_a_clip_recorded_in_one_go_does_not_jump(tmp_path: Path, kind: str) -> None:
    assert time_jumps(packets(clip(tmp_path / f"whole.{kind}"))) == []


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts"])
def test_a_hole_in_a_clip_is_found_where_it_is(tmp_path: Path, kind: str) -> None:
    hole = "setts=ts=TS+gte(N\\,20)*3/TB"
    found = distinct(time_jumps(packets(clip(tmp_path / f"hole.{kind}", "-bsf:v", hole))))
    (jump,) = found
    assert (jump.kind, jump.length_ms) == ("video", pytest.approx(3_100, abs=150))
    assert jump.at_ms == pytest.approx(1_900, abs=150)


def packet(at: str, kind: str = "video", stream: int = 0) -> str:
    return f"packet|codec_type={kind}|stream_index={stream}|pts_time=N/A|dts_time={at}"


def test_steps_back_are_jumps_too() -> None:
    lines = [packet("10.0"), packet("10.04"), packet("4.04"), packet("4.08")]
    assert time_jumps(lines) == [Jump(0, "video", 40, -6_000)]


def test_slow_pictures_in_the_dark_and_sparse_subtitles_are_none() -> None:
    dark = [packet(f"{n / 5}") for n in range(9)]
    assert time_jumps([*dark, packet("1", "subtitle", 2), packet("60", "subtitle", 2)]) == []


def test_packets_without_a_time_and_time_nought_are_understood() -> None:
    assert time_jumps([packet("N/A"), packet("0.000000"), packet("N/A"), packet("2.0")]) == [Jump(0, "video", 0, 2000)]


def test_sound_and_picture_that_stop_together_are_one_jump() -> None:
    picture, sound = Jump(0, "video", 900, 3_000), Jump(1, "audio", 950, 3_050)
    assert distinct([sound, picture]) == [sound]
    assert distinct([picture, Jump(0, "video", 1_000, 700)]) == [picture, Jump(0, "video", 1_000, 700)]
    assert distinct([picture, Jump(1, "audio", 9_000, 700)]) == [picture, Jump(1, "audio", 9_000, 700)]


@given(st.lists(st.text(alphabet="packet|=codec_type=videostream_index0129.-eN/A\n", max_size=60), max_size=8))
def test_any_text_is_answered(lines: list[str]) -> None:
    time_jumps(lines)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_value_is_answered(stream: str, at: str) -> None:
    time_jumps([packet("0"), f"packet|codec_type=video|stream_index={stream}|dts_time={at}"])


def test_of_many_jumps_some_are_kept_and_the_others_counted() -> None:
    finder = JumpFinder(most=2)
    for at in range(0, 50, 5):
        finder.line(packet(str(at)))
    assert [jump.at_ms for jump in finder.jumps] == [0, 5_000]
    assert finder.more == 7
