"""`dockd mirror`: second copies on another disk."""

from __future__ import annotations

from dataclasses import asdict

import click

from catalog.fixity.queries import copied_at
from catalog.people.access import Act

from ..assembly import reading
from ..exits import Exit
from ..i18n import _
from ..lock import WriterLock
from ..people.acting import require
from ..showing import echo_json, local_text, size_text
from ..upkeep.errors import MirrorUnusable
from ..upkeep.idle import step_aside
from ..upkeep.mirror_run import MirrorRun
from ..upkeep.mirroring import open_mirror, prepare
from ..upkeep.view import copied_json
from .options import JSON


@click.group(help=_("Second copies of all sealed sessions on another disk: prepare it, copy, see what is missing."))
def mirror() -> None:
    """The group."""


@mirror.command(
    "init",
    help=_(
        "Prepare the folder of the setting mirror.folder for second copies: it gets a marker, without which nothing is "
        "ever written there. An unmounted disk has no marker, and is not mistaken for an empty mirror.\n\n"
        "A folder on the vault's own file system is refused: what takes the one takes the other.\n\n"
        "\b\n"
        "  dockd mirror init"
    ),
)
@click.option("--same-disk", is_flag=True, help=_("Take a folder on the vault's own file system, for a trial."))
@click.pass_obj
def init(home: str | None, same_disk: bool) -> int:
    """Prepare the mirror's folder."""
    with reading(home) as opened:
        who = require(opened, Act.CONFIGURE, None)
        folder = opened.config.mirror_dir(opened.home)
        if not folder:
            raise MirrorUnusable("", "not-set")
        made = prepare(opened.station, folder, same_disk=same_disk, actor=who.actor)
    click.echo(_("{folder} is prepared for second copies: {place}").format(folder=made.folder, place=made.place))
    return Exit.OK


@mirror.command(
    "run",
    help=_(
        "Copy every sealed session that the mirror does not have: originals, seal, signature and manifests, then "
        "documents and the ledger. Nothing is replaced; every copy is read back from the medium and compared with the "
        "catalogue. It goes on where the last run was cut off.\n\n"
        "Copies of recordings that were destroyed on record are removed. Exit code 8 when a recording could not be "
        "copied because it is damaged in the vault.\n\n"
        "\b\n"
        "  dockd mirror run"
    ),
)
@JSON
@click.pass_obj
def run(home: str | None, as_json: bool) -> int:
    """Copy what is missing."""
    step_aside()
    with reading(home) as opened, WriterLock(opened.home.lock_of("mirror")):
        found = open_mirror(opened.station, opened.config.mirror_dir(opened.home))
        done = MirrorRun(opened.station, found, actor=opened.actor).run()
    if as_json:
        echo_json(asdict(done))
    else:
        line = _("copied and read back: sessions {sessions}, recordings {clips}, documents {documents}, {size}")
        size = size_text(done.size_bytes)
        click.echo(line.format(sessions=done.sessions, clips=done.clips, size=size, documents=done.documents))
        if done.removed:
            click.echo(_("copies of destroyed recordings removed: {n}").format(n=done.removed))
        if done.lacking:
            click.echo(_("damaged in the vault and not copied: {n}").format(n=done.lacking))
    return Exit.FINDINGS if done.lacking else Exit.OK


@mirror.command(
    "status",
    help=_("Show where second copies lie, how many there are, and what has none yet.\n\n\b\n  dockd mirror status"),
)
@JSON
@click.pass_obj
def status(home: str | None, as_json: bool) -> int:
    """Print what the mirror holds."""
    with reading(home) as opened:
        found = open_mirror(opened.station, opened.config.mirror_dir(opened.home))
        copied = copied_at(opened.station.catalog, found.place)
        zone = opened.station.zone
    if as_json:
        echo_json(copied_json(found.place, found.folder, copied))
        return Exit.OK
    line = _("{folder} ({place}): sessions {sessions}, recordings {clips}, {size}; last on {when}")
    click.echo(
        line.format(
            folder=found.folder,
            place=found.place,
            sessions=copied.sessions,
            clips=copied.clips,
            size=size_text(copied.size_bytes),
            when=local_text(copied.newest, zone),
        )
    )
    if copied.waiting or copied.lacking:
        waiting = _("without a second copy: sessions {n}, recordings of others {m}")
        click.echo(waiting.format(n=copied.waiting, m=copied.lacking))
    return Exit.OK
