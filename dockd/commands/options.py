"""What many commands ask in the same words: options, and text that must say something."""

from __future__ import annotations

from typing import Any

import click

from ..i18n import _

JSON = click.option("--json", "as_json", is_flag=True, help=_("Print JSON, for scripts."))
CSV = click.option("--csv", "as_csv", is_flag=True, help=_("Print CSV, for spreadsheets."))


class _Words(click.ParamType[str]):
    """Text that says something."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it was given."""
        if not str(value).strip():
            self.fail(_("words are needed"), param, ctx)
        return str(value)


WORDS = _Words()
