"""A hand-over that is cut off anywhere: on record or not made at all, and nothing of it stays that nobody knows."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.errors import BadEvent
from catalog.handing.queries import handovers_made
from dockd.assembly import Opened, reading, writing
from dockd.exits import Exit
from dockd.handover.errors import HandoverRefused
from dockd.handover.handing import gather, make
from dockd.handover.kept import BEING_MADE, kept
from dockd.handover.medium import BATCH_FILE, check
from dockd.handover.receipts import sign_receipt
from dockd.handover.words import of_handover
from dockd.vault import Vault
from dockd.verifying import Verifying
from hashing.filecalls import FileCalls, OsFileCalls
from tests.simulators.agency import Command
from tests.simulators.copies import acting_as
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.handing import FOLDER, dock, handed, medium_of, recordings, rows, with_archivists
from tests.simulators.handing import make as made_by_command
from tests.simulators.killed import Killed, KilledAt
from tests.simulators.quick import quick_folder

DEPARTMENT = "城关中队"
BATCH = "20261121-00000001"
# A process of its own that is killed while it makes a batch: before its entry, or right after it.
KILLED = """
import os, signal, sys
from catalog.handing.events import HandoverMade
from dockd.assembly import reading
from dockd.handover.kept import kept
home, batch, entered = sys.argv[1:]
with reading(home) as opened, kept(opened.station, batch, b"{}", b"signature") as documents:
    if entered == "entered":
        clips = [clip.id for clip in opened.station.catalog.clips()]
        made = HandoverMade(batch, "城关中队", "局", "user:keeper", clips, [], 1, "b3:" + "0" * 64)
        opened.station.catalog.append([*documents, made])
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def pristine(settled: Path) -> Iterator[Path]:
    """A station with two recordings that wait; it is copied, never used."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        dock(with_archivists(Command(folder)), "20261119013100", "20261119023100")
        yield folder


@pytest.fixture
def station(pristine: Path, quick_path: Path) -> Command:
    shutil.copytree(pristine, quick_path, dirs_exist_ok=True)
    return Command(quick_path)


def home(station: Command) -> str:
    return str(station.home / "station")


def papers(station: Command) -> Path:
    """Where the papers of all batches lie."""
    return station.home / "station/vault/documents/handover"


def keeper(opened: Opened, files: FileCalls | None = None) -> Opened:
    """The station as whoever hands over has it, on file calls of the test's choice."""
    acting_as(opened, "keeper")
    if files is not None:
        opened.station.files = files
        opened.station.vault = Vault(files, opened.station.vault.root)
    return opened


def hand_over(opened: Opened, medium: Path) -> None:
    make(opened, gather(opened, DEPARTMENT, None, None), None, str(medium))


def clean(station: Command) -> set[str]:
    """The batches on record, once the station has come to rest and nothing in it is unknown to it."""
    with writing(home(station)) as opened:
        assert list(Verifying(opened.station).everything()) == []
        found = {one.id for one in handovers_made(opened.station.catalog)}
    assert {path.name for path in papers(station).glob("*") if any(path.iterdir())} == found
    assert not list(papers(station).rglob(BEING_MADE))
    return found


def test_a_batch_that_was_killed_at_any_call_is_on_record_or_was_never_made(pristine: Path) -> None:
    with quick_folder() as folder:
        shutil.copytree(pristine, folder, dirs_exist_ok=True)
        files = KilledAt(1_000_000)
        with reading(home(Command(folder))) as opened:
            hand_over(keeper(opened, files), medium_of(Command(folder)))
    assert files.made > 100
    seen = set()
    for at in range(1, files.made + 1, files.made // 20):
        with quick_folder() as folder:
            shutil.copytree(pristine, folder, dirs_exist_ok=True)
            station = Command(folder)
            medium = medium_of(station)
            with reading(home(station)) as opened, pytest.raises(Killed):
                hand_over(keeper(opened, KilledAt(at)), medium)
            whole = list(medium.rglob(BATCH_FILE))
            found = clean(station)
            seen.add((bool(found), bool(whole)))
            # What looks like a batch is one that is on record.
            assert not whole or found, at
            other = folder / "other"
            other.mkdir()
            for batch in found:
                station.ok("handover", "copy", batch, str(other), by="keeper")
            if not found:
                made_by_command(station, "--medium", str(other))
            (written,) = other.glob(FOLDER)
            assert check(OsFileCalls(), str(written)).differences == (), at
    assert {(False, False), (True, False)} <= seen


def killed(station: Command, when: str) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, home(station), BATCH, when], capture_output=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()


