"""Sheets → what their rows want to be so, each with its line; every fault that a row has by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from .cells import Cell, CellFault, Row, Sheet, Trouble, code, folded, moment, words
from .headings import ACTIVE, STATES, Field, headings_of
from .model import IN_SERVICE

Value = TypeVar("Value", bool, str)
Made = TypeVar("Made")

# A title and a few lines of explanation may stand above the headings.
_LOOKED_AT = 15


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, and where: `column` is empty for a row as a whole, `line` 0 for a sheet."""

    sheet: str
    line: int
    column: str
    trouble: Trouble
    found: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value came from."""

    sheet: str
    line: int

    def fault(self, column: Field | None, trouble: Trouble, found: str = "") -> Fault:
        """A fault of this row."""
        return Fault(self.sheet, self.line, column.value if column else "", trouble, found)


@dataclass(frozen=True, slots=True)
class WantedDepartment:
    """A department; `parent` is a name or an id. Without an id of its own it has that of its name."""

    place: Place
    id: str | None
    name: str
    parent: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class WantedOfficer:
    """An officer; `department` is a name or an id, and `alone` says that the sheet lists officers and nothing else."""

    place: Place
    number: str
    name: str
    department: str
    active: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class WantedRecorder:
    """A recorder; None where the sheet has no such column: it then stays as it is."""

    place: Place
    recorder: str
    department: str
    model: str | None
    serial: str | None
    state: str | None
    note: str | None
    alone: bool


@dataclass(frozen=True, slots=True)
class WantedIssue:
    """A line of the ledger, times in UTC."""

    place: Place
    recorder: str
    officer: str
    since: datetime
    until: datetime | None
    due: datetime | None
    lender: str | None
    note: str
    return_note: str


@dataclass(slots=True)
class Wanted:
    """All that a file wants, in its order.

    `ignored` are headings that say nothing to us, by sheet; `undated` is how many rows name a recorder and who has it,
    in a sheet that says of none since when.
    """

    departments: list[WantedDepartment] = field(default_factory=list)
    officers: list[WantedOfficer] = field(default_factory=list)
    recorders: list[WantedRecorder] = field(default_factory=list)
    issues: list[WantedIssue] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    undated: int = 0


def read_sheets(sheets: Sequence[Sheet], zone: ZoneInfo, issued: datetime | None = None) -> Wanted:
    """What the sheets want. A sheet without headings that we know is a fault, an empty one is not.

    `issued` stands for the day of issue where a sheet has none.
    """
    wanted = Wanted()
    for sheet in sheets:
        if not any(_filled(row) for row in sheet.rows):
            continue
        _read(sheet, zone, issued, wanted)
    if not any(_filled(row) for sheet in sheets for row in sheet.rows):
        wanted.faults.append(Fault(sheets[0].name if sheets else "", 0, "", Trouble.EMPTY))
    return wanted


def _read(sheet: Sheet, zone: ZoneInfo, issued: datetime | None, wanted: Wanted) -> None:
    rows = iter(sheet.rows)
    columns: dict[Field, int] | None = None
    for seen, row in enumerate(rows):
        found = headings_of(row.cells) if seen < _LOOKED_AT else None
        if found is not None:
            columns, strange = found
            wanted.ignored += [(sheet.name, heading) for heading in strange]
            break
    if columns is None or not columns.keys() & {Field.DEPARTMENT, Field.DEPARTMENT_ID, Field.OFFICER, Field.RECORDER}:
        wanted.faults.append(Fault(sheet.name, 0, "", Trouble.NO_HEADER))
        return
    for row in rows:
        if _filled(row) and headings_of(row.cells) is None:
            _Reading(sheet.name, row, columns, zone, issued, wanted).take()


def _filled(row: Row) -> bool:
    return any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in row.cells)


class _Reading:
    """One row, by the columns of its sheet."""

    def __init__(
        self,
        sheet: str,
        row: Row,
        columns: dict[Field, int],
        zone: ZoneInfo,
        issued: datetime | None,
        wanted: Wanted,
    ) -> None:
        self._place = Place(sheet, row.line)
        self._row = row
        self._columns = columns
        self._zone = zone
        self._issued = issued
        self._wanted = wanted

    def take(self) -> None:
        """Add what the row wants, as far as its columns say, and its faults: what is wrong with a line of the ledger
        hides nothing that is wrong with its officer.
        """
        has = self._columns.keys()
        if not has & {Field.OFFICER, Field.RECORDER}:
            self._add(self._wanted.departments, self._department)
        # A ledger that says of nobody where he belongs only names who is known.
        placed = bool(has & {Field.DEPARTMENT, Field.DEPARTMENT_ID})
        if placed and Field.OFFICER in has and Field.NAME in has and self._has(Field.OFFICER, Field.NAME):
            self._add(self._wanted.officers, self._officer)
        if placed and Field.RECORDER in has and self._has(Field.RECORDER):
            self._add(self._wanted.recorders, self._recorder)
        if has >= {Field.RECORDER, Field.OFFICER}:
            both = self._has(Field.RECORDER) and self._has(Field.OFFICER)
            if both and Field.SINCE not in has and self._issued is None:
                self._wanted.undated += 1
            elif both or self._has(Field.SINCE, Field.UNTIL):
                self._add(self._wanted.issues, self._issue)

    def _add(self, to: list[Made], make: Callable[[], Made | None]) -> None:
        """Add what is made, unless it has faults."""
        before = len(self._wanted.faults)
        made = make()
        if made is not None and len(self._wanted.faults) == before:
            to.append(made)

    def _department(self) -> WantedDepartment:
        name = self._words(Field.DEPARTMENT) or self._words(Field.DEPARTMENT_ID)
        if not name:
            self._fault(Field.DEPARTMENT, Trouble.MISSING)
        return WantedDepartment(
            self._place,
            self._words(Field.DEPARTMENT_ID) or None,
            name,
            self._words(Field.PARENT) or None,
            self._choice(Field.ACTIVE, ACTIVE, True),
        )

    def _officer(self) -> WantedOfficer:
        alone = Field.RECORDER not in self._columns
        return WantedOfficer(
            self._place,
            self._needed(Field.OFFICER),
            self._words(Field.NAME) or self._missing(Field.NAME),
            self._of_department(),
            self._choice(Field.ACTIVE, ACTIVE, True),
            alone,
        )

    def _recorder(self) -> WantedRecorder:
        has = self._columns.keys()
        in_ledger = Field.SINCE in has
        return WantedRecorder(
            self._place,
            self._needed(Field.RECORDER),
            self._of_department(),
            self._words(Field.MODEL) if Field.MODEL in has else None,
            self._code(Field.SERIAL) if Field.SERIAL in has else None,
            self._choice(Field.STATE, STATES, IN_SERVICE) if Field.STATE in has else None,
            self._words(Field.NOTE) if Field.NOTE in has and not in_ledger else None,
            not in_ledger and Field.OFFICER not in has,
        )

    def _issue(self) -> WantedIssue | None:
        since, until = self._moment(Field.SINCE), self._moment(Field.UNTIL, ends=True)
        if since is None and not self._has(Field.SINCE):
            since = self._issued
        recorder, officer = self._needed(Field.RECORDER), self._needed(Field.OFFICER)
        if since is None:
            if not self._has(Field.SINCE):
                self._missing(Field.SINCE)
            return None
        if until is not None and until <= since:
            self._fault(Field.UNTIL, Trouble.ENDS_BEFORE)
        return WantedIssue(
            self._place,
            recorder,
            officer,
            since,
            until,
            self._moment(Field.DUE, ends=True),
            self._code(Field.LENDER) or None,
            self._words(Field.NOTE),
            self._words(Field.RETURN_NOTE),
        )

    # ------------------------------------------------------------------------------------------------- cells

    def _cell(self, column: Field) -> Cell:
        place = self._columns.get(column)
        return self._row.cells[place] if place is not None and place < len(self._row.cells) else None

    def _has(self, *columns: Field) -> bool:
        return any(self._cell(column) not in (None, "") for column in columns)

    def _fault(self, column: Field, trouble: Trouble, found: str = "") -> None:
        self._wanted.faults.append(self._place.fault(column, trouble, found))

    def _missing(self, column: Field) -> str:
        self._fault(column, Trouble.MISSING)
        return ""

    def _words(self, column: Field) -> str:
        try:
            return words(self._cell(column))
        except CellFault as fault:
            self._fault(column, fault.trouble, fault.found)
            return "?"

    def _code(self, column: Field) -> str:
        try:
            return code(self._cell(column))
        except CellFault as fault:
            self._fault(column, fault.trouble, fault.found)
            return "?"

    def _needed(self, column: Field) -> str:
        return self._code(column) or self._missing(column)

    def _of_department(self) -> str:
        column = Field.DEPARTMENT_ID if Field.DEPARTMENT_ID in self._columns else Field.DEPARTMENT
        return self._words(column) or self._missing(column)

    def _moment(self, column: Field, *, ends: bool = False) -> datetime | None:
        try:
            return moment(self._cell(column), self._zone, ends=ends)
        except (CellFault, OverflowError) as fault:
            found = fault.found if isinstance(fault, CellFault) else str(self._cell(column))
            self._fault(column, Trouble.BAD_DATE, found)
            return None

    def _choice(self, column: Field, choices: dict[str, Value], default: Value) -> Value:
        said = folded(self._words(column))
        if said and said not in choices:
            self._fault(column, Trouble.BAD_CHOICE, said)
        return choices.get(said, default)
