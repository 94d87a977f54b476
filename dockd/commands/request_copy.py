"""`dockd request copy`: the copies that an approved request is for, on a medium, with all that proves them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from catalog.requests.queries import find_request

from ..assembly import reading
from ..copying_out.giving import Given, complete, give, look, order_for
from ..copying_out.order import CopyOrder
from ..exits import Exit
from ..i18n import _, ngettext
from ..requests.words import FORMS
from ..showing import echo_json, size_text
from .options import JSON

_STEP_BYTES = 16 << 20


@click.command(
    "copy",
    help=_(
        "Make the copies that an approved request is for: a bag (BagIt) in the folder --to, with manifests, the "
        "entries of the custody log and their proofs, and a verifier that needs no dockd (proof/check.py). What was "
        "given stays in the vault – originals as second names of the same bytes, a record and no backup – and is an "
        "entry in the custody log before the folder counts as complete.\n\n"
        "Without --watermarked these are the originals, byte for byte. With it, recipient, number of the request and "
        "day are burnt into videos and photos; sound cannot be marked, and gets a note beside it.\n\n"
        "The folder must be empty or not there yet. A run that was cut off is finished, or done anew, by the same "
        "command.\n\n"
        "\b\n"
        "  dockd request copy 2026-0007 --to /media/usb/2026-0007 --dry-run\n"
        "  dockd request copy 2026-0007 --to /media/usb/2026-0007 --watermarked\n"
        "  python3 /media/usb/2026-0007/proof/check.py"
    ),
)
@click.argument("name", metavar="REQUEST")
@click.option(
    "--to", "target", required=True, type=click.Path(file_okay=False), help=_("Folder on the medium that leaves.")
)
@click.option("--watermarked", is_flag=True, help=_("Burn recipient, request and day into the pictures."))
@click.option("--dry-run", is_flag=True, help=_("Only list what would be given; nothing is written."))
@JSON
@click.pass_obj
def copy(home: str | None, name: str, target: str, watermarked: bool, dry_run: bool, as_json: bool) -> int:
    """Give copies out."""
    with reading(home) as opened:
        request = find_request(opened.station.catalog, name)
        outlet, recorded = look(opened, request, target)
        if recorded is not None:
            # It is on record, and no new use of the request: only its end on the medium is missing.
            if dry_run:
                click.echo(_("the copy in {path} is on record; it would be completed").format(path=outlet.root))
                return Exit.OK
            _tell(complete(opened, outlet, recorded, _progress(recorded.size_bytes)), as_json)
            return Exit.OK
        order = order_for(opened, request, watermarked=watermarked)
        size_bytes = sum(clip.size_bytes for clip in order.clips)
        if dry_run:
            outlet.refuse_without_space(size_bytes)
            _tell_order(order, size_bytes, as_json)
            return Exit.OK
        _tell(give(opened, request, outlet, watermarked=watermarked, on_bytes=_progress(size_bytes)), as_json)
    return Exit.OK


def _tell_order(order: CopyOrder, size_bytes: int, as_json: bool) -> None:
    """What would be given."""
    if as_json:
        clips = [{"clip": one.id, "name": one.name, "kind": one.kind, "bytes": one.size_bytes} for one in order.clips]
        echo_json({"request": order.number, "recipient": order.recipient, "form": order.form, "clips": clips})
        return
    for clip in order.clips:
        click.echo(f"{clip.id}  {clip.name}  {size_text(clip.size_bytes)}")
    click.echo(
        ngettext(
            "{n} recording, {size}, would be given to {recipient} on request {number}: {form}",
            "{n} recordings, {size}, would be given to {recipient} on request {number}: {form}",
            len(order.clips),
        ).format(
            n=len(order.clips),
            size=size_text(size_bytes),
            recipient=order.recipient,
            number=order.number,
            form=_(FORMS[order.form]),
        )
    )


def _tell(given: Given, as_json: bool) -> None:
    """What was given."""
    if as_json:
        names = {"target": "folder", "kept": "kept", "digest": "bag_digest", "form": "form", "files": "files"}
        said: dict[str, Any] = {told: getattr(given, name) for name, told in names.items()}
        echo_json(said | {"bytes": given.size_bytes, "completed": given.completed})
        return
    click.echo(
        ngettext("{path}: {n} file, {size}, complete", "{path}: {n} files, {size}, complete", given.files).format(
            path=given.target, n=given.files, size=size_text(given.size_bytes)
        )
    )
    click.echo(_("digest of the copy, for the receipt: {digest}").format(digest=given.digest))
    click.echo(_("kept in the vault: {path}").format(path=given.kept))
    click.echo(_("to be checked by anybody: python3 {path}").format(path=f"{given.target}/proof/check.py"))


def _progress(size_bytes: int) -> Callable[[int], None]:
    """How far the copying is, on a terminal: one line that is written anew. Called from a thread of the engine."""
    done = told = 0

    def on_bytes(count: int) -> None:
        nonlocal done, told
        done += count
        if sys.stderr.isatty() and (done - told >= _STEP_BYTES or done >= size_bytes):
            told = done
            line = _("{done} of {all} copied").format(done=size_text(done), all=size_text(size_bytes))
            click.echo(f"\r{line}  ", err=True, nl=done >= size_bytes)

    return on_bytes
