"""A destruction that was cut off is ended by the next start of the station, which takes recorders in only after that;
one that a sweep is at, or whose record is not what the log says, is left to the sweep, and keeps no docking waiting.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from dockd.assembly import reading, writing
from dockd.exits import Exit
from dockd.lock import WriterLock
from dockd.sweep.sweeping import sweep
from hashing.errors import TargetFault
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.nights import Sweeping

TIMES = ("20261119013100", "20261119014100")
AT_ONCE = 'approval = "none"\ngrace_days = 0\nceiling_permille = 1000'


@pytest.fixture
def cut_off(quick_path: Path) -> Sweeping:
    """A station without people whose one recording is destroyed on record; its disk failed before the original went."""
    made = Sweeping.of(quick_path, AT_ONCE, people=False)
    (clip,) = made.due(TIMES[0])
    assert made.sweep()["proposed"] == [clip]
    with reading(str(made.home / "station")) as opened:
        opened.station.vault.files = files = FlakyFiles()
        files.fail("unlink", errno.EIO, under=opened.station.vault.root)
        with pytest.raises(TargetFault):
            sweep(opened)
    assert lies_there_still(made)
    return made


def the_original(made: Sweeping) -> Path:
    return made.original(made.clips()[0])


def lies_there_still(made: Sweeping) -> bool:
    found = [one["what"] for one in made("verify", "--all", "--json").json]
    assert found in ([], ["original-not-yet-destroyed"])
    assert bool(found) == the_original(made).exists()
    return bool(found)


def kinds(made: Sweeping) -> list[str]:
    return [entry["kind"] for entry in made.log()]


def test_a_docking_ends_a_destruction_that_was_cut_off_and_takes_in(cut_off: Sweeping) -> None:
    (new,) = cut_off.dock(TIMES[1], recorder="8123457")
    assert not lies_there_still(cut_off)
    assert cut_off.original(new).exists()
    assert kinds(cut_off).count("clip-destroyed") == kinds(cut_off).count("originals-removed") == 1
    assert cut_off.sweep()["destroyed"] == []
    assert kinds(cut_off).count("originals-removed") == 1


def test_a_start_says_what_it_ended_and_the_next_one_writes_nothing(cut_off: Sweeping) -> None:
    home = str(cut_off.home / "station")
    with writing(home) as opened:
        assert opened.rest is not None and opened.rest.originals_removed == 1
    size = len(kinds(cut_off))
    with writing(home) as opened:
        assert opened.rest is not None and opened.rest.originals_removed == 0
    assert len(kinds(cut_off)) == size


def test_what_a_sweep_is_at_is_left_to_it(cut_off: Sweeping) -> None:
    with WriterLock(str(cut_off.home / "station" / "sweep.lock")):
        cut_off.dock(TIMES[1], recorder="8123457")
        assert lies_there_still(cut_off)
        assert cut_off("sweep", "run").code == Exit.BUSY
    cut_off.sweep()
    assert not lies_there_still(cut_off)


def test_a_record_that_is_not_what_the_log_says_keeps_its_original_and_no_docking_waiting(cut_off: Sweeping) -> None:
    record = next((cut_off.home / "station" / "vault").rglob("destroyed-*.json"))
    text = record.read_bytes()
    record.chmod(0o600)
    record.write_bytes(text.replace(b"dockd destroyed 1", b"dockd destroyed 2"))
    assert len(cut_off.dock(TIMES[1], recorder="8123457")) == 1
    assert the_original(cut_off).exists()
    refused = cut_off("sweep", "run")
    assert refused.code == Exit.CATALOGUE and record.name in refused.told
    assert the_original(cut_off).exists()
    record.write_bytes(text)
    cut_off.sweep()
    assert not lies_there_still(cut_off)
