"""`dockd facts`: read what recordings say of themselves."""

from __future__ import annotations

import click

from ..assembly import reading
from ..exits import Exit
from ..facts import read_waiting
from ..i18n import _
from ..showing import echo_json


@click.command(
    help=_(
        "Read duration, size of the picture, time, place and make of all recordings that still wait for it, with "
        "exiftool and ffprobe in a box without network.\n\n"
        "A recording that kills or hangs a reader costs only its own facts, and that is recorded."
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the counts as JSON."))
@click.pass_obj
def facts(home: str | None, as_json: bool) -> int:
    """Read the facts of all waiting clips."""
    with reading(home) as opened:
        read, failed = read_waiting(opened)
    if as_json:
        echo_json({"read": read, "failed": failed})
    else:
        click.echo(_("facts read of {n} recordings; {m} had readers that failed").format(n=read, m=failed))
    return Exit.OK
