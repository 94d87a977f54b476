"""Hand-over between custodians on one station through the commands: made by one, received by another; what is late."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.handing.events import HandoverMade
from dockd.assembly import reading
from dockd.exits import Exit
from tests.simulators.agency import Command
from tests.simulators.handing import dock, handed, make, recordings, rows, with_archivists
from tests.simulators.histories import clip_id, docking
from tests.simulators.nights import Sweeping, calendar


@pytest.fixture
def station(agency: Command) -> Command:
    """A station with archivists."""
    return with_archivists(agency)


@pytest.mark.duty("D04")
def test_a_department_hands_over_what_was_in_no_batch_and_another_person_receives_it(station: Command) -> None:
    dock(station, "20261119013100", "20261119023100")
    dry = station.ok("handover", "make", "--department", "城关中队", "--dry-run", by="keeper").out
    assert "2 recordings, 0 documents, seals of 1 session" in dry and handed(station) == []
    for who in ("zhang", "south", "boss", "audit"):
        refused = station("handover", "make", "--department", "城关中队", by=who)
        assert refused.code == Exit.NOT_ALLOWED, who
    batch = make(station)
    (row,) = rows(station)
    assert (row["state"], row["clips"], row["made_by"], row["recipient"]) == ("made", 2, "user:keeper", "监察室")
    for who, why in (("keeper", "role-has-no-such-right"), ("twin", "same-person"), ("boss", "role-has-no-such-right")):
        assert station("handover", "receive", batch, by=who).code == Exit.NOT_ALLOWED, who
        assert station.log()[-1]["data"]["why"] == why
    said = station.ok("handover", "receive", batch[:10], "--json", by="arch").json
    assert (said["files"], said["differences"]) == (4, [])
    (row,) = rows(station)
    assert (row["state"], row["receiver"], row["differences"]) == ("received", "user:arch", 0)
    assert station("handover", "receive", batch, by="arch").code == Exit.REFUSED
    assert station("handover", "make", "--department", "城关中队", by="keeper").code == Exit.REFUSED
    dock(station, "20261120013100")
    second = make(station, "--to", "局办公室")
    inside = station.ok("handover", "show", second, "--json", by="boss").json["inside"]
    assert [one["name"] for one in inside] == ["8123456_100234_20261120013100.mp4"]
    assert handed(station) == ["handover-made", "handover-received", "handover-made"]
    assert [row["id"] for row in rows(station, "--open")] == [second]
    assert station.ok("verify", "--all").code == Exit.OK


@pytest.mark.duty("D04")
def test_what_is_missing_damaged_or_more_is_listed_and_the_batch_may_be_received_again(station: Command) -> None:
    dock(station, "20261119013100", "20261119023100", "20261119033100")
    batch = make(station)
    vault = station.home / "station/vault/城关中队"
    gone, changed, _whole = recordings(vault)
    bytes_gone, bytes_before = gone.read_bytes(), changed.read_bytes()
    gone.unlink()
    changed.chmod(0o640)
    changed.write_bytes(b"x" + bytes_before[1:])
    more = gone.parent / "more.mp4"
    more.write_bytes(b"more")
    ran = station("handover", "receive", batch, "--json", by="arch")
    assert ran.code == Exit.FINDINGS
    assert sorted((Path(one["path"]).name, one["what"]) for one in ran.json["differences"]) == [
        (gone.name, "missing"),
        (changed.name, "different-digest"),
        ("more.mp4", "more"),
    ]
    assert rows(station)[0]["state"] == "differs"
    shown = station.ok("handover", "show", batch, by="boss").out
    assert "missing" in shown and "is there, and is not in the manifest" in shown and "other bytes" in shown
    more.unlink()
    gone.write_bytes(bytes_gone)
    changed.write_bytes(bytes_before)
    station.ok("handover", "receive", batch, by="arch")
    (row,) = rows(station)
    assert (row["state"], row["differences"]) == ("received", 0)
    told = station.ok("handover", "show", batch, "--json", by="boss").json
    assert [len(one["differences"]) for one in told["receipts"]] == [3, 0]


def test_papers_of_the_department_go_with_it_and_are_read_again(station: Command) -> None:
    dock(station, "20261119013100")
    paper = station.home / "处罚决定书.pdf"
    paper.write_bytes(b"%PDF-1.4 paper")
    words = ("--cause", "超限", "--kind", "general-procedure", "--department", "城关中队")
    station.ok("case", "open", "A-17", *words, by="boss")
    station.ok("case", "add-document", "A-17", str(paper), by="boss")
    batch = make(station)
    told = station.ok("handover", "show", batch, "--json", by="boss").json
    assert [one["name"] for one in told["papers"]] == ["处罚决定书.pdf"] and told["documents"] == 1
    (kept,) = (station.home / "station/vault/documents/case").rglob("*.pdf")
    kept.unlink()
    ran = station("handover", "receive", batch, "--json", by="arch")
    assert [Path(one["path"]).name for one in ran.json["differences"]] == ["处罚决定书.pdf"]


def test_a_window_leaves_the_rest_for_the_next_batch_and_a_department_takes_those_below_it(station: Command) -> None:
    dock(station, "20261118013100", "20261119013100")
    ran = station.ok("handover", "make", "--department", "局", "--until", "2026-11-19", by="arch")
    assert "1 recording, " in ran.out
    dry = station.ok("handover", "make", "--department", "局", "--since", "2026-11-19", "--dry-run", by="arch").out
    assert "20261119013100" in dry and "20261118013100" not in dry
    assert [row["department"] for row in rows(station)] == ["局"]
    unknown = station("handover", "make", "--department", "没有这个", by="arch")
    assert unknown.code == Exit.REFUSED and "没有这个" in unknown.told


def test_lists_show_what_is_within_reach(station: Command) -> None:
    dock(station, "20261119013100")
    batch = make(station)
    assert station.ok("handover", "list", "--json", by="south").json == []
    assert station("handover", "list", by="zhang").code == Exit.NOT_ALLOWED
    assert station("handover", "show", batch, by="south").code == Exit.NOT_ALLOWED
    assert rows(station, "--department", "城南中队") == [] and len(rows(station, "--department", "局")) == 1
    (told,) = csv.DictReader(io.StringIO(station.ok("handover", "list", "--csv", by="audit").out))
    assert (told["id"], told["state"], told["receiver"]) == (batch, "made", "")
    (inside,) = csv.DictReader(io.StringIO(station.ok("handover", "show", batch, "--csv", by="audit").out))
    assert inside["name"] == "8123456_100234_20261119013100.mp4" and inside["destroyed"] == "False"


@pytest.mark.duty("D04")
def test_a_receipt_on_paper_names_the_manifest_and_is_taken_in_by_another_person(station: Command) -> None:
    dock(station, "20261119013100")
    batch = make(station)
    scan = station.home / "回执.pdf"
    scan.write_bytes(b"%PDF-1.4 scan")
    digits = rows(station)[0]["manifest_digest"].removeprefix("b3:")[:12]
    words = ("handover", "receipt", str(scan), "--paper", batch, "--receiver", "局办公室王五")
    assert station(*words, "--manifest", "0" * 12, by="arch").code == Exit.REFUSED
    assert station(*words, "--manifest", digits[:11], by="arch").code == Exit.REFUSED
    for who in ("keeper", "twin"):
        assert station(*words, "--manifest", digits, by=who).code == Exit.NOT_ALLOWED
    assert station("handover", "receipt", str(scan), "--manifest", digits, by="arch").code == Exit.USAGE
    assert station(*words, by="arch").code == Exit.USAGE
    ran = station(*words, "--manifest", digits.upper(), "--difference", "缺一段", by="arch")
    assert ran.code == Exit.FINDINGS and "缺一段" in ran.out
    station.ok(*words, "--manifest", f"b3:{digits}", by="arch")
    (row,) = rows(station)
    assert (row["state"], row["receiver"]) == ("received", "局办公室王五")
    given = station.ok("handover", "show", batch, "--json", by="boss").json["receipts"][-1]
    (kept,) = given["documents"]
    assert given["how"] == "paper" and (station.home / "station/vault" / kept).read_bytes() == scan.read_bytes()
    station.ok("verify", "--all")


def test_what_was_disposed_of_neither_waits_nor_is_called_lost(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calendar(monkeypatch) as days:
        made = Sweeping.of(quick_path, "ceiling_permille = 1000\ngrace_days = 0")
        made.due("20261119013100", "20261119023100")
        batch = make(made)
        made.due("20261119033100")
        (proposed,) = made.sweep()["batches"]
        made.agreed(proposed, 3)
        days.pass_days(1)
        assert len(made.sweep()["destroyed"]) == 3
        nothing = made("handover", "make", "--department", "城关中队", by="keeper")
        assert nothing.code == Exit.REFUSED and "nothing that was in no batch" in nothing.told
        ran = made("handover", "receive", batch, "--json", by="arch")
        assert (ran.code, [one["what"] for one in ran.json["differences"]]) == (Exit.FINDINGS, ["destroyed"] * 2)
        inside = made.ok("handover", "show", batch, "--json", by="boss").json["inside"]
        assert [one["destroyed"] for one in inside] == [True, True]


# ------------------------------------------------------------------------------------------------------ what is overdue


def past(command: Command, days: int, department: str = "城关中队") -> None:
    """A docking of some days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    with reading(str(command.home / "station")) as opened:
        opened.station.catalog.append(docking(f"s{days}", department=department), at=at)


