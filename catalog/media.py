"""exiftool and ffprobe output → facts, each with its unit and its source. Nothing here opens a file.

A fact is what the recording says of itself, not what is true: a recorder's clock, its zone and its GPS are claims.
The output comes from parsers that read hostile files, so nothing about its shape is taken for granted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .boxes import Frame
from .claims import Point, Refused, claimed_time, decimal, iso6709, point, thinned, track
from .watching.packets import Jump

FactValue = int | str | list[str] | list[list[str]] | dict[str, str]

# What we ask exiftool for. `#` asks for the number instead of the words for it; Make stays in words, because a camera
# that writes H.264 metadata codes its maker as a number.
EXIFTOOL_TAGS = (
    *("-ExifToolVersion", "-FileType", "-MIMEType", "-Duration#", "-ImageSize#", "-Error", "-Warning"),
    *("-SubSecDateTimeOriginal", "-DateTimeOriginal", "-CreationDate", "-SubSecCreateDate", "-CreateDate"),
    *("-DateCreated", "-Make", "-Model", "-SerialNumber", "-CameraSerialNumber", "-InternalSerialNumber"),
    *("-DeviceSerialNo", "-FirmwareVersion", "-Firmware", "-Software", "-Encoder", "-CompressorName"),
    "-ModifyDate",
    *("-GPSLatitude#", "-GPSLongitude#", "-GPSCoordinates#", "-LocationInformation#"),
)

_TEXT_MAX = 200
# Programs that one recording names, and jumps of its time that are kept one by one.
_ENCODERS_MAX = 16
JUMPS_MAX = 100
_SECONDS_MAX = 10**9
_PIXELS_MAX = 10**6
_TEXT_SUBTITLES = frozenset({"mov_text", "subrip", "srt", "text", "webvtt", "ass", "ssa"})
# ffprobe knows more of streams, exiftool of who made the file and when.
_FFPROBE_FIRST = frozenset(
    {"duration", "video_codec", "audio_codec", "width", "height", "frame_rate", "bit_rate", "streams"}
)
# Groups that editing programs write, or that tell of the copy in the vault.
_NOT_THE_RECORDER = ("XMP", "IPTC", "Photoshop", "ICC", "System")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a recording says of itself.

    `name`, `value` and `unit`: duration (ms), width and height (px), bit_rate (bit/s), frame_rate (a ratio, frames/s),
    video_codec, audio_codec, container, mime, streams, make, model, serial, firmware, software, encoder (no unit),
    warning (exiftool's), created (ISO 8601; unit "utc", "local" when it carries its offset, or "unzoned"), gps_point
    ({lat, lon}, degrees), gps_track ([time, lat, lon] each; "unzoned time, degrees, degrees"), gps_track_points (how
    many the recording has; the track is thinned evenly), modified (as created: when the container says it was last
    changed), encoders (every program that container and streams name), indexed ("yes" or "no": the container was ended
    properly – MP4, MOV, 3GP, AVI by their index, Matroska by the length of its segment; of MPEG-TS only "no", for it
    has no end that could be seen), edit_lists (tracks of which an edit list leaves something out), time_jumps
    ([stream, kind, where it begins, length] each, where the time of packets jumps; whole recording read) and
    time_jumps_more (how many beyond the first 100). No fractions: coordinates and ratios are text.
    """

    name: str
    value: FactValue
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A parser that could not read a recording, or something it read that cannot be."""

    parser: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one parser's output holds."""

    facts: tuple[Fact, ...] = ()
    failures: tuple[Failure, ...] = ()


def merged(exiftool: Reading, ffprobe: Reading, *others: Reading) -> Reading:
    """One fact for each name, from the parser that knows it better, `encoders` from both; every failure."""
    by_name: dict[str, Fact] = {}
    for fact in (*exiftool.facts, *ffprobe.facts, *(fact for reading in others for fact in reading.facts)):
        if fact.name not in by_name:
            by_name[fact.name] = fact
    for fact in ffprobe.facts:
        if fact.name in _FFPROBE_FIRST:
            by_name[fact.name] = fact
    named = [fact for reading in (exiftool, ffprobe) for fact in reading.facts if fact.name == "encoders"]
    if len(named) > 1:
        values = [value for fact in named if isinstance(fact.value, list) for value in fact.value]
        by_name["encoders"] = _encoders(map(str, values), ", ".join(fact.source for fact in named))
    failures = [failure for reading in (exiftool, ffprobe, *others) for failure in reading.failures]
    return Reading(tuple(by_name.values()), tuple(failures))


