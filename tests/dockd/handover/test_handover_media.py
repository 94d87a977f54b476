"""Hand-over to another place: a medium that strangers' tools prove, checked by another station, and its receipt."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dockd.assembly import load_key
from dockd.config import Home
from dockd.exits import Exit
from dockd.handover.papers import RECEIPT_NAMESPACE
from tests.simulators.agency import ADMIN, Command
from tests.simulators.handing import FOLDER, dock, handed, key_file, make, medium_of, recordings, rows, with_archivists


@pytest.fixture
def station(agency: Command) -> Command:
    """A station with archivists."""
    return with_archivists(agency)


@pytest.fixture
def centre(quick_path: Path) -> Command:
    """Another station, in another folder, of one custodian without accounts."""
    other = quick_path / "centre"
    other.mkdir()
    command = Command(other)
    command.ok("init", "--yes", "--department", "局办公室")
    return command


@pytest.mark.duty("D04")
def test_a_medium_is_proven_by_strangers_tools_and_its_signed_receipt_comes_back(
    station: Command, centre: Command
) -> None:
    dock(station, "20261119013100", "20261119023100")
    batch = make(station, "--to", "局办公室", "--medium", str(medium_of(station)))
    (folder,) = medium_of(station).glob(FOLDER)
    assert folder.name == f"handover-{batch}"
    subprocess.run(["b3sum", "--check", "manifest.b3"], cwd=folder, check=True, capture_output=True)
    signer = (folder / "allowed_signers").read_text().split()[0]
    verify = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", signer, "-n", "dockd-handover"]
    with (folder / "batch.json").open("rb") as text:
        subprocess.run([*verify, "-s", "batch.json.sig"], cwd=folder, stdin=text, check=True, capture_output=True)
    centre.ok("handover", "trust", "城关", key_file(station))
    receipt = centre.home / "receipt.json"
    told = centre.ok("handover", "check", str(folder), "--receipt", str(receipt), "--json").json
    assert (told["batch"], told["key_known"], told["differences"]) == (batch, True, [])
    said = json.loads(receipt.read_text("utf-8"))
    assert (said["batch"], said["files"], said["sender_known"]) == (batch, 4, True)
    (entry,) = [entry for entry in centre.log() if entry["kind"] == "handover-checked"]
    assert (entry["data"]["batch"], entry["data"]["sender"]) == (batch, told["station"])
    # Nobody told the sender whose key that is.
    unknown = station("handover", "receipt", str(receipt), by="keeper")
    assert unknown.code == Exit.REFUSED and said["receiver_key"] in unknown.told
    assert station("handover", "trust", "局办公室", key_file(centre), by="keeper").code == Exit.NOT_ALLOWED
    station.ok("handover", "trust", "局办公室", key_file(centre), by=ADMIN)
    station.ok("handover", "receipt", str(receipt), by="keeper")
    (row,) = rows(station)
    assert (row["state"], row["receiver"], row["differences"]) == ("received", "局办公室", 0)
    (given,) = station.ok("handover", "show", batch, "--json", by="boss").json["receipts"]
    assert (given["how"], given["key"]) == ("signed", said["receiver_key"])
    kept = [station.home / "station/vault" / path for path in given["documents"]]
    assert [path.read_bytes() for path in kept] == [receipt.read_bytes(), Path(f"{receipt}.sig").read_bytes()]
    for each in (station, centre):
        each.ok("verify", "--all")


@pytest.mark.duty("D04")
def test_what_differs_on_the_medium_stands_in_the_receipt_and_the_batch_is_sent_again(
    station: Command, centre: Command
) -> None:
    dock(station, "20261119013100", "20261119023100", "20261119033100")
    batch = make(station, "--medium", str(medium_of(station)))
    (folder,) = medium_of(station).glob(FOLDER)
    gone, changed, _whole = recordings(folder)
    gone.unlink()
    changed.chmod(0o640)
    changed.write_bytes(b"x" + changed.read_bytes()[1:])
    (folder / "vault/more.mp4").write_bytes(b"more")
    station.ok("handover", "trust", "局办公室", key_file(centre), by=ADMIN)
    receipt = centre.home / "receipt.json"
    ran = centre("handover", "check", str(folder), "--receipt", str(receipt))
    assert ran.code == Exit.FINDINGS and "4 differences" not in ran.out and "3 differences" in ran.out
    ran = station("handover", "receipt", str(receipt), by="keeper")
    assert ran.code == Exit.FINDINGS and gone.name in ran.out
    (given,) = station.ok("handover", "show", batch, "--json", by="boss").json["receipts"]
    assert sorted((Path(one["path"]).name, one["what"]) for one in given["differences"]) == [
        (gone.name, "missing"),
        (changed.name, "different-digest"),
        ("more.mp4", "more"),
    ]
    assert rows(station)[0]["state"] == "differs"
    again = station.home / "again"
    again.mkdir()
    station.ok("handover", "copy", batch, str(again), by="keeper")
    (folder,) = again.glob(FOLDER)
    second = centre.home / "second.json"
    centre.ok("handover", "check", str(folder), "--receipt", str(second))
    station.ok("handover", "receipt", str(second), by="keeper")
    assert rows(station)[0]["state"] == "received"
    assert station("handover", "receipt", str(second), by="keeper").code == Exit.REFUSED


def test_a_receipt_for_something_else_or_not_so_signed_is_refused(station: Command, centre: Command) -> None:
    dock(station, "20261119013100")
    batch = make(station, "--medium", str(medium_of(station)))
    (folder,) = medium_of(station).glob(FOLDER)
    receipt = centre.home / "receipt.json"
    centre.ok("handover", "check", str(folder), "--receipt", str(receipt))
    station.ok("handover", "trust", "局办公室", key_file(centre), by=ADMIN)
    said = json.loads(receipt.read_text("utf-8"))
    key = load_key(Home.at(str(centre.home / "station")))

    def refused(changed: dict[str, Any], *, signed: bool = True) -> str:
        other = centre.home / "other.json"
        text = json.dumps(said | changed).encode()
        other.write_bytes(text)
        signature = key.sign(text, RECEIPT_NAMESPACE) if signed else Path(f"{receipt}.sig").read_bytes()
        Path(f"{other}.sig").write_bytes(signature)
        ran = station("handover", "receipt", str(other), by="keeper")
        assert ran.code == Exit.REFUSED
        return ran.told

    assert "a batch that this station did not make" in refused({"batch": f"{batch}0"})
    assert "a batch that this station did not make" in refused({"sender": "st-00000000"})
    assert "the manifest of something else" in refused({"manifest_digest": "b3:" + "0" * 64})
    assert "does not hold" in refused({"files": 9}, signed=False)
    assert "no receipt that can be read" in refused({"differences": "none"})
    assert "no receipt that can be read" in refused({"format": "dockd hand-over 1"})
    own = load_key(Home.at(str(station.home / "station"))).public_line()
    assert "nobody told this station whose key" in refused({"receiver_key": own})
    Path(f"{receipt}.sig").rename(centre.home / "kept.sig")
    assert "no signature beside it" in station("handover", "receipt", str(receipt), by="keeper").told
    (centre.home / "kept.sig").rename(f"{receipt}.sig")
    station.ok("handover", "trust", "局办公室", "--withdraw", by=ADMIN)
    assert "nobody told this station" in station("handover", "receipt", str(receipt), by="keeper").told
    assert "handover-received" not in handed(station)


def test_a_key_stands_for_one_receiver_and_never_for_the_sender(station: Command, centre: Command) -> None:
    def told(*words: str) -> str:
        ran = station("handover", "trust", *words, by=ADMIN)
        assert ran.code == Exit.REFUSED
        return ran.told

    assert "the key of this station" in told("局办公室", key_file(station))
    assert "no public key" in told("局办公室", "ssh-rsa AAAA")
    station.ok("handover", "trust", "局办公室", Path(key_file(centre)).read_text(), by=ADMIN)
    assert "that of 局办公室 already" in told("市局", key_file(centre))
    (one,) = station.ok("handover", "trust", "--json", by=ADMIN).json
    assert (one["name"], one["told_by"]) == ("局办公室", "user:admin")
    assert station("handover", "trust", "局办公室", by=ADMIN).code == Exit.USAGE


def test_whoever_handed_it_over_does_not_receive_it_elsewhere_either(station: Command, centre: Command) -> None:
    dock(station, "20261119013100")
    make(station, "--medium", str(medium_of(station)))
    (folder,) = medium_of(station).glob(FOLDER)
    own = station("handover", "check", str(folder), "--receipt", str(station.home / "r.json"), by="arch")
    assert own.code == Exit.REFUSED and "this station's own" in own.told
    centre.ok("user", "add", ADMIN, "--role", "system-administrator")
    for name, officer in (("same", "100234"), ("other", "100999")):
        words = ("--role", "archivist", "--everywhere", "--officer", officer)
        centre.ok("user", "add", name, *words, by=ADMIN)
    receipt = str(centre.home / "r.json")
    assert centre("handover", "check", str(folder), "--receipt", receipt, by="same").code == Exit.NOT_ALLOWED
    assert not Path(receipt).exists()
    centre.ok("handover", "check", str(folder), "--receipt", receipt, by="other")
    again = centre("handover", "check", str(folder), "--receipt", receipt, by="other")
    assert again.code == Exit.REFUSED and "already" in again.told


def test_a_batch_that_was_changed_on_its_way_states_nothing(station: Command, centre: Command) -> None:
    dock(station, "20261119013100")
    make(station, "--medium", str(medium_of(station)))
    (folder,) = medium_of(station).glob(FOLDER)
    nobody = Command(station.home / "medium")
    told = nobody.ok("handover", "check", str(folder), "--key", key_file(station), "--json").json
    assert told["key_known"] is True and nobody.ok("handover", "check", str(folder)).code == Exit.OK
    other = nobody("handover", "check", str(folder), "--key", key_file(centre))
    assert other.code == Exit.REFUSED and "does not hold" in other.told
    manifest = folder / "manifest.b3"
    manifest.chmod(0o640)
    lines = manifest.read_text("utf-8").splitlines()
    manifest.write_text("\n".join(lines[1:]) + "\n", "utf-8")
    ran = nobody("handover", "check", str(folder), "--json")
    assert ran.code == Exit.FINDINGS and [one["path"] for one in ran.json["differences"]] == ["manifest.b3"]
    manifest.unlink()
    ran = nobody("handover", "check", str(folder), "--json")
    assert [one["what"] for one in ran.json["differences"]] == ["missing"]
    batch = folder / "batch.json"
    batch.chmod(0o640)
    batch.write_text(batch.read_text("utf-8").replace("user:keeper", "user:south"), "utf-8")
    assert "does not hold" in nobody("handover", "check", str(folder)).told
    batch.unlink()
    assert "no batch that can be read" in nobody("handover", "check", str(folder)).told


def test_what_cannot_be_written_is_not_handed_over(station: Command) -> None:
    dock(station, "20261119013100", "20261119023100")
    medium = medium_of(station)
    words = ("handover", "make", "--department", "城关中队", "--medium")
    inside = station(*words, str(station.home / "station/vault"), by="keeper")
    assert inside.code == Exit.REFUSED and "own vault" in inside.told
    first, _second = recordings(station.home / "station/vault")
    before = first.read_bytes()
    first.chmod(0o640)
    first.write_bytes(b"x" + before[1:])
    refused = station(*words, str(medium), by="keeper")
    assert refused.code == Exit.REFUSED and first.name in refused.told
    assert list(medium.iterdir()) == [] and handed(station) == []
    first.write_bytes(before)
    batch = make(station, "--medium", str(medium))
    there = station("handover", "copy", batch, str(medium), by="keeper")
    assert there.code == Exit.REFUSED and "already" in there.told
    assert len(recordings(medium)) == 2
