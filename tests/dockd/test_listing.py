"""Every entry of a volume, from trees that were made to mislead and file systems that are broken."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockd.listing import Listed, NotRegular, Volume, list_volume
from hashing.filecalls import OsFileCalls
from tests.simulators.hostile import (
    CLIP,
    SECRET,
    ContainsItself,
    Counting,
    Failing,
    Hostile,
    OneNameTwice,
    build,
)

FILES = OsFileCalls()
LEVELS, DOWN = 300, b"d" * 20


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    outside = tmp_path / "outside"
    outside.write_bytes(SECRET)
    root = tmp_path / "recorder"
    root.mkdir()
    return build(str(root), outside=str(outside))


@pytest.fixture
def bottomless(tmp_path: Path) -> Iterator[Path]:
    """Folders in each other beyond PATH_MAX; `rm` removes what shutil cannot."""
    root = tmp_path / "bottomless"
    root.mkdir()
    fd = os.open(root, os.O_RDONLY)
    for _level in range(LEVELS):
        os.mkdir(DOWN, dir_fd=fd)
        os.close(os.open(b"clip.mp4", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
        # A second folder at every level, after the deep one: the walk must find its way back up.
        os.mkdir(b"e", dir_fd=fd)
        below = os.open(DOWN, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    yield root
    subprocess.run(["rm", "-rf", str(root)], check=True)


def by_path(entries: tuple[Listed, ...]) -> dict[bytes, Listed]:
    return {entry.path: entry for entry in entries}


def test_every_entry_of_a_hostile_tree_is_listed_with_its_kind(hostile: Hostile) -> None:
    listing = list_volume(FILES, hostile.root)
    assert {entry.path: entry.kind for entry in listing.entries} == hostile.kinds
    assert len(listing.entries) == len(hostile.kinds)
    assert [entry.path for entry in listing.entries] == sorted(hostile.kinds)
    assert all(entry.fault is None for entry in listing.entries)


def test_links_are_told_and_not_followed(hostile: Hostile, tmp_path: Path) -> None:
    entries = by_path(list_volume(FILES, hostile.root).entries)
    assert entries[b"link-outside.mp4"].link_target == os.fsencode(tmp_path / "outside")
    assert entries[b"link-to-folder"].link_target == b"/"
    assert not any(path.startswith(b"link-to-folder/") for path in entries)


def test_holes_show_in_what_is_allocated(hostile: Hostile) -> None:
    bomb = by_path(list_volume(FILES, hostile.root).entries)[b"sparse-bomb.mp4"]
    assert bomb.size_bytes >= 1024**4
    assert bomb.allocated_bytes < 1024**2


def test_depth_beyond_path_max_is_reached_with_few_descriptors(bottomless: Path) -> None:
    files = Counting()
    listing = list_volume(files, str(bottomless))
    assert len(listing.entries) == LEVELS
    longest = max(len(entry.path) for entry in listing.entries)
    assert longest == (len(DOWN) + 1) * (LEVELS - 1) + len(b"clip.mp4") > os.pathconf("/", "PC_PATH_MAX")
    assert files.most_open < 25
    assert not files.open_now
    # Each folder is opened once on the way down and at most once on the way up.
    assert files.calls["open"] < LEVELS * 3 + 10


def test_a_tree_with_more_names_than_memory_allows_ends_as_a_finding(bottomless: Path) -> None:
    files = Counting()
    listing = list_volume(files, str(bottomless), limit_bytes=100_000)
    assert [entry.fault for entry in listing.entries if entry.kind == "unlistable"] == ["too-much"]
    assert len(listing.entries) < 100
    assert not files.open_now


def test_a_name_listed_twice_is_listed_twice_and_marked(tmp_path: Path) -> None:
    (tmp_path / "twice.mp4").write_bytes(CLIP)
    (tmp_path / "once.mp4").write_bytes(CLIP)
    listing = list_volume(OneNameTwice("twice.mp4"), str(tmp_path))
    assert [(entry.path, entry.kind, entry.fault) for entry in listing.entries] == [
        (b"once.mp4", "file", None),
        (b"twice.mp4", "file", "duplicate-name"),
        (b"twice.mp4", "file", "duplicate-name"),
    ]


def test_a_folder_listed_twice_is_entered_once_and_the_second_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "twice").mkdir()
    (tmp_path / "twice" / "clip.mp4").write_bytes(CLIP)
    listing = list_volume(OneNameTwice("twice"), str(tmp_path))
    assert [(entry.path, entry.kind, entry.fault) for entry in listing.entries] == [
        (b"twice", "unlistable", "duplicate-name"),
        (b"twice/clip.mp4", "file", None),
    ]


@pytest.mark.parametrize("refused", [False, True])
def test_a_folder_that_contains_itself_is_a_finding(tmp_path: Path, refused: bool) -> None:
    (tmp_path / "a" / "again").mkdir(parents=True)
    (tmp_path / "a" / "clip.mp4").write_bytes(CLIP)
    listing = list_volume(ContainsItself(b"again", refused=refused), str(tmp_path))
    assert [(entry.path, entry.kind, entry.fault) for entry in listing.entries] == [
        (b"a/again", "unlistable", "loop"),
        (b"a/clip.mp4", "file", None),
    ]


def test_a_folder_whose_listing_fails_is_a_finding_and_the_rest_is_listed(tmp_path: Path) -> None:
    for folder in ("bad", "good"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "clip.mp4").write_bytes(CLIP)
    bad = os.stat(tmp_path / "bad").st_ino
    files = Failing("scandir", errno.EIO, lambda fd: os.fstat(fd).st_ino == bad)  # type: ignore[arg-type]
    listing = list_volume(files, str(tmp_path))
    assert [(entry.path, entry.kind, entry.fault, entry.errno) for entry in listing.entries] == [
        (b"bad", "unlistable", "listing-failed", errno.EIO),
        (b"good/clip.mp4", "file", None, None),
    ]


def test_an_entry_of_which_nothing_can_be_learned_is_a_finding(tmp_path: Path) -> None:
    for name in ("bad.mp4", "good.mp4"):
        (tmp_path / name).write_bytes(CLIP)
    listing = list_volume(Failing("lstat", errno.EIO, lambda name: name == b"bad.mp4"), str(tmp_path))
    assert [(entry.path, entry.kind, entry.fault, entry.errno) for entry in listing.entries] == [
        (b"bad.mp4", "unlistable", "status-failed", errno.EIO),
        (b"good.mp4", "file", None, None),
    ]


def test_a_way_back_that_is_lost_is_a_finding_for_what_was_still_to_be_entered(bottomless: Path) -> None:
    turned: list[object] = []

    def up_or_down_again(name: object) -> bool:
        if name == b"..":
            turned.append(name)
        return bool(turned) and name in (b"..", DOWN)

    listing = list_volume(Failing("open", errno.EIO, up_or_down_again), str(bottomless))
    lost = [entry for entry in listing.entries if entry.kind == "unlistable"]
    assert lost and all(entry.path.endswith(b"/e") and entry.errno == errno.EIO for entry in lost)
    assert sum(entry.kind == "file" for entry in listing.entries) == LEVELS


def test_a_way_back_that_is_barred_is_found_again_from_the_root(tmp_path: Path) -> None:
    for level in range(40):
        folder = tmp_path.joinpath(*["d"] * level)
        (folder / "e").mkdir(parents=True)
        (folder / "e" / "clip.mp4").write_bytes(CLIP)
    barred = Failing("open", errno.EACCES, lambda name: name == b"..")
    listing = list_volume(barred, str(tmp_path))
    assert len(listing.entries) == 40 and all(entry.kind == "file" for entry in listing.entries)
    assert barred.fired > 20


def test_a_root_that_cannot_be_listed_is_no_empty_recorder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"):
        list_volume(Failing("scandir", errno.EIO, lambda fd: True), str(tmp_path))
    with pytest.raises(FileNotFoundError):
        list_volume(FILES, str(tmp_path / "nowhere"))


@pytest.mark.contract("P3")
def test_a_pulled_vfat_that_lists_as_empty_is_no_empty_recorder(tmp_path: Path) -> None:
    answers: list[OSError | None] = [None]

    def statvfs(fd: int) -> os.statvfs_result:
        if answers[0] is not None:
            raise answers[0]
        return os.fstatvfs(fd)

    with Volume.open(FILES, str(tmp_path), statvfs=statvfs) as volume:
        assert list_volume(FILES, volume).entries == ()
        answers[0] = OSError(errno.EIO, "Input/output error")
        with pytest.raises(OSError):
            list_volume(FILES, volume)


def test_a_mount_inside_the_volume_is_not_entered() -> None:
    # /proc lies inside / on every Linux machine; only the first level is of interest here.
    with Volume.open(FILES, "/") as volume, pytest.raises(NotRegular) as fault:
        volume.open_folder(b"proc")
    assert fault.value.kind == "other-device"


def test_a_mount_inside_the_volume_is_a_finding(tmp_path: Path) -> None:
    recorder = tmp_path / "recorder"
    (recorder / "inside").mkdir(parents=True)
    (recorder / "clip.mp4").write_bytes(CLIP)
    script = (
        f"mount -t tmpfs none {recorder}/inside && touch {recorder}/inside/foreign.mp4 && "
        f"exec {sys.executable} -c '"
        "from dockd.listing import list_volume; from hashing.filecalls import OsFileCalls; "
        f'print([(e.path, e.kind, e.fault) for e in list_volume(OsFileCalls(), "{recorder}").entries])\''
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[(b'clip.mp4', 'file', None), (b'inside', 'unlistable', 'other-device')]"
