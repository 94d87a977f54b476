"""A copy that is cut off anywhere: never complete and not on record, and the same command brings it to its end."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

import bagit
import pytest

from catalog.requests.model import RequestRow
from catalog.requests.queries import copies_given_on, requests_asked
from dockd.assembly import Opened, reading, writing
from dockd.copying_out.bag import BAGIT, TAG_MANIFEST, UNFINISHED
from dockd.copying_out.giving import Given, complete, give, look
from dockd.copying_out.kept import claimed
from dockd.copying_out.order import MediumFault
from dockd.copying_out.words import of_copies
from dockd.exits import Exit
from dockd.verifying import Verifying
from hashing.digest import Algorithm
from hashing.filecalls import OsFileCalls
from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import Command
from tests.simulators.copies import approved, as_copier, clip_ids, settle_copies, well
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.killed import Killed, KilledAt
from tests.simulators.quick import quick_folder


@pytest.fixture(scope="module")
def pristine(settled: Path) -> Iterator[Path]:
    """A station with two small recordings, and a request that may be used as often as a test likes."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        station = Command(folder)
        names = ("1234567_100234_20261119090000.mp4", "7654321_100235_20261119090500.mp4")
        settle_copies(station, {name: recording(name, 3000) for name in names})
        approved(station, *clip_ids(station), uses=10_000)
        yield folder


@pytest.fixture
def station(pristine: Path, quick_path: Path) -> Command:
    shutil.copytree(pristine, quick_path, dirs_exist_ok=True)
    return Command(quick_path)


def nothing(done: int) -> None:
    """Nobody looks."""


def run(opened: Opened, bag: Path) -> Given:
    """The command, as whoever may."""
    request = the_request(opened)
    outlet, recorded = look(opened, request, str(bag))
    if recorded is not None:
        return complete(opened, outlet, recorded, nothing)
    return give(opened, request, outlet, watermarked=False, on_bytes=nothing)


def the_request(opened: Opened) -> RequestRow:
    """The only one there is."""
    (request,) = requests_asked(opened.station.catalog)
    return request


def given_digests(opened: Opened) -> list[str]:
    return [copy.bag_digest for copy in copies_given_on(opened.station.catalog)]


def digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def how_many_calls(station: Command) -> int:
    files = KilledAt(1_000_000)
    with reading(str(station.home / "station")) as opened:
        run(as_copier(opened, files), station.home / "counted")
    shutil.rmtree(station.home / "counted")
    return files.made


def test_a_copy_that_was_killed_at_any_call_is_unfinished_or_on_record_and_comes_to_its_end(station: Command) -> None:
    calls = how_many_calls(station)
    assert calls > 150
    seen = set()
    ended = False
    for at in chain(range(1, calls - 45, 11), count(calls - 45)):
        bag = station.home / f"usb-{at}"
        with reading(str(station.home / "station")) as opened:
            before = given_digests(opened)
            try:
                run(as_copier(opened, KilledAt(at)), bag)
                ended = True
            except Killed:
                pass
            recorded = len(given_digests(opened)) - len(before)
        finished = (bag / BAGIT).exists()
        said_unfinished = (bag / UNFINISHED).exists()
        seen.add((recorded, finished, said_unfinished))
        assert not finished or recorded, at
        if recorded:
            assert given_digests_of(station)[-1] == digest(bag / TAG_MANIFEST)
        with reading(str(station.home / "station")) as opened:
            again = None if finished else run(as_copier(opened), bag)
            assert len(given_digests(opened)) == len(before) + 1, at
            assert again is None or again.completed == bool(recorded)
            assert given_digests(opened)[-1] == digest(bag / TAG_MANIFEST)
        assert bagit.Bag(str(bag)).validate()
        assert not (bag / UNFINISHED).exists()
        if ended:
            break
    # Cut before anything was written, while it was made, between the entry and the end, and after the end.
    assert {(0, False, False), (0, False, True), (1, False, True), (1, False, False)} <= seen
    well(bag)
    with writing(str(station.home / "station")) as opened:
        folders = {path.name for path in (station.home / "station/vault/given").iterdir()}
        assert folders == {(copy.kept or "").split("/")[1] for copy in copies_given_on(opened.station.catalog)}
        assert list(Verifying(opened.station).everything()) == []


def given_digests_of(station: Command) -> list[str]:
    with reading(str(station.home / "station")) as opened:
        return given_digests(opened)


