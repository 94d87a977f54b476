"""Contract P1, P2: what leaves a recorder, and all that keeps it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dockd.clearing import Clearing
from dockd.docking import Docking
from dockd.listing import Volume
from dockd.results import Progress
from hashing.digest import digest_of
from retention.clearing import Doubt
from tests.simulators.clearings import (
    BINDING,
    CLIPS,
    FIRST,
    HELD,
    LONG,
    STRANGE,
    all_kept,
    cleared,
    lying,
    recorder_with,
)
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.hostile import OneNameTwice
from tests.simulators.station import dock, findings, make_home, open_station
from tests.simulators.yanked import Dying


@pytest.fixture
def home(quick_path: Path) -> Path:
    """An empty station, and a recorder with clips, its binding file and a file that nobody knows."""
    make_home(quick_path)
    recorder_with(quick_path, {**CLIPS, BINDING[0]: BINDING[1], STRANGE[0]: STRANGE[1]})
    return quick_path


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


@pytest.mark.contract("P5")
def test_a_clip_that_was_read_differently_the_second_time_is_copied_again_at_the_next_docking(home: Path) -> None:
    whole = lying(home)[LONG]
    with open_station(home, files=Dying(LONG)) as station:
        cleared(station, home)
        (doubted,) = (clip for clip in station.catalog.clips() if clip.doubt)
        assert (doubted.name, doubted.doubt) == (LONG, "second-reading-differs")
        assert Path(station.vault.at(doubted.vault_path)).read_bytes() != whole
    with open_station(home, seed=1) as station:
        told = cleared(station, home)
        assert told.result.sum.ingested == 1
        both = [clip for clip in station.catalog.clips() if clip.name == LONG]
        assert [clip.doubt for clip in both].count(None) == 1
        (good,) = (clip for clip in both if clip.doubt is None)
        assert good.same_name_as == doubted.id
        assert Path(station.vault.at(good.vault_path)).read_bytes() == whole
        assert set(lying(home)) == {BINDING[0], STRANGE[0]}
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
