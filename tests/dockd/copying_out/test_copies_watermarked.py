"""Watermarked copies: the mark is in the picture, the original is as it was, and the proof says what is what."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bagit
import pytest

from catalog.parsers import Tools
from dockd.assembly import reading
from dockd.checks import State
from dockd.copying_out.fonts import FONT_PACKAGE, FONTS, find_font
from dockd.copying_out.giving import marker_here
from dockd.copying_out.order import CannotMark
from dockd.copying_out.watermarking import Marker, mark_lines
from dockd.copying_out.words import of_copies
from dockd.doctor_tools import font_check
from dockd.errors import ToolMissing
from dockd.exits import Exit
from tests.simulators.agency import Command
from tests.simulators.copies import COPIER, RECIPIENT, approved, checked, clip_ids, copied, settle_copies, well
from tests.simulators.films import ffmpeg
from tests.simulators.quick import quick_folder

WIDTH, HEIGHT = 640, 360
VIDEO = "1234567_100234_20261119090000.mp4"
PHOTO = "1234567_100234_20261119090100.jpg"
SOUND = "1234567_100234_20261119090200.wav"


def gray(path: Path, *options: str, kind: str = "color=c=gray") -> bytes:
    """Pictures without anything in them: whatever shows is the mark."""
    ffmpeg("-f", "lavfi", "-i", f"{kind}:size={WIDTH}x{HEIGHT}:rate=10:duration=1", *options, str(path))
    return path.read_bytes()


@pytest.fixture(scope="module")
def pristine(settled: Path) -> Iterator[Path]:
    """A station with a video, a photo and a sound recording; it is copied, never used."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        made = folder / "made"
        made.mkdir()
        ffmpeg("-f", "lavfi", "-i", "sine=duration=1", str(made / SOUND))
        recordings = {
            VIDEO: gray(made / VIDEO, "-c:v", "libx264", "-pix_fmt", "yuv420p"),
            PHOTO: gray(made / PHOTO, "-frames:v", "1"),
            SOUND: (made / SOUND).read_bytes(),
        }
        settle_copies(Command(folder), recordings)
        yield folder


@pytest.fixture
def station(pristine: Path, quick_path: Path) -> Command:
    shutil.copytree(pristine, quick_path, dirs_exist_ok=True)
    return Command(quick_path)


def frame(path: Path) -> bytes:
    """The first picture, a byte of brightness a pixel."""
    words = ["-f", "rawvideo", "-pix_fmt", "gray", "-frames:v", "1", "pipe:1"]
    ran = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), *words], capture_output=True, check=True)
    assert len(ran.stdout) == WIDTH * HEIGHT
    return ran.stdout


def marked_share(picture: bytes, plain: bytes, column: int, row: int) -> float:
    """How much of one of eight fields of the picture is another than it was."""
    wide, high = WIDTH // 2, HEIGHT // 4
    other = 0
    for y in range(row * high, (row + 1) * high):
        for x in range(column * wide, (column + 1) * wide):
            other += abs(picture[y * WIDTH + x] - plain[y * WIDTH + x]) > 24
    return other / (wide * high)


def by_name(bag: Path) -> dict[str, Path]:
    return {path.name: path for path in (bag / "data").rglob("*") if path.is_file()}


@pytest.mark.duty("D23")
def test_recipient_request_and_day_are_burnt_in_all_over_and_the_original_is_untouched(station: Command) -> None:
    clips = clip_ids(station)
    number = approved(station, *clips, kind="copy")
    bag = station.home / "usb"
    with reading(str(station.home / "station")) as opened:
        found = {clip.name: clip for clip in opened.station.catalog.clips()}
        originals = {name: Path(opened.station.vault.at(clip.vault_path)) for name, clip in found.items()}
    before = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in originals.items()}
    said = copied(station, number, bag, "--watermarked")
    assert (said["form"], said["files"]) == ("watermarked", 4)
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in originals.items()} == before
    given = by_name(bag)
    for name, ending in ((VIDEO, ".watermarked.mp4"), (PHOTO, ".watermarked.jpg")):
        picture, plain = frame(given[Path(name).stem + ending]), frame(originals[name])
        shares = [marked_share(picture, plain, column, row) for column in range(2) for row in range(4)]
        assert min(shares) > 0.02, shares
        assert max(shares) < 0.5, "the picture can still be seen"
    assert name not in given
    well(bag)
    assert bagit.Bag(str(bag)).validate()
    assert station.ok("verify", "--all", by="boss").code == Exit.OK


