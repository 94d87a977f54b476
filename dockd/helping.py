"""How help reads: lines broken by the columns that signs take, and click's own words in the reader's language.

Click counts a Chinese sign as one column, and its lines would run out of the window. Click's words are looked up by
gettext in our catalogue (i18n.set_language sees to that); they are named here so that they are collected with ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from .i18n import N_, NN_, _
from .wide import columns_of, padded, wrapped

CLICK_SAYS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("default: {default}"),
    N_("required"),
    N_("env var: {var}"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing command."),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("directory"),
    N_("Aborted!"),
    N_("Choose from:\n\t{choices}"),
)
CLICK_COUNTS = (
    NN_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    NN_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    NN_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    NN_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    NN_("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}."),
)


def paragraphs(text: str) -> list[list[str]]:
    """Paragraphs as lists of lines. One that begins with a line `\\b` is to be shown as it stands."""
    return [part.splitlines() for part in re.split(r"\n[ \t]*\n", text.strip("\n")) if part.strip(" \n")]


class WideFormatter(click.HelpFormatter):
    """Click's help, laid out by columns instead of characters."""

    def write_heading(self, heading: str) -> None:
        """A heading, with the colon of the reader's language."""
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")

    def write_text(self, text: str) -> None:
        """Paragraphs, indented."""
        indent = " " * self.current_indent
        blocks = [self._block(lines, self.width - self.current_indent) for lines in paragraphs(text)]
        self.write("\n\n".join("\n".join(f"{indent}{line}".rstrip() for line in block) for block in blocks) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms and what they mean, in two columns."""
        rows = list(rows)
        first = min(max((columns_of(term) for term, _text in rows), default=0), col_max) + col_spacing
        indent = " " * self.current_indent
        for term, text in rows:
            lines = wrapped(text, max(self.width - first - self.current_indent, 10))
            if columns_of(term) > first - col_spacing:
                self.write(f"{indent}{term}\n")
            else:
                self.write(f"{indent}{padded(term, first)}{lines.pop(0) if lines else ''}".rstrip() + "\n")
            for line in lines:
                self.write(f"{indent}{' ' * first}{line}\n")

    @staticmethod
    def _block(lines: list[str], columns: int) -> list[str]:
        if lines[0].strip() == "\b":
            return lines[1:]
        return wrapped(" ".join(line.strip() for line in lines), columns)
