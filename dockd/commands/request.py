"""`dockd request`: asking for recordings, deciding on it, and what was done with it."""

from __future__ import annotations

import importlib

import click

from ..i18n import _
from .request_lists import list_requests, show
from .request_steps import approve, ask, close, refuse

# Imported when it is called: what makes a copy loads the watermark and the bag. Name: module:attribute.
LATER = {"copy": "request_copy:copy"}


class _Group(click.Group):
    """The steps of a request's life, in their order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them; the copy comes before the closing."""
        return [*self.commands, *LATER]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None when there is none."""
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        module, _colon, attribute = LATER[cmd_name].partition(":")
        command = getattr(importlib.import_module(f"dockd.commands.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Group,
    help=_(
        "Requests: to look at recordings, to copy them out for use inside, to provide them to a court or a review "
        "body, to give a copy to a party. One asks, a second person approves with a term or refuses; every use is an "
        "entry in the custody log, and so is every refusal."
    ),
)
def request() -> None:
    """The group."""


for command in (ask, approve, refuse, close, list_requests, show):
    request.add_command(command)
