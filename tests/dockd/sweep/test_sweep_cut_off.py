"""Contract P4, P6: whatever cuts a sweep off – the power, or a disk that fails at any call – no original is gone that
has no tombstone in the log and in the vault; and the next start of the station ends what was begun, or the next sweep.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.cases.events import ClipClassified
from catalog.disposing.queries import not_yet_removed
from dockd.assembly import Opened
from dockd.config import Config, Home, RetentionSettings
from dockd.ledger import read_checkpoints, read_entries
from dockd.people.acting import Acting
from dockd.station import Station
from dockd.sweep.settings import SweepSettings
from dockd.sweep.sweeping import Swept, sweep
from hashing.errors import TargetFault
from hashing.filecalls import FileCalls
from tests.simulators.faulty import At, Fault, FaultyFiles, What, faults_at
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.power import PowerLog, lay_out, state_after
from tests.simulators.station import Clock, dock, findings, make_home, open_station

SHARDS = 2
# No luck: all that was not durable is lost. Full luck: it all arrived. Between: some of it.
LUCK = ((0.0, 0), (0.5, 1), (1.0, 0))
# What a disk fails at: the calls that change something, and the one that makes it durable.
CHANGING = frozenset({"create", "pwrite", "fsync", "move_new", "unlink"})
LATER = timedelta(days=300)
CONFIG = Config(
    retention=RetentionSettings(pack="changli-water"),
    sweep=SweepSettings(approval="none", grace_days=0, ceiling_permille=1000, at_least_clips=1000),
)


@contextmanager
def at_work(
    root: Path, clock: Clock, files: FileCalls | None = None, seed: int = 0, *, rest: bool = True
) -> Iterator[Opened]:
    """The station as commands have it; without `rest` what a cut left there waits for the sweep."""
    with open_station(root, files=files, clock=clock, seed=seed, rest=rest) as station:
        yield Opened(Home.at(str(root)), CONFIG, station, acting=Acting("os:dockd", None))


def filled(root: Path, files: FileCalls | None = None) -> None:
    """Two dockings, all of whose recordings are due and proposed."""
    make_home(root)
    clock = Clock()
    for n in (1, 2):
        recorder = root / f"recorder{n}"
        recorder.mkdir()
        for minute in range(3):
            path = recorder / f"123456{n}_100001_2026111908{minute}000.mp4"
            path.write_bytes(hashlib.sha256(str(path.name).encode()).digest() * 40)
        with at_work(root, clock, files, seed=n) as opened:
            result, _ = dock(opened.station, recorder)
            assert result.sum.ingested == 3
    with at_work(root, clock, files, seed=3) as opened:
        catalog = opened.station.catalog
        catalog.append([ClipClassified(clip.id, "routine", "") for clip in catalog.clips()])
        clock.now += LATER
        assert len(sweep(opened).proposed) == 6


def destroy(root: Path, files: FileCalls | None = None, seed: int = 9) -> Swept:
    """The sweep that destroys them."""
    clock = Clock()
    clock.now += LATER + timedelta(days=1)
    with at_work(root, clock, files, seed) as opened:
        return sweep(opened)


def nothing_is_gone_without_a_word(station: Station) -> int:
    """Every original that is gone has its tombstone, in the log, the ledger and a signed record; how many are gone."""
    gone = [clip for clip in station.catalog.clips() if not station.vault.has(clip.vault_path)]
    if not gone:
        return 0
    lines = [json.loads(line.body) for line in read_entries(station.vault, station.id)]
    exported = {line["data"]["clip"]: line["seq"] for line in lines if line["kind"] == "clip-destroyed"}
    sizes = [int(path.rpartition("-")[2].removesuffix(".txt")) for path, _text, _sig in signed(station)]
    for clip in gone:
        assert clip.destroyed_at is not None, clip.id
        assert exported[clip.id] <= max(sizes), clip.id
        session = station.catalog.find_session(clip.session)
        names = station.vault.names(session.vault_dir)
        (record,) = (name for name in names if name.startswith("destroyed-") and name.endswith(".json"))
        assert f"{record}.sig" in names
        said = json.loads(station.vault.read(f"{session.vault_dir}/{record}"))
        assert clip.id in {one["clip"] for one in said["clips"]}
    return len(gone)


def signed(station: Station) -> list[tuple[str, bytes, bytes]]:
    return [one for one in read_checkpoints(station.vault, station.id) if one[2]]


def ended(root: Path, seed: int) -> None:
    """The next start finishes it, of every third the next sweep; of some, since it takes its time, all checks hold."""
    clock = Clock()
    clock.now += LATER + timedelta(days=2)
    rests = seed % 3 != 0
    with at_work(root, clock, seed=seed, rest=rests) as opened:
        catalog = opened.station.catalog
        if rests:
            assert not_yet_removed(catalog) == []
            nothing_is_gone_without_a_word(opened.station)
        sweep(opened)
        assert not_yet_removed(catalog) == []
        for clip in catalog.clips():
            assert (clip.destroyed_at is None) == opened.station.vault.has(clip.vault_path), clip.id
        assert seed % 4 or not rests or findings(opened.station) == []


@dataclass(frozen=True)
class Film:
    """Two dockings and two sweeps, every change of the disk on record; `begin` is where the second sweep begins."""

    log: PowerLog
    begin: int


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    root = tmp_path_factory.mktemp("film")
    log = PowerLog(root=str(root / "vault"))
    filled(root, log)
    log.database = str(root / "catalog.db")
    begin = len(log.changes)
    assert len(destroy(root, log).destroyed) == 6
    log.close_watcher()
    return Film(log, begin)


@pytest.mark.contract("P4")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_after_a_power_cut_at_any_change_no_original_is_gone_without_its_tombstone(
    film: Film, shard: int, quick_path: Path
) -> None:
    log = film.log
    tried: set[str] = set()
    seen: set[int] = set()
    for cut in range(film.begin + shard, len(log.changes) + 1, SHARDS):
        committed = log.commits[cut] if cut < len(log.commits) else len(log.databases) - 1
        for luck, seed in LUCK:
            disk = state_after(log.changes, cut, luck=luck, seed=seed)
            print_ = hashlib.sha256(repr((disk.reachable(), disk.reachable_folders(), committed)).encode()).hexdigest()
            if print_ in tried:
                continue
            tried.add(print_)
            root = quick_path / f"{cut}-{luck}-{seed}"
            lay_out(disk, str(root / "vault"))
            (root / "catalog.db").write_bytes(log.databases[max(committed, 0)])
            with open_station(root, rest=False) as station:
                seen.add(nothing_is_gone_without_a_word(station))
            ended(root, cut)
            shutil.rmtree(root)
    assert {0, 6} <= seen and len(tried) >= 20


@pytest.fixture(scope="module")
def due(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("due")
    filled(root)
    return root


def copied(due: Path, root: Path) -> Path:
    shutil.copytree(due, root)
    return root


def calls(due: Path, root: Path) -> list[At]:
    """The calls that change something in the vault during the sweep."""
    copied(due, root)
    files = FaultyFiles(str(root / "recorder1"), str(root / "vault"))
    destroy(root, files)
    shutil.rmtree(root)
    return [at for at in files.run if at.act in CHANGING]


@pytest.mark.contract("P6")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_disk_that_fails_at_any_call_takes_no_original_without_its_tombstone(
    due: Path, shard: int, quick_path: Path
) -> None:
    met: list[Fault] = []
    for number, fault in enumerate(faults_at(calls(due, quick_path / "first"))):
        if number % SHARDS != shard or fault.what is What.SHORT:
            continue
        root = copied(due, quick_path / "station")
        files = FaultyFiles(str(root / "recorder1"), str(root / "vault"), fault)
        try:
            destroy(root, files)
        except (TargetFault, OSError):
            met.append(fault)
        with open_station(root, rest=False) as station:
            nothing_is_gone_without_a_word(station)
        ended(root, number)
        shutil.rmtree(root)
    assert len(met) >= 10


@pytest.fixture(scope="module")
def left(due: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that a disk ended at the first original that it was to remove: all that says so is durable."""
    root = copied(due, tmp_path_factory.mktemp("left") / "station")
    files = FlakyFiles()
    files.fail("unlink", errno.EIO, under=str(root / "vault" / "城关中队"))
    with pytest.raises(TargetFault):
        destroy(root, files)
    with open_station(root, rest=False) as station:
        assert len(not_yet_removed(station.catalog)) == 6
        assert nothing_is_gone_without_a_word(station) == 0
    return root


def test_a_start_that_is_cut_off_while_it_ends_a_destruction_takes_nothing_without_its_tombstone(
    left: Path, quick_path: Path
) -> None:
    root = copied(left, quick_path / "first")
    files = FaultyFiles(str(root / "recorder1"), str(root / "vault"))
    with open_station(root, files=files) as station:
        assert nothing_is_gone_without_a_word(station) == 6
    met = 0
    for number, at in enumerate(at for at in files.run if at.act in CHANGING):
        root = copied(left, quick_path / str(number))
        faulty = FaultyFiles(str(root / "recorder1"), str(root / "vault"), Fault(at, What.FOR_EVER))
        try:
            with open_station(root, files=faulty):
                pass
        except TargetFault:
            met += 1
        with open_station(root, rest=False) as station:
            nothing_is_gone_without_a_word(station)
        ended(root, number)
        shutil.rmtree(root)
    assert met >= 8
