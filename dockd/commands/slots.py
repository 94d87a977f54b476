"""`dockd slots`: what every bay does, live."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from ..bays.slotfile import read_all
from ..config import Home
from ..exits import Exit
from ..i18n import _
from ..showing import echo_json

REDRAW_S = 0.25


@click.command(
    help=_(
        "Show what every bay does, live, until Ctrl-C, and whether anything in the vault is damaged or was not read "
        "again in time. Reads only the state files of the daemon: no login, no pictures."
    )
)
@click.option("--once", is_flag=True, help=_("Show it once and end."))
@click.option("--json", "as_json", is_flag=True, help=_("Print the states once as JSON."))
@click.pass_obj
def slots(home: str | None, once: bool, as_json: bool) -> int:
    """Draw the wall of bays."""
    run_dir = Home.chosen(home, os.environ).run_dir
    if as_json:
        echo_json(_states(run_dir))
        return Exit.OK
    from rich.console import Console
    from rich.live import Live

    from ..screen import wall

    console = Console()
    if once or not sys.stdout.isatty():
        console.print(wall(_states(run_dir)))
        return Exit.OK
    try:
        with Live(console=console, refresh_per_second=4, screen=True) as live:
            while True:
                live.update(wall(_states(run_dir)))
                time.sleep(REDRAW_S)
    except KeyboardInterrupt:
        return Exit.OK


def _states(run_dir: str) -> list[dict[str, Any]]:
    return list(read_all(run_dir, datetime.now(UTC)))
