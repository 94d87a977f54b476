"""`dockd handover list`, `show` and `overdue`: which batches there are, what is in them, and what is late."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from catalog.handing.model import HandoverRow, ReceiptRow
from catalog.handing.queries import (
    clips_handed,
    documents_handed,
    find_handover,
    handovers_made,
    receipts_of,
    receipts_of_batches,
)
from catalog.people.access import Act, Why
from catalog.people.queries import tree_of

from ..assembly import Opened, reading
from ..exits import Exit
from ..handover.due import overdue_of
from ..handover.words import HOW, STATES, difference_text
from ..i18n import _
from ..people.acting import reach_of_lists, refuse
from ..people.peopling import say
from ..showing import clips_text, echo_csv, echo_json, local_text
from ..wide import padded
from .options import CSV, JSON

COLUMNS = (
    *("id", "department", "recipient", "made_by", "made_at", "clips", "documents", "size_bytes"),
    *("manifest_digest", "state", "receiver", "received_at", "differences"),
)
CLIP_COLUMNS = ("clip", "name", "path", "size_bytes", "digest", "recorder", "officer", "recorded_at", "destroyed")
OVERDUE_COLUMNS = ("department", "what", "batch", "clips", "size_bytes", "since", "due_on", "overdue")


@click.command(
    "list",
    help=_(
        "List batches in the order they were made, and whether they were received.\n\n"
        "\b\n"
        "  dockd handover list --open\n"
        "  dockd handover list --csv > batches.csv"
    ),
)
@click.option("--department", help=_("Only of this department and those below it, by id."))
@click.option("--open", "open_only", is_flag=True, help=_("Only those that were not received whole."))
@JSON
@CSV
@click.pass_obj
def list_handovers(home: str | None, department: str | None, open_only: bool, as_json: bool, as_csv: bool) -> int:
    """Print batches."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        among = None if department is None else tree_of(opened.station.catalog).subtree(department)
        found = [
            one
            for one in handovers_made(opened.station.catalog, departments=among, open_only=open_only)
            if reach.why_not(one.department, None) is None
        ]
        receipts = receipts_of_batches(opened.station.catalog, [one.id for one in found])
        rows = [_row(one, receipts.get(one.id, [])) for one in found]
        if as_json:
            echo_json(rows)
        elif as_csv:
            echo_csv(list(COLUMNS), rows)
        else:
            lines = (_line(opened, one, row) for one, row in zip(found, rows, strict=True))
            say(lines, _("no batches match"))
    return Exit.OK


