"""`dockd case`: cases, from their opening to their file."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

import click

from catalog.cases import states
from catalog.cases.bigrams import words_of
from catalog.cases.events import CaseEdited, CaseOpened
from catalog.cases.model import CaseRow, CaseSearch
from catalog.cases.queries import (
    case_numbered,
    cases_of_search,
    counts_of_clips,
    documents_of_case,
    file_period_of,
    links_of_case,
)
from catalog.cases.states import State
from catalog.people.access import Act
from catalog.requests.queries import NO_MARKS, marks_of_case, marks_of_clips

from ..assembly import Opened, reading
from ..cases.activity import class_text, classes, known_class
from ..cases.acts import COLUMNS, Filing, add_documents, as_row, case_for, own_of, reached, today, unless_refused
from ..cases.words import confidence_text, kept_text, reason_text, state_text
from ..changes.changing import make
from ..errors import CaseNumberTaken
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import require, require_reach
from ..people.peopling import record
from ..requests.secrecy import cleared
from ..showing import echo_csv, echo_json, local_text, size_text
from ..wide import padded
from .case_links import link, suggest, unlink
from .case_steps import DAY, close, day, file_case, keep, reopen
from .change_steps import tell, weighed
from .options import CSV, JSON


@click.group(
    help=_("Cases: what they are about, which recordings and papers belong to them, and when their file is due.")
)
def case() -> None:
    """The group."""


for command in (close, reopen, file_case, keep, suggest, link, unlink):
    case.add_command(command)


@case.command(
    "open",
    help=_(
        "Open a case under its NUMBER. Days are the agency's; without --opened it is today.\n\n"
        "\b\n"
        "  dockd case open 2026-昌水罚-017 --cause 未取得取水许可擅自取水 --party 王芳 --kind general-procedure "
        "--officer 100234"
    ),
)
@click.argument("number")
@click.option("--cause", default="", help=_("What the case is about (案由)."))
@click.option("--party", "parties", multiple=True, help=_("A party (当事人); may be given more than once."))
@click.option("--kind", default="other", show_default=True, help=_("Kind of the case: a class of activity."))
@click.option("--department", help=_("Department that handles it; default: that of the station."))
@click.option("--officer", "officers", multiple=True, help=_("Number of an officer who handles it; may be repeated."))
@click.option("--opened", type=DAY, help=_("Day of the opening, as 2026-11-21."))
@click.option("--ended", type=DAY, help=_("Day on which the act itself ended."))
@click.option("--note", default="", help=_("What else there is to say."))
@click.pass_obj
def open_case(home: str | None, /, number: str, opened: datetime | None, ended: datetime | None, **told: Any) -> int:
    """Record a new case."""
    with reading(home) as station:
        department = told["department"] or station.station.department
        require(station, Act.MANAGE_CASES, department, owner=own_of(station, told["officers"]))
        if case_numbered(station.station.catalog, number) is not None:
            raise CaseNumberTaken(number)
        now = today(station)
        first = states.Days(day(opened) or now)
        days = unless_refused(number, states.set_days(first, first.opened_on, day(ended), now))
        event = CaseOpened(
            case=station.station.random_hex(16),
            number=number,
            cause=told["cause"],
            parties=list(told["parties"]),
            case_kind=known_class(station, told["kind"]),
            department=department,
            officers=list(told["officers"]),
            opened_on=days.opened_on.isoformat(),
            ended_on=days.ended_on.isoformat() if days.ended_on else None,
            note=told["note"],
        )
        record(station, [event])
    click.echo(_("case {number} opened").format(number=number))
    return Exit.OK


@case.command(
    "edit",
    help=_(
        "Put right or complete what is known of a case. What is not given stays; --party and --officer replace all of "
        "them. What it was before stays in the custody log. If its recordings would be due by another kind, it waits "
        "for a second person (dockd change)."
    ),
)
@click.argument("name", metavar="CASE")
@click.option("--number", help=_("Its right number."))
@click.option("--cause", help=_("What the case is about (案由)."))
@click.option("--party", "parties", multiple=True, help=_("A party (当事人); may be given more than once."))
@click.option("--kind", help=_("Kind of the case: a class of activity."))
@click.option("--department", help=_("Department that handles it."))
@click.option("--officer", "officers", multiple=True, help=_("Number of an officer who handles it; may be repeated."))
@click.option("--opened", type=DAY, help=_("Day of the opening, as 2026-11-21."))
@click.option("--ended", type=DAY, help=_("Day on which the act itself ended."))
@click.option("--note", help=_("What else there is to say."))
@weighed
@click.pass_obj
def edit_case(
    home: str | None,
    /,
    name: str,
    opened: datetime | None,
    ended: datetime | None,
    dry_run: bool,
    as_json: bool,
    **told: Any,
) -> int:
    """Record what is known of a case now."""
    with reading(home) as station:
        found = case_for(station, name, Act.MANAGE_CASES)
        given = {key: value for key, value in told.items() if value not in (None, ())}
        if "kind" in given:
            known_class(station, given["kind"])
        if given.get("department", found.department) != found.department:
            require(station, Act.MANAGE_CASES, given["department"], case=found.id)
        number = given.get("number", found.number)
        if number != found.number and case_numbered(station.station.catalog, number) is not None:
            raise CaseNumberTaken(number)
        wanted = states.set_days(
            found.days, day(opened) or found.opened_on, day(ended) or found.ended_on, today(station)
        )
        days = unless_refused(found.number, wanted)
        made = make(station, [_edited(found, given, days)], dry_run=dry_run)
    tell(made, as_json, _("case {number} changed").format(number=number))
    return Exit.OK


def _edited(found: CaseRow, given: dict[str, Any], days: states.Days) -> CaseEdited:
    return CaseEdited(
        case=found.id,
        number=given.get("number", found.number),
        cause=given.get("cause", found.cause),
        parties=list(given.get("parties", found.parties)),
        case_kind=given.get("kind", found.kind),
        department=given.get("department", found.department),
        officers=list(given.get("officers", found.officers)),
        opened_on=days.opened_on.isoformat(),
        ended_on=days.ended_on.isoformat() if days.ended_on else None,
        note=given.get("note", found.note),
    )


@case.command(
    "add-document",
    help=_(
        "Keep papers of a case in the vault – documents, scans, photos – with the same proof as recordings "
        "(`dockd verify` reads them too). Handing in the same file again changes nothing."
    ),
)
@click.argument("name", metavar="CASE")
@click.argument("paths", nargs=-1, required=True, type=click.Path(dir_okay=False), metavar="FILE…")
@click.option("--title", help=_("What it is, as 询问笔录; else the file's own name."))
@click.pass_obj
def add_document(home: str | None, name: str, paths: tuple[str, ...], title: str | None) -> int:
    """Keep documents."""
    with reading(home) as station:
        found = case_for(station, name, Act.MANAGE_CASES)
        for kept in add_documents(station, found, paths, title):
            click.echo(_("kept as {path}, {digest}").format(path=kept.vault_path, digest=kept.digest))
    return Exit.OK


@case.command(
    "list",
    help=_(
        "List cases, newest first. --overdue lists those whose act ended so long ago that their file should be in the "
        "archive, the oldest end first.\n\n"
        "\b\n"
        "  dockd case list --text 取水 --state open\n"
        "  dockd case list --overdue --csv > overdue.csv"
    ),
)
@click.option("--department", help=_("Only this department and those below it."))
@click.option("--officer", help=_("Only what this officer handles."))
@click.option("--kind", help=_("Only this kind."))
@click.option("--state", type=click.Choice([state.value for state in State]), help=_("Only those that stand so."))
@click.option("--since", type=DAY, help=_("Opened on this day or later."))
@click.option("--until", type=DAY, help=_("Opened before this day."))
@click.option("--party", default="", help=_("With these words in the name of a party."))
@click.option("--cause", default="", help=_("With these words in the cause."))
@click.option("--text", default="", help=_("With these words in number, cause, parties or note."))
@click.option("--overdue", is_flag=True, help=_("Only those whose file is overdue, by the rule pack or the settings."))
@click.option("--limit", type=click.IntRange(1), help=_("At most so many."))
@JSON
@CSV
@click.pass_obj
def list_cases(home: str | None, /, limit: int | None, as_json: bool, as_csv: bool, **asked: Any) -> int:
    """Print cases."""
    with reading(home) as station:
        filing = Filing.at(station)
        found = list(cases_of_search(station.station.catalog, _search(station, asked, filing), limit))
        counts = counts_of_clips(station.station.catalog, [one.id for one in found])
        if as_json:
            echo_json([as_row(one, counts.get(one.id, 0), filing) for one in found])
        elif as_csv:
            echo_csv(list(COLUMNS), (_flat(as_row(one, counts.get(one.id, 0), filing)) for one in found))
        else:
            for one in found:
                click.echo(_line(one, counts.get(one.id, 0), filing))
            if not found:
                click.echo(_("no cases match"), err=True)
    return Exit.OK


def _search(station: Opened, asked: dict[str, Any], filing: Filing) -> CaseSearch:
    shown = reached(
        station, Act.LIST_CASES, require_reach(station, Act.LIST_CASES), asked["department"], asked["officer"]
    )
    ended_by = None
    if asked["overdue"]:
        if filing.within_days is None:
            raise click.UsageError(_("neither the rule pack nor cases.filing_days sets a term for files"))
        ended_by = states.last_end_overdue(filing.today, filing.within_days)
    return CaseSearch(
        departments=shown.departments,
        officer=shown.officer,
        kind=asked["kind"],
        state=State(asked["state"]) if asked["state"] else None,
        since=day(asked["since"]),
        until=day(asked["until"]),
        words=words_of(asked["text"]),
        party=words_of(asked["party"]),
        cause=words_of(asked["cause"]),
        ended_by=ended_by,
    )


@case.command(
    "show",
    help=_(
        "Show a case with its documents and recordings: who put them there and why, and what was taken out again. Its "
        "number, or the first characters of its id."
    ),
)
@click.argument("name", metavar="CASE")
@JSON
@click.pass_obj
def show_case(home: str | None, name: str, as_json: bool) -> int:
    """Print one case."""
    with reading(home) as station:
        catalog, zone = station.station.catalog, station.station.zone
        found = case_for(station, name, Act.LIST_CASES)
        links = links_of_case(catalog, found.id, taken_out=True)
        papers = documents_of_case(catalog, found.id)
        row = as_row(found, sum(one.unlinked_at is None for one in links), Filing.at(station))
        said = file_period_of(catalog, found.id)
        marks = marks_of_case(catalog, found.id)
        row |= {"secrecy": sorted(mark.value for mark in marks)}
        if not cleared(station, marks):
            # That there are papers is listed; where they lie is for those who are cleared.
            papers = [replace(paper, vault_path="", digest="") for paper in papers]
        if as_json:
            secret = marks_of_clips(catalog, [one.clip for one in links])
            below = [_plain(asdict(one)) | {"secrecy": sorted(secret.get(one.clip, NO_MARKS))} for one in links]
            kept = None if said is None else _plain(asdict(said))
            told = {"file_kept": kept, "documents": [_plain(asdict(one)) for one in papers], "links": below}
            echo_json({**row, **told})
            return Exit.OK
        row |= {"kind": class_text(classes(station), found.kind), "state": state_text(found.state)}
        for key, value in _flat(row).items():
            click.echo(f"{key:<12} {'-' if value in (None, '') else value}")
        if said is not None:
            click.echo("  " + kept_text(said))
        for paper in papers:
            click.echo(f"  {paper.title}  {size_text(paper.size_bytes)}  {paper.vault_path}  {paper.digest}")
        for one in links:
            click.echo(f"  {one.clip}  {local_text(one.linked_at, zone)}  {one.linked_by}  {_how(one.confidence)}")
            for reason in one.reasons:
                click.echo(f"    {reason_text(reason)}")
            if one.unlinked_at is not None:
                taken = _("taken out again {at} by {by}: {reason}")
                at = local_text(one.unlinked_at, zone)
                click.echo("    " + taken.format(at=at, by=one.unlinked_by, reason=one.unlink_reason))
    return Exit.OK


def _how(confidence: str | None) -> str:
    return _("by hand") if confidence is None else _("suggested: {how}").format(how=confidence_text(confidence))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {name: "; ".join(value) if isinstance(value, list) else value for name, value in row.items()}


def _line(one: CaseRow, clips: int, filing: Filing) -> str:
    due = filing.due_on(one)
    late = "  " + _("file due {day}").format(day=due) if due is not None else ""
    counted = ngettext("{n} recording", "{n} recordings", clips).format(n=clips)
    return (
        f"{padded(one.number, 20)} {one.opened_on}  {padded(state_text(one.state), 8)}  {one.department}  "
        f"{'、'.join(one.parties) or '-'}  {one.cause or '-'}  {counted}{late}"
    )
