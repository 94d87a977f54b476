"""Receipts of hand-overs: signed for what another station sent, and taken in for what this one sent."""

from __future__ import annotations

import os
from collections.abc import Sequence

from catalog.documents.events import DocumentKept
from catalog.errors import NotFound
from catalog.event import Event
from catalog.handing.events import HandoverChecked, HandoverReceived, ReceiverTrusted
from catalog.handing.model import PAPER, SIGNED, TOLD, HandedDifference, HandoverRow, Receiver
from catalog.handing.queries import all_receivers, find_handover, handover, receiver_of_key
from catalog.model import utc_text
from catalog.people.access import Act, Person
from catalog.people.queries import tree_of
from hashing.digest import digest_of
from hashing.errors import AlreadyThere, BadSignature
from hashing.signing import verify as verify_signature
from hashing.writing import write_new

from ..assembly import Opened
from ..documents import keep
from ..people.acting import acting, person_named, require
from ..people.peopling import record
from ..reasons import reason_of
from .errors import HandoverRefused
from .handing import refuse_received
from .kept import subject_of
from .medium import Checked
from .papers import RECEIPT_NAMESPACE, NoPaper, ReceiptPaper, difference_maps, key_fingerprint, key_of

# So many digits of a manifest's digest must stand on paper: 48 bits, typed once.
MANIFEST_DIGITS = 12


def sign_receipt(opened: Opened, checked: Checked, path: str) -> ReceiptPaper:
    """Sign what was found of another station's batch, put it on record, and write receipt and signature.

    Raises NotAllowed (whoever handed it over may not receive it, by his officer's number), HandoverRefused.
    """
    station, paper = opened.station, checked.paper
    if paper.station == station.id:
        raise HandoverRefused(paper.batch, "own-batch")
    sender = Person(f"{paper.station}/{paper.by}", paper.officer)
    here = paper.department in tree_of(station.catalog).in_order()
    who = require(opened, Act.RECEIVE, paper.department if here else station.department, first=(sender,))
    whole = os.path.abspath(path)
    if not os.path.isdir(os.path.dirname(whole)):
        raise HandoverRefused(path, "no-folder")
    for one in (path, f"{path}.sig"):
        if os.path.lexists(one):
            raise HandoverRefused(one, "medium-taken")
    receipt = _of_what_was_found(opened, checked, who.actor)
    text = receipt.text()
    said = HandoverChecked(
        batch=paper.batch,
        sender=paper.station,
        sender_key=receipt.sender_key,
        sender_known=receipt.sender_known,
        department=paper.department,
        by=who.actor,
        manifest_digest=checked.manifest_digest,
        files=checked.files,
        size_bytes=checked.size_bytes,
        differences=difference_maps(checked.differences),
        receipt=str(digest_of(text)),
    )
    record(opened, [said])
    try:
        write_new(station.files, f"{whole}.sig", station.key.sign(text, RECEIPT_NAMESPACE))
        write_new(station.files, whole, text)
    except (OSError, AlreadyThere) as error:
        raise HandoverRefused(path, "unwritten", (reason_of(error),)) from error
    return receipt


def _of_what_was_found(opened: Opened, checked: Checked, by: str) -> ReceiptPaper:
    station, paper = opened.station, checked.paper
    return ReceiptPaper(
        batch=paper.batch,
        sender=paper.station,
        sender_key=key_fingerprint(checked.key),
        sender_known=receiver_of_key(station.catalog, checked.key) is not None,
        manifest_digest=checked.manifest_digest,
        receiver=station.id,
        receiver_name=opened.config.station.name,
        receiver_key=station.key.public_line(),
        by=by,
        at=utc_text(station.clock()),
        files=checked.files,
        size_bytes=checked.size_bytes,
        differences=checked.differences,
    )


# ------------------------------------------------------------------------------------------------------------ receipts


def take_receipt(opened: Opened, path: str) -> HandoverReceived:
    """Take in a receipt of another station, signed by a key that this one was told before.

    Raises HandoverRefused for a receipt that is for another batch or manifest, or not so signed; NotAllowed.
    """
    receipt, text, signature = _receipt(path)
    station = opened.station
    if receipt.sender != station.id:
        raise HandoverRefused(path, "unknown-batch")
    batch = _batch_of(opened, path, receipt.batch)
    require(opened, Act.HAND_OVER, batch.department)
    if receipt.manifest_digest != batch.manifest_digest:
        raise HandoverRefused(path, "other-manifest")
    refuse_received(batch)
    key = key_of(receipt.receiver_key)
    trusted = None if key is None else receiver_of_key(station.catalog, key)
    if trusted is None or key is None:
        raise HandoverRefused(path, "unknown-signer", (receipt.receiver_name, receipt.receiver_key))
    try:
        verify_signature(key, text, signature, RECEIPT_NAMESPACE)
    except BadSignature as error:
        raise HandoverRefused(path, "signature", (error.reason,)) from error
    kept = [keep(station, one, subject_of(batch.id)) for one in (path, f"{path}.sig")]
    said = HandoverReceived(
        batch=batch.id,
        how=SIGNED,
        receiver=trusted.name,
        key=key,
        by=acting(opened).actor,
        manifest_digest=receipt.manifest_digest,
        files=receipt.files,
        differences=difference_maps(receipt.differences),
        documents=[one.vault_path for one in kept],
    )
    _record(opened, [one.kept for one in kept], said)
    return said


