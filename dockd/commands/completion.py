"""`dockd completion`: completion for the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..exits import Exit
from ..i18n import _


@click.command(
    help=_(
        "Print the completion script for SHELL.\n\n"
        "\b\n"
        "  dockd completion bash > /etc/bash_completion.d/dockd\n"
        "  dockd completion zsh > ~/.zfunc/_dockd\n"
        "  dockd completion fish > ~/.config/fish/completions/dockd.fish"
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print click's script for this program."""
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(ctx.find_root().command, {}, "dockd", "_DOCKD_COMPLETE").source())
    return Exit.OK
