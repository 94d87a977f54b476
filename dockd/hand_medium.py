"""A batch on a medium that leaves the house: written durably and read back there; checked where it arrives.

    <medium>/handover-<batch>/
        batch.json        what the batch states, and batch.json.sig: ssh-keygen -Y verify -n dockd-handover
        manifest.b3       b3sum --check works here
        allowed_signers   the sender's key; its fingerprint is to be compared with the one on paper
        vault/…           originals, documents and sessions' seals, as they lie in the sender's vault

`batch.json` is written last: a folder without it is unfinished.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from catalog.handing.model import MORE, HandedDifference
from hashing.copying import CopyTask, SourceFault, Verified, copy_all
from hashing.digest import Algorithm, digest_of
from hashing.errors import AlreadyThere, BadSignature, DigestMismatch, MalformedKey, SourceUnreadable, TargetFault
from hashing.filecalls import FileCalls
from hashing.reading import read_back
from hashing.signing import allowed_signers
from hashing.signing import verify as verify_signature
from hashing.writing import fsync_folder, make_folders, write_new
from retention.fixity import Damage, examine

from .hand_errors import HandoverRefused, MediumFault
from .hand_papers import BATCH_NAMESPACE, BatchPaper, HandedFile, NoPaper
from .station import Station
from .vault import Vault

VAULT_FOLDER = "vault"
BATCH_FILE, MANIFEST_FILE, SIGNERS_FILE = "batch.json", "manifest.b3", "allowed_signers"
SIGNATURE_FILE = f"{BATCH_FILE}.sig"
_OWN = frozenset({BATCH_FILE, SIGNATURE_FILE, MANIFEST_FILE, SIGNERS_FILE})


# ------------------------------------------------------------------------------------------------------------ writing


def write(station: Station, paper: BatchPaper, text: bytes, signature: bytes, medium: str) -> str:
    """Write a batch onto a medium, each file read back from there; its folder.

    What was begun is removed again when it cannot be finished. Raises HandoverRefused when the folder is there already
    or originals are not what they were, MediumFault.
    """
    folder = os.path.join(medium, f"handover-{paper.batch}")
    _refuse_vault(station, medium)
    with _on(folder):
        _refuse_without_room(medium, paper.size_bytes + 2 * len(text))
        try:
            station.files.mkdir(folder)
        except FileExistsError:
            raise HandoverRefused(folder, "medium-taken") from None
    try:
        with _on(folder):
            _copy(station, paper, folder)
            signers = allowed_signers(paper.station, paper.public_key, [BATCH_NAMESPACE])
            _put(station.files, f"{folder}/{MANIFEST_FILE}", paper.manifest())
            _put(station.files, f"{folder}/{SIGNERS_FILE}", signers.encode())
            _put(station.files, f"{folder}/{SIGNATURE_FILE}", signature)
            _put(station.files, f"{folder}/{BATCH_FILE}", text)
            fsync_folder(station.files, medium)
    except BaseException:
        with suppress(OSError):
            _remove(station.files, folder)
        raise
    return folder


def _refuse_vault(station: Station, medium: str) -> None:
    vault = os.path.realpath(station.vault.root)
    if os.path.commonpath([vault, os.path.realpath(medium)]) == vault:
        raise HandoverRefused(medium, "medium-inside")


def _refuse_without_room(medium: str, needed_bytes: int) -> None:
    numbers = os.statvfs(medium)
    if numbers.f_bavail * numbers.f_frsize < needed_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), medium)


def _copy(station: Station, paper: BatchPaper, folder: str) -> None:
    """All files of a batch, by the engine that copies recordings. Raises HandoverRefused, TargetFault, OSError."""
    files, settings = station.files, station.copying
    folders = sorted({os.path.dirname(f"{folder}/{file.path}") for file in paper.files})
    for below in folders:
        make_folders(files, below, folder)
    tasks = [
        CopyTask(number, _opener(station, file), file.size_bytes, f"{folder}/{file.path}")
        for number, file in enumerate(paper.files)
    ]
    copies = copy_all(
        files,
        tasks,
        block_bytes=settings.block_bytes,
        blocks=settings.blocks,
        stall_s=settings.stall_s,
        stop=threading.Event(),
        on_bytes=lambda count: None,
    )
    damaged = []
    with closing(copies):
        for outcome in (one for some in copies for one in some):
            if isinstance(outcome, SourceFault):
                damaged.append(f"{paper.files[outcome.task.key].path}: {outcome.reason}")
            elif isinstance(outcome, Verified):
                file = paper.files[outcome.task.key]
                found = str(outcome.digests[Algorithm.BLAKE3])
                if found != file.digest:
                    damaged.append(f"{file.path}: {found}, {file.digest}")
    if damaged:
        raise HandoverRefused(paper.batch, "damaged", sorted(damaged))
    for below in folders:
        fsync_folder(files, below)


def _opener(station: Station, file: HandedFile) -> Callable[[int], int]:
    path = station.vault.at(file.path.removeprefix(f"{VAULT_FOLDER}/"))
    wanted = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return lambda flags: station.files.open(path, wanted | flags)


def _put(files: FileCalls, path: str, data: bytes) -> None:
    write_new(files, path, data)
    if read_back(files, path).digests[Algorithm.BLAKE3] != digest_of(data):
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)


def _remove(files: FileCalls, folder: str) -> None:
    """Remove what this program began and could not finish; nobody was told of it."""
    for entry in files.scandir(folder):
        path = os.path.join(folder, os.fsdecode(entry.name))
        if stat.S_ISDIR(files.lstat(path).st_mode):
            _remove(files, path)
        else:
            files.unlink(path)
    files.rmdir(folder)


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
