"""`dockd hold list`, `show`, `proposals` and `queue`: which holds there are, and what lies under them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from catalog.keeping.model import HoldRow, Queued
from catalog.keeping.queries import clips_held, find_hold, held_totals, long_term_clips
from catalog.people.access import Act, Why
from retention.pack import Pack

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _
from ..keeping.deciding import set_pack
from ..keeping.holding import proposals as proposals_of
from ..keeping.holding import shown_holds
from ..keeping.words import SCOPES, STATES, trigger_text
from ..people.acting import reach_of_lists, refuse
from ..showing import clips_text, echo_csv, echo_json, local_text, size_text
from ..wide import padded
from .options import CSV, JSON

HOLD_COLUMNS = (
    *("id", "state", "scope", "about", "trigger", "long_term", "reason", "departments", "placed_by", "placed_at"),
    *("asked_by", "asked_at", "ask_reason", "lifted_by", "lifted_at", "lift_reason", "clips", "size_bytes"),
)
QUEUE_COLUMNS = (
    *("clip", "name", "vault_path", "size_bytes", "digest", "recorder", "officer", "department", "recorded_at"),
    *("since", "triggers", "holds"),
)
PROPOSAL_COLUMNS = ("hold", "clip", "name", "recorder", "officer", "department", "recorded_at", "ingested_at")


@click.command("list", help=_("List holds in the order they were placed; those that were lifted only with --lifted."))
@click.option("--lifted", is_flag=True, help=_("Also those that were lifted."))
@click.option("--clip", "clip_id", help=_("Only those that hold this recording."))
@JSON
@CSV
@click.pass_obj
def list_holds(home: str | None, lifted: bool, clip_id: str | None, as_json: bool, as_csv: bool) -> int:
    """Print holds."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        clip = opened.station.catalog.find_clip(clip_id).id if clip_id else None
        found = shown_holds(opened, reach, lifted=lifted, clip=clip)
        totals = held_totals(opened.station.catalog, [one.id for one in found])
        rows = [_as_row(one, *totals.get(one.id, (0, 0))) for one in found]
        if as_json:
            echo_json(rows)
        elif as_csv:
            echo_csv(list(HOLD_COLUMNS), (_flat(row) for row in rows))
        else:
            pack = set_pack(opened)
            for one, row in zip(found, rows, strict=True):
                click.echo(_line(opened, one, row, pack))
            if not found:
                click.echo(_("no holds match"), err=True)
    return Exit.OK


@click.command(
    "show",
    help=_("Show a hold, what lies under it, and who asked for what. The first characters of its id are enough."),
)
@click.argument("hold_id", metavar="HOLD")
@JSON
@click.option("--csv", "as_csv", is_flag=True, help=_("Print what lies under it as CSV, for spreadsheets."))
@click.pass_obj
def show(home: str | None, hold_id: str, as_json: bool, as_csv: bool) -> int:
    """Print one hold."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        found = find_hold(opened.station.catalog, hold_id)
        if all(reach.why_not(one, None) is not None for one in found.departments):
            refuse(opened, Act.LIST_CLIPS, Why.DEPARTMENT, found.departments[0])
        clips = clips_held(opened.station.catalog, found.id)
        row = _as_row(found, len(clips), sum(clip.size_bytes for clip in clips))
        under = [
            {
                "clip": clip.id,
                "name": clip.name,
                "path": clip.vault_path,
                "size_bytes": clip.size_bytes,
                "recorder": clip.recorder,
                "officer": clip.officer,
                "recorded_at": _time(clip.recorded_at),
            }
            for clip in clips
        ]
        if as_json:
            echo_json({**row, "held": under})
        elif as_csv:
            names = ["clip", "name", "path", "size_bytes", "recorder", "officer", "recorded_at"]
            echo_csv(names, under)
        else:
            shown = row | {"state": _(STATES[found.state]), "scope": _(SCOPES[found.scope])}
            shown |= {"trigger": trigger_text(found.trigger, set_pack(opened))}
            for name, value in _flat(shown).items():
                click.echo(f"{name:<12} {'-' if value in (None, '') else value}")
            for clip in clips:
                recorded = local_text(clip.recorded_at, opened.station.zone)
                click.echo(f"  {clip.id}  {recorded:<19}  {clip.recorder}  {clip.officer or '-'}  {clip.name}")
    return Exit.OK


@click.command(
    "proposals",
    help=_(
        "List what fits the event of a hold and does not lie under it: recordings that were docked later, or whose "
        "time was settled since. dockd hold widen takes them over."
    ),
)
@click.option("--hold", "hold_id", help=_("Only for this hold."))
@JSON
@click.pass_obj
def proposals(home: str | None, hold_id: str | None, as_json: bool) -> int:
    """Print proposals."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        only = find_hold(opened.station.catalog, hold_id).id if hold_id else None
        wanted = [one for one in shown_holds(opened, reach, scope="event") if only in (None, one.id)]
        found = [one for one in proposals_of(opened, wanted) if reach.why_not(one.clip.department, None) is None]
        zone = opened.station.zone
    rows = [
        {
            "hold": one.hold.id,
            "clip": one.clip.id,
            "name": one.clip.name,
            "recorder": one.clip.recorder,
            "officer": one.clip.officer,
            "department": one.clip.department,
            "recorded_at": _time(one.clip.recorded_at),
            "ingested_at": _time(one.clip.ingested_at),
        }
        for one in found
    ]
    if as_json:
        echo_json(rows)
        return Exit.OK
    for one in found:
        clip = one.clip
        click.echo(
            f"{one.hold.id}  {clip.id}  {local_text(clip.recorded_at, zone):<19}  {clip.recorder}  "
            f"{clip.officer or '-'}  {clip.name}"
        )
    if not found:
        click.echo(_("nothing is proposed"), err=True)
    return Exit.OK


