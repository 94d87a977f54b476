"""`dockd clip search`: recordings by whatever is known of them."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

import click

from catalog.cases.bigrams import words_of
from catalog.cases.model import ClipSearch
from catalog.cases.queries import case_numbered
from catalog.cases.searching import all_clips
from catalog.model import Clip
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..cases.acts import reached
from ..clip_rows import COLUMNS, KINDS, TIME_FORMATS, as_row, flat, line, with_all
from ..exits import Exit
from ..i18n import _
from ..people.acting import require_reach
from ..people.peopling import given
from ..showing import echo_csv, echo_json
from .options import CSV, JSON

LIMIT = 50


@click.command(
    "search",
    help=_(
        "Find recordings, newest first, by words and by whatever else is known: department, recorder, officer, time, "
        "party, cause of the case. Words are looked for in number, cause, parties and note of the cases that a "
        "recording is under, and in the notes on it; all of them must stand in one case or one note. A word may be a "
        "single sign.\n\n"
        "\b\n"
        "  dockd clip search 取水 --department 大队 --since 2026-11-01\n"
        "  dockd clip search --party 王芳 --after c453e07b53f49a10"
    ),
)
@click.argument("text", nargs=-1, metavar="[WORD…]")
@click.option("--department", help=_("Only this department and those below it."))
@click.option("--recorder", help=_("Only this recorder."))
@click.option("--officer", help=_("Only this officer."))
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("Recorded at this time or later."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("Recorded before this time."))
@click.option("--party", default="", help=_("Under a case with these words in the name of a party."))
@click.option("--cause", default="", help=_("Under a case with these words in its cause."))
@click.option("--case", "case_no", help=_("Under the case of this number."))
@click.option("--class", "clip_class", help=_("Only this class, for example unclassified."))
@click.option("--session", help=_("Only this docking session."))
@click.option("--kind", type=click.Choice(KINDS), help=_("Only this kind."))
@click.option("--after", metavar="CLIP", help=_("Go on behind this recording, the last one of the page before."))
@click.option("--limit", type=click.IntRange(1), default=LIMIT, show_default=True, help=_("At most so many."))
@JSON
@CSV
@click.pass_obj
def search(home: str | None, /, as_json: bool, as_csv: bool, **asked: Any) -> int:
    """Print clips."""
    with reading(home) as opened:
        catalog = opened.station.catalog
        found = _found(opened, asked)
        shown = list(with_all(catalog, found))
        rows = [as_row(*each) for each in shown]
        if as_json:
            echo_json(rows)
        elif as_csv:
            echo_csv(list(COLUMNS), map(flat, rows))
        else:
            for clip, cases, marks in shown:
                click.echo(line(clip, opened.station.zone, cases, marks))
            if not found:
                click.echo(_("no recordings match"), err=True)
            elif len(found) == asked["limit"]:
                click.echo(_("more: --after {clip}").format(clip=found[-1].id), err=True)
    return Exit.OK


def _found(opened: Opened, asked: dict[str, Any]) -> list[Clip]:
    catalog = opened.station.catalog
    shown = reached(
        opened, Act.LIST_CLIPS, require_reach(opened, Act.LIST_CLIPS), asked["department"], asked["officer"]
    )
    case = None
    if asked["case_no"] is not None:
        numbered = case_numbered(catalog, asked["case_no"])
        if numbered is None:
            return []
        case = numbered.id
    wanted = ClipSearch(
        departments=shown.departments,
        recorder=asked["recorder"],
        officer=shown.officer,
        session=catalog.find_session(asked["session"]).id if asked["session"] else None,
        since=given(opened, asked["since"]),
        until=given(opened, asked["until"]),
        kind=asked["kind"],
        clip_class=asked["clip_class"],
        case=case,
        words=words_of(" ".join(asked["text"])),
        party=words_of(asked["party"]),
        cause=words_of(asked["cause"]),
    )
    after: tuple[datetime, str] | None = catalog.find_clip(asked["after"]).position if asked["after"] else None
    return list(islice(all_clips(catalog, wanted, after, limit=asked["limit"]), asked["limit"]))
