"""`dockd slot`: which bay has which number."""

from __future__ import annotations

import queue

import click

from catalog.events import SlotBound, SlotUnbound
from catalog.people.access import Act

from ..assembly import reading
from ..devices import Devices
from ..errors import NothingPlugged
from ..exits import Exit
from ..i18n import _
from ..ledger import export
from ..people.acting import require
from ..showing import echo_json
from ..usb import Gone, Seen
from .options import JSON

PATIENCE_S = 60.0


@click.group(help=_("Bays and their numbers. A bay is known by its USB port, whatever recorder sits in it."))
def slot() -> None:
    """The group."""


@slot.command("list", help=_("List bays and the ports they are bound to."))
@JSON
@click.pass_obj
def list_slots(home: str | None, as_json: bool) -> int:
    """Print bindings."""
    with reading(home) as opened:
        bound = opened.station.catalog.slots()
    if as_json:
        echo_json([{"slot": one.slot, "port": one.port, "priority": one.priority} for one in bound])
    else:
        for one in bound:
            click.echo(f"{one.slot:4d}  {one.port}" + ("  " + _("priority") if one.priority else ""))
        if not bound:
            click.echo(_("no bay is bound yet; `dockd slot bind NUMBER` binds one"))
    return Exit.OK


@slot.command(
    "bind",
    help=_(
        "Give a bay its number: plug any recorder into it when asked, and its USB port is NUMBER from then on.\n\n"
        "\b\n"
        "  dockd slot bind 3\n"
        "  dockd slot bind 3 --port pci-0000:00:14.0/1.3      (without plugging)"
    ),
)
@click.argument("number", type=click.IntRange(1, 999))
@click.option("--port", help=_("The port, if it is known."))
@click.option("--priority", is_flag=True, help=_("Recorders in this bay are copied before the others."))
@click.option("--allow-loop", is_flag=True, help=_("A loop device may stand for a recorder."))
@click.pass_obj
def bind(home: str | None, number: int, port: str | None, priority: bool, allow_loop: bool) -> int:
    """Bind, by the next device plugged or by name."""
    with reading(home) as opened:
        if port is None:
            click.echo(_("plug a recorder into bay {n} now").format(n=number))
            port = _next_port(allow_loop)
        require(opened, Act.MANAGE_RECORDERS, opened.station.department)
        opened.station.catalog.append([SlotBound(number, port, priority)], actor=opened.actor)
        export(opened.station)
    click.echo(_("bay {n} is port {port}").format(n=number, port=port))
    return Exit.OK


@slot.command("unbind", help=_("Take a bay's number away."))
@click.argument("number", type=click.IntRange(1, 999))
@click.pass_obj
def unbind(home: str | None, number: int) -> int:
    """Unbind."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_RECORDERS, opened.station.department)
        opened.station.catalog.append([SlotUnbound(number)], actor=opened.actor)
        export(opened.station)
    click.echo(_("bay {n} has no port any more").format(n=number))
    return Exit.OK


def _next_port(allow_loop: bool) -> str:
    """The port of the next device that was not there before. Raises NothingPlugged."""
    heard: queue.Queue[Seen | Gone] = queue.Queue()
    devices = Devices(heard.put, allow_loop=allow_loop)
    devices.start()
    try:
        # Everything that was in already has been told of when start() returns.
        there = {event.name for event in _drain(heard) if isinstance(event, Seen)}
        while True:
            event = heard.get(timeout=PATIENCE_S)
            if isinstance(event, Gone):
                there.discard(event.name)
            elif event.name not in there and event.port is not None:
                return event.port
    except queue.Empty:
        raise NothingPlugged(PATIENCE_S) from None
    finally:
        devices.stop()


def _drain(heard: queue.Queue[Seen | Gone]) -> list[Seen | Gone]:
    found = []
    while True:
        try:
            found.append(heard.get_nowait())
        except queue.Empty:
            return found
