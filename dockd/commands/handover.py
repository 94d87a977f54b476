"""`dockd handover`: recordings from one custodian to the next, with a receipt that both sides can check."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from ..assembly import Opened, reading
from ..exits import Exit
from ..handover.handing import Gathered, copy_again, gather, recipient
from ..handover.handing import make as make_batch
from ..handover.handing import receive as receive_batch
from ..i18n import _, ngettext
from ..people.peopling import TIME_FORMATS, given
from ..showing import echo_json, local_text, size_text
from .handover_lists import list_handovers, overdue, show
from .handover_receipts import check, receipt, tell_read, trust
from .options import JSON

_FOLDER = click.Path(file_okay=False)


@click.group(
    help=_(
        "Hand-over between custodians: a department hands a batch over, another person receives it, here or elsewhere, "
        "and what is missing or damaged stands in the receipt. docs/handover.md tells it step by step."
    )
)
def handover() -> None:
    """The group."""


@handover.command(
    "make",
    help=_(
        "Hand over all recordings and papers of a department, with those below it, that were in no batch before. With "
        "--medium they are written to a disk that leaves the house, and read back there; without, they stay where they "
        "are and another person receives them on this station.\n\n"
        "\b\n"
        "  dockd handover make --department 水政大队 --dry-run\n"
        "  dockd handover make --department 水政大队 --to 局办公室 --medium /media/disk"
    ),
)
@click.option("--department", required=True, help=_("Whose recordings, by id or name."))
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("Only what was recorded from then on."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("Only what was recorded before."))
@click.option("--to", help=_("Who is to receive them; default: whom the rule pack names."))
@click.option("--medium", type=_FOLDER, help=_("Write them into a new folder below this one."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would be handed over."))
@JSON
@click.pass_obj
def make(
    home: str | None,
    department: str,
    since: datetime | None,
    until: datetime | None,
    to: str | None,
    medium: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Hand over."""
    with reading(home) as opened:
        found = gather(opened, department, given(opened, since), given(opened, until))
        if dry_run:
            _tell_gathered(opened, found, to, as_json)
            return Exit.OK
        paper, folder = make_batch(opened, found, to, medium)
    if as_json:
        echo_json({"batch": paper.batch, "to": paper.to, "folder": folder} | _gathered(found))
        return Exit.OK
    click.echo(_("batch {batch} handed over to {to}").format(batch=paper.batch, to=paper.to or "-"))
    click.echo(_counted(found))
    if folder is not None:
        click.echo(_("written and read back: {path}").format(path=folder))
    if found.more:
        click.echo(_("more waits for another batch: call it again"), err=True)
    return Exit.OK


def _tell_gathered(opened: Opened, found: Gathered, to: str | None, as_json: bool) -> None:
    """What would be handed over."""
    if as_json:
        echo_json({"batch": None, "to": recipient(opened, to), "folder": None} | _gathered(found))
        return
    for clip in found.clips:
        recorded = local_text(clip.recorded_at, opened.station.zone)
        click.echo(f"{clip.id}  {recorded:<19}  {clip.recorder}  {clip.officer or '-'}  {clip.name}")
    click.echo(_counted(found) + _("; nothing was recorded"))


def _gathered(found: Gathered) -> dict[str, Any]:
    return {
        "department": found.department,
        "clips": [clip.id for clip in found.clips],
        "documents": list(found.documents),
        "sessions": found.sessions,
        "size_bytes": found.size_bytes,
        "more": found.more,
    }


def _counted(found: Gathered) -> str:
    clips, papers = len(found.clips), len(found.documents)
    parts = [
        ngettext("{n} recording", "{n} recordings", clips).format(n=clips),
        ngettext("{n} document", "{n} documents", papers).format(n=papers),
        ngettext("seals of {n} session", "seals of {n} sessions", found.sessions).format(n=found.sessions),
        size_text(found.size_bytes),
    ]
    return ", ".join(parts)


@handover.command(
    "copy",
    help=_(
        "Write a batch to another medium, as it was handed over: one was lost, is damaged or was never finished. A "
        "new folder is made below MEDIUM.\n\n"
        "\b\n"
        "  dockd handover copy 20261121-3f9a /media/disk2"
    ),
)
@click.argument("batch")
@click.argument("medium", type=_FOLDER)
@JSON
@click.pass_obj
def copy(home: str | None, batch: str, medium: str, as_json: bool) -> int:
    """Write a batch again."""
    with reading(home) as opened:
        folder = copy_again(opened, batch, medium)
    if as_json:
        echo_json({"folder": folder})
        return Exit.OK
    click.echo(_("written and read back: {path}").format(path=folder))
    return Exit.OK


@handover.command(
    "receive",
    help=_(
        "Receive a batch on the station where it lies, as another person than who handed it over. Every file is read "
        "again; what is missing or damaged is recorded as a difference (exit 8). A batch with differences may be "
        "received again.\n\n"
        "\b\n"
        "  dockd --as archivist handover receive 20261121-3f9a"
    ),
)
@click.argument("batch")
@JSON
@click.pass_obj
def receive(home: str | None, batch: str, as_json: bool) -> int:
    """Receive a batch."""
    with reading(home) as opened:
        said = receive_batch(opened, batch)
    if as_json:
        echo_json({"batch": said.batch, "files": said.files, "differences": said.differences})
    else:
        click.echo(_("batch {batch} received").format(batch=said.batch))
        tell_read(said.files, said.differences)
    return Exit.FINDINGS if said.differences else Exit.OK


for command in (check, receipt, trust, list_handovers, show, overdue):
    handover.add_command(command)
