"""Small files and folders: durable, whole or not at all, and never in the place of something else."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from pathlib import Path

import pytest

from hashing.errors import AlreadyThere, DigestMismatch
from hashing.writing import (
    fsync_folder,
    is_left_behind,
    is_temporary,
    make_folders,
    remove_tree,
    replace_durably,
    temporary_name,
    write_new,
    write_proven,
)
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.recorder_files import open_descriptors


@pytest.mark.parametrize("data", [b"", b"x", bytes(100_000)])
def test_a_new_file_is_whole_and_read_only(tmp_path: Path, data: bytes) -> None:
    files = FlakyFiles()
    files.write_short(7000)
    write_new(files, str(tmp_path / "manifest.b3"), data)
    assert (tmp_path / "manifest.b3").read_bytes() == data
    assert stat.S_IMODE(os.stat(tmp_path / "manifest.b3").st_mode) == 0o440
    assert os.listdir(tmp_path) == ["manifest.b3"]


def test_a_file_has_its_name_only_when_its_bytes_are_durable_and_then_its_folder_is_synced(tmp_path: Path) -> None:
    files = FlakyFiles()
    write_new(files, str(tmp_path / "a"), b"data")
    calls = [(call.name, call.path == str(tmp_path)) for call in files.calls]
    names = [name for name, _ in calls]
    assert names.index("pwrite") < names.index("fsync") < names.index("move_new")
    assert ("fsync", True) in calls[names.index("move_new") :]


@pytest.mark.contract("P6")
def test_nothing_is_ever_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    with pytest.raises(AlreadyThere) as caught:
        write_new(FlakyFiles(), str(tmp_path / "a"), b"second")
    assert caught.value.path == str(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("write", [write_new, replace_durably])
@pytest.mark.parametrize("call", ["open", "pwrite", "chmod", "fsync", "move_new", "replace", "close"])
def test_a_fault_leaves_the_old_state_or_the_new_one(tmp_path: Path, call: str, write) -> None:  # type: ignore[no-untyped-def]
    before = open_descriptors()
    if write is replace_durably:
        (tmp_path / "a").write_bytes(b"old")
    files = FlakyFiles()
    files.fail(call, errno.ENOSPC)
    if call == {write_new: "replace", replace_durably: "move_new"}[write]:
        write(files, str(tmp_path / "a"), b"new")
    else:
        with pytest.raises(OSError) as caught:
            write(files, str(tmp_path / "a"), b"new")
        assert caught.value.errno == errno.ENOSPC
    assert {entry.read_bytes() for entry in tmp_path.iterdir()} <= {b"old", b"new"}
    assert os.listdir(tmp_path) in ([], ["a"])
    assert open_descriptors() == before


def test_what_a_kill_leaves_can_be_told_from_what_was_finished(tmp_path: Path) -> None:
    files = FlakyFiles()
    files.fail("move_new", errno.EIO)
    files.fail("unlink", errno.EIO)
    with pytest.raises(OSError):
        write_new(files, str(tmp_path / "a"), b"data")
    (left,) = os.listdir(tmp_path)
    assert is_temporary(left)
    assert not is_temporary("a")


def test_settings_are_replaced_whole(tmp_path: Path) -> None:
    replace_durably(FlakyFiles(), str(tmp_path / "dockd.toml"), b"one", 0o600)
    replace_durably(FlakyFiles(), str(tmp_path / "dockd.toml"), b"two", 0o640)
    assert (tmp_path / "dockd.toml").read_bytes() == b"two"
    assert stat.S_IMODE(os.stat(tmp_path / "dockd.toml").st_mode) == 0o640
    assert os.listdir(tmp_path) == ["dockd.toml"]


def test_every_folder_on_the_way_is_made_and_its_name_synced(tmp_path: Path) -> None:
    files = FlakyFiles()
    make_folders(files, str(tmp_path / "a/b/c"), str(tmp_path))
    assert (tmp_path / "a/b/c").is_dir()
    assert [call.path for call in files.calls if call.name == "fsync"] == [
        str(tmp_path),
        str(tmp_path / "a"),
        str(tmp_path / "a/b"),
    ]


def test_a_folder_somebody_else_made_is_synced_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    files = FlakyFiles()
    make_folders(files, str(tmp_path / "a"), str(tmp_path))
    assert files.count("fsync") == 1


@pytest.mark.parametrize("what", ["file", "link"])
def test_what_is_no_folder_is_not_taken_for_one(tmp_path: Path, what: str) -> None:
    if what == "file":
        (tmp_path / "a").write_bytes(b"")
    else:
        (tmp_path / "a").symlink_to("/")
    with pytest.raises(NotADirectoryError):
        make_folders(FlakyFiles(), str(tmp_path / "a/b"), str(tmp_path))


def test_a_folder_that_cannot_be_synced_says_so(tmp_path: Path) -> None:
    before = open_descriptors()
    files = FlakyFiles()
    files.fail("fsync", errno.EIO)
    with pytest.raises(OSError):
        fsync_folder(files, str(tmp_path))
    assert open_descriptors() == before


def test_a_file_for_a_medium_is_read_back_from_there(tmp_path: Path) -> None:
    write_proven(FlakyFiles(), str(tmp_path / "a"), b"data", 0o444)
    assert (tmp_path / "a").read_bytes() == b"data"
    files = FlakyFiles()
    files.flip_bit(1, under=str(tmp_path))
    with pytest.raises(DigestMismatch) as caught:
        write_proven(files, str(tmp_path / "b"), b"data")
    assert caught.value.path == str(tmp_path / "b")


def test_what_was_begun_is_removed_with_all_below_it_and_no_link_is_followed(tmp_path: Path) -> None:
    begun, other = tmp_path / "begun", tmp_path / "other"
    (begun / "a/b").mkdir(parents=True)
    (begun / "a/b/c").write_bytes(b"x")
    other.mkdir()
    (other / "kept").write_bytes(b"x")
    (begun / "link").symlink_to(other)
    remove_tree(FlakyFiles(), str(begun))
    assert os.listdir(tmp_path) == ["other"] and os.listdir(other) == ["kept"]
    remove_tree(FlakyFiles(), str(other / "kept"))
    assert os.listdir(other) == []


def test_what_another_process_is_writing_is_not_left_behind_until_that_is_gone() -> None:
    writer = subprocess.Popen(["sleep", "600"])
    name = temporary_name().replace(str(os.getpid()), str(writer.pid), 1)
    try:
        assert is_temporary(name) and not is_left_behind(name)
    finally:
        writer.kill()
        writer.wait()
    assert is_left_behind(name)


@pytest.mark.parametrize("name", [".new-0123456789abcdef", ".new-4194304999-00", ".new-half"])
def test_what_no_living_process_was_writing_is_left_behind(name: str) -> None:
    assert is_temporary(name) and is_left_behind(name)


def test_what_this_process_was_writing_when_it_comes_to_rest_is_left_behind() -> None:
    assert is_temporary(temporary_name()) and is_left_behind(temporary_name())
