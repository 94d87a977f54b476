"""`dockd sweep endorse`, `approve`, `refuse` and `allow`: what people decide."""

from __future__ import annotations

import click

from catalog.disposing.model import BatchRow

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _
from ..showing import clips_text
from ..sweep import disposal
from ..sweep.words import batch_line
from .options import WORDS


@click.command(
    "endorse",
    help=_(
        "Agree to a batch, as the archivist. Facts and holds are read anew: what is no longer due leaves the batch. "
        "Then a leader approves it.\n\n"
        "\b\n"
        "  dockd sweep endorse 3f9a"
    ),
)
@click.argument("batch")
@click.pass_obj
def endorse(home: str | None, batch: str) -> int:
    """Say yes, as the first one."""
    with reading(home) as opened:
        _echo(opened, disposal.endorse(opened, batch))
    return Exit.OK


@click.command(
    "approve",
    help=_(
        "Approve a batch, as a leader and as another person than who endorsed it. --count confirms how many recordings "
        "it is. From now on they lie set aside; when the grace period is over, the next sweep destroys them.\n\n"
        "\b\n"
        "  dockd sweep show 3f9a\n"
        "  dockd sweep approve 3f9a --count 37"
    ),
)
@click.argument("batch")
@click.option("--count", type=click.IntRange(1), help=_("How many recordings it is, as dockd sweep show says."))
@click.pass_obj
def approve(home: str | None, batch: str, count: int | None) -> int:
    """Say yes, as the second one."""
    with reading(home) as opened:
        _echo(opened, disposal.approve(opened, batch, count))
    return Exit.OK


@click.command(
    "refuse",
    help=_(
        "Refuse a batch, at any time before it is destroyed: nothing more of it goes. What is due is proposed again "
        "after 30 days; what shall be kept longer needs a hold, a class or a case.\n\n"
        "\b\n"
        "  dockd sweep refuse 3f9a --reason 复议未决"
    ),
)
@click.argument("batch")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.pass_obj
def refuse(home: str | None, batch: str, reason: str) -> int:
    """Say no."""
    with reading(home) as opened:
        _echo(opened, disposal.refuse(opened, batch, reason))
    return Exit.OK


@click.command(
    "allow",
    help=_(
        "Let the last sweep, which stopped because it was unusual, go on: the next one does. --count confirms how many "
        "recordings it is about. What is proposed then still needs everybody's yes.\n\n"
        "\b\n"
        "  dockd sweep status\n"
        "  dockd sweep allow --count 412"
    ),
)
@click.option("--count", type=click.IntRange(1), help=_("How many recordings it is, as dockd sweep status says."))
@click.pass_obj
def allow(home: str | None, count: int | None) -> int:
    """Let it go on."""
    with reading(home) as opened:
        found = disposal.allow(opened, count)
    total = clips_text(found.asked_clips, found.due_bytes + found.ready_bytes)
    click.echo(_("the next sweep goes on: {total}").format(total=total))
    return Exit.OK


def _echo(opened: Opened, batch: BatchRow) -> None:
    click.echo(batch_line(batch, opened.station.zone))