@click.command(
    "queue",
    help=_(
        "List what is marked for long-term keeping (长期保存): the archivist's queue of what is to be put on disc, "
        "with its bytes."
    ),
)
@JSON
@CSV
@click.pass_obj
def queue(home: str | None, as_json: bool, as_csv: bool) -> int:
    """Print the archivist's queue."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        found = [
            one for one in long_term_clips(opened.station.catalog) if reach.why_not(one.department, one.officer) is None
        ]
        pack, zone = set_pack(opened), opened.station.zone
    if as_json:
        echo_json([_queued(one) for one in found])
        return Exit.OK
    if as_csv:
        echo_csv(list(QUEUE_COLUMNS), (_flat(_queued(one)) for one in found))
        return Exit.OK
    for one in found:
        triggers = "、".join(trigger_text(trigger, pack) for trigger in one.triggers) or "-"
        click.echo(
            f"{one.clip}  {local_text(one.since, zone)}  {size_text(one.size_bytes):>10}  {one.recorder}  "
            f"{one.officer or '-'}  {one.name}  {triggers}"
        )
    click.echo(clips_text(len(found), sum(one.size_bytes for one in found)))
    return Exit.OK


def _queued(one: Queued) -> dict[str, Any]:
    row = asdict(one) | {"recorded_at": _time(one.recorded_at), "since": _time(one.since)}
    return row | {"triggers": list(one.triggers), "holds": list(one.holds)}


def _as_row(hold: HoldRow, clips: int, size_bytes: int) -> dict[str, Any]:
    """A hold by its stable names."""
    row = asdict(hold) | {"clips": clips, "size_bytes": size_bytes}
    return {name: _time(row[name]) if isinstance(row[name], datetime) else row[name] for name in HOLD_COLUMNS}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row for a spreadsheet, where a list or a map is one cell."""

    def cell(value: Any) -> Any:
        if isinstance(value, dict):
            return "; ".join(f"{name}={cell(part)}" for name, part in value.items() if part not in (None, []))
        return "; ".join(value) if isinstance(value, list) else value

    return {name: cell(value) for name, value in row.items()}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _line(opened: Opened, hold: HoldRow, row: dict[str, Any], pack: Pack) -> str:
    mark = _("long-term") if hold.long_term else "-"
    return (
        f"{hold.id}  {local_text(hold.placed_at, opened.station.zone)}  {padded(_(STATES[hold.state]), 10)}  "
        f"{padded(_(SCOPES[hold.scope]), 8)}  {padded(mark, 10)}  {trigger_text(hold.trigger, pack)}  "
        f"{clips_text(row['clips'], row['size_bytes'])}  {hold.placed_by}  {hold.reason}"
    )
