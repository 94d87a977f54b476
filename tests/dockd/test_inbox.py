"""Drop folders: half-written files are left alone, still ones are taken in once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dockd.drops import Drops
from dockd.inbox import Print, Stillness, is_being_written
from dockd.listing import Listed, Volume
from hashing.filecalls import OsFileCalls
from tests.simulators.station import findings, make_home, open_station


def listed(name: str, size: int, mtime: int = 1) -> Listed:
    """A file as a listing shows it."""
    return Listed(name.encode(), "file", size, size, mtime, 5)


def nobody(_listed: Listed) -> bool:
    """Nobody writes."""
    return False


def test_a_file_is_still_only_after_its_size_and_time_stood_for_the_whole_term() -> None:
    now = [0.0]
    stillness = Stillness(10, lambda: now[0])
    assert stillness.look((listed("a", 1),), nobody) == frozenset()
    now[0] = 9
    assert stillness.look((listed("a", 2),), nobody) == frozenset()
    now[0] = 18
    assert stillness.look((listed("a", 2),), nobody) == frozenset()
    now[0] = 19
    assert stillness.look((listed("a", 2),), nobody) == {b"a"}


def test_a_file_that_somebody_writes_is_not_still_however_long_it_stood() -> None:
    now = [0.0]
    stillness = Stillness(10, lambda: now[0])
    stillness.look((listed("a", 1),), nobody)
    now[0] = 50
    assert stillness.look((listed("a", 1),), lambda _l: True) == frozenset()
    now[0] = 55
    assert stillness.look((listed("a", 1),), nobody) == frozenset(), "the term begins anew"
    now[0] = 60
    assert stillness.look((listed("a", 1),), nobody) == {b"a"}


def test_what_was_taken_is_offered_again_only_when_it_changes() -> None:
    now = [0.0]
    stillness = Stillness(1, lambda: now[0])
    stillness.look((listed("a", 1),), nobody)
    now[0] = 2
    assert stillness.look((listed("a", 1),), nobody) == {b"a"}
    stillness.taken((listed("a", 1),))
    assert stillness.look((listed("a", 1),), nobody) == frozenset() and not stillness.waiting
    now[0] = 3
    stillness.look((listed("a", 2),), nobody)
    now[0] = 5
    assert stillness.look((listed("a", 2),), nobody) == {b"a"}
    assert Print.of(listed("a", 2)) != Print.of(listed("a", 2, mtime=9))


def test_the_kernel_tells_of_a_writer(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"1")
    with Volume.open(OsFileCalls(), str(tmp_path)) as volume:
        entry = listed("a.mp4", 1)
        assert not is_being_written(volume, entry)
        with open(tmp_path / "a.mp4", "ab"):
            assert is_being_written(volume, entry)
        assert not is_being_written(volume, entry)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something, never for a time."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.duty("D01")
@pytest.mark.parametrize("remove", [False, True])
def test_files_dropped_by_a_voice_recorder_are_taken_in_under_its_name(tmp_path: Path, remove: bool) -> None:
    drop = tmp_path / "录音笔-2"
    drop.mkdir()
    make_home(tmp_path)
    alarms: list[BaseException] = []
    with open_station(tmp_path) as station:
        drops = Drops(station, (str(drop),), still_s=0.2, remove=remove, alarm=alarms.append)
        drops.start()

        def write_slowly() -> None:
            with open(drop / "interview.wav", "wb") as file:
                for _ in range(8):
                    file.write(os.urandom(1000))
                    file.flush()
                    time.sleep(0.1)

        (drop / "photo.jpg").write_bytes(b"photo")
        writer = threading.Thread(target=write_slowly)
        writer.start()
        until(lambda: any(clip.name == "photo.jpg" for clip in station.catalog.clips()))
        writer.join()
        until(lambda: any(clip.name == "interview.wav" for clip in station.catalog.clips()))
        until(lambda: sorted(os.listdir(drop)) == ([] if remove else ["interview.wav", "photo.jpg"]))
        drops.stop(10)
        clips = {clip.name: clip for clip in station.catalog.clips()}
        assert set(clips) == {"photo.jpg", "interview.wav"}
        assert {clip.recorder for clip in clips.values()} == {"录音笔-2"}
        assert clips["interview.wav"].size_bytes == 8000, "taken in whole, never half-written"
        assert findings(station) == []
        assert alarms == []
