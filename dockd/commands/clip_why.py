"""`dockd clip why`: until when a recording is kept, by which article, and what can change it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from catalog.keeping.queries import adopted_pack, term_of
from catalog.people.access import Act
from retention.pack import Pack
from retention.verdicts import Due, Ground

from ..assembly import reading
from ..exits import Exit
from ..i18n import _
from ..keeping.deciding import Told, is_adopted, set_pack
from ..keeping.deciding import why as told_of
from ..keeping.words import because, change_text, cite_of, floor_text, ground_text, verdict_text
from ..people.acting import require
from ..showing import echo_json
from ..sweep.view import disposal_line
from .options import JSON

KEYS = ("clip", "pack", "pack_digest", "adopted", "verdict", "until", "floor", "keep_until", "grounds", "next")
GROUND_KEYS = (
    "reason",
    "until",
    "article",
    "quote",
    "rule",
    "anchor",
    "anchored_on",
    "period",
    "subject",
    "case",
    "text",
)
NEXT_KEYS = ("event", "subject", "on", "then_until", "text")


@click.command(
    "why",
    help=_(
        "Say until when a recording is kept and why: the article with its words, the day from which it counts, and "
        "what can change it next. --all tells every ground, the one that decides first.\n\n"
        "\b\n"
        "  dockd clip why c453e0\n"
        "  dockd clip why c453e0 --all"
    ),
)
@click.argument("clip_id", metavar="CLIP")
@click.option("--all", "every", is_flag=True, help=_("Tell every ground to keep it, not only the one that decides."))
@JSON
@click.pass_obj
def why(home: str | None, clip_id: str, every: bool, as_json: bool) -> int:
    """Print the verdict on one clip."""
    with reading(home) as opened:
        catalog = opened.station.catalog
        found = catalog.find_clip(clip_id)
        require(opened, Act.LIST_CLIPS, found.department, owner=found.officer, clip=found.id)
        pack = set_pack(opened)
        adopted = adopted_pack(catalog)
        told = told_of(opened, pack, found.id, term_of(catalog, found.id))
        disposal = disposal_line(opened, found)
    if as_json:
        echo_json(_as_json(found.id, told, pack, is_adopted(pack, adopted)))
        return Exit.OK
    if disposal is not None:
        click.echo(disposal)
    if found.destroyed_at is not None:
        return Exit.OK
    click.echo(verdict_text(told.verdict, pack))
    floor = floor_text(told.verdict.why)
    if floor is not None:
        click.echo(floor)
    if every:
        for ground in told.verdict.why.grounds:
            click.echo(f"  {ground_text(ground, pack)}")
    click.echo(_("next event that can change this: {what}").format(what=change_text(told.changes[0])))
    for change in told.changes[1:]:
        click.echo("  " + _("or: {what}").format(what=change_text(change)))
    if adopted is not None and not is_adopted(pack, adopted):
        note = _("by the rule pack {name} of the settings; terms are still decided by {adopted} (dockd term status)")
        click.echo(note.format(name=pack.name, adopted=adopted.pack), err=True)
    return Exit.OK


def _as_json(clip: str, told: Told, pack: Pack, adopted: bool) -> dict[str, Any]:
    verdict = told.verdict
    values = (
        *(clip, pack.name, pack.digest, adopted, "due" if isinstance(verdict, Due) else "keep", _day(verdict.until)),
        *(_day(verdict.why.floor), told.term, [_ground(one, pack) for one in verdict.why.grounds]),
        [
            dict(
                zip(
                    NEXT_KEYS,
                    (one.event.value, one.subject, _day(one.on), _day(one.then_until), change_text(one)),
                    strict=True,
                )
            )
            for one in told.changes
        ],
    )
    return dict(zip(KEYS, values, strict=True))


def _ground(ground: Ground, pack: Pack) -> dict[str, Any]:
    cite = cite_of(ground, pack)
    values = (
        *(ground.reason.value, _day(ground.until), ground.article, cite.quote if cite else "", ground.rule),
        *(ground.anchor.value if ground.anchor else None, _day(ground.anchored_on)),
        asdict(ground.period) if ground.period else None,
        *(ground.subject, ground.case, because(ground, pack)),
    )
    return dict(zip(GROUND_KEYS, values, strict=True))


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()
