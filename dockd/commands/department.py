"""`dockd department`: the tree of departments."""

from __future__ import annotations

from dataclasses import asdict

import click

from catalog.people.access import Act
from catalog.people.events import DepartmentChanged, DepartmentRegistered
from catalog.people.tree import Tree

from ..assembly import reading
from ..errors import NotFitting
from ..exits import Exit
from ..i18n import _
from ..people.acting import require
from ..people.peopling import Shown, departments_by_id, known_department, record, say
from ..showing import echo_json
from .options import JSON


@click.group(help=_("Departments: the tree by which recordings are filed and rights are given."))
def department() -> None:
    """The group."""


@department.command("list", help=_("List departments as a tree; closed ones are marked."))
@JSON
@click.pass_obj
def list_departments(home: str | None, as_json: bool) -> int:
    """Print the tree."""
    with reading(home) as opened:
        shown = {one.id: one for one in Shown(opened).departments()}
    tree = Tree({one.id: one.parent for one in shown.values()})
    order = [shown[key] for key in tree.in_order()]
    if as_json:
        echo_json([asdict(one) for one in order])
        return Exit.OK
    closed = "  " + _("(closed)")
    say(
        (
            "  " * len([above for above in tree.above(one.id) if above in shown])
            + (one.id if one.id == one.name else f"{one.id}  {one.name}")
            + ("" if one.active else closed)
            for one in order
        ),
        _("no departments yet; `dockd department add` or `dockd people import` adds them"),
    )
    return Exit.OK


@department.command(
    "add",
    help=_(
        "Add a department. ID is what recordings are filed under and never changes; people may call it otherwise.\n\n"
        "\b\nExamples:\n"
        "  dockd department add 局\n"
        "  dockd department add 中队 --parent 局"
    ),
)
@click.argument("department_id", metavar="ID")
@click.option("--name", help=_("What people call it; default: ID."))
@click.option("--parent", help=_("The department above it."))
@click.pass_obj
def add(home: str | None, department_id: str, name: str | None, parent: str | None) -> int:
    """Register a department."""
    with reading(home) as opened:
        above = known_department(opened, parent) if parent else None
        require(opened, Act.MANAGE_PEOPLE, above)
        if department_id in departments_by_id(opened):
            raise NotFitting("department-there", department=department_id)
        record(opened, [DepartmentRegistered(department_id, name or department_id, above)])
    click.echo(_("department {name} added").format(name=name or department_id))
    return Exit.OK


@department.command(
    "change",
    help=_(
        "Give a department another name or place in the tree, or close it. What it recorded stays under its ID.\n\n"
        "\b\nExamples:\n"
        "  dockd department change 中队 --name 城关中队\n"
        "  dockd department change 局 --close"
    ),
)
@click.argument("department_id", metavar="ID")
@click.option("--name", help=_("What people call it."))
@click.option("--parent", help=_("The department above it; empty: none."))
@click.option("--close/--open", "close", default=None, help=_("Close it, or open it again."))
@click.pass_obj
def change(home: str | None, department_id: str, name: str | None, parent: str | None, close: bool | None) -> int:
    """Change a department."""
    with reading(home) as opened:
        there = departments_by_id(opened)
        before = there[known_department(opened, department_id)]
        require(opened, Act.MANAGE_PEOPLE, before.id)
        above = before.parent if parent is None else (known_department(opened, parent) if parent else None)
        if above != before.parent:
            require(opened, Act.MANAGE_PEOPLE, above)
        if Tree({**{one.id: one.parent for one in there.values()}, before.id: above}).circles():
            raise NotFitting("circle", department=before.id)
        active = before.active if close is None else not close
        record(opened, [DepartmentChanged(before.id, name or before.name, above, active)])
    click.echo(_("department {name} changed").format(name=name or before.name))
    return Exit.OK
