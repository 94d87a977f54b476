"""ffprobe's list of packets → where a clip's own time jumps. Pure: lines in, jumps out, whatever their number.

A recorder that loses its card or its processor for a moment writes a clip whose packets have a hole; a clip put
together later has one too. MP4 keeps durations and no times, so there a hole looks like one very long packet; by the
times of decoding both look alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ..claims import decimal

# What the lines must come from (`-of compact` names its fields; their order is ffprobe's own).
FFPROBE_PACKETS = ("-of", "compact", "-show_entries", "packet=codec_type,stream_index,dts_time,pts_time")

# Recorders slow down to 5 frames a second in the dark: a shorter pause is no evidence.
JUMP_MS = 500
_STREAMS_MAX = 64


@dataclass(frozen=True, slots=True)
class Jump:
    """A hole in a stream's time, or a step back (`length_ms` below nought).

    `at_ms` is where it begins, from the beginning of the stream.
    """

    stream: int
    kind: str
    at_ms: int
    length_ms: int


class JumpFinder:
    """Takes lines one by one; `jumps` are those of all video and sound streams, in the order of the packets.

    It keeps at most `most` of them, and `more` says how many there were beyond. Packets without a time are passed over,
    and so is every other line: the output comes from a hostile file.
    """

    def __init__(self, limit_ms: int = JUMP_MS, most: int | None = None) -> None:
        self.jumps: list[Jump] = []
        self.more = 0
        self._limit_ms = limit_ms
        self._most = most
        self._first: dict[int, Decimal] = {}
        self._last: dict[int, Decimal] = {}

    def line(self, line: str) -> None:
        """Look at one line of ffprobe's."""
        fields = dict(part.split("=", 1) for part in line.strip().split("|") if "=" in part)
        kind, index = fields.get("codec_type"), fields.get("stream_index", "")
        at = decimal(fields.get("dts_time", ""))
        if at is None:
            at = decimal(fields.get("pts_time", ""))
        if kind not in ("video", "audio") or at is None or not index.isdecimal() or int(index) >= _STREAMS_MAX:
            return
        stream = int(index)
        first = self._first.setdefault(stream, at)
        before = self._last.get(stream, at)
        self._last[stream] = at
        length_ms = int((at - before) * 1000)
        if -self._limit_ms < length_ms < self._limit_ms:
            return
        if self._most is not None and len(self.jumps) >= self._most:
            self.more += 1
        else:
            self.jumps.append(Jump(stream, kind, int((before - first) * 1000), length_ms))


def distinct(jumps: Iterable[Jump]) -> list[Jump]:
    """One jump for each place: sound and picture that stop together are one. The longer one speaks."""
    kept: list[Jump] = []
    for jump in sorted(jumps, key=lambda j: (j.at_ms, -abs(j.length_ms))):
        if kept and jump.stream != kept[-1].stream and jump.at_ms - kept[-1].at_ms < abs(kept[-1].length_ms):
            if abs(jump.length_ms) > abs(kept[-1].length_ms):
                kept[-1] = jump
            continue
        kept.append(jump)
    return kept
