"""`dockd recorder traces`: what does not belong on a recorder, and was found there."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from catalog.watching.model import Trace
from catalog.watching.queries import NEWER, traces_found

from ..assembly import reading
from ..clip_rows import TIME_FORMATS
from ..entry_words import entry_text
from ..exits import Exit
from ..i18n import _
from ..showing import echo_csv, echo_json, local_text, size_text
from ..station import Station
from .options import CSV, JSON

COLUMNS = [
    "recorder", "session", "docked_at", "department", "officer", "seq", "path", "size_bytes", "what", "about",
    "vault_path", "digest",
]  # fmt: skip


@click.command(
    "traces",
    help=_(
        "List what was found on recorders that recording does not leave there: traces of a foreign computer, programs, "
        "and files newer than their docking. Says on which recorder, when, who had it by its own word, and where the "
        "copy lies, for whoever examines it: in quarantine, not to be opened on the station.\n\n"
        "A file that stays on the card is told once, for the docking that found it first.\n\n"
        "\b\n"
        "  dockd recorder traces --since 2026-11-01\n"
        "  dockd recorder traces 4410023 --csv > traces.csv"
    ),
)
@click.argument("recorder_name", metavar="[RECORDER]", required=False)
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("Docked at this time or later."))
@JSON
@CSV
@click.pass_obj
def traces(home: str | None, recorder_name: str | None, since: datetime | None, as_json: bool, as_csv: bool) -> int:
    """Print the findings."""
    with reading(home) as opened:
        station = opened.station
        begin = since.replace(tzinfo=station.zone) if since is not None else None
        found = traces_found(station.catalog, recorder=recorder_name, since=begin)
        if as_json:
            echo_json([_row(one, station) for one in found])
        elif as_csv:
            echo_csv(COLUMNS, (_row(one, station) for one in found))
        else:
            for one in found:
                for line in _lines(one, station):
                    click.echo(line)
            if not found:
                click.echo(_("nothing of the kind was found"), err=True)
    return Exit.OK


def _row(one: Trace, station: Station) -> dict[str, Any]:
    """A finding by its stable names; the copy with its full path."""
    copy = station.vault.at(one.vault_path) if one.vault_path else None
    return {**asdict(one), "docked_at": one.docked_at.isoformat(), "vault_path": copy}


def _what(one: Trace, station: Station) -> str:
    if one.what != NEWER:
        return entry_text(f"{one.what} {one.about}")
    at = local_text(datetime.fromisoformat(one.about), station.zone) if one.about else "-"
    return _("written after the docking began, or its clock runs ahead: {at}").format(at=at)


def _lines(one: Trace, station: Station) -> list[str]:
    when, officer = local_text(one.docked_at, station.zone), one.officer or _("officer unknown")
    lines = [
        f"{one.recorder}  {when}  {officer}  {one.path}  {size_text(one.size_bytes)}",
        f"  {_what(one, station)}",
    ]
    if one.vault_path:
        lines.append("  " + _("copy: {path}").format(path=station.vault.at(one.vault_path)))
    if one.digest:
        lines.append(f"  {one.digest}")
    return lines
