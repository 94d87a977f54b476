"""Contract P2, P3, P4: a clearing that the recorder, the station or the power cuts off half way."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog.errors import CatalogFault
from catalog.events import ClearingIntended, RecorderCleared
from catalog.kinds import parse
from hashing.filecalls import OsFileCalls
from tests.simulators.clearings import (
    BINDING,
    CLIPS,
    FIRST,
    HELD,
    PHOTO,
    STRANGE,
    cleared,
    lying,
    recorder_with,
)
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.power import PowerLog, state_after
from tests.simulators.station import Clock, dock, findings, make_home, open_station
from tests.simulators.yanked import FILE_SYSTEMS, Yanked


@pytest.fixture
def home(quick_path: Path) -> Path:
    """An empty station, and a recorder with clips, its binding file and a file that nobody knows."""
    make_home(quick_path)
    recorder_with(quick_path, {**CLIPS, BINDING[0]: BINDING[1], STRANGE[0]: STRANGE[1]})
    return quick_path


# ---------------------------------------------------------------------------------------------- removal that fails


@pytest.mark.contract("P2")
@pytest.mark.contract("P3")
@pytest.mark.parametrize("moment", [("scandir", 3), ("preadv", 9), ("scandir", 5), ("unlink", 1), ("unlink", 3)])
@pytest.mark.parametrize("file_system", FILE_SYSTEMS)
def test_a_yanked_recorder_was_not_cleared_whatever_it_answers(
    home: Path, file_system: str, moment: tuple[str, int]
) -> None:
    files = Yanked(str(home / "recorder"), file_system, *moment)
    with open_station(home, files=files) as station:
        told = cleared(station, home)
        assert files.gone
        assert told.cleared.removed == ()
        assert station.catalog.find_session(told.result.session).cleared == 0
        assert findings(station) == []
    if moment not in (("scandir", 5), ("unlink", 3)):
        assert set(CLIPS) <= set(lying(home))
    with open_station(home, seed=1) as station:
        dock(station, home / "recorder", clear=True)
        assert lying(home) == dict([BINDING, STRANGE])
        assert len(list(station.catalog.clips())) == HELD


@pytest.mark.contract("P3")
@pytest.mark.parametrize("file_system", FILE_SYSTEMS)
def test_a_recorder_yanked_before_its_folder_is_durable_was_not_cleared(home: Path, file_system: str) -> None:
    files = Yanked(str(home / "recorder"), file_system, "fsync", 1)
    with open_station(home, files=files) as station:
        told = cleared(station, home)
        assert files.gone
        assert told.cleared.removed == ()


@pytest.mark.contract("P3")
@pytest.mark.parametrize("file_system", FILE_SYSTEMS)
def test_an_empty_or_failing_listing_confirms_nothing(quick_path: Path, file_system: str) -> None:
    """All entries were clips: an empty listing is just what a cleared recorder would show."""
    make_home(quick_path)
    recorder_with(quick_path, {FIRST: CLIPS[FIRST]})
    files = Yanked(str(quick_path / "recorder"), file_system, "unlink", 1)
    with open_station(quick_path, files=files) as station:
        assert cleared(station, quick_path).cleared.removed == ()
    assert lying(quick_path) == {FIRST: CLIPS[FIRST]}


@pytest.mark.contract("P3")
def test_a_folder_that_cannot_be_listed_afterwards_confirms_nothing(home: Path) -> None:
    files = FlakyFiles()
    with open_station(home, files=files) as station:
        # The first listing, the one before the removal, and the one after it.
        files.fail("scandir", 5, at=3, under=str(home / "recorder/sub"))
        told = cleared(station, home)
        assert told.cleared.removed == ()
        assert {told.reasons[name] for name in CLIPS} == {"not-confirmed"}


@pytest.mark.contract("P2")
def test_an_unlink_whose_folder_cannot_be_made_durable_is_no_clearing(home: Path) -> None:
    files = FlakyFiles()
    files.fail("fsync", 5, under=str(home / "recorder/sub"))
    with open_station(home, files=files) as station:
        told = cleared(station, home)
        assert told.reasons[PHOTO] == "removal-failed"
        assert PHOTO not in lying(home)
        assert len(told.cleared.removed) == len(CLIPS) - 1


@pytest.mark.contract("P2")
def test_an_unlink_that_changes_nothing_is_no_clearing(home: Path) -> None:
    class Deaf(OsFileCalls):
        """Says that it removed what it did not: a card that turned itself read-only."""

        def unlink(self, path: str | bytes, *, dir_fd: int | None = None) -> None:  # type: ignore[override]
            if dir_fd is None:
                os.unlink(path)

    with open_station(home, files=Deaf()) as station:
        told = cleared(station, home)
        assert told.cleared.removed == ()
        assert {told.reasons[name] for name in CLIPS} == {"still-listed"}


# -------------------------------------------------------------------------------------------- crashes on the way


class Killed(BaseException):
    """The process ends here."""


@dataclass
class KilledAt(OsFileCalls):
    """Ends the run before the `at`-th removal from the recorder."""

    at: int
    seen: int = field(default=0)

    def unlink(self, path: str | bytes, *, dir_fd: int | None = None) -> None:  # type: ignore[override]
        self.seen += dir_fd is not None
        if dir_fd is not None and self.seen == self.at:
            raise Killed
        os.unlink(path, dir_fd=dir_fd)


@pytest.mark.contract("P2")
@pytest.mark.contract("P4")
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_clearing_that_was_cut_off_gets_its_outcome_at_the_next_start(home: Path, at: int) -> None:
    with pytest.raises(Killed), open_station(home, files=KilledAt(at)) as station:
        cleared(station, home)
    with open_station(home, seed=1, rest=False) as station:
        (waiting,) = station.catalog.clearing_intended()
    with open_station(home, seed=2) as station:
        assert station.catalog.clearing_intended() == []
        log = [parse(entry.kind, entry.data) for entry in station.catalog.session_log(waiting.id)]
        intent, outcome = log[-2:]
        assert isinstance(intent, ClearingIntended) and isinstance(outcome, RecorderCleared)
        assert (outcome.removed, outcome.confirmed_by) == ([], "interrupted")
        wanted = [{"seq": entry["seq"], "reason": "not-confirmed"} for entry in intent.entries]
        assert outcome.kept == wanted
        assert findings(station) == []
        dock(station, home / "recorder", clear=True)
        assert lying(home) == dict([BINDING, STRANGE])
    with open_station(home, seed=3) as station:
        assert len([e for e in station.catalog.custody() if e.kind == "recorder-cleared"]) == 2


@pytest.mark.contract("P9")
def test_without_a_durable_intent_nothing_is_removed(home: Path) -> None:
    class Seen(OsFileCalls):
        """The catalogue stops answering once the second reading has begun."""

        def unlink(self, path: str | bytes, *, dir_fd: int | None = None) -> None:  # type: ignore[override]
            assert dir_fd is None, "a removal without an intent"
            os.unlink(path)

    before = lying(home)
    with open_station(home, files=Seen()) as station:

        def refuse() -> None:
            def failing(connection: object) -> None:
                raise OSError(5, "Input/output error")

            station.catalog._engine.dialect.do_commit = failing  # type: ignore[method-assign,assignment]

        with pytest.raises((CatalogFault, OSError)):
            cleared(station, home, refuse)
    assert lying(home) == before


# ------------------------------------------------------------------------------------------------ power cuts


@dataclass
class ClearingFilm(PowerLog):
    """A power film that also notes after how many changes of the vault each clip left the recorder."""

    removals: list[tuple[int, str]] = field(default_factory=list)

    def unlink(self, path, *, dir_fd=None):  # type: ignore[no-untyped-def]
        if dir_fd is not None:
            self.look_at_database()
            self.removals.append((len(self.changes), os.fsdecode(path)))
        super().unlink(path, dir_fd=dir_fd)


@pytest.mark.contract("P1")
@pytest.mark.contract("P4")
def test_when_the_first_clip_leaves_the_recorder_the_worst_power_cut_loses_none(home: Path, tmp_path: Path) -> None:
    film = ClearingFilm(root=str(home / "vault"), database=str(home / "catalog.db"))
    with open_station(home, files=film) as station:
        cleared(station, home)
    film.close_watcher()
    assert len(film.removals) == len(CLIPS)
    first = film.removals[0][0]
    for cut in range(first, len(film.changes) + 1):
        disk = state_after(film.changes, cut, luck=0.0, seed=0).reachable()
        committed = film.commits[cut] if cut < len(film.commits) else len(film.databases) - 1
        copy = tmp_path / str(cut)
        (copy / "vault").mkdir(parents=True)
        (copy / "catalog.db").write_bytes(film.databases[committed])
        with open_station(copy, clock=Clock(), rest=False) as station:
            held = {clip.name: disk[clip.vault_path] for clip in station.catalog.clips()}
            assert [s.clearing for s in station.catalog.sessions()] in (["intended"], ["done"])
        assert held == {os.path.basename(name): data for name, data in [*CLIPS.items(), BINDING]}
