"""Vault, catalogue, signatures and custody log held against each other.

Everything a stranger can check with `b3sum`, `ssh-keygen` and patience is checked here at once, and the catalogue in
both directions: what it names must lie in the vault, and what lies in the vault it must name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from catalog.model import Clip, SessionRow
from hashing.chain import first_broken
from hashing.digest import Algorithm, digest_of
from hashing.errors import BadSignature, MalformedManifest
from hashing.manifest import parse as parse_manifest
from hashing.merkle import Frontier, leaf_hash
from hashing.signing import verify as verify_signature
from retention.fixity import examine

from .ledger import CHECKPOINT_NAMESPACE, Checkpoint, read_checkpoints, read_entries
from .sealing import SESSION_NAMESPACE, manifest_name, quarantine_folder
from .session import read_seal
from .station import Station
from .vault import SESSION_FILE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: what, where, and what was expected and found."""

    what: str
    where: str
    expected: str = ""
    found: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields by their stable names."""
        return asdict(self)


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
        own = {SESSION_FILE, f"{SESSION_FILE}.sig", *(manifest_name(a) for a in Algorithm)}
        for file in self._station.vault.files_below(session.vault_dir):
            if file.path not in expected and file.path.removeprefix(f"{session.vault_dir}/") not in own:
                yield Finding("file-unknown-to-catalogue", file.path)

    def _original(self, clip: Clip) -> Iterator[Finding]:
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
        for entry in station.catalog.quarantined():
            if entry.vault_path is None or entry.vault_path in named:
                continue
            named.add(entry.vault_path)
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
        for folder in station.vault.quarantine_dirs():
            for file in station.vault.files_below(folder):
                manifest = f"{quarantine_folder(file.path)}/{manifest_name(Algorithm.BLAKE3)}"
                if file.path not in named and file.path != manifest:
                    yield Finding("file-unknown-to-catalogue", file.path)

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
        station = self._station
        broken = first_broken((e.seq, e.body, e.hash) for e in station.catalog.custody())
        if broken is not None:
            yield Finding("custody-broken", f"entry {broken.seq}: {broken.what}", broken.expected, broken.found)
        yield from self._ledger_lines()
        yield from self._checkpoints()

    def _ledger_lines(self) -> Iterator[Finding]:
        station = self._station
        exported = read_entries(station.vault, station.id)
        for line, entry in zip(exported, station.catalog.custody(), strict=False):
            if line.body != entry.body or line.seq != entry.seq:
                yield Finding(
                    "custody-differs-from-ledger", f"entry {line.seq}", line.body.decode(), entry.body.decode()
                )
                return

    def _checkpoints(self) -> Iterator[Finding]:
        """Each checkpoint in the vault: signed by us, and true of the log as it is now."""
        station = self._station
        wanted: dict[int, tuple[str, Checkpoint]] = {}
        for path, text, signature in read_checkpoints(station.vault, station.id):
            try:
                verify_signature(station.key.public_line(), text, signature, CHECKPOINT_NAMESPACE)
                checkpoint = Checkpoint.parse(text)
            except (BadSignature, ValueError) as error:
                yield Finding("checkpoint-bad", path, found=str(error))
                continue
            wanted[checkpoint.size] = (path, checkpoint)
        frontier = Frontier()
        for entry in station.catalog.custody():
            frontier = frontier.append(leaf_hash(entry.body))
            found = wanted.pop(entry.seq, None)
            if found is not None:
                path, checkpoint = found
                if (checkpoint.head, checkpoint.root) != (entry.hash, str(frontier.root())):
                    yield Finding("checkpoint-differs-from-custody", path, checkpoint.root, str(frontier.root()))
        for path, checkpoint in wanted.values():
            yield Finding("custody-shorter-than-checkpoint", path, str(checkpoint.size), str(frontier.size))
