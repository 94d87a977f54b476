"""`dockd fixity`: the vault read again, how that stands, and damaged recordings put right."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime

import click

from catalog.fixity.model import Stored
from catalog.fixity.queries import damage_of, has_copies
from catalog.fixity.rounds import last_read
from catalog.model import Clip, utc_text
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..errors import SourceNotAFolder
from ..exits import Exit
from ..i18n import _, ngettext
from ..lock import WriterLock
from ..people.acting import require
from ..showing import echo_json, local_text, size_text
from ..upkeep.damage import of_clip
from ..upkeep.errors import MirrorFault, MirrorUnusable
from ..upkeep.fixity_sweep import Budget, Sweep
from ..upkeep.idle import step_aside
from ..upkeep.mirroring import Mirror, open_mirror
from ..upkeep.restoring import Restored, put_right, restore
from ..upkeep.shelves import Restore, Swept
from ..upkeep.view import Reading, Upkeep, damage_json, lost_json, upkeep_of
from ..upkeep.words import damage_line, damage_text, shelf_text, source_text, what_text
from .options import JSON

RAN = (
    *("files", "size_bytes", "damaged", "restored", "whole_again", "copies_lost", "mirror_left", "rounds_ended"),
    "stopped",
)
STATUS = ("within_days", "readings", "damaged", "copies_lost")
CLIP_STATUS = ("clip", "vault_path", "last_read_at", "damage", "has_copy")


@click.group(help=_("The vault read again within a stated time, damage found by it, and putting it right."))
def fixity() -> None:
    """The group."""


# ---------------------------------------------------------------------------------------------------------------- run


@fixity.command(
    "run",
    help=_(
        "Read a part of the vault again from the medium and take every digest anew: tonight's share, so that all of it "
        "is read within fixity.within_days. It steps aside for everything else (idle I/O priority), goes on where the "
        "last run ended, and may be killed at any time. Second copies are read as well while their disk is there, "
        "after the originals.\n\n"
        "What was read is in the custody log, a stretch at a time; damage is an entry of its own. With fixity.restore "
        "damaged files are put right from a copy that holds. Exit code 8 when anything was damaged.\n\n"
        "\b\n"
        "  dockd fixity run\n"
        "  dockd fixity run --minutes 60"
    ),
)
@click.option("--slice", "slice_bytes", type=click.IntRange(0), metavar="BYTES", help=_("Read so many bytes, about."))
@click.option("--minutes", type=click.IntRange(1), help=_("Read for so many minutes, at most one round."))
@JSON
@click.pass_obj
def run(home: str | None, slice_bytes: int | None, minutes: int | None, as_json: bool) -> int:
    """Read a share of the vault."""
    if slice_bytes is not None and minutes is not None:
        raise click.UsageError(_("give --slice or --minutes, not both"))
    step_aside()
    with reading(home) as opened, WriterLock(opened.home.lock_of("fixity")):
        mirror, within_days = _mirror_or_none(opened), opened.config.fixity.within_days
        restoring = _restoring(opened, mirror)
        sweep = Sweep(opened.station, within_days, actor=opened.actor, restore=restoring, mirror=mirror)
        until_s = None if minutes is None else time.monotonic() + 60 * minutes
        swept = sweep.run(Budget(slice_bytes, until_s))
    _echo_ran(swept, as_json)
    return Exit.FINDINGS if swept.damaged or swept.copies_lost else Exit.OK


def _restoring(opened: Opened, mirror: Mirror | None) -> Restore | None:
    """What puts a damaged file right, where the settings want it."""
    if not opened.config.fixity.restore:
        return None

    def restored(file: Stored) -> bool:
        return isinstance(restore(opened.station, file, mirror=mirror, actor=opened.actor), Restored)

    return restored


def _mirror_or_none(opened: Opened) -> Mirror | None:
    """The mirror, when there is one that can be used now."""
    try:
        return open_mirror(opened.station, opened.config.mirror_dir(opened.home))
    except (MirrorUnusable, MirrorFault):
        return None


def _echo_ran(swept: Swept, as_json: bool) -> None:
    if as_json:
        values = asdict(swept) | {"damaged": [one.data() for one in swept.damaged]}
        echo_json({name: values[name] for name in RAN})
        return
    for one in swept.damaged:
        click.echo(damage_line(one.damage, one.vault_path, one.expected, one.found))
    for lost in swept.copies_lost:
        line = damage_line(lost.damage, lost.vault_path, lost.expected, lost.found)
        click.echo(_("second copy in {place}: {what}").format(place=lost.place, what=line))
    read = ngettext("{n} file, {size} read from the medium", "{n} files, {size} read from the medium", swept.files)
    click.echo(read.format(n=swept.files, size=size_text(swept.size_bytes)))
    for what in swept.rounds_ended:
        click.echo(_("{what}: all read once more").format(what=what_text(what)))
    if swept.whole_again:
        click.echo(_("{n} found whole again").format(n=swept.whole_again))
    if swept.damaged:
        said = ngettext("{n} damaged file, {m} restored", "{n} damaged files, {m} restored", len(swept.damaged))
        click.echo(said.format(n=len(swept.damaged), m=swept.restored))
    if swept.copies_lost:
        lost_count = len(swept.copies_lost)
        said = ngettext(
            "{n} second copy does not hold: dockd mirror run makes a new one",
            "{n} second copies do not hold: dockd mirror run makes new ones",
            lost_count,
        )
        click.echo(said.format(n=lost_count))
    if swept.mirror_left:
        click.echo(_("the disk of the second copies went away: its share was not read to the end"))
    if swept.stopped:
        click.echo(_("stopped: so much is damaged that the disk must be looked at before anything else"))


# ------------------------------------------------------------------------------------------------------------- status


@fixity.command(
    "status",
    help=_(
        "Show how far the reading is, what is overdue, and what is damaged. Of one recording: when it was last read "
        "whole, and whether it has a second copy. Exit code 8 while anything is damaged.\n\n"
        "\b\n"
        "  dockd fixity status\n"
        "  dockd fixity status c453e0"
    ),
)
@click.argument("clip_id", metavar="[CLIP]", required=False)
@JSON
@click.pass_obj
def status(home: str | None, clip_id: str | None, as_json: bool) -> int:
    """Print how upkeep stands."""
    with reading(home) as opened:
        if clip_id is not None:
            clip = opened.station.catalog.find_clip(clip_id)
            require(opened, Act.LIST_CLIPS, clip.department, owner=clip.officer, clip=clip.id)
            return _clip_status(opened, clip, as_json)
        within_days = opened.config.fixity.within_days
        mirror = _mirror_or_none(opened)
        upkeep = upkeep_of(opened.station, within_days, mirror.place if mirror is not None else None)
        zone = opened.station.zone
    if as_json:
        damaged, lost = [damage_json(one) for one in upkeep.damaged], [lost_json(one) for one in upkeep.copies_lost]
        values = (within_days, [one.as_json() for one in upkeep.readings], damaged, lost)
        echo_json(dict(zip(STATUS, values, strict=True)))
    else:
        for line in _lines(upkeep, within_days, lambda moment: local_text(moment, zone)):
            click.echo(line)
    return upkeep.exit_code


def _lines(upkeep: Upkeep, within_days: int, told: Callable[[datetime | None], str]) -> Iterator[str]:
    for one in upkeep.readings:
        if one.read.files or one.left.files:
            yield from _reading_lines(one, within_days, told)
    for damage in upkeep.damaged:
        line = damage_line(damage.damage, damage.vault_path, damage.expected, damage.found)
        yield _("DAMAGED since {when}: {what}").format(when=told(damage.found_at), what=line)
    for lost in upkeep.copies_lost:
        line = _("second copy in {place} does not hold since {when}: {path}")
        yield line.format(place=lost.place, when=told(lost.since), path=lost.vault_path)
    if not upkeep.damaged and not upkeep.copies_lost:
        yield _("nothing is damaged, as far as it was read")


def _reading_lines(one: Reading, within_days: int, told: Callable[[datetime | None], str]) -> Iterator[str]:
    line = _("{what}: round {number}: files read: {read} ({read_size}), left: {left} ({left_size}); last on {when}")
    yield line.format(
        what=shelf_text(one.current.what, one.at),
        number=one.current.number,
        read=one.read.files,
        read_size=size_text(one.read.size_bytes),
        left=one.left.files,
        left_size=size_text(one.left.size_bytes),
        when=told(one.current.read_at),
    )
    if one.overdue.files:
        late = _("  overdue: files: {n} ({size}), not read for {days} days")
        yield late.format(n=one.overdue.files, size=size_text(one.overdue.size_bytes), days=within_days)


def _clip_status(opened: Opened, clip: Clip, as_json: bool) -> int:
    catalog = opened.station.catalog
    when = last_read(catalog, of_clip(clip))
    damage = damage_of(catalog, clip.id)
    bad = damage.damage if damage is not None and damage.restored_at is None else None
    copied = clip.id in has_copies(catalog, [clip.id])
    if as_json:
        echo_json(dict(zip(CLIP_STATUS, (clip.id, clip.vault_path, utc_text(when), bad, copied), strict=True)))
    else:
        click.echo(_("last read whole: {when}").format(when=local_text(when, opened.station.zone)))
        click.echo(_("second copy: {answer}").format(answer=_("yes") if copied else _("no")))
        if damage is not None:
            click.echo(_history(opened, damage.damage, damage.found_at, damage.restored_at, damage.source))
    return Exit.FINDINGS if bad is not None else Exit.OK


def _history(opened: Opened, damage: str, found_at: datetime, restored_at: datetime | None, source: str | None) -> str:
    zone = opened.station.zone
    line = _("damaged on {when}: {damage}").format(when=local_text(found_at, zone), damage=damage_text(damage))
    if restored_at is None:
        return line
    back = _("whole again on {when}, {source}").format(
        when=local_text(restored_at, zone), source=source_text(source or "")
    )
    return f"{line}; {back}"


# ------------------------------------------------------------------------------------------------------------ restore


@fixity.command(
    "restore",
    help=_(
        "Put a damaged recording right from a copy that holds: another recording with the same bytes, the second copy "
        "(mirror.folder), then the folders named with --from, which are searched by name, size and digest.\n\n"
        "The copy is compared with the catalogue's digest before anything is touched; what lay there is kept.\n\n"
        "\b\n"
        "  dockd fixity restore c453e0\n"
        "  dockd fixity restore c453e0 --from /media/disc"
    ),
)
@click.argument("clip_id", metavar="CLIP")
@click.option(
    "--from",
    "folders",
    multiple=True,
    type=click.Path(resolve_path=True),
    help=_("Search this folder as well: a disc, a copy that was handed out. May be given more than once."),
)
@JSON
@click.pass_obj
def restore_clip(home: str | None, clip_id: str, folders: tuple[str, ...], as_json: bool) -> int:
    """Restore one clip."""
    for folder in folders:
        if not os.path.isdir(folder):
            raise SourceNotAFolder(folder)
    with reading(home) as opened:
        actor = require(opened, Act.CONFIGURE, None).actor
        clip = opened.station.catalog.find_clip(clip_id)
        done = put_right(opened.station, clip, mirror=_mirror_or_none(opened), folders=folders, actor=actor)
    if as_json:
        echo_json({"clip": clip.id, **asdict(done)})
    else:
        click.echo(_("recording {clip} is whole again, {source}").format(clip=clip.id, source=source_text(done.source)))
        for path in done.aside:
            click.echo(_("what lay there before is kept: {path}").format(path=path))
    return Exit.OK
