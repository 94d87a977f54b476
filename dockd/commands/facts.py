"""`dockd facts`: read what recordings say of themselves."""

from __future__ import annotations

import click

from ..assembly import reading
from ..exits import Exit
from ..facts import read_and_examine
from ..i18n import _
from ..showing import echo_facts_read, echo_json


@click.command(
    help=_(
        "Read duration, size of the picture, time, place and make of all recordings that still wait for it, with "
        "exiftool and ffprobe in a box without network.\n\n"
        "A recording that kills or hangs a reader costs only its own facts, and that is recorded. Sessions whose facts "
        "are all read are then examined for gaps."
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the counts as JSON."))
@click.pass_obj
def facts(home: str | None, as_json: bool) -> int:
    """Read the facts of all waiting clips."""
    with reading(home) as opened:
        done = read_and_examine(opened, on_clip=None if as_json else echo_facts_read)
    if as_json:
        echo_json({"read": done.clips, "failed": done.failed, "examined": done.examined, "gaps": done.gaps})
        return Exit.OK
    line = _("recordings whose facts were read: {n}; whose readers failed: {m}")
    click.echo(line.format(n=done.clips, m=done.failed))
    if done.examined:
        click.echo(_("sessions examined: {n}; new gaps: {m} (dockd gap list)").format(n=done.examined, m=done.gaps))
    return Exit.OK
