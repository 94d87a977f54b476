"""`dockd view`: look at a recording, by right or on a request."""

from __future__ import annotations

import os
import shutil
import subprocess

import click

from catalog.requests.queries import find_request

from ..assembly import reading
from ..exits import Exit
from ..i18n import _
from ..requests.viewing import View, open_view
from ..showing import echo_json
from .options import JSON, WORDS

# Tried in this order where there is a screen. The first two read a descriptor; the last asks the desktop, by path.
_PLAYERS = ("mpv", "ffplay", "xdg-open")
_BY_PATH = frozenset({"xdg-open"})


@click.command(
    "view",
    help=_(
        "Look at a recording. What is your own or your department's needs a reason, as far as your role may look at "
        "all; everything else needs an approved request (dockd request ask --kind view). What is marked secret needs "
        "the clearance too. That you looked is in the custody log before anything is shown; no copy is made.\n\n"
        "It is played by mpv, ffplay or the desktop's own program; without a screen its place in the vault is printed."
        "\n\n"
        "\b\n"
        "  dockd view c453e0 --reason 案件审核\n"
        "  dockd view c453e0 --request 2026-0007"
    ),
)
@click.argument("clip_id", metavar="CLIP")
@click.option("--request", "request_name", help=_("The request that opens it, by its number or id."))
@click.option("--reason", type=WORDS, help=_("Why you look, when there is no request."))
@click.option("--with", "program", help=_("Show it with this program, which is given a path to read from."))
@JSON
@click.pass_obj
def view(
    home: str | None, clip_id: str, request_name: str | None, reason: str | None, program: str | None, as_json: bool
) -> int:
    """Show one recording."""
    if (request_name is None) == (reason is None):
        raise click.UsageError(_("give --request, or the reason for which you look"))
    player = _player(program)
    with reading(home) as opened:
        clip = opened.station.catalog.find_clip(clip_id)
        request = find_request(opened.station.catalog, request_name) if request_name is not None else None
        shown = open_view(opened, clip, request, reason or "")
    with shown:
        ended_with = None if player is None else _play(player, shown)
    if as_json:
        number = None if request is None else request.number
        said = {"clip": clip.id, "request": number, "path": shown.path, "program": player, "ended_with": ended_with}
        echo_json(said)
    elif player is None:
        click.echo(shown.path)
        click.echo(_("no player or no screen here: this is where it lies; that you looked is on record"), err=True)
    elif ended_with:
        told = _("{program} ended with {code}; that you looked is on record")
        click.echo(told.format(program=player, code=ended_with), err=True)
    return Exit.OK


def _player(program: str | None) -> str | None:
    """The program to show it with; None when there is none or no screen."""
    if program is not None:
        found = shutil.which(program)
        if found is None:
            raise click.UsageError(_("no program {name} here").format(name=program))
        return found
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    return next((found for name in _PLAYERS if (found := shutil.which(name)) is not None), None)


def _play(player: str, shown: View) -> int:
    """Run a player on the open original: it reads these bytes, whatever becomes of their name. What it ended with."""
    by_path = os.path.basename(player) in _BY_PATH
    path = shown.path if by_path else f"/dev/fd/{shown.fd}"
    return subprocess.run([player, path], pass_fds=() if by_path else (shown.fd,), check=False).returncode
