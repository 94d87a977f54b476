"""A first look at a recorder spares the docking its listing, and takes nothing else from it."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from dockd.crew import Crew, Seated, Unreadable
from dockd.first_look import SMALL_BYTES, FirstLook
from dockd.listing import list_volume
from dockd.results import Result
from hashing.filecalls import OsFileCalls
from tests.dockd.test_docking import GAT, card, in_vault
from tests.dockd.test_power_cuts import recording
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.recorder_files import open_descriptors
from tests.simulators.station import findings, make_home, open_station


def at_rest() -> None:
    """Wait until no look is under way any more."""
    for thread in threading.enumerate():
        if thread.name == "first-look":
            thread.join(20)
            assert not thread.is_alive()


def small_card(root: Path, count: int) -> tuple[Path, dict[str, bytes]]:
    files = {GAT.format(80000 + n): recording(f"look{n}", 30_000 + n) for n in range(count)}
    return card(root, files), files


def test_a_look_finds_what_a_listing_finds_and_leaves_nothing_open(tmp_path: Path) -> None:
    recorder, _files = small_card(tmp_path / "card", 40)
    os.mkfifo(recorder / "pipe")
    (recorder / "link").symlink_to("nowhere")
    before = open_descriptors()
    look = FirstLook(str(recorder))
    volume, listing = look.found()
    at_rest()
    assert listing == list_volume(OsFileCalls(), str(recorder))
    volume.close()
    assert open_descriptors() == before


def test_small_files_are_read_ahead_in_the_order_of_the_listing_and_long_ones_are_not(tmp_path: Path) -> None:
    recorder, files = small_card(tmp_path / "card", 30)
    (recorder / "long.mp4").write_bytes(bytes(SMALL_BYTES + 1))
    calls = FlakyFiles()
    volume, listing = FirstLook(str(recorder), calls).found()
    at_rest()
    volume.close()
    asked = [call.path for call in calls.calls if call.name == "will_read"]
    small = [os.fsdecode(entry.path) for entry in listing.entries if entry.size_bytes <= SMALL_BYTES]
    assert [os.path.relpath(path, recorder) for path in asked] == small
    assert len(small) == len(files)


def test_whoever_has_enough_is_not_read_ahead_for(tmp_path: Path) -> None:
    recorder, _files = small_card(tmp_path / "card", 200)
    reading, go_on = threading.Event(), threading.Event()

    class Slow(FlakyFiles):
        """Keeps the first read until it is told to go on."""

        def preadv(self, fd, buffers, offset):  # type: ignore[no-untyped-def,override]
            reading.set()
            assert go_on.wait(20)
            return super().preadv(fd, buffers, offset)

    calls = Slow()
    look = FirstLook(str(recorder), calls)
    volume, _listing = look.found()
    assert reading.wait(20)
    look.enough()
    go_on.set()
    at_rest()
    volume.close()
    assert calls.count("preadv") == 1


def test_a_fault_on_the_way_is_left_for_the_copy_to_tell(tmp_path: Path) -> None:
    recorder, files = small_card(tmp_path / "card", 5)
    calls = FlakyFiles()
    calls.fail("preadv", errno.EIO, forever=True, under=str(recorder))
    volume, listing = FirstLook(str(recorder), calls).found()
    at_rest()
    volume.close()
    assert len(listing.entries) == len(files)


def test_a_recorder_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FirstLook(str(tmp_path / "nothing")).found()


def test_recorders_that_were_looked_at_are_taken_in_whole(tmp_path: Path, quick_path: Path) -> None:
    make_home(quick_path)
    recorder, files = small_card(quick_path / "card", 20)
    more = {GAT.format(90000): recording("late", 50_000)}
    late = quick_path / "late"
    late.mkdir()
    paths = [str(recorder), str(late), str(quick_path / "nothing")]
    before = open_descriptors()
    looks = [FirstLook(path) for path in paths]
    assert looks[1].found()[1].entries == ()
    card(quick_path / "late", more)
    with open_station(quick_path) as station:
        # One place: the second and third have to wait for it, and are looked at anew.
        seated = [Seated(path, slot, look) for slot, (path, look) in enumerate(zip(paths, looks, strict=True), 1)]
        crew = Crew(station, seated, clear=False, parallel=1)
        crew.start()
        first, second, third = crew.results()
        assert isinstance(first, Result) and first.sum.ingested == len(files)
        assert isinstance(second, Result) and second.sum.ingested == len(more)
        assert isinstance(third, Unreadable)
        assert sorted(in_vault(station)) == sorted([*files.values(), *more.values()])
        assert findings(station) == []
    at_rest()
    assert open_descriptors() == before
