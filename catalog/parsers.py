"""The parsers and how we call them: where they are, what they may open, and whether they and the box work here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ffmpeg

from . import media
from .jail import NOBODY, Jail, Limits, View
from .watching.packets import FFPROBE_PACKETS

# What ffprobe and ffmpeg may open: containers of recordings. No playlists, no concatenations, nothing that names
# other files.
FORMATS = ",".join(
    (
        *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v"),
        *("asf", "mxf", "flv", "h264", "hevc", "wav", "w64", "mp3", "aac", "amr", "amrnb", "amrwb", "flac", "ogg"),
        *("aiff", "caf", "dss"),
    )
)
_FFPROBE_ENTRIES = ":".join(
    (
        "program_version=version",
        "format=format_name,duration,bit_rate",
        "format_tags=creation_time,date,encoder,location,com.apple.quicktime.creationdate,com.apple.quicktime.make,"
        "com.apple.quicktime.model,com.apple.quicktime.software,com.apple.quicktime.location.ISO6709",
        "stream=index,codec_type,codec_name,width,height,avg_frame_rate",
        "stream_tags=encoder",
        "stream_disposition=attached_pic",
    )
)

# LargeFileSupport: exiftool 12.57 otherwise stops at an atom of 2 GiB, and the facts of an MP4 often lie behind it.
EXIFTOOL_ARGUMENTS = ("-j", "-G1", "-charset", "utf8", "-api", "LargeFileSupport=1", *media.EXIFTOOL_TAGS)


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the parsers and the box are. A parser outside /usr is shown to the box by itself."""

    exiftool: str = "/usr/bin/exiftool"
    ffprobe: str = "/usr/bin/ffprobe"
    ffmpeg: str = "/usr/bin/ffmpeg"
    bwrap: str = "/usr/bin/bwrap"


@dataclass(frozen=True, slots=True)
class ToolState:
    """A tool, its version, or what stands in its way."""

    name: str
    path: str
    version: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether clips can be read here. `box_works` is False where user namespaces are off, for instance."""

    box_works: bool
    tools: tuple[ToolState, ...]


def boxed(
    tools: Tools, name: str, views: Sequence[View], *, limits: Limits | None = None, group_id: int = NOBODY
) -> tuple[Jail, str]:
    """The box for one of the tools ("exiftool", "ffprobe", "ffmpeg"), and the tool's path inside it."""
    path: str = getattr(tools, name)
    inside = path if path.startswith("/usr/") else f"/tools/{name}"
    shown = list(views) if inside == path else [*views, View(path, inside)]
    return Jail(tuple(shown), limits or Limits(), group_id, tools.bwrap), inside


def ffprobe_arguments(inside: str) -> list[str]:
    """What ffprobe is told to say of the file that the box shows at `inside`."""
    words = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS]
    words += ["-show_program_version", "-show_format", "-show_streams"]
    return [*words, "-show_entries", _FFPROBE_ENTRIES, "-of", "json", "-i", inside]


def packet_arguments(inside: str) -> list[str]:
    """What ffprobe is told to list the packets of the file at `inside`, as `catalog.watching.packets` reads them."""
    words = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS]
    return [*words, *FFPROBE_PACKETS, "-i", inside]


def subtitle_arguments(inside: str, index: int) -> list[str]:
    """What ffmpeg is told to print a text subtitle stream as SRT; the other streams are not read."""
    source: Any = ffmpeg.input(inside, protocol_whitelist="file", format_whitelist=FORMATS)
    command: list[str] = (
        source.output("pipe:1", map=f"0:{index}", format="srt", threads=1)
        .global_args("-nostdin", "-v", "error")
        .compile(cmd="ffmpeg")
    )
    return command[1:]


def version_in(output: bytes) -> str | None:
    """The version in what `exiftool -ver`, `ffprobe -version` or `bwrap --version` prints."""
    found = re.match(r"(?:\w+ version |bubblewrap )?(\d\S*|[Nn]-\S+)", output.decode(errors="replace"))
    return media.clean(found[1]) if found else None


def availability(tools: Tools | None = None, *, timeout_s: float = 20.0) -> Availability:
    """Ask each tool for its version, in the box that it would work in."""
    tools = tools or Tools()
    jail = Jail(bwrap=tools.bwrap)
    works, problem = _box_works(jail, timeout_s)
    box = _state("bwrap", tools.bwrap, Jail(bwrap=tools.bwrap), [tools.bwrap, "--version"], timeout_s)
    states = [box if works else ToolState("bwrap", tools.bwrap, box.version, problem)]
    for name, question in (("exiftool", "-ver"), ("ffprobe", "-version"), ("ffmpeg", "-version")):
        if works:
            jail, inside = boxed(tools, name, [])
            states.append(_state(name, getattr(tools, name), jail, [inside, question], timeout_s))
        else:
            states.append(ToolState(name, getattr(tools, name), None, "not asked: the box does not work"))
    return Availability(works, tuple(states))


def _box_works(jail: Jail, timeout_s: float) -> tuple[bool, str | None]:
    try:
        ran = jail.run(["/usr/bin/true"], timeout_s, 65536)
    except OSError as error:
        return False, str(error)
    return ran.exit_code == 0, None if ran.exit_code == 0 else media.clean(ran.stderr_tail.decode(errors="replace"))


def _state(name: str, path: str, jail: Jail, argv: Sequence[str], timeout_s: float) -> ToolState:
    try:
        ran = jail.run(argv, timeout_s, 65536)
    except OSError as error:
        return ToolState(name, path, None, str(error))
    version = version_in(ran.stdout)
    if version is not None and ran.exit_code == 0:
        return ToolState(name, path, version, None)
    words = media.clean(ran.stderr_tail.decode(errors="replace"))
    return ToolState(name, path, version, words or ran.limited or f"exit code {ran.exit_code}")
