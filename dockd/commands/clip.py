"""`dockd clip`: recordings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from catalog.cases.queries import case_numbered, links_of_case, notes_of_clip
from catalog.events import ClipFiled
from catalog.model import ClipQuery
from catalog.people.access import Act, Scope, Why

from ..assembly import Opened, reading
from ..cases.activity import known_class
from ..cases.acts import clips_for, opening_of
from ..changes.changing import make
from ..clip_rows import COLUMNS, KINDS, TIME_FORMATS, as_row, flat, line, with_all
from ..clocks.words import doubt_text
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import refuse, require, require_reach
from ..requests.secrecy import cleared
from ..showing import echo_csv, echo_json, local_text
from ..sweep.view import disposal_line
from .attribute import attribute
from .change_steps import tell, weighed
from .clip_history import history
from .clip_marks import classify, note
from .clip_secret import secret
from .clip_time import clip_time, settle_time
from .clip_why import why
from .options import CSV, JSON
from .search import search


@click.group(help=_("Recordings: find them, show them, file them under a case."))
def clip() -> None:
    """The group."""


for command in (attribute, classify, clip_time, history, note, search, secret, settle_time, why):
    clip.add_command(command)


@clip.command(
    "list",
    help=_(
        "List recordings by department, recorder, officer, time, case or class.\n\n"
        "Times are the agency's wall clock.\n\n"
        "\b\nExamples:\n"
        "  dockd clip list --recorder 4410023 --since 2026-11-01\n"
        "  dockd clip list --officer 100234 --csv > clips.csv"
    ),
)
@click.option("--department", help=_("Only this department."))
@click.option("--recorder", help=_("Only this recorder."))
@click.option("--officer", help=_("Only this officer."))
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("Recorded at this time or later."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("Recorded before this time."))
@click.option("--case", "case_no", help=_("Only this case number."))
@click.option("--class", "clip_class", help=_("Only this class, for example unclassified."))
@click.option("--session", help=_("Only this docking session."))
@click.option("--kind", type=click.Choice(KINDS), help=_("Only this kind."))
@click.option("--unattributed", is_flag=True, help=_("Only recordings whose officer a person must settle."))
@click.option("--time-unknown", is_flag=True, help=_("Only recordings whose time a person must settle."))
@click.option("--limit", type=click.IntRange(1), help=_("At most so many."))
@JSON
@CSV
@click.pass_obj
def list_clips(
    home: str | None, /, since: datetime | None, until: datetime | None, as_json: bool, as_csv: bool, **wanted: Any
) -> int:
    """Print clips."""
    with reading(home) as opened:
        zone = opened.station.zone
        if wanted["session"]:
            wanted["session"] = opened.station.catalog.find_session(wanted["session"]).id
        reach = require_reach(opened, Act.LIST_CLIPS)
        if reach.scope is Scope.OWN:
            if reach.owner is None or wanted["officer"] not in (None, reach.owner):
                refuse(opened, Act.LIST_CLIPS, Why.NOT_OWN, None)
            wanted["officer"] = reach.owner
        among = _under(opened, wanted.pop("case_no"))
        query = ClipQuery(
            among=among, since=_utc(since, zone), until=_utc(until, zone), departments=reach.departments, **wanted
        )
        clips = with_all(opened.station.catalog, opened.station.catalog.clips(query))
        if as_json:
            echo_json([as_row(*each) for each in clips])
        elif as_csv:
            echo_csv(list(COLUMNS), (flat(as_row(*each)) for each in clips))
        else:
            count = 0
            for found, cases, marks in clips:
                count += 1
                click.echo(line(found, zone, cases, marks))
            if not count:
                click.echo(_("no recordings match"), err=True)
    return Exit.OK


@clip.command("show", help=_("Show all that is known of one recording. The first characters of its id are enough."))
@click.argument("clip_id", metavar="CLIP")
@JSON
@click.pass_obj
def show_clip(home: str | None, clip_id: str, as_json: bool) -> int:
    """Print one clip with its facts."""
    with reading(home) as opened:
        found = opened.station.catalog.find_clip(clip_id)
        require(opened, Act.LIST_CLIPS, found.department, owner=found.officer, clip=found.id)
        ((_clip, cases, marks),) = with_all(opened.station.catalog, [found])
        row = as_row(found, cases, marks)
        # What it says and what is said of it is as secret as the picture.
        withheld = not cleared(opened, marks)
        facts = [] if withheld else opened.station.catalog.facts_of(found.id)
        notes = [] if withheld else notes_of_clip(opened.station.catalog, found.id)
        if as_json:
            said = [{"note": one.note, "by": one.noted_by, "at": one.noted_at.isoformat()} for one in notes]
            echo_json({**row, "withheld": withheld, "notes": said, "facts": [asdict(fact) for fact in facts]})
            return Exit.OK
        for name, value in flat(row).items():
            click.echo(f"{name:<17} {'-' if value is None else value}")
        disposal = disposal_line(opened, found)
        if disposal is not None:
            click.echo(f"  {disposal}")
        if found.time_doubt:
            click.echo("  " + _("time unknown: {why}").format(why=doubt_text(found.time_doubt)))
        if withheld:
            click.echo("  " + _("marked secret: its notes and facts need the clearance"))
        for one in notes:
            click.echo(f"  {local_text(one.noted_at, opened.station.zone)}  {one.noted_by}: {one.note}")
        for fact in facts:
            click.echo(f"  {fact.name:<16} {fact.value} {fact.unit}  [{fact.source}]")
    return Exit.OK


@clip.command(
    "file",
    help=_(
        "File recordings under a case and a class at once. A case of a new number is opened with it; a recording "
        "that is under other cases stays there (dockd case unlink takes it out). Without --class it keeps its class. "
        "What the recorder marked stays beside it; each filing is an entry in the custody log. What would make "
        "recordings due waits for a second person (dockd change)."
    ),
)
@click.argument("clip_ids", nargs=-1, required=True, metavar="CLIP…")
@click.option("--case", "case_no", help=_("Number of the case."))
@click.option("--class", "clip_class", help=_("Class of the activity."))
@click.option("--reason", default="", help=_("Why, in a few words."))
@weighed
@click.pass_obj
def file_clips(
    home: str | None,
    clip_ids: tuple[str, ...],
    case_no: str | None,
    clip_class: str | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Record the filing of each clip, all or none."""
    if case_no is None and clip_class is None:
        raise click.UsageError(_("give --case, --class or both"))
    with reading(home) as opened:
        if clip_class is not None:
            known_class(opened, clip_class, or_none=True)
        found = clips_for(opened, clip_ids, Act.FILE_CLIP)
        first = opening_of(opened, case_no, found[0].department) if case_no is not None else []
        filed = [ClipFiled(each.id, case_no, clip_class or each.clip_class, reason) for each in found]
        made = make(opened, [*first, *filed], dry_run=dry_run)
    done = [_("case {number} opened").format(number=case_no) for _case in first]
    done.append(ngettext("{n} recording filed", "{n} recordings filed", len(found)).format(n=len(found)))
    tell(made, as_json, *done)
    return Exit.OK


def _under(opened: Opened, number: str | None) -> frozenset[str] | None:
    """The recordings under the case of this number, none of a number that nobody knows; None: no case was asked for."""
    if number is None:
        return None
    case = case_numbered(opened.station.catalog, number)
    return frozenset(link.clip for link in links_of_case(opened.station.catalog, case.id)) if case else frozenset()


def _utc(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment else None
