"""`dockd session late`: what was handed in after the deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from catalog.handing.model import Docked
from catalog.people.access import Act
from catalog.people.queries import tree_of
from retention.pack import Pack

from ..assembly import Opened, reading
from ..exits import Exit
from ..hand_in import Sum, Tardy, judged, summed
from ..i18n import _, ngettext
from ..keeping.deciding import set_pack
from ..people.acting import require_reach
from ..people.peopling import TIME_FORMATS, given, say
from ..showing import duration_text, echo_csv, echo_json, local_text
from ..wide import padded
from .options import CSV, JSON

COLUMNS = (
    *("session", "recorder", "officer", "department", "docked_at", "recordings", "late", "certain"),
    *("due_at", "late_by_s"),
)
SUMS = ("name", "dockings", "late", "certain", "late_by_s")
# A month's work, where nobody asks for more.
LATELY_DAYS = 31


@click.command(
    "late",
    help=_(
        "List what was docked after the rule pack's deadline – on the day of the work, or so many hours after its end "
        "–, by docking, or summed by officer or department. A recording's end is its corrected one; late for certain "
        "is what was late even by the latest time at which it may have ended.\n\n"
        "\b\n"
        "  dockd session late --by officer\n"
        "  dockd session late --since 2026-11-01 --until 2026-12-01 --csv > late.csv"
    ),
)
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("Docked from then on; default: the last 31 days."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("Docked before."))
@click.option("--officer", help=_("Only this officer's recordings."))
@click.option("--department", help=_("Only of this department and those below it, by id."))
@click.option(
    "--by",
    type=click.Choice(["docking", "officer", "department"]),
    default="docking",
    show_default=True,
    help=_("What a line stands for."),
)
@JSON
@CSV
@click.pass_obj
def late(
    home: str | None,
    since: datetime | None,
    until: datetime | None,
    officer: str | None,
    department: str | None,
    by: str,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Print what came late."""
    with reading(home) as opened:
        pack = set_pack(opened)
        begin = given(opened, since) or opened.station.clock() - timedelta(days=LATELY_DAYS)
        found = judged(opened, pack, begin, given(opened, until), _seen(opened, officer, department))
        sums = [] if by == "docking" else summed(found.rows, by)
        told = [_row(one) for one in found.rows] if by == "docking" else [asdict(one) for one in sums]
        if as_json:
            echo_json(told)
        elif as_csv:
            echo_csv(list(COLUMNS if by == "docking" else SUMS), told)
        else:
            zone = opened.station.zone
            say(
                (_line(one, zone) for one in found.rows) if by == "docking" else map(_sum_line, sums),
                _("nothing came late"),
            )
    _tell_rest(pack, found.unknown)
    return Exit.OK


def _seen(opened: Opened, officer: str | None, department: str | None) -> Callable[[Docked], bool]:
    """What a list may show of what was asked for. Raises NotAllowed."""
    reach = require_reach(opened, Act.LIST_CLIPS)
    among = None if department is None else set(tree_of(opened.station.catalog).subtree(department))

    def seen(one: Docked) -> bool:
        within = reach.why_not(one.department, one.officer) is None
        return within and officer in (None, one.officer) and (among is None or one.department in among)

    return seen


def _tell_rest(pack: Pack, unknown: int) -> None:
    """What the list does not say."""
    if pack.hand_in is None:
        click.echo(_("rule pack {pack} sets no deadline for handing in").format(pack=pack.name), err=True)
    if unknown:
        text = ngettext(
            "{n} recording was not judged: nobody knows when it was made",
            "{n} recordings were not judged: nobody knows when they were made",
            unknown,
        )
        click.echo(text.format(n=unknown), err=True)


def _row(one: Tardy) -> dict[str, Any]:
    row = asdict(one) | {"docked_at": one.docked_at.isoformat(), "due_at": one.due_at.isoformat()}
    return {name: row[name] for name in COLUMNS}


def _line(one: Tardy, zone: ZoneInfo) -> str:
    count = _("{late} of {n} late, {certain} for certain").format(late=one.late, n=one.recordings, certain=one.certain)
    return (
        f"{one.session}  {local_text(one.docked_at, zone)}  {one.recorder}  {one.officer or '-'}  "
        f"{padded(one.department, 12)}  {count}  "
        + _("{duration} after {due}").format(
            duration=duration_text(one.late_by_s * 1000), due=local_text(one.due_at, zone)
        )
    )


def _sum_line(one: Sum) -> str:
    count = ngettext("{late} late in {n} docking", "{late} late in {n} dockings", one.dockings)
    longest = _("the longest {duration}").format(duration=duration_text(one.late_by_s * 1000))
    return f"{padded(one.name or '-', 14)}  {count.format(late=one.late, n=one.dockings)}  {longest}"
