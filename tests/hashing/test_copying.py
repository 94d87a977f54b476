"""The copy engine: a copy is what was given, proven on the medium; what is left, and taken up again."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hashing.copying import CopyTask, Prefix, copy_all
from hashing.digest import Algorithm, digest_of
from hashing.filecalls import OsFileCalls
from hashing.fingerprint import FingerprintStream
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.recorder_files import SMALL_BLOCK, RecorderFiles, engine_threads, open_descriptors, run

EDGES = [0, 1, 4095, 4096, 4097]
SIZES = sorted(
    {n + d for n in (0, SMALL_BLOCK, 2 * SMALL_BLOCK, 9 * SMALL_BLOCK) for d in (-4097, -1, 0, 1, 4096)} - {-1}
)
SIZES = sorted({*EDGES, *(size for size in SIZES if size >= 0)})


def content(size: int, seed: int = 7) -> bytes:
    return random.Random(seed * 1_000_003 + size).randbytes(size)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[RecorderFiles]:
    """A recorder and a vault; afterwards no thread and no descriptor may be left."""
    before = open_descriptors()
    yield RecorderFiles(tmp_path)
    assert engine_threads() == []
    assert open_descriptors() == before


@pytest.mark.parametrize("size", SIZES)
def test_a_copy_is_the_source_to_the_byte(place: RecorderFiles, size: int) -> None:
    data = content(size)
    place.put("clip", data)
    done = run(OsFileCalls(), [place.task(OsFileCalls(), "clip")], algorithms=tuple(Algorithm))
    (copy,) = done.verified
    assert place.copied("clip") == data
    assert copy.size_bytes == size
    assert copy.digests == {algorithm: digest_of(data, algorithm) for algorithm in Algorithm}
    assert copy.read_back == "direct"
    assert done.bytes == size
    assert stat.S_IMODE(os.stat(copy.task.partial).st_mode) == 0o440


def test_many_files_of_all_sizes_come_in_shared_batches(place: RecorderFiles) -> None:
    sizes = [random.Random(3).randrange(0, 3 * SMALL_BLOCK) for _ in range(150)]
    for index, size in enumerate(sizes):
        place.put(f"{index:03}", content(size, index))
    files = FlakyFiles()
    done = run(files, (place.task(files, f"{i:03}") for i in range(150)), batch_files=40)
    assert sorted(copy.task.key for copy in done.verified) == list(range(150))
    assert all(place.copied(f"{i:03}") == content(size, i) for i, size in enumerate(sizes))
    small = sum(size <= SMALL_BLOCK for size in sizes)
    assert files.count("syncfs") <= small // 40 + 2
    assert max(done.batches) <= 40


def test_a_batch_is_also_full_by_bytes(place: RecorderFiles) -> None:
    for index in range(8):
        place.put(f"{index}", content(40_000, index))
    files = FlakyFiles()
    done = run(files, [place.task(files, f"{i}") for i in range(8)], batch_bytes=80_000)
    assert len(done.verified) == 8
    assert files.count("syncfs") == 4


def test_the_real_b3sum_agrees(place: RecorderFiles) -> None:
    place.put("clip", content(3 * SMALL_BLOCK + 17))
    (copy,) = run(OsFileCalls(), [place.task(OsFileCalls(), "clip")]).verified
    told = subprocess.run(["b3sum", "--no-names", copy.task.partial], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == copy.digests[Algorithm.BLAKE3].hex


def test_a_file_longer_than_the_ring_needs_no_more_memory_than_the_ring(place: RecorderFiles) -> None:
    data = content(40 * SMALL_BLOCK)
    place.put("clip", data)
    (copy,) = run(OsFileCalls(), [place.task(OsFileCalls(), "clip")], blocks=2).verified
    assert place.copied("clip") == data
    assert copy.source_direct


def test_a_long_copy_reports_what_is_durable_on_the_way(place: RecorderFiles) -> None:
    data = content(10 * SMALL_BLOCK + 5)
    place.put("clip", data)
    done = run(OsFileCalls(), [place.task(OsFileCalls(), "clip")], checkpoint_bytes=4 * SMALL_BLOCK)
    assert [point.kept.size_bytes for point in done.checkpoints] == [4 * SMALL_BLOCK, 8 * SMALL_BLOCK]
    for point in done.checkpoints:
        assert point.kept.digest == digest_of(data[: point.kept.size_bytes])
    assert len(done.verified) == 1


def test_a_long_copy_is_read_back_while_its_end_is_still_being_copied(place: RecorderFiles) -> None:
    data = content(40 * SMALL_BLOCK + 77)
    place.put("clip", data)
    partial = str(place.target / "clip.part")
    seen = threading.Event()

    class Patient(FlakyFiles):
        """Gives the recorder's last bytes only when the first ones were read back, durable as they are by then."""

        def preadv(self, fd, buffers, offset):  # type: ignore[no-untyped-def,override]
            if os.readlink(f"/proc/self/fd/{fd}") == partial:
                seen.set()
            elif offset >= 10 * SMALL_BLOCK:
                assert seen.wait(20)
            return super().preadv(fd, buffers, offset)

    files = Patient()
    done = run(files, [place.task(files, "clip")], proof_bytes=4 * SMALL_BLOCK, checkpoint_bytes=14 * SMALL_BLOCK)
    (copy,) = done.verified
    assert copy.digests[Algorithm.BLAKE3] == digest_of(data)
    assert place.copied("clip") == data
    calls = [call.name for call in files.calls if call.path == partial]
    assert calls.index("fsync") < calls.index("preadv")


