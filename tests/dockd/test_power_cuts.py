"""Contract P4, P5: the power goes after any change of the disk, and what was not fsynced is lost in any order. The next
start comes to rest; docked again, every recording is there once, proven, and nothing that was catalogued is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from dockd.station import Station
from tests.simulators.power import Disk, PowerLog, lay_out, state_after
from tests.simulators.station import dock, findings, make_home, open_station

SHARDS = 8
# No luck: all that was not durable is lost. Full luck: it all arrived. Between: some of it, two different ways.
LUCK = ((0.0, 0), (0.5, 1), (0.8, 2), (1.0, 0))


def recording(name: str, size: int) -> bytes:
    """Bytes that are no other recording's."""
    return b"".join(hashlib.sha256(f"{name}{i}".encode()).digest() for i in range(size // 32 + 1))[:size]


def fill(recorder: Path) -> dict[str, bytes]:
    """A recorder with small and long recordings, one twice, one that nobody knows, and an empty one."""
    contents = {
        "1234567_100001_20261119080000.mp4": recording("a", 3000),
        "1234567_100001_20261119081000.mp4": recording("b", 70_000),
        "1234567_100001_20261119082000.mp4": recording("long", 400_000),
        "1234567_100001_20261119083000.mp4": recording("a", 3000),
        "1234567_100001_20261119084000.mp4": b"",
        "sub/1234567_100001_20261119085000.jpg": recording("photo", 5000),
        "strange.xyz": recording("strange", 900),
    }
    for name, content in contents.items():
        path = recorder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return contents


@dataclass(frozen=True)
class Film:
    """One docking, every change of the disk on record."""

    log: PowerLog
    recorder: Path
    contents: dict[str, bytes]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Dock once, clear the recorder too, and keep every change."""
    root = tmp_path_factory.mktemp("film")
    recorder = root / "recorder"
    contents = fill(recorder)
    pristine = root / "pristine"
    shutil.copytree(recorder, pristine)
    make_home(root)
    log = PowerLog(root=str(root / "vault"), database=str(root / "catalog.db"))
    with open_station(root, files=log) as station:
        result, _ = dock(station, recorder)
        assert result.sum.failed == 0
    log.close_watcher()
    return Film(log, pristine, contents)


def states(film: Film, shard: int) -> list[tuple[int, float, int]]:
    """The cuts of one shard; the same state is not tried twice."""
    return [(cut, luck, seed) for cut in range(shard, len(film.log.changes) + 1, SHARDS) for luck, seed in LUCK]


def start_again(film: Film, disk: Disk, committed: int, root: Path) -> None:
    """The disk as the cut left it, with the catalogue as it was committed."""
    lay_out(disk, str(root / "vault"))
    if committed >= 0:
        (root / "catalog.db").write_bytes(film.log.databases[committed])


def whole(station: Station, contents: dict[str, bytes]) -> None:
    """Every recording is in the vault exactly once, as it was recorded, and all checks hold."""
    catalog = station.catalog
    assert findings(station) == []
    held = sorted(Path(station.vault.at(clip.vault_path)).read_bytes() for clip in catalog.clips())
    recordings = {content for name, content in contents.items() if not name.endswith(".xyz")}
    assert held == sorted(recordings)
    strange = [Path(station.vault.at(e.vault_path)).read_bytes() for e in catalog.quarantined() if e.vault_path]
    assert set(strange) == {contents["strange.xyz"]}
    assert station.vault.names(".partial") == []
    assert [s for s in catalog.sessions() if s.state == "open"] == []


@pytest.mark.contract("P4")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_after_a_power_cut_at_any_change_nothing_is_lost_and_nothing_doubled(
    film: Film, shard: int, quick_path: Path
) -> None:
    tried: set[str] = set()
    for cut, luck, seed in states(film, shard):
        disk = state_after(film.log.changes, cut, luck=luck, seed=seed)
        committed = film.log.commits[cut] if cut < len(film.log.commits) else len(film.log.databases) - 1
        print_ = hashlib.sha256(repr((disk.reachable(), disk.reachable_folders(), committed)).encode()).hexdigest()
        if print_ in tried:
            continue
        tried.add(print_)
        root = quick_path / f"{cut}-{luck}-{seed}"
        start_again(film, disk, committed, root)
        with open_station(root, seed=cut) as station:
            before = {clip.id for clip in station.catalog.clips()}
            result, _ = dock(station, film.recorder)
            assert result.sum.failed == 0, (cut, luck, seed)
        with open_station(root, seed=cut + 1) as station:
            assert before <= {clip.id for clip in station.catalog.clips()}
            whole(station, film.contents)
        shutil.rmtree(root)
    # Eight shards, so that the suite as a whole tries well over five hundred different states.
    assert len(tried) * SHARDS >= 500