def test_what_is_derived_says_from_which_original_and_sound_has_a_note_beside_it(station: Command) -> None:
    clips = clip_ids(station)
    bag = station.home / "usb"
    number = approved(station, *clips, kind="copy")
    copied(station, number, bag, "--watermarked")
    with reading(str(station.home / "station")) as opened:
        digests = {clip.name: clip.digests["b3"] for clip in opened.station.catalog.clips()}
    said = json.loads((bag / "proof/derived.json").read_text("utf-8"))["derived"]
    assert {Path(one["original_name"]).name: one["original"] for one in said} == {
        name: digests[name] for name in (VIDEO, PHOTO)
    }
    assert all(RECIPIENT in "\n".join(one["mark"]) and number in "\n".join(one["mark"]) for one in said)
    files = {Path(one["path"]).name: one for one in json.loads((bag / "proof/copy.json").read_text("utf-8"))["files"]}
    assert {name: one["what"] for name, one in files.items()} == {
        VIDEO.replace(".mp4", ".watermarked.mp4"): "derived",
        PHOTO.replace(".jpg", ".watermarked.jpg"): "derived",
        SOUND: "original",
        "说明-NOTE.txt": "note",
    }
    note = by_name(bag)["说明-NOTE.txt"].read_text("utf-8")
    assert RECIPIENT in note and number in note and "NOT THE ORIGINAL" in note
    assert by_name(bag)[SOUND].read_bytes() == (station.home / "made" / SOUND).read_bytes()


def test_a_derived_file_that_claims_another_original_is_found(station: Command) -> None:
    bag = station.home / "usb"
    copied(station, approved(station, *clip_ids(station), kind="copy"), bag, "--watermarked")
    path = bag / "proof/derived.json"
    said = json.loads(path.read_text("utf-8"))
    said["derived"][0]["original"] = said["derived"][1]["original"]
    path.chmod(0o644)
    path.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    code, told = checked(bag)
    assert (code, "not what the log says was taken in" in told) == (1, True)


def test_the_mark_is_another_for_another_recipient(quick_path: Path) -> None:
    video = quick_path / VIDEO
    gray(video, "-c:v", "libx264", "-pix_fmt", "yuv420p")
    pictures = []
    for recipient in ("甲", "甲乙丙丁'%{pts}:\\,;[in]"):
        out = quick_path / "out.mp4"
        with out.open("wb") as file:
            lines = mark_lines("2026-0001", recipient, "2026-11-21")
            marker_here().burn("c", "video", str(video), video.stat().st_size, os.getgid(), lines, file.write)
        pictures.append(frame(out))
    assert pictures[0] != pictures[1]


def test_what_cannot_be_marked_is_not_given_and_says_why(station: Command, quick_path: Path) -> None:
    broken = quick_path / "broken.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(CannotMark) as failed:
        marker_here().burn("c453", "video", str(broken), 7, os.getgid(), ["x"], lambda piece: None)
    told = of_copies(failed.value)
    assert told is not None and (told.exit_code, "c453" in told.sentence) == (Exit.TOOL, True)
    with pytest.raises((CannotMark, OSError)):
        Marker(Tools(ffmpeg="/usr/bin/false"), find_font()).burn(
            "c", "photo", str(broken), 7, os.getgid(), ["x"], lambda piece: None
        )


def test_a_fault_while_marking_gives_nothing_and_leaves_nothing(settled: Path, quick_path: Path) -> None:
    shutil.copytree(settled, quick_path, dirs_exist_ok=True)
    station = Command(quick_path)
    settle_copies(station, {VIDEO: b"no film at all" * 10})
    bag = station.home / "usb"
    number = approved(station, *clip_ids(station), kind="copy")
    ran = station("request", "copy", number, "--to", str(bag), "--watermarked", by=COPIER)
    assert (ran.code, "watermark" in ran.told) == (Exit.TOOL, True)
    assert not bag.exists() and list((station.home / "station/vault/given").iterdir()) == []
    assert [entry["kind"] for entry in station.log()][-1] == "request-approved"


def test_a_font_with_chinese_signs_is_there_and_its_absence_is_said() -> None:
    assert find_font() in FONTS
    assert font_check().state is State.OK
    with pytest.raises(ToolMissing) as missing:
        find_font(["/nonexistent/font.ttc"])
    assert missing.value.package == FONT_PACKAGE
    said = font_check(["/nonexistent/font.ttc"])
    assert (said.state, FONT_PACKAGE in said.hint) == (State.WARN, True)
