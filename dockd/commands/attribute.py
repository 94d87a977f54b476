"""`dockd clip attribute`: a person settles whose recording it is."""

from __future__ import annotations

import click

from catalog.people.access import Act
from catalog.people.attributing import Attribution, Basis
from catalog.people.queries import find_officer

from ..assembly import reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import require
from ..people.peopling import record
from ..whose import attributed


@click.command(
    "attribute",
    help=_(
        "Settle whose recordings these are, where the ledger and the recorder's own names disagree or say nothing. "
        "What both said stays beside it. `dockd clip list --unattributed` lists them.\n\n"
        "\b\n"
        "  dockd clip attribute 9f3c 77ab --officer 100234 --reason '值班表证明'"
    ),
)
@click.argument("clip_ids", nargs=-1, required=True, metavar="CLIP…")
@click.option("--officer", required=True, help=_("Number of the officer."))
@click.option("--reason", required=True, help=_("How it is known, in a few words."))
@click.pass_obj
def attribute(home: str | None, clip_ids: tuple[str, ...], officer: str, reason: str) -> int:
    """Settle clips, all or none."""
    with reading(home) as opened:
        catalog = opened.station.catalog
        number = find_officer(catalog, officer).number
        found = [catalog.find_clip(clip_id) for clip_id in clip_ids]
        for clip in found:
            require(opened, Act.ATTRIBUTE_CLIP, clip.department, owner=clip.officer, clip=clip.id)
        said = Attribution(number, Basis.SETTLED)
        record(opened, [attributed(clip, said, reason) for clip in found])
    click.echo(ngettext("{n} recording settled", "{n} recordings settled", len(found)).format(n=len(found)))
    return Exit.OK
