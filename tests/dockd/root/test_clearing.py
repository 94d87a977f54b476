"""Contract P2: root removes what the seal vouches for from the very card that was docked, and from no other."""

from __future__ import annotations

import json
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dockd.root.wipelist import Outcome
from retention.clearing import Doubt
from tests.simulators.loop_bay import CONTENTS, STRANGE, LoopBay, LoopCard, kept_all, mounts_of

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
    again = docked.dock(seed=1)
    assert (again.sum.ingested, again.sum.already_held) == (0, 3)
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


def test_the_same_clips_on_another_card_are_another_card(docked: LoopBay, quick_path: Path) -> None:
    (quick_path / "twin").mkdir()
    mine, docked.card = docked.card, LoopCard.made(quick_path / "twin", CONTENTS)
    docked.card.plug()
    try:
        docked.wipe = replace(docked.listed(), device=docked.card.name)
        docked.ask()
        assert kept_all(docked, docked.clear(), Doubt.DEVICE_CHANGED)
    finally:
        docked.card.unplug()
        docked.card = mine


def test_a_card_that_somebody_else_has_mounted_is_left_alone(docked: LoopBay, quick_path: Path) -> None:
    (quick_path / "media").mkdir()
    docked.ask()
    subprocess.run(["mount", "-o", "ro,noload", f"/dev/{docked.card.name}", str(quick_path / "media")], check=True)
    outcome = docked.clear()
    subprocess.run(["umount", str(quick_path / "media")], check=True)
    assert kept_all(docked, outcome, Doubt.NOT_MOUNTED)


def test_a_card_that_the_daemon_still_reads_is_left_alone(docked: LoopBay, quick_path: Path) -> None:
    (quick_path / "media").mkdir()
    docked.ask()
    subprocess.run(["mount", "-o", "ro,noload", f"/dev/{docked.card.name}", str(quick_path / "media")], check=True)
    with open(quick_path / "media" / STRANGE, "rb"):
        subprocess.run(["umount", "--lazy", str(quick_path / "media")], check=True)
        outcome = docked.clear()
    assert kept_all(docked, outcome, Doubt.NOT_MOUNTED)


def test_a_write_protected_card_keeps_everything_and_says_so(docked: LoopBay) -> None:
    docked.ask()
    subprocess.run(["blockdev", "--setro", f"/dev/{docked.card.name}"], check=True)
    outcome = docked.clear()
    subprocess.run(["blockdev", "--setrw", f"/dev/{docked.card.name}"], check=True)
    assert kept_all(docked, outcome, Doubt.READ_ONLY)
