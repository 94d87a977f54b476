"""Contract P2, P3, P5: cards that changed, cards that fail, cards that are pulled: every doubt keeps."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from dockd.root.kernel import KernelMounter
from dockd.root.mounting import ROOT, plan_for
from hashing.digest import Digest
from hashing.filecalls import OsFileCalls
from hashing.filecalls import Path as AnyPath
from retention.clearing import Doubt
from tests.simulators.loop_bay import CLIPS, CONTENTS, STRANGE, LoopBay, kept_all, mounts_of
from tests.simulators.pulled import PulledMounter
from tests.simulators.yanked import FILE_SYSTEMS, Yanked

# ------------------------------------------------------------------------------------------------ the card, changed


def test_a_file_that_changed_after_the_seal_stays_and_the_others_go(docked: LoopBay) -> None:
    # Same size, same times: only reading finds it.
    docked.card.unplug()
    block = int(docked.card.debug(f"bmap /{CLIPS[0]} 0"))
    with open(docked.card.image, "r+b") as file:
        file.seek(block * 1024 + 7)
        file.write(b"!")
    docked.card.plug()
    docked.plug_again()
    docked.ask()
    outcome = docked.clear()
    assert outcome.kept == ((docked.listed().remove[0].seq, Doubt.SECOND_READING_DIFFERS.value),)
    assert len(outcome.removed) == 2
    left = docked.on_card()
    assert sorted(left) == sorted([CLIPS[0], STRANGE])
    assert left[CLIPS[0]] != CONTENTS[CLIPS[0]]


def test_a_file_that_came_after_the_seal_keeps_everything(docked: LoopBay) -> None:
    docked.plug_again("write /etc/hostname /new.mp4")
    docked.ask()
    outcome = docked.clear()
    assert (outcome.removed, outcome.kept[0][1]) == ((), Doubt.LISTING_CHANGED.value)
    assert set(docked.on_card()) == {*CONTENTS, "new.mp4"}


def test_a_link_in_the_place_of_a_clip_keeps_everything(docked: LoopBay) -> None:
    docked.plug_again(f"rm /{CLIPS[0]}", f"symlink /{CLIPS[0]} /etc/hostname")
    docked.ask()
    assert docked.clear().kept[0][1] == Doubt.LISTING_CHANGED.value
    assert set(docked.on_card()) >= set(CLIPS[1:])


class Swapping(OsFileCalls):
    """Whoever can write on the card while it is being cleared puts a link in a folder's place, before the removal."""

    def __init__(self, place: Path, outside: Path) -> None:
        self._folder = place / "DCIM/100MEDIA"
        self._outside = outside
        self.swapped = False

    def open(self, path: AnyPath, flags: int, mode: int = 0o600, *, dir_fd: int | None = None) -> int:  # type: ignore[override]
        fd = os.open(path, flags, mode, dir_fd=dir_fd)
        if os.fsencode(path).endswith(b".jpg") and not self.swapped:  # the last that is read
            self.swapped = True
            self._folder.rename(self._folder.with_name("gone"))
            self._folder.symlink_to(self._outside)
        return fd


