"""`dockd recorder`: which recorders may be docked."""

from __future__ import annotations

from typing import Any

import click

from catalog.events import RecorderDismissed, RecorderEnrolled

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _
from ..ledger import export
from ..showing import echo_json, local_text
from ..slotfile import read_all


@click.group(
    help=_("Recorders that may be docked. One that nobody enrolled is shown on its bay and waits; it is not mounted.")
)
def recorder() -> None:
    """The group."""


@recorder.command("list", help=_("List enrolled recorders, and unknown ones that wait in a bay."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON, for scripts."))
@click.pass_obj
def list_recorders(home: str | None, as_json: bool) -> int:
    """Print enrolments and who waits."""
    with reading(home) as opened:
        enrolled = opened.station.catalog.enrolments()
        waiting = _waiting(opened)
        if as_json:
            echo_json(
                {
                    "enrolled": [
                        {"key": one.key, "name": one.name, "since": one.since.isoformat(), "reason": one.reason}
                        for one in enrolled
                    ],
                    "waiting": [
                        {"key": state["key"], "slot": state["slot"], "port": state["port"]} for state in waiting
                    ],
                }
            )
            return Exit.OK
        for one in enrolled:
            click.echo(f"{one.key}  {one.name}  {local_text(one.since, opened.station.zone)}")
        for state in waiting:
            where = state["slot"] if state["slot"] is not None else state["port"]
            click.echo(_("waits in bay {where}: {key}").format(where=where, key=state["key"]))
    return Exit.OK


@recorder.command(
    "enrol",
    help=_(
        "Let a recorder be docked. KEY is vendor:product:serial as `dockd recorder list` shows it for one that waits; "
        "--slot takes the one that waits in that bay.\n\n"
        "\b\n"
        "  dockd recorder enrol --slot 3 --name 执法仪-12\n"
        "  dockd recorder enrol 46f4:0001:BWC0001"
    ),
)
@click.argument("key", required=False)
@click.option("--slot", "slot_no", type=int, help=_("The recorder that waits in this bay."))
@click.option("--name", default="", help=_("What people call it."))
@click.option("--reason", default="", help=_("Why, in a few words."))
@click.pass_obj
def enrol(home: str | None, key: str | None, slot_no: int | None, name: str, reason: str) -> int:
    """Enrol by key or by bay."""
    if (key is None) == (slot_no is None):
        raise click.UsageError(_("name a key or --slot"))
    with reading(home) as opened:
        if key is None:
            here = [state["key"] for state in _waiting(opened) if state["slot"] == slot_no]
            if not here:
                raise click.UsageError(_("no unknown recorder waits in bay {n}").format(n=slot_no))
            key = str(here[0])
        opened.station.catalog.append([RecorderEnrolled(key, name, reason)], actor=opened.actor)
        export(opened.station)
    click.echo(_("enrolled: {key}").format(key=key))
    return Exit.OK


@recorder.command("dismiss", help=_("Let a recorder be docked no longer."))
@click.argument("key")
@click.option("--reason", required=True, help=_("Why, in a few words."))
@click.pass_obj
def dismiss(home: str | None, key: str, reason: str) -> int:
    """Take an enrolment back."""
    with reading(home) as opened:
        opened.station.catalog.append([RecorderDismissed(key, reason)], actor=opened.actor)
        export(opened.station)
    click.echo(_("dismissed: {key}").format(key=key))
    return Exit.OK


def _waiting(opened: Opened) -> list[dict[str, Any]]:
    return [state for state in read_all(opened.home.run_dir) if state["state"] == "unknown-recorder"]
