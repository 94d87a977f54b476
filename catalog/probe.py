"""Facts of one clip: exiftool stays open for a session's folder, ffprobe runs once for a file; both boxed.

Nothing that a clip contains makes this raise or wait for ever: a parser that dies, hangs or prints without end costs
the facts it would have had, and the failure is recorded with its reason. Ingest never waits for any of it.

Measured (Linux 6.18, 2 cores; exiftool 12.57, ffprobe 5.1.9; 10 s of 1280x720 with sound, medians of 30): exiftool
3 ms (a photo 1 ms, its start 60 ms, in a box of its own 59 ms), ffprobe 40 ms of which the box is 3 ms, a GPS track
another 40 ms. So 1,000 videos cost about 45 s, 1,000 photos 2 s.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType

from hashing.filecalls import FileCalls, is_regular

from . import media
from .jail import NOBODY, Jail, Limits, Path, Ran, View
from .media import Fact, Failure, Reading
from .parsers import EXIFTOOL_ARGUMENTS, Tools, boxed, ffprobe_arguments, subtitle_arguments, version_in
from .stayopen import ParserFault, StayOpenExiftool

TIMED_KINDS = frozenset({"video", "audio"})

# exiftool reads the questions line by line, and has opened a name that ends in "|" as a command (CVE-2022-23935).
_PLAIN_NAME = re.compile(rb"[A-Za-z0-9_/.+@()-][A-Za-z0-9_/. +@()\x80-\xff-]*(?<! )")
_DECORATION = re.compile(r"^\[[^\]]* @ 0x[0-9a-f]+\] |/clip/media(\.\w+)?: ")
_EXTENSION = re.compile(rb"\.([A-Za-z0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """`timeout_s` and `output_limit_bytes` hold for one question to one parser; `files_each`: for one exiftool."""

    timeout_s: float = 20.0
    output_limit_bytes: int = 4 << 20
    files_each: int = 200
    track_points: int = 300
    box: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Probed:
    """What is known of a clip, and which parser could not say."""

    facts: tuple[Fact, ...]
    failures: tuple[Failure, ...]


class Probe:
    """Reads facts of the clips below `folder` (one session's originals). A context manager, for one thread.

    Root reads what is readable for the file's group; see `catalog.jail`.
    """

    def __init__(
        self, folder: Path, *, files: FileCalls, tools: Tools | None = None, limits: ProbeLimits | None = None
    ):
        self._folder = os.path.abspath(os.fsencode(folder))
        self._files = files
        self._tools = tools or Tools()
        self._limits = limits or ProbeLimits()
        self._open: StayOpenExiftool | None = None
        self._asked = 0
        self._no_exiftool: str | None = None
        self._ffmpeg_version: str | None = None

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_exiftool()

    def facts(self, path: Path, kind: str) -> Probed:
        """Facts and failures of one file; `kind` is "video", "audio" or "photo" (ffprobe knows nothing of photos)."""
        raw = os.path.abspath(os.fsencode(path))
        try:
            status = self._files.lstat(raw)
        except OSError as error:
            return Probed((), (Failure("file", error.strerror or str(error)),))
        if not is_regular(status):
            return Probed((), (Failure("file", "not a regular file"),))
        exiftool = self._exiftool(raw, status.st_gid)
        ffprobe = subtitles = Reading()
        if kind in TIMED_KINDS:
            ffprobe, subtitles = self._ffprobe(raw, status.st_gid)
        reading = media.merged(exiftool, ffprobe, subtitles)
        return Probed(reading.facts, reading.failures)

    def _exiftool(self, path: bytes, group_id: int) -> Reading:
        inside = self._inside(path)
        if inside is None:
            return self._exiftool_alone(path, group_id)
        if self._no_exiftool is not None:
            return Reading(failures=(Failure("exiftool", self._no_exiftool),))
        try:
            exiftool = self._staying_open()
            answer = exiftool.execute(inside)
        except ParserFault as fault:
            self._close_exiftool()
            return Reading(failures=(Failure("exiftool", media.clean(fault.reason)),))
        except OSError as error:
            return Reading(failures=(Failure("exiftool", str(error)),))
        if not answer:
            reason = media.clean(str(exiftool.last_stderr)).replace("/clips/", "")
            return Reading(failures=(Failure("exiftool", reason or "no answer"),))
        return media.from_exiftool(str(answer))

    def _staying_open(self) -> StayOpenExiftool:
        """The exiftool of this folder, a new one after `files_each` files or a fault. Raises ParserFault, OSError."""
        if self._open is not None and self._asked >= self._limits.files_each:
            self._close_exiftool()
        if self._open is None:
            limits = self._limits
            # Its processor time is that of all its files; each of them is bounded by `timeout_s`.
            box = replace(limits.box, cpu_s=max(1, int(limits.timeout_s * limits.files_each)))
            group_id = self._files.lstat(self._folder).st_gid
            views = [View(self._folder, "/clips")]
            jail, tool = boxed(self._tools, "exiftool", views, limits=box, group_id=group_id)
            self._open = StayOpenExiftool(
                jail,
                tool,
                EXIFTOOL_ARGUMENTS,
                timeout_s=limits.timeout_s,
                output_limit_bytes=limits.output_limit_bytes,
            )
            self._asked = 0
            try:
                self._open.run()
            except ParserFault as fault:
                # No file is to blame: it will not start for the next one either.
                self._no_exiftool = media.clean(fault.reason)
                raise
        self._asked += 1
        return self._open

    def _exiftool_alone(self, path: bytes, group_id: int) -> Reading:
        """A box of its own for a file whose name exiftool should not see."""
        ran = self._run(path, group_id, "exiftool", lambda inside: ["-config", "", *EXIFTOOL_ARGUMENTS, inside])
        if isinstance(ran, Failure):
            return Reading(failures=(ran,))
        # exiftool exits 1 on a file it knows nothing of, and says so in its answer.
        if ran.limited or not ran.stdout:
            return Reading(failures=(self._failure("exiftool", ran),))
        return media.from_exiftool(ran.stdout.decode(errors="replace"))

    def _ffprobe(self, path: bytes, group_id: int) -> tuple[Reading, Reading]:
        ran = self._run(path, group_id, "ffprobe", ffprobe_arguments)
        if isinstance(ran, Failure):
            return Reading(failures=(ran,)), Reading()
        if ran.limited or ran.exit_code != 0:
            return Reading(failures=(self._failure("ffprobe", ran),)), Reading()
        answer = ran.stdout.decode(errors="replace")
        stream = media.text_subtitle(answer)
        return media.from_ffprobe(answer), Reading() if stream is None else self._subtitles(path, group_id, *stream)

    def _subtitles(self, path: bytes, group_id: int, index: int, codec: str) -> Reading:
        ran = self._run(path, group_id, "ffmpeg", lambda inside: subtitle_arguments(inside, index))
        if isinstance(ran, Failure):
            return Reading(failures=(ran,))
        source = f"ffmpeg {self._version_of_ffmpeg()} stream {index} {codec} $G"
        reading = media.from_subtitles(
            ran.stdout.decode(errors="replace"), media.clean(source), self._limits.track_points
        )
        if ran.limited or ran.exit_code != 0:
            return Reading(reading.facts, (*reading.failures, self._failure("ffmpeg", ran)))
        return reading

    def _version_of_ffmpeg(self) -> str:
        if self._ffmpeg_version is None:
            jail, tool = self._jail([], NOBODY, "ffmpeg")
            ran = jail.run([tool, "-version"], self._limits.timeout_s, self._limits.output_limit_bytes)
            self._ffmpeg_version = version_in(ran.stdout)
        return self._ffmpeg_version or "of unknown version"

    def _run(self, path: bytes, group_id: int, name: str, arguments: Callable[[str], list[str]]) -> Ran | Failure:
        """Run a parser on one file, which it sees under a neutral name with its own extension."""
        found = _EXTENSION.fullmatch(os.path.splitext(path)[1])
        inside = "/clip/media" + (f".{found[1].decode().lower()}" if found else "")
        jail, tool = self._jail([View(path, inside)], group_id, name)
        try:
            return jail.run([tool, *arguments(inside)], self._limits.timeout_s, self._limits.output_limit_bytes)
        except OSError as error:
            return Failure(name, f"did not start: {error}")

    def _jail(self, views: Sequence[View], group_id: int, name: str) -> tuple[Jail, str]:
        return boxed(self._tools, name, views, limits=self._limits.box, group_id=group_id)

    def _inside(self, path: bytes) -> bytes | None:
        """Where the box of the folder shows this file; None when it lies elsewhere or its name is not a plain one."""
        below = path.removeprefix(self._folder.rstrip(b"/") + b"/")
        return b"/clips/" + below if below != path and _PLAIN_NAME.fullmatch(below) else None

    def _failure(self, parser: str, ran: Ran) -> Failure:
        if ran.limited == "time":
            return Failure(parser, f"no answer in {self._limits.timeout_s:g} s")
        if ran.limited == "output":
            return Failure(parser, f"printed more than {self._limits.output_limit_bytes} bytes")
        # "[mov @ 0x55e1…] moov atom not found" and "/clip/media.mp4: Invalid data": the cause, then what it led to.
        lines = [_DECORATION.sub("", line) for line in ran.stderr_tail.decode(errors="replace").splitlines()]
        words = media.clean("; ".join([line for line in lines if line.strip()][-2:]))
        if ran.limited == "memory":
            return Failure(parser, f"out of memory: {words}")
        return Failure(parser, words or f"exit code {ran.exit_code}")

    def _close_exiftool(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
