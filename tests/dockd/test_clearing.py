"""Contract P1, P2, P3: what leaves a recorder, and all that keeps it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog.errors import CatalogFault
from catalog.events import ClearingIntended, RecorderCleared, parse
from dockd.clearing import Cleared, Clearing
from dockd.docking import Docking
from dockd.results import Progress, Result
from dockd.listing import Volume
from dockd.station import Station
from hashing.digest import digest_of
from hashing.filecalls import OsFileCalls
from retention.clearing import Doubt
from tests.dockd.test_power_cuts import recording
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.hostile import OneNameTwice
from tests.simulators.power import PowerLog, state_after
from tests.simulators.station import Clock, dock, findings, make_home, open_station
from tests.simulators.yanked import FILE_SYSTEMS, Dying, Yanked

FIRST = "1234567_100001_20261119080000.mp4"
LONG = "1234567_100001_20261119081000.mp4"
PHOTO = "sub/1234567_100001_20261119082000.jpg"
CLIPS = {FIRST: recording("first", 3000), LONG: recording("long", 300_000), PHOTO: recording("photo", 5000)}
# What a station tool put on the recorder is held but stays there, and so does what nobody knows.
BINDING = ("station_bind.ini", b"serial=1234567\nuser=100001\n")
STRANGE = ("strange.xyz", b"nobody knows me")
HELD = len(CLIPS) + 1


def recorder_with(root: Path, contents: dict[str, bytes]) -> Path:
    """A recorder with these files; the dates are the card's own."""
    for name, content in contents.items():
        path = root / "recorder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return root / "recorder"


@pytest.fixture
def home(quick_path: Path) -> Path:
    """An empty station, and a recorder with clips, its binding file and a file that nobody knows."""
    make_home(quick_path)
    recorder_with(quick_path, {**CLIPS, BINDING[0]: BINDING[1], STRANGE[0]: STRANGE[1]})
    return quick_path


def lying(home: Path) -> dict[str, bytes]:
    """What is on the recorder."""
    found = (home / "recorder").rglob("*")
    return {str(path.relative_to(home / "recorder")): path.read_bytes() for path in found if path.is_file()}


@dataclass(frozen=True)
class Told:
    """A clearing with what the log says of it."""

    result: Result
    cleared: Cleared
    reasons: dict[str, str]
    kinds: list[str]


def cleared(station: Station, home: Path, between: Callable[[], None] = lambda: None) -> Told:
    """Dock, let something happen, clear."""
    recorder = home / "recorder"
    with Volume.open(station.files, str(recorder)) as volume:
        docking = Docking(station, str(recorder), slot=1, progress=Progress(1), stop=threading.Event())
        result = docking.run(volume)
        between()
        outcome = Clearing(docking, result, volume).run()
    names = {entry.seq: entry.path for entry in station.catalog.session_entries(result.session)}
    log = list(station.catalog.session_log(result.session))
    last = parse(log[-1].kind, log[-1].data)
    assert isinstance(last, RecorderCleared)
    assert last.removed == list(outcome.removed)
    assert last.kept == [{"seq": keep.seq, "reason": keep.doubt.value} for keep in outcome.kept]
    assert {keep.seq for keep in outcome.kept} | set(outcome.removed) == set(names)
    return Told(result, outcome, {names[k.seq]: k.doubt.value for k in outcome.kept}, [entry.kind for entry in log])


def all_kept(told: Told, doubt: Doubt) -> None:
    """Nothing left, for this one reason."""
    assert told.cleared.removed == ()
    assert set(told.reasons.values()) <= {doubt.value, Doubt.NOT_IN_VAULT.value, Doubt.KEPT_BY_FAMILY.value}
    assert doubt.value in told.reasons.values()


# ------------------------------------------------------------------------------------------------------ what goes


@pytest.mark.contract("P1")
@pytest.mark.contract("P2")
@pytest.mark.duty("D07")
def test_exactly_the_proven_clips_leave_the_recorder_and_the_log_says_so(home: Path) -> None:
    with open_station(home) as station:
        told = cleared(station, home)
        assert lying(home) == dict([BINDING, STRANGE])
        assert len(told.cleared.removed) == len(CLIPS)
        assert told.reasons == {BINDING[0]: "kept-by-family", STRANGE[0]: "not-in-vault"}
        assert told.kinds[-2:] == ["clearing-intended", "recorder-cleared"]
        intent = next(e for e in station.catalog.session_log(told.result.session) if e.kind == "clearing-intended")
        intended = {entry["path"]: (entry["size_bytes"], entry["digest"]) for entry in intent.data["entries"]}
        assert intended == {name: (len(data), str(digest_of(data))) for name, data in CLIPS.items()}
        row = station.catalog.find_session(told.result.session)
        assert (row.clearing, row.cleared) == ("done", len(CLIPS))
        assert findings(station) == []


@pytest.mark.contract("P1")
def test_what_is_already_held_is_read_twice_and_its_original_too_before_it_goes(home: Path) -> None:
    with open_station(home) as station:
        dock(station, home / "recorder")
    with open_station(home, seed=1) as station:
        original = station.vault.at(next(clip.vault_path for clip in station.catalog.clips() if clip.name == LONG))
        whole = Path(original).read_bytes()
        os.chmod(original, 0o640)
        Path(original).write_bytes(whole[:-1] + b"!")
        told = cleared(station, home)
        assert told.result.sum.already_held == HELD
        assert told.reasons[LONG] == "vault-copy-differs"
        assert set(lying(home)) == {LONG, BINDING[0], STRANGE[0]}


