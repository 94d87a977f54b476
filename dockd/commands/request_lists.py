"""`dockd request list` and `show`: which requests there are, and all that happened to one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click

from catalog.cases.queries import case_numbers
from catalog.model import CustodyEntry
from catalog.people.access import Act, Why
from catalog.requests.model import OPEN, OPEN_STATES, USABLE, Kind, RequestRow, Standing
from catalog.requests.queries import (
    NO_MARKS,
    clip_counts,
    clips_of_request,
    copies_given_on,
    log_of_request,
    marks_of_clips,
)

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import acting
from ..people.peopling import say
from ..people.words import ACTS, SECRECY, why_text
from ..requests.requesting import shown_request, shown_requests
from ..requests.words import FORMS, KINDS, STANDINGS, STEPS
from ..showing import echo_csv, echo_json, local_text, size_text
from ..wide import padded
from .options import CSV, JSON

COLUMNS = (
    *("number", "id", "kind", "standing", "case", "recordings", "purpose", "recipient", "for_whom", "departments"),
    *("asked_by", "asked_at", "decided_by", "decided_at", "decision_reason", "valid_until", "uses", "used"),
    *("last_used_at", "closed_by", "closed_at", "close_reason"),
)


@click.command(
    "list",
    help=_(
        "List requests by their numbers: of the departments whose history you may read, and always those that you "
        "asked for or that are for you.\n\n"
        "\b\n"
        "  dockd request list --standing asked\n"
        "  dockd request list --mine --open\n"
        "  dockd request list --expiring 7 --csv > requests.csv"
    ),
)
@click.option("--open", "open_only", is_flag=True, help=_("Only those of which something may still come."))
@click.option("--mine", is_flag=True, help=_("Only those that you asked for or that are for you."))
@click.option(
    "--standing", type=click.Choice([one.value for one in Standing]), help=_("Only those that stand so today.")
)
@click.option(
    "--expiring", type=click.IntRange(0), metavar="DAYS", help=_("Only those whose term is over within so many days.")
)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help=_("Only this kind."))
@click.option("--clip", "clip_id", help=_("Only those that name this recording."))
@JSON
@CSV
@click.pass_obj
def list_requests(
    home: str | None, /, as_json: bool, as_csv: bool, kind: str | None, clip_id: str | None, mine: bool, **asked: Any
) -> int:
    """Print requests."""
    with reading(home) as opened:
        clip = opened.station.catalog.find_clip(clip_id).id if clip_id else None
        person = acting(opened).actor if mine else None
        wanted = Kind(kind) if kind else None
        states = OPEN_STATES if asked["open_only"] or asked["expiring"] is not None else None
        found = shown_requests(opened, kind=wanted, states=states, clip=clip, person=person)
        now = opened.station.clock()
        found = [one for one in found if _meant(one, now, asked)]
        rows = _rows(opened, found, now)
        if as_json:
            echo_json(rows)
        elif as_csv:
            echo_csv(list(COLUMNS), map(_flat, rows))
        else:
            lines = (_line(opened, one, row) for one, row in zip(found, rows, strict=True))
            say(lines, _("no requests match"))
    return Exit.OK


def _meant(one: RequestRow, now: datetime, asked: dict[str, Any]) -> bool:
    standing = one.standing_at(now)
    if asked["open_only"] and standing not in OPEN:
        return False
    if asked["standing"] is not None and standing.value != asked["standing"]:
        return False
    if asked["expiring"] is None:
        return True
    ends = one.valid_until
    return standing in USABLE and ends is not None and ends <= now + timedelta(days=asked["expiring"])


@click.command(
    "show",
    help=_(
        "Show a request and all that ever happened to it: who asked, who decided, who looked, who was given what, who "
        "was turned away, when and why. Its number, as 2026-0007, or the first characters of its id.\n\n"
        "\b\n"
        "  dockd request show 2026-0007\n"
        "  dockd request show 2026-0007 --json"
    ),
)
@click.argument("name", metavar="REQUEST")
@JSON
@click.pass_obj
def show(home: str | None, name: str, as_json: bool) -> int:
    """Print one request."""
    with reading(home) as opened:
        catalog = opened.station.catalog
        found = shown_request(opened, name)
        row = row_of(opened, found)
        clips = clips_of_request(catalog, found.id)
        marks = marks_of_clips(catalog, [clip.id for clip in clips])
        history = log_of_request(catalog, found.id)
        if as_json:
            named = [
                {"clip": clip.id, "name": clip.name, "secrecy": sorted(marks.get(clip.id, NO_MARKS))} for clip in clips
            ]
            given = [
                {**asdict(one), "given_at": one.given_at.isoformat()} for one in copies_given_on(catalog, found.id)
            ]
            told = [entry_row(one) for one in history]
            echo_json({**row, "named": named, "copies": given, "history": told})
            return Exit.OK
        shown = row | {"kind": _(KINDS[found.kind]), "standing": _(STANDINGS[Standing(row["standing"])])}
        for key, value in _flat(shown).items():
            click.echo(f"{key:<15} {'-' if value in (None, '') else value}")
        for clip in clips:
            said = "、".join(_(SECRECY[mark]) for mark in sorted(marks.get(clip.id, NO_MARKS)))
            click.echo(f"  {clip.id}  {clip.name}  {size_text(clip.size_bytes)}" + (f"  {said}" if said else ""))
        for one in history:
            click.echo("  " + _history_line(opened, one))
    return Exit.OK


def row_of(opened: Opened, found: RequestRow) -> dict[str, Any]:
    """A request by its stable names, as it stands now."""
    (row,) = _rows(opened, [found], opened.station.clock())
    return row


def _rows(opened: Opened, found: list[RequestRow], now: datetime) -> list[dict[str, Any]]:
    """Requests by their stable names; `case` is the case's number."""
    catalog = opened.station.catalog
    counts = clip_counts(catalog, [one.id for one in found])
    numbers = case_numbers(catalog, sorted({one.case_id for one in found if one.case_id is not None}))
    rows = []
    for one in found:
        row = asdict(one) | {"kind": one.kind.value, "standing": one.standing_at(now).value}
        row |= {"case": numbers.get(one.case_id or ""), "recordings": counts.get(one.id, 0)}
        rows.append({name: _plain(row[name]) for name in COLUMNS})
    return rows


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {name: "; ".join(value) if isinstance(value, list) else value for name, value in row.items()}