@pytest.mark.parametrize("how", ["start", "next"])
def test_papers_of_a_batch_that_a_kill_kept_from_the_log_go_at_the_next_start_or_with_the_next_batch(
    station: Command, how: str
) -> None:
    killed(station, "before")
    assert (papers(station) / BATCH / BEING_MADE).exists()
    found = station("verify", "--all", "--json", by="boss")
    assert found.code == Exit.FINDINGS and {one["what"] for one in found.json} == {"file-unknown-to-catalogue"}
    if how == "next":
        made_by_command(station)
    else:
        with writing(home(station)):
            pass
    assert not (papers(station) / BATCH).exists()
    station.ok("verify", "--all", by="boss")
    assert len(clean(station)) == (how == "next")


def test_papers_of_a_batch_that_is_on_record_stay_and_no_longer_say_that_it_is_being_made(station: Command) -> None:
    killed(station, "entered")
    assert (papers(station) / BATCH / BEING_MADE).exists()
    assert clean(station) == {BATCH}
    assert len(list((papers(station) / BATCH).rglob("batch.json*"))) == 2


def test_a_batch_that_is_being_made_is_left_alone_and_one_that_came_to_nothing_goes(station: Command) -> None:
    with reading(home(station)) as opened:
        with kept(opened.station, BATCH, b"{}", b"signature"):
            with writing(home(station)):
                assert (papers(station) / BATCH / BEING_MADE).exists()
        assert not (papers(station) / BATCH).exists()
    assert clean(station) == set()


def test_papers_that_do_not_say_that_they_are_being_made_are_named_and_never_removed(station: Command) -> None:
    lying = papers(station) / BATCH / "batch.json"
    lying.parent.mkdir(parents=True)
    lying.write_bytes(b"{}")
    with writing(home(station)) as opened:
        (finding,) = Verifying(opened.station).everything()
    assert (finding.what, finding.where) == ("file-unknown-to-catalogue", f"documents/handover/{BATCH}/batch.json")
    assert lying.exists()


def test_what_another_handed_over_meanwhile_is_not_handed_over_twice(station: Command) -> None:
    medium = medium_of(station)
    with reading(home(station)) as opened:
        keeper(opened)
        first, second = (gather(opened, DEPARTMENT, None, None) for _time in range(2))
        paper, _folder = make(opened, first, None, None)
        with pytest.raises(BadEvent):
            make(opened, second, None, str(medium))
    assert list(medium.iterdir()) == []
    assert clean(station) == {paper.batch}


def test_a_medium_that_fails_at_its_last_file_is_told_and_the_batch_is_written_to_another(station: Command) -> None:
    medium, other = medium_of(station), station.home / "other"
    other.mkdir()
    files = FlakyFiles()
    # Manifest, signers and signature have their names; the fourth is the batch's own.
    files.fail("move_new", errno.EIO, at=4, under=str(medium))
    with reading(home(station)) as opened, pytest.raises(HandoverRefused) as refused:
        hand_over(keeper(opened, files), medium)
    told = of_handover(refused.value)
    assert refused.value.why == "unfinished" and told is not None and "handover copy" in told.hint
    assert list(medium.rglob(BATCH_FILE)) == [] and len(recordings(medium)) == 2
    (row,) = rows(station)
    station.ok("handover", "copy", row["id"], str(other), by="keeper")
    (written,) = other.glob(FOLDER)
    assert check(OsFileCalls(), str(written)).differences == ()
    assert clean(station) == {row["id"]}


def test_a_receipt_that_cannot_be_written_is_not_said_to_be(station: Command) -> None:
    made_by_command(station, "--medium", str(medium_of(station)))
    (folder,) = medium_of(station).glob(FOLDER)
    centre = Command(station.home / "centre")
    centre.home.mkdir()
    centre.ok("init", "--yes", "--department", "局办公室")
    nowhere = centre("handover", "check", str(folder), "--receipt", str(centre.home / "nowhere/r.json"))
    assert nowhere.code == Exit.REFUSED and "is not there" in nowhere.told and handed(centre) == []
    files = FlakyFiles()
    files.fail("pwrite", errno.ENOSPC, under=str(centre.home))
    with reading(home(centre)) as opened:
        opened.station.files = files
        with pytest.raises(HandoverRefused) as refused:
            sign_receipt(opened, check(OsFileCalls(), str(folder)), str(centre.home / "receipt.json"))
    assert refused.value.why == "unwritten" and handed(centre) == ["handover-checked"]
    centre.ok("handover", "check", str(folder), "--receipt", str(centre.home / "receipt.json"))
