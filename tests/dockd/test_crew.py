"""Several recorders at once: each is taken in whole, and one stop is a stop for all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dockd.crew import Crew, Seated, Unreadable
from dockd.docking import Result
from dockd.errors import NoSpace
from dockd.station import Station
from tests.dockd.test_docking import GAT, card, in_vault
from tests.dockd.test_power_cuts import recording
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.station import dock, findings, make_home, open_station


@pytest.fixture
def home(quick_path: Path) -> Path:
    """An empty station."""
    make_home(quick_path)
    return quick_path


def crew_of(station: Station, *recorders: Path, parallel: int) -> list[Result]:
    crew = Crew(
        station, [Seated(str(path), slot) for slot, path in enumerate(recorders, 1)], clear=False, parallel=parallel
    )
    crew.start()
    results = crew.results()
    assert not any(isinstance(result, Unreadable) for result in results)
    return [result for result in results if isinstance(result, Result)]


def test_two_recorders_with_the_same_serial_at_once_are_both_taken_in_whole(home: Path) -> None:
    names = [GAT.format(n) for n in range(80000, 80010)]
    one = {name: recording(f"one{name}", 70_000) for name in names}
    two = {name: recording(f"two{name}", 70_000) for name in names}
    with open_station(home) as station:
        results = crew_of(station, card(home / "a", one), card(home / "b", two), parallel=2)
        assert [(r.recorder, r.sum.ingested, r.sum.failed) for r in results] == [("1234567", 10, 0)] * 2
        assert sorted(in_vault(station)) == sorted([*one.values(), *two.values()])
        assert findings(station) == []


def test_sixteen_recorders_at_once_keep_apart(home: Path) -> None:
    cards = {
        n: {
            f"{1000000 + n}_100001_20261119{hour:02d}0000.mp4": recording(f"{n}-{hour}", 40_000 + n)
            for hour in range(4)
        }
        for n in range(16)
    }
    with open_station(home) as station:
        results = crew_of(station, *(card(home / str(n), cards[n]) for n in cards), parallel=16)
        assert [r.slot for r in results] == list(range(1, 17))
        assert [r.recorder for r in results] == [str(1000000 + n) for n in cards]
        assert {(r.sum.ingested, r.sum.failed) for r in results} == {(4, 0)}
        for result, n in zip(results, cards, strict=True):
            own = [clip for clip in station.catalog.clips() if clip.session == result.session]
            assert sorted(Path(station.vault.at(c.vault_path)).read_bytes() for c in own) == sorted(cards[n].values())
        assert findings(station) == []


def test_one_recorder_that_cannot_be_listed_costs_only_itself(home: Path) -> None:
    good = card(home / "good", {GAT.format(80000): b"good"})
    bad = card(home / "bad", {GAT.format(80000): b"bad"})
    files = FlakyFiles()
    files.fail("scandir", 5, under=str(bad), forever=True)
    with open_station(home, files=files) as station:
        crew = Crew(station, [Seated(str(bad)), Seated(str(good))], clear=True, parallel=2)
        crew.start()
        lost, taken = crew.results()
        assert isinstance(lost, Unreadable) and isinstance(taken, Result)
        assert taken.sum.ingested == 1 and not crew.stop.is_set()
        assert os.listdir(bad) == [GAT.format(80000)]


@pytest.mark.contract("P9")
def test_a_fault_of_the_vault_stops_all_sessions(home: Path) -> None:
    files = FlakyFiles()
    cards = [
        card(home / str(n), {f"{1000000 + n}_100001_20261119080000.mp4": recording(str(n), 400_000)}) for n in (1, 2)
    ]
    with open_station(home, files=files) as station:
        files.fail("pwrite", 28, under=str(home / "vault/.partial"), forever=True)
        crew = Crew(station, [Seated(str(path)) for path in cards], clear=True, parallel=2)
        crew.start()
        with pytest.raises(Exception, match="No space"):
            crew.results()
        assert crew.stop.is_set()
    assert all(os.listdir(path) for path in cards)


@pytest.mark.contract("P9")
def test_without_room_in_the_vault_nothing_is_begun(home: Path) -> None:
    recorder = card(home / "recorder", {GAT.format(80000): b"clip"})
    with open_station(home) as station:
        station.free_space_floor_bytes = 1 << 60
        head = station.catalog.head()
        with pytest.raises(NoSpace) as caught:
            dock(station, recorder, clear=True)
        assert caught.value.needed_bytes == (1 << 60) + 4
        assert station.catalog.head() == head
    assert (recorder / GAT.format(80000)).read_bytes() == b"clip"


def test_a_docking_that_is_told_to_stop_fails_what_it_did_not_reach(home: Path) -> None:
    contents = {GAT.format(n): recording(str(n), 300_000) for n in range(80000, 80010)}
    recorder = card(home / "recorder", contents)

    class Stopping(FlakyFiles):
        """Somebody asks for an end while the third clip is read."""

        def fstat(self, fd: int) -> os.stat_result:
            if self._path_of(fd).endswith(GAT.format(80003)):
                crew.stop.set()
            return super().fstat(fd)

    with open_station(home, files=Stopping()) as station:
        crew = Crew(station, [Seated(str(recorder))], clear=True, parallel=1)
        crew.start()
        (result,) = crew.results()
        assert isinstance(result, Result)
        assert result.state == "interrupted" and result.sum.failed > 0
        assert result.sum.ingested + result.sum.failed == 10
        assert result.cleared == 0 and len(os.listdir(recorder)) == 10
        assert findings(station) == []
    with open_station(home, seed=1) as station:
        dock(station, recorder)
        assert sorted(in_vault(station)) == sorted(contents.values())


def test_progress_counts_what_a_screen_shows(home: Path) -> None:
    recorder = card(home / "recorder", {GAT.format(80000): recording("x", 90_000), "strange.xyz": b"?"})
    with open_station(home) as station:
        crew = Crew(station, [Seated(str(recorder), 7)], clear=False, parallel=1)
        crew.start()
        crew.results()
        (progress,) = crew.progress
        assert (progress.slot, progress.state, progress.recorder) == (7, "sealed", "1234567")
        assert progress.done_bytes == progress.total_bytes == 90_001
        assert progress.done_entries == progress.total_entries == 2
        assert threading.active_count() < 50
