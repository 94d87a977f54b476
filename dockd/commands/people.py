"""`dockd people`: departments, officers, recorders and the ledger from a spreadsheet, and into one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from catalog.people import exporting
from catalog.people.access import Act
from catalog.people.exporting import TITLES_CHINESE, Table
from catalog.people.fault_queries import faults_of
from catalog.people.importing import Known, Plan, plan
from catalog.people.queries import all_departments, all_officers, all_registered, ledger_lines
from catalog.people.wanted import Wanted, read_sheets

from ..assembly import Opened, reading
from ..errors import HomeFault, NotFitting, SheetFaults
from ..exits import Exit
from ..i18n import CHINESE, _, language, ngettext
from ..people.acting import require_reach
from ..people.peopling import TIME_FORMATS, Shown, given, now, record
from ..people.spreadsheets import TEXT, read_sheets_of, write_text, write_workbook
from ..showing import echo_json
from .options import JSON


@click.group(help=_("Departments, officers, recorders and the ledger from a spreadsheet, and into one."))
def people() -> None:
    """The group."""


# --------------------------------------------------------------------------------------------------------- import


@people.command(
    "import",
    help=_(
        "Take over departments, officers, recorders and the ledger from an .xlsx workbook or a .csv file (UTF-8 or "
        "GB 18030). Headings may be Chinese or English, in any order, under a title: docs/people.md lists them.\n\n"
        "Everything is taken over or nothing: a file with faults changes nothing, and every fault is told with its "
        "line. Who is not in the file stays as he is.\n\n"
        "\b\nExamples:\n"
        "  dockd people import 执法记录仪台账.xlsx --dry-run\n"
        "  dockd people import officers.csv"
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--dry-run", is_flag=True, help=_("Only say what would change, and every fault."))
@click.option(
    "--issued",
    type=click.DateTime(TIME_FORMATS),
    help=_("Day of issue of recorders for which the sheet names an officer and no day."),
)
@JSON
@click.pass_obj
def import_people(home: str | None, file: str, dry_run: bool, issued: datetime | None, as_json: bool) -> int:
    """Import a spreadsheet."""
    with reading(home) as opened:
        people_reach = require_reach(opened, Act.MANAGE_PEOPLE)
        ledger_reach = None
        wanted = read_sheets(read_sheets_of(file), opened.station.zone, given(opened, issued))
        if wanted.issues:
            ledger_reach = require_reach(opened, Act.KEEP_LEDGER)
        made = plan(
            wanted,
            _known(opened),
            now=now(opened),
            zone=opened.station.zone,
            may=lambda department: people_reach.why_not(department, None) is None,
            may_issue=lambda department: ledger_reach is not None and ledger_reach.why_not(department, None) is None,
        )
        _tell_ignored(wanted)
        if made.faults:
            raise SheetFaults(file, made.faults)
        if made.events and not dry_run:
            record(opened, made.events)
    if as_json:
        echo_json({"dry_run": dry_run, "counts": _counts(made), "ignored": [list(one) for one in wanted.ignored]})
    else:
        _tell(made, wanted, dry_run=dry_run)
    return Exit.OK


def _known(opened: Opened) -> Known:
    catalog = opened.station.catalog
    return Known(
        {one.id: one for one in all_departments(catalog)},
        {one.number: one for one in all_officers(catalog)},
        {one.recorder: one for one in all_registered(catalog)},
        list(ledger_lines(catalog, withdrawn=True)),
        frozenset(one.recorder for one in faults_of(catalog)),
    )


def _counts(made: Plan) -> dict[str, dict[str, int]]:
    return {what: dict(zip(("new", "changed", "unchanged"), how, strict=True)) for what, how in made.counts.items()}


def _tell_ignored(wanted: Wanted) -> None:
    for sheet, heading in wanted.ignored:
        click.echo(_("{sheet}: column {heading} is not read").format(sheet=sheet, heading=heading), err=True)


def _tell(made: Plan, wanted: Wanted, *, dry_run: bool) -> None:
    titles = {
        "departments": _("departments"),
        "officers": _("officers"),
        "recorders": _("recorders"),
        "ledger": _("lines of the ledger"),
    }
    for what, (new, changed, unchanged) in made.counts.items():
        click.echo(
            _("{what}: {new} new, {changed} changed, {unchanged} as they are").format(
                what=titles[what], new=new, changed=changed, unchanged=unchanged
            )
        )
    if wanted.undated:
        told = ngettext(
            "{n} row names a recorder and its officer but no day: --issued DAY puts it into the ledger",
            "{n} rows name a recorder and its officer but no day: --issued DAY puts them into the ledger",
            wanted.undated,
        )
        click.echo(told.format(n=wanted.undated), err=True)
    if dry_run:
        click.echo(_("no faults; nothing was taken over, this was a dry run"))


# --------------------------------------------------------------------------------------------------------- export


@people.command(
    "export",
    help=_(
        "Write departments, officers, recorders and the ledger into a workbook, or one of them into a CSV file. "
        "`dockd people import` reads it back without a change.\n\n"
        "\b\nExamples:\n"
        "  dockd people export 台账.xlsx\n"
        "  dockd people export officers.csv --only officers"
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--only", type=click.Choice([table.value for table in Table]), help=_("Only this table."))
@click.pass_obj
def export_people(home: str | None, file: str, only: str | None) -> int:
    """Export to a spreadsheet."""
    if os.path.lexists(file):
        raise NotFitting("file-there", path=file)
    text = file.lower().endswith(TEXT)
    if text and only is None:
        raise NotFitting("one-table")
    with reading(home) as opened:
        chinese = language() == CHINESE
        tables = [Table(only)] if only else list(Table)
        shown = Shown(opened)
        try:
            if text:
                write_text(
                    file, exporting.headings(tables[0], chinese=chinese), _rows(opened, shown, tables[0], chinese)
                )
            else:
                write_workbook(
                    file,
                    (
                        (
                            TITLES_CHINESE[table] if chinese else table.value,
                            exporting.headings(table, chinese=chinese),
                            _rows(opened, shown, table, chinese),
                        )
                        for table in tables
                    ),
                )
        except OSError as error:
            raise HomeFault(file, "write", error) from error
    click.echo(_("written: {path}").format(path=file))
    return Exit.OK


def _rows(opened: Opened, shown: Shown, table: Table, chinese: bool) -> Iterable[Sequence[str]]:
    match table:
        case Table.DEPARTMENTS:
            return exporting.department_rows(shown.departments(), chinese=chinese)
        case Table.OFFICERS:
            return exporting.officer_rows(shown.officers(), chinese=chinese)
        case Table.RECORDERS:
            return exporting.recorder_rows(shown.recorders())
        case Table.LEDGER:
            return exporting.ledger_rows(shown.lines(), opened.station.zone)