def test_every_byte_is_on_the_medium_before_it_is_read_back(place: RecorderFiles) -> None:
    place.put("long", content(5 * SMALL_BLOCK))
    place.put("small", content(100))
    files = FlakyFiles()
    assert len(run(files, [place.task(files, "long"), place.task(files, "small")]).verified) == 2
    for name, sync in (("long", "fsync"), ("small", "syncfs")):
        partial = str(place.target / f"{name}.part")
        calls = [call.name for call in files.calls if call.path == partial or call.name == "syncfs"]
        assert calls.index(sync) < calls.index("preadv")
        assert "pwrite" not in calls[calls.index(sync) :] or name == "small"
        assert calls.index("chmod") < calls.index(sync)


def test_direct_reading_is_given_up_quietly_where_it_is_refused(place: RecorderFiles) -> None:
    """As FUSE and some FAT do: open with O_DIRECT, or only the read, answers EINVAL."""
    data = content(5 * SMALL_BLOCK + 99)
    place.put("clip", data)

    class NoDirect(OsFileCalls):
        def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
            if flags & os.O_DIRECT:
                raise OSError(22, "no O_DIRECT here")
            return os.open(path, flags, mode, dir_fd=dir_fd)

    files = NoDirect()
    (copy,) = run(files, [place.task(files, "clip")]).verified
    assert (copy.source_direct, copy.read_back) == (False, "dropped")
    assert place.copied("clip") == data


@pytest.mark.parametrize("call", ["preadv", "pwrite"])
@pytest.mark.parametrize("side", ["recorder", "vault"])
def test_a_direct_call_that_is_refused_later_is_made_again_without(place: RecorderFiles, call: str, side: str) -> None:
    data = content(5 * SMALL_BLOCK + 99)
    place.put("clip", data)
    files = FlakyFiles()
    files.fail(call, 22, at=3, under=str(place.root / side))
    assert len(run(files, [place.task(files, "clip")]).verified) == 1
    assert place.copied("clip") == data


@pytest.mark.parametrize("limit", [1000, 4096, 5000])
def test_short_reads_and_short_writes_are_only_slow(place: RecorderFiles, limit: int) -> None:
    long, small = content(3 * SMALL_BLOCK + 7), content(9000)
    place.put("long", long)
    place.put("small", small)
    files = FlakyFiles()
    files.read_short(limit)
    files.write_short(limit + 96)
    done = run(files, [place.task(files, "long"), place.task(files, "small")])
    assert len(done.verified) == 2
    assert (place.copied("long"), place.copied("small")) == (long, small)


# ------------------------------------------------------------ going on

CUTS = [
    1,
    4095,
    4096,
    4097,
    SMALL_BLOCK - 1,
    SMALL_BLOCK,
    SMALL_BLOCK + 1,
    3 * SMALL_BLOCK - 5,
    4 * SMALL_BLOCK,
    282_144,
]
LONG = 4 * SMALL_BLOCK + 20_000


