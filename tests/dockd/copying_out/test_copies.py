"""Copies that leave, on the command line: approved, made, kept, proven by the tools of strangers, and on record."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bagit
import pytest

from catalog.requests.queries import copies_given_on
from dockd import finding_words
from dockd.assembly import reading
from dockd.copying_out import words
from dockd.copying_out.bag import portable
from dockd.copying_out.giving import give, look
from dockd.copying_out.order import MediumFull, TargetUnfit
from dockd.copying_out.outlet import Outlet
from dockd.exits import Exit
from dockd.requests.requesting import close, find_request
from dockd.requests.words import RequestUnfit
from dockd.verifying import Verifying
from hashing.filecalls import OsFileCalls
from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import ADMIN, Command
from tests.simulators.copies import (
    COPIER,
    RECIPIENT,
    acting_as,
    approved,
    changed,
    clip_ids,
    copied,
    settle_copies,
    well,
)
from tests.simulators.quick import quick_folder

ROOT = Path(__file__).resolve().parents[3]
RECORDINGS = {
    "1234567_100234_20261119090000.mp4": recording("a", 3000),
    "1234567_100234_20261119091000.mp4": recording("b", 200_000),
    "7654321_100235_20261119090500.mp4": recording("c", 5000),
}


@pytest.fixture(scope="module")
def pristine(settled: Path) -> Iterator[Path]:
    """A station with three recordings of two dockings; it is copied, never used."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        settle_copies(Command(folder), RECORDINGS)
        yield folder


@pytest.fixture
def station(pristine: Path, quick_path: Path) -> Command:
    shutil.copytree(pristine, quick_path, dirs_exist_ok=True)
    return Command(quick_path)


def digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def kinds(station: Command, kind: str) -> list[dict[str, object]]:
    return [entry for entry in station.log() if entry["kind"] == kind]


def shown_commands() -> list[str]:
    """What docs/copies.md tells a stranger to do with standard tools."""
    text = (ROOT / "docs/copies.md").read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [one for one in blocks if "bagit.py" in one or "<<" in one]


@pytest.mark.duty("D20")
@pytest.mark.duty("D23")
def test_a_copy_is_proven_by_the_tools_of_strangers_and_a_copy_of_it_is_kept(station: Command) -> None:
    clips = clip_ids(station)
    number = approved(station, *clips[:2])
    nowhere = station("request", "copy", number, "--to", str(station.home / "usb" / number), by=COPIER)
    assert nowhere.code == Exit.REFUSED
    bag = station.home / number
    said = copied(station, number, bag)
    assert bagit.Bag(str(bag)).validate()
    well(bag)
    for command in shown_commands():
        here = command.replace("bagit.py", f"{sys.executable} -m bagit")
        subprocess.run(["bash", "-euo", "pipefail", "-c", here], cwd=bag, check=True, capture_output=True)
    given = sorted(path.read_bytes() for path in (bag / "data").rglob("*.mp4"))
    with reading(str(station.home / "station")) as opened:
        named = [opened.station.catalog.find_clip(one) for one in clips[:2]]
        assert given == sorted(Path(opened.station.vault.at(one.vault_path)).read_bytes() for one in named)
        (row,) = copies_given_on(opened.station.catalog)
        kept = Path(opened.station.vault.at(row.kept or ""))
        assert (row.recipient, row.given_by, row.form) == (RECIPIENT, f"user:{COPIER}", "original")
        assert row.bag_digest == said["bag_digest"] == digest(bag / "tagmanifest-sha256.txt")
        originals = {os.stat(opened.station.vault.at(one.vault_path)).st_ino for one in named}
    assert {path.stat().st_ino for path in kept.rglob("*.mp4")} == originals
    assert bagit.Bag(str(kept)).validate()
    assert {str(p.relative_to(bag)) for p in bag.rglob("*")} == {str(p.relative_to(kept)) for p in kept.rglob("*")}
    assert station.ok("verify", "--all", by="boss").code == Exit.OK


@pytest.mark.duty("D23")
def test_nothing_leaves_without_an_approved_request_and_it_is_used_once(station: Command) -> None:
    clip = clip_ids(station)[0]
    bag = station.home / "usb"
    words_of = ("--kind", "copy", "--recipient", "法制科", "--purpose", "案件审核", clip)
    number = station.ok("request", "ask", *words_of, by="keeper").out.split()[1]
    to = ("request", "copy", number, "--to", str(bag))
    assert station(*to, by=COPIER).code == Exit.REFUSED
    station.ok("request", "approve", number, "--days", "3", "--reason", "同意", by="boss")
    assert station(*to, by="keeper").code == Exit.NOT_ALLOWED
    assert not bag.exists()
    station.ok(*to, by=COPIER)
    again = station("request", "copy", number, "--to", str(station.home / "second"), by=COPIER)
    assert again.code == Exit.REFUSED
    assert not (station.home / "second").exists()
    assert len(kinds(station, "copy-given")) == 1


