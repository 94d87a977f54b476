"""Opening what a volume holds, and nothing else; and what the volume is."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from pathlib import Path

import pytest

from dockd.listing import UNKNOWN_CAPACITY_BYTES, NotRegular, Volume
from dockd.mounts import decoded_label, mount_at, places_of, read_label
from hashing.filecalls import OsFileCalls
from tests.simulators.hostile import CLIP, DEEP_PATH, NAMES, SECRET, Counting, Hostile, build

FILES = OsFileCalls()


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    outside = tmp_path / "outside"
    outside.write_bytes(SECRET)
    root = tmp_path / "recorder"
    root.mkdir()
    return build(str(root), outside=str(outside))


def test_every_plain_file_can_be_opened_and_nothing_else(hostile: Hostile) -> None:
    with Volume.open(FILES, hostile.root) as volume:
        for path, kind in hostile.kinds.items():
            if kind == "file":
                os.close(volume.open_entry(path))
            else:
                with pytest.raises(OSError):
                    volume.open_entry(path)
        with pytest.raises(NotRegular) as fault:
            volume.open_entry(b"empty folder")
        assert fault.value.kind == "folder"


def test_a_fifo_does_not_hold_the_reader_up(hostile: Hostile) -> None:
    with Volume.open(FILES, hostile.root) as volume, pytest.raises(NotRegular) as fault:
        volume.open_entry(b"fifo.mp4")
    assert fault.value.kind == "fifo"


def test_what_is_read_is_the_file_of_that_name(hostile: Hostile) -> None:
    with Volume.open(FILES, hostile.root) as volume:
        for name in NAMES:
            assert volume.read_small(name, 10_000) == CLIP + name
        assert volume.read_small(DEEP_PATH, 10_000) == CLIP + b"bottom"
        assert volume.read_small(NAMES[0], 4) == CLIP[:4]


@pytest.mark.parametrize("path", [b"", b"/etc/passwd", b"../outside", b"a/../../outside", b"a//b", b"./a"])
def test_a_path_that_could_lead_elsewhere_is_refused(tmp_path: Path, path: bytes) -> None:
    with Volume.open(FILES, str(tmp_path)) as volume, pytest.raises(ValueError):
        volume.open_entry(path)


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "recorder", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (elsewhere / "clip.mp4").write_bytes(SECRET)
    (root / "folder").symlink_to(elsewhere)
    with Volume.open(FILES, str(root)) as volume, pytest.raises(OSError):
        volume.open_entry(b"folder/clip.mp4")


def test_twenty_thousand_files_of_a_folder_cost_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    for number in range(200):
        (folder / f"{number}.mp4").write_bytes(b"x")
    files = Counting()
    with Volume.open(files, str(tmp_path)) as volume:
        for number in range(200):
            files.close(volume.open_entry(b"a/b/c/%d.mp4" % number))
        assert files.calls["open"] == 1 + 3 + 200
    assert not files.open_now


def test_many_folders_keep_few_descriptors_open(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "clip.mp4").write_bytes(b"x")
    files = Counting()
    with Volume.open(files, str(tmp_path)) as volume:
        for number in range(50):
            files.close(volume.open_entry(b"%d/clip.mp4" % number))
        assert files.most_open <= 11
    assert not files.open_now


def test_two_readers_do_not_take_each_others_folders_away(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "clip.mp4").write_bytes(str(number).encode())
    wrong: list[object] = []
    with Volume.open(FILES, str(tmp_path)) as volume:

        def read(step: int) -> None:
            for turn in range(400):
                number = turn * step % 40
                try:
                    data = volume.read_small(b"%d/clip.mp4" % number, 10)
                except OSError as error:
                    wrong.append(error)
                    continue
                if data != str(number).encode():
                    wrong.append((number, data))

        threads = [threading.Thread(target=read, args=(step,)) for step in (1, 7, 11)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_noatime_is_left_out_where_it_is_not_permitted(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(CLIP)
    asked: list[int] = []

    class NotOwner(OsFileCalls):
        def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
            asked.append(flags)
            if flags & os.O_NOATIME:
                raise PermissionError(errno.EPERM, "Operation not permitted")
            return os.open(path, flags, mode, dir_fd=dir_fd)

    with Volume.open(NotOwner(), str(tmp_path)) as volume:
        for _time in range(3):
            assert volume.read_small(b"clip.mp4", 100_000) == CLIP
    assert sum(bool(flags & os.O_NOATIME) for flags in asked) == 1


def test_a_closed_volume_opens_nothing_and_leaves_no_descriptor(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "clip.mp4").write_bytes(CLIP)
    files = Counting()
    volume = Volume.open(files, str(tmp_path))
    volume.read_small(b"a/clip.mp4", 10)
    volume.close()
    volume.close()
    with pytest.raises(OSError):
        volume.open_entry(b"a/clip.mp4")
    assert not files.open_now


def test_open_folder_hands_out_a_descriptor_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with Volume.open(FILES, str(tmp_path)) as volume:
        fds = [volume.open_folder(path) for path in (b"", b"a", b"a/b")]
    for fd, place in zip(fds, ("", "a", "a/b"), strict=True):
        assert os.fstat(fd).st_ino == os.stat(tmp_path / place).st_ino
        os.close(fd)


def test_a_plain_folder_has_no_label_and_stable_facts(tmp_path: Path) -> None:
    with Volume.open(FILES, str(tmp_path)) as volume:
        facts = volume.facts()
        assert volume.label() is None
        assert volume.capacity_bytes > 0
        (tmp_path / "new").write_bytes(CLIP)
        assert volume.facts() == facts


def test_a_size_that_is_not_told_limits_nothing(tmp_path: Path) -> None:
    def statvfs(fd: int) -> os.statvfs_result:
        raise OSError(errno.ENOSYS, "Function not implemented")

    with Volume.open(FILES, str(tmp_path), statvfs=statvfs) as volume:
        assert volume.capacity_bytes == UNKNOWN_CAPACITY_BYTES


MOUNTINFO = (
    b"22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
    b"40 22 8:17 / /media/card\\040one ro,nosuid,nodev - vfat /dev/sdb1 ro,fmask=0133\n"
    b"41 22 0:45 / /run rw shared:5 - tmpfs tmpfs rw\n"
    b"42 22 8:33 / /media/two ro shared:9 master:1 - exfat /dev/sdc1 ro\n"
    b"43 42 0:50 / /media/two rw - tmpfs tmpfs rw\n"
)


def test_mountinfo_tells_the_device_of_a_mount_and_of_nothing_else() -> None:
    card = mount_at(MOUNTINFO, b"/media/card one", os.makedev(8, 17))
    assert card is not None and (card.source, card.filesystem) == ("/dev/sdb1", "vfat")
    assert mount_at(MOUNTINFO, b"/media/card one", os.makedev(8, 18)) is None
    assert mount_at(MOUNTINFO, b"/media/card one/DCIM", os.makedev(8, 17)) is None
    assert mount_at(MOUNTINFO, b"/run", os.makedev(0, 45)) is None
    # Something else was mounted over the card: what is seen there is not the card.
    assert mount_at(MOUNTINFO, b"/media/two", os.makedev(8, 33)) is None


def test_the_label_is_read_from_the_file_system(tmp_path: Path) -> None:
    image = tmp_path / "card.img"
    image.write_bytes(b"")
    os.truncate(image, 4 * 1024 * 1024)
    assert read_label(str(image)) is None
    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", "00018123", str(image)], check=True)
    assert read_label(str(image)) == "00018123"


@pytest.mark.parametrize(
    ("encoded", "label"),
    [
        ("BWC0042", "BWC0042"),
        (r"NO\x20NAME", "NO NAME"),
        (r"a\x5cx20b", r"a\x20b"),
        (r"\x20\x20", ""),
        ("执法记录仪", "执法记录仪"),
    ],
)
def test_a_label_is_decoded_as_udev_encodes_it(encoded: str, label: str) -> None:
    assert decoded_label(encoded) == label


def test_every_mount_is_found_with_its_device() -> None:
    with open("/proc/self/mountinfo", "rb") as file:
        places = places_of(file.read())
    assert (b"/", os.stat("/").st_dev) in places
    assert places_of(rb"36 35 98:0 / /media/a\040card rw - ext4 /dev/sdb1 rw") == [
        (b"/media/a card", os.makedev(98, 0))
    ]
