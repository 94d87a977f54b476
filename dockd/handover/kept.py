"""The papers of a batch in the vault: kept while it is put on record, read for every further copy of it.

    <vault>/documents/handover/<batch>/<document>/file/batch.json      and batch.json.sig in a folder of its own
                                       being-made                      until the batch is on record

A batch that is being made has its folder locked, too. By that lock what a cut left is told from what somebody works at;
it goes at the next start of a station, or with the next batch. What does not say that it is being made is never
touched.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from catalog.documents.events import DocumentKept
from catalog.documents.queries import documents_for
from catalog.errors import CatalogError, CatalogFault, NotFound
from catalog.handing.model import HandoverRow
from catalog.handing.queries import handover
from hashing.digest import digest_of
from hashing.errors import BadSignature, HashingError
from hashing.signing import verify as verify_signature

from ..documents import keep
from ..station import Station
from ..vault import HANDOVERS_FOLDER, vault_act
from .errors import HandoverRefused
from .medium import BATCH_FILE, SIGNATURE_FILE
from .papers import BATCH_NAMESPACE, BatchPaper, NoPaper

BEING_MADE = "being-made"


def subject_of(batch: str) -> str:
    """What the papers of a batch are kept for."""
    return f"handover:{batch}"


@contextmanager
def kept(station: Station, batch: str, text: bytes, signature: bytes) -> Iterator[list[DocumentKept]]:
    """Put what a new batch states into the vault: the entries that it still needs, to be written with the batch's own
    while this lasts. If they are not, nothing of it stays. Raises NoSpace, TargetFault.
    """
    folder = f"{HANDOVERS_FOLDER}/{batch}"
    station.vault.ensure(folder)
    lock = station.vault.lock(folder)
    assert lock is not None, "no other batch has its number"
    try:
        station.vault.write(f"{folder}/{BEING_MADE}", b"")
        yield _documents(station, batch, {BATCH_FILE: text, SIGNATURE_FILE: signature})
    except CatalogFault:
        # It may be on record all the same: the next start asks the log.
        raise
    except BaseException:
        with suppress(CatalogError, HashingError):
            _settle(station, folder)
        raise
    else:
        _settle(station, folder)
    finally:
        station.files.close(lock)


def _documents(station: Station, batch: str, texts: dict[str, bytes]) -> list[DocumentKept]:
    found = []
    with tempfile.TemporaryDirectory(prefix="dockd-handover-") as folder:
        for name, data in texts.items():
            path = os.path.join(folder, name)
            with open(path, "xb") as file:
                file.write(data)
            document = keep(station, path, subject_of(batch))
            if document.kept is not None:
                found.append(document.kept)
    return found


def sweep(station: Station) -> int:
    """Put in order what killed runs left: papers of batches that were never made go; of how many.

    Raises TargetFault, CatalogFault.
    """
    removed = 0
    for folder in station.vault.folders(HANDOVERS_FOLDER):
        if not station.vault.has(f"{folder}/{BEING_MADE}"):
            continue
        lock = station.vault.lock(folder)
        if lock is None:
            continue
        try:
            removed += not _settle(station, folder)
        finally:
            station.files.close(lock)
    return removed


def _settle(station: Station, folder: str) -> bool:
    """Whether the batch of a locked folder is on record: then nothing says any longer that it is being made; else it
    goes.
    """
    vault = station.vault
    try:
        handover(station.catalog, os.path.basename(folder))
    except NotFound:
        vault.remove_begun(folder, BEING_MADE)
        return False
    mark = vault.at(f"{folder}/{BEING_MADE}")
    with vault_act(mark, "unlink"), suppress(FileNotFoundError):
        vault.files.unlink(mark)
    vault.settle([folder])
    return True


def stated(station: Station, batch: HandoverRow) -> tuple[BatchPaper, bytes, bytes]:
    """What a batch of this station states: the paper, its text, its signature. Raises HandoverRefused when that is not
    as it was signed.
    """
    rows = {one.name: one for one in documents_for(station.catalog, subject_of(batch.id))}
    try:
        text, signature = (station.vault.read(rows[name].vault_path) for name in (BATCH_FILE, SIGNATURE_FILE))
        paper = BatchPaper.parse(text)
        verify_signature(station.key.public_line(), text, signature, BATCH_NAMESPACE)
    except (KeyError, FileNotFoundError, NoPaper, BadSignature) as error:
        raise HandoverRefused(batch.id, "changed") from error
    if str(digest_of(paper.manifest())) != batch.manifest_digest:
        raise HandoverRefused(batch.id, "changed")
    return paper, text, signature
