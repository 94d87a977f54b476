"""`dockd doctor`: has this station what it needs?"""

from __future__ import annotations

import os

import click

from hashing.filecalls import OsFileCalls

from ..assembly import open_database, reading
from ..checks import Check, as_json, as_lines, exit_code
from ..clocks.synced import clock_synced
from ..config import Home
from ..config_file import load
from ..doctor import Surroundings, examine
from ..i18n import _
from ..showing import echo_json
from ..upkeep.checks import checks as upkeep_checks


@click.command(
    help=_(
        "Check tools, their versions, disk, database safety, clock and keys: one line each, a hint for each fault.\n\n"
        "The exit code is that of the gravest fault, 0 when all is well or merely worth a look."
    )
)
@click.option("--json", "json_wanted", is_flag=True, help=_("Print the checks as JSON."))
@click.pass_obj
def doctor(home: str | None, json_wanted: bool) -> int:
    """Print every check."""

    def upkeep() -> list[Check]:
        with reading(home) as opened:
            return upkeep_checks(opened)

    around = Surroundings(OsFileCalls(), load, open_database, clock_synced, upkeep)
    checks = examine(Home.chosen(home, os.environ), around)
    if json_wanted:
        echo_json(as_json(checks))
    else:
        for line in as_lines(checks):
            click.echo(line)
    return exit_code(checks)
