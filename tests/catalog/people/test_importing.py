"""An agency's spreadsheet: what it means, and every fault of it with its line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from catalog.people.cells import Cell, CellFault, Row, Sheet, Trouble, code, moment, words
from catalog.people.events import (
    DepartmentChanged,
    DepartmentRegistered,
    OfficerChanged,
    OfficerRegistered,
    RecorderChanged,
    RecorderIssued,
    RecorderRegistered,
    RecorderReturned,
)
from catalog.people.exporting import Table as Exported
from catalog.people.exporting import department_rows, headings, ledger_rows, officer_rows, recorder_rows
from catalog.people.headings import Field, headings_of
from catalog.people.importing import Known, Plan, overlap, plan
from catalog.people.model import Department, Issue, Officer, Registered
from catalog.people.wanted import read_sheets

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
NOTHING = Known({}, {}, {}, [])
BRIGADE = {"SZ": Department("SZ", "水政大队", None, True)}


def sheet(*rows: tuple[Cell, ...], name: str = "表") -> Sheet:
    return Sheet(name, tuple(Row(line, cells) for line, cells in enumerate(rows, start=1)))


def planned(*sheets: Sheet, known: Known = NOTHING, may: bool = True, may_issue: bool = True) -> Plan:
    return plan(
        read_sheets(sheets, ZONE), known, now=NOW, zone=ZONE, may=lambda _d: may, may_issue=lambda _d: may_issue
    )


def troubles(made: Plan) -> list[tuple[int, Trouble]]:
    return [(fault.line, fault.trouble) for fault in made.faults]


# --------------------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("１００２３４", "100234"),
        (" 100 234\u3000", "100234"),
        (100234, "100234"),
        (100234.0, "100234"),
        ("ＤＳＪ－１", "DSJ-1"),
    ],
)
def test_a_number_is_the_same_however_it_was_typed(cell: Cell, text: str) -> None:
    assert code(cell) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [("张　三", "张三"), (" 李  明 ", "李明"), ("Anna  Li", "Anna Li"), ("王\u200b五", "王五"), (None, "")],
)
def test_spaces_that_only_fill_a_column_are_no_part_of_a_name(cell: Cell, text: str) -> None:
    assert words(cell) == text


@pytest.mark.parametrize(
    ("cell", "trouble"),
    [
        (datetime(2026, 3, 1), Trouble.IS_A_DATE),
        (12345678901234567890, Trouble.LOST_DIGITS),
        (1.2345678901234567e17, Trouble.LOST_DIGITS),
        ("10\x0023", Trouble.UNPRINTABLE),
    ],
)
def test_a_number_that_the_spreadsheet_spoiled_is_a_fault(cell: Cell, trouble: Trouble) -> None:
    with pytest.raises(CellFault) as fault:
        code(cell)
    assert fault.value.trouble is trouble


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2026, 11, 20),
        date(2026, 11, 20),
        46346,
        46346.0,
        "2026-11-20",
        "2026/11/20",
        "2026.11.20",
        "2026年11月20日",
        "２０２６－１１－２０",
        "20261120",
        "2026-11-20 00:00:00",
    ],
)
def test_a_day_is_a_day_in_every_form_people_use(cell: Cell) -> None:
    assert moment(cell, ZONE) == datetime(2026, 11, 19, 16, tzinfo=UTC)


@pytest.mark.parametrize("cell", [datetime(2026, 11, 20), 46346, "2026年11月20日"])
def test_a_day_that_ends_something_is_its_end(cell: Cell) -> None:
    assert moment(cell, ZONE, ends=True) == datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell", [datetime(2026, 11, 20, 8, 30), 46346 + 8.5 / 24, "2026-11-20 8:30", "2026年11月20日8时30分"]
)
def test_a_time_of_day_is_kept(cell: Cell) -> None:
    for ends in (False, True):
        assert moment(cell, ZONE, ends=ends) == datetime(2026, 11, 20, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["昨天", "2026-02-30", "2026-13-01", "11/20", 12, "2026-11-20 25:00"])
def test_what_is_no_day_is_a_fault(cell: Cell) -> None:
    with pytest.raises(CellFault) as fault:
        moment(cell, ZONE)
    assert fault.value.trouble is Trouble.BAD_DATE


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("序号", "所属科室", "姓　名", "警号（6位）"), {Field.DEPARTMENT: 1, Field.NAME: 2, Field.OFFICER: 3}),
        (("Officer Number", " NAME*", "Department"), {Field.OFFICER: 0, Field.NAME: 1, Field.DEPARTMENT: 2}),
        (("记录仪编号", "状态"), {Field.RECORDER: 0, Field.STATE: 1}),
        (("警号", "状态"), {Field.OFFICER: 0, Field.ACTIVE: 1}),
    ],
)
def test_headings_are_known_in_both_languages(cells: tuple[Cell, ...], found: dict[Field, int]) -> None:
    known = headings_of(cells)
    assert known is not None
    assert known[0] == found


def test_a_title_is_no_row_of_headings() -> None:
    assert headings_of(("2026年执法记录仪台账", None, None)) is None


# ----------------------------------------------------------------------------------------------------- importing

LEDGER = (
    ("某局执法记录仪配发使用台账", None, None, None, None, None, None),
    (),
    ("序号", "所属科室", "姓名", "警号", "记录仪编号", "领用日期", "归还日期"),
)


def test_one_row_tells_of_an_officer_a_recorder_and_a_line_of_the_ledger() -> None:
    made = planned(
        sheet(*LEDGER, (1, "水政大队", "张　三", "１００２３４", 4410023, datetime(2026, 1, 5), datetime(2026, 3, 1))),
        known=Known(BRIGADE, {}, {}, []),
    )
    assert made.faults == []
    officer, recorder, issued, returned = made.events
    assert officer == OfficerRegistered("100234", "张三", "SZ")
    assert recorder == RecorderRegistered("4410023", "SZ")
    assert isinstance(issued, RecorderIssued) and isinstance(returned, RecorderReturned)
    assert (issued.recorder, issued.person, issued.since) == ("4410023", "100234", "2026-01-04T16:00:00.000000Z")
    assert (returned.issue, returned.until) == (issued.issue, "2026-03-01T16:00:00.000000Z")


def test_every_fault_is_told_with_its_line_and_nothing_else_happens() -> None:
    made = planned(
        sheet(
            *LEDGER,
            (1, "水政大队", "张三", 100234, 4410023, "2026-01-05", None),
            (2, "不存在科", "赵六", 100237, 4410025, "昨天", None),
            (),
            (3, "水政大队", "赵七", 100234, 4410026, "2026-03-01", "2026-02-01"),
            (4, "水政大队", "李四", 100235, 4410023, "2026-06-01", None),
            (5, "水政大队", "王五", 100236, 4410027, "2027-06-01", None),
            (6, "水政大队", "", 100238, 4410028, "2026-01-05", None),
        ),
        known=Known(BRIGADE, {}, {}, []),
    )
    assert troubles(made) == [
        (5, Trouble.BAD_DATE),
        (5, Trouble.UNKNOWN_DEPARTMENT),
        (7, Trouble.ENDS_BEFORE),
        (7, Trouble.CONTRADICTS),
        (8, Trouble.OVERLAPS),
        (9, Trouble.FUTURE),
        (10, Trouble.MISSING),
        (10, Trouble.UNKNOWN_OFFICER),
    ]


def test_departments_may_come_in_any_order_and_by_name_or_number() -> None:
    made = planned(
        sheet(("警号", "姓名", "部门"), ("1", "张三", "一中队"), ("2", "李四", "JU"), name="人员"),
        sheet(("部门编号", "部门名称", "上级部门"), ("D1", "一中队", "局"), ("JU", "局", None), name="部门"),
    )
    assert made.faults == []
    assert made.events == [
        DepartmentRegistered("JU", "局"),
        DepartmentRegistered("D1", "一中队", "JU"),
        OfficerRegistered("1", "张三", "D1"),
        OfficerRegistered("2", "李四", "JU"),
    ]


def test_a_circle_of_departments_is_a_fault() -> None:
    made = planned(sheet(("部门", "上级部门"), ("甲", "乙"), ("乙", "甲"), ("丙", "丙")))
    assert troubles(made) == [(2, Trouble.CIRCLE), (3, Trouble.CIRCLE), (4, Trouble.CIRCLE)]


@pytest.mark.parametrize(
    ("rows", "trouble"),
    [
        ([("100234", "张三", "SZ"), ("100234", "张三", "SZ")], Trouble.TWICE),
        ([("100234", "张三", "SZ"), ("１００２３４", "李四", "SZ")], Trouble.CONTRADICTS),
    ],
)
def test_a_number_twice_in_a_list_of_officers_is_a_fault(rows: list[tuple[str, ...]], trouble: Trouble) -> None:
    made = planned(sheet(("警号", "姓名", "部门"), *rows), known=Known(BRIGADE, {}, {}, []))
    assert troubles(made) == [(3, trouble)]


def test_a_recorder_twice_in_a_list_of_recorders_is_a_fault() -> None:
    made = planned(sheet(("记录仪编号", "部门"), ("44", "SZ"), ("44", "SZ")), known=Known(BRIGADE, {}, {}, []))
    assert troubles(made) == [(3, Trouble.TWICE)]


def test_two_departments_of_one_name_must_be_told_apart() -> None:
    both = {"A": Department("A", "一中队", None, True), "B": Department("B", "一中队", None, True)}
    made = planned(
        sheet(("警号", "姓名", "部门"), ("1", "张三", "一中队"), ("2", "李四", "B")), known=Known(both, {}, {}, [])
    )
    assert troubles(made) == [(2, Trouble.AMBIGUOUS_DEPARTMENT)]


def test_a_sheet_without_headings_is_a_fault_and_so_is_an_empty_file() -> None:
    assert troubles(planned(sheet(("a", "b"), ("c", "d")))) == [(0, Trouble.NO_HEADER)]
    assert troubles(planned(sheet((), (None, " ")))) == [(0, Trouble.EMPTY)]
    assert troubles(planned()) == [(0, Trouble.EMPTY)]


def test_what_is_there_already_is_counted_and_not_written_down_again() -> None:
    known = Known(
        BRIGADE,
        {"1": Officer("1", "张三", "SZ", True), "2": Officer("2", "李四", "SZ", True)},
        {"44": Registered("44", "SZ", "V8", "SN1", "faulty", "旧")},
        [],
    )
    made = planned(
        sheet(("警号", "姓名", "部门", "在职"), ("1", "张三", "SZ", "是"), ("2", "李四", "SZ", "离职"), name="人员"),
        sheet(("记录仪编号", "部门", "型号"), ("44", "SZ", "V9"), name="记录仪"),
        sheet(("部门编号", "部门"), ("SZ", "水政监察大队"), name="部门"),
        known=known,
    )
    assert made.faults == []
    assert made.events == [
        DepartmentChanged("SZ", "水政监察大队"),
        OfficerChanged("2", "李四", "SZ", False),
        RecorderChanged("44", "SZ", "V9", "SN1", "faulty", "旧"),
    ]
    assert dict(made.counts) == {"departments": [0, 1, 0], "officers": [0, 1, 1], "recorders": [0, 1, 0]}


def issue(officer: str, since: str, until: str | None = None, lender: str | None = None) -> Issue:
    end = moment(until, ZONE, ends=True) if until else None
    begin = moment(since, ZONE)
    assert begin is not None
    return Issue("x", "44", officer, begin, end, None, "user:m", None, lender, "", None, None)


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        (issue("1", "2026-01-01", "2026-02-01"), issue("2", "2026-02-02"), False),
        (issue("1", "2026-01-01", "2026-02-01"), issue("2", "2026-02-01"), False),
        (issue("1", "2026-01-01", "2026-02-01"), issue("2", "2026-01-31"), True),
        (issue("1", "2026-01-01"), issue("2", "2026-02-01"), True),
        (issue("1", "2026-01-01"), issue("2", "2026-02-01", None, "1"), False),
        (issue("1", "2026-03-01"), issue("2", "2026-01-01", "2026-02-01"), False),
    ],
)
def test_one_recorder_is_with_one_officer_but_on_the_day_of_a_hand_over(
    one: Issue, other: Issue, overlaps: bool
) -> None:
    assert overlap(one, other, ZONE) is overlaps
    assert overlap(other, one, ZONE) is overlaps


def test_an_open_line_may_end_and_nothing_else_of_it_may_change() -> None:
    people = {"1": Officer("1", "张三", "SZ", True)}
    recorders = {"44": Registered("44", "SZ", None, None, "in-service", "")}
    header = ("记录仪编号", "警号", "领用日期", "归还日期", "备注")
    first = planned(sheet(header, ("44", "1", "2026-01-05", None, "")), known=Known(BRIGADE, people, recorders, []))
    (issued,) = first.events
    assert isinstance(issued, RecorderIssued)
    since = datetime.fromisoformat(issued.since)
    there = Issue(issued.issue, "44", "1", since, None, None, "user:m", None, None, "", None, None)
    known = Known(BRIGADE, people, recorders, [there])
    (returned,) = planned(sheet(header, ("44", "1", "2026-01-05", "2026-02-01", "")), known=known).events
    assert isinstance(returned, RecorderReturned) and returned.issue == issued.issue
    assert planned(sheet(header, ("44", "1", "2026-01-05", None, "")), known=known).events == []
    changed = planned(sheet(header, ("44", "1", "2026-01-05", None, "另一台")), known=known)
    assert troubles(changed) == [(2, Trouble.ON_RECORD)]


def test_a_line_that_was_withdrawn_may_be_written_anew() -> None:
    people = {"1": Officer("1", "张三", "SZ", True)}
    recorders = {"44": Registered("44", "SZ", None, None, "in-service", "")}
    rows = sheet(("记录仪编号", "警号", "领用日期"), ("44", "1", "2026-01-05"))
    (first,) = planned(rows, known=Known(BRIGADE, people, recorders, [])).events
    assert isinstance(first, RecorderIssued)
    since = datetime.fromisoformat(first.since)
    struck = Issue(first.issue, "44", "1", since, None, None, "user:m", None, None, "", None, "错")
    (again,) = planned(rows, known=Known(BRIGADE, people, recorders, [struck])).events
    assert isinstance(again, RecorderIssued) and again.issue != first.issue


def test_who_may_not_change_a_department_is_told_at_every_line() -> None:
    rows = sheet(*LEDGER, (1, "水政大队", "张三", 100234, 4410023, "2026-01-05", None))
    known = Known(BRIGADE, {}, {}, [])
    assert troubles(planned(rows, known=known, may=False)) == [(4, Trouble.NOT_HIS)]
    assert troubles(planned(rows, known=known, may_issue=False)) == [(4, Trouble.NOT_HIS)]


def test_a_list_without_days_names_officers_and_puts_nothing_into_the_ledger() -> None:
    rows = sheet(("部门", "警号", "姓名", "记录仪编号"), ("SZ", "1", "张三", "44"), ("SZ", "2", "李四", None))
    wanted = read_sheets([rows], ZONE)
    assert (len(wanted.officers), len(wanted.recorders), wanted.issues, wanted.undated) == (2, 1, [], 1)
    (given,) = read_sheets([rows], ZONE, datetime(2026, 1, 5, tzinfo=UTC)).issues
    assert (given.officer, given.since) == ("1", datetime(2026, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize("chinese", [True, False])
def test_what_is_exported_is_imported_without_a_change(chinese: bool) -> None:
    departments = {"JU": Department("JU", "局", None, True), "SZ": Department("SZ", "水政大队", "JU", False)}
    officers = {"0001": Officer("0001", "张三", "SZ", True), "2": Officer("2", "Anna Li", "JU", False)}
    recorders = {
        "44": Registered("44", "SZ", "V8", "SN1", "at-maker", "屏幕"),
        "=1+1": Registered("=1+1", "JU", None, None, "lost", ""),
    }
    first = plan(
        read_sheets([sheet(("记录仪编号", "警号", "领用日期"), ("44", "0001", "2026-01-05 08:00:01"))], ZONE),
        Known(departments, officers, recorders, []), now=NOW, zone=ZONE, may=lambda _d: True, may_issue=lambda _d: True,
    ).events[0]  # fmt: skip
    assert isinstance(first, RecorderIssued)
    since = datetime.fromisoformat(first.since)
    lines = [Issue(first.issue, "44", "0001", since, NOW, NOW, "user:m", "user:m", "2", "借", "还", None)]
    known = Known(departments, officers, recorders, lines)
    tables = {
        Exported.DEPARTMENTS: department_rows(departments.values(), chinese=chinese),
        Exported.OFFICERS: officer_rows(officers.values(), chinese=chinese),
        Exported.RECORDERS: recorder_rows(recorders.values()),
        Exported.LEDGER: ledger_rows(lines, ZONE),
    }
    sheets = [
        sheet(tuple(headings(table, chinese=chinese)), *(tuple(row) for row in rows), name=table.value)
        for table, rows in tables.items()
    ]
    made = planned(*sheets, known=known)
    assert made.faults == []
    assert made.events == []
    assert dict(made.counts) == {
        "departments": [0, 0, 2], "officers": [0, 0, 2], "recorders": [0, 0, 2], "ledger": [0, 0, 1],
    }  # fmt: skip
