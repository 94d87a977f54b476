"""A batch on a medium that leaves the house: written durably and read back there; checked where it arrives.

    <medium>/handover-<batch>/
        batch.json        what the batch states, and batch.json.sig: ssh-keygen -Y verify -n dockd-handover
        manifest.b3       b3sum --check works here
        allowed_signers   the sender's key; its fingerprint is to be compared with the one on paper
        vault/…           originals, documents and sessions' seals, as they lie in the sender's vault

`batch.json` is written last, once the batch is on record: a folder without it is unfinished, and states nothing.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from catalog.handing.model import MORE, HandedDifference
from hashing.digest import Algorithm, digest_of
from hashing.errors import AlreadyThere, BadSignature, DigestMismatch, MalformedKey, SourceUnreadable, TargetFault
from hashing.filecalls import FileCalls, walk_up
from hashing.signing import allowed_signers
from hashing.signing import verify as verify_signature
from hashing.writing import fsync_folder, make_folders, remove_tree, write_proven
from retention.fixity import Damage, examine

from ..copying import Unlike, Wanted, copied
from ..station import Station
from ..vault import Vault, free_bytes
from .errors import HandoverRefused, MediumFault
from .papers import BATCH_NAMESPACE, BatchPaper, NoPaper

BATCH_FILE, MANIFEST_FILE, SIGNERS_FILE = "batch.json", "manifest.b3", "allowed_signers"
SIGNATURE_FILE = f"{BATCH_FILE}.sig"
_OWN = frozenset({BATCH_FILE, SIGNATURE_FILE, MANIFEST_FILE, SIGNERS_FILE})


# ------------------------------------------------------------------------------------------------------------ writing


def write(station: Station, paper: BatchPaper, text: bytes, signature: bytes, medium: str) -> str:
    """Write a batch that is on record onto a medium, each file read back from there; its folder.

    What was begun is removed again when it cannot be finished. Raises HandoverRefused when the folder is there already
    or originals are not what they were, MediumFault.
    """
    folder = begin(station, paper, text, signature, medium)
    with nothing_left(station, folder):
        finish(station, folder, text)
    return folder


def begin(station: Station, paper: BatchPaper, text: bytes, signature: bytes, medium: str) -> str:
    """The same but for `batch.json`, without which it is no batch: for one that is not on record yet."""
    folder = os.path.join(medium, f"handover-{paper.batch}")
    if station.vault.encloses(medium):
        raise HandoverRefused(medium, "medium-inside")
    with _on(folder):
        if free_bytes(medium) < paper.size_bytes + 2 * len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), medium)
        try:
            station.files.mkdir(folder)
        except FileExistsError:
            raise HandoverRefused(folder, "medium-taken") from None
    with nothing_left(station, folder), _on(folder):
        _copy(station, paper, folder)
        signers = allowed_signers(paper.station, paper.public_key, [BATCH_NAMESPACE])
        write_proven(station.files, f"{folder}/{MANIFEST_FILE}", paper.manifest())
        write_proven(station.files, f"{folder}/{SIGNERS_FILE}", signers.encode())
        write_proven(station.files, f"{folder}/{SIGNATURE_FILE}", signature)
    return folder


def finish(station: Station, folder: str, text: bytes) -> None:
    """Make a folder that was begun a batch. Raises MediumFault."""
    with _on(folder):
        write_proven(station.files, f"{folder}/{BATCH_FILE}", text)
        fsync_folder(station.files, os.path.dirname(folder))


@contextmanager
def nothing_left(station: Station, folder: str | None) -> Iterator[None]:
    """What was begun on a medium and comes to nothing goes, as far as the medium still answers."""
    try:
        yield
    except BaseException:
        if folder is not None:
            with suppress(OSError):
                remove_tree(station.files, folder)
        raise


def _copy(station: Station, paper: BatchPaper, folder: str) -> None:
    """All files of a batch, by the engine that copies recordings. Raises HandoverRefused, TargetFault, OSError."""
    files = station.files
    below = {f"{folder}/{file.path}": file for file in paper.files}
    # Each folder once, those above first.
    for one in sorted({up for path in below for up in walk_up(os.path.dirname(path), folder)}):
        make_folders(files, one, os.path.dirname(one))
    wanted = [
        Wanted(station.vault.at(file.vault_path), path, file.size_bytes, {Algorithm.BLAKE3.value: file.digest})
        for path, file in below.items()
    ]
    with copied(files, wanted, station.copying) as results:
        found = {below[one.wanted.target]: one.found for one in results if isinstance(one, Unlike)}
    if found:
        raise HandoverRefused(
            paper.batch, "damaged", sorted(f"{file.path}: {said}, {file.digest}" for file, said in found.items())
        )


@contextmanager
def _on(folder: str) -> Iterator[None]:
    """Faults of a medium are no faults of the vault."""
    try:
        yield
    except TargetFault as fault:
        raise MediumFault(fault.path, fault.cause) from fault
    except (DigestMismatch, SourceUnreadable) as error:
        raise MediumFault(folder, OSError(errno.EIO, os.strerror(errno.EIO), folder)) from error
    except AlreadyThere as error:
        raise HandoverRefused(folder, "medium-taken") from error
    except OSError as error:
        raise MediumFault(os.fsdecode(error.filename or folder), error) from error


# ------------------------------------------------------------------------------------------------------------ checking


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch as it arrived: what it states, what was read, and every difference. `key` is what it was signed by."""

    paper: BatchPaper
    key: str
    manifest_digest: str
    files: int
    size_bytes: int
    differences: tuple[HandedDifference, ...]


