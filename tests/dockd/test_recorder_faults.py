"""The register of faults through the commands: stop use, report, inspect, send to the maker, back in service."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from dockd.exits import Exit
from tests.simulators.agency import ADMIN, Command

RECORDER = "X8123"


def register(agency: Command) -> str:
    (row,) = agency.ok("ledger", "recorders", "--json", by="boss").json
    return str(row["state"])


def faults(agency: Command, *words: str, by: str = "boss") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = agency.ok("recorder", "fault", "list", "--json", *words, by=by).json
    return found


def report(agency: Command, *words: str, by: str = "keeper") -> None:
    agency.ok("recorder", "fault", "report", RECORDER, "--what", "开机黑屏", *words, by=by)


@pytest.mark.duty("D25")
def test_a_fault_goes_from_the_report_over_the_maker_back_into_service(agency: Command) -> None:
    agency.ok("ledger", "issue", RECORDER, "100234", by="keeper")
    report(agency, by="zhang")
    (row,) = faults(agency)
    assert (row["recorder"], row["what"], row["state"], row["holder"], row["reported_by"]) == (
        *(RECORDER, "fault", "reported"),
        *("100234", "user:zhang"),
    )
    assert register(agency) == "faulty"
    # It is out though it may not be worn.
    assert [line["recorder"] for line in agency.ok("ledger", "overdue", "--json", by="keeper").json] == [RECORDER]
    agency.ok("ledger", "return", RECORDER, by="keeper")
    refused = agency("ledger", "issue", RECORDER, "100234", by="keeper")
    assert refused.code == Exit.REFUSED and "may not be worn" in refused.told
    for words in (("ledger", "register", RECORDER, "--state", "in-service"), ("recorder", "fault", "return", RECORDER)):
        assert agency(*words, by="keeper").code == Exit.REFUSED, words
    assert agency("recorder", "fault", "send", RECORDER, "--to", "某厂", by="keeper").code == Exit.REFUSED
    agency.ok("recorder", "fault", "inspect", RECORDER, "--found", "排线断裂", by="keeper")
    assert agency("recorder", "fault", "return", RECORDER, by="keeper").code == Exit.REFUSED
    agency.ok("recorder", "fault", "send", RECORDER, "--to", "某厂", "--note", "R-77", by="keeper")
    assert register(agency) == "at-maker"
    agency.ok("recorder", "fault", "return", RECORDER, "--note", "换排线", by="keeper")
    assert register(agency) == "in-service" and faults(agency) == []
    agency.ok("ledger", "issue", RECORDER, "100234", by="keeper")
    (over,) = faults(agency, "--all")
    shown = agency.ok("recorder", "fault", "show", over["id"][:6], by="boss").out
    for told in ("back in service", "排线断裂", "某厂", "R-77", "换排线", "user:keeper"):
        assert told in shown
    kinds = [entry["kind"] for entry in agency.log() if entry["data"].get("fault")]
    assert kinds == ["fault-reported", "fault-inspected", "recorder-sent", "recorder-back"]
    assert agency.ok("verify", "--all").code == Exit.OK


@pytest.mark.duty("D25")
def test_a_recorder_out_of_service_is_not_fit_for_duty_when_it_is_docked(agency: Command) -> None:
    card = agency.home / "card"
    (card / "DCIM").mkdir(parents=True)
    (card / "DCIM/8123456_100234_20261119013100.mp4").write_bytes(b"film" * 100)
    name = agency.ok("dock", str(card), "--json").json[0]["recorder"]
    agency.ok("ledger", "register", name, "--department", "城关中队", by="keeper")
    assert agency.ok("dock", str(card), "--json").json[0]["fit_for_duty"] is True
    agency.ok("recorder", "fault", "report", name, "--what", "黑屏", by="keeper")
    docked = agency.ok("dock", str(card), "--json").json[0]
    assert docked["fit_for_duty"] is False
    assert [one["quantity"] for one in docked["unfit_because"]] == ["out_of_service"]
    assert "not fit for duty: out of service by the register" in agency.ok("dock", str(card)).out
    agency.ok("recorder", "fault", "inspect", name, "--found", "重启后正常", "--sound", by="keeper")
    agency.ok("recorder", "fault", "return", name, by="keeper")
    assert agency.ok("dock", str(card), "--json").json[0]["fit_for_duty"] is True


@pytest.mark.duty("D25")
def test_a_private_repair_is_a_finding_that_stays_and_no_step(agency: Command) -> None:
    report(agency)
    words = ("recorder", "fault", "inspect", RECORDER, "--found", "封条被撕")
    agency.ok(*words, "--private-repair", "外壳螺丝有拆痕", by="keeper")
    agency.ok("recorder", "fault", "inspect", RECORDER, "--found", "正常", "--sound", by="keeper")
    (row,) = faults(agency)
    assert (row["state"], row["finding"], row["private_repair"]) == ("sound", "正常", "外壳螺丝有拆痕")
    assert "private repair: 外壳螺丝有拆痕" in agency.ok("recorder", "fault", "show", RECORDER, by="boss").out
    assert agency(*words, "--private-repair", " ", by="keeper").code == Exit.USAGE


@pytest.mark.duty("D25")
def test_damage_and_loss_are_on_record_with_who_had_it(agency: Command) -> None:
    agency.ok("ledger", "issue", RECORDER, "100234", by="keeper")
    report(agency, "--damage", by="zhang")
    agency.ok("recorder", "fault", "lost", RECORDER, "--what", "送修途中丢失", by="keeper")
    (row,) = faults(agency)
    assert (row["what"], row["state"], row["holder"]) == ("damage", "lost", "100234") and register(agency) == "lost"
    agency.ok("recorder", "fault", "scrap", RECORDER, "--reason", "按原价赔偿", by=ADMIN)
    assert register(agency) == "retired" and faults(agency) == []
    (told,) = csv.DictReader(io.StringIO(agency.ok("recorder", "fault", "list", "--all", "--csv", by="boss").out))
    assert (told["state"], told["ended_note"], told["department"]) == ("scrapped", "按原价赔偿", "城关中队")
    assert "no faults match" in agency.ok("recorder", "fault", "list", by="boss").out
    over = agency("recorder", "fault", "inspect", told["id"], "--found", "x", by="keeper")
    assert over.code == Exit.REFUSED and "is over" in over.told


def test_who_may_do_what_with_a_fault(agency: Command) -> None:
    for who in ("zhang", "south", "boss", "audit", ADMIN):
        refused = agency("recorder", "fault", "report", RECORDER, "--what", "x", by=who)
        assert refused.code == Exit.NOT_ALLOWED, who
    agency.ok("ledger", "issue", RECORDER, "100234", by="keeper")
    report(agency, by="zhang")
    assert agency("recorder", "fault", "report", RECORDER, "--what", "x", by="keeper").code == Exit.REFUSED
    for words in (
        ("inspect", RECORDER, "--found", "x"),
        ("send", RECORDER, "--to", "x"),
        ("return", RECORDER),
        ("scrap", RECORDER, "--reason", "x"),
    ):
        for who in ("zhang", "south", "boss"):
            assert agency("recorder", "fault", *words, by=who).code == Exit.NOT_ALLOWED, (words, who)
    assert len(faults(agency, by="zhang")) == 1 and faults(agency, by="south") == []
    assert agency("recorder", "fault", "show", RECORDER, by="south").code == Exit.NOT_ALLOWED
    assert len(faults(agency, "--recorder", RECORDER)) == 1 and faults(agency, "--recorder", "X9") == []
    unknown = agency("recorder", "fault", "report", "nobody's", "--what", "x", by="keeper")
    assert unknown.code == Exit.REFUSED and "not in the register" in unknown.told
    assert agency("recorder", "fault", "report", RECORDER, "--what", " ", by="keeper").code == Exit.USAGE
    assert agency("recorder", "fault", "inspect", "abcdef", "--found", "x", by="keeper").code == Exit.NOT_FOUND


def test_a_spreadsheet_neither_ends_a_fault_nor_issues_the_recorder(agency: Command) -> None:
    report(agency)
    sheet = agency.home / "台账.csv"
    sheet.write_text("记录仪编号,部门,状态\nX8123,城关中队,正常\n", "utf-8")
    refused = agency("people", "import", str(sheet), by="keeper")
    assert refused.code == Exit.REFUSED and "a fault of recorder X8123 is open" in refused.told
    sheet.write_text("记录仪编号,部门,警号,领用日期\nX8123,城关中队,100234,2026-11-01\n", "utf-8")
    refused = agency("people", "import", str(sheet), by="keeper")
    assert refused.code == Exit.REFUSED and "a fault of recorder X8123 is open" in refused.told
    sheet.write_text("记录仪编号,部门,警号,领用日期,归还日期\nX8123,城关中队,100234,2026-11-01,2026-11-03\n", "utf-8")
    agency.ok("people", "import", str(sheet), by="keeper")
    assert register(agency) == "faulty"
