"""`dockd clip secret`: marks of secrecy on recordings and cases."""

from __future__ import annotations

import click

from catalog.cases.queries import find_case
from catalog.people.access import Secrecy

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.peopling import record
from ..requests.secrecy import Subject, marking
from ..showing import echo_json
from .options import JSON, WORDS

_MARKS = click.Choice([mark.value for mark in Secrecy])


@click.command(
    "secret",
    help=_(
        "Mark recordings, or a case with all that lies under it, as state secret, trade secret or personal. What is "
        "marked is listed as before; looking at it and copying it needs an account with that clearance (dockd user "
        "role --clearance), and a party is given no copy of it.\n\n"
        "One person who may puts a mark on. Taking one off needs a leader who is cleared for it and did not put it "
        "there.\n\n"
        "\b\n"
        "  dockd clip secret c453e0 --mark personal --reason 涉及未成年人\n"
        "  dockd clip secret --case 2026-昌水罚-017 --remove trade-secret --reason 已公开"
    ),
)
@click.argument("clip_ids", nargs=-1, metavar="[CLIP…]")
@click.option("--case", "case_no", help=_("A case and all that lies under it, by its number or id."))
@click.option("--mark", "added", multiple=True, type=_MARKS, help=_("Put this mark on; may be given more than once."))
@click.option("--remove", "removed", multiple=True, type=_MARKS, help=_("Take this mark off; may be repeated."))
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@JSON
@click.pass_obj
def secret(
    home: str | None,
    clip_ids: tuple[str, ...],
    case_no: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    reason: str,
    as_json: bool,
) -> int:
    """Record marks, of all or of none."""
    if bool(clip_ids) == (case_no is not None):
        raise click.UsageError(_("name recordings, or give --case"))
    if (not added and not removed) or set(added) & set(removed):
        raise click.UsageError(_("give --mark or --remove, and no mark in both"))
    put, taken = ([Secrecy(name) for name in dict.fromkeys(names)] for names in (added, removed))
    with reading(home) as opened:
        subjects = _subjects(opened, clip_ids, case_no)
        events = [marking(opened, one, put, taken, reason) for one in subjects]
        record(opened, events)
    if as_json:
        echo_json([{"clip": one.clip, "case": one.case, "added": one.added, "removed": one.removed} for one in events])
    elif case_no is not None:
        click.echo(_("marks of the case changed"))
    else:
        changed = ngettext("marks of {n} recording changed", "marks of {n} recordings changed", len(subjects))
        click.echo(changed.format(n=len(subjects)))
    return Exit.OK


def _subjects(opened: Opened, clip_ids: tuple[str, ...], case_no: str | None) -> list[Subject]:
    catalog = opened.station.catalog
    if case_no is not None:
        return [Subject.of_case(find_case(catalog, case_no))]
    found = {clip.id: clip for clip in (catalog.find_clip(name) for name in clip_ids)}
    return [Subject.of_clip(clip) for clip in found.values()]