def set_pack(command: Command, pack: str, more: str = "") -> None:
    settings = command.home / "station/dockd.toml"
    kept = settings.read_text("utf-8").partition("[retention]")[0].partition("[handover]")[0]
    settings.write_text(f'{kept}[retention]\npack = "{pack}"\n{more}', encoding="utf-8")


@pytest.mark.duty("D04")
@pytest.mark.parametrize(
    ("pack", "setting", "in_time", "late"),
    [
        ("changli-water", 0, 27, 32),
        ("weixian-natural-resources", 0, 0, 1),
        ("qinghe-market", 0, 0, 1),
        ("qianxi-baimiaozi", 0, 0, 1),
        ("yexian-transport", 10, 10, 11),
        # The text sets a rhythm, so the agency's own interval does not count.
        ("weixian-natural-resources", 10, 0, 1),
    ],
)
def test_what_was_not_handed_over_in_time_is_listed_by_department(
    quick_path: Path, pack: str, setting: int, in_time: int, late: int
) -> None:
    command = Command(quick_path)
    command.ok("init", "--yes", "--department", "城关中队")
    set_pack(command, pack, f"[handover]\nevery_days = {setting}\n" if setting else "")
    past(command, in_time, "城南中队")
    assert command.ok("handover", "overdue", "--json").json == []
    past(command, late)
    (row,) = command.ok("handover", "overdue", "--json").json
    assert (row["department"], row["what"], row["clips"], row["overdue"]) == ("城关中队", "not-handed-over", 2, True)
    assert len(command.ok("handover", "overdue", "--all", "--csv").out.splitlines()) == 3


