"""Spreadsheets of real agencies, in and out: all or nothing, every fault with its line."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from dockd.errors import SheetUnreadable
from dockd.exits import Exit
from dockd.people.spreadsheets import read_sheets_of, write_workbook
from tests.simulators.agency import ADMIN, Command

HEADINGS = ("部门", "警号", "姓名", "记录仪编号", "领用日期")


@pytest.fixture
def dockd(quick_path: Path) -> Command:
    command = Command(quick_path)
    command.ok("init", "--yes")
    return command


def workbook(path: Path, **sheets: list[tuple[Any, ...]]) -> str:
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet: Worksheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return str(path)


def test_an_agencys_workbook_is_taken_over_as_it_is(dockd: Command, tmp_path: Path) -> None:
    path = tmp_path / "台账.xlsx"
    workbook(
        path,
        台账=[
            ("某局执法记录仪配发使用台账",),
            (),
            ("序号", "所属科室", "姓　名", "警号", "记录仪编号", "领用日期", "归还日期", "备注"),
            (1, "水政大队", "张　三", "１００２３４", 23, datetime(2026, 1, 5), None, None),
            (2, "水政大队", "李四", 100235, 24, "2026.1.5", "2026年3月1日", "屏幕裂"),
            (None, None, None, None, None, None, None, None),
            (3, "水政大队", "王五", 100236, 24, date(2026, 3, 2), None, None),
        ],
        部门=[("部门编号", "部门名称", "上级部门"), ("SZ", "水政大队", "局"), ("JU", "局", None)],
    )
    book = openpyxl.load_workbook(path)
    for row in (4, 5, 7):
        # Excel shows it as 0000023 and keeps 23.
        book["台账"].cell(row, 5).number_format = "0000000"
    book.save(path)
    shown = dockd.ok("people", "import", str(path), "--dry-run").out
    assert "3 new" in shown and dockd.ok("officer", "list", "--json").json == []
    dockd.ok("people", "import", str(path))
    assert [(one["number"], one["name"], one["department"]) for one in dockd.ok("officer", "list", "--json").json] == [
        ("100234", "张三", "SZ"),
        ("100235", "李四", "SZ"),
        ("100236", "王五", "SZ"),
    ]
    lines = dockd.ok("ledger", "list", "--json").json
    assert sorted((one["recorder"], one["officer"], one["until"]) for one in lines) == [
        ("0000023", "100234", None),
        ("0000024", "100235", "2026-03-01T16:00:00+00:00"),
        ("0000024", "100236", None),
    ]


@pytest.mark.duty("D24")
def test_every_fault_is_told_with_its_line_and_nothing_is_taken_over(dockd: Command, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        人员=[
            HEADINGS,
            ("局", "1", "张三", "X1", "2026-01-05"),
            ("无此科", "2", "李四", "X2", "昨天"),
            ("局", "1", "王五", "X1", "2026-02-05"),
        ],
        部门=[("部门", "上级部门"), ("局", None)],
    )
    head = len(dockd.log())
    for words in (("--dry-run",), ()):
        refused = dockd("people", "import", path, *words)
        assert refused.code == Exit.REFUSED
        told = [line for line in refused.told.splitlines() if line.startswith("人员")]
        assert [line.split(":")[0] for line in told] == [
            "人员, line 3, issued",
            "人员, line 3, department",
            "人员, line 4, officer number",
            "人员, line 4, issued",
        ]
    assert len(dockd.log()) == head


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_file_is_read_in_the_encodings_that_excel_and_wps_write(
    dockd: Command, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "部门.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("部门", "上级部门"), ("局㐂", ""), ("一中队", "局㐂")])
    dockd.ok("people", "import", str(path))
    assert dockd.ok("department", "list").out == "局㐂\n  一中队\n"


def test_a_line_in_a_csv_file_is_the_line_that_an_editor_shows(dockd: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('部门,上级部门,备注\n\n局,,"两\n行"\n一中队,没有,\n', encoding="utf-8")
    assert "a.csv, line 5" in dockd("people", "import", str(path)).told


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", b"no workbook"),
        ("a.xlsx", b"PK\x03\x04 broken"),
        ("a.csv", b"\x00\xff\xfe\x81" * 9),
        ("a.csv", b'"' + b"x" * 200_000 + b'"'),
    ],
)
def test_what_is_no_spreadsheet_is_refused_in_a_sentence(
    dockd: Command, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    refused = dockd("people", "import", str(tmp_path / name))
    assert refused.code == Exit.REFUSED and name in refused.told


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)
    with pytest.raises(SheetUnreadable) as refused:
        read_sheets_of(str(path))
    assert refused.value.why == "too-large"


def test_columns_that_nobody_reads_and_rows_without_a_day_are_told(dockd: Command, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        人员=[("部门", "警号", "姓名", "记录仪编号", "血型"), ("局", "1", "张三", "X1", "A")],
        部门=[("部门", "上级部门"), ("局", None)],
    )
    told = dockd.ok("people", "import", path).out
    assert "血型" in told and "--issued" in told
    assert dockd.ok("ledger", "list", "--json").json == []
    dockd.ok("people", "import", path, "--issued", "2026-01-05")
    assert [one["officer"] for one in dockd.ok("ledger", "list", "--json").json] == ["1"]


@pytest.mark.duty("D24")
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_an_export_is_imported_without_a_change(agency: Command, tmp_path: Path, language: str) -> None:
    agency.language = language
    agency.ok("ledger", "register", "=HYPERLINK(1)", "--department", "局", "--note", "=1+1", by=ADMIN)
    agency.ok("ledger", "issue", "X8123", "100234", "--since", "2026-01-05", "--due", "2026-02-05", by="keeper")
    agency.ok("ledger", "return", "X8123", "--until", "2026-02-01", "--note", "完好", by="keeper")
    agency.ok("officer", "change", "100235", "--left", by=ADMIN)
    head = len(agency.log())
    everything = str(tmp_path / "all.xlsx")
    agency.ok("people", "export", everything, by="boss")
    files = [everything]
    for table in ("departments", "officers", "recorders", "ledger"):
        files.append(str(tmp_path / f"{table}.csv"))
        agency.ok("people", "export", files[-1], "--only", table, by="boss")
    agency.ok("user", "add", "all", "--role", "recorder-manager", "--everywhere", by=ADMIN)
    for file in files:
        said = agency.ok("people", "import", file, "--json", by="all").json["counts"]
        assert said and all(one["new"] == one["changed"] == 0 < one["unchanged"] for one in said.values())
    # The account that imports, and its password.
    assert len(agency.log()) == head + 2
    book = openpyxl.load_workbook(everything)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_an_export_replaces_nothing_and_a_csv_file_holds_one_table(dockd: Command, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("mine")
    assert dockd("people", "export", str(tmp_path / "a.xlsx")).code == Exit.REFUSED
    assert (tmp_path / "a.xlsx").read_text() == "mine"
    assert dockd("people", "export", str(tmp_path / "a.csv")).code == Exit.REFUSED


def test_who_may_not_is_refused_before_the_file_is_judged(agency: Command, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", 人员=[("部门", "警号", "姓名"), ("城南中队", "9", "王五"), ("城关中队", "8", "赵六")]
    )
    assert agency("people", "import", path, by="boss").code == Exit.NOT_ALLOWED
    beyond = agency("people", "import", path, by="keeper")
    assert beyond.code == Exit.REFUSED and "line 2" in beyond.told and "line 3" not in beyond.told
    lines = workbook(tmp_path / "b.xlsx", 台账=[("记录仪编号", "警号", "领用日期"), ("X8123", "100234", "2026-01-05")])
    assert agency("people", "import", lines, by=ADMIN).code == Exit.NOT_ALLOWED
    agency.ok("people", "import", lines, by="keeper")


def test_ten_thousand_officers_and_recorders_are_one_transaction(dockd: Command, tmp_path: Path) -> None:
    rows = [("局", str(200_000 + n), f"警员{n}", f"44{n:05d}", "2026-01-05") for n in range(10_000)]
    write_workbook(str(tmp_path / "big.xlsx"), [("部门", ["部门", "上级部门"], [("局", "")]), ("人员", HEADINGS, rows)])
    dockd.ok("people", "import", str(tmp_path / "big.xlsx"))
    log = dockd.log()
    assert len(log) == 1 + 1 + 30_000
    assert len({entry["at"] for entry in log[1:]}) == 1
    assert dockd.ok("officer", "rate", "--json").json[-1]["equipped"] == 10_000
