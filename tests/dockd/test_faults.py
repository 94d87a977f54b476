"""Contract P4, P5, P9: one fault at every file call and every statement of a docking, a clearing and a coming to rest.

Whatever fails, no recording is ever in neither place, no clip is catalogued that is not whole, and the next start with
a disk that works brings everything in once.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from catalog.errors import CatalogFault
from dockd.recovery import come_to_rest
from dockd.station import Station
from hashing.digest import digest_of
from hashing.errors import DigestMismatch, TargetFault
from hashing.filecalls import FileCalls
from tests.dockd.test_power_cuts import fill
from tests.simulators.faulty import RECORDER, VAULT, At, Fault, FaultyFiles, What, faults_at
from tests.simulators.station import dock, findings, make_home, open_station

SHARDS = 12
REST_SHARDS = 2
STRANGE = "strange.xyz"
LONG = "1234567_100001_20261119082000.mp4"


@dataclass(frozen=True)
class Scene:
    """Where a run begins: the home and the recorder as they lie there, and what a run without a fault calls."""

    folder: Path
    contents: dict[str, bytes]
    calls: list[At]

    def laid_out(self, root: Path) -> Path:
        """The scene once more, in an empty folder."""
        shutil.copytree(self.folder, root, copy_function=_copy_quickly)
        return root


def _copy_quickly(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    status = os.stat(source)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def attempt(root: Path, files: FileCalls, *, seed: int) -> Exception | None:
    """Start, dock and clear, as one run of the program does; what stopped it."""
    try:
        with open_station(root, files=files, seed=seed) as station:
            dock(station, root / "recorder", clear=True)
    except (TargetFault, DigestMismatch, OSError) as error:
        return error
    return None


def faulty(root: Path, fault: Fault | None = None) -> FaultyFiles:
    return FaultyFiles(str(root / "recorder"), str(root / "vault"), fault)


def record(folder: Path, root: Path, contents: dict[str, bytes]) -> Scene:
    """Run the scene once without a fault."""
    scene = Scene(folder, contents, [])
    files = faulty(scene.laid_out(root))
    assert attempt(root, files, seed=9) is None
    shutil.rmtree(root)
    return Scene(folder, contents, sorted(set(files.run)))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A new station, a full recorder."""
    folder = tmp_path_factory.mktemp("fresh")
    make_home(folder)
    contents = fill(folder / "recorder")
    return record(folder, tmp_path_factory.mktemp("run") / "run", contents)


