"""The copy engine among faults: a recorder's fault costs its file, the vault's stops everything, and nothing that was
not proven is ever called verified."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hashing.copying import Prefix
from hashing.digest import Algorithm, digest_of
from hashing.errors import AlreadyThere, DigestMismatch, TargetFault
from hashing.filecalls import OsFileCalls
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.recorder_files import SMALL_BLOCK, RecorderFiles, engine_threads, open_descriptors, run

LONG = 5 * SMALL_BLOCK + 1234
SMALL = 10_000


def content(size: int, seed: int = 7) -> bytes:
    return random.Random(seed * 1_000_003 + size).randbytes(size)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[RecorderFiles]:
    """A recorder and a vault; afterwards no thread and no descriptor may be left."""
    before = open_descriptors()
    yield RecorderFiles(tmp_path)
    assert engine_threads() == []
    assert open_descriptors() == before


def three(place: RecorderFiles) -> tuple[bytes, bytes, bytes]:
    """A long file between two small ones."""
    data = content(SMALL, 1), content(LONG, 2), content(SMALL, 3)
    for name, bytes_of in zip("abc", data, strict=True):
        place.put(name, bytes_of)
    return data


# ------------------------------------------------------------ the recorder's faults


def test_a_bad_sector_costs_its_file_and_the_part_before_it_is_kept(place: RecorderFiles) -> None:
    """As a card answers: the large read fails, the pages before the bad one can be had, the bad one never."""
    _, data, _ = three(place)
    bad = 2 * SMALL_BLOCK + 3 * 4096

    class BadSector(OsFileCalls):
        def preadv(self, fd, buffers, offset):  # type: ignore[no-untyped-def,override]
            name = os.readlink(f"/proc/self/fd/{fd}")
            if name.endswith("recorder/b") and offset <= bad < offset + len(buffers[0]):
                raise OSError(errno.EIO, "bad sector")
            return os.preadv(fd, buffers, offset)

    files = BadSector()
    done = run(files, [place.task(files, name) for name in "abc"])
    (fault,) = done.faults
    assert (fault.reason, fault.errno, fault.at_bytes) == ("unreadable", errno.EIO, bad)
    assert fault.kept == Prefix(bad, digest_of(data[:bad]))
    assert place.copied("b") == data[:bad]
    assert sorted(copy.task.key for copy in done.verified) == [0, 2]


def test_one_failed_read_is_not_made_good_by_a_lucky_second_one(place: RecorderFiles) -> None:
    _, data, _ = three(place)
    files = FlakyFiles()
    files.fail("preadv", errno.EIO, at=3, under=str(place.source / "b"))
    done = run(files, [place.task(files, name) for name in "abc"])
    (fault,) = done.faults
    assert fault.kept is not None
    again = run(files, [place.task(files, "b", resume=fault.kept)])
    assert again.verified[0].resumed_bytes == 3 * SMALL_BLOCK
    assert place.copied("b") == data


def test_a_small_file_that_fails_once_is_copied_from_the_start(place: RecorderFiles) -> None:
    data, _, _ = three(place)
    files = FlakyFiles()
    files.fail("preadv", errno.EIO, under=str(place.source / "a"))
    done = run(files, [place.task(files, name) for name in "abc"])
    assert len(done.verified) == 3
    assert place.copied("a") == data


def test_a_file_whose_first_byte_fails_leaves_nothing(place: RecorderFiles) -> None:
    three(place)
    files = FlakyFiles()
    for name in "ab":
        files.fail("preadv", errno.EIO, forever=True, under=str(place.source / name))
    done = run(files, [place.task(files, name) for name in "abc"])
    assert [(fault.reason, fault.at_bytes, fault.kept) for fault in done.faults] == [("unreadable", 0, None)] * 2
    assert place.left() == ["c.part"]


def test_a_recorder_that_is_gone_faults_every_file_that_remains(place: RecorderFiles) -> None:
    for index in range(300):
        place.put(f"{index:03}", content(3 * SMALL_BLOCK if index == 20 else SMALL, index))
    files = FlakyFiles()
    tasks = [place.task(files, f"{index:03}") for index in range(300)]

    def pulled() -> Iterator[object]:
        for task in tasks:
            if task.key == 40:
                files.vanish(str(place.source))
            yield task

    done = run(files, pulled())  # type: ignore[arg-type]
    assert len(done.verified) + len(done.faults) == 300
    assert len(done.faults) >= 260
    assert {fault.errno for fault in done.faults} == {errno.EIO}
    assert {path.removesuffix(".part") for path in place.left()} >= {f"{copy.task.key:03}" for copy in done.verified}


def test_a_prefix_survives_a_recorder_that_cannot_be_opened(place: RecorderFiles) -> None:
    place.put("clip", content(LONG))
    (place.target / "clip.part").write_bytes(content(LONG)[:5000])
    prefix = Prefix(5000, digest_of(content(LONG)[:5000]))
    files = FlakyFiles()
    files.vanish(str(place.source))
    (fault,) = run(files, [place.task(files, "clip", resume=prefix)]).faults
    assert fault.kept == prefix
    assert place.copied("clip") == content(LONG)[:5000]


@pytest.mark.parametrize("size", [SMALL, LONG, SMALL_BLOCK])
@pytest.mark.parametrize("change", [-1, 1, 5000])
def test_a_file_of_another_size_than_listed_is_a_fault(place: RecorderFiles, size: int, change: int) -> None:
    place.put("clip", content(size))
    files = OsFileCalls()
    (fault,) = run(files, [place.task(files, "clip", size=size - change)]).faults
    assert fault.reason == ("shrank" if change < 0 else "grew")
    assert fault.kept is None
    assert place.left() == []


@pytest.mark.parametrize("change", [-SMALL_BLOCK, 1])
def test_a_file_that_changes_its_size_under_our_hands_is_a_fault(place: RecorderFiles, change: int) -> None:
    data = content(LONG)
    path = place.put("clip", data)

    class Growing(OsFileCalls):
        reads = 0

        def preadv(self, fd, buffers, offset):  # type: ignore[no-untyped-def,override]
            if os.readlink(f"/proc/self/fd/{fd}") == str(path):
                self.reads += 1
                if self.reads == 4:
                    os.truncate(path, LONG + change)
            return os.preadv(fd, buffers, offset)

    files = Growing()
    (fault,) = run(files, [place.task(files, "clip")]).faults
    assert fault.reason == ("shrank" if change < 0 else "grew")
    assert fault.kept is not None
    assert fault.kept.size_bytes == min(LONG, LONG + change)
    assert place.copied("clip") == data[: fault.kept.size_bytes]


def test_what_is_no_plain_file_is_a_fault(place: RecorderFiles) -> None:
    os.mkfifo(place.source / "fifo")
    (place.source / "link").symlink_to("/etc/passwd")
    (place.source / "folder").mkdir()
    done = run(OsFileCalls(), [place.task(OsFileCalls(), name, size=4) for name in ("fifo", "link", "folder", "none")])
    assert [fault.reason for fault in done.faults] == ["not-regular", "not-regular", "not-regular", "absent"]
    assert place.left() == []


def test_a_bit_flipped_by_the_recorder_is_copied_as_given(place: RecorderFiles) -> None:
    """One reading cannot know better: that is what the second reading before a clearing is for."""
    data = content(LONG)
    place.put("clip", data)
    files = FlakyFiles()
    files.flip_bit(77, at=2, under=str(place.source))
    (copy,) = run(files, [place.task(files, "clip")]).verified
    given = bytearray(data)
    given[SMALL_BLOCK + 77] ^= 0x10
    assert place.copied("clip") == given
    assert copy.digests[Algorithm.BLAKE3] == digest_of(bytes(given)) != digest_of(data)


# ------------------------------------------------------------ stalls


@pytest.mark.parametrize("call", ["preadv", "open", "fstat", "close"])
@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_recorder_that_stops_answering_ends_the_run(place: RecorderFiles, call: str, name: str) -> None:
    data = three(place)
    files = FlakyFiles()
    wake = threading.Event()
    files.stall(call, wake, at=2 if (call, name) == ("preadv", "b") else 1, under=str(place.source / name))
    tasks = [place.task(files, n) for n in "abc"]
    done = run(files, iter([*tasks, *(place.task(files, "c") for _ in range(3))]), stall_s=0.4)
    assert done.error is None
    assert {outcome.task.key for outcome in done.outcomes} == {0, 1, 2}
    assert done.faults
    assert {fault.reason for fault in done.faults} == {"stalled"}
    for fault in done.faults:
        if fault.kept is not None:
            assert place.copied("abc"[fault.task.key])[: fault.kept.size_bytes] == data[1][: fault.kept.size_bytes]
            assert fault.at_bytes == fault.kept.size_bytes == SMALL_BLOCK
    before = place.left()
    calls = [c for c in files.calls if "vault" in c.path]
    wake.set()
    lost = [thread for thread in threading.enumerate() if thread.name == "copy-read"]
    for thread in lost:
        thread.join()
    # Whoever was left behind touches nothing of ours any more.
    assert place.left() == before
    assert [c for c in files.calls if "vault" in c.path] == calls


def test_a_caller_s_list_that_hangs_on_the_recorder_is_a_stall_too(place: RecorderFiles) -> None:
    place.put("a", content(SMALL))
    wake = threading.Event()

    def tasks() -> Iterator[object]:
        yield place.task(OsFileCalls(), "a")
        wake.wait()

    done = run(OsFileCalls(), tasks(), stall_s=0.4)  # type: ignore[arg-type]
    assert [fault.reason for fault in done.faults] == ["stalled"]
    wake.set()
    for thread in [thread for thread in threading.enumerate() if thread.name == "copy-read"]:
        thread.join()


# ------------------------------------------------------------ the vault's faults


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_bit_flipped_in_the_vault_condemns_the_copy_and_it_is_made_again(place: RecorderFiles, name: str) -> None:
    data = three(place)
    files = FlakyFiles()
    files.flip_bit(4, under=str(place.target / name))
    done = run(files, [place.task(files, n) for n in "abc"])
    assert [(c.task.key, c.reason) for c in done.condemned] == [("abc".index(name), "digest")]
    assert len(done.verified) == 3
    assert [place.copied(n) for n in "abc"] == list(data)


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_second_mismatch_stops_everything(place: RecorderFiles, name: str) -> None:
    three(place)
    files = FlakyFiles()
    files.flip_bit(4, forever=True, under=str(place.target / name))
    done = run(files, [place.task(files, n) for n in "abc"])
    assert isinstance(done.error, DigestMismatch)
    assert len(done.condemned) == 2
    assert f"{name}.part" not in place.left()


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_copy_that_cannot_be_read_back_is_made_again_once(place: RecorderFiles, name: str) -> None:
    three(place)
    once, ever = FlakyFiles(), FlakyFiles()
    once.fail("preadv", errno.EIO, under=str(place.target / name))
    done = run(once, [place.task(once, n) for n in "abc"])
    assert [c.reason for c in done.condemned] == ["unreadable"]
    assert len(done.verified) == 3
    for left in place.left():
        os.unlink(place.target / left)
    ever.fail("preadv", errno.EIO, forever=True, under=str(place.target / name))
    done = run(ever, [place.task(ever, n) for n in "abc"])
    assert isinstance(done.error, TargetFault)
    assert (done.error.act, done.error.cause.errno) == ("read back", errno.EIO)


@pytest.mark.parametrize("step", ["checkpoint_bytes", "proof_bytes"])
def test_damage_seen_on_the_way_spares_the_rest_of_the_copy(place: RecorderFiles, step: str) -> None:
    data = content(60 * SMALL_BLOCK)
    place.put("clip", data)
    files = FlakyFiles()
    files.fail("preadv", errno.EIO, under=str(place.target))
    done = run(files, [place.task(files, "clip")], **{step: 2 * SMALL_BLOCK})
    assert [c.reason for c in done.condemned] == ["unreadable"]
    assert len(done.verified) == 1
    assert place.copied("clip") == data


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_failed_fsync_is_never_asked_again(place: RecorderFiles, name: str) -> None:
    three(place)
    files = FlakyFiles()
    call = "syncfs" if name == "a" else "fsync"
    files.fail(call, errno.EIO)
    done = run(files, [place.task(files, n) for n in "abc"])
    assert isinstance(done.error, TargetFault)
    assert (done.error.act, done.error.cause.errno) == (call, errno.EIO)
    assert {c.reason for c in done.condemned} == {"fsync"}
    assert files.count(call) == 1
    assert not {f"{'abc'[c.task.key]}.part" for c in done.condemned} & set(place.left())


@pytest.mark.parametrize("call", ["open", "allocate", "pwrite", "chmod", "close", "set_flags"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_any_fault_of_our_own_disk_is_a_target_fault(place: RecorderFiles, call: str, at: int) -> None:
    three(place)
    files = FlakyFiles()
    files.fail(call, errno.ENOSPC, at=at, forever=True, under=str(place.target))
    done = run(files, [place.task(files, n) for n in "abc"])
    if files.count(call, str(place.target)) < at:
        assert len(done.verified) == 3
        return
    told = {os.path.basename(outcome.task.partial) for outcome in done.verified}
    # A failing close of a file that was only read back loses nothing; all else does.
    assert isinstance(done.error, TargetFault) or (call == "close" and len(told) == 3)
    assert set(place.left()) <= told


def test_a_full_disk_is_a_target_fault_that_names_the_cause(place: RecorderFiles) -> None:
    three(place)
    files = FlakyFiles()
    files.fail("pwrite", errno.ENOSPC, at=3, under=str(place.target / "b"))
    done = run(files, [place.task(files, n) for n in "abc"])
    assert isinstance(done.error, TargetFault)
    assert (done.error.act, done.error.cause.errno) == ("write", errno.ENOSPC)
    assert done.error.path == str(place.target / "b.part")
    assert place.left() == []


def test_a_full_disk_spares_what_a_checkpoint_told_of(place: RecorderFiles) -> None:
    data = content(60 * SMALL_BLOCK)
    place.put("clip", data)
    files = FlakyFiles()
    files.fail("pwrite", errno.ENOSPC, at=58, under=str(place.target))
    done = run(files, [place.task(files, "clip")], checkpoint_bytes=4 * SMALL_BLOCK)
    assert isinstance(done.error, TargetFault)
    if done.checkpoints:
        kept = done.checkpoints[-1].kept
        again = run(OsFileCalls(), [place.task(OsFileCalls(), "clip", resume=kept)])
        assert again.verified[0].resumed_bytes == kept.size_bytes
        assert place.copied("clip") == data


def test_a_partial_s_name_that_is_taken_is_never_written_over(place: RecorderFiles) -> None:
    three(place)
    (place.target / "b.part").write_bytes(b"somebody's")
    done = run(OsFileCalls(), [place.task(OsFileCalls(), n) for n in "abc"])
    assert isinstance(done.error, AlreadyThere)
    assert place.copied("b") == b"somebody's"


def test_what_was_ready_before_the_fault_is_handed_out_first(place: RecorderFiles) -> None:
    for index in range(10):
        place.put(f"{index}", content(SMALL, index))
    files = FlakyFiles()
    files.fail("pwrite", errno.EIO, at=1, under=str(place.target / "9"))
    done = run(files, [place.task(files, f"{i}") for i in range(10)], batch_files=2)
    assert isinstance(done.error, TargetFault)
    assert place.left() == sorted(os.path.basename(copy.task.partial) for copy in done.verified)


# ------------------------------------------------------------ every call


CALLS = ["open", "close", "fstat", "preadv", "pwrite", "allocate", "set_flags", "will_read", "fsync", "syncfs", "chmod"]


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_at_any_call_never_gives_a_false_proof(place: RecorderFiles, call: str) -> None:
    data = dict(zip("abc", three(place), strict=True))
    steps = {"checkpoint_bytes": 2 * SMALL_BLOCK, "proof_bytes": SMALL_BLOCK}
    clean = FlakyFiles()
    run(clean, [place.task(clean, n) for n in "abc"], **steps)
    for forever in (False, True):
        for at in range(1, clean.count(call) + 1):
            for name in place.left():
                os.unlink(place.target / name)
            files = FlakyFiles()
            files.fail(call, errno.EIO, at=at, forever=forever)
            done = run(files, [place.task(files, n) for n in "abc"], **steps)
            assert done.error is None or isinstance(done.error, TargetFault), (call, at, forever)
            final = [o.task.key for o in (*done.verified, *done.faults)]
            assert len(final) == len(set(final))
            if done.error is None:
                assert sorted(final) == [0, 1, 2]
            for copy in done.verified:
                name = "abc"[copy.task.key]
                assert place.copied(name) == data[name]
            for fault in done.faults:
                name = "abc"[fault.task.key]
                if fault.kept is not None:
                    assert place.copied(name) == data[name][: fault.kept.size_bytes]
                    assert fault.kept.digest == digest_of(place.copied(name))
