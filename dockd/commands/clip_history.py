"""`dockd clip history`: all that ever happened to a recording, and who looked at it."""

from __future__ import annotations

import json

import click

from catalog.model import Clip, CustodyEntry
from catalog.people.access import Act
from catalog.queries import Queries
from catalog.requests.queries import log_of_request, requests_asked

from ..assembly import reading
from ..exits import Exit
from ..i18n import _
from ..people.acting import require
from ..showing import echo_json
from .options import JSON
from .request_lists import entry_row


@click.command(
    "history",
    help=_(
        "Print what the custody log has of one recording, oldest first: how it came in, what was said of it, who asked "
        "for it, who looked, who was turned away, who was given a copy, when and why.\n\n"
        "\b\n"
        "  dockd clip history c453e0"
    ),
)
@click.argument("clip_id", metavar="CLIP")
@JSON
@click.pass_obj
def history(home: str | None, clip_id: str, as_json: bool) -> int:
    """Print entries about one clip."""
    with reading(home) as opened:
        clip = opened.station.catalog.find_clip(clip_id)
        require(opened, Act.READ_HISTORY, clip.department, owner=clip.officer, clip=clip.id)
        told = list(_about(opened.station.catalog, clip).values())
    if as_json:
        echo_json([entry_row(one) for one in told])
        return Exit.OK
    for one in told:
        short = json.dumps(one.data, ensure_ascii=False)
        click.echo(f"{one.seq:7d}  {one.at[:19]}  {one.actor}  {one.kind:<18} {short[:110]}")
    return Exit.OK


def _about(catalog: Queries, clip: Clip) -> dict[int, CustodyEntry]:
    """Entries about a clip and about the requests that name it, by their number in the log."""
    found = {one.seq: one for one in catalog.clip_log(clip)}
    for request in requests_asked(catalog, clip=clip.id):
        for one in log_of_request(catalog, request.id):
            # What was done on the request with another recording is not this one's history.
            data = one.data
            if data.get("clip") in (None, clip.id) and (one.kind != "copy-given" or clip.id in data["clips"]):
                found[one.seq] = one
    return dict(sorted(found.items()))