def test_a_dry_run_says_what_would_be_given_and_writes_nothing(station: Command) -> None:
    clips = clip_ids(station)
    number = approved(station, *clips)
    before = station.log()
    bag = station.home / "usb"
    said = station.ok("request", "copy", number, "--to", str(bag), "--dry-run", by=COPIER).out
    assert all(clip in said for clip in clips)
    told = station.ok("request", "copy", number, "--to", str(bag), "--dry-run", "--json", by=COPIER).json
    assert [one["clip"] for one in told["clips"]] == clips
    assert sum(one["bytes"] for one in told["clips"]) == sum(map(len, RECORDINGS.values()))
    assert (bag.exists(), station.log()) == (False, before)


def test_only_what_the_request_is_about_is_told_to_the_recipient(station: Command) -> None:
    clips = clip_ids(station)
    first, other = approved(station, clips[0]), approved(station, clips[0], recipient="别的单位")
    copied(station, first, station.home / "usb")
    told = (station.home / "usb/proof/custody.jsonl").read_text("utf-8")
    number = len(told.splitlines())
    assert clips[0] in told and RECIPIENT in told and number > 4
    # The second recording of the same docking, and who else asked for this one, are nobody's business here.
    assert clips[1] not in told and "别的单位" not in told and other not in told


@pytest.mark.parametrize("lying", ["holiday.jpg", "UNFINISHED-未完成.txt"])
def test_a_folder_with_anything_of_somebody_elses_is_refused_and_left_alone(station: Command, lying: str) -> None:
    number = approved(station, clip_ids(station)[0])
    bag = station.home / "usb"
    bag.mkdir()
    (bag / lying).write_text("mine")
    ran = station("request", "copy", number, "--to", str(bag), by=COPIER)
    assert (ran.code, [path.name for path in bag.iterdir()]) == (Exit.REFUSED, [lying])
    assert (bag / lying).read_text() == "mine"


def test_a_folder_in_the_vault_and_a_medium_without_room_are_refused(station: Command) -> None:
    number = approved(station, clip_ids(station)[0])
    inside = station.home / "station/vault/usb"
    assert station("request", "copy", number, "--to", str(inside), by=COPIER).code == Exit.REFUSED
    outlet = Outlet(OsFileCalls(), str(station.home / "not-there-yet"), b"")
    outlet.refuse_without_space(1)
    with pytest.raises(MediumFull) as full:
        outlet.refuse_without_space(1 << 60)
    told = words.of_copies(full.value)
    assert told is not None and told.exit_code == Exit.REFUSED
    for why in words._UNFIT:
        assert words.of_copies(TargetUnfit("/media/usb", why)) is not None


def test_a_request_that_is_closed_while_its_copy_is_made_gives_nothing(station: Command) -> None:
    number = approved(station, *clip_ids(station))
    bag = station.home / "usb"
    with reading(str(station.home / "station")) as opened:
        acting_as(opened, COPIER)
        request = find_request(opened.station.catalog, number)
        outlet, recorded = look(opened, request, str(bag))
        assert recorded is None
        closing: list[int] = []

        def closed_meanwhile(count: int) -> None:
            if not closing:
                closing.append(count)
                with reading(str(station.home / "station")) as other:
                    close(acting_as(other, "boss"), find_request(other.station.catalog, number), "撤回")

        with pytest.raises(RequestUnfit):
            give(opened, request, outlet, watermarked=False, on_bytes=closed_meanwhile)
        assert list(Verifying(opened.station).everything()) == []
    assert [path.name for path in bag.iterdir()] == []
    assert list((station.home / "station/vault/given").iterdir()) == []
    assert kinds(station, "copy-given") == []


# --------------------------------------------------------------------------------------------------------- what is kept


