"""`dockd handover check`, `receipt` and `trust`: what the other side says of a batch, and whose word counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

import click

from catalog.handing.queries import receiver_of_key
from hashing.filecalls import OsFileCalls

from ..assembly import Opened, reading
from ..errors import HomeMissing
from ..exits import Exit
from ..handover.medium import Checked
from ..handover.medium import check as check_medium
from ..handover.papers import difference_maps, key_fingerprint, key_of
from ..handover.receipts import known_key, receivers, sign_receipt, take_paper, take_receipt
from ..handover.receipts import trust as trust_key
from ..handover.words import difference_text
from ..i18n import _, ngettext
from ..showing import echo_json
from .options import JSON


@click.command(
    "check",
    help=_(
        "Check a batch of another station on its medium: its signature, and every file by its digest. The sender's "
        "catalogue is not needed, and without --receipt no station either. With --receipt what was found is signed by "
        "this station: FILE and FILE.sig go back to the sender.\n\n"
        "\b\n"
        "  dockd handover check /media/disk/handover-20261121-3f9a1c20 --key sender.pub\n"
        "  dockd handover check /media/disk/handover-20261121-3f9a1c20 --receipt receipt.json"
    ),
)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--key", help=_("The sender's key: a name that this station trusts, the line of a .pub file, or the file.")
)
@click.option("--receipt", type=click.Path(dir_okay=False), help=_("Sign a receipt into this new file."))
@JSON
@click.pass_obj
def check(home: str | None, folder: str, key: str | None, receipt: str | None, as_json: bool) -> int:
    """Check a medium."""
    with _if_there(home, needed=receipt is not None) as opened:
        signer = None if key is None else known_key(opened, key)
        checked = check_medium(OsFileCalls(), folder, signer)
        known = signer is not None or _is_known(opened, checked.key)
        if receipt is not None and opened is not None:
            sign_receipt(opened, checked, receipt)
    if as_json:
        echo_json(_as_json(checked, known))
    else:
        _tell_checked(checked, known)
        if receipt is not None:
            click.echo(_("receipt signed: {path}, {path}.sig").format(path=receipt))
    return Exit.FINDINGS if checked.differences else Exit.OK


def _is_known(opened: Opened | None, key: str) -> bool:
    if opened is None:
        return False
    own = key_of(opened.station.key.public_line())
    return key == own or receiver_of_key(opened.station.catalog, key) is not None


@contextmanager
def _if_there(home: str | None, *, needed: bool) -> Iterator[Opened | None]:
    """The station, or None where there is none and none is needed."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(reading(home))
        except HomeMissing:
            if needed:
                raise
            opened = None
        yield opened


def _as_json(checked: Checked, known: bool) -> dict[str, Any]:
    paper = checked.paper
    told = {name: getattr(paper, name) for name in ("batch", "station", "station_name", "department", "to", "by", "at")}
    return {
        **told,
        "key": key_fingerprint(checked.key),
        "key_known": known,
        "manifest_digest": checked.manifest_digest,
        "files": checked.files,
        "size_bytes": checked.size_bytes,
        "differences": difference_maps(checked.differences),
    }


def _tell_checked(checked: Checked, known: bool) -> None:
    paper = checked.paper
    click.echo(
        _("batch {batch} of {station} ({name}), {department} → {to}, by {by}").format(
            batch=paper.batch,
            station=paper.station,
            name=paper.station_name,
            department=paper.department,
            to=paper.to or "-",
            by=paper.by,
        )
    )
    click.echo(_("signed by {fingerprint}").format(fingerprint=key_fingerprint(checked.key)))
    if not known:
        click.echo(_("nobody told this station that key: compare it with the sender's on paper"), err=True)
    click.echo(_("manifest {digest}").format(digest=checked.manifest_digest))
    tell_read(checked.files, difference_maps(checked.differences))


def _tell_differences(differences: Sequence[Mapping[str, Any]]) -> None:
    for one in differences:
        click.echo(f"  {difference_text(one)}")


