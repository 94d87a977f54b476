"""Reading back: the medium's word, not the page cache's; different and unreadable are two findings."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hashing.digest import Algorithm, digest_of
from hashing.errors import SourceUnreadable
from hashing.filecalls import FileCalls, OsFileCalls
from hashing.reading import BLOCK_BYTES, read_back, read_source
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.recorder_files import engine_threads, open_descriptors

SIZES = [0, 1, 4095, 4096, 4097, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 5000]


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def opener(files: FileCalls, path: Path) -> Callable[[int], int]:
    return lambda extra: files.open(str(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | extra)


@pytest.fixture
def clip(tmp_path: Path) -> Iterator[Path]:
    """Where a test puts its file; afterwards no thread and no descriptor may be left."""
    before = open_descriptors()
    yield tmp_path / "clip"
    assert engine_threads() == []
    assert open_descriptors() == before


@pytest.mark.parametrize("size", SIZES)
def test_all_digests_of_a_stored_file_in_one_reading(clip: Path, size: int) -> None:
    data = content(size)
    clip.write_bytes(data)
    seen: list[int] = []
    found = read_back(OsFileCalls(), str(clip), tuple(Algorithm), on_bytes=seen.append)
    assert found.size_bytes == sum(seen) == size
    assert found.digests == {algorithm: digest_of(data, algorithm) for algorithm in Algorithm}
    assert found.how == "direct"


@pytest.mark.parametrize("size", SIZES)
def test_the_second_reading_of_a_recorder_gives_the_same(clip: Path, size: int) -> None:
    data = content(size)
    clip.write_bytes(data)
    files, seen = FlakyFiles(), list[int]()
    found = read_source(files, opener(files, clip), size, tuple(Algorithm), on_bytes=seen.append)
    assert found.digests == {algorithm: digest_of(data, algorithm) for algorithm in Algorithm}
    assert (found.how, sum(seen)) == ("direct", size)


class NoDirect(FlakyFiles):
    """A file system that knows no O_DIRECT."""

    def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "no O_DIRECT here")
        return super().open(path, flags, mode, dir_fd=dir_fd)


def test_without_direct_reading_the_cache_is_dropped_first(clip: Path) -> None:
    data = content(BLOCK_BYTES + 99)
    clip.write_bytes(data)
    files = NoDirect()
    assert read_back(files, str(clip)).how == "dropped"
    assert read_source(files, opener(files, clip), len(data)).how == "dropped"
    names = [call.name for call in files.calls]
    assert names.index("drop_cache") < names.index("preadv")
    second = names.index("open", names.index("preadv"))
    assert "drop_cache" in names[second : names.index("preadv", second)]


def test_a_cache_that_cannot_be_dropped_is_no_reading_from_the_medium(clip: Path) -> None:
    clip.write_bytes(content(5000))
    files = NoDirect()
    files.fail("drop_cache", errno.EIO, forever=True)
    with pytest.raises(OSError):
        read_back(files, str(clip))
    with pytest.raises(OSError):
        read_source(files, opener(files, clip), 5000)


def test_direct_reading_refused_half_way_goes_on_without(clip: Path) -> None:
    data = content(3 * BLOCK_BYTES)
    clip.write_bytes(data)
    files = FlakyFiles()
    files.fail("preadv", errno.EINVAL, at=2)
    found = read_back(files, str(clip))
    assert (found.how, found.digests[Algorithm.BLAKE3]) == ("dropped", digest_of(data))
    files.fail("preadv", errno.EINVAL, at=2)
    found = read_source(files, opener(files, clip), len(data))
    assert (found.how, found.digests[Algorithm.BLAKE3]) == ("dropped", digest_of(data))


@pytest.mark.parametrize("limit", [1000, 4096])
def test_short_reads_change_nothing(clip: Path, limit: int) -> None:
    data = content(50_001)
    clip.write_bytes(data)
    files = FlakyFiles()
    files.read_short(limit)
    assert read_back(files, str(clip)).digests[Algorithm.BLAKE3] == digest_of(data)
    assert read_source(files, opener(files, clip), 50_001).digests[Algorithm.BLAKE3] == digest_of(data)


def test_a_changed_byte_gives_another_digest_and_no_error(clip: Path) -> None:
    data = content(BLOCK_BYTES + 5)
    clip.write_bytes(data)
    files = FlakyFiles()
    files.flip_bit(3, at=2)
    assert read_back(files, str(clip)).digests[Algorithm.BLAKE3] != digest_of(data)


class BadPage(OsFileCalls):
    """A medium with one page that cannot be read."""

    def __init__(self, bad: int) -> None:
        self.bad = bad

    def preadv(self, fd, buffers, offset):  # type: ignore[no-untyped-def,override]
        if offset <= self.bad < offset + len(buffers[0]):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return os.preadv(fd, buffers, offset)


def test_what_cannot_be_read_is_named_to_the_page(clip: Path) -> None:
    clip.write_bytes(content(3 * BLOCK_BYTES))
    bad = BLOCK_BYTES + 7 * 4096
    files = BadPage(bad + 1234)
    for read in (
        lambda: read_back(files, str(clip)),
        lambda: read_source(files, opener(files, clip), 3 * BLOCK_BYTES),
    ):
        with pytest.raises(SourceUnreadable) as caught:
            read()
        assert (caught.value.reason, caught.value.at_bytes) == ("unreadable", bad)
        assert caught.value.cause is not None
        assert caught.value.cause.errno == errno.EIO


def test_a_missing_file_is_missing(clip: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_back(OsFileCalls(), str(clip))
    with pytest.raises(FileNotFoundError):
        read_source(OsFileCalls(), opener(OsFileCalls(), clip), 5)


def test_a_fifo_in_a_clip_s_place_is_found_out_and_not_waited_for(clip: Path) -> None:
    os.mkfifo(clip)
    with pytest.raises((SourceUnreadable, OSError)):
        read_back(OsFileCalls(), str(clip))


def test_a_link_in_a_clip_s_place_is_not_followed(clip: Path) -> None:
    clip.symlink_to("/etc/passwd")
    with pytest.raises(OSError):
        read_back(OsFileCalls(), str(clip))


@pytest.mark.parametrize(("listed", "reason"), [(4999, "grew"), (5001, "shrank")])
def test_a_recorder_s_file_of_another_size_is_not_the_one_that_was_copied(clip: Path, listed: int, reason: str) -> None:
    clip.write_bytes(content(5000))
    with pytest.raises(SourceUnreadable) as caught:
        read_source(OsFileCalls(), opener(OsFileCalls(), clip), listed)
    assert caught.value.reason == reason


def test_stopping_ends_a_reading_at_the_next_block(clip: Path) -> None:
    clip.write_bytes(content(3 * BLOCK_BYTES))
    for read in (
        lambda stop, seen: read_back(OsFileCalls(), str(clip), stop=stop, on_bytes=seen),
        lambda stop, seen: read_source(
            OsFileCalls(), opener(OsFileCalls(), clip), 3 * BLOCK_BYTES, stop=stop, on_bytes=seen
        ),
    ):
        stop = threading.Event()
        with pytest.raises(SourceUnreadable) as caught:
            read(stop, lambda _count, stop=stop: stop.set())
        assert (caught.value.reason, caught.value.at_bytes) == ("stopped", BLOCK_BYTES)


@pytest.mark.parametrize("call", ["open", "fstat", "preadv"])
def test_a_recorder_that_stops_answering_is_left_behind(clip: Path, call: str) -> None:
    clip.write_bytes(content(3 * BLOCK_BYTES))
    files, wake = FlakyFiles(), threading.Event()
    files.stall(call, wake)
    with pytest.raises(SourceUnreadable) as caught:
        read_source(files, opener(files, clip), 3 * BLOCK_BYTES, stall_s=0.3)
    assert caught.value.reason == "stalled"
    wake.set()
    for thread in [thread for thread in threading.enumerate() if thread.name == "read-source"]:
        thread.join()
