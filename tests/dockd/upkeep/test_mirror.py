"""Second copies: only into a prepared folder, never replacing, read back, going on after anything."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from catalog.fixity.model import CLIPS
from catalog.fixity.queries import copied_at, damaged, has_copies, to_copy
from catalog.fixity.rounds import next_files
from dockd.documents import keep
from dockd.station import Station
from dockd.upkeep.errors import MirrorFault, MirrorFull, MirrorUnusable
from dockd.upkeep.fixity_sweep import Budget, Sweep
from dockd.upkeep.mirror_run import Mirrored, MirrorRun
from dockd.upkeep.mirroring import MARKER, Mirror, open_mirror, prepare
from dockd.upkeep.restoring import Restored, restore
from hashing.errors import DigestMismatch
from hashing.filecalls import FileCalls
from tests.simulators.faulty import VAULT, FaultyFiles, faults_at
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.power import PowerLog, lay_out, state_after
from tests.simulators.station import findings
from tests.simulators.upkeep import Kept, clips, damage, made, proven_by_b3sum, stored

LUCK = ((0.0, 0), (0.5, 1), (1.0, 0))
# Each fault is a whole life of a station: one of so many is tried, all kinds and places among them.
EVERY = 23


def run(station: Station, mirror: Mirror) -> Mirrored:
    return MirrorRun(station, mirror).run()


def ids(station: Station) -> list[str]:
    return [file.clip or "" for file in next_files(station.catalog, CLIPS, None)]


def same(root: Path) -> bool:
    """Whether the mirror has every file of the vault with the same bytes; the ledger may have grown since."""
    for path in (root / "vault").rglob("*"):
        relative = path.relative_to(root / "vault")
        if path.is_file() and relative.parts[0] not in (".partial", ".damaged", "ledger"):
            copy = root / "mirror" / relative
            if not copy.is_file() or copy.read_bytes() != path.read_bytes():
                return False
    return True


# --------------------------------------------------------------------------------------------------------- the folder


def why(station: Station, folder: Path) -> str:
    with pytest.raises(MirrorUnusable) as refused:
        open_mirror(station, str(folder))
    return refused.value.why


def test_a_folder_without_this_stations_marker_is_never_filled(quick_path: Path, tmp_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100])
        folder = quick_path / "mirror"
        assert why(station, folder) == "not-there"
        folder.mkdir()
        assert why(station, folder) == "no-marker"
        # The disk that was prepared is not mounted: its mount point is an empty folder.
        mirror = kept.mirror(station)
        (folder / MARKER).rename(quick_path / "elsewhere")
        assert why(station, folder) == "no-marker"
        (folder / MARKER).write_bytes(b"{}")
        assert why(station, folder) == "bad-marker"
        said = {"format": "dockd mirror 1", "place": mirror.place}
        (folder / MARKER).write_text(json.dumps(said | {"station": "st-other"}))
        assert why(station, folder) == "other-station"
        (folder / MARKER).write_text(json.dumps(said | {"station": station.id, "place": "mirror-unknown"}))
        assert why(station, folder) == "no-marker"
        assert set(os.listdir(folder)) == {".partial", MARKER}


def test_a_folder_on_the_vaults_own_disk_is_refused_unless_told(quick_path: Path, tmp_path: Path) -> None:
    assert quick_path.stat().st_dev != tmp_path.stat().st_dev
    kept = made(quick_path)
    with kept.station() as station:
        near, far = quick_path / "near", tmp_path / "far"
        near.mkdir()
        far.mkdir()
        with pytest.raises(MirrorUnusable, match="same-disk"):
            prepare(station, str(near), same_disk=False, actor="user:li")
        assert os.listdir(near) == []
        made_far = prepare(station, str(far), same_disk=False, actor="user:li")
        assert open_mirror(station, str(far)).place == made_far.place
        # Its disk is not mounted, and somebody copied the marker to the root disk.
        shutil.copy(far / MARKER, near / MARKER)
        assert why(station, near) == "same-disk"
        for inside in (quick_path / "vault" / "in", quick_path):
            inside.mkdir(exist_ok=True)
            assert why(station, inside) == "inside-vault"


def test_preparing_again_is_the_same_place_wherever_its_disk_is_mounted_now(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100, 200])
        first = kept.mirror(station)
        run(station, first)
        (quick_path / "mirror").rename(quick_path / "moved")
        again = prepare(station, str(quick_path / "moved"), same_disk=True, actor="user:li")
        assert again.place == first.place
        assert run(station, again).sessions == 0
        assert has_copies(station.catalog, ids(station)) == set(ids(station))
        assert findings(station) == []


# ------------------------------------------------------------------------------------------------------------ copying


@pytest.mark.duty("D07")
def test_every_sealed_session_has_a_second_copy_that_stands_for_itself(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [300_000, 5000, 0], strange=1)
        paper = quick_path / "report.txt"
        paper.write_text("the battery was empty")
        document = keep(station, str(paper), "gap:1")
        assert document.kept is not None
        station.catalog.append([document.kept])
        mirror = kept.mirror(station)
        assert has_copies(station.catalog, ids(station)) == set()
        done = run(station, mirror)
        assert (done.sessions, done.clips, done.size_bytes, done.documents) == (1, 3, 305_000, 1)
        assert has_copies(station.catalog, ids(station)) == set(ids(station))
        assert same(quick_path)
        assert proven_by_b3sum(quick_path / "mirror") == 3
        exported = list((quick_path / "mirror/ledger").rglob("entries-*.jsonl"))
        assert b'"copies-made"' in b"".join(path.read_bytes() for path in exported)
        # What is there stays there, and only what came since is copied.
        kept.docked(station, [700])
        assert list(to_copy(station.catalog, mirror.place)) != []
        done = run(station, mirror)
        assert (done.sessions, done.clips, done.documents) == (1, 1, 0)
        copied = copied_at(station.catalog, mirror.place)
        assert (copied.sessions, copied.clips, copied.waiting, copied.lacking) == (2, 4, 0, 0)
        assert findings(station) == []


def test_the_mirror_is_a_vault_that_a_catalogue_can_be_made_from(quick_path: Path) -> None:
    from catalog.store import Catalog
    from dockd.rebuilding import rebuild
    from dockd.vault import Vault

    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000, 6000])
        run(station, kept.mirror(station))
        known = sorted(ids(station))
        (quick_path / "lost").mkdir()
        Catalog.create(f"sqlite:///{quick_path}/lost/catalog.db")
    with Kept(quick_path).station(rest=False) as station:
        catalog = Catalog.open(f"sqlite:///{quick_path}/lost/catalog.db", station.id, clock=station.clock)
        station.catalog.close()
        station.catalog, station.vault = catalog, Vault(station.files, str(quick_path / "mirror"))
        rebuild(station)
        assert sorted(ids(station)) == known


def test_a_recording_that_is_damaged_in_the_vault_is_not_copied_before_it_is_put_right(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000, 6000])
        mirror = kept.mirror(station)
        victim, other = clips(station)
        good = Path(station.vault.at(victim.vault_path)).read_bytes()
        damage(station, victim.vault_path)
        done = run(station, mirror)
        assert (done.clips, done.lacking) == (1, 1)
        assert [one.clip for one in damaged(station.catalog)] == [victim.id]
        assert has_copies(station.catalog, ids(station)) == {other.id}
        head = station.catalog.head()
        assert run(station, mirror).lacking == 1
        assert station.catalog.head() == head
        disc = quick_path / "disc"
        disc.mkdir()
        (disc / "copy").write_bytes(good)
        (file, _other) = stored(station)
        assert isinstance(restore(station, file, mirror=None, folders=[str(disc)]), Restored)
        done = run(station, mirror)
        assert (done.clips, done.lacking) == (1, 0)
        assert has_copies(station.catalog, ids(station)) == {victim.id, other.id}
        assert same(quick_path) and findings(station) == []


def test_what_lies_on_the_mirror_with_other_bytes_is_put_aside_and_not_replaced(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        mirror = kept.mirror(station)
        (victim,) = clips(station)
        for path in (victim.vault_path, f"{os.path.dirname(os.path.dirname(victim.vault_path))}/manifest.b3"):
            there = quick_path / "mirror" / path
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(b"something else")
        run(station, mirror)
        assert same(quick_path)
        aside = [path.read_bytes() for path in (quick_path / "mirror/.damaged").rglob("*") if path.is_file()]
        assert aside == [b"something else"] * 2


def test_a_full_mirror_is_said_and_the_vault_is_not_blamed(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000])
        mirror = kept.mirror(station)
        station.free_space_floor_bytes = 2**60
        with pytest.raises(MirrorFull):
            run(station, mirror)
        assert has_copies(station.catalog, ids(station)) == set()


def test_a_failing_mirror_stops_the_copying_only(quick_path: Path) -> None:
    kept = made(quick_path)
    files = FlakyFiles()
    with kept.station(files=files) as station:
        kept.docked(station, [5000])
        mirror = kept.mirror(station)
        files.vanish(str(quick_path / "mirror"))
        with pytest.raises(MirrorFault):
            run(station, mirror)
        kept.docked(station, [600])
        assert Sweep(station, 30).run(Budget(size_bytes=2**30)).damaged == []
        assert findings(station) == []


def test_a_long_copy_that_was_cut_off_goes_on_where_it_was_made_durable(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [600_000])
        kept.mirror(station)
    writes = []
    for files in (FlakyFiles(), FlakyFiles()):
        if not writes:
            files.fail("pwrite", errno.EIO, at=8, forever=True, under=str(quick_path / "mirror/.partial"))
        with kept.station(files=files, rest=False) as station:
            mirror = open_mirror(station, str(quick_path / "mirror"))
            if not writes:
                with pytest.raises(MirrorFault):
                    run(station, mirror)
                assert {path.suffix for path in (quick_path / "mirror/.partial").iterdir()} == {".part", ".json"}
            else:
                assert run(station, mirror).clips == 1
        calls = [call for call in files.calls if call.name == "pwrite" and call.path.endswith(".part")]
        writes.append(sum(call.size_bytes for call in calls))
    assert 0 < writes[1] < 600_000
    assert same(quick_path)


# ------------------------------------------------------------------------------------------------- faults, power cuts


def scene(root: Path) -> str:
    """A station with a docking and a prepared mirror with nothing in it."""
    kept = made(root)
    with kept.station() as station:
        kept.docked(station, [300_000, 3000, 0], strange=1)
        return kept.mirror(station).place


def attempt(root: Path, files: FileCalls | None = None) -> None:
    with Kept(root).station(files=files, rest=False) as station:
        run(station, open_mirror(station, str(root / "mirror")))


def comes_right(root: Path, *, vault_of_then: bool = True) -> None:
    """Whatever was claimed is there; the next run brings the rest."""
    with Kept(root).station() as station:
        for clip in clips(station):
            copy = root / "mirror" / clip.vault_path
            if clip.id in has_copies(station.catalog, [clip.id]):
                assert copy.read_bytes() == Path(station.vault.at(clip.vault_path)).read_bytes()
    attempt(root)
    with Kept(root).station() as station:
        assert has_copies(station.catalog, ids(station)) == set(ids(station))
        assert same(root)
        assert list((root / "mirror/.partial").iterdir()) == []
        proven_by_b3sum(root / "mirror")
        assert list(station.catalog.differences_from_custody()) == []
        assert not vault_of_then or findings(station) == []


@pytest.mark.contract("P4")
def test_a_fault_at_any_file_call_on_the_mirror_claims_nothing_that_is_not_there(quick_path: Path) -> None:
    scene(quick_path / "scene")
    first = quick_path / "first"
    shutil.copytree(quick_path / "scene", first)
    files = FaultyFiles(str(first / "none"), str(first / "mirror"))
    attempt(first, files)
    calls = sorted({at for at in files.run if at.side == VAULT})
    met = 0
    for fault in sorted(faults_at(calls))[::EVERY]:
        root = quick_path / "run"
        shutil.copytree(quick_path / "scene", root)
        files = FaultyFiles(str(root / "none"), str(root / "mirror"), fault)
        try:
            attempt(root, files)
        except (MirrorFault, MirrorUnusable, DigestMismatch):
            pass
        met += files.fired
        try:
            comes_right(root)
        except Exception as error:
            raise AssertionError(fault) from error
        shutil.rmtree(root)
    assert met > 20


@pytest.mark.contract("P4")
def test_a_power_cut_at_any_change_of_the_mirror_claims_nothing_that_is_not_there(quick_path: Path) -> None:
    film = quick_path / "film"
    scene(film)
    shutil.copytree(film / "vault", quick_path / "vault")
    log = PowerLog(root=str(film / "mirror"), database=str(film / "catalog.db"))
    began = log.begin()
    attempt(film, log)
    log.close_watcher()
    for cut in range(began, len(log.changes) + 1, 9):
        for luck, seed in LUCK:
            root = quick_path / "cut"
            committed = log.commits[cut] if cut < len(log.commits) else len(log.databases) - 1
            lay_out(state_after(log.changes, cut, luck=luck, seed=seed), str(root / "mirror"))
            shutil.copytree(quick_path / "vault", root / "vault")
            (root / "catalog.db").write_bytes(log.databases[committed])
            # The mirror's disk was cut off, and not the vault's: its ledger is further than this catalogue.
            comes_right(root, vault_of_then=False)
            shutil.rmtree(root)
