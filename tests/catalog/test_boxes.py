"""The frame of MP4 and AVI: how it was ended, and what an edit list hides; hostile frames too."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.boxes import BOXES_MAX, Frame, frame_of
from catalog.streamed import ELEMENTS_MAX


class Bytes:
    """A file in memory that counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked = self.read = 0

    def __call__(self, offset: int, length: int) -> bytes:
        self.asked += 1
        piece = self.data[offset : offset + length]
        self.read += len(piece)
        return piece


def frame(data: bytes) -> Frame | None:
    return frame_of(Bytes(data), len(data))


def box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I", 8 + len(body)) + name + body


def movie(*edits: tuple[int, int, int], media_ms: int = 60_000, wide: bool = False) -> bytes:
    """One track of so many ms; edits are (length in ms, begins at ms, rate in 1/65536)."""
    mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, media_ms), bytes(80))
    mdhd = box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, 10_000, media_ms * 10), bytes(4))
    forms = (b"\1\0\0\0", ">QqI") if wide else (bytes(4), ">IiI")
    rows = b"".join(
        struct.pack(forms[1], lasts, begins * 10 if begins > 0 else begins, rate) for lasts, begins, rate in edits
    )
    elst = box(b"elst", forms[0], struct.pack(">I", len(edits)), rows)
    return box(b"moov", mvhd, box(b"trak", box(b"edts", elst), box(b"mdia", mdhd)))


def mp4(moov: bytes) -> bytes:
    return box(b"ftyp", b"isom") + box(b"mdat", bytes(500)) + moov


NORMAL = 1 << 16


@pytest.mark.parametrize(
    ("edits", "lists"),
    [
        ([], 0),
        ([(60_000, 0, NORMAL)], 0),
        # A codec's own delay, and a track that begins later.
        ([(59_900, 80, NORMAL)], 0),
        ([(300, -1, NORMAL), (60_000, 0, NORMAL)], 0),
        # In fragments the length is nought.
        ([(0, 0, NORMAL)], 0),
        # The beginning, the end, a part in the middle; twice the speed; one picture that stands.
        ([(50_000, 10_000, NORMAL)], 1),
        ([(50_000, 0, NORMAL)], 1),
        ([(20_000, 0, NORMAL), (20_000, 40_000, NORMAL)], 1),
        ([(60_000, 0, 2 * NORMAL)], 1),
        ([(60_000, 0, 0)], 1),
    ],
)
@pytest.mark.parametrize("wide", [False, True])
def test_an_edit_list_counts_when_it_hides_something(edits: list[tuple[int, int, int]], lists: int, wide: bool) -> None:
    assert frame(mp4(movie(*edits, wide=wide))) == Frame("mp4", True, lists)


def ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *words], check=True)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boxes") / "a.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=6", "-f", "lavfi", "-i", "sine=duration=6"]
    ffmpeg(*sources, "-c:v", "libx264", "-g", "20", "-c:a", "aac", str(path))
    return path


@pytest.mark.parametrize("kind", ["mp4", "mov", "3gp", "m4a", "avi"])
def test_a_recording_that_was_ended_is_indexed_and_one_that_was_cut_off_is_not(recording: Path, kind: str) -> None:
    path = recording.with_suffix(f".{kind}") if kind != "mp4" else recording
    if kind != "mp4":
        streams = ["-vn"] if kind == "m4a" else []
        ffmpeg("-i", str(recording), *streams, "-c", "copy", str(path))
    whole = path.read_bytes()
    name = "avi" if kind == "avi" else "mp4"
    assert frame(whole) == Frame(name, True, None if kind == "avi" else 0)
    for share in (0.1, 0.5, 0.99):
        cut = frame(whole[: int(len(whole) * share)])
        assert cut is not None and not cut.indexed


def test_a_recording_in_fragments_that_lost_its_end_was_not_ended(recording: Path) -> None:
    path = recording.with_name("frag.mp4")
    ffmpeg("-i", str(recording), "-c", "copy", "-movflags", "frag_keyframe+empty_moov", str(path))
    whole = path.read_bytes()
    assert frame(whole) == Frame("mp4", True, 0)
    last = whole.rindex(b"mdat")
    assert frame(whole[: last + 20]) == Frame("mp4", False, 0)


def test_a_cut_without_new_encoding_leaves_an_edit_list(recording: Path) -> None:
    path = recording.with_name("cut.mp4")
    ffmpeg("-ss", "1.3", "-i", str(recording), "-c", "copy", str(path))
    found = frame(path.read_bytes())
    assert found is not None and found.indexed
    assert found.edit_lists


@pytest.mark.parametrize("data", [b"", bytes(100), bytes(4096)])
def test_a_file_that_nothing_was_written_into_was_not_ended(data: bytes) -> None:
    assert frame(data) == Frame("empty", False, None)


@pytest.mark.parametrize("data", [b"words and words", b"\xff\xd8\xff\xe0JFIF", b"RIFF\4\0\0\0WAVE", b"\x1aE\xdf\xa3"])
def test_of_other_files_nothing_is_said(data: bytes) -> None:
    assert frame(data) is None


def test_rubbish_behind_the_last_box_is_no_end_that_is_missing() -> None:
    assert frame(mp4(movie()) + b"\xff\xff\xff\xff\xfe\xfe\xfe\xfe") == Frame("mp4", True, 0)


