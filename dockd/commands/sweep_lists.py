"""`dockd sweep status`, `list`, `show` and `report`: where disposal stands, and what became of what."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from catalog.disposing.model import SPARED, BatchRow
from catalog.disposing.queries import (
    InBatch,
    all_of_batch,
    batches_proposed,
    destroyed_total,
    find_batch,
    last_sweep,
    not_yet_removed,
)
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..keeping.deciding import agency_day, set_pack
from ..people.acting import reach_of_lists, require
from ..people.peopling import say
from ..showing import clips_text, echo_json, local_text, size_text
from ..sweep.page import page
from ..sweep.report import BATCH_KEYS, SWEEP_KEYS, Report, as_row, report_of
from ..sweep.words import (
    IN_BATCH,
    agreed,
    batch_line,
    batches_text,
    limit_text,
    stays_text,
    stone_text,
    sweep_line,
)
from ..writing_out import write_out
from .case_steps import DAY
from .options import JSON

STATUS_KEYS = ("last", "approval", "grace_days", "open", "open_clips", "destroyed_clips", "destroyed_bytes")
CLIP_KEYS = ("clip", "name", "path", "size_bytes", "recorded_at", "state", "kept_until", "why")


@click.command(
    "status",
    help=_(
        "Show the last sweep, whether it stopped and why, the batches that are open, and all that was ever destroyed."
    ),
)
@JSON
@click.pass_obj
def status(home: str | None, as_json: bool) -> int:
    """Print where sweeps stand."""
    with reading(home) as opened:
        seen = _seen(opened)
        last, total = last_sweep(opened.station.catalog), destroyed_total(opened.station.catalog)
        unfinished = len(not_yet_removed(opened.station.catalog))
        settings, zone = opened.config.sweep, opened.station.zone
    inside = sum(one.left_clips for one in seen)
    if as_json:
        row = None if last is None else as_row(last, SWEEP_KEYS)
        values = (row, settings.approval, settings.grace_days, len(seen), inside, total.clips, total.size_bytes)
        echo_json(dict(zip(STATUS_KEYS, values, strict=True)) | {"not_yet_removed": unfinished})
        return Exit.OK
    if last is None:
        click.echo(_("no sweep ran yet"))
    else:
        click.echo(sweep_line(last, zone))
        for limit in last.exceeded:
            click.echo("  " + limit_text(limit))
        if last.state == "stopped":
            told = _("look at it, then let it go on: dockd sweep allow --count {n}")
            click.echo("  " + told.format(n=last.asked_clips))
    left = clips_text(inside, sum(one.left_bytes for one in seen))
    click.echo(_("open: {batches} with {clips}").format(batches=batches_text(len(seen)), clips=left))
    click.echo(_("destroyed so far: {total}").format(total=clips_text(total.clips, total.size_bytes)))
    if unfinished:
        told = ngettext(
            "{n} original has a tombstone and lies there still: dockd sweep ends it",
            "{n} originals have a tombstone and lie there still: dockd sweep ends it",
            unfinished,
        )
        click.echo(told.format(n=unfinished))
    return Exit.OK


def _seen(opened: Opened, *, everything: bool = False) -> list[BatchRow]:
    reach = reach_of_lists(opened)
    found = batches_proposed(opened.station.catalog, everything=everything)
    return [one for one in found if reach.why_not(one.department, None) is None]


@click.command(
    "list", help=_("List the batches that are open, and whom each waits for; --all also those that are over.")
)
@click.option("--all", "everything", is_flag=True, help=_("Also those that are over or were refused."))
@JSON
@click.pass_obj
def list_batches(home: str | None, everything: bool, as_json: bool) -> int:
    """Print batches."""
    with reading(home) as opened:
        seen = _seen(opened, everything=everything)
        zone = opened.station.zone
    if as_json:
        echo_json([as_row(one, BATCH_KEYS) for one in seen])
    else:
        say((batch_line(one, zone) for one in seen), _("no batch is open"))
    return Exit.OK


@click.command(
    "show", help=_("Show a batch: who agreed, what is in it, what became of each recording and why it stays.")
)
@click.argument("batch")
@JSON
@click.pass_obj
def show(home: str | None, batch: str, as_json: bool) -> int:
    """Print one batch."""
    with reading(home) as opened:
        found = find_batch(opened.station.catalog, batch)
        require(opened, Act.LIST_CLIPS, found.department)
        inside = all_of_batch(opened.station.catalog, found.id)
        zone = opened.station.zone
    if as_json:
        echo_json(as_row(found, BATCH_KEYS) | {"recordings": [_clip_row(one) for one in inside]})
        return Exit.OK
    click.echo(batch_line(found, zone))
    for line in agreed(found, zone):
        click.echo("  " + line)
    for one in inside:
        clip = one.clip
        why = stays_text(one.standing) if one.standing.state == SPARED else _("kept until {day}").format(day=one.until)
        click.echo(
            f"{clip.id}  {local_text(clip.recorded_at, zone):<19} {size_text(clip.size_bytes):>10}  {clip.name}  "
            f"{_(IN_BATCH[one.standing.state])}: {why}"
        )
    return Exit.OK


def _clip_row(one: InBatch) -> dict[str, Any]:
    clip = one.clip
    until = one.standing.kept_until if one.standing.state == SPARED else one.until
    recorded = clip.recorded_at.isoformat() if clip.recorded_at else None
    values = (clip.id, clip.name, clip.vault_path, clip.size_bytes, recorded, one.standing.state, until)
    return dict(zip(CLIP_KEYS, (*values, one.standing.why), strict=True))


@click.command(
    "report",
    help=_(
        "Report what the sweeps of a day came to, today by default: what was destroyed and by which article, what "
        "stays and why, what waits for whom. --html writes a page to be printed and signed.\n\n"
        "\b\n"
        "  dockd sweep report\n"
        "  dockd sweep report 2027-03-01 --html report.html"
    ),
)
@click.argument("day", type=DAY, required=False)
@JSON
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False),
    help=_("Write a page to this file, which must not be there."),
)
@click.pass_obj
def report(home: str | None, day: datetime | None, as_json: bool, html_file: str | None) -> int:
    """Print a day."""
    with reading(home) as opened:
        reach = reach_of_lists(opened)
        on = _today(opened) if day is None else day.date()
        found = report_of(opened, on, reach)
        zone, name = opened.station.zone, opened.config.station.name
    if html_file is not None:
        write_out(html_file, page(found, name, zone))
        click.echo(_("{file} written").format(file=html_file), err=True)
    if as_json:
        echo_json(found.as_json())
    elif html_file is None:
        for sweep in found.sweeps:
            click.echo(sweep_line(sweep, zone))
            for limit in sweep.exceeded:
                click.echo("  " + limit_text(limit))
        for line in _told(found):
            click.echo(line)
        for batch in found.waiting:
            click.echo(batch_line(batch, zone))
    return Exit.OK


def _today(opened: Opened) -> date:
    return agency_day(opened, set_pack(opened))


def _told(found: Report) -> list[str]:
    lines = []
    for _batch, stones in found.destroyed:
        for stone in stones:
            lines.append(f"{stone.clip}  {size_text(stone.size_bytes):>10}  {stone.vault_path}")
            lines.append("  " + stone_text(stone))
    for clip, one in found.spared:
        lines.append(f"{clip.id}  {clip.name}  {stays_text(one)}")
    gone = sum(len(stones) for _batch, stones in found.destroyed)
    lines.append(
        _("destroyed: {gone}; stay after all: {spared}; batches proposed: {proposed}, open: {waiting}").format(
            gone=gone, spared=len(found.spared), proposed=len(found.proposed), waiting=len(found.waiting)
        )
    )
    return lines
