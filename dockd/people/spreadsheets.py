"""CSV files and workbooks ⇄ sheets, as agencies have them: any of the encodings that Excel and WPS write."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from typing import Any

from catalog.people.cells import Cell, Row, Sheet

from ..errors import SheetUnreadable

WORKBOOK = ".xlsx"
TEXT = ".csv"
# Ten thousand officers with their recorders take two; more than this is no list of an agency's people.
LARGEST_BYTES = 50 * 1024 * 1024
LARGEST_ROWS = 200_000
# GB 18030 takes almost any bytes, so it comes last; a byte order mark says which of the others it is.
_ENCODINGS = ("utf-8-sig", "gb18030")
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_sheets_of(path: str) -> list[Sheet]:
    """All sheets of a workbook, or a CSV file as one, with the lines people see. Raises SheetUnreadable."""
    try:
        if os.path.getsize(path) > LARGEST_BYTES:
            raise SheetUnreadable(path, "too-large")
        return _workbook(path) if path.lower().endswith((WORKBOOK, ".xlsm")) else [_text(path)]
    except OSError as error:
        raise SheetUnreadable(path, "unreadable", error) from error


def _text(path: str) -> Sheet:
    with open(path, "rb") as file:
        data = file.read()
    text = _decoded(path, data)
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [Row(reader.line_num, tuple(cells)) for cells in reader]
    except csv.Error as error:
        raise SheetUnreadable(path, "no-table", error) from error
    return _sheet(path, os.path.basename(path), rows)


def _decoded(path: str, data: bytes) -> str:
    marked = _MARKS.get(data[:2])
    for encoding in (marked,) if marked else _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetUnreadable(path, "no-text")


def _workbook(path: str) -> list[Sheet]:
    # Half a second that nobody pays who imports nothing.
    import zipfile
    from xml.etree.ElementTree import ParseError

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError) as error:
        raise SheetUnreadable(path, "no-workbook", error) from error
    try:
        found = []
        for sheet in book.worksheets:
            # What a sheet says of its own size may be wrong; read what is there.
            sheet.reset_dimensions()
            rows = []
            for line, cells in enumerate(sheet.iter_rows(), start=1):
                if line > LARGEST_ROWS:
                    raise SheetUnreadable(path, "too-large")
                rows.append(Row(line, tuple(_cell(cell) for cell in cells)))
            found.append(_sheet(path, sheet.title, rows))
        return found
    except (ParseError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise SheetUnreadable(path, "no-workbook", error) from error
    finally:
        book.close()


def _cell(cell: Any) -> Cell:
    """A cell's value; a number that is shown with noughts in front is text that Excel took for a number."""
    value: Cell = cell.value
    if isinstance(value, int) and not isinstance(value, bool) and set(cell.number_format) == {"0"}:
        return str(value).zfill(len(cell.number_format))
    if value is None or isinstance(value, str | int | float | bool) or hasattr(value, "isoformat"):
        return value
    return str(value)


def _sheet(path: str, name: str, rows: Sequence[Row]) -> Sheet:
    if len(rows) > LARGEST_ROWS:
        raise SheetUnreadable(path, "too-large")
    return Sheet(name, tuple(rows))


def write_workbook(path: str, sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[str]]]]) -> None:
    """A new workbook of text cells: name, headings and rows of each sheet. Raises OSError; never replaces a file."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for name, headings, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row in (headings, *rows):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value=value or None)
                if value:
                    # As text whatever it looks like: no formula, and no number that loses its noughts.
                    cell.data_type = "s"
                    cell.number_format = "@"
                cells.append(cell)
            sheet.append(cells)
    with open(path, "xb") as file:
        book.save(file)


def write_text(path: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A new CSV file, UTF-8 with the mark by which Excel knows it (RFC 4180). Raises OSError; never replaces a file."""
    with open(path, "x", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        writer.writerows(rows)
