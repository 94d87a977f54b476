"""A damaged recording put right: only from a copy that holds, nothing thrown away, whatever fails in the middle."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.fixity.model import CLIPS
from catalog.fixity.queries import damage_of, damaged
from catalog.model import Clip
from dockd.station import Station
from dockd.upkeep.damage import look_at, of_clip, record
from dockd.upkeep.fixity_sweep import Budget, Sweep
from dockd.upkeep.mirror_run import MirrorRun
from dockd.upkeep.mirroring import open_mirror
from dockd.upkeep.restoring import NotRestored, Restored, restore
from hashing.errors import DigestMismatch, TargetFault
from hashing.filecalls import FileCalls
from tests.simulators.faulty import VAULT, FaultyFiles, What, faults_at
from tests.simulators.power import PowerLog, lay_out, state_after
from tests.simulators.station import findings
from tests.simulators.upkeep import Kept, clips, damage, made, stored

LUCK = ((0.0, 0), (0.5, 1), (1.0, 0))
# Each fault is a whole life of a station: one of so many is tried, all kinds and places among them.
EVERY = 7


def put_right(station: Station, clip: Clip, *folders: Path) -> Restored | NotRestored:
    """As `dockd fixity restore` does it."""
    file = of_clip(clip)
    result = look_at(station, file)
    assert result.damage is not None
    record(station, file, result, "user:li")
    mirror = open_mirror(station, str(Path(station.vault.root).parent / "mirror")) if not folders else None
    return restore(station, file, mirror=mirror, folders=[str(folder) for folder in folders])


def mirrored(kept: Kept, station: Station) -> None:
    MirrorRun(station, kept.mirror(station)).run()


@pytest.mark.parametrize("how", ["changed", "short", "missing"])
def test_a_damaged_recording_comes_back_from_its_second_copy_and_what_lay_there_is_kept(
    quick_path: Path, how: str
) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [300_000, 5000])
        mirrored(kept, station)
        victim = clips(station)[0]
        path = Path(station.vault.at(victim.vault_path))
        good = path.read_bytes()
        bad = damage(station, victim.vault_path, how)
        done = put_right(station, victim)
        assert isinstance(done, Restored) and done.source == "mirror"
        assert path.read_bytes() == good and path.stat().st_mode & 0o777 == 0o440
        assert [Path(station.vault.at(one)).read_bytes() for one in done.aside] == ([] if how == "missing" else [bad])
        assert (damaged(station.catalog), station.catalog.find_clip(victim.id).doubt) == ([], None)
        assert findings(station) == []


def test_what_is_kept_aside_is_watched(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        mirrored(kept, station)
        (victim,) = clips(station)
        damage(station, victim.vault_path)
        done = put_right(station, victim)
        assert isinstance(done, Restored)
        (aside,) = done.aside
        Path(station.vault.at(aside)).unlink()
        Path(station.vault.at(".damaged/smuggled")).write_bytes(b"x")
        found = {(finding.what, finding.where) for finding in findings(station)}
        assert found == {("damaged-file-missing", aside), ("file-unknown-to-catalogue", ".damaged/smuggled")}


def test_damaged_twice_both_are_kept(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        mirrored(kept, station)
        (victim,) = clips(station)
        first = damage(station, victim.vault_path)
        put_right(station, victim)
        second = damage(station, victim.vault_path, "short")
        put_right(station, victim)
        history = damage_of(station.catalog, victim.id)
        assert history is not None
        assert [Path(station.vault.at(path)).read_bytes() for path in history.aside] == [first, second]
        assert findings(station) == []


def test_a_copy_that_does_not_hold_is_not_taken_and_nothing_is_touched(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        mirrored(kept, station)
        (victim,) = clips(station)
        bad = damage(station, victim.vault_path)
        copy = quick_path / "mirror" / victim.vault_path
        copy.chmod(0o640)
        copy.write_bytes(bad)
        done = put_right(station, victim)
        assert done == NotRestored((str(copy),))
        assert Path(station.vault.at(victim.vault_path)).read_bytes() == bad
        assert not os.path.exists(station.vault.at(".damaged"))
        assert [one.clip for one in damaged(station.catalog)] == [victim.id]


@pytest.mark.parametrize("name", ["as-it-was", "renamed.bin"])
def test_a_folder_is_searched_by_name_and_then_by_size_and_digest_decides(quick_path: Path, name: str) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        (victim,) = clips(station)
        good = Path(station.vault.at(victim.vault_path)).read_bytes()
        damage(station, victim.vault_path)
        disc = quick_path / "disc" / "deep"
        disc.mkdir(parents=True)
        (disc / os.path.basename(victim.vault_path)).write_bytes(b"y" * 5000)
        (disc / "fifo-none").symlink_to("/dev/zero")
        real = disc / "bag" / (os.path.basename(victim.vault_path) if name == "as-it-was" else name)
        real.parent.mkdir()
        real.write_bytes(good)
        done = put_right(station, victim, quick_path / "disc")
        assert isinstance(done, Restored)
        assert (done.source, done.place) == ("folder", str(quick_path / "disc"))
        assert Path(station.vault.at(victim.vault_path)).read_bytes() == good
        assert findings(station) == []


def test_the_nightly_run_restores_by_itself_when_told(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000, 6000])
        mirror = kept.mirror(station)
        MirrorRun(station, mirror).run()
        damage(station, clips(station)[0].vault_path)
        swept = Sweep(
            station, 30, restore=lambda file: isinstance(restore(station, file, mirror=mirror), Restored)
        ).run(Budget(size_bytes=2**30))
        assert (len(swept.damaged), swept.restored) == (1, 1)
        assert Sweep(station, 30).run(Budget(size_bytes=2**30)).damaged == []
        assert findings(station) == []


def test_another_recording_of_the_vault_with_the_same_bytes_will_do(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        (victim,) = clips(station)
        good = Path(station.vault.at(victim.vault_path)).read_bytes()
        damage(station, victim.vault_path)
        Sweep(station, 30).run(Budget(size_bytes=2**30))
        card = quick_path / "card"
        card.mkdir()
        (card / os.path.basename(victim.path)).write_bytes(good)
        from tests.simulators.station import dock

        dock(station, card)
        done = restore(station, of_clip(victim), mirror=None)
        assert isinstance(done, Restored) and done.source == "vault"
        assert findings(station) == []


# ----------------------------------------------------------------------------------------------------------- failures


@dataclass(frozen=True)
class Scene:
    """A vault with one damaged recording and a mirror, as it lies before anybody restores."""

    folder: Path
    victim: str
    good: bytes
    bad: bytes

    def again(self, root: Path) -> Path:
        shutil.copytree(self.folder, root)
        return root


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    kept = made(folder)
    with kept.station() as station:
        kept.docked(station, [150_000, 3000])
        mirrored(kept, station)
        victim = clips(station)[0]
        good = Path(station.vault.at(victim.vault_path)).read_bytes()
        bad = damage(station, victim.vault_path)
        record(station, of_clip(victim), look_at(station, of_clip(victim)), "user:li")
    return Scene(folder, victim.id, good, bad)


def run_once(root: Path, victim: str, files: FileCalls | None = None) -> Restored | NotRestored:
    with Kept(root).station(files=files, rest=False) as station:
        mirror = open_mirror(station, str(root / "mirror"))
        return restore(station, of_clip(station.catalog.find_clip(victim)), mirror=mirror)


def comes_right(root: Path, scene: Scene, *, kept_bad: bool = True) -> None:
    """The next start, and a restoring if it is still needed: all is well, and the damaged bytes are there."""
    with Kept(root).station() as station:
        clip = station.catalog.find_clip(scene.victim)
        if look_at(station, of_clip(clip)).damage is not None or damaged(station.catalog):
            mirror = open_mirror(station, str(root / "mirror"))
            if look_at(station, of_clip(clip)).damage is not None:
                record(station, of_clip(clip), look_at(station, of_clip(clip)), "user:li")
            assert isinstance(restore(station, of_clip(clip), mirror=mirror), Restored)
        assert Path(station.vault.at(clip.vault_path)).read_bytes() == scene.good
        lying = [path.read_bytes() for path in (root / "vault/.damaged").rglob("*") if path.is_file()]
        assert scene.bad in lying or not kept_bad
        assert findings(station) == []
        assert station.vault.names(".partial") == []


@pytest.mark.contract("P4")
def test_a_fault_at_any_file_call_of_a_restoring_loses_nothing(scene: Scene, quick_path: Path) -> None:
    first = scene.again(quick_path / "run")
    files = FaultyFiles(str(first / "none"), str(first / "vault"))
    assert isinstance(run_once(first, scene.victim, files), Restored)
    calls = sorted({at for at in files.run if at.side == VAULT})
    shutil.rmtree(first)
    met = 0
    faults = sorted(faults_at(calls))
    assert {fault.what for fault in faults} == set(What)
    for fault in faults[::EVERY]:
        root = scene.again(quick_path / "run")
        files = FaultyFiles(str(root / "none"), str(root / "vault"), fault)
        try:
            run_once(root, scene.victim, files)
        except (TargetFault, DigestMismatch):
            pass
        met += files.fired
        try:
            comes_right(root, scene)
        except Exception as error:
            raise AssertionError(fault) from error
        shutil.rmtree(root)
    assert met > 20


@pytest.mark.contract("P4")
def test_a_power_cut_at_any_change_of_a_restoring_loses_nothing(scene: Scene, quick_path: Path) -> None:
    film = scene.again(quick_path / "film")
    log = PowerLog(root=str(film / "vault"), database=str(film / "catalog.db"))
    began = log.begin()
    assert isinstance(run_once(film, scene.victim, log), Restored)
    log.close_watcher()
    tried = 0
    for cut in range(began, len(log.changes) + 1, 2):
        for luck, seed in LUCK:
            root = quick_path / "cut"
            committed = log.commits[cut] if cut < len(log.commits) else len(log.databases) - 1
            lay_out(state_after(log.changes, cut, luck=luck, seed=seed), str(root / "vault"))
            shutil.copytree(scene.folder / "mirror", root / "mirror")
            (root / "catalog.db").write_bytes(log.databases[committed])
            # A rename seen half, its old name gone before the new one came, is a thing of the model and of no disk.
            comes_right(root, scene, kept_bad=luck in (0.0, 1.0))
            shutil.rmtree(root)
            tried += 1
    assert tried > 20


def test_the_scene_is_as_it_says(scene: Scene, quick_path: Path) -> None:
    with Kept(scene.again(quick_path / "run")).station() as station:
        assert [file.what for file in stored(station)] == [CLIPS, CLIPS]
        assert [finding.what for finding in findings(station)] == ["original-different-digest"]