def clean(text: str) -> str:
    """`text` on one line without control characters, at most 200 characters long."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * _TEXT_MAX]).split())[:_TEXT_MAX]


def from_exiftool(output: str) -> Reading:
    """Facts in the answer to `exiftool -j -G1` with EXIFTOOL_TAGS."""
    answer = _json(output)
    record = answer[0] if isinstance(answer, list) and answer else None
    if not isinstance(record, dict):
        return Reading(failures=(Failure("exiftool", "answer is not the JSON we asked for"),))
    tags = [(key, _text(value)) for key, value in record.items() if ":" in key]
    tags = [(key, value) for key, value in tags if value and not key.startswith(_NOT_THE_RECORDER)]
    source = f"exiftool {_first(tags, 'ExifToolVersion')[1] or 'of unknown version'}"
    facts: list[Fact] = []
    failures = [Failure("exiftool", value) for key, value in tags if key.endswith(":Error")]
    for name, wanted in _EXIFTOOL_TEXTS:
        for tag in wanted:
            key, value = _first(tags, tag)
            if value:
                facts.append(Fact(name, value, "", f"{source} {key}"))
                break
    warnings = [(key, value) for key, value in tags if key.endswith(":Warning") and not value.startswith("[minor]")]
    facts += [Fact("warning", value, "", f"{source} {key}") for key, value in warnings[:1]]
    key, value = _first(tags, "Duration")
    facts += _duration(value, f"{source} {key}")
    key, value = _first(tags, "ImageSize")
    size = re.fullmatch(r"(\d{1,7})[ x](\d{1,7})", value, re.ASCII)
    if size:
        facts += [*_pixels("width", size[1], f"{source} {key}"), *_pixels("height", size[2], f"{source} {key}")]
    programs = [value for tag in _EXIFTOOL_ENCODERS for key, value in tags if key.endswith(f":{tag}")]
    if programs:
        facts.append(_encoders(programs, f"{source} {', '.join(_EXIFTOOL_ENCODERS)}"))
    facts += _modified(tags, source)
    facts_or_failures: list[Fact | Failure] = [*_exiftool_created(tags, source), *_exiftool_place(tags, source)]
    facts += [found for found in facts_or_failures if isinstance(found, Fact)]
    failures += [found for found in facts_or_failures if isinstance(found, Failure)]
    return Reading(tuple(facts), tuple(failures))


def from_ffprobe(output: str) -> Reading:
    """Facts in the answer to `ffprobe -of json -show_program_version -show_format -show_streams`."""
    answer = _json(output)
    if not isinstance(answer, dict):
        return Reading(failures=(Failure("ffprobe", "answer is not the JSON we asked for"),))
    container = _dict(answer.get("format"))
    tags = {key.lower(): _text(value) for key, value in _dict(container.get("tags")).items()}
    source = f"ffprobe {_text(_dict(answer.get('program_version')).get('version')) or 'of unknown version'}"
    facts = _duration(_text(container.get("duration")), f"{source} format.duration")
    facts += _stream_facts(_streams(answer), source)
    bit_rate = _text(container.get("bit_rate"))
    if re.fullmatch(r"\d{1,15}", bit_rate, re.ASCII):
        facts.append(Fact("bit_rate", int(bit_rate), "bit/s", f"{source} format.bit_rate"))
    names = _text(container.get("format_name"))
    if names:
        facts.append(Fact("container", names, "", f"{source} format.format_name"))
    for name, tag in _FFPROBE_TEXTS:
        if tags.get(tag):
            facts.append(Fact(name, tags[tag], "", f"{source} format.tags.{tag}"))
    programs = [tags[tag] for tag in ("encoder", "com.apple.quicktime.software") if tags.get(tag)]
    for stream in _streams(answer):
        programs += [_text(value) for key, value in _dict(stream.get("tags")).items() if key.lower() == "encoder"]
    if programs:
        facts.append(_encoders(programs, f"{source} format.tags, stream.tags"))
    failures: list[Failure] = []
    for found in (*_ffprobe_created(tags, names, source), *_ffprobe_place(tags, source)):
        if isinstance(found, Fact):
            facts.append(found)
        else:
            failures.append(found)
    return Reading(tuple(facts), tuple(failures))


def from_frame(frame: Frame) -> Reading:
    """Facts in the frame of a container."""
    source = f"box walk {frame.kind}"
    facts = [Fact("indexed", "yes" if frame.indexed else "no", "", source)]
    if frame.edit_lists is not None:
        facts.append(Fact("edit_lists", frame.edit_lists, "tracks", source))
    return Reading(tuple(facts))


def from_packets(jumps: Iterable[Jump], more: int, source: str) -> Reading:
    """Facts of a recording's packets: an empty list says that its time does not jump."""
    rows = [[str(jump.stream), jump.kind, str(jump.at_ms), str(jump.length_ms)] for jump in jumps]
    facts = [Fact("time_jumps", rows, "stream, kind, ms, ms", source)]
    if more:
        facts.append(Fact("time_jumps_more", more, "jumps", source))
    return Reading(tuple(facts))


