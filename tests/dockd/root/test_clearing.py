"""Contract P1-P3: root removes from a card what the seal vouches for and the card itself still proves, and nothing else.
Every doubt keeps.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dockd.root.kernel import KernelMounter
from dockd.root.wipelist import WIPE_LIMIT_BYTES, Listed, Outcome, Removal, WipeList
from hashing.digest import Digest, digest_of
from hashing.filecalls import OsFileCalls
from hashing.filecalls import Path as AnyPath
from hashing.signing import SigningKey
from retention.clearing import Doubt
from tests.simulators.loop_bay import CLIPS, CONTENTS, STRANGE, LoopBay, LoopCard, mounts_of
from tests.simulators.pulled import PulledFiles, PulledMounter
from tests.simulators.station import KEY

def kept_all(bay: LoopBay, outcome: Outcome, doubt: Doubt) -> bool:
    """Nothing is gone, nothing is mounted, and every entry that was to go has this reason."""
    assert outcome.removed == ()
    assert bay.on_card() == CONTENTS
    assert mounts_of(bay.card.name) == []
    return outcome.kept == tuple((r.seq, doubt.value) for r in bay.listed().remove)


# ------------------------------------------------------------------------------------------------------- what goes


@pytest.mark.contract("P2")
def test_what_the_seal_vouches_for_goes_and_all_else_stays(docked: LoopBay) -> None:
    wipe = docked.ask()
    outcome = docked.clear()
    assert outcome == Outcome(
        wipe.session, docked.card.name, tuple(r.seq for r in wipe.remove), (), confirmed_by="remount"
    )
    assert docked.on_card() == {STRANGE: CONTENTS[STRANGE]}
    assert mounts_of(docked.card.name) == []
    assert not (docked.clearing_place).exists()


def test_the_outcome_is_for_everybody_to_read(docked: LoopBay) -> None:
    docked.ask()
    docked.clear()
    assert stat.S_IMODE(docked.outcome_file.stat().st_mode) == 0o644
    assert stat.S_IMODE((docked.run_dir / "outcome").stat().st_mode) == 0o755
    assert stat.S_IMODE((docked.run_dir / "clearing").stat().st_mode) == 0o700
    assert json.loads(docked.outcome_file.read_text())["format"] == "dockd clearing outcome 1"


def test_the_card_is_sound_afterwards(docked: LoopBay) -> None:
    docked.ask()
    docked.clear()
    docked.card.unplug()
    assert subprocess.run(["e2fsck", "-fn", str(docked.card.image)], check=False, capture_output=True).returncode == 0


def test_part_of_what_could_go_may_be_asked_for(docked: LoopBay) -> None:
    first = docked.listed().remove[0]
    docked.ask(remove=(first,))
    assert docked.clear().removed == (first.seq,)
    assert sorted(docked.on_card()) == sorted(set(CONTENTS) - {first.path.decode()})


def test_what_is_held_since_an_earlier_session_goes_too(docked: LoopBay) -> None:
    again = docked.dock()
    assert (again.sum.ingested, again.sum.already_held) == (0, 4)
    docked.ask()
    assert len(docked.clear().removed) == 3


def test_an_old_outcome_is_never_taken_for_this_clearings(docked: LoopBay) -> None:
    docked.ask()
    docked.clear()
    docked.wipe_file.unlink()
    outcome = docked.clear()
    assert (outcome.session, outcome.removed) == ("", ())
    assert outcome.fault is not None and "No such file" in outcome.fault


# --------------------------------------------------------------------------------------------- another device or card


def test_a_list_for_another_device_removes_nothing(docked: LoopBay) -> None:
    docked.ask(device="loop0" if docked.card.name != "loop0" else "loop1")
    assert kept_all(docked, docked.clear(), Doubt.DEVICE_CHANGED)


def test_a_card_that_was_plugged_in_anew_is_not_cleared_by_the_old_list(docked: LoopBay) -> None:
    wipe = docked.listed()
    docked.card.unplug()
    docked.card.plug()
    docked.wipe = replace(wipe, device=docked.card.name)
    docked.ask()
    assert kept_all(docked, docked.clear(), Doubt.DEVICE_CHANGED)


def test_without_the_kernels_number_of_the_disk_nothing_goes(docked: LoopBay) -> None:
    docked.ask(diskseq=None)
    assert kept_all(docked, docked.clear(sequence=lambda _device: None), Doubt.DEVICE_CHANGED)


def test_a_card_that_is_exchanged_while_it_is_read_is_not_cleared(docked: LoopBay) -> None:
    docked.ask()
    numbers = iter([docked.listed().diskseq])
    assert kept_all(docked, docked.clear(sequence=lambda _device: next(numbers, 1)), Doubt.DEVICE_CHANGED)


def test_the_same_clips_on_another_card_are_another_card(docked: LoopBay, tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    mine, docked.card = docked.card, LoopCard.made(tmp_path / "twin", CONTENTS)
    docked.card.plug()
    try:
        docked.wipe = replace(docked.listed(), device=docked.card.name)
        docked.ask()
        assert kept_all(docked, docked.clear(), Doubt.DEVICE_CHANGED)
    finally:
        docked.card.unplug()
        docked.card = mine


def test_a_card_that_somebody_else_has_mounted_is_left_alone(docked: LoopBay, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    docked.ask()
    subprocess.run(["mount", "-o", "ro,noload", f"/dev/{docked.card.name}", str(tmp_path / "media")], check=True)
    outcome = docked.clear()
    subprocess.run(["umount", str(tmp_path / "media")], check=True)
    assert kept_all(docked, outcome, Doubt.NOT_MOUNTED)


def test_a_card_that_the_daemon_still_reads_is_left_alone(docked: LoopBay, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    docked.ask()
    subprocess.run(["mount", "-o", "ro,noload", f"/dev/{docked.card.name}", str(tmp_path / "media")], check=True)
    with open(tmp_path / "media" / STRANGE, "rb"):
        subprocess.run(["umount", "--lazy", str(tmp_path / "media")], check=True)
        outcome = docked.clear()
    assert kept_all(docked, outcome, Doubt.NOT_MOUNTED)


def test_a_write_protected_card_keeps_everything_and_says_so(docked: LoopBay) -> None:
    docked.ask()
    subprocess.run(["blockdev", "--setro", f"/dev/{docked.card.name}"], check=True)
    outcome = docked.clear()
    subprocess.run(["blockdev", "--setrw", f"/dev/{docked.card.name}"], check=True)
    assert kept_all(docked, outcome, Doubt.READ_ONLY)


# ------------------------------------------------------------------------------------------------- the list, tampered


@pytest.mark.parametrize(
    "path",
    ["../etc/passwd", "DCIM/../../etc/passwd", "/etc/passwd", "DCIM//x", "DCIM/.", "", "DCIM/\0x", "x/" * 3000 + "x"],
)
def test_a_path_that_leads_anywhere_else_refuses_the_whole_list(docked: LoopBay, path: str) -> None:
    first, *rest = docked.listed().remove
    docked.ask(remove=(replace(first, path=path.encode()), *rest))
    outcome = docked.clear()
    assert (outcome.removed, outcome.kept) == ((), ())
    assert outcome.fault is not None and "path_hex" in outcome.fault
    assert docked.on_card() == CONTENTS


def test_a_list_naming_a_file_that_is_not_in_the_seal_removes_nothing(docked: LoopBay) -> None:
    seq = max(r.seq for r in docked.listed().remove) + 10
    stranger = Removal(seq, STRANGE.encode(), len(CONTENTS[STRANGE]), digest_of(CONTENTS[STRANGE]))
    wipe = docked.ask(remove=(*docked.listed().remove, stranger))
    outcome = docked.clear()
    assert outcome.kept == tuple((r.seq, Doubt.NOT_VOUCHED.value) for r in wipe.remove)
    assert docked.on_card() == CONTENTS


def test_what_is_quarantined_may_not_go_though_the_seal_has_its_digest(docked: LoopBay) -> None:
    seal = json.loads(Path(docked.listed().seal).read_text())
    (entry,) = [e for e in seal["entries"] if e["outcome"] == "quarantined"]
    docked.ask(
        remove=(Removal(entry["seq"], STRANGE.encode(), entry["size_bytes"], digest_of(CONTENTS[STRANGE])),)
    )
    assert docked.clear().kept == ((entry["seq"], Doubt.NOT_VOUCHED.value),)
    assert docked.on_card() == CONTENTS


@pytest.mark.parametrize("changed", ["seq", "path", "size_bytes", "digest"])
def test_a_removal_that_differs_from_the_seal_in_anything_removes_nothing(docked: LoopBay, changed: str) -> None:
    first, second, third = docked.listed().remove
    other: dict[str, object] = {
        "seq": second.seq,
        "path": second.path,
        "size_bytes": first.size_bytes + 1,
        "digest": second.digest,
    }
    docked.ask(remove=(replace(first, **{changed: other[changed]}), third))  # type: ignore[arg-type]
    outcome = docked.clear()
    assert (outcome.removed, {reason for _seq, reason in outcome.kept}) == ((), {Doubt.NOT_VOUCHED.value})
    assert docked.on_card() == CONTENTS


def test_a_listing_that_was_not_sealed_removes_nothing(docked: LoopBay) -> None:
    docked.ask(listing=docked.listed().listing[:-1])
    assert kept_all(docked, docked.clear(), Doubt.LIST_REFUSED)


def test_a_listing_with_other_times_than_the_cards_removes_nothing(docked: LoopBay) -> None:
    first, *rest = docked.listed().listing
    docked.ask(listing=(replace(first, mtime_ns=first.mtime_ns + 1), *rest))
    assert kept_all(docked, docked.clear(), Doubt.LISTING_CHANGED)


def test_a_name_that_the_list_has_twice_removes_nothing(docked: LoopBay) -> None:
    docked.ask(listing=(*docked.listed().listing, docked.listed().listing[0]))
    assert kept_all(docked, docked.clear(), Doubt.DUPLICATE_NAME)


def test_an_entry_that_is_to_go_twice_refuses_the_whole_list(docked: LoopBay) -> None:
    docked.ask(remove=docked.listed().remove * 2)
    outcome = docked.clear()
    assert outcome.fault is not None and "twice" in outcome.fault
    assert docked.on_card() == CONTENTS


@pytest.mark.parametrize(
    "text",
    [
        b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 200_000, b'{"format":"dockd wipe list 2"}',
        b'{"format":"dockd wipe list 1","session":1}', b'{"format":"dockd wipe list 1"',
    ],
)  # fmt: skip
def test_what_is_no_wipe_list_removes_nothing(docked: LoopBay, text: bytes) -> None:
    docked.wipe_file.write_bytes(text)
    outcome = docked.clear()
    assert (outcome.session, outcome.removed, outcome.kept) == ("", (), ())
    assert outcome.fault is not None and outcome.fault.startswith("wipe list: ")
    assert docked.on_card() == CONTENTS


def test_a_huge_list_is_not_even_read(docked: LoopBay) -> None:
    docked.ask()
    os.truncate(docked.wipe_file, WIPE_LIMIT_BYTES + 1)
    outcome = docked.clear()
    assert outcome.fault is not None and "too-large" in outcome.fault
    assert docked.on_card() == CONTENTS


def test_a_list_that_is_a_link_a_pipe_or_a_strangers_is_not_read(docked: LoopBay) -> None:
    docked.ask()
    real = docked.wipe_file.with_suffix(".real")
    docked.wipe_file.rename(real)
    docked.wipe_file.symlink_to(real)
    assert "a-link" in str(docked.clear().fault)
    docked.wipe_file.unlink()
    os.mkfifo(docked.wipe_file)
    assert "no-plain-file" in str(docked.clear().fault)
    docked.wipe_file.unlink()
    shutil.copy(real, docked.wipe_file)
    os.chown(docked.wipe_file, 61_234, 61_234)
    assert "foreign-owner" in str(docked.clear().fault)
    assert docked.on_card() == CONTENTS


# ------------------------------------------------------------------------------------------------------------ the seal


def forge(docked: LoopBay, change: tuple[str, str] | None, key: SigningKey, namespace: str) -> None:
    seal = Path(docked.listed().seal)
    text = seal.read_bytes()
    for path in (seal, seal.with_name("session.json.sig")):
        path.chmod(0o640)
    if change is not None:
        assert change[0].encode() in text
        text = text.replace(change[0].encode(), change[1].encode())
        seal.write_bytes(text)
    seal.with_name("session.json.sig").write_bytes(key.sign(text, namespace))


@pytest.mark.parametrize(
    ("key", "namespace"), [(SigningKey.generate(), "dockd-session"), (KEY, "dockd-checkpoint")], ids=["key", "scope"]
)
def test_a_seal_by_another_key_or_for_another_purpose_vouches_for_nothing(
    docked: LoopBay, key: SigningKey, namespace: str
) -> None:
    forge(docked, None, key, namespace)
    docked.ask()
    assert kept_all(docked, docked.clear(), Doubt.SEAL_UNPROVEN)


def test_a_seal_that_was_changed_vouches_for_nothing(docked: LoopBay) -> None:
    seal = Path(docked.listed().seal)
    seal.chmod(0o640)
    seal.write_bytes(seal.read_bytes().replace(b'"quarantined"', b'"ingested"'))
    docked.ask()
    assert kept_all(docked, docked.clear(), Doubt.SEAL_UNPROVEN)


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (('"state": "sealed"', '"state": "interrupted"'), Doubt.SESSION_INTERRUPTED),
        (('"on_recorder": 4', '"on_recorder": 5'), Doubt.WITHOUT_OUTCOME),
        (('"outcome": "quarantined"', '"outcome": "failed"'), Doubt.ENTRY_FAILED),
        (('"session": "', '"session": "x'), Doubt.SEAL_UNPROVEN),
    ],
)
def test_a_seal_that_does_not_speak_for_the_whole_card_keeps_everything(
    docked: LoopBay, change: tuple[str, str], doubt: Doubt
) -> None:
    forge(docked, change, KEY, "dockd-session")
    docked.ask()
    assert kept_all(docked, docked.clear(), doubt)


def test_a_seal_that_is_not_there_or_is_another_file_vouches_for_nothing(docked: LoopBay, tmp_path: Path) -> None:
    link = tmp_path / "linked"
    link.mkdir()
    (link / "session.json").symlink_to(docked.listed().seal)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe/session.json")
    for path in (tmp_path / "none/session.json", link / "session.json", tmp_path / "pipe/session.json", "/etc/shadow"):
        docked.ask(seal=str(path))
        assert kept_all(docked, docked.clear(), Doubt.SEAL_UNPROVEN)
    docked.ask(seal="session.json")
    assert kept_all(docked, docked.clear(), Doubt.SEAL_UNPROVEN)


def test_a_station_key_that_others_may_write_proves_nothing(docked: LoopBay) -> None:
    docked.ask()
    docked.key_file.chmod(0o664)
    assert kept_all(docked, docked.clear(), Doubt.SEAL_UNPROVEN)
    docked.key_file.chmod(0o644)
    os.chown(docked.key_file, 61_234, 61_234)
    assert kept_all(docked, docked.clear(), Doubt.SEAL_UNPROVEN)


# ------------------------------------------------------------------------------------------------ the card, changed


def test_a_file_that_changed_after_the_seal_stays_and_the_others_go(docked: LoopBay) -> None:
    before = {Path(path).name: content for path, content in CONTENTS.items()}
    path = f"/{CLIPS[0]}"
    # Same size, same times: only reading finds it.
    block = subprocess.run(
        ["debugfs", "-R", f"bmap {path} 0", str(docked.card.image)], check=True, capture_output=True, text=True
    ).stdout.strip()
    docked.card.unplug()
    with open(docked.card.image, "r+b") as file:
        block_bytes = 1024
        file.seek(int(block) * block_bytes + 7)
        file.write(b"!")
    docked.card.plug()
    docked.plug_again()
    docked.ask()
    outcome = docked.clear()
    assert outcome.kept == ((docked.listed().remove[0].seq, Doubt.SECOND_READING_DIFFERS.value),)
    assert len(outcome.removed) == 2
    left = docked.on_card()
    assert sorted(left) == sorted([CLIPS[0], STRANGE])
    assert left[CLIPS[0]] != before[Path(CLIPS[0]).name]


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

    def lstat(self, path: AnyPath, *, dir_fd: int | None = None) -> os.stat_result:
        status = super().lstat(path, dir_fd=dir_fd)
        if os.fsencode(path).endswith(b".mp4") and self._reading_is_over:
            self._swap()
        return status

    _reading_is_over = False

    def open(self, path: AnyPath, flags: int, mode: int = 0o600, *, dir_fd: int | None = None) -> int:  # type: ignore[override]
        fd = os.open(path, flags, mode, dir_fd=dir_fd)
        if os.fsencode(path).endswith(b".jpg"):  # the last that is read
            self._swap()
        return fd

    def _swap(self) -> None:
        if not self.swapped:
            self.swapped = True
            self._folder.rename(self._folder.with_name("gone"))
            self._folder.symlink_to(self._outside)


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
@pytest.mark.parametrize("file_system", ["vfat", "exfat", "ext4"])
@pytest.mark.parametrize(("call", "at"), [("scandir", 1), ("preadv", 2), ("unlink", 1), ("unlink", 2)])
def test_a_pulled_cable_before_or_while_removing_confirms_nothing(
    docked: LoopBay, file_system: str, call: str, at: int
) -> None:
    docked.ask()
    files = PulledFiles(file_system, str(docked.run_dir / "clearing"), call, at)
    outcome = docked.clear(files=files, mounter=PulledMounter(files), sequence=files.sequence)
    assert files.pulled
    assert outcome.removed == ()
    assert [seq for seq, _reason in outcome.kept] == [r.seq for r in docked.listed().remove]
    assert outcome.confirmed_by == "nothing-removed"
    assert mounts_of(docked.card.name) == []


@pytest.mark.contract("P3")
@pytest.mark.parametrize("file_system", ["vfat", "exfat", "ext4"])
@pytest.mark.parametrize("call", ["fsync", "syncfs"])
def test_a_pulled_cable_after_the_last_removal_confirms_nothing(docked: LoopBay, file_system: str, call: str) -> None:
    docked.ask()
    files = PulledFiles(file_system, str(docked.run_dir / "clearing"), call)
    outcome = docked.clear(files=files, mounter=PulledMounter(files), sequence=files.sequence)
    assert files.pulled
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
    from dockd.root.mounting import ROOT, plan_for

    place = docked.clearing_place
    place.mkdir(parents=True)
    place.parent.chmod(0o700)
    docked.mounter.attach(plan_for(docked.device(), docked.mounter, ROOT, writable=True), str(place))
    docked.ask()
    assert len(docked.clear().removed) == 3
    assert mounts_of(docked.card.name) == []


def test_a_digest_by_another_algorithm_is_no_digest(docked: LoopBay) -> None:
    first, *rest = docked.listed().remove
    docked.ask(remove=(replace(first, digest=Digest.parse("sha256:" + "0" * 64)), *rest))
    assert "not BLAKE3" in str(docked.clear().fault)


def test_entries_sort_by_their_raw_path() -> None:
    assert sorted([Listed(b"b", "file", 1, 1), Listed(b"a", "file", 2, 2)])[0].path == b"a"
