"""The folder that a copy is given in, on whatever medium lies under it.

Everything in it is durable before it counts, and read back from the medium. Two files say how far it is:
`UNFINISHED-未完成.txt` is there first and goes when the copy is on record; `bagit.txt`, without which it is no bag,
comes last. So a medium that was pulled out, or a run that was killed, never leaves what looks finished and is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto

from hashing.digest import Algorithm, Digest, digest_of
from hashing.errors import AlreadyThere, DigestMismatch, HashingError, SourceUnreadable, TargetFault
from hashing.filecalls import FileCalls
from hashing.reading import read_back
from hashing.writing import fsync_folder, is_temporary, remove_tree, write_proven

from ..copying import Unlike, Wanted, copied
from ..station import Copying
from ..vault import free_bytes
from .bag import BAGIT, BAGIT_TEXT, DATA_FOLDER, PROOF_FOLDER, TAG_MANIFEST, TOP_NAMES, UNFINISHED
from .order import MediumFault, MediumFull, NotAsRecorded, Piece, TargetUnfit

# Whoever gets the medium is another user of another system.
_FILE_MODE, _FOLDER_MODE = 0o444, 0o755
# What file systems put into an empty folder of their own accord.
_NOTHING = frozenset({"lost+found", "System Volume Information", "$RECYCLE.BIN"})
# Beside the recordings: proof, manifests, and what the file system needs for its own.
_ROOM_BESIDE_BYTES = 4 << 20


class Found(Enum):
    """What lies in the folder."""

    NOTHING = auto()
    UNFINISHED = auto()  # of this request, and not on record
    RECORDED = auto()  # of this request and on record; only its end is missing


class Outlet:
    """A folder to give a copy in; paths are below `root`. Every fault of the medium is a MediumFault."""

    def __init__(self, files: FileCalls, root: str, mark: bytes) -> None:
        self._files = files
        self.root = root
        self._mark = mark
        # Whether this run has written here.
        self.begun = False

    def at(self, below: str) -> str:
        """An absolute path."""
        return f"{self.root}/{below}" if below else self.root

    # ------------------------------------------------------------------------------------------------- what is there

    def look(self, recorded: Collection[str]) -> Found:
        """What lies in the folder; `recorded` are the digests of bags that were given on this request.

        Raises TargetUnfit when it is anything of somebody else's, MediumFault.
        """
        names = self._names("")
        if names is None and not os.path.isdir(os.path.dirname(self.root)):
            raise TargetUnfit(self.root, "no-parent")
        if not names:
            return Found.NOTHING
        if BAGIT not in names and TAG_MANIFEST in names and self.digest_of_file(TAG_MANIFEST) in recorded:
            return Found.RECORDED
        if UNFINISHED in names:
            if self._read(UNFINISHED) != self._mark:
                raise TargetUnfit(self.root, "other-unfinished")
            if all(name in TOP_NAMES or is_temporary(name) for name in names):
                return Found.UNFINISHED
        raise TargetUnfit(self.root, "not-empty")

    def refuse_without_space(self, needed_bytes: int) -> None:
        """Raises MediumFull when the copy would not fit."""
        place = self.root if os.path.isdir(self.root) else os.path.dirname(self.root)
        with medium_act(place, "statvfs"):
            free = free_bytes(place)
        needed_bytes += _ROOM_BESIDE_BYTES
        if free < needed_bytes:
            raise MediumFull(self.root, needed_bytes, free)

    # ------------------------------------------------------------------------------------------------------- writing

    def begin(self) -> None:
        """Make the folder, emptied of what an unfinished run left, and say in it that it is unfinished."""
        self.begun = True
        self._make("")
        if self._names(""):
            self.clear()
        self.write(UNFINISHED, self._mark)

    def clear(self) -> None:
        """Remove what an unfinished run wrote, what says so last."""
        for folder in (DATA_FOLDER, PROOF_FOLDER):
            self._remove(folder)
        for name in sorted(self._names("") or (), key=lambda name: name == UNFINISHED):
            if name in TOP_NAMES or is_temporary(name):
                self._remove(name)
        with medium_act(self.root, "fsync"):
            fsync_folder(self._files, self.root)

    def write(self, below: str, text: bytes) -> None:
        """Write a file durably, with the folders it lies in, and read it back. What is there already is kept as it is
        where it is the same, and written anew where it is not.
        """
        self._make(os.path.dirname(below))
        if self._lies(below, Algorithm.SHA256, digest_of(text, Algorithm.SHA256)):
            return
        self._remove(below)
        with medium_act(self.at(below), "write"):
            write_proven(self._files, self.at(below), text, _FILE_MODE)

    def copy(
        self,
        pieces: Sequence[Piece],
        source: Callable[[Piece], str],
        algorithms: Sequence[Algorithm],
        settings: Copying,
        on_bytes: Callable[[int], None],
    ) -> dict[str, dict[Algorithm, Digest]]:
        """Copy pieces from their `source` (absolute paths) by the engine that takes recordings in; the digests of each.

        Raises NotAsRecorded when a source has other bytes than its piece says, MediumFault.
        """
        for piece in pieces:
            self._make(os.path.dirname(piece.path))
        below = {self.at(piece.path): piece for piece in pieces}
        wanted = [
            Wanted(source(piece), path, piece.size_bytes, {Algorithm.BLAKE3.value: piece.digest})
            for path, piece in below.items()
        ]
        digests: dict[str, dict[Algorithm, Digest]] = {}
        with (
            medium_act(self.root, "copy"),
            copied(self._files, wanted, settings, algorithms=algorithms, on_bytes=on_bytes) as results,
        ):
            for one in results:
                piece = below[one.wanted.target]
                if isinstance(one, Unlike):
                    raise NotAsRecorded(one.wanted.source, piece.digest, one.found)
                digests[piece.path] = one.digests
                self._open_to_all(piece.path, _FILE_MODE)
        return digests

    def lacking(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The pieces that do not lie here as they should; what lies in their place is removed."""
        wanted = [piece for piece in pieces if not self._lies(piece.path, Algorithm.BLAKE3, Digest.parse(piece.digest))]
        for piece in wanted:
            self._remove(piece.path)
        return wanted

    def finish(self) -> None:
        """The copy is on record: make it a bag."""
        self._remove(UNFINISHED)
        with medium_act(self.root, "fsync"):
            fsync_folder(self._files, self.root)
        self.write(BAGIT, BAGIT_TEXT)

    # --------------------------------------------------------------------------------------------------- the medium

    def _names(self, below: str) -> list[str] | None:
        """The names in a folder but for what file systems put there; None when there is no such folder."""
        try:
            found = self._files.scandir(self.at(below))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MediumFault(self.at(below), "list", error) from error
        return sorted({os.fsdecode(entry.name) for entry in found} - (_NOTHING if not below else set()))

    def _make(self, below: str) -> None:
        """Make a folder and those above it, each durable and open to all."""
        if below:
            self._make(os.path.dirname(below))
        with medium_act(self.at(below), "mkdir"):
            try:
                self._files.mkdir(self.at(below), _FOLDER_MODE)
            except FileExistsError:
                return
            fsync_folder(self._files, os.path.dirname(self.at(below)))
        self._open_to_all(below, _FOLDER_MODE)

    def _open_to_all(self, below: str, mode: int) -> None:
        # A file system without modes has none to change; nothing rests on it.
        with suppress(OSError):
            fd = self._files.open(self.at(below), os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._files.chmod(fd, mode)
            finally:
                self._files.close(fd)

    def _lies(self, below: str, algorithm: Algorithm, digest: Digest) -> bool:
        """Whether a file lies here with this digest, by the medium's word."""
        try:
            with medium_act(self.at(below), "read back"):
                return read_back(self._files, self.at(below), (algorithm,)).digests[algorithm] == digest
        except MediumFault as fault:
            if isinstance(fault.cause, FileNotFoundError):
                return False
            raise

    def digest_of_file(self, below: str) -> str:
        """SHA-256 of a file here, by the medium's word. Raises MediumFault."""
        with medium_act(self.at(below), "read"):
            return str(read_back(self._files, self.at(below), (Algorithm.SHA256,)).digests[Algorithm.SHA256])

    def _read(self, below: str) -> bytes:
        with medium_act(self.at(below), "read"):
            fd = self._files.open(self.at(below), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                block = memoryview(bytearray(len(self._mark) + 1))
                return bytes(block[: self._files.preadv(fd, [block], 0)])
            finally:
                self._files.close(fd)

    def _remove(self, below: str) -> None:
        with medium_act(self.at(below), "remove"), suppress(FileNotFoundError):
            remove_tree(self._files, self.at(below))


@contextmanager
def medium_act(path: str, act: str) -> Iterator[None]:
    """Turn what goes wrong on the medium into a MediumFault: it is not the vault's."""
    try:
        yield
    except TargetFault as fault:
        raise MediumFault(fault.path, fault.act, fault.cause) from fault
    except (AlreadyThere, DigestMismatch, SourceUnreadable) as fault:
        raise MediumFault(path, act, _cause(fault)) from fault
    except OSError as error:
        raise MediumFault(path, act, error) from error


def _cause(fault: HashingError) -> OSError | None:
    return fault.cause if isinstance(fault, SourceUnreadable) else None
