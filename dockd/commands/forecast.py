"""`dockd forecast`: when the disk would break the legal minimum."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import click

from catalog.people.access import Act

from ..assembly import reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..keeping.deciding import set_pack
from ..people.acting import require_reach
from ..plotting import svg
from ..showing import echo_json, size_text
from ..sweep.forecasting import Outlook, outlook
from ..writing_out import write_out
from .options import JSON

KEYS = (
    *("today", "full_on", "least_free_bytes", "least_on", "free_bytes", "reserve_bytes", "grace_days", "held_bytes"),
    *("endless_bytes", "undecided_bytes", "intake_days", "bytes_per_day", "endless_bytes_per_day", "intake"),
)
# A picture of five years needs no point for each day.
_POINTS = 400


@click.command(
    help=_(
        "Say on which day the vault is full although all that may go has gone: from then on it could not keep what the "
        "regulation wants kept. Reckoned from what came in during the last 90 days, what is held and until when, and "
        "the room that is left; what has no term yet counts as kept without end (dockd term decide).\n\n"
        "Nothing is ever deleted for lack of room: a full disk stops taking in.\n\n"
        "\b\n"
        "  dockd forecast\n"
        "  dockd forecast --svg room.svg"
    )
)
@JSON
@click.option(
    "--svg", "picture", type=click.Path(dir_okay=False), help=_("Draw the room over time, into this new file.")
)
@click.pass_obj
def forecast(home: str | None, as_json: bool, picture: str | None) -> int:
    """Print the forecast."""
    with reading(home) as opened:
        require_reach(opened, Act.REPORT)
        pack = set_pack(opened)
        found = outlook(opened, pack)
    if picture is not None:
        write_out(picture, _drawn(found))
        click.echo(_("drawn: {path}").format(path=picture), err=True)
    if as_json:
        echo_json(_as_json(found))
        return Exit.OK
    for line in _lines(found):
        click.echo(line)
    return Exit.OK


def _as_json(found: Outlook) -> dict[str, Any]:
    said = found.forecast
    values = (
        *(found.today.isoformat(), None if said.full_on is None else said.full_on.isoformat(), said.least_free_bytes),
        *(said.least_on.isoformat(), found.free_bytes, found.reserve_bytes, found.grace_days, found.held_bytes),
        *(found.endless_bytes, found.undecided_bytes, found.days, found.bytes_per_day, said.endless_bytes_per_day),
        [{"kept_days": one.kept_days, "bytes_per_day": one.bytes_per_day} for one in found.intake],
    )
    return dict(zip(KEYS, values, strict=True))


def _lines(found: Outlook) -> list[str]:
    said = found.forecast
    taken = ngettext(
        "taken in on a day: {size}, over the last day; of these without end: {endless}",
        "taken in on a day: {size}, over the last {n} days; of these without end: {endless}",
        found.days,
    )
    lines = [
        taken.format(size=size_text(found.bytes_per_day), n=found.days, endless=size_text(said.endless_bytes_per_day)),
        _("held: {held}, of these without end: {endless}; no term yet: {undecided}").format(
            held=size_text(found.held_bytes),
            endless=size_text(found.endless_bytes),
            undecided=size_text(found.undecided_bytes),
        ),
        _("room: {free}, of these to stay free: {reserve}").format(
            free=size_text(found.free_bytes), reserve=size_text(found.reserve_bytes)
        ),
    ]
    if said.full_on is not None:
        lines.append(
            _("full on {day}: from then on the vault could not keep what must be kept").format(day=said.full_on)
        )
    else:
        lines.append(
            _("not full within five years; least room: {size}, on {day}").format(
                size=size_text(max(said.least_free_bytes, 0)), day=said.least_on
            )
        )
    return lines


def _drawn(found: Outlook) -> str:
    days = list(found.free_by_day())
    step = max(len(days) // _POINTS, 1)
    kept = [*days[::step], days[-1]]
    points = [(datetime.combine(day, time()), free / 2**30) for day, free in kept]
    full = found.forecast.full_on
    return svg(
        points,
        title=_("room in the vault"),
        unit="GiB",
        threshold=0.0,
        forecast=None if full is None else datetime.combine(full, time()),
    )