def kept(place: RecorderFiles, data: bytes, cut: int, junk: bytes = b"") -> Prefix:
    """Leave the beginning of `data` in the vault, as an interrupted run would."""
    (place.target / "clip.part").write_bytes(data[:cut] + junk)
    return Prefix(cut, digest_of(data[:cut]))


@pytest.mark.parametrize("cut", CUTS)
def test_a_copy_goes_on_at_the_byte(place: RecorderFiles, cut: int) -> None:
    data = content(LONG)
    cut = min(cut, LONG)
    place.put("clip", data)
    files = FlakyFiles()
    prefix = kept(place, data, cut, junk=b"written but never made durable"[: LONG - cut])
    done = run(files, [place.task(files, "clip", resume=prefix)], algorithms=tuple(Algorithm))
    (copy,) = done.verified
    assert copy.resumed_bytes == cut
    assert place.copied("clip") == data
    assert copy.digests == {algorithm: digest_of(data, algorithm) for algorithm in Algorithm}
    assert copy.fingerprint == fingerprint_by_stream(data)
    assert done.bytes == LONG
    # Nothing of the kept part is read from the recorder again but the rest of its last page.
    reads = sum(call.size_bytes for call in files.calls if call.name == "preadv" and "recorder" in call.path)
    assert reads <= LONG - cut + 2 * 4096


def fingerprint_by_stream(data: bytes) -> object:
    stream = FingerprintStream(len(data))
    stream.update(memoryview(data))
    return stream.value()


def test_a_small_file_with_a_prefix_goes_on_too(place: RecorderFiles) -> None:
    data = content(30_000)
    place.put("clip", data)
    (copy,) = run(OsFileCalls(), [place.task(OsFileCalls(), "clip", resume=kept(place, data, 9_999))]).verified
    assert copy.resumed_bytes == 9_999
    assert place.copied("clip") == data


def test_a_kept_prefix_that_changed_is_not_resumed(place: RecorderFiles) -> None:
    data = content(LONG)
    place.put("clip", data)
    prefix = kept(place, data, 100_000)
    damaged = bytearray(data[:100_000])
    damaged[54_321] ^= 1
    (place.target / "clip.part").write_bytes(damaged)
    (copy,) = run(OsFileCalls(), [place.task(OsFileCalls(), "clip", resume=prefix)]).verified
    assert copy.resumed_bytes == 0
    assert place.copied("clip") == data


@pytest.mark.parametrize("what", ["missing", "shorter", "unreadable", "longer than the file"])
def test_a_prefix_that_cannot_be_used_costs_only_a_copy_from_the_start(place: RecorderFiles, what: str) -> None:
    data = content(LONG)
    place.put("clip", data)
    prefix = kept(place, data, 100_000)
    files = FlakyFiles()
    if what == "missing":
        (place.target / "clip.part").unlink()
    elif what == "shorter":
        os.truncate(place.target / "clip.part", 99_999)
    elif what == "unreadable":
        files.fail("preadv", 5, under=str(place.target))
    else:
        prefix = Prefix(LONG + 1, prefix.digest)
    (copy,) = run(files, [place.task(files, "clip", resume=prefix)]).verified
    assert copy.resumed_bytes == 0
    assert place.copied("clip") == data


def test_a_source_that_changed_behind_its_kept_prefix_is_noticed_by_nobody_but_the_second_reading(
    place: RecorderFiles,
) -> None:
    """The kept bytes are what the recorder gave then; the copy holds these and what it gives now."""
    before, now = content(LONG, 1), content(LONG, 2)
    place.put("clip", now)
    (copy,) = run(OsFileCalls(), [place.task(OsFileCalls(), "clip", resume=kept(place, before, 2 * 4096))]).verified
    assert place.copied("clip") == before[: 2 * 4096] + now[2 * 4096 :]
    assert copy.digests[Algorithm.BLAKE3] == digest_of(place.copied("clip"))


def test_a_changed_source_inside_the_shared_page_is_condemned_and_copied_anew(place: RecorderFiles) -> None:
    before, now = content(LONG, 1), content(LONG, 2)
    place.put("clip", now)
    done = run(OsFileCalls(), [place.task(OsFileCalls(), "clip", resume=kept(place, before, 2 * 4096 + 100))])
    assert [c.reason for c in done.condemned] == ["digest"]
    assert place.copied("clip") == now


