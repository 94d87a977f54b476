"""Vault, catalogue, signatures and custody log held against each other.

Everything a stranger can check with `b3sum`, `ssh-keygen` and patience is checked here at once, and the catalogue in
both directions: what it names must lie in the vault, and what lies in the vault it must name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from catalog.disposing.queries import find_batch, tombstones_of_session
from catalog.documents.queries import all_documents
from catalog.fixity.queries import all_damages
from catalog.model import Clip, EntryRow, SessionRow
from hashing.digest import Algorithm, digest_of
from hashing.errors import BadSignature, MalformedManifest
from hashing.manifest import ManifestEntry
from hashing.manifest import parse as parse_manifest
from hashing.signing import verify as verify_signature
from retention.fixity import examine

from .auditing import audit
from .copying_out.checking import kept_copies
from .documents import listed
from .finding import Finding
from .sealing import (
    SEAL_NAMES,
    SESSION_NAMESPACE,
    algorithms_of,
    manifest_name,
    originals,
    quarantine_folder,
    set_aside,
)
from .session import read_seal
from .station import Station
from .sweep.destroying import record_path, record_text
from .upkeep.damage import DAMAGED_FOLDER
from .vault import DOCUMENTS_FOLDER, SESSION_FILE

__all__ = ["Finding", "Verifying"]


class Verifying:
    """Checks of one station; each yields findings, none when all is well. `clips` and `bytes` count what was read."""

    def __init__(self, station: Station, on_bytes: Callable[[int], None] | None = None) -> None:
        self._station = station
        self._on_bytes = on_bytes
        self.clips = 0
        self.read_bytes = 0

    def everything(self) -> Iterator[Finding]:
        """Custody, catalogue, and every session."""
        yield from self.custody()
        yield from self.catalogue()
        known = set()
        for session in self._station.catalog.sessions():
            known.add(session.vault_dir)
            yield from self.session(session)
        for folder in self._station.vault.session_dirs():
            if folder not in known:
                yield Finding("session-unknown-to-catalogue", folder)
        yield from self._quarantine()
        yield from self._documents()
        yield from kept_copies(self._station, self._count)
        yield from self._damaged()

    # --------------------------------------------------------------------------------------------------- originals

    def clip(self, clip: Clip) -> Iterator[Finding]:
        """One original: digest from the medium, its line in the sealed session, its row."""
        yield from self._original(clip)
        session = self._station.catalog.find_session(clip.session)
        if session.state != "open":
            yield from self._seal(session, [clip], whole=False)

    def session(self, session: SessionRow) -> Iterator[Finding]:
        """One session: its seal, its manifest, all its originals, and nothing beside them."""
        clips = list(self._station.catalog.clips_of_session(session.id))
        for clip in clips:
            yield from self._original(clip)
        if session.state == "open":
            yield Finding("session-not-sealed", session.vault_dir)
            return
        yield from self._seal(session, clips, whole=True)
        expected = {clip.vault_path for clip in clips}
        yield from self._destroyed(session, expected)
        for file in self._station.vault.files_below(session.vault_dir):
            if file.path not in expected and file.path.removeprefix(f"{session.vault_dir}/") not in SEAL_NAMES:
                yield Finding("file-unknown-to-catalogue", file.path)

    def _original(self, clip: Clip) -> Iterator[Finding]:
        if clip.destroyed_at is not None:
            if self._station.vault.has(clip.vault_path):
                yield Finding("original-not-yet-destroyed", clip.vault_path)
            return
        result = examine(
            self._station.files,
            self._station.vault.at(clip.vault_path),
            clip.size_bytes,
            clip.digests,
            self._on_bytes,
        )
        self.clips += 1
        self.read_bytes += result.read_bytes
        if result.damage is not None:
            yield Finding(f"original-{result.damage.value}", clip.vault_path, result.expected, result.found)

    def _destroyed(self, session: SessionRow, expected: set[str]) -> Iterator[Finding]:
        """The records of what was destroyed: as the log says, signed, and known as files of the session."""
        stones = tombstones_of_session(self._station.catalog, session.id)
        for batch, some in groupby(stones, key=lambda stone: stone.batch):
            own = list(some)
            path = record_path(session.vault_dir, batch)
            expected |= {path, f"{path}.sig"}
            text = record_text(self._station, session, find_batch(self._station.catalog, batch), own)
            try:
                found = self._station.vault.read(path)
            except FileNotFoundError:
                if any(stone.removed_at is not None for stone in own):
                    yield Finding("destruction-record-missing", path)
                continue
            if found != text:
                yield Finding("destruction-record-differs", path, str(digest_of(text)), str(digest_of(found)))
            yield from self._signature(path, found, SESSION_NAMESPACE)

    def _seal(self, session: SessionRow, clips: list[Clip], *, whole: bool) -> Iterator[Finding]:
        vault = self._station.vault
        path = f"{session.vault_dir}/{SESSION_FILE}"
        try:
            text = vault.read(path)
        except FileNotFoundError:
            yield Finding("seal-missing", path)
            return
        yield from self._signature(path, text, SESSION_NAMESPACE)
        if str(digest_of(text)) != session.session_digest:
            yield Finding("seal-differs-from-custody", path, session.session_digest or "", str(digest_of(text)))
        try:
            seal = read_seal(text)
        except ValueError as error:
            yield Finding("seal-unreadable", path, found=str(error))
            return
        sealed = {entry.clip: entry for entry in seal.clips}
        for clip in clips:
            entry = sealed.pop(clip.id, None)
            if entry is None:
                yield Finding("clip-not-in-seal", clip.vault_path)
            elif (entry.vault_path, entry.size_bytes, entry.digests) != (
                clip.vault_path,
                clip.size_bytes,
                clip.digests,
            ):
                yield Finding("clip-differs-from-seal", clip.vault_path, str(entry.digests), str(clip.digests))
        if whole:
            for entry in sealed.values():
                yield Finding("clip-not-in-catalogue", entry.vault_path, entry.clip)
        yield from self._manifest(session, clips, seal.sealed.get("manifest_digest"), whole=whole)

    def _manifest(
        self, session: SessionRow, clips: list[Clip], sealed_digest: str | None, *, whole: bool
    ) -> Iterator[Finding]:
        if sealed_digest is None:
            return
        path = f"{session.vault_dir}/{manifest_name(Algorithm.BLAKE3)}"
        try:
            text = self._station.vault.read(path)
            entries = {entry.path: str(entry.digest) for entry in parse_manifest(text, Algorithm.BLAKE3)}
        except FileNotFoundError:
            yield Finding("manifest-missing", path)
            return
        except MalformedManifest as error:
            yield Finding("manifest-unreadable", path, found=error.line)
            return
        if str(digest_of(text)) != sealed_digest:
            yield Finding("manifest-differs-from-seal", path, sealed_digest, str(digest_of(text)))
        for clip in clips:
            digest = entries.pop(clip.vault_path.removeprefix(f"{session.vault_dir}/"), None)
            if digest != clip.digests[Algorithm.BLAKE3.value]:
                yield Finding("clip-differs-from-manifest", clip.vault_path, digest or "", clip.digests["b3"])
        if whole:
            for name in entries:
                yield Finding("manifest-names-no-clip", f"{session.vault_dir}/{name}")
            for algorithm in algorithms_of(clips):
                if algorithm is not Algorithm.BLAKE3:
                    yield from self._list(session.vault_dir, algorithm, originals(session.vault_dir, clips, algorithm))

    def _list(self, folder: str, algorithm: Algorithm, expected: list[ManifestEntry]) -> Iterator[Finding]:
        """A manifest that no seal names, against what the catalogue says should stand in it."""
        path = f"{folder}/{manifest_name(algorithm)}"
        try:
            found = parse_manifest(self._station.vault.read(path), algorithm)
        except FileNotFoundError:
            yield Finding("manifest-missing", path)
        except MalformedManifest as error:
            yield Finding("manifest-unreadable", path, found=error.line)
        else:
            said, wanted = ({entry.path: str(entry.digest) for entry in each} for each in (found, expected))
            for name in sorted(said.keys() | wanted.keys()):
                if said.get(name) != wanted.get(name):
                    yield Finding(
                        "manifest-differs-from-catalogue", f"{folder}/{name}", wanted.get(name, ""), said.get(name, "")
                    )

    def _signature(self, path: str, text: bytes, namespace: str) -> Iterator[Finding]:
        try:
            signature = self._station.vault.read(f"{path}.sig")
            verify_signature(self._station.key.public_line(), text, signature, namespace)
        except FileNotFoundError:
            yield Finding("signature-missing", f"{path}.sig")
        except BadSignature as error:
            yield Finding("signature-bad", f"{path}.sig", found=error.reason)

    def _quarantine(self) -> Iterator[Finding]:
        """What lies in quarantine is what the catalogue says, byte for byte."""
        station = self._station
        named = set()
        listed: dict[str, list[EntryRow]] = {}
        for entry in station.catalog.quarantined():
            if entry.vault_path is None or entry.vault_path in named:
                continue
            named.add(entry.vault_path)
            if station.catalog.has_sealed(entry.session):
                listed.setdefault(quarantine_folder(entry.vault_path), []).append(entry)
            result = examine(
                station.files,
                station.vault.at(entry.vault_path),
                entry.size_bytes,
                {Algorithm.BLAKE3.value: entry.digest or ""},
                self._on_bytes,
            )
            self.read_bytes += result.read_bytes
            if result.damage is not None:
                yield Finding(f"quarantined-{result.damage.value}", entry.vault_path, result.expected, result.found)
        for folder, entries in listed.items():
            yield from self._list(folder, Algorithm.BLAKE3, set_aside(folder, entries))
        for folder in station.vault.quarantine_dirs():
            for file in station.vault.files_below(folder):
                manifest = f"{quarantine_folder(file.path)}/{manifest_name(Algorithm.BLAKE3)}"
                if file.path not in named and file.path != manifest:
                    yield Finding("file-unknown-to-catalogue", file.path)

    def _documents(self) -> Iterator[Finding]:
        """Every document that people handed in is there as it was, and nothing beside them."""
        station = self._station
        named = set()
        for row in all_documents(station.catalog):
            result = examine(
                station.files, station.vault.at(row.vault_path), row.size_bytes, row.digests, self._on_bytes
            )
            self.read_bytes += result.read_bytes
            if result.damage is not None:
                yield Finding(f"document-{result.damage.value}", row.vault_path, result.expected, result.found)
            folder, manifests = listed(row)
            named.add(row.vault_path)
            for algorithm, lines in manifests:
                named.add(f"{folder}/{manifest_name(algorithm)}")
                yield from self._list(folder, algorithm, lines)
        for file in station.vault.files_below(DOCUMENTS_FOLDER):
            if file.path not in named:
                yield Finding("file-unknown-to-catalogue", file.path)

    def _damaged(self) -> Iterator[Finding]:
        """What lay in the places of restored files is kept, and nothing beside it."""
        named = {path for damage in all_damages(self._station.catalog) for path in damage.aside}
        lying = {file.path for file in self._station.vault.files_below(DAMAGED_FOLDER)}
        for path in sorted(named - lying):
            yield Finding("damaged-file-missing", path)
        for path in sorted(lying - named):
            yield Finding("file-unknown-to-catalogue", path)

    def _count(self, count: int) -> None:
        self.read_bytes += count
        if self._on_bytes is not None:
            self._on_bytes(count)

    # ----------------------------------------------------------------------------------------- catalogue and custody

    def catalogue(self) -> Iterator[Finding]:
        """The tables against what the custody log says they should hold: any changed, added or removed row."""
        for difference in self._station.catalog.differences_from_custody():
            yield Finding(
                "catalogue-differs-from-custody",
                f"{difference.table} {difference.key} {difference.column}",
                difference.expected,
                difference.found,
            )

    def custody(self) -> Iterator[Finding]:
        """The chain, the signed checkpoints, and the ledger in the vault against the log in the database."""
        return audit(self._station)