def entry_row(entry: CustodyEntry) -> dict[str, Any]:
    """An entry of the log: where it stands there, and what it says."""
    return {"seq": entry.seq, "at": entry.at, "actor": entry.actor, "entry": entry.kind, **entry.data}


def _line(opened: Opened, one: RequestRow, row: dict[str, Any]) -> str:
    counted = ngettext("{n} recording", "{n} recordings", row["recordings"]).format(n=row["recordings"])
    ends = _("until {at}").format(at=local_text(one.valid_until, opened.station.zone)) if one.valid_until else "-"
    return (
        f"{one.number}  {padded(_(KINDS[one.kind]), 12)}  {padded(_(STANDINGS[Standing(row['standing'])]), 8)}  "
        f"{local_text(one.asked_at, opened.station.zone)}  {one.asked_by}  {counted}  {ends}  "
        f"{row['case'] or '-'}  {one.recipient or one.for_whom or '-'}  {one.purpose}"
    )


def _history_line(opened: Opened, entry: CustodyEntry) -> str:
    at = local_text(datetime.fromisoformat(entry.at), opened.station.zone)
    return f"{at}  {entry.actor}  {_(STEPS[entry.kind])}  {_details(opened, entry)}".rstrip()


def _details(opened: Opened, entry: CustodyEntry) -> str:
    data = entry.data
    match entry.kind:
        case "request-asked":
            return str(data["purpose"])
        case "request-approved":
            ends = local_text(datetime.fromisoformat(data["until"]), opened.station.zone)
            return _("until {at}").format(at=ends) + f"  {data['reason']}"
        case "clip-viewed":
            return str(data["clip"])
        case "copy-given":
            size = size_text(data["size_bytes"])
            return f"{data['recipient']}  {_(FORMS[data['form']])}  {size}  {data['kept'] or '-'}"
        case "act-refused":
            return f"{_(ACTS[Act(data['act'])])}: {why_text(Why(data['why']))}"
        case _:
            return str(data["reason"])
