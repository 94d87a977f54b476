"""`dockd clip classify` and `dockd clip note`: what people say of recordings."""

from __future__ import annotations

import click

from catalog.cases.events import ClipClassified, ClipNoted
from catalog.people.access import Act

from ..activity import class_text, classes, known_class
from ..assembly import reading
from ..case_acts import clips_for
from ..exits import Exit
from ..i18n import _, ngettext
from ..peopling import record


@click.command(
    "classify",
    help=_(
        "Say what kind of activity recordings show. What the recorder marked stays beside it. `dockd clip list --class "
        "unclassified` lists those of which nobody has said it yet.\n\n"
        "\b\n"
        "  dockd clip classify c453e0 7b53f4 --class routine --reason 日常巡查"
    ),
)
@click.argument("clip_ids", nargs=-1, required=True, metavar="CLIP…")
@click.option("--class", "clip_class", required=True, help=_("Class of the activity; unclassified takes it back."))
@click.option("--reason", required=True, help=_("Why, in a few words."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would change."))
@click.pass_obj
def classify(home: str | None, clip_ids: tuple[str, ...], clip_class: str, reason: str, dry_run: bool) -> int:
    """Record the class of each clip, all or none."""
    with reading(home) as opened:
        known_class(opened, clip_class, or_none=True)
        found = clips_for(opened, list(dict.fromkeys(clip_ids)), Act.FILE_CLIP)
        changed = [clip for clip in found if clip.clip_class != clip_class]
        if dry_run:
            known = classes(opened)
            for clip in changed:
                before, after = class_text(known, clip.clip_class), class_text(known, clip_class)
                click.echo(f"{clip.id}  {clip.name}  {before} → {after}")
            click.echo(_("nothing was recorded: this was a dry run"))
            return Exit.OK
        record(opened, [ClipClassified(clip.id, clip_class, reason) for clip in changed])
    click.echo(ngettext("{n} recording classified", "{n} recordings classified", len(changed)).format(n=len(changed)))
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