def check(files: FileCalls, folder: str, key: str | None = None) -> Checked:
    """Hold a batch against its signed statement: every file read from the medium, and whatever lies beside them.

    `key` is the sender's, as somebody knows it; without one the batch is held against the key that it names itself.
    Nothing of the sender's station is needed. Raises HandoverRefused when it states nothing that can be believed,
    MediumFault.
    """
    medium = Vault(files, folder)
    with _on(folder):
        paper, signer = _stated(medium, folder, key)
        differences = _of_manifest(medium, paper)
        size_bytes = 0
        for file in paper.files:
            found = examine(files, medium.at(file.path), file.size_bytes, {Algorithm.BLAKE3.value: file.digest})
            size_bytes += found.read_bytes
            if found.damage is not None:
                differences.append(HandedDifference(file.path, found.damage.value, found.expected, found.found))
        named = {file.path for file in paper.files} | _OWN
        differences += [HandedDifference(one.path, MORE) for one in medium.files_below("") if one.path not in named]
    digest = str(digest_of(paper.manifest()))
    return Checked(paper, signer, digest, len(paper.files), size_bytes, tuple(differences))


def _stated(medium: Vault, folder: str, key: str | None) -> tuple[BatchPaper, str]:
    try:
        text, signature = medium.read(BATCH_FILE), medium.read(SIGNATURE_FILE)
        paper = BatchPaper.parse(text)
    except (FileNotFoundError, NotADirectoryError, NoPaper) as error:
        raise HandoverRefused(folder, "no-batch", (str(error),)) from error
    signer = key or paper.public_key
    try:
        verify_signature(signer, text, signature, BATCH_NAMESPACE)
    except (BadSignature, MalformedKey) as error:
        raise HandoverRefused(folder, "signature", (error.reason,)) from error
    return paper, " ".join(signer.split()[:2])


def _of_manifest(medium: Vault, paper: BatchPaper) -> list[HandedDifference]:
    """Whether the list that `b3sum` reads is the one that was signed; the signed statement has all of it too."""
    wanted = digest_of(paper.manifest())
    try:
        found = digest_of(medium.read(MANIFEST_FILE))
    except FileNotFoundError:
        return [HandedDifference(MANIFEST_FILE, Damage.MISSING.value)]
    if found == wanted:
        return []
    return [HandedDifference(MANIFEST_FILE, Damage.DIFFERENT_DIGEST.value, str(wanted), str(found))]
