"""What was destroyed on record goes from second copies too, and from what was kept aside, after its tombstone left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.cases.events import ClipClassified
from catalog.fixity.queries import aside_of_destroyed, damaged, has_copies, to_copy
from catalog.model import Clip
from dockd.assembly import Opened
from dockd.config import Config, Home, RetentionSettings
from dockd.people.acting import Acting
from dockd.station import Station
from dockd.sweep.settings import SweepSettings
from dockd.sweep.sweeping import sweep
from dockd.upkeep.damage import look_at, of_clip, record
from dockd.upkeep.errors import MirrorFault
from dockd.upkeep.fixity_sweep import Budget, Sweep
from dockd.upkeep.mirror_run import MirrorRun
from dockd.upkeep.mirroring import Mirror, open_mirror
from dockd.upkeep.restoring import Restored, restore
from hashing.filecalls import FileCalls
from tests.simulators.faulty import Fault, FaultyFiles, What, faults_at
from tests.simulators.station import findings
from tests.simulators.upkeep import Kept, damage, made

CONFIG = Config(
    retention=RetentionSettings(pack="changli-water"),
    sweep=SweepSettings(approval="none", grace_days=0, ceiling_permille=1000, at_least_clips=1000),
)
LATER = timedelta(days=300)


@contextmanager
def at_work(kept: Kept, files: FileCalls | None = None) -> Iterator[Opened]:
    with kept.station(files=files, rest=False) as station:
        yield Opened(Home.at(str(kept.root)), CONFIG, station, acting=Acting("os:dockd", None))


def mirrored(kept: Kept, station: Station) -> Mirror:
    mirror = kept.mirror(station)
    MirrorRun(station, mirror).run()
    return mirror


def destroy(kept: Kept) -> list[Clip]:
    """All recordings that are due are destroyed by the sweep; which."""
    with at_work(kept) as opened:
        kept.clock.now += LATER
        sweep(opened)
        kept.clock.now += timedelta(days=1)
        sweep(opened)
        return [clip for clip in opened.station.catalog.clips() if clip.destroyed_at is not None]


@pytest.fixture
def kept(quick_path: Path) -> Kept:
    """One docking that comes due, with second copies, and one that stays."""
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [4000, 5000])
        catalog = station.catalog
        catalog.append([ClipClassified(clip.id, "routine", "") for clip in catalog.clips()])
        kept.docked(station, [600])
        mirrored(kept, station)
    return kept


def copy_of(kept: Kept, clip: Clip) -> Path:
    return kept.root / "mirror" / clip.vault_path


def test_copies_of_what_was_destroyed_go_with_the_next_run_and_their_record_comes(kept: Kept) -> None:
    gone = destroy(kept)
    assert len(gone) == 2 and all(copy_of(kept, clip).exists() for clip in gone)
    with at_work(kept) as opened:
        catalog = opened.station.catalog
        mirror = open_mirror(opened.station, str(kept.root / "mirror"))
        assert MirrorRun(opened.station, mirror).run().removed == 2
        assert not any(copy_of(kept, clip).exists() for clip in gone)
        (stays,) = (clip for clip in catalog.clips() if clip.destroyed_at is None)
        assert copy_of(kept, stays).exists()
        assert has_copies(catalog, [clip.id for clip in catalog.clips()]) == {stays.id}
        folder = copy_of(kept, gone[0]).parents[1]
        assert len(list(folder.glob("destroyed-*.json"))) == len(list(folder.glob("destroyed-*.json.sig"))) == 1
        entry = next(entry for entry in catalog.custody() if entry.kind == "copies-removed")
        tombstone = max(entry.seq for entry in catalog.custody() if entry.kind == "clip-destroyed")
        exported = b"".join(path.read_bytes() for path in sorted((kept.root / "vault/ledger").rglob("*.jsonl")))
        assert entry.seq > tombstone and b'"clip-destroyed"' in exported
        assert sorted(entry.data["clips"]) == sorted(clip.id for clip in gone)
        assert (list(to_copy(catalog, mirror.place)), MirrorRun(opened.station, mirror).run().removed) == ([], 0)
        assert findings(opened.station) == []


def test_what_was_destroyed_is_neither_read_nor_copied_nor_called_damaged(kept: Kept) -> None:
    gone = destroy(kept)
    with at_work(kept) as opened:
        swept = Sweep(opened.station, 30).run(Budget(size_bytes=2**30))
        assert (swept.files, swept.damaged) == (1, [])
        assert record(opened.station, of_clip(gone[0]), look_at(opened.station, of_clip(gone[0])), "x") is None
        assert damaged(opened.station.catalog) == []
        (kept.root / "mirror").rename(kept.root / "old")
        done = MirrorRun(opened.station, kept.mirror(opened.station)).run()
        assert (done.sessions, done.clips, done.lacking) == (2, 1, 0)
        assert not any(copy_of(kept, clip).exists() for clip in gone)


def test_damaged_bytes_that_were_kept_aside_go_as_well(kept: Kept) -> None:
    with at_work(kept) as opened:
        station = opened.station
        victim = next(clip for clip in station.catalog.clips() if clip.clip_class == "routine")
        damage(station, victim.vault_path)
        record(station, of_clip(victim), look_at(station, of_clip(victim)), "x")
        mirror = open_mirror(station, str(kept.root / "mirror"))
        done = restore(station, of_clip(victim), mirror=mirror)
        assert isinstance(done, Restored)
        (aside,) = done.aside
    assert victim.id in {clip.id for clip in destroy(kept)}
    with at_work(kept) as opened:
        assert Path(opened.station.vault.at(aside)).exists()
        Sweep(opened.station, 30).run(Budget())
        assert not Path(opened.station.vault.at(aside)).exists()
        assert aside_of_destroyed(opened.station.catalog) == []
        assert findings(opened.station) == []


def test_a_fault_while_copies_go_is_made_good_by_the_next_run(kept: Kept, tmp_path: Path) -> None:
    gone = destroy(kept)
    scene = tmp_path / "scene"
    shutil.copytree(kept.root, scene)

    def run(files: FaultyFiles | None = None) -> None:
        with at_work(kept, files) as opened:
            MirrorRun(opened.station, open_mirror(opened.station, str(kept.root / "mirror"))).run()

    first = faulty(kept)
    run(first)
    calls = sorted({at for at in first.run if at.act == "unlink"} | {at for at in first.run if at.act == "fsync"})
    assert len([at for at in calls if at.act == "unlink"]) >= len(gone)
    met = 0
    for fault in [fault for fault in faults_at(calls) if fault.what is What.ONCE][::3]:
        shutil.rmtree(kept.root)
        shutil.copytree(scene, kept.root)
        files = faulty(kept, fault)
        with suppress(MirrorFault):
            run(files)
        met += files.fired
        run()
        assert not any(copy_of(kept, clip).exists() for clip in gone)
        with at_work(kept) as opened:
            assert has_copies(opened.station.catalog, [clip.id for clip in gone]) == set()
            assert findings(opened.station) == []
    assert met > 3


def faulty(kept: Kept, fault: Fault | None = None) -> FaultyFiles:
    return FaultyFiles(str(kept.root / "none"), str(kept.root / "mirror"), fault)


def left_of(kept: Kept, clip: Clip) -> list[bytes]:
    """Every file on the mirror that has anything of a clip."""
    wanted = Path(clip.vault_path).name
    return [path.read_bytes() for path in (kept.root / "mirror").rglob(wanted) if path.is_file()]


@pytest.mark.parametrize("mended", [True, False])
def test_a_copy_that_did_not_hold_goes_as_well(kept: Kept, mended: bool) -> None:
    with at_work(kept) as opened:
        mirror = open_mirror(opened.station, str(kept.root / "mirror"))
        victim = next(clip for clip in opened.station.catalog.clips() if clip.clip_class == "routine")
        copy_of(kept, victim).chmod(0o640)
        copy_of(kept, victim).write_bytes(b"bad")
        assert len(Sweep(opened.station, 30, mirror=mirror).run(Budget(size_bytes=2**30)).copies_lost) == 1
        if mended:
            MirrorRun(opened.station, mirror).run()
    assert victim.id in {clip.id for clip in destroy(kept)}
    assert len(left_of(kept, victim)) == (2 if mended else 1)
    with at_work(kept) as opened:
        MirrorRun(opened.station, open_mirror(opened.station, str(kept.root / "mirror"))).run()
    assert left_of(kept, victim) == []


def test_a_copy_that_a_cut_off_run_left_unrecorded_goes_as_well(kept: Kept) -> None:
    """It lies on the second disk, and no session there counts yet: its recording is destroyed before the next run."""
    (kept.root / "mirror").rename(kept.root / "first")
    with at_work(kept) as opened:
        mirror = kept.mirror(opened.station)
        victim = next(clip for clip in opened.station.catalog.clips() if clip.clip_class == "routine")
        copy_of(kept, victim).parent.mkdir(parents=True)
        shutil.copyfile(opened.station.vault.at(victim.vault_path), copy_of(kept, victim))
    destroy(kept)
    for _run in range(2):
        with at_work(kept) as opened:
            MirrorRun(opened.station, open_mirror(opened.station, mirror.folder)).run()
    assert left_of(kept, victim) == []
