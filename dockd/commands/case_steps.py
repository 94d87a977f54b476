"""`dockd case close`, `reopen` and `file`: the steps of a case's life."""

from __future__ import annotations

from datetime import date, datetime

import click

from catalog.cases import states
from catalog.cases.events import CaseClosed, CaseFiled, CaseReopened
from catalog.people.access import Act

from ..assembly import reading
from ..case_acts import case_for, today, unless_refused
from ..exits import Exit
from ..i18n import _
from ..peopling import record

DAY = click.DateTime(["%Y-%m-%d"])


def day(given: datetime | None) -> date | None:
    """The day that was given."""
    return None if given is None else given.date()


@click.command(
    "close",
    help=_(
        "Close a case. The term for its file runs from the end of the act (--ended): the day of closing, unless "
        "another is known."
    ),
)
@click.argument("name", metavar="CASE")
@click.option("--on", "on", type=DAY, help=_("Day of the closing; default: today."))
@click.option("--ended", type=DAY, help=_("Day on which the act itself ended."))
@click.option("--outcome", default="", help=_("What came of it, in a few words."))
@click.pass_obj
def close(home: str | None, name: str, on: datetime | None, ended: datetime | None, outcome: str) -> int:
    """Record the closing."""
    with reading(home) as opened:
        case = case_for(opened, name, Act.MANAGE_CASES)
        now = today(opened)
        days = unless_refused(case.number, states.close(case.days, day(on) or now, day(ended), now))
        assert days.closed_on is not None and days.ended_on is not None
        record(opened, [CaseClosed(case.id, days.closed_on.isoformat(), days.ended_on.isoformat(), outcome)])
    click.echo(_("case {number} closed").format(number=case.number))
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
