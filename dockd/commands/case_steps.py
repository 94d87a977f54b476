"""`dockd case close`, `reopen` and `file`: the steps of a case's life."""

from __future__ import annotations

from datetime import date, datetime

import click

from catalog.cases import states
from catalog.cases.events import CaseClosed, CaseFiled, CaseFilePeriodSet, CaseReopened
from catalog.people.access import Act

from ..assembly import reading
from ..cases.acts import case_for, today, unless_refused
from ..changes.changing import make
from ..exits import Exit
from ..i18n import _
from ..people.acting import acting
from ..people.peopling import record
from .change_steps import tell, weighed

DAY = click.DateTime(["%Y-%m-%d"])


def day(given: datetime | None) -> date | None:
    """The day that was given."""
    return None if given is None else given.date()


@click.command(
    "close",
    help=_(
        "Close a case. The term for its file runs from the end of the act (--ended): the day of closing, unless "
        "another is known. If its recordings would be due by it, it waits for a second person (dockd change)."
    ),
)
@click.argument("name", metavar="CASE")
@click.option("--on", "on", type=DAY, help=_("Day of the closing; default: today."))
@click.option("--ended", type=DAY, help=_("Day on which the act itself ended."))
@click.option("--outcome", default="", help=_("What came of it, in a few words."))
@weighed
@click.pass_obj
def close(
    home: str | None,
    name: str,
    on: datetime | None,
    ended: datetime | None,
    outcome: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Record the closing."""
    with reading(home) as opened:
        case = case_for(opened, name, Act.MANAGE_CASES)
        now = today(opened)
        days = unless_refused(case.number, states.close(case.days, day(on) or now, day(ended), now))
        assert days.closed_on is not None and days.ended_on is not None
        closed = CaseClosed(case.id, days.closed_on.isoformat(), days.ended_on.isoformat(), outcome)
        made = make(opened, [closed], dry_run=dry_run)
    tell(made, as_json, _("case {number} closed").format(number=case.number))
    return Exit.OK


@click.command("reopen", help=_("Open a closed case again. Its end, its closing and its filing then count no more."))
@click.argument("name", metavar="CASE")
@click.option("--on", "on", type=DAY, help=_("Day of the reopening; default: today."))
@click.option("--reason", required=True, help=_("Why, in a few words."))
@click.pass_obj
def reopen(home: str | None, name: str, on: datetime | None, reason: str) -> int:
    """Record the reopening."""
    with reading(home) as opened:
        case = case_for(opened, name, Act.MANAGE_CASES)
        now = today(opened)
        days = unless_refused(case.number, states.reopen(case.days, day(on) or now, reason, now))
        assert days.reopened_on is not None
        record(opened, [CaseReopened(case.id, days.reopened_on.isoformat(), reason)])
    click.echo(_("case {number} reopened").format(number=case.number))
    return Exit.OK


@click.command("file", help=_("Record that the file of a closed case is complete and in the archive (归档)."))
@click.argument("name", metavar="CASE")
@click.option("--on", "on", type=DAY, help=_("Day of the filing; default: today."))
@click.option("--archive-no", help=_("Number of the file in the archive."))
@click.pass_obj
def file_case(home: str | None, name: str, on: datetime | None, archive_no: str | None) -> int:
    """Record the filing."""
    with reading(home) as opened:
        case = case_for(opened, name, Act.MANAGE_CASES)
        now = today(opened)
        days = unless_refused(case.number, states.file(case.days, day(on) or now, now))
        assert days.filed_on is not None
        record(opened, [CaseFiled(case.id, days.filed_on.isoformat(), archive_no)])
    click.echo(_("case {number} filed").format(number=case.number))
    return Exit.OK


@click.command(
    "keep",
    help=_(
        "Say how long the file of this very case is kept (归档保管期限); its recordings are kept as long, where the "
        "rule pack says so of its kind. It goes before the table of the rule pack, and the last word counts. What "
        "would make recordings due waits for a second person (dockd change).\n\n"
        "\b\n"
        "  dockd case keep 2026-昌水罚-017 --years 30 --reason 归档\n"
        "  dockd case keep 2026-昌水罚-017 --for-ever --reason 重大案件"
    ),
)
@click.argument("name", metavar="CASE")
@click.option("--years", type=click.IntRange(1, 1000), help=_("So many years."))
@click.option("--for-ever", is_flag=True, help=_("Without end (永久)."))
@click.option(
    "--counted-from",
    type=click.Choice(["closing", "new-year"]),
    default="new-year",
    show_default=True,
    help=_("From when the years count: the closing, or the year after it."),
)
@click.option("--reason", required=True, help=_("Why, in a few words."))
@weighed
@click.pass_obj
def keep(
    home: str | None,
    name: str,
    years: int | None,
    for_ever: bool,
    counted_from: str,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Record how long the file is kept."""
    if (years is None) != for_ever:
        raise click.UsageError(_("give --years or --for-ever"))
    with reading(home) as opened:
        case = case_for(opened, name, Act.MANAGE_CASES)
        said = CaseFilePeriodSet(case.id, years, counted_from, acting(opened).actor, reason)
        made = make(opened, [said], dry_run=dry_run)
    tell(made, as_json, _("case {number}: how long its file is kept is recorded").format(number=case.number))
    return Exit.OK
