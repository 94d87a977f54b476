"""Cells of an agency's spreadsheet → values: full-width digits, spaces inside names, dates in every form people use."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

Cell = str | int | float | bool | datetime | date | time | None


class Trouble(StrEnum):
    """What can be wrong in a spreadsheet. `dockd.people.sheet_words` says it to people."""

    NO_HEADER = "no-header"
    EMPTY = "empty"
    MISSING = "missing"
    IS_A_DATE = "is-a-date"
    LOST_DIGITS = "lost-digits"
    BAD_DATE = "bad-date"
    FUTURE = "future"
    BAD_CHOICE = "bad-choice"
    UNPRINTABLE = "unprintable"
    TWICE = "twice"
    CONTRADICTS = "contradicts"
    UNKNOWN_DEPARTMENT = "unknown-department"
    AMBIGUOUS_DEPARTMENT = "ambiguous-department"
    UNKNOWN_OFFICER = "unknown-officer"
    UNKNOWN_RECORDER = "unknown-recorder"
    CIRCLE = "circle"
    ENDS_BEFORE = "ends-before"
    OVERLAPS = "overlaps"
    ON_RECORD = "on-record"
    FAULT_OPEN = "fault-open"
    NOT_HIS = "not-his"


class CellFault(ValueError):
    """A cell cannot be read; `found` is what stands in it."""

    def __init__(self, trouble: Trouble, found: str) -> None:
        super().__init__(trouble.value, found)
        self.trouble = trouble
        self.found = found


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its line in the file, counted from 1."""

    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, or a CSV file, as it was read."""

    name: str
    rows: tuple[Row, ...]


# Days are counted from here in a workbook; 1900 was no leap year, which Excel does not know (ECMA-376 part 1,
# 18.17.4.1).
_EXCEL_ZERO = datetime(1899, 12, 30)
# 1954 to 2119: a number that stands where a date should.
_EXCEL_DAYS = range(20_000, 80_000)
_EXACT = 2**53
_CJK = r"[\u3400-\u9fff\uf900-\ufaff]"
_SPACE_WITHIN_NAME = re.compile(rf"(?<={_CJK})\s+(?={_CJK})")
_DATE = re.compile(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?(?:[ T]*(.*))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ T]*(.*))?")
_TIME = re.compile(r"(\d{1,2})[:时](\d{1,2})分?(?::?(\d{1,2})秒?)?")


def folded(text: str) -> str:
    """A text for comparing: without width, case, spaces and signs around it."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold().strip("*:")


def words(cell: Cell) -> str:
    """A name or a note: spaces collapsed, `张　三` without the one that only fills a column. Raises CellFault."""
    text = _SPACE_WITHIN_NAME.sub("", " ".join(_plain(cell).split()))
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Co", "Cn") for sign in text):
        raise CellFault(Trouble.UNPRINTABLE, repr(text))
    return text


def code(cell: Cell) -> str:
    """A number that names something: digits and letters of half width, no spaces. Raises CellFault."""
    if isinstance(cell, datetime | date | time):
        raise CellFault(Trouble.IS_A_DATE, cell.isoformat())
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", words(cell)))


def moment(cell: Cell, zone: ZoneInfo, *, ends: bool = False) -> datetime | None:
    """A time in UTC from the agency's wall clock; None for an empty cell. A day alone is its beginning, or where it
    `ends` something the end of the day. Raises CellFault.
    """
    local = _local(cell, ends=ends)
    return None if local is None else local.replace(tzinfo=zone).astimezone(UTC)


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """A time as `moment` reads it back."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        if not cell.is_integer():
            return repr(cell)
        cell = int(cell)
    if isinstance(cell, int):
        if abs(cell) >= _EXACT:
            raise CellFault(Trouble.LOST_DIGITS, str(cell))
        return str(cell)
    # What copying from web pages leaves: zero-width signs and byte order marks.
    return re.sub("[\u200b-\u200f\u2060\ufeff]", "", cell) if isinstance(cell, str) else cell.isoformat()


def _local(cell: Cell, *, ends: bool) -> datetime | None:
    day_end = timedelta(days=1) if ends else timedelta(0)
    if isinstance(cell, datetime):
        # A workbook keeps a day as its midnight.
        whole_day = cell.time() == time(0)
        return cell.replace(microsecond=0, tzinfo=None) + (day_end if whole_day else timedelta(0))
    if isinstance(cell, date):
        return datetime.combine(cell, time(0)) + day_end
    if isinstance(cell, int | float) and not isinstance(cell, bool) and int(cell) in _EXCEL_DAYS:
        at = _EXCEL_ZERO + timedelta(seconds=round(cell * 86_400))
        return at + (day_end if at.time() == time(0) else timedelta(0))
    text = unicodedata.normalize("NFKC", _plain(cell)).strip()
    if not text:
        return None
    found = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        day = datetime(int(found[1]), int(found[2]), int(found[3]))
        if not (found[4] or "").strip():
            return day + day_end
        clock = _TIME.fullmatch(found[4].strip())
        if clock is None:
            raise ValueError(text)
        return day.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0))
    except ValueError as error:
        raise CellFault(Trouble.BAD_DATE, text) from error