def test_stopping_keeps_what_there_is_and_going_on_completes_it(place: RecorderFiles) -> None:
    data = content(20 * SMALL_BLOCK)
    place.put("a", data)
    place.put("b", content(10))
    stop = threading.Event()
    files = FlakyFiles()
    taken = []

    def on_bytes(count: int) -> None:
        taken.append(count)
        if sum(taken) >= 5 * SMALL_BLOCK:
            stop.set()

    tasks = iter([place.task(files, "a"), place.task(files, "b")])
    batches = list(
        copy_all(files, tasks, stop=stop, on_bytes=on_bytes, block_bytes=SMALL_BLOCK, blocks=2, stall_s=30.0)
    )
    faults = {fault.task.key: fault for batch in batches for fault in batch}  # type: ignore[union-attr]
    interrupted = faults[0]
    assert interrupted.reason == "stopped"  # type: ignore[union-attr]
    prefix = interrupted.kept  # type: ignore[union-attr]
    assert prefix is not None
    assert prefix == Prefix(5 * SMALL_BLOCK, digest_of(data[: 5 * SMALL_BLOCK]))
    assert place.copied("a") == data[: prefix.size_bytes]
    assert faults[1].reason == "stopped"  # type: ignore[union-attr]
    (copy,) = run(files, [place.task(files, "a", resume=prefix)]).verified
    assert copy.resumed_bytes == prefix.size_bytes
    assert place.copied("a") == data


def test_tasks_nobody_took_get_no_outcome_when_stopped(place: RecorderFiles) -> None:
    for index in range(100):
        place.put(f"{index:03}", content(10, index))
    stop = threading.Event()
    stop.set()
    done = run(OsFileCalls(), (place.task(OsFileCalls(), f"{i:03}") for i in range(100)), stop=stop)
    assert done.outcomes == []
    assert place.left() == []


# ------------------------------------------------------------ leaving in good order


def test_a_caller_who_goes_away_leaves_nothing_behind(place: RecorderFiles) -> None:
    for index in range(60):
        place.put(f"{index:02}", content(index * 5000, index))
    files = OsFileCalls()
    outcomes = copy_all(
        files,
        (place.task(files, f"{i:02}") for i in range(60)),
        stop=threading.Event(),
        on_bytes=lambda _count: None,
        block_bytes=SMALL_BLOCK,
        batch_files=5,
    )
    first = next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert place.left() == sorted(os.path.basename(outcome.task.partial) for outcome in first)


def test_nothing_begins_before_the_first_batch_is_asked_for(place: RecorderFiles) -> None:
    place.put("clip", b"x")
    files = FlakyFiles()
    copy_all(files, [place.task(files, "clip")], stop=threading.Event(), on_bytes=lambda _count: None)
    assert files.calls == []
    assert engine_threads() == []


def test_an_error_in_the_caller_s_list_reaches_the_caller(place: RecorderFiles) -> None:
    def tasks() -> Iterator[CopyTask]:
        place.put("a", b"x")
        yield place.task(OsFileCalls(), "a")
        raise KeyError("the list broke")

    done = run(OsFileCalls(), tasks())
    assert isinstance(done.error, KeyError)
    assert place.left() == []


def test_an_error_in_the_progress_display_reaches_the_caller(place: RecorderFiles) -> None:
    place.put("a", content(5 * SMALL_BLOCK))

    def on_bytes(_count: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(copy_all(OsFileCalls(), [place.task(OsFileCalls(), "a")], stop=threading.Event(), on_bytes=on_bytes))
    assert place.left() == []


def test_no_task_is_no_batch(place: RecorderFiles) -> None:
    done = run(OsFileCalls(), [])
    assert (done.outcomes, done.error) == ([], None)


def test_sha256_is_the_one_everybody_knows(place: RecorderFiles) -> None:
    data = content(2 * SMALL_BLOCK + 1)
    place.put("clip", data)
    (copy,) = run(OsFileCalls(), [place.task(OsFileCalls(), "clip")], algorithms=(Algorithm.SHA256,)).verified
    assert set(copy.digests) == {Algorithm.BLAKE3, Algorithm.SHA256}
    assert copy.digests[Algorithm.SHA256].hex == hashlib.sha256(data).hexdigest()
