"""Cases from the command line: opened, filled with recordings and papers, searched, closed, filed."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalog.cases.states import State, Why
from catalog.cases.suggesting import Confidence, Reason, Sign
from dockd.cases import words as case_words
from dockd.exits import Exit
from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import Command

ZONE = ZoneInfo("Asia/Shanghai")
NUMBER = "2026-昌水罚-017"
OPENED = (
    *("case", "open", NUMBER, "--cause", "未取得取水许可擅自取水", "--party", "王芳", "--kind", "general-procedure"),
    *("--officer", "100234", "--department", "城关中队"),
)


def ago(days: int) -> str:
    """A day that passed, as people write it."""
    return (datetime.now(ZONE).date() - timedelta(days=days)).isoformat()


@pytest.fixture
def station(agency: Command) -> Command:
    """The agency with three recordings of one officer and two of another, made the day before yesterday."""
    when = ago(2).replace("-", "")
    for serial, officer, department, minutes in (
        ("1234567", "100234", "城关中队", ("0900", "0910", "1500")),
        ("7654321", "100235", "城南中队", ("0905", "1100")),
    ):
        folder = agency.home / serial
        folder.mkdir()
        for minute in minutes:
            name = f"{serial}_{officer}_{when}{minute}00.mp4"
            (folder / name).write_bytes(recording(name, 3000))
        agency.ok(
            "ledger", "register", serial, "--department", department, by="keeper" if serial[0] == "1" else "south"
        )
        agency.ok("dock", "--facts", "later", str(folder))
    return agency


def clips(station: Command, *words: str, by: str = "boss") -> list[dict[str, Any]]:
    """Recordings as `dockd clip list` has them, by their time."""
    found: list[dict[str, Any]] = station.ok("clip", "list", *words, "--json", by=by).json
    return found


def at(station: Command, hour: str) -> str:
    """The recording that begins then."""
    (found,) = (clip["id"] for clip in clips(station) if clip["claimed_at"].endswith(f"{hour}:00"))
    return str(found)


# ---------------------------------------------------------------------------------------------------- a case's life


@pytest.mark.duty("D17")
def test_a_case_whose_file_was_not_made_within_thirty_days_is_listed_as_overdue(agency: Command) -> None:
    for number, ended in (("A", 31), ("B", 30), ("C", 50)):
        agency.ok("case", "open", number, "--opened", ago(60), "--department", "城关中队", by="boss")
        agency.ok("case", "close", number, "--on", ago(20), "--ended", ago(ended), by="boss")
    agency.ok("case", "open", "D", "--opened", ago(90), "--department", "城关中队", by="boss")
    late = agency.ok("case", "list", "--overdue", "--json", by="boss").json
    assert [(case["number"], case["due_on"], case["overdue"]) for case in late] == [
        ("C", ago(20), True), ("A", ago(1), True),
    ]  # fmt: skip
    agency.ok("case", "file", "C", "--on", ago(10), "--archive-no", "2026-7", by="boss")
    assert "A " in agency.ok("case", "list", "--overdue", by="boss").out
    assert [one["number"] for one in agency.ok("case", "list", "--overdue", "--json", by="boss").json] == ["A"]
    agency.ok("case", "reopen", "A", "--reason", "复议", by="boss")
    assert agency.ok("case", "list", "--overdue", "--json", by="boss").json == []
    rows = list(csv.DictReader(io.StringIO(agency.ok("case", "list", "--csv", by="boss").out)))
    assert {row["number"]: row["state"] for row in rows} == {"A": "reopened", "B": "closed", "C": "filed", "D": "open"}


def test_an_agency_may_set_a_shorter_term_and_a_pack_may_set_none(agency: Command) -> None:
    agency.ok("case", "open", "A", "--opened", ago(9), "--ended", ago(9), "--department", "局", by="boss")
    settings = agency.home / "station" / "dockd.toml"
    before = settings.read_text()
    assert agency.ok("case", "show", "A", "--json", by="boss").json["due_on"] == ago(-21)
    settings.write_text(before.replace("[cases]\n", "[cases]\nfiling_days = 5\n"))
    assert [one["number"] for one in agency.ok("case", "list", "--overdue", "--json", by="boss").json] == ["A"]
    settings.write_text(before.replace("[retention]\n", '[retention]\npack = "changli-water"\n'))
    assert agency("case", "list", "--overdue", by="boss").code != Exit.OK
    assert agency.ok("case", "show", "A", "--json", by="boss").json["due_on"] is None


def test_a_case_is_put_right_and_what_is_not_given_stays(agency: Command) -> None:
    agency.ok(*OPENED, by="boss")
    agency.ok("case", "edit", NUMBER, "--number", "2026-昌水罚-018", "--party", "王芳芳", "--note", "已缴款", by="boss")
    case = agency.ok("case", "show", "2026-昌水罚-018", "--json", by="boss").json
    assert (case["parties"], case["note"], case["cause"]) == (["王芳芳"], "已缴款", "未取得取水许可擅自取水")
    assert (case["kind"], case["officers"], case["state"]) == ("general-procedure", ["100234"], "open")
    assert agency("case", "show", NUMBER, by="boss").code == Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("case", "file", NUMBER), "not closed yet"),
        (("case", "reopen", NUMBER, "--reason", "x"), "it is open"),
        (("case", "close", NUMBER, "--on", "2001-01-01"), "before it was opened"),
        (("case", "close", NUMBER, "--on", "2999-01-01"), "not come yet"),
        (("case", "edit", NUMBER, "--ended", "2001-01-01"), "before it was opened"),
        (OPENED, "already"),
        (("case", "edit", NUMBER, "--number", "B-1"), "already"),
    ],
)
def test_what_does_not_fit_a_case_is_refused_with_the_reason(agency: Command, words: tuple[str, ...], why: str) -> None:
    agency.ok(*OPENED, by="boss")
    agency.ok("case", "open", "B-1", "--department", "局", by="boss")
    before = len(agency.log())
    refused = agency(*words, by="boss")
    assert refused.code == Exit.REFUSED and why in refused.told
    assert len(agency.log()) == before


def test_an_unknown_kind_is_refused_unless_the_agency_added_it(agency: Command) -> None:
    words = ("case", "open", "A", "--kind", "mediation", "--department", "局")
    assert agency(*words, by="boss").code != Exit.OK
    settings = agency.home / "station" / "dockd.toml"
    settings.write_text(settings.read_text().replace("[cases]\n", '[cases]\nclasses = ["mediation"]\n'))
    agency.ok(*words, by="boss")


# ----------------------------------------------------------------------------------------------- papers, recordings


@pytest.mark.duty("D18")
def test_papers_of_a_case_are_kept_and_proven_as_recordings_are(agency: Command) -> None:
    agency.ok(*OPENED, by="boss")
    paper = agency.home / "询问笔录.pdf"
    paper.write_bytes(b"%PDF-1.7 " + bytes(5000))
    scan = agency.home / "scan.jpg"
    scan.write_bytes(bytes(range(256)) * 9)
    agency.ok("case", "add-document", NUMBER, str(paper), "--title", "询问笔录", by="boss")
    agency.ok("case", "add-document", NUMBER, str(scan), by="boss")
    added = len(agency.log())
    agency.ok("case", "add-document", NUMBER, str(paper), "--title", "询问笔录", by="boss")
    agency.ok("case", "add-document", NUMBER, str(paper), by="boss")
    assert len(agency.log()) == added
    papers = agency.ok("case", "show", NUMBER, "--json", by="boss").json["documents"]
    assert sorted((one["title"], one["size_bytes"]) for one in papers) == [("scan.jpg", 2304), ("询问笔录", 5009)]
    papers.sort(key=lambda one: one["size_bytes"], reverse=True)
    vault = agency.home / "station" / "vault"
    assert (vault / papers[0]["vault_path"]).read_bytes() == paper.read_bytes()
    assert agency("verify", "--all", "--json", by="audit").json == []
    kept = vault / papers[1]["vault_path"]
    kept.chmod(0o640)
    kept.write_bytes(b"another picture")
    assert agency("verify", "--all", by="audit").code == Exit.FINDINGS


@pytest.mark.duty("D05")
def test_recordings_are_suggested_with_reasons_and_nothing_is_recorded_before_a_person_takes_them(
    station: Command,
) -> None:
    station.ok(*OPENED, "--opened", ago(5), by="boss")
    asked = ("--from", f"{ago(2)} 09:00", "--until", f"{ago(2)} 09:30")
    before = len(station.log())
    found = station.ok("case", "suggest", NUMBER, *asked, "--json", by="boss").json
    assert [(one["clip"], one["confidence"]) for one in found] == [
        (at(station, "09:00"), "strong"), (at(station, "09:10"), "strong"),
    ]  # fmt: skip
    assert found[0]["reasons"] == ["officer 100234", "in-window"]
    assert "recorded by 100234" in station.ok("case", "suggest", NUMBER, *asked, by="boss").out
    station.ok("case", "link", NUMBER, "--suggested", "--dry-run", *asked, by="boss")
    assert len(station.log()) == before
    station.ok("case", "link", NUMBER, "--suggested", *asked, by="boss")
    assert [clip["id"] for clip in clips(station, "--case", NUMBER)] == [at(station, "09:00"), at(station, "09:10")]
    link = station.ok("case", "show", NUMBER, "--json", by="boss").json["links"][0]
    assert (link["how"], link["confidence"], link["reasons"]) == ("suggested", "strong", found[0]["reasons"])
    # What lies next to one that is under the case is found without a time.
    wide = station.ok("case", "suggest", NUMBER, "--json", by="boss").json
    assert [(one["clip"], one["confidence"]) for one in wide] == [(at(station, "15:00"), "possible")]


@pytest.mark.duty("D05")
def test_a_recording_is_put_under_cases_by_hand_and_taken_out_with_a_reason(station: Command) -> None:
    station.ok(*OPENED, by="boss")
    station.ok("case", "open", "B-2", "--department", "局", by="boss")
    first, second = at(station, "09:00"), at(station, "09:05")
    station.ok("case", "link", NUMBER, first[:8], second, by="boss")
    station.ok("case", "link", "B-2", first, by="boss")
    assert [clip["cases"] for clip in clips(station) if clip["id"] == first] == [[NUMBER, "B-2"]]
    assert "0 recordings put" in station.ok("case", "link", "B-2", first, by="boss").out
    station.ok("case", "unlink", NUMBER, first, "--reason", "误", by="boss")
    assert [clip["id"] for clip in clips(station, "--case", NUMBER)] == [second]
    assert [clip["case"] for clip in clips(station) if clip["id"] == first] == ["B-2"]
    assert station("case", "unlink", NUMBER, first, "--reason", "误", by="boss").code != Exit.OK
    taken = [
        one for one in station.ok("case", "show", NUMBER, "--json", by="boss").json["links"] if one["clip"] == first
    ]
    assert taken[0]["unlink_reason"] == "误"
    assert "误" in station.ok("case", "show", NUMBER, by="boss").out


def test_clip_file_is_the_short_way_and_opens_a_case_of_a_new_number(station: Command) -> None:
    first = at(station, "09:00")
    assert "case N-1 opened" in station.ok("clip", "file", first, "--case", "N-1", by="boss").out
    station.ok("clip", "file", first, "--class", "routine", by="boss")
    (clip,) = clips(station, "--case", "N-1")
    assert (clip["id"], clip["case"], clip["class"]) == (first, "N-1", "routine")
    assert station.ok("case", "show", "N-1", "--json", by="boss").json["department"] == "城关中队"
    assert clips(station, "--case", "never heard of") == []
    assert station("clip", "file", first, "--class", "nonsense", by="boss").code != Exit.OK
    assert station("clip", "file", first, by="boss").code != Exit.OK


# ----------------------------------------------------------------------------------------------- classes and search


@pytest.mark.duty("D05")
def test_recordings_are_found_by_any_key_and_by_two_signs_of_what_they_are_about(station: Command) -> None:
    station.ok(*OPENED, by="boss")
    first, second, noted = at(station, "09:00"), at(station, "09:10"), at(station, "11:00")
    station.ok("case", "link", NUMBER, first, second, by="boss")
    station.ok("clip", "note", noted, "当事人拒绝签字", by="boss")
    for words, wanted in (
        (("取水",), [second, first]),
        (("取水", "王芳"), [second, first]),
        (("芳",), [second, first]),
        (("昌水罚-017",), [second, first]),
        (("拒绝",), [noted]),
        (("水取",), []),
        (("--party", "王芳"), [second, first]),
        (("--cause", "王芳"), []),
        (("--cause", "擅自", "--until", f"{ago(2)} 09:05"), [first]),
        (("--case", NUMBER), [second, first]),
        (("--case", "unheard"), []),
        (("--department", "城南中队"), [noted, at(station, "09:05")]),
        (("--department", "局", "--officer", "100235"), [noted, at(station, "09:05")]),
        (("--recorder", "1234567", "--since", f"{ago(2)} 12:00"), [at(station, "15:00")]),
        (("取水", "--limit", "1"), [second]),
        (("取水", "--limit", "1", "--after", second), [first]),
    ):
        found = station.ok("clip", "search", *words, "--json", by="boss").json
        assert [clip["id"] for clip in found] == wanted, words
    assert f"--after {second}" in station.ok("clip", "search", "取水", "--limit", "1", by="boss").out
    rows = list(csv.DictReader(io.StringIO(station.ok("clip", "search", "取水", "--csv", by="boss").out)))
    assert [row["cases"] for row in rows] == [NUMBER, NUMBER]
    shown = station.ok("clip", "show", noted, "--json", by="boss").json
    assert [(note["note"], note["by"]) for note in shown["notes"]] == [("当事人拒绝签字", "user:boss")]


def test_many_recordings_are_classified_at_once_and_the_rest_is_listed(station: Command) -> None:
    ids = [clip["id"] for clip in clips(station)]
    shown = station.ok("clip", "classify", *ids[:3], "--class", "routine", "--reason", "巡查", "--dry-run", by="boss")
    assert shown.out.count("unclassified → routine inspection") == 3
    assert len(clips(station, "--class", "unclassified")) == 5
    station.ok("clip", "classify", *ids[:3], "--class", "routine", "--reason", "巡查", by="boss")
    assert [clip["id"] for clip in clips(station, "--class", "unclassified")] == ids[3:]
    assert (
        "1 recording classified"
        in station.ok("clip", "classify", ids[0], ids[3], "--class", "routine", "--reason", "巡查", by="boss").out
    )
    assert station("clip", "classify", ids[0], "--class", "nonsense", "--reason", "x", by="boss").code != Exit.OK
    assert {clip["key_mark"] for clip in clips(station)} == {False}


# ----------------------------------------------------------------------------------------------- rights and the log


@pytest.mark.duty("D28")
def test_an_officer_has_his_own_cases_and_recordings_and_no_others(station: Command) -> None:
    station.ok(*OPENED, by="zhang")
    station.ok("case", "open", "B-2", "--department", "城南中队", "--officer", "100235", by="boss")
    mine, other = at(station, "09:00"), at(station, "09:05")
    station.ok("case", "link", NUMBER, mine, by="zhang")
    assert [case["number"] for case in station.ok("case", "list", "--json", by="zhang").json] == [NUMBER]
    assert [clip["id"] for clip in station.ok("clip", "search", "取水", "--json", by="zhang").json] == [mine]
    for words, who in (
        (("case", "show", "B-2"), "zhang"),
        (("case", "close", "B-2"), "zhang"),
        (("case", "link", NUMBER, other), "zhang"),
        (("clip", "classify", other, "--class", "routine", "--reason", "x"), "zhang"),
        (("clip", "note", other, "x"), "zhang"),
        (("case", "list", "--officer", "100235"), "zhang"),
        (("clip", "search", "--officer", "100235"), "zhang"),
        (("case", "list"), "south"),
        (("case", "open", "C-3", "--department", "城关中队"), "audit"),
        (("clip", "note", other, "x"), "audit"),
    ):
        assert station(*words, by=who).code == Exit.NOT_ALLOWED, words
    assert station.log()[-1]["kind"] == "act-refused"
    assert len(station.ok("case", "list", "--json", by="audit").json) == 2


def test_a_rebuilt_catalogue_knows_the_same_of_cases(station: Command) -> None:
    station.ok(*OPENED, by="boss")
    station.ok("case", "link", NUMBER, at(station, "09:00"), by="boss")
    station.ok("clip", "note", at(station, "09:00"), "全程录音录像", by="boss")
    station.ok("clip", "file", at(station, "09:05"), "--case", "N-1", by="boss")
    paper = station.home / "笔录.pdf"
    paper.write_bytes(b"%PDF")
    station.ok("case", "add-document", NUMBER, str(paper), by="boss")
    station.ok("case", "close", NUMBER, by="boss")

    def known() -> list[Any]:
        shown = [station.ok("case", "show", number, "--json", by="boss").json for number in (NUMBER, "N-1")]
        return [*shown, station.ok("clip", "search", "录音", "--json", by="boss").json]

    before = known()
    for ending in ("", "-wal", "-shm"):
        (station.home / "station" / f"catalog.db{ending}").unlink(missing_ok=True)
    assert station("catalog", "rebuild").code == Exit.OK
    assert known() == before
    assert station("verify", "--all", "--json", by="audit").json == []


# ------------------------------------------------------------------------------------------------------------ words


def test_everything_has_words() -> None:
    for state in State:
        assert case_words.state_text(state)
    for confidence in Confidence:
        assert case_words.confidence_text(confidence.value)
    for sign in Sign:
        assert "{" not in case_words.reason_text(str(Reason(sign, "7")))
    for why in Why:
        assert all(case_words.refusal(why))


def test_a_day_is_the_agencys(agency: Command) -> None:
    before = datetime.now(ZONE).date()
    agency.ok("case", "open", "A", "--department", "局", by="boss")
    opened = date.fromisoformat(agency.ok("case", "show", "A", "--json", by="boss").json["opened_on"])
    assert before <= opened <= datetime.now(ZONE).date()
