"""`dockd recorder fault`: the register of faults – stop use, report, inspect, send to the maker, back in service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from catalog.people.access import Act
from catalog.people.fault_queries import faults_of, find_fault
from catalog.people.model import RecorderFault
from catalog.people.queries import registered

from .. import recorder_faults as acts
from ..assembly import Opened, reading
from ..exits import Exit
from ..fault_words import STATES, WHAT
from ..i18n import _
from ..people.acting import require
from ..people.peopling import Shown, say
from ..showing import echo_csv, echo_json, local_text
from ..wide import padded
from .options import CSV, JSON, WORDS

COLUMNS = (
    *("id", "recorder", "department", "what", "state", "text", "holder", "reported_by", "reported_at"),
    *("inspected_by", "inspected_at", "finding", "private_repair", "sent_to", "sent_by", "sent_at", "sent_note"),
    *("ended_by", "ended_at", "ended_note"),
)

_FAULT = click.argument("name", metavar="RECORDER|FAULT")


@click.group(
    help=_(
        "Faults, damage and loss of recorders. From the report on a recorder is out of service: it cannot be "
        "issued, and is not fit for duty when it is docked. It comes back once it was inspected and "
        "found sound, or sent to its maker. An open fault is named by its recorder, an older one by its id."
    )
)
def fault() -> None:
    """The group."""


@fault.command(
    "report",
    help=_(
        "Report that a recorder fails or was damaged, and take it out of service. An officer reports what he has by "
        "the ledger, the recorder manager what is his department's.\n\n"
        "\b\n"
        "  dockd recorder fault report 4410023 --what 开机黑屏\n"
        "  dockd recorder fault report 4410023 --what 镜头碎裂 --damage"
    ),
)
@click.argument("recorder")
@click.option("--what", required=True, type=WORDS, help=_("What is wrong, in a few words."))
@click.option("--damage", is_flag=True, help=_("It was damaged: who wears it answers for it."))
@click.pass_obj
def report(home: str | None, recorder: str, what: str, damage: bool) -> int:
    """Report a fault."""
    with reading(home) as opened:
        new = acts.report(opened, recorder, what, damage=damage)
    click.echo(_("{recorder} is out of service: fault {fault}").format(recorder=recorder, fault=new))
    return Exit.OK


@fault.command("lost", help=_("Report that a recorder is missing, with all that is on it."))
@click.argument("recorder")
@click.option("--what", required=True, type=WORDS, help=_("When and where it was lost, in a few words."))
@click.pass_obj
def lost(home: str | None, recorder: str, what: str) -> int:
    """Report a loss."""
    with reading(home) as opened:
        new = acts.lost(opened, recorder, what)
    click.echo(_("{recorder} is lost: fault {fault}").format(recorder=recorder, fault=new))
    return Exit.OK


@fault.command(
    "inspect",
    help=_(
        "Write down what an inspection found: the recorder is faulty and goes to the maker, or with --sound it works "
        "after all. What shows that somebody repaired it who may not is told by --private-repair.\n\n"
        "\b\n"
        "  dockd recorder fault inspect 4410023 --found 屏幕排线断裂\n"
        "  dockd recorder fault inspect 4410023 --found 封条被撕 --private-repair 外壳螺丝有拆痕"
    ),
)
@_FAULT
@click.option("--found", required=True, type=WORDS, help=_("What was found, in a few words."))
@click.option("--sound", is_flag=True, help=_("It works."))
@click.option("--private-repair", type=WORDS, help=_("What shows that it was taken apart by somebody who may not."))
@click.pass_obj
def inspect(home: str | None, name: str, found: str, sound: bool, private_repair: str | None) -> int:
    """Inspect a recorder."""
    with reading(home) as opened:
        done = acts.inspect(opened, name, found, sound=sound, private_repair=private_repair)
    click.echo(_("{recorder} was inspected").format(recorder=done.recorder))
    return Exit.OK


@fault.command(
    "send", help=_("Write down that an inspected recorder went to its maker, or to whom the maker authorised.")
)
@_FAULT
@click.option("--to", required=True, type=WORDS, help=_("The maker, or the workshop that it has authorised."))
@click.option("--note", default="", help=_("A few words, for example the number of the repair."))
@click.pass_obj
def send(home: str | None, name: str, to: str, note: str) -> int:
    """Send to the maker."""
    with reading(home) as opened:
        done = acts.send(opened, name, to, note)
    click.echo(_("{recorder} is with {maker}").format(recorder=done.recorder, maker=to))
    return Exit.OK


@fault.command("return", help=_("Put a recorder back into service: it was found sound, or came back from the maker."))
@_FAULT
@click.option("--note", default="", help=_("What was done, in a few words."))
@click.pass_obj
def give_back(home: str | None, name: str, note: str) -> int:
    """Back in service."""
    with reading(home) as opened:
        done = acts.give_back(opened, name, note)
    click.echo(_("{recorder} is in service again").format(recorder=done.recorder))
    return Exit.OK


@fault.command("scrap", help=_("Take a recorder out of service for good."))
@_FAULT
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.pass_obj
def scrap(home: str | None, name: str, reason: str) -> int:
    """Scrap a recorder."""
    with reading(home) as opened:
        done = acts.scrap(opened, name, reason)
    click.echo(_("{recorder} will not be in service again").format(recorder=done.recorder))
    return Exit.OK


@fault.command("list", help=_("List faults in the order they were reported; those that are over only with --all."))
@click.option("--all", "ended", is_flag=True, help=_("Also those that are over."))
@click.option("--recorder", help=_("Only this recorder."))
@JSON
@CSV
@click.pass_obj
def list_faults(home: str | None, ended: bool, recorder: str | None, as_json: bool, as_csv: bool) -> int:
    """Print the register of faults."""
    with reading(home) as opened:
        shown = Shown(opened)
        of = {one.recorder: one.department for one in shown.recorders()}
        found = faults_of(opened.station.catalog, recorder=recorder, ended=ended)
        rows = [
            (one, of.get(one.recorder))
            for one in found
            if one.recorder in of or shown.covers(_department(opened, one), one.holder)
        ]
        if as_json:
            echo_json([_row(one, department) for one, department in rows])
        elif as_csv:
            echo_csv(list(COLUMNS), (_row(one, department) for one, department in rows))
        else:
            say((_line(opened, one) for one, _of in rows), _("no faults match"))
    return Exit.OK


@fault.command("show", help=_("Show a fault with every step: who reported, inspected, sent and returned it."))
@_FAULT
@JSON
@click.pass_obj
def show(home: str | None, name: str, as_json: bool) -> int:
    """Print one fault."""
    with reading(home) as opened:
        found = find_fault(opened.station.catalog, name)
        department = _department(opened, found)
        require(opened, Act.LIST_PEOPLE, department, owner=found.holder)
        if as_json:
            echo_json(_row(found, department))
            return Exit.OK
        click.echo(_line(opened, found))
        for line in _steps(opened, found):
            click.echo(f"  {line}")
    return Exit.OK


def _department(opened: Opened, one: RecorderFault) -> str | None:
    line = registered(opened.station.catalog, one.recorder)
    return None if line is None else line.department


def _row(one: RecorderFault, department: str | None) -> dict[str, Any]:
    """A fault by its stable names."""
    values = asdict(one) | {"department": department}
    return {name: value.isoformat() if isinstance(value := values[name], datetime) else value for name in COLUMNS}


def _line(opened: Opened, one: RecorderFault) -> str:
    return (
        f"{one.id[:8]}  {local_text(one.reported_at, opened.station.zone)}  {one.recorder:<14} "
        f"{padded(_(WHAT[one.what]), 8)} {padded(_(STATES[one.state]), 36)} {one.holder or '-'}  {one.text}"
    )


def _steps(opened: Opened, one: RecorderFault) -> Iterator[str]:
    zone = opened.station.zone
    yield _("reported by {who}: {text}").format(who=one.reported_by, text=one.text)
    if one.inspected_at is not None:
        told = _("{at}: inspected by {who}: {text}")
        yield told.format(at=local_text(one.inspected_at, zone), who=one.inspected_by, text=one.finding)
    if one.private_repair is not None:
        yield _("private repair: {text}").format(text=one.private_repair)
    if one.sent_at is not None:
        told = _("{at}: sent to {maker} by {who} {note}")
        at = local_text(one.sent_at, zone)
        yield told.format(at=at, maker=one.sent_to, who=one.sent_by, note=one.sent_note).rstrip()
    if one.ended_at is not None:
        told = _("{at}: {state}, by {who} {note}")
        at, state = local_text(one.ended_at, zone), _(STATES[one.state])
        yield told.format(at=at, state=state, who=one.ended_by, note=one.ended_note).rstrip()
