"""What commands share that may make recordings due: their options, and what came of asking for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..changes.changing import Made
from ..changes.words import as_json, plan_lines, waiting_text
from ..i18n import _
from ..showing import echo_json
from .options import JSON

FC = TypeVar("FC", bound=Callable[..., Any])


def weighed(command: FC) -> FC:
    """The options of a command that weighs what it does."""
    command = JSON(command)
    return click.option("--dry-run", is_flag=True, help=_("Only show what it would make due."))(command)


def tell(made: Made, as_script: bool, *done: str) -> None:
    """Say what came of it; `done` are the words for that it was done."""
    if as_script:
        echo_json({"done": made.done, "change": made.change, **as_json(made.plan)})
        return
    for line in done if made.done else plan_lines(made.plan):
        click.echo(line)
    if made.change is not None:
        click.echo(waiting_text(made.change, made.plan.made_due))
    elif not made.done:
        click.echo(_("nothing was recorded: this was a dry run"))