def take_paper(
    opened: Opened, path: str, name: str, receiver: str, manifest: str, differences: Sequence[str]
) -> HandoverReceived:
    """Take in a scanned receipt without a signature that could be checked: by another person than who handed over.

    `manifest` are the digits of the manifest's digest that stand on it, `differences` what it says is missing or
    damaged. Raises NotAllowed, HandoverRefused, DocumentUnreadable.
    """
    batch = find_handover(opened.station.catalog, name)
    who = require(opened, Act.RECEIVE, batch.department, first=(person_named(opened, batch.made_by),))
    given, wanted = manifest.lower().removeprefix("b3:"), batch.manifest_digest.removeprefix("b3:")
    if len(given) < MANIFEST_DIGITS or not wanted.startswith(given):
        raise HandoverRefused(path, "other-manifest")
    refuse_received(batch)
    kept = keep(opened.station, path, subject_of(batch.id))
    said = HandoverReceived(
        batch=batch.id,
        how=PAPER,
        receiver=receiver,
        key=None,
        by=who.actor,
        manifest_digest=batch.manifest_digest,
        files=0,
        differences=difference_maps([HandedDifference("-", TOLD, "", text) for text in differences]),
        documents=[kept.vault_path],
    )
    _record(opened, [kept.kept], said)
    return said


def _receipt(path: str) -> tuple[ReceiptPaper, bytes, bytes]:
    try:
        with open(path, "rb") as file:
            text = file.read()
        receipt = ReceiptPaper.parse(text)
    except (OSError, NoPaper) as error:
        raise HandoverRefused(path, "no-receipt", (str(error),)) from error
    try:
        with open(f"{path}.sig", "rb") as file:
            return receipt, text, file.read()
    except OSError as error:
        raise HandoverRefused(path, "unsigned") from error


def _batch_of(opened: Opened, path: str, batch: str) -> HandoverRow:
    try:
        return handover(opened.station.catalog, batch)
    except NotFound as error:
        raise HandoverRefused(path, "unknown-batch") from error


def _record(opened: Opened, kept: Sequence[DocumentKept | None], said: Event) -> None:
    record(opened, [*(one for one in kept if one is not None), said])


# ------------------------------------------------------------------------------------------------------------ receivers


def trust(opened: Opened, name: str, key: str | None) -> str | None:
    """From here on receipts by this key are this receiver's; None: none are any more. The key without its comment.

    Raises NotAllowed, HandoverRefused.
    """
    require(opened, Act.CONFIGURE, None)
    line = None
    if key is not None:
        line = key_of(_key_text(key))
        if line is None:
            raise HandoverRefused(key, "no-key")
        if line == key_of(opened.station.key.public_line()):
            raise HandoverRefused(opened.station.id, "own-key")
        there = receiver_of_key(opened.station.catalog, line)
        if there is not None and there.name != name:
            raise HandoverRefused(there.name, "key-of-another")
    record(opened, [ReceiverTrusted(name, line, acting(opened).actor)])
    return line


def _key_text(given: str) -> str:
    """The line itself, or the first line of a file."""
    if not os.path.isfile(given):
        return given
    try:
        with open(given, encoding="utf-8") as file:
            return file.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise HandoverRefused(given, "no-key") from error


def receivers(opened: Opened) -> Sequence[Receiver]:
    """Those that this station was told of. Raises NotAllowed."""
    require(opened, Act.CONFIGURE, None)
    return all_receivers(opened.station.catalog)


def known_key(opened: Opened | None, given: str) -> str:
    """The key behind a name that the station trusts, a line or a file. Raises HandoverRefused."""
    for one in [] if opened is None else all_receivers(opened.station.catalog):
        if one.name == given and one.key is not None:
            return one.key
    key = key_of(_key_text(given))
    if key is None:
        raise HandoverRefused(given, "no-key")
    return key
