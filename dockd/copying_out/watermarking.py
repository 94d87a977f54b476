"""Copies with a mark burnt in, made by ffmpeg in the box that parsers work in: no network, one file read-only, limits.

The mark says for whom, on which request, on which day, and that this is not the original; it stands eight times over
the whole picture, half transparent: cutting off an edge does not take it away, and what is under it can be seen.
ffmpeg's output comes through a pipe: the box can write nowhere. A pipe cannot be sought in, so videos are fragmented
MP4 (ISO/IEC 14496-12 §8.8), which players take as any other.

Measured (ffmpeg 5.1.9, H.264 at 1280x720 and 25 frames a second): 2.1 s of processor time for 10 s of video.
"""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog.jail import Limits, Ran, View
from catalog.media import clean
from catalog.parsers import FORMATS, Tools, boxed, version_in

from .order import CannotMark

_QUIET = ("-nostdin", "-v", "error")
PHOTO_FORMATS = "image2,jpeg_pipe,png_pipe,bmp_pipe,tiff_pipe,webp_pipe"

# Two columns and four rows; a line of the mark takes at most these shares of the picture's width and height.
_PLACES = tuple((x, y) for y in (0.02, 0.27, 0.52, 0.77) for x in (0.02, 0.52))
_COLUMN, _LINE = 0.44, 0.045
_SMALLEST_PX = 8
# Slower than this nothing is encoded here; what takes longer is stopped.
_SLOWEST_BYTES_S = 25_000
_LEAST_S = 300
_SPARE_BYTES = 64 << 20
_LIMITS = Limits(memory_bytes=4 << 30, tmp_bytes=8 << 20)


@dataclass(frozen=True, slots=True)
class Marker:
    """Burns marks in; `tools` says where ffmpeg is, `font` which file has the signs."""

    tools: Tools
    font: str

    def version(self) -> str:
        """ffmpeg's version, for the record of what was made. Raises OSError."""
        jail, inside = boxed(self.tools, "ffmpeg", [])
        return version_in(jail.run([inside, "-version"], 20.0, 1 << 16).stdout) or "of unknown version"

    def burn(
        self,
        clip: str,
        kind: str,
        path: str,
        size_bytes: int,
        group_id: int,
        lines: Sequence[str],
        take: Callable[[bytes], None],
    ) -> None:
        """Give `take` the marked copy of a video or photo as it is made. Raises CannotMark, OSError."""
        seconds = _LEAST_S + size_bytes // _SLOWEST_BYTES_S
        extension = os.path.splitext(path)[1].lower()
        media = f"/clip/media{extension if extension[1:].isalnum() and extension.isascii() else ''}"
        limits = Limits(_LIMITS.memory_bytes, seconds, _LIMITS.file_bytes, _LIMITS.processes, _LIMITS.tmp_bytes)
        with tempfile.TemporaryDirectory(prefix="dockd-mark-") as folder:
            text = os.path.join(folder, "mark")
            with open(text, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
            # The box may work as another user.
            os.chmod(text, 0o444)
            views = [View(path, media), View(text, "/mark/text"), View(self.font, "/mark/font")]
            jail, inside = boxed(self.tools, "ffmpeg", views, limits=limits, group_id=group_id)
            words = video_arguments(media, lines) if kind == "video" else photo_arguments(media, lines)
            ran = jail.run([inside, *words], float(seconds), _SPARE_BYTES + 4 * size_bytes, take)
        if ran.limited or ran.exit_code != 0:
            raise CannotMark(clip, _why(ran))


def mark_lines(number: str, recipient: str, day: str) -> list[str]:
    """What is burnt in."""
    return ["非原件 NOT THE ORIGINAL", f"申请号 No. {number}", f"领取人 For {_one_line(recipient)}", f"{day}"]


def video_arguments(media: str, lines: Sequence[str]) -> list[str]:
    """What ffmpeg is told to make of a video: picture and sound encoded anew, nothing else taken over."""
    words = [*_QUIET, "-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i", media]
    words += ["-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-metadata", f"comment={' / '.join(lines)}"]
    # H.264 at 4:2:0 has no picture of an odd width or height.
    words += ["-vf", f"scale=trunc(iw/2)*2:trunc(ih/2)*2,{_filters(lines)}", "-threads", "2"]
    words += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    return [*words, "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1"]


def photo_arguments(media: str, lines: Sequence[str]) -> list[str]:
    """What ffmpeg is told to make of a photo: a JPEG."""
    words = [*_QUIET, "-protocol_whitelist", "file", "-format_whitelist", PHOTO_FORMATS, "-i", media]
    words += ["-map", "0:v:0", "-map_metadata", "-1", "-vf", _filters(lines), "-frames:v", "1"]
    return [*words, "-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg", "pipe:1"]


def _filters(lines: Sequence[str]) -> str:
    """One drawtext for each place. Its text comes from a file: nothing that people wrote is ever parsed as a filter."""
    units = max(_units(line) for line in lines)
    size = f"'max({_SMALLEST_PX},min(w*{_COLUMN}/{units:.1f},h*{_LINE}))'"
    look = "fontcolor=white@0.45:borderw=2:bordercolor=black@0.45:expansion=none:line_spacing=4"
    return ",".join(
        f"drawtext=fontfile=/mark/font:textfile=/mark/text:fontsize={size}:{look}:x=w*{x}:y=h*{y}" for x, y in _PLACES
    )


def _units(line: str) -> float:
    """How wide a line is, in widths of a Chinese sign."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.6 for sign in line)


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _why(ran: Ran) -> str:
    words = clean(ran.stderr_tail.decode(errors="replace").strip().rpartition("\n")[2])
    return ": ".join(filter(None, (ran.limited, words))) or f"exit code {ran.exit_code}"
