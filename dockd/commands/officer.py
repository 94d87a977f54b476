"""`dockd officer`: the officers, and how many of them have a recorder that works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from catalog.errors import NotFound
from catalog.people.access import Act
from catalog.people.events import OfficerChanged, OfficerRegistered
from catalog.people.queries import all_departments, find_officer, tree_of, with_working_recorder
from catalog.people.rate import Rate, rates

from ..assembly import reading
from ..errors import NotFitting
from ..exits import Exit
from ..i18n import _
from ..people.acting import require
from ..people.peopling import Shown, known_department, record, say
from ..showing import echo_csv, echo_json
from ..wide import padded
from .options import CSV, JSON

# Who lacks a recorder, in one line; --json names all.
_SHOWN = 5


@click.group(help=_("Officers: who they are, and how many of them have a recorder that works."))
def officer() -> None:
    """The group."""


@officer.command("list", help=_("List officers by number. The number is the one that recorders and files name."))
@click.option("--department", help=_("Only this department."))
@JSON
@CSV
@click.pass_obj
def list_officers(home: str | None, department: str | None, as_json: bool, as_csv: bool) -> int:
    """Print officers."""
    with reading(home) as opened:
        found = list(Shown(opened).officers(known_department(opened, department) if department else None))
    if as_json:
        echo_json([asdict(one) for one in found])
    elif as_csv:
        echo_csv(["number", "name", "department", "active"], (asdict(one) for one in found))
    else:
        left = "  " + _("(left)")
        say(
            (f"{one.number:<12} {padded(one.name, 12)} {one.department}{'' if one.active else left}" for one in found),
            _("no officers yet; `dockd officer add` or `dockd people import` adds them"),
        )
    return Exit.OK


@officer.command(
    "add",
    help=_(
        "Add an officer under the number that recorders and files name.\n\n"
        "\b\n"
        "  dockd officer add 100234 --name 李明 --department 城关中队"
    ),
)
@click.argument("number")
@click.option("--name", required=True, help=_("The officer's name."))
@click.option("--department", required=True, help=_("The officer's department."))
@click.pass_obj
def add(home: str | None, number: str, name: str, department: str) -> int:
    """Register an officer."""
    with reading(home) as opened:
        belongs = known_department(opened, department)
        require(opened, Act.MANAGE_PEOPLE, belongs)
        try:
            find_officer(opened.station.catalog, number)
        except NotFound:
            record(opened, [OfficerRegistered(number, name, belongs)])
        else:
            raise NotFitting("officer-there", officer=number)
    click.echo(_("officer {number} added: {name}").format(number=number, name=name))
    return Exit.OK


@officer.command(
    "change",
    help=_(
        "Give an officer another name or department, or note that he left. His recordings stay his.\n\n"
        "\b\n"
        "  dockd officer change 100234 --department 城南中队\n"
        "  dockd officer change 100234 --left"
    ),
)
@click.argument("number")
@click.option("--name", help=_("The officer's name."))
@click.option("--department", help=_("The officer's department."))
@click.option("--left/--back", "left", default=None, help=_("He left, or is back."))
@click.pass_obj
def change(home: str | None, number: str, name: str | None, department: str | None, left: bool | None) -> int:
    """Change an officer."""
    with reading(home) as opened:
        before = find_officer(opened.station.catalog, number)
        require(opened, Act.MANAGE_PEOPLE, before.department)
        belongs = known_department(opened, department) if department else before.department
        if belongs != before.department:
            require(opened, Act.MANAGE_PEOPLE, belongs)
        active = before.active if left is None else not left
        record(opened, [OfficerChanged(number, name or before.name, belongs, active)])
    click.echo(_("officer {number} changed").format(number=number))
    return Exit.OK


@officer.command(
    "rate",
    help=_(
        "Equipment rate: the share of officers who have a recorder that works, by department, those below it included. "
        "A recorder works when the register has it in service and its last docking found it fit for duty.\n\n"
        "\b\n"
        "  dockd officer rate\n"
        "  dockd officer rate --csv > rate.csv"
    ),
)
@JSON
@CSV
@click.pass_obj
def rate(home: str | None, as_json: bool, as_csv: bool) -> int:
    """Print rates, and who lacks a recorder."""
    with reading(home) as opened:
        shown = Shown(opened, Act.REPORT)
        catalog = opened.station.catalog
        names = {one.id: one.name for one in all_departments(catalog)}
        equipped = with_working_recorder(catalog, opened.station.clock())
        found = [
            one
            for one in rates(shown.officers(), equipped, tree_of(catalog))
            if one.department is None or shown.covers(one.department)
        ]
    rows = [_row(one, names) for one in found]
    if as_json:
        echo_json(rows)
    elif as_csv:
        echo_csv(list(rows[0]) if rows else [], ({**row, "without": " ".join(row["without"])} for row in rows))
    else:
        say((_line(one, names) for one in found), _("no officers yet"))
    return Exit.OK


def _row(one: Rate, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "department": one.department,
        "name": names.get(one.department or "", one.department),
        "officers": one.officers,
        "equipped": one.equipped,
        "percent": one.per_mille / 10,
        "without": list(one.without),
    }


def _line(one: Rate, names: Mapping[str, str]) -> str:
    name = _("all") if one.department is None else names.get(one.department, one.department)
    line = f"{padded(name, 24)} {one.equipped:5d} / {one.officers:<5d} {one.per_mille / 10:5.1f} %"
    if one.without and one.department is not None:
        few = ", ".join(one.without[:_SHOWN]) + (" …" if len(one.without) > _SHOWN else "")
        line += "  " + _("without: {officers}").format(officers=few)
    return line