def text_subtitle(output: str) -> tuple[int, str] | None:
    """Index and codec of the first subtitle stream that holds text, in ffprobe's answer."""
    for stream in _streams(_dict(_json(output))):
        codec = _text(stream.get("codec_name"))
        index = stream.get("index")
        if stream.get("codec_type") == "subtitle" and codec in _TEXT_SUBTITLES and isinstance(index, int):
            return index, codec
    return None


def from_subtitles(text: str, source: str, points_max: int) -> Reading:
    """The GPS track in a subtitle text, thinned to `points_max` points; nothing when it holds none."""
    found = track(text)
    facts: list[Fact] = []
    if found.points:
        rows = [[at, where.lat, where.lon] for at, where in thinned(found.points, points_max)]
        facts.append(Fact("gps_track", rows, "unzoned time, degrees, degrees", source))
        facts.append(Fact("gps_track_points", len(found.points), "points", source))
    lines = len(found.points) + len(found.refused)
    reasons = dict.fromkeys(refused.reason for refused in found.refused)
    failures = (
        [Failure("ffmpeg", f"{len(found.refused)} of {lines} track lines: {next(iter(reasons))}")] if reasons else []
    )
    return Reading(tuple(facts), tuple(failures))


_EXIFTOOL_TEXTS = (
    ("container", ("FileType",)),
    ("mime", ("MIMEType",)),
    ("make", ("Make",)),
    ("model", ("Model",)),
    ("serial", ("SerialNumber", "CameraSerialNumber", "DeviceSerialNo", "InternalSerialNumber")),
    ("firmware", ("FirmwareVersion", "Firmware")),
    ("software", ("Software",)),
    ("encoder", ("Encoder",)),
)
_FFPROBE_TEXTS = (
    ("make", "com.apple.quicktime.make"),
    ("model", "com.apple.quicktime.model"),
    ("software", "com.apple.quicktime.software"),
    ("encoder", "encoder"),
)
_EXIFTOOL_ENCODERS = ("Encoder", "Software", "CompressorName")
# When recording began, as far as the file says so; then when the file was made.
_BEGAN = ("SubSecDateTimeOriginal", "DateTimeOriginal", "CreationDate")
_MADE = ("SubSecCreateDate", "CreateDate", "DateCreated")


def _exiftool_created(tags: list[tuple[str, str]], source: str) -> Iterator[Fact | Failure]:
    refused: list[Refused] = []
    for group in (_BEGAN, _MADE):
        claims = []
        for tag in group:
            for key, value in (pair for pair in tags if pair[0].endswith(f":{tag}")):
                claim = claimed_time(value)
                if isinstance(claim, Refused):
                    refused.append(Refused(f"{claim.reason} ({key})"))
                elif claim is not None:
                    claims.append(Fact("created", claim[0], claim[1], f"{source} {key}"))
        if claims:
            # Of several that tell the same, the one that says its zone.
            yield next((claim for claim in claims if claim.unit != "unzoned"), claims[0])
            return
    yield from (Failure("exiftool", problem.reason) for problem in refused[:1])


def _modified(tags: list[tuple[str, str]], source: str) -> Iterator[Fact]:
    """The latest change that the container claims; a claim that cannot be is none."""
    said = [(claimed_time(value), key) for key, value in tags if key.endswith(":ModifyDate")]
    claims = [(claim[0], claim[1], key) for claim, key in said if isinstance(claim, tuple)]
    if claims:
        value, unit, key = max(claims)
        yield Fact("modified", value, unit, f"{source} {key}")


def _encoders(programs: Iterable[str], source: str) -> Fact:
    return Fact("encoders", list(dict.fromkeys(programs))[:_ENCODERS_MAX], "", clean(source))


