"""What the frame of a recording says of how it was ended: is its index there, and does an edit list hide anything?

No parser we call tells either: ffprobe stops at a missing index with words that change from version to version, and
exiftool 12.57 passes edit lists over. So the few boxes that say it are walked here. Pure: `read` gives bytes of the
file, and what they claim is believed no further than the file is long. Read are headers and edit lists only, at most
BOXES_MAX of them, however long the recording.

ISO 14496-12: boxes 4.2, edit list 8.6.6. QuickTime's files have the same frame. AVI: Microsoft's RIFF, with `idx1` or
OpenDML's `indx`. Matroska and MPEG-TS: `streamed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .streamed import EBML_MAGIC, is_transport_stream, matroska_ended, transport_ended

Read = Callable[[int, int], bytes]
"""`read(offset, length)`: so many bytes, fewer where the file ends."""

BOXES_MAX = 4096
_TRACKS_MAX = 64
_EDITS_MAX = 64
# What encoders leave out at the beginning (44 ms of AAC, some frames for B-pictures) and round off at the end.
HIDDEN_MS = 500
_FIRST_BOXES = frozenset((b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof"))
_HOLDS_MEDIA = frozenset((b"moov", b"mdat", b"moof"))
_HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """`kind` is "mp4", "avi", "matroska", "mpeg-ts", or "empty" for a file that has no byte but NUL at its beginning:
    room was made for a recording, and none written. `indexed`: the index is there and nothing reaches beyond the
    file's end; of Matroska and MPEG-TS, which need no index, the latter alone. `edit_lists` is in how many tracks an
    edit list leaves something out or puts it elsewhere; None where there can be none.
    """

    kind: str
    indexed: bool
    edit_lists: int | None


@dataclass(frozen=True, slots=True)
class _Box:
    name: bytes
    start: int
    end: int


class _Count:
    """How many headers may still be read of one file."""

    def __init__(self) -> None:
        self.left = BOXES_MAX

    def one(self) -> bool:
        self.left -= 1
        return self.left >= 0


def frame_of(read: Read, size_bytes: int) -> Frame | None:
    """The frame of a file of this size; None when it is of no kind known here, or shows nothing. Raises what `read`
    raises.
    """
    head = read(0, _HEAD_BYTES)
    if not head.strip(b"\0"):
        return Frame("empty", False, None)
    if head[4:8] in _FIRST_BOXES:
        return _mp4(read, size_bytes)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _avi(read, size_bytes)
    if head.startswith(EBML_MAGIC):
        return _streamed("matroska", matroska_ended(read, size_bytes))
    if is_transport_stream(read, size_bytes):
        return _streamed("mpeg-ts", transport_ended(read, size_bytes))
    return None


def _streamed(kind: str, ended: bool | None) -> Frame | None:
    return None if ended is None else Frame(kind, ended, None)


def _mp4(read: Read, size_bytes: int) -> Frame:
    count = _Count()
    moov: _Box | None = None
    whole = True
    for box in _boxes(read, 0, size_bytes, count):
        if box.end > size_bytes and box.name in _HOLDS_MEDIA:
            whole = False
        elif box.name == b"moov" and moov is None:
            moov = box
    if moov is None:
        return Frame("mp4", False, None)
    return Frame("mp4", whole, _edit_lists(read, moov, count))


def _boxes(read: Read, start: int, end: int, count: _Count) -> Iterator[_Box]:
    """The boxes from `start` on; the last one may reach beyond `end`. What is no box ends them."""
    while start + 8 <= end and count.one():
        head = read(start, _HEAD_BYTES)
        size, name, body = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < body or len(name) < 4 or not name.isascii():
            return
        yield _Box(name, start + body, start + size)
        start += size


def _inside(read: Read, box: _Box, name: bytes, count: _Count) -> Iterator[_Box]:
    return (one for one in _boxes(read, box.start, box.end, count) if one.name == name and one.end <= box.end)


def _edit_lists(read: Read, moov: _Box, count: _Count) -> int:
    movie = next((_scale(read, mvhd) for mvhd in _inside(read, moov, b"mvhd", count)), (0, 0))
    found = 0
    for number, trak in enumerate(_inside(read, moov, b"trak", count)):
        if number == _TRACKS_MAX:
            break
        media = next((mdia for mdia in _inside(read, trak, b"mdia", count)), None)
        edts = next((edts for edts in _inside(read, trak, b"edts", count)), None)
        if media is None or edts is None:
            continue
        timed = next((_scale(read, mdhd) for mdhd in _inside(read, media, b"mdhd", count)), (0, 0))
        lists = _inside(read, edts, b"elst", count)
        found += any(_hides(read, one, movie[0], timed) for one in lists)
    return found


def _scale(read: Read, box: _Box) -> tuple[int, int]:
    """Units a second and duration in them, of an mvhd or mdhd box; (0, 0) when it is cut off."""
    data = read(box.start, 32)
    wide = data[:1] == b"\1"
    at, length = (20, 8) if wide else (12, 4)
    if len(data) < at + 4 + length or box.end - box.start < at + 4 + length:
        return 0, 0
    duration = int.from_bytes(data[at + 4 : at + 4 + length], "big")
    # All ones: not known.
    return int.from_bytes(data[at : at + 4], "big"), 0 if duration == (1 << 8 * length) - 1 else duration


def _hides(read: Read, box: _Box, movie_scale: int, timed: tuple[int, int]) -> bool:
    """Whether an edit list leaves out more than encoders do, repeats, reorders, or changes the speed."""
    wide = read(box.start, 1) == b"\1"
    length = 8 if wide else 4
    entry = 2 * length + 4
    listed = int.from_bytes(read(box.start + 4, 4), "big")
    room = max(0, box.end - box.start - 8) // entry
    data = read(box.start + 8, entry * min(listed, room, _EDITS_MAX))
    edits = []
    for at in range(0, len(data) - entry + 1, entry):
        lasts = int.from_bytes(data[at : at + length], "big")
        begins = int.from_bytes(data[at + length : at + 2 * length], "big", signed=True)
        rate = int.from_bytes(data[at + 2 * length : at + entry], "big")
        if begins >= 0:
            # An empty edit (-1) only delays a track: nothing of it is left out.
            edits.append((lasts, begins, rate))
    if len(edits) != 1:
        return len(edits) > 1
    (lasts, begins, rate), (scale, duration) = edits[0], timed
    if rate != 1 << 16:
        return True
    if not scale or not movie_scale:
        return False
    if begins * 1000 > HIDDEN_MS * scale:
        return True
    # Of a file in fragments the length of the edit is nought: all of it.
    hidden_ms = (duration - begins) * 1000 // scale - lasts * 1000 // movie_scale
    return bool(lasts) and hidden_ms > HIDDEN_MS


def _avi(read: Read, size_bytes: int) -> Frame:
    count = _Count()
    indexed, whole = False, True
    start = 0
    while start + 12 <= size_bytes and count.one():
        head = read(start, 12)
        if head[:4] != b"RIFF":
            break
        end = start + 8 + int.from_bytes(head[4:8], "little")
        whole = whole and start + 12 < end <= size_bytes
        indexed = _riff_index(read, start + 12, min(end, size_bytes), count) or indexed
        start = end + end % 2
    return Frame("avi", indexed and whole, None)


def _riff_index(read: Read, start: int, end: int, count: _Count) -> bool:
    """Whether an index stands between, in the lists of the header too."""
    while start + 8 <= end and count.one():
        head = read(start, 12)
        name, size = head[:4], int.from_bytes(head[4:8], "little")
        if name in (b"idx1", b"indx"):
            return start + 8 + size <= end
        if name == b"LIST" and head[8:12] in (b"hdrl", b"strl") and start + 8 + size <= end:
            start += 12
            continue
        start += 8 + size + size % 2
    return False
