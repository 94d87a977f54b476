"""The vault: where originals lie, and the only ways to put something there.

Nothing is ever replaced (contract P6): a finished copy gets its name by a rename that refuses to replace, text files
are written under another name first, and every folder is made durable before anything in it counts.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hashing.digest import Algorithm
from hashing.errors import AlreadyThere, SourceUnreadable, TargetFault
from hashing.filecalls import FileCalls
from hashing.reading import ReadBack, read_back
from hashing.writing import fsync_folder, is_left_behind, is_temporary, make_folders, write_new

from .naming import folder_name

PARTIAL_FOLDER = ".partial"
QUARANTINE_FOLDER = "quarantine"
LEDGER_FOLDER = "ledger"
DOCUMENTS_FOLDER = "documents"
# Below a document's own folder: it may be called manifest.b3 itself.
FILE_FOLDER = "file"
HANDOVERS_FOLDER = f"{DOCUMENTS_FOLDER}/handover"
GIVEN_FOLDER = "given"
CLIPS_FOLDER = "clips"
SESSION_FILE = "session.json"
MANIFEST_STEM = "manifest"
# Not departments: what may lie in the vault's root beside them.
RESERVED = frozenset({PARTIAL_FOLDER, QUARANTINE_FOLDER, LEDGER_FOLDER, DOCUMENTS_FOLDER, GIVEN_FOLDER, "lost+found"})


def free_bytes(folder: str) -> int:
    """Space left for us on the file system of a folder. Raises OSError."""
    numbers = os.statvfs(folder)
    return numbers.f_bavail * numbers.f_frsize


@contextmanager
def vault_act(path: str, act: str) -> Iterator[None]:
    """Turn an OSError on our own disk into a TargetFault: it stops ingest, whatever file it met."""
    try:
        yield
    except OSError as error:
        raise TargetFault(path, act, error) from error


@dataclass(frozen=True, slots=True)
class VaultFile:
    """One plain file found in the vault, by its path from the vault's root."""

    path: str
    size_bytes: int


