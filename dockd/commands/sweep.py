"""`dockd sweep`: the nightly sweep, and what people decide of what it proposes."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..assembly import reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..showing import clips_text, echo_json
from ..sweep.sweeping import Swept
from ..sweep.sweeping import sweep as sweep_now
from ..sweep.words import batches_text, limit_text
from .options import JSON
from .sweep_lists import list_batches, report, show, status
from .sweep_steps import allow, approve, endorse, refuse

RUN_KEYS = (
    *("day", "dry_run", "stopped", "due_clips", "due_bytes", "ready_clips", "ready_bytes"),
    *("proposed", "destroyed", "spared", "batches", "asked_for"),
)
# So many recordings are named; --json has all.
_NAMED = 20


class RunsByItself(click.Group):
    """A group whose first command is meant where none is named: `dockd sweep --dry-run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command's name in front of its options."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=RunsByItself,
    help=_(
        "The nightly sweep. What is due is proposed to people, in a batch for each department; the archivist endorses "
        "it, a leader approves it; it lies set aside for a grace period, and the next sweep destroys it. Holds and "
        "facts are read anew at each step. A sweep above its usual share stops and asks.\n\n"
        "\b\n"
        "  dockd sweep --dry-run\n"
        "  dockd sweep\n"
        "  dockd sweep list"
    ),
)
def sweep() -> None:
    """The group."""


@sweep.command(
    "run",
    help=_(
        "Run one sweep: work terms out, spare what is no longer due, destroy what was approved and passed its grace, "
        "propose what is due. dockd-sweep.timer does it every night.\n\n"
        "--dry-run only tells what it would do. A sweep above its usual share does nothing and ends with exit code 12: "
        "dockd sweep status says why, dockd sweep allow lets it go on.\n\n"
        "\b\n"
        "  dockd sweep run --dry-run\n"
        "  dockd sweep run --json"
    ),
)
@click.option("--dry-run", is_flag=True, help=_("Only tell what it would do."))
@JSON
@click.pass_obj
def run(home: str | None, dry_run: bool, as_json: bool) -> int:
    """Sweep once."""
    with reading(home) as opened:
        swept = sweep_now(opened, dry_run=dry_run, tell=None if as_json else _echo_progress)
    if as_json:
        echo_json(_as_json(swept, dry_run))
    else:
        for line in _lines(swept, dry_run):
            click.echo(line)
    return Exit.REFUSED if swept.stopped else Exit.OK


def _echo_progress(what: str, done: int, of: int) -> None:
    """How far it is, on a terminal: one line that is written anew."""
    if not sys.stderr.isatty():
        return
    told = _("proposed {done} of {of}") if what == "propose" else _("destroyed {done} of {of}")
    click.echo("\r" + told.format(done=done, of=of), err=True, nl=done >= of)


def _as_json(swept: Swept, dry_run: bool) -> dict[str, Any]:
    stopped = [one.as_data() for one in swept.stopped]
    counts = (swept.due.clips, swept.due.size_bytes, swept.ready.clips, swept.ready.size_bytes)
    lists = (list(one) for one in (swept.proposed, swept.destroyed, swept.spared, swept.batches, swept.asked_for))
    return dict(zip(RUN_KEYS, (swept.day.isoformat(), dry_run, stopped, *counts, *lists), strict=True))


def _lines(swept: Swept, dry_run: bool) -> list[str]:
    lines = [
        _("newly due: {due}; approved, and its grace is over: {ready}").format(
            due=clips_text(swept.due.clips, swept.due.size_bytes),
            ready=clips_text(swept.ready.clips, swept.ready.size_bytes),
        )
    ]
    if swept.stopped:
        lines.append(_("stopped: nothing was proposed, nothing was destroyed"))
        lines += ["  " + limit_text(one.as_data()) for one in swept.stopped]
        asked = swept.due.clips + swept.ready.clips
        lines.append(_("look at it, then let it go on: dockd sweep allow --count {n}").format(n=asked))
        return lines
    proposed, destroyed = len(swept.proposed), len(swept.destroyed)
    if dry_run:
        told = ngettext("{n} recording would be proposed", "{n} recordings would be proposed", proposed)
        lines.append(told.format(n=proposed))
        told = ngettext("{n} recording would be destroyed", "{n} recordings would be destroyed", destroyed)
        lines.append(told.format(n=destroyed))
        lines += [f"  {clip}" for clip in swept.destroyed[:_NAMED]]
    else:
        recordings = ngettext("{n} recording", "{n} recordings", proposed).format(n=proposed)
        told = _("{recordings} proposed, in {batches}")
        lines.append(told.format(recordings=recordings, batches=batches_text(len(swept.batches))))
        lines.append(ngettext("{n} recording destroyed", "{n} recordings destroyed", destroyed).format(n=destroyed))
    spared = len(swept.spared)
    if spared:
        told = ngettext("{n} recording stays after all", "{n} recordings stay after all", spared)
        lines.append(told.format(n=spared))
    if swept.asked_for:
        told = ngettext(
            "{n} recording waits: a copy of it is asked for",
            "{n} recordings wait: copies of them are asked for",
            len(swept.asked_for),
        )
        lines.append(told.format(n=len(swept.asked_for)))
    if dry_run:
        lines.append(_("nothing was changed"))
    return lines


for command in (status, list_batches, show, endorse, approve, refuse, allow, report):
    sweep.add_command(command)