def _exiftool_place(tags: list[tuple[str, str]], source: str) -> Iterator[Fact | Failure]:
    """Composite tags carry the hemisphere in the sign; the source is the tag they were made of, if one."""
    lat = next((value for key, value in tags if key == "Composite:GPSLatitude"), "")
    lon = next((value for key, value in tags if key == "Composite:GPSLongitude"), "")
    written = [key for key, _ in tags if key.endswith((":GPSCoordinates", ":LocationInformation", ":GPSLatitude"))]
    origins = [key for key in written if not key.startswith("Composite:")]
    origin = origins[0] if len(origins) == 1 else "Composite:GPSLatitude"
    if lat and lon:
        yield _place(point(lat, lon), "exiftool", f"{source} {origin}", origin)
    elif written:
        yield Failure("exiftool", f"position without its hemisphere ({origin})")


def _ffprobe_created(tags: dict[str, str], names: str, source: str) -> Iterator[Fact | Failure]:
    for tag in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        value = tags.get(tag, "")
        if tag == "creation_time" and "mov" in names.split(","):
            # UTC by the standard, local time in many recorders: ffprobe's Z is its own.
            value = value.removesuffix("Z")
        claim = claimed_time(value)
        if isinstance(claim, Refused):
            yield Failure("ffprobe", f"{claim.reason} ({tag})")
        elif claim is not None:
            yield Fact("created", claim[0], claim[1], f"{source} format.tags.{tag}")
            return


def _ffprobe_place(tags: dict[str, str], source: str) -> Iterator[Fact | Failure]:
    for tag in ("com.apple.quicktime.location.iso6709", "location"):
        if tags.get(tag):
            yield _place(iso6709(tags[tag]), "ffprobe", f"{source} format.tags.{tag}", tag)
            return


def _place(where: Point | Refused, parser: str, source: str, tag: str) -> Fact | Failure:
    if isinstance(where, Refused):
        return Failure(parser, f"{where.reason} ({tag})")
    return Fact("gps_point", {"lat": where.lat, "lon": where.lon}, "degrees", source)


def _stream_facts(streams: list[dict[str, Any]], source: str) -> list[Fact]:
    facts: list[Fact] = []
    texts = []
    seen: set[str] = set()
    for position, stream in enumerate(streams):
        kind, codec = _text(stream.get("codec_type")), _text(stream.get("codec_name"))
        texts.append(f"{position} {kind or 'unknown'} {codec or 'unknown'}")
        picture = _dict(stream.get("disposition")).get("attached_pic") == 1
        if kind not in ("video", "audio") or kind in seen or picture:
            continue
        seen.add(kind)
        at = f"{source} stream {position}"
        if codec and codec != "unknown":
            facts.append(Fact(f"{kind}_codec", codec, "", f"{at} codec_name"))
        if kind == "video":
            facts += _pixels("width", _text(stream.get("width")), f"{at} width")
            facts += _pixels("height", _text(stream.get("height")), f"{at} height")
            rate = _text(stream.get("avg_frame_rate"))
            if re.fullmatch(r"[1-9]\d{0,9}/[1-9]\d{0,9}", rate, re.ASCII):
                facts.append(Fact("frame_rate", rate, "frames/s", f"{at} avg_frame_rate"))
    if texts:
        facts.append(Fact("streams", texts, "", f"{source} streams"))
    return facts


def _duration(seconds_text: str, source: str) -> list[Fact]:
    seconds = decimal(seconds_text)
    if seconds is None or not 0 < seconds <= _SECONDS_MAX:
        return []
    return [Fact("duration", int((seconds * 1000).quantize(Decimal(1), ROUND_HALF_UP)), "ms", source)]


def _pixels(name: str, text: str, source: str) -> list[Fact]:
    if not re.fullmatch(r"\d{1,7}", text, re.ASCII) or not 0 < int(text) <= _PIXELS_MAX:
        return []
    return [Fact(name, int(text), "px", source)]


def _first(tags: Iterable[tuple[str, str]], tag: str) -> tuple[str, str]:
    return next(((key, value) for key, value in tags if key.partition(":")[2] == tag), ("", ""))


def _json(output: str) -> Any:
    try:
        # Numbers stay as they were written: 1.10 is a version, 12.3 is no float.
        return json.loads(output, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _streams(answer: dict[str, Any]) -> list[dict[str, Any]]:
    streams = answer.get("streams")
    return [_dict(stream) for stream in streams[:64]] if isinstance(streams, list) else []


def _text(value: Any) -> str:
    return clean(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""
