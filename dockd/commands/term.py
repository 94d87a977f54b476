"""`dockd term`: until when recordings are kept, and the rule pack that says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from catalog.keeping.events import PackAdopted
from catalog.keeping.model import NO_END
from catalog.keeping.queries import adopted_pack, term_counts, terms_before
from catalog.model import Clip
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..changes.changing import make
from ..changes.words import as_json as planned
from ..changes.words import plan_lines, waiting_text
from ..exits import Exit
from ..i18n import _, ngettext
from ..keeping.deciding import agency_day, decide, is_adopted, set_pack
from ..people.acting import require, require_reach
from ..showing import echo_csv, echo_json, local_text, size_text
from .case_steps import DAY
from .options import CSV, JSON

COLUMNS = (
    *("id", "keep_until", "name", "path", "size_bytes", "kind", "class", "recorder", "officer", "department"),
    "recorded_at",
)
STATUS_KEYS = ("pack", "pack_digest", "adopted", "adopted_pack", "adopted_digest", "adopted_by", "adopted_at")
COUNT_KEYS = ("clips", "due", "without_end", "undecided")


@click.group(
    help=_(
        "Until when recordings are kept, as the rule pack says. Nothing is destroyed by it: what is due is disposed of "
        "by dockd sweep, when people agreed to it."
    )
)
def term() -> None:
    """The group."""


@term.command(
    "decide",
    help=_(
        "Work out until when each recording is kept, of those whose class, case, time or hold has changed since. "
        "It may be run at any time, also at night; nothing is destroyed by it.\n\n"
        "A rule pack that is not the one decided by so far is refused: dockd term adopt takes it over."
    ),
)
@JSON
@click.pass_obj
def decide_terms(home: str | None, as_json: bool) -> int:
    """Work out what is to be decided."""
    with reading(home) as opened:
        pack = set_pack(opened)
        decided = decide(opened, pack)
    if as_json:
        echo_json({"decided": decided, "pack": pack.name, "pack_digest": pack.digest})
        return Exit.OK
    told = ngettext("{n} recording decided, by {pack}", "{n} recordings decided, by {pack}", decided)
    click.echo(told.format(n=decided, pack=pack.name))
    return Exit.OK


@term.command(
    "adopt",
    help=_(
        "Take over the rule pack that the settings name, or what it says now; until then the former one counts. All "
        "terms are then to be decided anew (dockd term decide).\n\n"
        "--dry-run shows how many recordings the pack makes due, their hours and bytes, the oldest, and how many have "
        "no second copy. A pack that makes any due waits for a second person (dockd change confirm); nothing is "
        "destroyed by it.\n\n"
        "\b\n"
        "  dockd term adopt --dry-run\n"
        "  dockd term adopt"
    ),
)
@click.option("--dry-run", is_flag=True, help=_("Only show what would change."))
@JSON
@click.pass_obj
def adopt_pack(home: str | None, dry_run: bool, as_json: bool) -> int:
    """Take a pack over, or ask for it."""
    with reading(home) as opened:
        require(opened, Act.CONFIGURE, None)
        pack = set_pack(opened)
        already = is_adopted(pack, adopted_pack(opened.station.catalog))
        made = make(opened, [PackAdopted(pack.name, pack.digest, opened.actor, 0)], dry_run=dry_run or already)
    if as_json:
        told = {"pack": pack.name, "pack_digest": pack.digest, "adopted": made.done or already, "change": made.change}
        echo_json({**told, **planned(made.plan)})
        return Exit.OK
    for line in plan_lines(made.plan):
        click.echo(line)
    if already:
        click.echo(_("{pack} counts already").format(pack=pack.name))
    elif made.done:
        click.echo(_("{pack} adopted; dockd term decide works terms out by it").format(pack=pack.name))
    elif made.change is not None:
        click.echo(waiting_text(made.change, made.plan.made_due))
    else:
        click.echo(_("nothing was recorded: this was a dry run"))
    return Exit.OK


@term.command(
    "status",
    help=_("Show by which rule pack terms are decided, whether the settings name another one, and what is due."),
)
@JSON
@click.pass_obj
def status(home: str | None, as_json: bool) -> int:
    """Print where terms stand."""
    with reading(home) as opened:
        require_reach(opened, Act.LIST_CLIPS)
        pack = set_pack(opened)
        adopted = adopted_pack(opened.station.catalog)
        today = agency_day(opened, pack).isoformat()
        counts = term_counts(opened.station.catalog, today)
        zone = opened.station.zone
    same = is_adopted(pack, adopted)
    if as_json:
        since = adopted.adopted_at.isoformat() if adopted else None
        own = (adopted.pack, adopted.digest, adopted.adopted_by) if adopted else (None, None, None)
        values = (pack.name, pack.digest, same, *own, since)
        told: dict[str, Any] = dict(zip(STATUS_KEYS, values, strict=True))
        echo_json(told | {name: getattr(counts, name) for name in COUNT_KEYS} | {"today": today})
        return Exit.OK
    if adopted is None:
        click.echo(_("no term was decided yet; the settings name {pack}").format(pack=pack.name))
    else:
        since = local_text(adopted.adopted_at, zone)
        click.echo(
            _("decided by {pack} since {since}, adopted by {by}").format(
                pack=adopted.pack, since=since, by=adopted.adopted_by
            )
        )
    if adopted is not None and not same:
        click.echo(
            _("the settings name {pack}, and it says something else: it does not count before dockd term adopt").format(
                pack=pack.name
            )
        )
    line = ngettext(
        "{n} recording: {due} due, {endless} without end, {undecided} to be decided",
        "{n} recordings: {due} due, {endless} without end, {undecided} to be decided",
        counts.clips,
    )
    click.echo(line.format(n=counts.clips, due=counts.due, endless=counts.without_end, undecided=counts.undecided))
    return Exit.OK


@term.command(
    "list",
    help=_(
        "List recordings by the last day on which they are kept, the earliest first. What is due may go: dockd sweep "
        "proposes it, and destroys it when people agreed.\n\n"
        "\b\n"
        "  dockd term list --due\n"
        "  dockd term list --due-before 2027-07-01 --csv > due.csv\n"
        "  dockd term list --undecided"
    ),
)
@click.option("--due-before", type=DAY, help=_("Those whose last day lies before this day."))
@click.option("--due", is_flag=True, help=_("Those that are due today."))
@click.option("--undecided", is_flag=True, help=_("Those whose term is to be decided: dockd term decide."))
@click.option("--class", "clip_class", help=_("Only this class, for example unclassified."))
@JSON
@CSV
@click.pass_obj
def list_terms(
    home: str | None,
    due_before: datetime | None,
    due: bool,
    undecided: bool,
    clip_class: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Print terms."""
    if sum((due_before is not None, due, undecided)) > 1:
        raise click.UsageError(_("give one of --due-before, --due and --undecided"))
    with reading(home) as opened:
        reach = require_reach(opened, Act.LIST_CLIPS)
        before = _before(opened, due_before, due, undecided)
        found = [
            (clip, until)
            for clip, until in terms_before(opened.station.catalog, before, clip_class)
            if reach.why_not(clip.department, clip.officer) is None
        ]
        zone = opened.station.zone
    if as_json:
        echo_json([_as_row(clip, until) for clip, until in found])
    elif as_csv:
        echo_csv(list(COLUMNS), (_as_row(clip, until) for clip, until in found))
    else:
        for clip, until in found:
            click.echo(
                f"{clip.id}  {_until_text(until):<12} {local_text(clip.recorded_at, zone):<19} "
                f"{size_text(clip.size_bytes):>10}  {clip.recorder}  {clip.officer or '-'}  {clip.clip_class}  "
                f"{clip.name}"
            )
        if not found:
            click.echo(_("no recordings match"), err=True)
    return Exit.OK


def _before(opened: Opened, due_before: datetime | None, due: bool, undecided: bool) -> str | None:
    """The day before which the last day must lie; None asks for what is to be decided."""
    if undecided:
        return None
    if due:
        return agency_day(opened, set_pack(opened)).isoformat()
    # Behind every day, also the one of those without end: all that is decided.
    return due_before.date().isoformat() if due_before is not None else "~"


def _until_text(until: str | None) -> str:
    if until is None:
        return _("undecided")
    return _("without end") if until == NO_END else until


def _as_row(clip: Clip, until: str | None) -> dict[str, Any]:
    values = (
        *(clip.id, until, clip.name, clip.vault_path, clip.size_bytes, clip.kind, clip.clip_class, clip.recorder),
        *(clip.officer, clip.department, clip.recorded_at.isoformat() if clip.recorded_at else None),
    )
    return dict(zip(COLUMNS, values, strict=True))
