"""`dockd change`: changes that would make recordings due, and the second person's answer to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from catalog.cases.queries import case_numbers
from catalog.changes.model import PROPOSED, ChangeRow
from catalog.changes.queries import changes_of, find_change
from retention.changing import Plan

from ..assembly import Opened, reading
from ..changes.changing import confirm as confirm_change
from ..changes.changing import may_see, require_seen, turn_down, weigh_again
from ..changes.errors import ChangeNotDone
from ..changes.words import STATES, as_json, plan_lines, waiting_text, what_text
from ..exits import Exit
from ..i18n import _
from ..showing import clips_text, echo_json, local_text
from .options import JSON, WORDS

COLUMNS = (
    *("id", "state", "what", "made_due", "size_bytes", "departments", "proposed_by", "proposed_at"),
    *("answered_by", "answered_at", "answer_reason"),
)

# Of the entries that would be written: whose they are and what counts for terms. What a case is about and why somebody
# wants it stands in the log, for those who may read that.
_ACT_KEYS = (
    *("clip", "clip_class", "case", "case_no", "case_kind", "closed_on", "ended_on", "years", "counted_from"),
    *("earliest", "likely", "latest", "pack", "pack_digest"),
)


@click.group(
    help=_(
        "Changes that would make recordings due – another rule pack, another class, a case that is closed – wait here "
        "for a second person. Nothing is destroyed by them."
    )
)
def change() -> None:
    """The group."""


@change.command("list", help=_("List changes that wait for a second person, the oldest first."))
@click.option("--answered", is_flag=True, help=_("Those that were confirmed or refused."))
@JSON
@click.pass_obj
def list_changes(home: str | None, answered: bool, as_json: bool) -> int:
    """Print changes."""
    with reading(home) as opened:
        found = [one for one in changes_of(opened.station.catalog, answered=answered) if may_see(opened, one)]
        if as_json:
            echo_json([_row(one) for one in found])
            return Exit.OK
        numbers = _numbers(opened, found)
        for one in found:
            at, due = local_text(one.proposed_at, opened.station.zone), clips_text(one.made_due, one.size_bytes)
            click.echo(f"{one.id}  {at}  {one.proposed_by}  {_(STATES[one.state])}  {due}  {what_text(one, numbers)}")
        if not found:
            click.echo(_("no changes match"), err=True)
    return Exit.OK


@change.command(
    "show",
    help=_(
        "Show a change: what would be done, who asked for it, and what it would make due as things stand now – how "
        "many recordings, how long and large they are, the oldest, and how many have no second copy."
    ),
)
@click.argument("change_id", metavar="CHANGE")
@JSON
@click.pass_obj
def show(home: str | None, change_id: str, as_json: bool) -> int:
    """Print one change."""
    with reading(home) as opened:
        found = find_change(opened.station.catalog, change_id)
        require_seen(opened, found)
        now = _now(opened, found)
        if as_json:
            _echo_shown(found, now)
            return Exit.OK
        zone = opened.station.zone
        click.echo(f"{found.id}  {what_text(found, _numbers(opened, [found]))}")
        asked = _("asked for by {by}, {at}; then {clips}")
        at, clips = local_text(found.proposed_at, zone), clips_text(found.made_due, found.size_bytes)
        click.echo(asked.format(by=found.proposed_by, at=at, clips=clips))
        if found.state != PROPOSED:
            answered = _("{state} by {by}, {at}").format(
                state=_(STATES[found.state]), by=found.answered_by, at=local_text(found.answered_at, zone)
            )
            click.echo(answered + (f": {found.answer_reason}" if found.answer_reason else ""))
        elif now is None:
            click.echo(_("what it was about has changed since: it cannot be confirmed any more"))
        else:
            for line in (*plan_lines(now), waiting_text(found.id, now.made_due)):
                click.echo(line)
    return Exit.OK


@change.command(
    "confirm",
    help=_(
        "Confirm a change as a second person, and have it done: whoever asked for it cannot. --count is the number of "
        "recordings that become due, as dockd change show tells it; it is counted anew, and another number is "
        "refused.\n\n"
        "\b\n"
        "  dockd change confirm 3f9a --count 37"
    ),
)
@click.argument("change_id", metavar="CHANGE")
@click.option("--count", type=click.IntRange(0), required=True, help=_("How many recordings become due."))
@JSON
@click.pass_obj
def confirm(home: str | None, change_id: str, count: int, as_json: bool) -> int:
    """Have a change done."""
    with reading(home) as opened:
        found = find_change(opened.station.catalog, change_id)
        done = confirm_change(opened, found, count)
        numbers = _numbers(opened, [found])
    if as_json:
        _echo_done(found.id, done)
        return Exit.OK
    click.echo(_("change {change} confirmed: {what}").format(change=found.id, what=what_text(found, numbers)))
    return Exit.OK


@change.command("refuse", help=_("Refuse a change as a second person, or take back one's own. It is never done then."))
@click.argument("change_id", metavar="CHANGE")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.pass_obj
def refuse(home: str | None, change_id: str, reason: str) -> int:
    """Turn a change down."""
    with reading(home) as opened:
        found = find_change(opened.station.catalog, change_id)
        turn_down(opened, found, reason)
    click.echo(_("change {change} refused; nothing was changed").format(change=found.id))
    return Exit.OK


def _now(opened: Opened, found: ChangeRow) -> Plan | None:
    """What it would do as things stand; None when it fits no more, or was answered."""
    if found.state != PROPOSED:
        return None
    try:
        return weigh_again(opened, found).plan
    except ChangeNotDone:
        return None


def _row(one: ChangeRow) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in COLUMNS}
    times = {name: row[name].isoformat() for name in ("proposed_at", "answered_at") if row[name] is not None}
    return row | times


def _echo_shown(found: ChangeRow, now: Plan | None) -> None:
    acts = [
        {"kind": act["kind"], **{name: act["data"][name] for name in _ACT_KEYS if name in act["data"]}}
        for act in found.acts
    ]
    echo_json({**_row(found), "acts": acts, "now": None if now is None else as_json(now)})


def _echo_done(change_id: str, done: Plan) -> None:
    echo_json({"done": True, "change": change_id, **as_json(done)})


def _numbers(opened: Opened, found: Iterable[ChangeRow]) -> dict[str, str]:
    """Of the cases that these changes name, their numbers by id."""
    ids = {str(act["data"]["case"]) for one in found for act in one.acts if "case" in act["data"]}
    return case_numbers(opened.station.catalog, sorted(ids))
