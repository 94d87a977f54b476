"""`dockd hold`: what stays whatever its period says."""

from __future__ import annotations

import click

from ..i18n import _
from .hold_lists import list_holds, proposals, queue, show
from .hold_steps import grant, lift, place, refuse, widen


@click.group(
    help=_(
        "Holds: recordings that stay whatever their period says. Placing takes one person, lifting takes two and a "
        "reason. A hold with --long-term marks for 长期保存 and puts into the archivist's queue."
    )
)
def hold() -> None:
    """The group."""


for command in (place, widen, lift, grant, refuse, list_holds, show, proposals, queue):
    hold.add_command(command)