def tell_read(files: int, differences: Sequence[Mapping[str, Any]]) -> None:
    """How many files were read of a batch, and every difference."""
    _tell_differences(differences)
    checked = ngettext("{n} file read", "{n} files read", files).format(n=files)
    count = len(differences)
    if count:
        click.echo(f"{checked}, " + ngettext("{n} difference", "{n} differences", count).format(n=count))
    else:
        click.echo(_("{checked}, no difference").format(checked=checked))


@click.command(
    "receipt",
    help=_(
        "Take in the receipt for a batch. FILE was written by dockd handover check --receipt, with its signature "
        "beside it; the key must be known (dockd handover trust). With --paper FILE is the scan of one on paper, which "
        "another person than who handed over takes in.\n\n"
        "\b\n"
        "  dockd handover receipt receipt.json\n"
        "  dockd handover receipt 回执.pdf --paper 20261121-3f9a1c20 --receiver 局办公室王五 --manifest 41aa9f2c0b7d"
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--paper", "batch", metavar="BATCH", help=_("It is a scan, for this batch."))
@click.option("--receiver", help=_("Who signed the paper."))
@click.option("--manifest", metavar="DIGITS", help=_("The first 12 or more digits of the manifest's digest on it."))
@click.option(
    "--difference", "differences", multiple=True, help=_("What it says is missing or damaged; may be repeated.")
)
@JSON
@click.pass_obj
def receipt(
    home: str | None,
    file: str,
    batch: str | None,
    receiver: str | None,
    manifest: str | None,
    differences: tuple[str, ...],
    as_json: bool,
) -> int:
    """Take in a receipt."""
    if batch is None and (receiver or manifest or differences):
        raise click.UsageError(_("--receiver, --manifest and --difference tell of a --paper"))
    if batch is not None and not (receiver and receiver.strip() and manifest):
        raise click.UsageError(_("--paper needs --receiver and --manifest, as they stand on it"))
    with reading(home) as opened:
        if batch is None:
            said = take_receipt(opened, file)
        else:
            said = take_paper(opened, file, batch, str(receiver), str(manifest), differences)
    if as_json:
        echo_json({"batch": said.batch, "how": said.how, "receiver": said.receiver, "differences": said.differences})
    else:
        click.echo(_("batch {batch}: receipt of {receiver} taken in").format(batch=said.batch, receiver=said.receiver))
        _tell_differences(said.differences)
    return Exit.FINDINGS if said.differences else Exit.OK


@click.command(
    "trust",
    help=_(
        "Say whose key is whose: from here on receipts by KEY (the line of a .pub file, or the file) are NAME's. "
        "Compare its fingerprint with the one on paper first. Without KEY the receivers are listed.\n\n"
        "\b\n"
        "  dockd handover trust 局办公室 station.pub\n"
        "  dockd handover trust 局办公室 --withdraw"
    ),
)
@click.argument("name", required=False)
@click.argument("key", required=False)
@click.option("--withdraw", is_flag=True, help=_("Its key counts no more."))
@JSON
@click.pass_obj
def trust(home: str | None, name: str | None, key: str | None, withdraw: bool, as_json: bool) -> int:
    """Trust a key, or list those trusted."""
    if (name is None) == (key is not None or withdraw) or (key is not None and withdraw):
        raise click.UsageError(_("give NAME and KEY, NAME and --withdraw, or nothing for a list"))
    with reading(home) as opened:
        if name is None:
            rows = [asdict(one) | {"told_at": one.told_at.isoformat()} for one in receivers(opened)]
            if as_json:
                echo_json(rows)
            for row in [] if as_json else rows:
                click.echo(f"{row['name']}  {key_fingerprint(row['key']) if row['key'] else '-'}  {row['told_by']}")
            return Exit.OK
        line = trust_key(opened, name, key)
    if line is None:
        click.echo(_("the key of {name} counts no more").format(name=name))
    else:
        click.echo(_("{name} is {fingerprint}").format(name=name, fingerprint=key_fingerprint(line)))
    return Exit.OK