@pytest.fixture(scope="module")
def interrupted(fresh: Scene, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A station after two dockings that its disk cut off: a copy that no entry names, a kept part, an open session."""
    folder = fresh.laid_out(tmp_path_factory.mktemp("interrupted") / "home")
    clips = next(at.place for at in fresh.calls if at.place.endswith("/clips") and "quarantine" not in at.place)
    part = max((at.nth, at.place) for at in fresh.calls if at.act == "pwrite" and at.place.endswith(".part"))[1]
    cuts = [
        At(VAULT, "fsync", clips, 2),  # the long one has its name, but no entry
        At(RECORDER, "preadv", f"/{LONG}", 5),  # a part of it is kept
        At(VAULT, "pwrite", part, 1),  # nobody seals the session
    ]
    for seed, at in enumerate(cuts):
        files = faulty(folder, Fault(at, What.FOR_EVER))
        attempt(folder, files, seed=seed)
        assert files.fired, at
    lying = os.listdir(folder / "vault/.partial")
    assert any(name.startswith("orphan-") for name in lying) and any(name.endswith(".json") for name in lying)
    with open_station(folder, rest=False) as station:
        assert station.catalog.unsealed_sessions()
    return record(folder, tmp_path_factory.mktemp("run") / "run", fresh.contents)


# --------------------------------------------------------------------------------------------------- what must hold


def flipped(bytes_: bytes, original: bytes) -> bool:
    """Whether these are the original's bytes but for one bit."""
    if len(bytes_) != len(original):
        return False
    return (int.from_bytes(bytes_) ^ int.from_bytes(original)).bit_count() == 1


def on_recorder(root: Path) -> set[bytes]:
    return {path.read_bytes() for path in (root / "recorder").rglob("*") if path.is_file()}


def catalogued(station: Station) -> Counter[bytes]:
    """The bytes of every clip the catalogue names: whole, and what it says of them."""
    found: Counter[bytes] = Counter()
    for clip in station.catalog.clips():
        data = Path(station.vault.at(clip.vault_path)).read_bytes()
        assert (len(data), str(digest_of(data))) == (clip.size_bytes, clip.digests["b3"]), clip
        found[data] += 1
    return found


def nothing_lost(root: Path, station: Station, contents: dict[str, bytes], *, may_flip: bool) -> None:
    """Every recording is on the recorder or whole in the vault, and nothing else is in the vault."""
    held = catalogued(station)
    assert set(contents.values()) - on_recorder(root) <= set(held)
    for data in held.keys() - set(contents.values()):
        assert may_flip and any(flipped(data, original) for original in contents.values())


def everything_once(root: Path, station: Station, contents: dict[str, bytes], *, may_flip: bool) -> None:
    """All recordings are in the vault once, all checks hold, nothing is left over."""
    nothing_lost(root, station, contents, may_flip=may_flip)
    held = catalogued(station)
    recordings = {content for name, content in contents.items() if name != STRANGE}
    missing = recordings - set(held)
    # A recording that was read wrong in its middle is held as it was read; the second reading keeps it on the recorder.
    assert not missing or (may_flip and missing <= on_recorder(root))
    assert set(held.values()) <= {1}
    strange = [Path(station.vault.at(e.vault_path)).read_bytes() for e in station.catalog.quarantined() if e.vault_path]
    assert contents[STRANGE] in strange or (may_flip and any(flipped(s, contents[STRANGE]) for s in strange))
    assert findings(station) == []
    assert station.vault.names(".partial") == []
    assert [s for s in station.catalog.sessions() if s.state == "open" or s.clearing == "intended"] == []


def comes_to_rest(root: Path, contents: dict[str, bytes], *, may_flip: bool = False) -> None:
    """After the fault: nothing is lost as it lies, and a docking with a disk that works brings all of it in."""
    with open_station(root, seed=11, rest=False) as station:
        nothing_lost(root, station, contents, may_flip=may_flip)
        come_to_rest(station)
        result, cleared = dock(station, root / "recorder", clear=True)
        assert result.sum.failed == 0
        assert cleared is not None
        # What had been put aside goes once the catalogue has its bytes: at the start after that.
        come_to_rest(station)
        everything_once(root, station, contents, may_flip=may_flip)


def tried(scene: Scene, faults: list[Fault], quick_path: Path) -> int:
    """Try each fault; how many of them met their call."""
    met = 0
    for fault in faults:
        root = scene.laid_out(quick_path / "run")
        files = faulty(root, fault)
        error = attempt(root, files, seed=9)
        recorders_own = fault.at.side == RECORDER
        assert not (isinstance(error, OSError) and not recorders_own), (fault, error)
        assert not (isinstance(error, TargetFault) and recorders_own), (fault, error)
        met += files.fired
        try:
            comes_to_rest(root, scene.contents, may_flip=recorders_own and fault.what is What.FLIP)
        except Exception as bad:
            raise AssertionError(f"{fault}: first run ended with {error!r}") from bad
        shutil.rmtree(root)
    return met


# ------------------------------------------------------------------------------------------------------- the tests


@pytest.mark.contract("P4")
@pytest.mark.contract("P5")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_fault_at_any_file_call_of_a_docking_loses_and_doubles_nothing(
    fresh: Scene, shard: int, quick_path: Path
) -> None:
    faults = sorted(faults_at(fresh.calls))
    assert len(faults) >= 500
    assert tried(fresh, faults[shard::SHARDS], quick_path) * SHARDS >= 500


@pytest.mark.contract("P4")
@pytest.mark.parametrize("shard", range(REST_SHARDS))
def test_a_fault_at_any_file_call_of_coming_to_rest_loses_and_doubles_nothing(
    fresh: Scene, interrupted: Scene, shard: int, quick_path: Path
) -> None:
    own = set(interrupted.calls) - set(fresh.calls)
    faults = sorted(faults_at(at for at in own if at.side == VAULT))
    assert tried(interrupted, faults[shard::REST_SHARDS], quick_path) > 100


# --------------------------------------------------------------------------------------------- the catalogue's faults


DISK_ERROR = sqlite3.OperationalError("disk I/O error")


@contextmanager
def failing_statement(station: Station, nth: int) -> Iterator[None]:
    """The n-th statement fails in the database, and all after it."""
    seen = 0

    def refuse(*_statement: Any) -> None:
        nonlocal seen
        seen += 1
        if seen >= nth:
            raise DISK_ERROR

    event.listen(station.catalog._engine, "do_execute", refuse)
    event.listen(station.catalog._engine, "do_execute_no_params", refuse)
    event.listen(station.catalog._engine, "do_executemany", refuse)
    yield


@contextmanager
def failing_commit(station: Station, nth: int, *, durable: bool) -> Iterator[None]:
    """The n-th commit, and all after it, tell of an error; `durable`: they happened all the same."""
    dialect = station.catalog._engine.dialect
    commit = dialect.do_commit
    seen = 0

    def refuse(connection: Any) -> None:
        nonlocal seen
        seen += 1
        if seen < nth or durable:
            commit(connection)
        if seen >= nth:
            raise DISK_ERROR

    dialect.do_commit = refuse  # type: ignore[method-assign]
    yield


@contextmanager
def full_database(station: Station, pages: int) -> Iterator[None]:
    """The database's file may grow by so many pages and no further: SQLite itself says that it is full."""

    def limit(connection: Any, *_record: Any) -> None:
        # Pages that the steps of a new catalogue left free inside would be room.
        connection.execute("VACUUM")
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    station.catalog._engine.dispose()
    event.listen(station.catalog._engine, "connect", limit)
    yield


Failing = Callable[[Station, int], Any]
FAILURES: dict[str, Failing] = {
    "statement": failing_statement,
    "commit-undone": lambda station, nth: failing_commit(station, nth, durable=False),
    "commit-durable": lambda station, nth: failing_commit(station, nth, durable=True),
}


def docked_with_failing_catalogue(scene: Scene, root: Path, failing: Failing, nth: int) -> bool:
    """Dock while the catalogue fails from its n-th step on; whether that many steps were made at all."""
    scene.laid_out(root)
    before = on_recorder(root)
    try:
        with open_station(root, seed=9) as station, failing(station, nth):
            dock(station, root / "recorder", clear=True)
    except CatalogFault:
        pass
    else:
        return False
    with open_station(root, seed=10, rest=False) as station:
        intended = [entry for entry in station.catalog.custody() if entry.kind == "clearing-intended"]
    assert intended or on_recorder(root) == before
    comes_to_rest(root, scene.contents)
    return True


@pytest.mark.contract("P4")
@pytest.mark.contract("P9")
@pytest.mark.parametrize("failing", FAILURES)
def test_a_catalogue_that_fails_at_any_step_stops_ingest_and_loses_nothing(
    fresh: Scene, failing: str, quick_path: Path
) -> None:
    nth = 1
    while docked_with_failing_catalogue(fresh, quick_path / str(nth), FAILURES[failing], nth):
        nth += 1
    assert nth > 8


@pytest.mark.contract("P9")
def test_a_full_database_stops_ingest_and_loses_nothing(fresh: Scene, quick_path: Path) -> None:
    stopped = [docked_with_failing_catalogue(fresh, quick_path / str(n), full_database, n) for n in range(6)]
    assert any(stopped)


@pytest.mark.contract("P9")
def test_a_database_that_cannot_be_written_takes_nothing_in(fresh: Scene, quick_path: Path) -> None:
    root = fresh.laid_out(quick_path / "run")
    with open_station(root, seed=9) as station:
        station.catalog._engine.dispose()
        event.listen(station.catalog._engine, "connect", lambda c, _record: c.execute("PRAGMA query_only = 1"))
        with pytest.raises(CatalogFault):
            dock(station, root / "recorder", clear=True)
    assert on_recorder(root) == set(fresh.contents.values())
    comes_to_rest(root, fresh.contents)