def test_what_a_killed_run_left_in_the_vault_goes_at_the_next_start_and_what_is_being_made_stays(
    station: Command,
) -> None:
    with reading(str(station.home / "station")) as opened:
        with pytest.raises(Killed):
            run(as_copier(opened, KilledAt(how_many_calls(station) // 2)), station.home / "usb")
    given = station.home / "station/vault/given"
    assert {path.name[-2:] for path in given.iterdir()} == {"-1", "-2"}
    with reading(str(station.home / "station")) as opened:
        request = the_request(opened)
        with claimed(opened.station, "another", "2026-9999"):
            with writing(str(station.home / "station")) as other:
                assert {path.name for path in given.iterdir()} == {f"{request.number}-1", "2026-9999-1"}
                assert list(Verifying(other.station).everything()) == []
    with writing(str(station.home / "station")):
        assert {path.name for path in given.iterdir()} == {f"{request.number}-1"}


def test_what_lies_wrong_on_the_medium_is_put_right_from_the_kept_copy(station: Command) -> None:
    bag = station.home / "usb"
    with reading(str(station.home / "station")) as opened:
        run(as_copier(opened), bag)
    (bag / BAGIT).unlink()
    first, second = sorted((bag / "data").rglob("*.mp4"))
    first.unlink()
    second.chmod(0o644)
    second.write_bytes(b"other bytes")
    (bag / "proof/copy.json").unlink()
    with reading(str(station.home / "station")) as opened:
        assert run(as_copier(opened), bag).completed
        assert len(given_digests(opened)) == 1
    assert bagit.Bag(str(bag)).validate()


@pytest.mark.parametrize("call", ["open", "pwrite", "fsync", "mkdir", "move_new", "preadv", "syncfs"])
def test_a_medium_that_fails_gives_nothing_and_says_that_it_was_the_medium(station: Command, call: str) -> None:
    bag = station.home / "usb"
    files = FlakyFiles()
    files.fail(call, 5, at=1 if call == "syncfs" else 2, forever=True, under=str(bag))
    with reading(str(station.home / "station")) as opened:
        with pytest.raises(MediumFault) as fault:
            run(as_copier(opened, files), bag)
        assert given_digests(opened) == []
        assert list((station.home / "station/vault/given").iterdir()) == []
    told = of_copies(fault.value)
    assert told is not None and (told.exit_code, "medium" in told.sentence) == (Exit.RECORDER, True)
    assert not (bag / BAGIT).exists()
    with reading(str(station.home / "station")) as opened:
        run(as_copier(opened), bag)
    well(bag)


def test_a_bit_that_the_medium_turns_is_seen_when_it_is_read_back(station: Command) -> None:
    bag = station.home / "usb"
    files = FlakyFiles()
    files.flip_bit(7, forever=True, under=str(bag / "data"))
    with reading(str(station.home / "station")) as opened:
        with pytest.raises(MediumFault):
            run(as_copier(opened, files), bag)
        assert given_digests(opened) == []


def test_where_a_vault_has_no_links_the_kept_copy_is_a_copy(station: Command) -> None:
    class NoLinks(OsFileCalls):
        def link(self, source: str | bytes, target: str | bytes) -> None:
            raise PermissionError(1, "no links")

    bag = station.home / "usb"
    with reading(str(station.home / "station")) as opened:
        run(as_copier(opened, NoLinks()), bag)
        originals = {Path(opened.station.vault.at(clip.vault_path)) for clip in opened.station.catalog.clips()}
        kept = set((station.home / "station/vault/given").rglob("*.mp4"))
        assert sorted(path.read_bytes() for path in kept) == sorted(path.read_bytes() for path in originals)
        assert not {path.stat().st_ino for path in kept} & {path.stat().st_ino for path in originals}
        assert list(Verifying(opened.station).everything()) == []
    well(bag)


def test_a_station_that_keeps_sm3_gives_it_along(station: Command) -> None:
    bag = station.home / "usb"
    with reading(str(station.home / "station")) as opened:
        opened.station.algorithms = (Algorithm.BLAKE3, Algorithm.SM3)
        run(as_copier(opened), bag)
    for line in (bag / "manifest.sm3").read_text("utf-8").splitlines():
        told, path = line.split("  ", 1)
        ran = subprocess.run(["openssl", "dgst", "-sm3", "-r", path], cwd=bag, capture_output=True, check=True)
        assert ran.stdout.decode().split()[0] == told
    assert bagit.Bag(str(bag)).validate()
    well(bag)