def test_where_nobody_said_how_often_nothing_is_overdue_and_that_is_told(quick_path: Path) -> None:
    command = Command(quick_path)
    command.ok("init", "--yes", "--department", "城关中队")
    set_pack(command, "yexian-transport")
    past(command, 900)
    ran = command.ok("handover", "overdue")
    assert "handover.every_days" in ran.out and "not handed over" not in ran.out
    (row,) = command.ok("handover", "overdue", "--all", "--json").json
    assert (row["due_on"], row["overdue"]) == (None, False)


def test_a_batch_without_a_whole_receipt_is_overdue_too(station: Command) -> None:
    set_pack(station, "changli-water")
    dock(station, "20261119013100")
    make(station)
    assert station.ok("handover", "overdue", "--json", by="boss").json == []
    (waits,) = station.ok("handover", "overdue", "--all", "--json", by="boss").json
    assert (waits["what"], waits["overdue"]) == ("no-receipt", False)
    set_pack(station, "yexian-transport", "[handover]\nevery_days = 1\n")
    past(station, 5)
    with reading(str(station.home / "station")) as opened:
        ids = [clip_id("s5", 1), clip_id("s5", 2)]
        event = HandoverMade("20260101-00000001", "城关中队", "x", "user:keeper", ids, [], 2003, "b3:" + "0" * 64)
        opened.station.catalog.append([event], at=datetime.now(UTC) - timedelta(days=4))
    (late,) = station.ok("handover", "overdue", "--json", by="boss").json
    assert (late["what"], late["batch"], late["overdue"]) == ("no-receipt", "20260101-00000001", True)
    assert "no receipt for 20260101-00000001" in station.ok("handover", "overdue", by="boss").out
