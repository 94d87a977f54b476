"""Text that somebody asked to have in a file of his own: a report, a picture. Nothing is replaced."""

from __future__ import annotations

import click

from .i18n import _


def write_out(path: str, text: str) -> None:
    """Write a new file. Raises click.UsageError when it is there already, OSError."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(_("{path} is there already, and is not replaced").format(path=path)) from None
