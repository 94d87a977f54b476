"""Second copies made: every sealed session whole, then documents, then the ledger that tells of them.

A session counts when all its copies were read back from the mirror's medium and equal what the catalogue says; only
then it is put on record. What a cut leaves on the mirror is read again by the next run, and goes on from there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.documents.queries import all_documents
from catalog.fixity.events import CopiesMade
from catalog.fixity.model import DOCUMENTS, QUARANTINED, Stored
from catalog.fixity.queries import is_copied, lacking_of, to_copy
from catalog.model import SessionRow
from hashing.canonical import canonical
from hashing.copying import Checkpointed, CopyTask, Outcome, Prefix, SourceFault, Verified
from hashing.digest import Algorithm, Digest, digest_of
from hashing.errors import DigestMismatch, MalformedDigest, TargetFault
from hashing.writing import replace_durably
from retention.fixity import examine

from ..copying import engine, opener, unlike
from ..documents import listed
from ..ledger import export, ledger_dir
from ..sealing import SEAL_NAMES, manifest_name, quarantine_folder
from ..station import Station
from ..vault import PARTIAL_FOLDER, vault_act
from .damage import look_at, of_clip, record, set_aside
from .errors import MirrorFull
from .forgetting import forget
from .mirroring import Mirror, aside_folder, faults

# Records of documents are few; they are copied in groups of so many.
_AT_ONCE = 500


@dataclass(slots=True)
class Mirrored:
    """What a run came to. `lacking` are clips that could not be copied: damaged in the vault. Of `removed` clips, which
    were destroyed, the copies went.
    """

    sessions: int = 0
    clips: int = 0
    size_bytes: int = 0
    documents: int = 0
    lacking: int = 0
    removed: int = 0


class MirrorRun:
    """One run: all that a mirror does not have yet."""

    def __init__(self, station: Station, mirror: Mirror, *, actor: str = "dockd") -> None:
        self._station = station
        self._mirror = mirror
        self._actor = actor
        self.mirrored = Mirrored()

    def run(self) -> Mirrored:
        """Copy what is missing. Raises MirrorFault, MirrorFull (their disk), TargetFault (ours), CatalogFault."""
        with faults(self._mirror.folder):
            self._tidy()
            self.mirrored.removed = forget(self._station, self._mirror, self._actor, self._tombstones)
            for session in to_copy(self._station.catalog, self._mirror.place):
                self._session(self._station.catalog.find_session(session))
            self._documents()
            self._tidy(all_done=True)
            export(self._station)
            self._folder(ledger_dir(self._station.id))
        return self.mirrored

    # ---------------------------------------------------------------------------------------------------- a session

    def _session(self, session: SessionRow) -> None:
        catalog, place = self._station.catalog, self._mirror.place
        every = catalog.clips_of_session(session.id)
        clips = [of_clip(clip) for clip in every if clip.destroyed_at is None]
        before = is_copied(catalog, place, session.id)
        again = set(lacking_of(catalog, place, session.id))
        wanted = [clip for clip in clips if not before or clip.clip in again]
        own = self._set_aside_of(session)
        copied = self._copy([*wanted, *own])
        lacking = [clip.clip for clip in wanted if clip.key not in copied and clip.clip is not None]
        there = [clip for clip in clips if clip.clip not in set(lacking)]
        self._papers(session, own)
        size_bytes = sum(clip.size_bytes for clip in there)
        gone = [clip.id for clip in every if clip.destroyed_at is not None]
        made = CopiesMade(place, session.id, len(there), size_bytes, [*lacking, *gone])
        if not before or set(lacking) != again:
            catalog.append([made], actor=self._actor)
            self.mirrored.sessions += 1
        self.mirrored.clips += len(wanted) - len(lacking)
        self.mirrored.size_bytes += sum(clip.size_bytes for clip in wanted if clip.clip not in set(lacking))
        self.mirrored.lacking += len(lacking)

    def _set_aside_of(self, session: SessionRow) -> list[Stored]:
        """What the session put into quarantine."""
        return [
            Stored(
                QUARANTINED, (entry.session, entry.seq), None, entry.vault_path, entry.size_bytes,
                {Algorithm.BLAKE3.value: entry.digest}, session.opened_at,
            )
            for entry in self._station.catalog.session_entries(session.id)
            if entry.vault_path and entry.digest and entry.session in entry.vault_path
        ]  # fmt: skip

    def _papers(self, session: SessionRow, quarantined: list[Stored]) -> None:
        """Manifests first, the seal last: a session with a seal is whole."""
        folders = sorted({quarantine_folder(file.vault_path) for file in quarantined})
        paths = [f"{folder}/{manifest_name(Algorithm.BLAKE3)}" for folder in folders]
        paths += [f"{session.vault_dir}/{name}" for name in SEAL_NAMES]
        self._tombstones(session.id)
        for folder in (*folders, session.vault_dir):
            self._mirror.vault.remove_unfinished(folder)
        for path in paths:
            self._paper(path)

    def _tombstones(self, session_id: str) -> None:
        """The signed records of what was destroyed of a session (dockd.sweep.destroying)."""
        folder = self._station.catalog.find_session(session_id).vault_dir
        for name in self._station.vault.names(folder):
            if name.startswith("destroyed-") and self._lies_at(f"{folder}/{name}") is None:
                self._paper(f"{folder}/{name}")

    # ------------------------------------------------------------------------------------- documents and the ledger

    def _documents(self) -> None:
        waiting: list[Stored] = []
        for row in all_documents(self._station.catalog):
            file = Stored(DOCUMENTS, (row.id, 0), None, row.vault_path, row.size_bytes, row.digests, row.kept_at)
            if self._lies_at(row.vault_path) != row.size_bytes:
                waiting.append(file)
                folder, manifests = listed(row)
                self._mirror.vault.remove_unfinished(folder)
                for algorithm, _lines in manifests:
                    self._paper(f"{folder}/{manifest_name(algorithm)}")
            if len(waiting) >= _AT_ONCE:
                self.mirrored.documents += len(self._copy(waiting))
                waiting = []
        self.mirrored.documents += len(self._copy(waiting))

    def _folder(self, folder: str) -> None:
        """Small files that never change once they have their name."""
        self._mirror.vault.remove_unfinished(folder)
        there = set(self._mirror.vault.names(folder))
        for name in self._station.vault.names(folder):
            if name not in there and not name.startswith("."):
                self._paper(f"{folder}/{name}")

    def _paper(self, path: str) -> None:
        """One small file, read back; one that lies there with other bytes is put aside and not replaced."""
        try:
            text = self._station.vault.read(path)
        except FileNotFoundError:
            return
        vault = self._mirror.vault
        if vault.write_once(path, text) != text:
            set_aside(vault, path, aside_folder(path))
            vault.write(path, text)
        found = vault.read_back(path).digests[Algorithm.BLAKE3]
        if found != digest_of(text):
            raise DigestMismatch(vault.at(path), str(digest_of(text)), str(found))

    # ------------------------------------------------------------------------------------------------------- copying

    def _copy(self, files: list[Stored]) -> set[str]:
        """Copy what does not lie there whole; the keys of those that do now. What the vault has damaged is recorded."""
        copied = set()
        todo: list[Stored] = []
        for file in files:
            if self._holds(file):
                copied.add(file.key)
            else:
                todo.append(file)
        if todo:
            self._refuse_without_room(sum(file.size_bytes for file in todo))
            copied |= self._copy_these(todo)
        return copied

    def _holds(self, file: Stored) -> bool:
        """Whether a copy lies there already, by its bytes; one that does not hold is put aside."""
        if self._lies_at(file.vault_path) is None:
            return False
        vault = self._mirror.vault
        if examine(vault.files, vault.at(file.vault_path), file.size_bytes, file.digests).damage is None:
            return True
        set_aside(vault, file.vault_path, aside_folder(file.vault_path))
        return False

    def _copy_these(self, todo: list[Stored]) -> set[str]:
        copied: set[str] = set()
        algorithms = [Algorithm(name) for name in sorted({name for file in todo for name in file.digests})]
        with engine(self._station.files, self._tasks(todo), self._station.copying, algorithms=algorithms) as batches:
            for batch in batches:
                copied |= self._take(batch, todo)
        return copied

    def _tasks(self, todo: Iterable[Stored]) -> Iterator[CopyTask]:
        for number, file in enumerate(todo):
            open_source = opener(self._station.files, self._station.vault.at(file.vault_path))
            yield CopyTask(number, open_source, file.size_bytes, self._partial(file), self._kept(file))

    def _take(self, batch: list[Outcome], todo: list[Stored]) -> set[str]:
        """Give verified copies their names; the keys of those that have them."""
        copied, folders, records = set(), set(), []
        for outcome in batch:
            file = todo[outcome.task.key]
            if isinstance(outcome, Checkpointed):
                self._keep(file, outcome.kept)
            elif isinstance(outcome, SourceFault):
                self._damaged(file)
            elif isinstance(outcome, Verified):
                if unlike(outcome, file.digests) is not None:
                    self._mirror.vault.remove_partial(outcome.task.partial)
                    self._damaged(file)
                    continue
                folders.add(self._mirror.vault.land(outcome.task.partial, file.vault_path))
                copied.add(file.key)
                records.append(file)
        self._mirror.vault.settle(folders)
        for file in records:
            self._mirror.vault.remove_partial(self._record(file))
        return copied

    def _damaged(self, file: Stored) -> None:
        """The vault did not give what was recorded: it is looked at once more, and recorded."""
        result = look_at(self._station, file)
        if result.damage is not None:
            record(self._station, file, result, self._actor)

    # ------------------------------------------------------------------------------------------- unfinished copies

    def _partial(self, file: Stored) -> str:
        return self._mirror.vault.at(f"{PARTIAL_FOLDER}/{file.key}.part")

    def _record(self, file: Stored) -> str:
        return self._mirror.vault.at(f"{PARTIAL_FOLDER}/{file.key}.json")

    def _keep(self, file: Stored, kept: Prefix) -> None:
        facts = {"kept_bytes": kept.size_bytes, "digest": str(kept.digest)}
        with vault_act(self._record(file), "write"):
            replace_durably(self._mirror.vault.files, self._record(file), canonical(facts))

    def _kept(self, file: Stored) -> Prefix | None:
        """What an earlier run left of this copy; without it nothing of it lies there."""
        try:
            facts = json.loads(self._mirror.vault.read(f"{PARTIAL_FOLDER}/{file.key}.json"))
            return Prefix(facts["kept_bytes"], Digest.parse(facts["digest"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError, MalformedDigest):
            self._mirror.vault.remove_partial(self._partial(file))
            return None

    def _tidy(self, *, all_done: bool = False) -> None:
        """Remove unfinished copies that nobody can go on with; once all is copied, every one."""
        vault = self._mirror.vault
        names = set(vault.names(PARTIAL_FOLDER))
        for name in names:
            stem, ending = os.path.splitext(name)
            other = {".part": f"{stem}.json", ".json": f"{stem}.part"}.get(ending)
            if all_done or other not in names:
                vault.remove_partial(vault.at(f"{PARTIAL_FOLDER}/{name}"))

    # ------------------------------------------------------------------------------------------------------- the disk

    def _lies_at(self, path: str) -> int | None:
        """The size of what lies at a path of the mirror; None when nothing does."""
        vault = self._mirror.vault
        try:
            with vault_act(vault.at(path), "stat"):
                return vault.files.lstat(vault.at(path)).st_size
        except TargetFault as fault:
            if isinstance(fault.cause, FileNotFoundError):
                return None
            raise

    def _refuse_without_room(self, needed_bytes: int) -> None:
        needed = needed_bytes + self._station.free_space_floor_bytes
        free = self._mirror.vault.free_bytes()
        if free < needed:
            raise MirrorFull(self._mirror.folder, needed, free)
