"""`dockd recorder`: which recorders may be docked."""

from __future__ import annotations

import os
from typing import Any

import click

from catalog.events import RecorderDismissed, RecorderEnrolled
from catalog.people.access import Act
from hashing.filecalls import OsFileCalls

from ..assembly import Opened, known_families, reading, utc_now
from ..bays.slotfile import read_all
from ..errors import SourceNotAFolder
from ..examining import examine
from ..exits import Exit
from ..i18n import _
from ..ledger import export
from ..matches import as_json as match_as_json
from ..matches import as_lines as match_as_lines
from ..people.acting import require
from ..recorders import draft
from ..recorders.family import FAMILY_NAME, text_of
from ..showing import echo_json, local_text
from ..writing_out import write_out
from .options import JSON
from .recorder_clock import clock
from .recorder_fault import fault
from .traces import traces


@click.group(
    help=_("Recorders that may be docked. One that nobody enrolled is shown on its bay and waits; it is not mounted.")
)
def recorder() -> None:
    """The group."""


recorder.add_command(traces)
recorder.add_command(clock)
recorder.add_command(fault)


@recorder.command("list", help=_("List enrolled recorders, and unknown ones that wait in a bay."))
@JSON
@click.pass_obj
def list_recorders(home: str | None, as_json: bool) -> int:
    """Print enrolments and who waits."""
    with reading(home) as opened:
        enrolled = opened.station.catalog.enrolments()
        waiting = _waiting(opened)
        if as_json:
            echo_json(
                {
                    "enrolled": [
                        {"key": one.key, "name": one.name, "since": one.since.isoformat(), "reason": one.reason}
                        for one in enrolled
                    ],
                    "waiting": [
                        {"key": state["key"], "slot": state["slot"], "port": state["port"]} for state in waiting
                    ],
                }
            )
            return Exit.OK
        for one in enrolled:
            click.echo(f"{one.key}  {one.name}  {local_text(one.since, opened.station.zone)}")
        for state in waiting:
            where = state["slot"] if state["slot"] is not None else state["port"]
            click.echo(_("waits in bay {where}: {key}").format(where=where, key=state["key"]))
    return Exit.OK


@recorder.command(
    "enrol",
    help=_(
        "Let a recorder be docked. KEY is vendor:product:serial as `dockd recorder list` shows it for one that waits; "
        "--slot takes the one that waits in that bay.\n\n"
        "\b\n"
        "  dockd recorder enrol --slot 3 --name 执法仪-12\n"
        "  dockd recorder enrol 46f4:0001:BWC0001"
    ),
)
@click.argument("key", required=False)
@click.option("--slot", "slot_no", type=int, help=_("The recorder that waits in this bay."))
@click.option("--name", default="", help=_("What people call it."))
@click.option("--reason", default="", help=_("Why, in a few words."))
@click.pass_obj
def enrol(home: str | None, key: str | None, slot_no: int | None, name: str, reason: str) -> int:
    """Enrol by key or by bay."""
    if (key is None) == (slot_no is None):
        raise click.UsageError(_("name a key or --slot"))
    with reading(home) as opened:
        if key is None:
            here = [state["key"] for state in _waiting(opened) if state["slot"] == slot_no]
            if not here:
                raise click.UsageError(_("no unknown recorder waits in bay {n}").format(n=slot_no))
            key = str(here[0])
        require(opened, Act.MANAGE_RECORDERS, opened.station.department)
        opened.station.catalog.append([RecorderEnrolled(key, name, reason)], actor=opened.actor)
        export(opened.station)
    click.echo(_("enrolled: {key}").format(key=key))
    return Exit.OK


@recorder.command("dismiss", help=_("Let a recorder be docked no longer."))
@click.argument("key")
@click.option("--reason", required=True, help=_("Why, in a few words."))
@click.pass_obj
def dismiss(home: str | None, key: str, reason: str) -> int:
    """Take an enrolment back."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_RECORDERS, opened.station.department)
        opened.station.catalog.append([RecorderDismissed(key, reason)], actor=opened.actor)
        export(opened.station)
    click.echo(_("dismissed: {key}").format(key=key))
    return Exit.OK


_FAMILIES = click.option(
    "--families",
    "folders",
    multiple=True,
    type=click.Path(),
    help=_("A further folder of family files, before the station's own."),
)
_VOLUME = click.argument("path", type=click.Path())


@recorder.command(
    "match",
    help=_(
        "Say which family the volume mounted at PATH belongs to and why, and what each of its files is taken for. "
        "Nothing is taken in; a station is not needed."
    ),
)
@_VOLUME
@_FAMILIES
@JSON
@click.pass_obj
def match_volume(home: str | None, path: str, folders: tuple[str, ...], as_json: bool) -> int:
    """Explain a match."""
    _refuse_no_folders(path, *folders)
    families = known_families(home, *folders)
    found = examine(OsFileCalls(), families, path, utc_now())
    if as_json:
        echo_json(match_as_json(found))
    else:
        for line in match_as_lines(found):
            click.echo(line)
    return Exit.OK


@recorder.command(
    "new",
    help=_(
        "Draft a family file from the volume mounted at PATH. What is guessed is marked; nothing is cleared by it.\n\n"
        "\b\n"
        "  dockd recorder new /media/recorder --name acme --out families/acme.toml\n"
        "  dockd recorder match /media/recorder"
    ),
)
@_VOLUME
@_FAMILIES
@click.option("--name", default="new", help=_("Name of the family: small letters, digits, hyphens."))
@click.option("--out", type=click.Path(dir_okay=False), help=_("Write it to this file, which must not exist yet."))
@click.pass_obj
def draft_family(home: str | None, path: str, folders: tuple[str, ...], name: str, out: str | None) -> int:
    """Draft a family."""
    _refuse_no_folders(path, *folders)
    if not FAMILY_NAME.fullmatch(name):
        raise click.UsageError(_("no name of a family: {name}").format(name=name))
    found = examine(OsFileCalls(), known_families(home, *folders), path, utc_now())
    plain = [text_of(entry.listed.path) for entry in found.entries if entry.listed.kind == "file"]
    text = draft(found.match, plain, name)
    if text is None:
        raise click.UsageError(_("nothing on {path} tells such a recorder from others").format(path=path))
    if out is None:
        click.echo(text, nl=False)
        return Exit.OK
    write_out(out, text)
    click.echo(_("drafted: {path}").format(path=out))
    return Exit.OK


def _refuse_no_folders(*paths: str) -> None:
    for path in paths:
        if not os.path.isdir(path):
            raise SourceNotAFolder(path)


def _waiting(opened: Opened) -> list[dict[str, Any]]:
    states = read_all(opened.home.run_dir, opened.station.clock())
    return [state for state in states if state["state"] == "unknown-recorder"]