def hostile() -> Iterator[bytes]:
    yield box(b"ftyp") * (4 * BOXES_MAX)
    yield box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", (1 << 64) - 1)
    yield box(b"ftyp") + box(b"moov", *[box(b"trak", box(b"edts"), box(b"mdia"))] * 3000)
    yield mp4(movie(*[(1, 1, NORMAL)] * 50_000))
    yield box(b"ftyp") + struct.pack(">I4s", 4, b"moov") * 1000
    yield b"RIFF" + struct.pack("<I", 0) + b"AVI " + b"LIST\0\0\0\0hdrl" * 20_000
    yield b"RIFF" + struct.pack("<I", 1 << 31) + b"AVI " + b"JUNK\0\0\0\0" * 20_000


@pytest.mark.parametrize("data", list(hostile()), ids=range(7))
def test_a_hostile_frame_costs_no_more_than_so_many_reads(data: bytes) -> None:
    file = Bytes(data)
    frame_of(file, len(data))
    assert file.asked <= 3 * BOXES_MAX
    assert file.read <= 64 * BOXES_MAX


@given(st.binary(max_size=400), st.sampled_from([b"", box(b"ftyp"), b"RIFF\0\1\0\0AVI ", box(b"ftyp") + movie()[:60]]))
@example(b"", box(b"ftyp") + movie((1, 1, 1))[:-3])
def test_whatever_stands_in_a_file_is_answered(data: bytes, head: bytes) -> None:
    found = frame(head + data)
    assert found is None or found.kind in ("mp4", "avi", "empty")


# -------------------------------------------------------------------------------------------- Matroska and MPEG-TS


@pytest.mark.parametrize("kind", ["mkv", "webm"])
def test_a_matroska_recording_that_was_ended_is_told_from_one_that_was_cut_off(recording: Path, kind: str) -> None:
    path = recording.with_name(f"a.{kind}")
    codecs = ["-c", "copy"] if kind == "mkv" else ["-an", "-c:v", "libvpx", "-deadline", "realtime"]
    ffmpeg("-i", str(recording), *codecs, str(path))
    whole = path.read_bytes()
    assert frame(whole) == Frame("matroska", True, None)
    for share in (0.2, 0.5, 0.99):
        assert frame(whole[: int(len(whole) * share)]) == Frame("matroska", False, None)


def unfinished(whole: bytes) -> bytes:
    """A Matroska file as it lies there while it is written: the segment has no length yet (RFC 9559, 5.1)."""
    at = whole.index(b"\x18\x53\x80\x67") + 4
    assert whole[at] == 0x01
    return whole[:at] + b"\x01" + b"\xff" * 7 + whole[at + 8 :]


def test_a_matroska_recording_whose_power_went_is_cut_off_within_a_cluster(recording: Path) -> None:
    path = recording.with_name("b.mkv")
    ffmpeg("-i", str(recording), "-c", "copy", "-cluster_time_limit", "1000", str(path))
    whole = unfinished(path.read_bytes())
    clusters = [at for at in range(len(whole)) if whole.startswith(b"\x1f\x43\xb6\x75", at)]
    assert len(clusters) > 2
    # Within a cluster, within the head of one, and with room behind it that was made and never written to.
    for broken in (whole[: clusters[-1] - 50], whole[: clusters[-1] + 3], whole[: clusters[-1]] + bytes(5000)):
        assert frame(broken) == Frame("matroska", False, None)
    # Between two clusters, as a stream that never was to have a length: nobody can tell.
    assert frame(whole[: clusters[-1]]) is None
    assert frame(whole) is None


def test_a_matroska_stream_that_was_made_to_be_sent_is_not_judged(recording: Path) -> None:
    path = recording.with_name("c.mkv")
    ffmpeg("-i", str(recording), "-c", "copy", "-f", "matroska", "-live", "1", str(path))
    assert frame(path.read_bytes()) is None


@pytest.mark.parametrize("kind", ["ts", "m2ts"])
def test_a_transport_stream_that_breaks_off_within_a_packet_was_not_ended(recording: Path, kind: str) -> None:
    path = recording.with_name(f"a.{kind}")
    ffmpeg("-i", str(recording), "-c", "copy", "-f", "mpegts", "-mpegts_m2ts_mode", str(int(kind == "m2ts")), str(path))
    whole = path.read_bytes()
    length = 188 if kind == "ts" else 192
    assert len(whole) % length == 0
    # It has no end of its own: between two packets nobody can tell.
    assert frame(whole) is None
    assert frame(whole[: -3 * length]) is None
    assert frame(whole[:-60]) == Frame("mpeg-ts", False, None)
    # FAT counts in clusters: the last one was made, and not filled.
    assert frame(whole[: -2 * length] + bytes(40 * length)) == Frame("mpeg-ts", False, None)
    # Bytes lost in the middle are no broken end.
    assert frame(whole[: 20 * length] + whole[20 * length + 7 :]) is None


@given(st.binary(max_size=400))
@example(b"\x1a\x45\xdf\xa3")
@example(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff")
@example(b"\x1a\x45\xdf\xa3\x80" + b"\xec\x80" * 100)
def test_no_bytes_behind_the_mark_of_matroska_stop_the_walk(data: bytes) -> None:
    hostile = Bytes(b"\x1a\x45\xdf\xa3" + data)
    found = frame_of(hostile, len(hostile.data))
    assert found is None or found.kind in ("matroska", "mp4")
    assert hostile.asked < 2 * ELEMENTS_MAX + 10


def test_a_matroska_file_of_nothing_but_heads_is_given_up() -> None:
    hostile = Bytes(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\xec\x80" * 3 * ELEMENTS_MAX)
    assert frame_of(hostile, len(hostile.data)) is None
    assert hostile.asked < ELEMENTS_MAX + 10