def test_a_link_that_is_swapped_in_while_clearing_leads_nowhere(docked: LoopBay, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for path in CLIPS[:2]:
        (outside / Path(path).name).write_bytes(CONTENTS[path])
        os.utime(outside / Path(path).name, (1_700_000_000, 1_700_000_000))
    docked.ask()
    files = Swapping(docked.clearing_place, outside)
    outcome = docked.clear(files=files)
    assert files.swapped
    assert sorted(path.name for path in outside.iterdir()) == sorted(Path(path).name for path in CLIPS[:2])
    assert outcome.removed == ()
    assert len(outcome.kept) == 3


class Rewriting(OsFileCalls):
    """A clip is written to after it was read again and before it is removed."""

    def __init__(self, victim: Path) -> None:
        self._victim = victim

    def unlink(self, path: AnyPath, *, dir_fd: int | None = None) -> None:  # type: ignore[override]
        os.unlink(path, dir_fd=dir_fd)
        if self._victim.exists():
            self._victim.write_bytes(b"something else")


def test_a_file_that_changes_between_its_reading_and_its_removal_stays(docked: LoopBay) -> None:
    docked.ask()
    victim = docked.clearing_place / CLIPS[1]
    outcome = docked.clear(files=Rewriting(victim))
    assert docked.listed().remove[1].seq not in outcome.removed
    assert docked.on_card()[CLIPS[1]] == b"something else"


class Doubling(OsFileCalls):
    """A FAT folder with one name twice: both are listed, and only the first is ever reached."""

    def scandir(self, fd_or_path):  # type: ignore[no-untyped-def, override]
        found = super().scandir(fd_or_path)
        return [*found, *(entry for entry in found if os.fsencode(entry.name).endswith(b".jpg"))]


@pytest.mark.contract("P2")
def test_a_card_that_lists_one_name_twice_is_not_cleared(docked: LoopBay) -> None:
    docked.ask()
    assert kept_all(docked, docked.clear(files=Doubling()), Doubt.DUPLICATE_NAME)


def test_an_immutable_file_stays_and_the_others_go(docked: LoopBay) -> None:
    docked.plug_again(f"sif /{CLIPS[0]} flags 0x80010")  # EXT4_EXTENTS_FL, EXT4_IMMUTABLE_FL
    docked.ask()
    outcome = docked.clear()
    assert outcome.kept == ((docked.listed().remove[0].seq, Doubt.REMOVAL_FAILED.value),)
    assert sorted(docked.on_card()) == sorted([CLIPS[0], STRANGE])


def test_a_bad_sector_keeps_its_clip(docked: LoopBay) -> None:
    class BadSector(OsFileCalls):
        def preadv(self, fd, buffers, offset):  # type: ignore[no-untyped-def, override]
            if os.readlink(f"/proc/self/fd/{fd}").endswith(CLIPS[1]) and offset + len(buffers[0]) > 300_000:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return os.preadv(fd, buffers, offset)

    docked.ask()
    outcome = docked.clear(files=BadSector())
    assert outcome.kept == ((docked.listed().remove[1].seq, Doubt.SECOND_READING_FAILED.value),)
    assert sorted(docked.on_card()) == sorted([CLIPS[1], STRANGE])


# ------------------------------------------------------------------------------------------------------------ pulled


@pytest.mark.contract("P3")
@pytest.mark.parametrize("file_system", FILE_SYSTEMS)
@pytest.mark.parametrize(("call", "at"), [("scandir", 1), ("preadv", 2), ("unlink", 1), ("unlink", 2)])
def test_a_pulled_cable_before_or_while_removing_confirms_nothing(
    docked: LoopBay, file_system: str, call: str, at: int
) -> None:
    docked.ask()
    files = Yanked(str(docked.clearing_place), file_system, call, at)
    mounter = PulledMounter(files)
    outcome = docked.clear(files=files, mounter=mounter, sequence=mounter.sequence)
    assert files.gone
    assert outcome.removed == ()
    assert [seq for seq, _reason in outcome.kept] == [r.seq for r in docked.listed().remove]
    assert outcome.confirmed_by == "nothing-removed"
    assert mounts_of(docked.card.name) == []


@pytest.mark.contract("P3")
@pytest.mark.parametrize("file_system", FILE_SYSTEMS)
@pytest.mark.parametrize("call", ["fsync", "syncfs"])
def test_a_pulled_cable_after_the_last_removal_confirms_nothing(docked: LoopBay, file_system: str, call: str) -> None:
    docked.ask()
    files = Yanked(str(docked.clearing_place), file_system, call)
    mounter = PulledMounter(files)
    outcome = docked.clear(files=files, mounter=mounter, sequence=mounter.sequence)
    assert files.gone
    assert outcome.removed == ()
    reasons = {reason for _seq, reason in outcome.kept}
    assert reasons <= {Doubt.NOT_CONFIRMED.value, Doubt.REMOVAL_FAILED.value}
    assert len(outcome.kept) == 3


@pytest.mark.contract("P5")
def test_one_failed_sync_confirms_nothing_though_the_next_would_succeed(docked: LoopBay) -> None:
    class FailsOnce(OsFileCalls):
        failed = False

        def syncfs(self, fd: int) -> None:
            if not self.failed:
                self.failed = True
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().syncfs(fd)

    docked.ask()
    outcome = docked.clear(files=FailsOnce())
    assert outcome.removed == ()
    assert {reason for _seq, reason in outcome.kept} == {Doubt.NOT_CONFIRMED.value}


@pytest.mark.contract("P2")
def test_a_mount_that_will_not_go_confirms_nothing(docked: LoopBay) -> None:
    class Held(KernelMounter):
        def detach(self, target: str, *, lazily: bool) -> bool:
            if lazily:
                return super().detach(target, lazily=True)
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), target)

    docked.ask()
    outcome = docked.clear(mounter=Held())
    assert outcome.removed == ()
    assert {reason for _seq, reason in outcome.kept} == {Doubt.NOT_CONFIRMED.value}


@pytest.mark.contract("P2")
def test_a_card_that_forgets_its_removals_is_found_out_by_the_second_mount(docked: LoopBay) -> None:
    """A dying card acknowledges writes and keeps none of them."""
    docked.ask()
    before = docked.card.image.read_bytes()

    class Forgetting(KernelMounter):
        def forget(self, node: str) -> None:
            with open(docked.card.image, "r+b") as file:
                file.write(before)
            super().forget(node)

    outcome = docked.clear(mounter=Forgetting())
    assert kept_all(docked, outcome, Doubt.STILL_LISTED)


def test_leftovers_of_a_clearing_that_was_killed_are_no_hindrance(docked: LoopBay) -> None:
    place = docked.clearing_place
    place.mkdir(parents=True)
    docked.mounter.attach(plan_for(docked.device(), docked.mounter, ROOT, writable=True), str(place))
    docked.ask()
    assert len(docked.clear().removed) == 3
    assert mounts_of(docked.card.name) == []


def test_a_digest_by_another_algorithm_is_no_digest(docked: LoopBay) -> None:
    first, *rest = docked.listed().remove
    docked.ask(remove=(replace(first, digest=Digest.parse("sha256:" + "0" * 64)), *rest))
    assert "not BLAKE3" in str(docked.clear().fault)
