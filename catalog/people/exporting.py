"""Departments, officers, recorders and the ledger as tables of text that an import reads back without a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from zoneinfo import ZoneInfo

from .cells import local_text
from .headings import Field, heading
from .model import Department, Issue, Officer, Registered


class Table(StrEnum):
    """What is exported as one table."""

    DEPARTMENTS = "departments"
    OFFICERS = "officers"
    RECORDERS = "recorders"
    LEDGER = "ledger"


TITLES_CHINESE = {Table.DEPARTMENTS: "部门", Table.OFFICERS: "人员", Table.RECORDERS: "记录仪", Table.LEDGER: "台账"}

COLUMNS: dict[Table, tuple[Field, ...]] = {
    Table.DEPARTMENTS: (Field.DEPARTMENT_ID, Field.DEPARTMENT, Field.PARENT, Field.ACTIVE),
    Table.OFFICERS: (Field.OFFICER, Field.NAME, Field.DEPARTMENT_ID, Field.ACTIVE),
    Table.RECORDERS: (Field.RECORDER, Field.DEPARTMENT_ID, Field.MODEL, Field.SERIAL, Field.STATE, Field.NOTE),
    Table.LEDGER: (
        *(Field.RECORDER, Field.OFFICER, Field.SINCE, Field.UNTIL),
        *(Field.DUE, Field.LENDER, Field.NOTE, Field.RETURN_NOTE),
    ),
}

_YES = {True: ("是", "yes"), False: ("否", "no")}


def headings(table: Table, *, chinese: bool) -> list[str]:
    """The headings of a table."""
    return [heading(field, chinese=chinese) for field in COLUMNS[table]]


def department_rows(rows: Iterable[Department], *, chinese: bool) -> Iterator[Sequence[str]]:
    """Departments as cells."""
    for one in rows:
        yield (one.id, one.name, one.parent or "", _YES[one.active][not chinese])


def officer_rows(rows: Iterable[Officer], *, chinese: bool) -> Iterator[Sequence[str]]:
    """Officers as cells."""
    for one in rows:
        yield (one.number, one.name, one.department, _YES[one.active][not chinese])


def recorder_rows(rows: Iterable[Registered]) -> Iterator[Sequence[str]]:
    """Recorders as cells."""
    for one in rows:
        yield (one.recorder, one.department, one.model or "", one.serial or "", one.state, one.note)


def ledger_rows(rows: Iterable[Issue], zone: ZoneInfo) -> Iterator[Sequence[str]]:
    """Lines of the ledger as cells, times by the agency's wall clock."""
    for one in rows:
        times = (local_text(moment, zone) if moment else "" for moment in (one.since, one.until, one.due))
        yield (one.recorder, one.officer, *times, one.lender or "", one.note, one.return_note or "")
