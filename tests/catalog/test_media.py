"""exiftool and ffprobe output → facts, by tables; the answers are shaped as the tools print them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.media import (
    Fact,
    Failure,
    Reading,
    clean,
    from_exiftool,
    from_ffprobe,
    from_subtitles,
    merged,
    text_subtitle,
)


def exiftool(**tags: Any) -> Reading:
    record = {"SourceFile": "/clips/a.mp4", "ExifTool:ExifToolVersion": 12.57}
    return from_exiftool(json.dumps([record | {key.replace("__", ":"): value for key, value in tags.items()}]))


def ffprobe(answer: dict[str, Any]) -> Reading:
    return from_ffprobe(json.dumps({"program_version": {"version": "5.1.9"}, **answer}))


def values(reading: Reading) -> dict[str, Any]:
    return {fact.name: fact.value for fact in reading.facts}


def test_a_fact_names_its_source_to_the_tag() -> None:
    reading = exiftool(QuickTime__CreateDate="2017:02:22 08:20:28")
    assert reading.facts == (Fact("created", "2017-02-22T08:20:28", "unzoned", "exiftool 12.57 QuickTime:CreateDate"),)
    reading = ffprobe({"format": {"duration": "0.171000"}})
    assert reading.facts == (Fact("duration", 171, "ms", "ffprobe 5.1.9 format.duration"),)


def test_numbers_that_are_names_stay_as_written() -> None:
    text = '[{"ExifTool:ExifToolVersion": 12.50, "Keys:Software": 12.10, "IFD0:Model": 735}]'
    reading = from_exiftool(text)
    assert values(reading) == {"software": "12.10", "model": "735", "encoders": ["12.10"]}
    assert reading.facts[0].source.startswith("exiftool 12.50 ")


def test_no_value_is_a_float() -> None:
    reading = merged(
        exiftool(QuickTime__Duration=11.3533, Composite__GPSLatitude=1.5, Composite__GPSLongitude=2.5),
        ffprobe({"format": {"duration": "1.5", "bit_rate": "12"}, "streams": [{"codec_type": "video", "width": 64}]}),
        Reading(),
    )
    assert "float" not in {type(part).__name__ for fact in reading.facts for part in (fact.value, fact.name)}
    assert json.loads(json.dumps([fact.value for fact in reading.facts]), parse_float=pytest.fail)


@pytest.mark.parametrize(
    ("tags", "expected", "unit"),
    [
        # a phone says its zone in Keys, the movie header is UTC or local
        (
            {"QuickTime__CreateDate": "2019:07:24 08:25:57", "Keys__CreationDate": "2019:07:24 11:25:40+03:00"},
            "2019-07-24T11:25:40+03:00",
            "local",
        ),
        # editing changes CreateDate of XMP, never what the recorder wrote
        (
            {"XMP-xmp__CreateDate": "2022:01:01 00:00:00+01:00", "ExifIFD__DateTimeOriginal": "2002:10:26 19:26:35"},
            "2002-10-26T19:26:35",
            "unzoned",
        ),
        (
            {
                "ExifIFD__DateTimeOriginal": "2024:05:01 10:00:00",
                "Composite__SubSecDateTimeOriginal": "2024:05:01 10:00:00.25+08:00",
            },
            "2024-05-01T10:00:00.25+08:00",
            "local",
        ),
        ({"RIFF__DateCreated": "2020:08:28"}, "2020-08-28", "unzoned"),
        (
            {"ExifIFD__DateTimeOriginal": "0000:00:00 00:00:00", "ExifIFD__CreateDate": "2003:01:02 03:04:05"},
            "2003-01-02T03:04:05",
            "unzoned",
        ),
    ],
)
def test_when_recording_began(tags: dict[str, str], expected: str, unit: str) -> None:
    reading = exiftool(**tags)
    assert [(fact.value, fact.unit) for fact in reading.facts if fact.name == "created"] == [(expected, unit)]
    assert reading.failures == ()


def test_an_unset_clock_is_no_fact_and_an_impossible_one_is_noted() -> None:
    assert exiftool(QuickTime__CreateDate="0000:00:00 00:00:00") == Reading()
    assert exiftool(QuickTime__CreateDate="2026:77:00 00:00:00") == Reading(
        (), (Failure("exiftool", "impossible date: 2026:77:00 00:00:00 (QuickTime:CreateDate)"),)
    )


def test_the_z_that_ffprobe_puts_behind_a_quicktime_time_is_not_believed() -> None:
    tags = {"creation_time": "2017-02-22T08:20:28.000000Z"}
    mp4 = ffprobe({"format": {"format_name": "mov,mp4,m4a,3gp,3g2,mj2", "tags": tags}})
    assert [(f.value, f.unit) for f in mp4.facts if f.name == "created"] == [("2017-02-22T08:20:28", "unzoned")]
    mkv = ffprobe({"format": {"format_name": "matroska,webm", "tags": tags}})
    assert [(f.value, f.unit) for f in mkv.facts if f.name == "created"] == [("2017-02-22T08:20:28Z", "utc")]


def test_a_position_has_its_sign_and_the_tag_it_came_from() -> None:
    reading = exiftool(
        UserData__GPSCoordinates="51.4169 -0.0806", Composite__GPSLatitude=51.4169, Composite__GPSLongitude=-0.0806
    )
    assert reading.facts == (
        Fact("gps_point", {"lat": "51.4169", "lon": "-0.0806"}, "degrees", "exiftool 12.57 UserData:GPSCoordinates"),
    )


def test_no_fix_is_noted_and_no_fact() -> None:
    reading = exiftool(GPS__GPSLatitude=0, Composite__GPSLatitude=0, Composite__GPSLongitude=0)
    assert reading == Reading((), (Failure("exiftool", "position 0,0 (GPS:GPSLatitude)"),))
    reading = ffprobe({"format": {"tags": {"location": "+00.0000+000.0000/"}}})
    assert reading == Reading((), (Failure("ffprobe", "position 0,0 (location)"),))


def test_a_position_whose_hemisphere_is_missing_is_noted_and_no_fact() -> None:
    reading = exiftool(GPS__GPSLatitude=45.5, GPS__GPSLongitude=9.1)
    assert reading == Reading((), (Failure("exiftool", "position without its hemisphere (GPS:GPSLatitude)"),))


def test_what_exiftool_could_not_read_is_a_failure_and_what_it_doubts_a_warning() -> None:
    assert exiftool(ExifTool__Error="File is empty").failures == (Failure("exiftool", "File is empty"),)
    assert values(exiftool(ExifTool__Warning="Truncated 'mdat' data")) == {"warning": "Truncated 'mdat' data"}
    assert exiftool(ExifTool__Warning="[minor] Unrecognized MakerNotes") == Reading()


def test_streams_tell_codecs_size_and_rate() -> None:
    streams = [
        {"index": 0, "codec_type": "audio", "codec_name": "aac", "avg_frame_rate": "0/0"},
        {"index": 1, "codec_type": "video", "codec_name": "mjpeg", "width": 9, "disposition": {"attached_pic": 1}},
        {"index": 2, "codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080,
         "avg_frame_rate": "30000/1001", "disposition": {"attached_pic": 0}},
        {"index": 3, "codec_type": "video", "codec_name": "h264", "width": 64, "height": 64},
        {"index": 4, "codec_type": "data", "codec_name": "unknown"},
    ]  # fmt: skip
    assert values(ffprobe({"streams": streams})) == {
        "audio_codec": "aac",
        "video_codec": "h264",
        "width": 1920,
        "height": 1080,
        "frame_rate": "30000/1001",
        "streams": ["0 audio aac", "1 video mjpeg", "2 video h264", "3 video h264", "4 data unknown"],
    }


@pytest.mark.parametrize("duration", ["N/A", "-1", "0", "1e99", "NaN", "9" * 50, "", None, [], True])
def test_an_impossible_duration_is_no_fact(duration: Any) -> None:
    assert ffprobe({"format": {"duration": duration}}) == Reading()


def test_of_two_parsers_the_one_that_knows_better_is_believed() -> None:
    a = exiftool(QuickTime__Duration=3.0, Keys__Make="Apple", File__FileType="MP4", Composite__ImageSize="10 20")
    b = ffprobe({"format": {"duration": "4.0", "format_name": "mov", "tags": {"com.apple.quicktime.make": "No"}}})
    assert values(merged(a, b, Reading())) == {
        "duration": 4000,
        "make": "Apple",
        "container": "MP4",
        "width": 10,
        "height": 20,
    }
    assert values(merged(a, Reading(), Reading()))["duration"] == 3000


def test_text_subtitles_are_found_and_pictures_passed_over() -> None:
    streams = [
        {"index": 0, "codec_type": "subtitle", "codec_name": "hdmv_pgs_subtitle"},
        {"index": 3, "codec_type": "subtitle", "codec_name": "mov_text"},
    ]
    assert text_subtitle(json.dumps({"streams": streams})) == (3, "mov_text")
    assert text_subtitle(json.dumps({"streams": streams[:1]})) is None
    assert text_subtitle("not json") is None


def test_a_long_track_is_thinned_and_its_length_stated() -> None:
    lines = [f"$G:2026-11-20 08:{i // 60:02}:{i % 60:02}-N39.{i:04}-E118.12" for i in range(1000)]
    reading = from_subtitles("\n".join(lines), "ffmpeg 5.1.9 stream 2", 50)
    assert [fact.name for fact in reading.facts] == ["gps_track", "gps_track_points"]
    track = reading.facts[0].value
    assert isinstance(track, list)
    assert (len(track), track[0]) == (50, ["2026-11-20T08:00:00", "39", "118.12"])
    assert reading.facts[1].value == 1000


def test_track_lines_without_a_fix_are_counted() -> None:
    text = "$G:2026-11-20 08:00:00-N0.0-E0.0\n$G:2026-11-20 08:00:01-N39.5-E118.1"
    reading = from_subtitles(text, "s", 50)
    assert reading.facts[1].value == 1
    assert reading.failures == (Failure("ffmpeg", "1 of 2 track lines: position 0,0"),)
    assert from_subtitles("just words", "s", 50) == Reading()


def test_texts_are_short_and_have_no_control_characters() -> None:
    assert clean("a\x00\x1b[31m\n b\u202e ") == "a [31m b"
    assert len(clean("x" * 100_000)) == 200
    assert values(exiftool(IFD0__Make="Maker\x07\nInc"))["make"] == "Maker Inc"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "IFD0:Make",
        "Composite:GPSLatitude",
        "QuickTime:CreateDate",
        "QuickTime:Duration",
        "Composite:ImageSize",
        "A:Error",
    ]
)


@given(st.lists(st.dictionaries(KEYS, JSON), max_size=2) | JSON)
def test_whatever_exiftool_says_is_read_without_an_exception(answer: Any) -> None:
    from_exiftool(json.dumps(answer))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "format": st.dictionaries(st.sampled_from(["duration", "bit_rate", "tags", "format_name"]), JSON) | JSON,
            "streams": st.lists(st.dictionaries(st.sampled_from(["codec_type", "width", "index"]), JSON)) | JSON,
            "program_version": JSON,
        },
    )
    | JSON
)
def test_whatever_ffprobe_says_is_read_without_an_exception(answer: Any) -> None:
    text = json.dumps(answer)
    from_ffprobe(text)
    text_subtitle(text)


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", "null", "[" * 100_000, "[{" + '"a":' + "9" * 5000 + "}]"])
def test_no_json_is_a_failure(text: str) -> None:
    assert from_exiftool(text).failures == (Failure("exiftool", "answer is not the JSON we asked for"),)
    assert from_ffprobe(text).failures == (Failure("ffprobe", "answer is not the JSON we asked for"),)


def test_all_programs_that_container_and_streams_name_are_kept_once() -> None:
    container = from_exiftool(
        '[{"ExifTool:ExifToolVersion": "12.57", "ItemList:Encoder": "Lavf59", "QuickTime:Software": "X"}]'
    )
    streams = from_ffprobe(
        '{"format": {"tags": {"encoder": "Lavf59"}}, "streams": [{"tags": {"encoder": "Lavc59 libx264"}}, {"tags": 7}]}'
    )
    assert values(merged(container, streams))["encoders"] == ["Lavf59", "X", "Lavc59 libx264"]


def test_the_latest_change_that_a_container_claims_counts() -> None:
    text = '[{"QuickTime:ModifyDate": "2026:11:20 08:00:00", "IFD0:ModifyDate": "2026:11:21 09:00:00"}]'
    assert values(from_exiftool(text)) == {"modified": "2026-11-21T09:00:00"}
    assert values(from_exiftool('[{"QuickTime:ModifyDate": "0000:00:00 00:00:00"}]')) == {}
