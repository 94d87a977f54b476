"""`dockd ledger reattribute`: whose recordings are whose, after the ledger was put right for a past time."""

from __future__ import annotations

from collections.abc import Iterator

import click

from catalog.model import Clip
from catalog.people.access import Act
from catalog.people.attributing import Attribution
from catalog.people.queries import all_registered

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import require, require_reach
from ..people.peopling import record
from ..people.words import attribution_text
from ..whose import attributed, reattributed

# Custody entries in one transaction.
_GROUP = 500


@click.command(
    "reattribute",
    help=_(
        "Ask the ledger again whose each recording is, after it was changed for a past time. What a person settled "
        "stays as it is. --dry-run shows what would change and changes nothing.\n\n"
        "\b\nExamples:\n"
        "  dockd ledger reattribute --recorder 4410023 --dry-run\n"
        "  dockd ledger reattribute --reason 台账补录"
    ),
)
@click.option("--recorder", help=_("Only recordings of this recorder; default: of all in the register."))
@click.option("--reason", default="", help=_("Why, in a few words."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would change."))
@click.pass_obj
def reattribute(home: str | None, recorder: str | None, reason: str, dry_run: bool) -> int:
    """Attribute anew."""
    with reading(home) as opened:
        count = 0
        waiting = []
        for clip, said in _changes(opened, recorder):
            count += 1
            if dry_run:
                click.echo(f"{clip.id}  {clip.recorder}  {clip.officer or '-'} → {attribution_text(said)}  {clip.name}")
                continue
            waiting.append(attributed(clip, said, reason))
            if len(waiting) >= _GROUP:
                record(opened, waiting)
                waiting = []
        if waiting:
            record(opened, waiting)
    told = (
        ngettext("{n} recording would change", "{n} recordings would change", count)
        if dry_run
        else ngettext("{n} recording changed", "{n} recordings changed", count)
    )
    click.echo(told.format(n=count), err=dry_run)
    return Exit.OK


def _changes(opened: Opened, recorder: str | None) -> Iterator[tuple[Clip, Attribution]]:
    catalog = opened.station.catalog
    reach = require_reach(opened, Act.ATTRIBUTE_CLIP)
    names = [recorder] if recorder else [one.recorder for one in all_registered(catalog)]
    for name in names:
        for clip, said in reattributed(catalog, name):
            if reach.why_not(clip.department, None) is None:
                yield clip, said
            elif recorder:
                require(opened, Act.ATTRIBUTE_CLIP, clip.department, clip=clip.id)
