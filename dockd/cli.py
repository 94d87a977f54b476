"""`dockd`: the command line. Arguments in, text and exit codes out; every command is a module of its own, imported only
when it is called, so that `dockd --help` answers at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from . import __version__
from .exits import Exit
from .helping import WideFormatter
from .i18n import _

# Every command's help, also of those that are imported later.
click.Context.formatter_class = WideFormatter

# command: module:attribute. Their order here is the order of `dockd --help`.
COMMANDS = {
    "init": "init:init",
    "dock": "dock:dock",
    "run": "run:run",
    "slots": "slots:slots",
    "slot": "slot:slot",
    "recorder": "recorder:recorder",
    "health": "health:health",
    "session": "session:session",
    "clip": "clip:clip",
    "gap": "gap:gap",
    "pack": "pack:pack",
    "case": "case:case",
    "hold": "hold:hold",
    "term": "term:term",
    "sweep": "sweep:sweep",
    "forecast": "forecast:forecast",
    "change": "change:change",
    "request": "request:request",
    "view": "view:view",
    "department": "department:department",
    "officer": "officer:officer",
    "ledger": "ledger:ledger",
    "people": "people:people",
    "user": "user:user",
    "verify": "verify:verify",
    "fixity": "fixity:fixity",
    "mirror": "mirror:mirror",
    "handover": "handover:handover",
    "custody": "custody:custody",
    "catalog": "catalog:catalog",
    "facts": "facts:facts",
    "doctor": "doctor:doctor",
    "completion": "completion:completion",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for; short helps come from `SHORT_HELP`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None when there is none."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _colon, attribute = where.partition(":")
        command = getattr(importlib.import_module(f"dockd.commands.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """What the command gives; a reader of our output that left (`dockd clip list | head`) is nobody's fault."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Here, because click would end with 1; what is still in the buffer must not fail again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.OK

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section(_("Commands")):
            formatter.write_dl(list(short_helps().items()))


def short_helps() -> dict[str, str]:
    """One line for each command."""
    return {
        "init": _("Make this station's home: settings, keys, catalogue and vault."),
        "dock": _("Take recorders in: copy once, prove, file, catalogue."),
        "run": _("Run the station: watch the bays, take in, clear, release."),
        "slots": _("Show what every bay does, live."),
        "slot": _("Bays and their numbers: bind a USB port to one."),
        "recorder": _("Recorders that may be docked: enrol, dismiss; their faults."),
        "health": _("Battery, card and clock of the recorders; which are fit for duty."),
        "session": _("Docking sessions: what was on a recorder and what became of it."),
        "clip": _("Recordings: find them, show them, file them under a case."),
        "case": _("Cases: open, link recordings and documents, close, file; what is overdue."),
        "hold": _("Holds: what stays whatever its period says; the archivist's queue of 长期保存."),
        "term": _("Until when recordings are kept, by the rule pack."),
        "sweep": _("Dispose of what is due: the nightly sweep, who agrees to it, what went and why."),
        "forecast": _("When the vault is full of what must be kept."),
        "change": _("Changes that would make recordings due: a second person confirms the count."),
        "request": _("Requests to view, copy out, provide: ask, approve or refuse, what was done with them."),
        "view": _("Look at a recording, by your own right or on an approved request."),
        "gap": _("Gaps in recordings: find them, list them, explain and review them."),
        "pack": _("Rule packs: how long recordings are kept, by which article."),
        "department": _("The tree of departments."),
        "officer": _("Officers, and how many of them have a recorder that works."),
        "ledger": _("Who has which recorder: register, issue, return, overdue."),
        "people": _("Departments, officers, recorders and the ledger from a spreadsheet, and into one."),
        "user": _("Accounts: who may sign in, and what for."),
        "verify": _("Hold originals, signatures, catalogue and custody log against each other."),
        "fixity": _("The vault read again within a stated time; damage, and putting it right."),
        "mirror": _("Second copies on another disk: prepare, make, see what is missing."),
        "handover": _("From one custodian to the next: batches, media, receipts; what is overdue."),
        "custody": _("The log that cannot be taken back: show it, check its chain."),
        "catalog": _("Make the catalogue again from the vault; bring it up to date."),
        "facts": _("Read what recordings say of themselves: duration, place, make."),
        "doctor": _("Check that this station has what it needs; a hint for each fault."),
        "completion": _("Print the completion script for your shell."),
    }


def _settings() -> dict[str, Any]:
    return {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    cls=LazyGroup,
    context_settings=_settings(),
    help=_(
        "dockd takes recordings in from body-worn cameras and proves that it has them all.\n\n"
        "Everything of one station lies under one folder (--home DIR or DOCKD_HOME); without it the paths of an "
        "installed station are used: /etc/dockd, /var/lib/dockd.\n\n"
        "A first try:\n\n\b\n"
        "  dockd --home ./station init --yes\n"
        "  dockd --home ./station dock /media/recorder\n"
        "  dockd --home ./station verify --all"
    ),
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, resolve_path=True),
    envvar="DOCKD_HOME",
    help=_("Folder that holds settings, keys, catalogue and vault."),
)
@click.option(
    "--as",
    "as_name",
    metavar="NAME",
    help=_("Act as this account; the password is asked, or read from the file that DOCKD_PASSWORD_FILE names."),
)
@click.version_option(__version__, "-V", "--version", message="dockd %(version)s", help=_("Print the version."))
@click.help_option("-h", "--help", help=_("Show this help."))
@click.pass_context
def cli(ctx: click.Context, home: str | None, as_name: str | None) -> None:
    """The root of all commands; `ctx.obj` is the home given, or None for the station's own paths. Who acts is asked for
    by `dockd.people.acting`, when a command needs to know.
    """
    ctx.obj = home
