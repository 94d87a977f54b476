"""Facts of one clip: exiftool stays open for a session's folder, ffprobe runs once for a file; both boxed.

Nothing that a clip contains makes this raise or wait for ever: a parser that dies, hangs or prints without end costs
the facts it would have had, and the failure is recorded with its reason. Ingest never waits for any of it.

Measured (Linux 6.18, 2 cores; exiftool 12.57, ffprobe 5.1.9; 10 s of 1280x720 with sound, medians of 30): exiftool
3 ms (a photo 1 ms, its start 60 ms, in a box of its own 59 ms), ffprobe 40 ms of which the box is 3 ms, a GPS track
another 40 ms. So 1,000 videos cost about 45 s, 1,000 photos 2 s. Looking for jumps reads the whole recording once more:
beside that 0.6 s for 1 GB (20 minutes, 83,000 packets, 6.6 MB of lines), of which 0.25 s are our own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType

from hashing.filecalls import FileCalls, is_regular

from . import media
from .boxes import frame_of
from .jail import NOBODY, Limits, Path, Ran, View
from .media import Fact, Failure, Reading
from .parsers import (
    EXIFTOOL_ARGUMENTS,
    Tools,
    boxed,
    ffprobe_arguments,
    packet_arguments,
    subtitle_arguments,
    version_in,
)
from .stayopen import ParserFault, StayOpenExiftool
from .watching.packets import JumpFinder

# ffprobe's line of a packet has some 80.
_LINE_MAX_BYTES = 4096

TIMED_KINDS = frozenset({"video", "audio"})

# exiftool reads the questions line by line, and has opened a name that ends in "|" as a command (CVE-2022-23935).
_PLAIN_NAME = re.compile(rb"[A-Za-z0-9_/.+@()-][A-Za-z0-9_/. +@()\x80-\xff-]*(?<! )")
_DECORATION = re.compile(r"^\[[^\]]* @ 0x[0-9a-f]+\] |/clip/media(\.\w+)?: ")
_EXTENSION = re.compile(rb"\.([A-Za-z0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """`timeout_s` and `output_limit_bytes` hold for one question to one parser; `files_each`: for one exiftool.

    `packets`: whether whole recordings are read for jumps of their time; that may take a second more for each
    `packets_bytes_s` of them.
    """

    timeout_s: float = 20.0
    output_limit_bytes: int = 4 << 20
    files_each: int = 200
    track_points: int = 300
    packets: bool = True
    packets_bytes_s: int = 10 << 20
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
        ffprobe = subtitles = frame = packets = Reading()
        if kind in TIMED_KINDS:
            frame = self._frame(raw, status.st_size)
            ffprobe, subtitles = self._ffprobe(raw, status.st_gid)
            if self._limits.packets and not ffprobe.failures:
                packets = self._packets(raw, status.st_gid, status.st_size)
        reading = media.merged(exiftool, ffprobe, subtitles, frame, packets)
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

    def _frame(self, path: bytes, size_bytes: int) -> Reading:
        """What the container's own frame says; read here and not in a box, for it only counts and compares."""
        try:
            fd = self._files.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                frame = frame_of(lambda offset, length: self._bytes(fd, offset, length), size_bytes)
            finally:
                self._files.close(fd)
        except OSError as error:
            return Reading(failures=(Failure("file", error.strerror or str(error)),))
        return Reading() if frame is None else media.from_frame(frame)

    def _bytes(self, fd: int, offset: int, length: int) -> bytes:
        # A hostile box may begin behind any file.
        if offset >= 1 << 62:
            return b""
        block = memoryview(bytearray(length))
        return bytes(block[: self._files.preadv(fd, [block], offset)])

    def _packets(self, path: bytes, group_id: int, size_bytes: int) -> Reading:
        """Where the time of its packets jumps. ffprobe reads the whole recording for it and its lines are looked at as
        they come, so the time it may take grows with the size and the memory does not.
        """
        finder = JumpFinder(most=media.JUMPS_MAX)
        lines = _Lines(finder.line)
        usual = self._limits
        more_s = size_bytes / usual.packets_bytes_s
        limits = replace(
            usual,
            timeout_s=usual.timeout_s + more_s,
            # A packet's line has some 80 bytes, and hardly a packet is smaller than its line.
            output_limit_bytes=usual.output_limit_bytes + 4 * size_bytes,
            box=replace(usual.box, cpu_s=usual.box.cpu_s + int(more_s)),
        )
        ran = self._run(path, group_id, "ffprobe", packet_arguments, limits, lines.take)
        if isinstance(ran, Failure):
            return Reading(failures=(ran,))
        if ran.limited or ran.exit_code != 0:
            return Reading(failures=(self._failure("ffprobe", ran, limits),))
        return media.from_packets(finder.jumps, finder.more, "ffprobe packets")

    def _version_of_ffmpeg(self) -> str:
        if self._ffmpeg_version is None:
            jail, tool = boxed(self._tools, "ffmpeg", [], limits=self._limits.box, group_id=NOBODY)
            ran = jail.run([tool, "-version"], self._limits.timeout_s, self._limits.output_limit_bytes)
            self._ffmpeg_version = version_in(ran.stdout)
        return self._ffmpeg_version or "of unknown version"

    def _run(
        self,
        path: bytes,
        group_id: int,
        name: str,
        arguments: Callable[[str], list[str]],
        limits: ProbeLimits | None = None,
        take: Callable[[bytes], None] | None = None,
    ) -> Ran | Failure:
        """Run a parser on one file, which it sees under a neutral name with its own extension."""
        limits = limits or self._limits
        found = _EXTENSION.fullmatch(os.path.splitext(path)[1])
        inside = "/clip/media" + (f".{found[1].decode().lower()}" if found else "")
        jail, tool = boxed(self._tools, name, [View(path, inside)], limits=limits.box, group_id=group_id)
        try:
            return jail.run([tool, *arguments(inside)], limits.timeout_s, limits.output_limit_bytes, take)
        except OSError as error:
            return Failure(name, f"did not start: {error}")

    def _inside(self, path: bytes) -> bytes | None:
        """Where the box of the folder shows this file; None when it lies elsewhere or its name is not a plain one."""
        below = path.removeprefix(self._folder.rstrip(b"/") + b"/")
        return b"/clips/" + below if below != path and _PLAIN_NAME.fullmatch(below) else None

    def _failure(self, parser: str, ran: Ran, limits: ProbeLimits | None = None) -> Failure:
        limits = limits or self._limits
        if ran.limited == "time":
            return Failure(parser, f"no answer in {limits.timeout_s:g} s")
        if ran.limited == "output":
            return Failure(parser, f"printed more than {limits.output_limit_bytes} bytes")
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


class _Lines:
    """Cuts what comes in pieces into lines. A line longer than any of ffprobe's is passed over."""

    def __init__(self, line: Callable[[str], None]) -> None:
        self._line = line
        self._rest = b""

    def take(self, piece: bytes) -> None:
        """Look at a piece; the line it breaks off in waits for the next."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[:_LINE_MAX_BYTES]
        for line in lines:
            self._line(line.decode(errors="replace"))