@click.command(
    "show",
    help=_(
        "Show a batch: what is in it, and every receipt. The first characters of its number are enough.\n\n"
        "\b\n"
        "  dockd handover show 20261121-3f9a"
    ),
)
@click.argument("batch")
@JSON
@click.option("--csv", "as_csv", is_flag=True, help=_("Print what is in it as CSV, for spreadsheets."))
@click.pass_obj
def show(home: str | None, batch: str, as_json: bool, as_csv: bool) -> int:
    """Print one batch."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        found = find_handover(opened.station.catalog, batch)
        if reach.why_not(found.department, None) is not None:
            refuse(opened, Act.LIST_CLIPS, Why.DEPARTMENT, found.department)
        receipts = receipts_of(opened.station.catalog, found.id)
        inside = _inside(opened, found)
        papers = documents_handed(opened.station.catalog, found.id)
        if as_json:
            told = [{"document": one.id, "name": one.name, "path": one.vault_path} for one in papers]
            given = [_plain(asdict(one)) for one in receipts]
            echo_json({**_row(found, receipts), "inside": inside, "papers": told, "receipts": given})
        elif as_csv:
            echo_csv(list(CLIP_COLUMNS), inside)
        else:
            click.echo(_line(opened, found, _row(found, receipts)))
            click.echo("  " + _("manifest {digest}").format(digest=found.manifest_digest))
            for row in inside:
                click.echo(f"  {row['clip']}  {row['recorder']}  {row['officer'] or '-'}  {row['name']}")
            for paper in papers:
                click.echo(f"  {paper.id}  {paper.name}")
            for receipt in receipts:
                _tell(opened, receipt)
    return Exit.OK


def _inside(opened: Opened, batch: HandoverRow) -> list[dict[str, Any]]:
    return [
        {
            "clip": clip.id,
            "name": clip.name,
            "path": clip.vault_path,
            "size_bytes": clip.size_bytes,
            "digest": clip.digests["b3"],
            "recorder": clip.recorder,
            "officer": clip.officer,
            "recorded_at": clip.recorded_at.isoformat() if clip.recorded_at else None,
            "destroyed": clip.destroyed_at is not None,
        }
        for clip in clips_handed(opened.station.catalog, batch.id)
    ]


def _tell(opened: Opened, one: ReceiptRow) -> None:
    at = local_text(one.taken_at, opened.station.zone)
    told = _("{at}: {how}, {receiver}, written down by {by}")
    click.echo("  " + told.format(at=at, how=_(HOW[one.how]), receiver=one.receiver, by=one.taken_by))
    for difference in one.differences:
        click.echo(f"    {difference_text(difference)}")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime | date) else value for name, value in row.items()}


def _row(one: HandoverRow, receipts: list[ReceiptRow]) -> dict[str, Any]:
    """A batch by its stable names, with its last receipt."""
    last = receipts[-1] if receipts else None
    row = asdict(one) | {
        "receiver": last.receiver if last else None,
        "received_at": last.taken_at if last else None,
        "differences": len(last.differences) if last else None,
    }
    return _plain({name: row[name] for name in COLUMNS})


def _line(opened: Opened, one: HandoverRow, row: dict[str, Any]) -> str:
    return (
        f"{one.id}  {local_text(one.made_at, opened.station.zone)}  {padded(one.department, 12)} → "
        f"{padded(one.recipient or '-', 14)}  {clips_text(one.clips, one.size_bytes)}  "
        f"{_(STATES[one.state])}  {row['receiver'] or ''}".rstrip()
    )


@click.command(
    "overdue",
    help=_(
        "List by department what should have been handed over, and batches without a whole receipt: by the rule "
        "pack's rhythm (at once, every month), or handover.every_days where the text leaves it open.\n\n"
        "\b\n"
        "  dockd handover overdue\n"
        "  dockd handover overdue --all --csv > waiting.csv"
    ),
)
@click.option("--all", "everything", is_flag=True, help=_("Also what waits and is not due yet."))
@JSON
@CSV
@click.pass_obj
def overdue(home: str | None, everything: bool, as_json: bool, as_csv: bool) -> int:
    """Print what is late."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        found, rhythm = overdue_of(opened)
        rows = [
            _plain(asdict(one) | {"overdue": one.overdue})
            for one in found
            if (everything or one.overdue) and reach.why_not(one.department, None) is None
        ]
    if as_json:
        echo_json(rows)
        return Exit.OK
    if as_csv:
        echo_csv(list(OVERDUE_COLUMNS), rows)
        return Exit.OK
    for row in rows:
        click.echo(_overdue_line(row))
    if rhythm.period is None:
        click.echo(_("the rule pack leaves the interval open: handover.every_days in dockd.toml sets one"), err=True)
    elif not rows:
        click.echo(_("nothing is overdue"), err=True)
    return Exit.OK


def _overdue_line(row: dict[str, Any]) -> str:
    what = {
        "not-handed-over": _("not handed over"),
        "no-receipt": _("no receipt for {batch}").format(batch=row["batch"]),
    }[row["what"]]
    due = _("due {day}").format(day=row["due_on"]) if row["due_on"] else "-"
    late = _("overdue") if row["overdue"] else ""
    size = clips_text(row["clips"], row["size_bytes"])
    since = _("since {day}").format(day=row["since"])
    return f"{padded(row['department'], 14)}  {what}  {size}  {since}  {due}  {late}".rstrip()
