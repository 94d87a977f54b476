"""Documents beside recordings: a written report, a scan, a paper of a case – kept by the engine that copies recordings,
with the same proof, and verified as they are.

    <vault>/documents/<kind>/<id>/<document>/file/<its own name>
                                             manifest.b3            b3sum --check works here

The folder follows from what the document is for, its name and its bytes: handing in the same file again for the same
thing finds it there, and what an interruption left is finished by doing it once more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.documents.events import DocumentKept
from catalog.documents.model import DocumentRow
from catalog.documents.queries import is_kept
from hashing.copying import CopyTask, SourceFault, Verified
from hashing.digest import Algorithm, Digest, digest_of
from hashing.errors import AlreadyThere
from hashing.manifest import ManifestEntry, render

from .copying import engine, opener
from .errors import DocumentUnreadable
from .naming import folder_name, shown, vault_path
from .sealing import manifest_name
from .station import Station
from .vault import DOCUMENTS_FOLDER, FILE_FOLDER


@dataclass(frozen=True, slots=True)
class Document:
    """A document in the vault: `vault_path` from the vault's root, `digest` its BLAKE3 (`b3:…`).

    `kept` is the custody entry that it still needs, in one transaction with the entry that names it; None when it has
    one.
    """

    vault_path: str
    digest: str
    size_bytes: int
    kept: DocumentKept | None


def keep(station: Station, path: str, subject: str) -> Document:
    """Copy a file into the vault, read it back from the medium, and write its manifest.

    `subject` is what it is for, `kind:id` as in `gap:3f9a…`. A link is followed, for a person named it; only a plain
    file is taken. Raises DocumentUnreadable, NoSpace, TargetFault, AlreadyThere, DigestMismatch, CatalogFault.
    """
    copy = _copied(station, path)
    digest = copy.digests[Algorithm.BLAKE3]
    name = vault_path(os.path.basename(os.fsencode(path)))
    kind, _colon, about = subject.partition(":")
    document = digest_of(f"{station.id}/{subject}/{name}/{digest}".encode()).hex[:16]
    folder = f"{DOCUMENTS_FOLDER}/{folder_name(kind)}/{folder_name(about)}/{document}"
    where = f"{folder}/{FILE_FOLDER}/{name}"
    _land(station, copy, where, digest)
    digests = {algorithm.value: str(value) for algorithm, value in copy.digests.items()}
    for algorithm, lines in _manifests(folder, where, digests):
        station.vault.write_once(f"{folder}/{manifest_name(algorithm)}", render(lines))
    kept = DocumentKept(document, subject, name, copy.size_bytes, digests, where, copy.read_back)
    known = is_kept(station.catalog, document)
    return Document(where, str(digest), copy.size_bytes, None if known else kept)


def listed(row: DocumentRow) -> tuple[str, list[tuple[Algorithm, list[ManifestEntry]]]]:
    """A document's folder, and the manifests that lie there: what each must say."""
    folder = row.vault_path.rsplit("/", 2)[0]
    return folder, list(_manifests(folder, row.vault_path, row.digests))


def _manifests(folder: str, path: str, digests: dict[str, str]) -> Iterator[tuple[Algorithm, list[ManifestEntry]]]:
    below = path.removeprefix(f"{folder}/")
    for name, digest in digests.items():
        yield Algorithm(name), [ManifestEntry(below, Digest.parse(digest))]


def _copied(station: Station, path: str) -> Verified:
    """A verified copy under `.partial/`; a fresh name, so that two who keep the same file do not meet."""

    open_source = opener(station.files, path, follow=True)
    try:
        fd = open_source(0)
        try:
            size_bytes = station.files.fstat(fd).st_size
        finally:
            station.files.close(fd)
    except OSError as error:
        raise DocumentUnreadable(shown(os.fsencode(path)), error.strerror or str(error)) from error
    station.refuse_without_space(size_bytes)
    partial = station.partials.path(station.random_hex(32))
    task = CopyTask(0, open_source, size_bytes, partial)
    with engine(station.files, [task], station.copying, algorithms=station.algorithms) as batches:
        for outcome in (one for batch in batches for one in batch):
            if isinstance(outcome, Verified):
                return outcome
            if isinstance(outcome, SourceFault):
                if outcome.kept is not None:
                    station.vault.remove_partial(partial)
                raise DocumentUnreadable(shown(os.fsencode(path)), f"{outcome.reason} at byte {outcome.at_bytes}")
    raise DocumentUnreadable(shown(os.fsencode(path)), "stopped")


def _land(station: Station, copy: Verified, path: str, digest: Digest) -> None:
    """Give the copy its name; where a file of that name lies already it must have the same bytes."""
    try:
        folder = station.vault.land(copy.task.partial, path)
    except AlreadyThere:
        station.vault.remove_partial(copy.task.partial)
        if station.vault.read_back(path).digests[Algorithm.BLAKE3] != digest:
            raise
        folder = os.path.dirname(path)
    station.vault.settle([folder])
