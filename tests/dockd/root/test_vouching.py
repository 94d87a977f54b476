"""Contract P1: a wipe list that the signed seal does not bear out, line by line, removes nothing."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dockd.root.wipelist import WIPE_LIMIT_BYTES, Removal
from hashing.digest import digest_of
from hashing.signing import SigningKey
from retention.clearing import Doubt
from tests.simulators.loop_bay import CONTENTS, STRANGE, LoopBay, kept_all
from tests.simulators.station import KEY

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
    docked.ask(remove=(Removal(entry["seq"], STRANGE.encode(), entry["size_bytes"], digest_of(CONTENTS[STRANGE])),))
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
        (('"outcome":"quarantined"', '"outcome":"failed"'), Doubt.ENTRY_FAILED),
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
