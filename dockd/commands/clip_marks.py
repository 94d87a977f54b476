"""`dockd clip classify` and `dockd clip note`: what people say of recordings."""

from __future__ import annotations

import click

from catalog.cases.events import ClipClassified, ClipNoted
from catalog.people.access import Act

from ..assembly import reading
from ..cases.activity import class_text, classes, known_class
from ..cases.acts import clips_for
from ..changes.changing import make
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.peopling import record
from .change_steps import tell, weighed


@click.command(
    "classify",
    help=_(
        "Say what kind of activity recordings show. What the recorder marked stays beside it. `dockd clip list --class "
        "unclassified` lists those of which nobody has said it yet. What would make recordings due waits for a second "
        "person (dockd change).\n\n"
        "\b\n"
        "  dockd clip classify c453e0 7b53f4 --class routine --reason 日常巡查"
    ),
)
@click.argument("clip_ids", nargs=-1, required=True, metavar="CLIP…")
@click.option("--class", "clip_class", required=True, help=_("Class of the activity; unclassified takes it back."))
@click.option("--reason", required=True, help=_("Why, in a few words."))
@weighed
@click.pass_obj
def classify(
    home: str | None, clip_ids: tuple[str, ...], clip_class: str, reason: str, dry_run: bool, as_json: bool
) -> int:
    """Record the class of each clip, all or none."""
    with reading(home) as opened:
        known_class(opened, clip_class, or_none=True)
        found = clips_for(opened, list(dict.fromkeys(clip_ids)), Act.FILE_CLIP)
        changed = [clip for clip in found if clip.clip_class != clip_class]
        made = make(opened, [ClipClassified(clip.id, clip_class, reason) for clip in changed], dry_run=dry_run)
        if dry_run and not as_json:
            known = classes(opened)
            for clip in changed:
                before, after = class_text(known, clip.clip_class), class_text(known, clip_class)
                click.echo(f"{clip.id}  {clip.name}  {before} → {after}")
    told = ngettext("{n} recording classified", "{n} recordings classified", len(changed)).format(n=len(changed))
    tell(made, as_json, told)
    return Exit.OK


@click.command(
    "note",
    help=_("Write a note on a recording. Notes are found by `dockd clip search`; they are added to, never changed."),
)
@click.argument("clip_id", metavar="CLIP")
@click.argument("text")
@click.pass_obj
def note(home: str | None, clip_id: str, text: str) -> int:
    """Record a note."""
    if not text.strip():
        raise click.UsageError(_("a note needs words"))
    with reading(home) as opened:
        (found,) = clips_for(opened, [clip_id], Act.FILE_CLIP)
        record(opened, [ClipNoted(found.id, text)])
    click.echo(_("noted"))
    return Exit.OK