class Vault:
    """A vault in a folder. Paths handed in and out are relative to `root`, in text, with `/`."""

    def __init__(self, files: FileCalls, root: str) -> None:
        self.files = files
        self.root = root
        self._made: set[str] = set()

    def at(self, path: str) -> str:
        """The absolute path of something in the vault."""
        return f"{self.root}/{path}" if path else self.root

    @staticmethod
    def session_dir(department: str, recorder: str, day: str, session: str) -> str:
        """Where a session's originals lie: `<department>/<recorder>/<YYYY-MM-DD>/<session>`."""
        first = folder_name(department)
        if first in RESERVED:
            first += "_"
        return f"{first}/{folder_name(recorder)}/{day}/{session}"

    @staticmethod
    def quarantine_dir(recorder: str, day: str, session: str) -> str:
        """Where a session puts what it does not understand."""
        return f"{QUARANTINE_FOLDER}/{folder_name(recorder)}/{day}/{session}"

    def ensure(self, folder: str) -> None:
        """Make a folder and its parents, each durable. Cheap when done before."""
        if folder not in self._made:
            with vault_act(self.at(folder), "mkdir"):
                make_folders(self.files, self.at(folder), self.root)
            self._made.add(folder)

    def land(self, partial: str, path: str) -> str:
        """Give a verified copy (absolute path) its final name; the folder that `settle` must make durable.

        Raises AlreadyThere, TargetFault.
        """
        folder = os.path.dirname(path)
        self.ensure(folder)
        try:
            with vault_act(self.at(path), "rename"):
                self.files.move_new(partial, self.at(path))
        except TargetFault as fault:
            if isinstance(fault.cause, FileExistsError):
                raise AlreadyThere(self.at(path)) from fault
            raise
        return folder

    def settle(self, folders: Iterable[str]) -> None:
        """Make the names in these folders durable."""
        for folder in sorted(set(folders)):
            with vault_act(self.at(folder), "fsync"):
                fsync_folder(self.files, self.at(folder))

    def write(self, path: str, data: bytes) -> None:
        """Write a text file durably; raises AlreadyThere, TargetFault."""
        self.ensure(os.path.dirname(path))
        with vault_act(self.at(path), "write"):
            write_new(self.files, self.at(path), data)

    def write_once(self, path: str, data: bytes) -> bytes:
        """Write a file, or keep the one that an interrupted run left; gives what lies there now."""
        try:
            self.write(path, data)
        except AlreadyThere:
            return self.read(path)
        return data

    def read(self, path: str) -> bytes:
        """The bytes of a text file of ours; raises FileNotFoundError, TargetFault."""
        chunks = []
        try:
            fd = self.files.open(self.at(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise TargetFault(self.at(path), "open", error) from error
        with vault_act(self.at(path), "read"):
            try:
                block = memoryview(bytearray(1 << 20))
                offset = 0
                while count := self.files.preadv(fd, [block], offset):
                    chunks.append(bytes(block[:count]))
                    offset += count
            finally:
                self.files.close(fd)
        return b"".join(chunks)

    def read_back(self, path: str) -> ReadBack:
        """Size and BLAKE3 of a stored file as the medium gives it; raises TargetFault."""
        whole = self.at(path)
        try:
            with vault_act(whole, "read back"):
                return read_back(self.files, whole, (Algorithm.BLAKE3,))
        except SourceUnreadable as fault:
            cause = fault.cause or OSError(errno.EIO, fault.reason, whole)
            raise TargetFault(whole, "read back", cause) from fault

    def remove_partial(self, path: str) -> None:
        """Remove an unfinished copy (absolute path). Only ever something under `.partial/`."""
        if os.path.dirname(path) != self.at(PARTIAL_FOLDER):
            raise ValueError(path)
        with vault_act(path, "unlink"):
            try:
                self.files.unlink(path)
            except FileNotFoundError:
                return

    def remove_original(self, path: str) -> None:
        """Remove an original whose tombstone is durable in log and ledger (`dockd.sweep.destroying`, which settles its
        folder and is the only caller). One that is gone already was removed before a cut. Raises TargetFault.
        """
        if f"/{CLIPS_FOLDER}/" not in path or path.split("/", 1)[0] in RESERVED:
            raise ValueError(path)
        with vault_act(self.at(path), "unlink"):
            try:
                self.files.unlink(self.at(path))
            except FileNotFoundError:
                return

    def remove_begun(self, folder: str, mark: str) -> None:
        """Remove a folder of what was begun and never came on record, the file `mark`, which says so, last: a copy that
        was never given (`dockd.copying_out.kept`), papers of a batch that was never made (`dockd.handover.kept`).
        Originals that were linked there stay under their own names. Raises TargetFault.
        """
        self.empty_begun(folder, mark)
        self._remove_below(folder, frozenset())
        self.settle([os.path.dirname(folder)])

    def empty_begun(self, folder: str, mark: str) -> None:
        """The same, down to the file `mark`. Raises TargetFault."""
        if os.path.dirname(folder) not in (GIVEN_FOLDER, HANDOVERS_FOLDER):
            raise ValueError(folder)
        self._remove_below(folder, frozenset({mark}))
        self.settle([folder])

    def _remove_below(self, folder: str, but: frozenset[str]) -> None:
        for name in self.names(folder):
            path = f"{folder}/{name}"
            with vault_act(self.at(path), "stat"):
                is_folder = stat.S_ISDIR(self.files.lstat(self.at(path)).st_mode)
            if is_folder:
                self._remove_below(path, frozenset())
            elif name not in but:
                with vault_act(self.at(path), "unlink"):
                    self.files.unlink(self.at(path))
        if not but:
            self._made.discard(folder)
            with vault_act(self.at(folder), "rmdir"):
                self.files.rmdir(self.at(folder))

    def remove_unfinished(self, folder: str) -> int:
        """Remove half-written text files in a folder and below it; how many. They never had their name, so nothing
        counts on them; what another process is still writing stays. What is kept under names of others is not looked
        at. Raises TargetFault.
        """
        removed = 0
        try:
            with vault_act(self.at(folder), "list"):
                entries = self.files.scandir(self.at(folder))
        except TargetFault as fault:
            if isinstance(fault.cause, FileNotFoundError):
                return 0
            raise
        for entry in entries:
            name = os.fsdecode(entry.name)
            if is_temporary(name):
                if is_left_behind(name):
                    path = self.at(f"{folder}/{name}")
                    with vault_act(path, "unlink"):
                        self.files.unlink(path)
                    removed += 1
            elif name not in (CLIPS_FOLDER, FILE_FOLDER) and entry.is_dir(follow_symlinks=False):
                removed += self.remove_unfinished(f"{folder}/{name}")
        return removed

    def has(self, path: str) -> bool:
        """Whether anything lies there; raises TargetFault when that cannot be told."""
        try:
            with vault_act(self.at(path), "stat"):
                self.files.lstat(self.at(path))
        except TargetFault as fault:
            if isinstance(fault.cause, FileNotFoundError):
                return False
            raise
        return True

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none when there is no such folder."""
        try:
            with vault_act(self.at(folder), "list"):
                return sorted(os.fsdecode(entry.name) for entry in self.files.scandir(self.at(folder)))
        except TargetFault as fault:
            if isinstance(fault.cause, FileNotFoundError):
                return []
            raise

    def folders(self, folder: str) -> list[str]:
        """The folders that lie in a folder, as paths, sorted; none when there is no such folder."""
        found = [f"{folder}/{name}" for name in self.names(folder)]
        return [path for path in found if os.path.isdir(self.at(path))]

    def lock(self, folder: str) -> int | None:
        """Lock a folder for as long as the descriptor is open; None when somebody has it. Raises TargetFault."""
        with vault_act(self.at(folder), "open"):
            fd = self.files.open(self.at(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.files.close(fd)
            return None
        return fd

    def encloses(self, folder: str) -> bool:
        """Whether a folder of this machine is the vault or lies in it, by whatever links it is named."""
        root = os.path.realpath(self.root)
        return os.path.commonpath([root, os.path.realpath(folder)]) == root

    def files_below(self, folder: str) -> Iterator[VaultFile]:
        """Every plain file below a folder, in order. Links and other non-files come with size -1."""
        for name in self.names(folder):
            path = f"{folder}/{name}" if folder else name
            with vault_act(self.at(path), "stat"):
                status = self.files.lstat(self.at(path))
            if stat.S_ISDIR(status.st_mode):
                yield from self.files_below(path)
            else:
                yield VaultFile(path, status.st_size if stat.S_ISREG(status.st_mode) else -1)

    def session_dirs(self) -> Iterator[str]:
        """Every session folder that lies in the vault, sealed or not: four levels down from the root."""
        for department in self.names(""):
            if department in RESERVED or department.startswith("."):
                continue
            yield from self._grandchildren(department, 3)

    def quarantine_dirs(self) -> Iterator[str]:
        """Every session's quarantine folder."""
        yield from self._grandchildren(QUARANTINE_FOLDER, 3)

    def _grandchildren(self, folder: str, levels: int) -> Iterator[str]:
        for name in self.names(folder):
            path = f"{folder}/{name}"
            with vault_act(self.at(path), "stat"):
                if not stat.S_ISDIR(self.files.lstat(self.at(path)).st_mode):
                    continue
            if levels == 1:
                yield path
            else:
                yield from self._grandchildren(path, levels - 1)

    def free_bytes(self) -> int:
        """Space left for us on the vault's file system."""
        with vault_act(self.root, "statvfs"):
            return free_bytes(self.root)