@pytest.mark.parametrize(
    ("where", "finding"),
    [
        ("tagmanifest-sha256.txt", "given-differs-from-custody"),
        ("proof/custody.jsonl", "given-different-digest"),
        ("data", "given-different-digest"),
    ],
)
@pytest.mark.duty("D20")
def test_a_change_of_a_kept_copy_is_found(station: Command, where: str, finding: str) -> None:
    copied(station, approved(station, clip_ids(station)[0]), station.home / "usb")
    (kept,) = (station.home / "station/vault/given").iterdir()
    path = next((kept / where).rglob("*.mp4")) if where == "data" else kept / where
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    ran = station("verify", "--all", "--json", by="boss")
    assert ran.code == Exit.FINDINGS
    assert {one["what"] for one in ran.json} >= {finding}


@pytest.mark.duty("D20")
def test_a_kept_copy_that_is_gone_and_a_file_beside_it_are_found(station: Command) -> None:
    copied(station, approved(station, clip_ids(station)[0]), station.home / "usb")
    (kept,) = (station.home / "station/vault/given").iterdir()
    next(kept.rglob("*.mp4")).unlink()
    (kept / "data/more.mp4").write_bytes(b"more")
    ran = station("verify", "--all", "--json", by="boss")
    assert {one["what"] for one in ran.json} == {"given-missing", "file-unknown-to-catalogue"}
    assert all(code in finding_words.WORDS for code in ("given-missing", "given-differs-from-custody"))
    shutil.rmtree(kept)
    ran = station("verify", "--all", "--json", by="boss")
    assert {one["what"] for one in ran.json} == {"given-missing"}


@pytest.mark.duty("D20")
def test_a_second_name_is_damaged_with_its_original_and_both_are_put_right_together(station: Command) -> None:
    clip, other = clip_ids(station)[:2]
    bag = station.home / "usb"
    copied(station, approved(station, clip, other), bag)
    with reading(str(station.home / "station")) as opened:
        original = Path(opened.station.vault.at(opened.station.catalog.find_clip(clip).vault_path))
    (kept,) = (station.home / "station/vault/given").glob(f"*/data/{clip}/*.mp4")
    whole = original.read_bytes()
    changed(original, whole[:4], b"else")
    found = station("verify", "--all", "--json", by="boss").json
    assert {one["what"] for one in found} == {"original-different-digest", "given-different-digest"}
    station.ok("fixity", "restore", clip, "--from", str(bag / "data"), by=ADMIN)
    assert original.read_bytes() == kept.read_bytes() == whole and original.samefile(kept)
    (aside,) = (station.home / "station/vault/.damaged").rglob("*.mp4")
    assert aside.read_bytes()[:4] == b"else"
    station.ok("verify", "--all", by="boss")


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("1234567_100001_20261119080000.mp4", "1234567_100001_20261119080000.mp4"),
        ("执法 录像.MP4", "执法 录像.MP4"),
        ("a%2Fb:c?.mp4", "a_2Fb_c_.mp4"),
        ("con.mp4", "con_.mp4"),
        ("...", "_"),
        ("x" * 300 + ".mp4", "x" * 180 + ".mp4"),
        ("录" * 85, "录" * 60),
    ],
)
def test_a_name_in_a_copy_is_one_that_every_medium_takes(name: str, fit: str) -> None:
    assert portable(name) == fit


def test_a_changed_byte_of_an_original_stops_the_copy_and_nothing_is_given(station: Command) -> None:
    clip = clip_ids(station)[1]
    number = approved(station, clip)
    with reading(str(station.home / "station")) as opened:
        original = Path(opened.station.vault.at(opened.station.catalog.find_clip(clip).vault_path))
    changed(original, original.read_bytes()[:8], b"another!")
    bag = station.home / "usb"
    ran = station("request", "copy", number, "--to", str(bag), by=COPIER)
    assert (ran.code, list(bag.iterdir())) == (Exit.VAULT, [])
    assert kinds(station, "copy-given") == []


@pytest.mark.duty("D23")
def test_a_party_is_given_no_original(station: Command) -> None:
    clip = clip_ids(station)[0]
    station.ok("case", "open", "2026-017", "--party", "王芳", "--department", "城关中队", by="boss")
    station.ok("case", "link", "2026-017", clip, by="boss")
    words_of = ("--kind", "party", "--case", "2026-017", "--for", "王芳", "--purpose", "当事人申请复制")
    number = station.ok("request", "ask", *words_of, by="keeper").out.split()[1]
    station.ok("request", "approve", number, "--days", "3", "--reason", "同意", by="boss")
    ran = station("request", "copy", number, "--to", str(station.home / "usb"), by=COPIER)
    assert (ran.code, "watermarked" in ran.told) == (Exit.REFUSED, True)
    assert not (station.home / "usb").exists()