@pytest.mark.contract("P1")
def test_clearing_is_not_done_unless_asked_for(home: Path) -> None:
    before = lying(home)
    with open_station(home) as station:
        result, nothing = dock(station, home / "recorder")
        assert nothing is None
        assert lying(home) == before
        assert station.catalog.find_session(result.session).clearing == "none"


@pytest.mark.contract("P1")
def test_a_family_may_keep_its_logs_on_the_recorder(quick_path: Path) -> None:
    make_home(quick_path)
    recorder_with(quick_path, {"DCIM/100MEDIA/REC_0001.MP4": b"film" * 99, "DCIM/100MEDIA/REC_0001.log": b"log"})
    with open_station(quick_path) as station:
        told = cleared(station, quick_path)
        assert told.reasons == {"DCIM/100MEDIA/REC_0001.log": "kept-by-family"}
        assert list(lying(quick_path)) == ["DCIM/100MEDIA/REC_0001.log"]


# ---------------------------------------------------------------------------------------------- what keeps it all


@pytest.mark.contract("P1")
def test_one_entry_that_failed_keeps_everything(home: Path) -> None:
    files = FlakyFiles()
    files.fail("preadv", 5, under=str(home / "recorder" / LONG), forever=True)
    before = lying(home)
    with open_station(home, files=files) as station:
        told = cleared(station, home)
        assert told.result.sum.failed == 1
        all_kept(told, Doubt.ENTRY_FAILED)
        assert "clearing-intended" not in told.kinds
    assert lying(home) == before


@pytest.mark.contract("P1")
def test_an_interrupted_session_keeps_everything(home: Path) -> None:
    before = lying(home)
    with open_station(home) as station:
        with Volume.open(station.files, str(home / "recorder")) as volume:
            stop = threading.Event()
            stop.set()
            docking = Docking(station, "recorder", slot=1, progress=Progress(1), stop=stop)
            result = docking.run(volume)
            outcome = Clearing(docking, result, volume).run()
        assert result.state == "interrupted"
        assert {keep.doubt for keep in outcome.kept} == {Doubt.SESSION_INTERRUPTED}
    assert lying(home) == before


@pytest.mark.contract("P1")
def test_a_dying_card_that_gives_other_bytes_each_time_keeps_the_clip(home: Path) -> None:
    with open_station(home, files=Dying(LONG)) as station:
        told = cleared(station, home)
        assert told.reasons[LONG] == "second-reading-differs"
        assert set(lying(home)) == {LONG, BINDING[0], STRANGE[0]}
        assert findings(station) == []


@pytest.mark.contract("P1")
def test_a_second_reading_that_fails_keeps_the_clip(home: Path) -> None:
    files = FlakyFiles()
    with open_station(home, files=files) as station:
        bad = str(home / "recorder" / FIRST)
        told = cleared(station, home, lambda: files.fail("preadv", 5, under=bad, forever=True))
        assert told.reasons[FIRST] == "second-reading-failed"
        assert set(lying(home)) == {FIRST, BINDING[0], STRANGE[0]}


def _add(recorder: Path) -> None:
    (recorder / "1234567_100001_20261119090000.mp4").write_bytes(b"recorded while docked")


def _touch(recorder: Path) -> None:
    os.utime(recorder / FIRST, (1_700_000_009, 1_700_000_009))


def _remove_strange(recorder: Path) -> None:
    (recorder / STRANGE[0]).unlink()


def _rename(recorder: Path) -> None:
    (recorder / STRANGE[0]).rename(recorder / "stranger.xyz")


@pytest.mark.contract("P2")
@pytest.mark.parametrize("change", [_add, _touch, _remove_strange, _rename])
def test_a_listing_that_changed_in_between_keeps_everything(home: Path, change: Callable[[Path], None]) -> None:
    with open_station(home) as station:
        told = cleared(station, home, lambda: change(home / "recorder"))
        all_kept(told, Doubt.LISTING_CHANGED)
        assert set(CLIPS) <= set(lying(home))


@pytest.mark.contract("P2")
def test_a_recorder_that_took_the_place_of_the_one_that_was_read_is_not_touched(home: Path) -> None:
    def swap() -> None:
        (home / "recorder").rename(home / "first")
        shutil.copytree(home / "first", home / "recorder")

    before = lying(home)
    with open_station(home) as station:
        told = cleared(station, home, swap)
        # The folder that was read is held by its descriptor; at its old place nothing confirms that anything went.
        assert told.cleared.removed == ()
    assert lying(home) == before


@pytest.mark.contract("P2")
def test_a_name_that_stands_twice_in_its_folder_keeps_everything(home: Path) -> None:
    before = lying(home)
    with open_station(home, files=OneNameTwice(FIRST)) as station:
        told = cleared(station, home)
        assert told.result.sum.failed == 1
        all_kept(told, Doubt.ENTRY_FAILED)
    assert lying(home) == before


@pytest.mark.contract("P2")
def test_a_volume_that_is_mounted_read_only_keeps_everything(tmp_path: Path) -> None:
    recorder_with(tmp_path, CLIPS)
    python = [sys.executable, "-m", "dockd", "--home", str(tmp_path / "home")]
    recorder = str(tmp_path / "recorder")
    subprocess.run([*python, "init", "--yes"], check=True, capture_output=True)
    box = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", recorder, recorder]
    docking = [*python, "dock", "--facts", "later", "--clear", "after-verify", recorder]
    subprocess.run([*box, *docking], check=True, capture_output=True)
    assert lying(tmp_path) == CLIPS
    told = subprocess.run([*python, "custody", "show", "--json"], check=True, capture_output=True, text=True).stdout
    assert '"reason":"read-only"' in told and '"removed":[]' in told


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
