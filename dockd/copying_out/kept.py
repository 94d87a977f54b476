"""The copy of what was given that stays in the vault (CL 13, YX 15, QH 33, WX 21, QX 15): `given/<number>-<n>/`.

It is the bag itself, whole. Originals are linked where the file system can – they are the same bytes under another
name – and copied where it cannot. While it is made a file says so and its folder is locked; what a killed run left is
told from what somebody works at by that lock, and made anew. Nothing with an entry in the log is ever touched.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from catalog.requests.queries import copies_given_on
from hashing.errors import TargetFault
from hashing.writing import is_temporary, temporary_name

from ..station import Station
from ..vault import GIVEN_FOLDER, Vault, vault_act
from .bag import DATA_FOLDER, UNFINISHED, unfinished_text

_MARKED = re.compile(rb"dockd unfinished copy 1\nstation ([^\n]+)\nrequest ([^\n]+)\n")
# What a file system answers that has no links, has enough of them, or keeps originals from being linked.
_NO_LINKS = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


class Kept:
    """A folder `given/<number>-<n>` in the making; all paths are below it."""

    def __init__(self, station: Station, folder: str) -> None:
        self.folder = folder
        self._vault = station.vault
        self._files = station.files

    def path(self, below: str) -> str:
        """A path in the vault."""
        return f"{self.folder}/{below}"

    def at(self, below: str) -> str:
        """An absolute path."""
        return self._vault.at(self.path(below))

    def write(self, below: str, text: bytes) -> None:
        """Write a text durably. Raises TargetFault, AlreadyThere."""
        self._vault.write(self.path(below), text)

    def link(self, original: str, below: str) -> bool:
        """Give an original a second name here; False where that cannot be done. Raises TargetFault."""
        folder = os.path.dirname(self.path(below))
        self._vault.ensure(folder)
        try:
            with vault_act(self.at(below), "link"):
                self._files.link(self._vault.at(original), self.at(below))
        except TargetFault as fault:
            if fault.cause.errno in _NO_LINKS:
                return False
            raise
        self._vault.settle([folder])
        return True

    def finished(self) -> None:
        """The copy is on record: nothing says any longer that it is being made. Raises TargetFault."""
        with vault_act(self.at(UNFINISHED), "unlink"), suppress(FileNotFoundError):
            self._files.unlink(self.at(UNFINISHED))
        self._vault.settle([self.folder])

    def remove(self) -> None:
        """Take away what was made, because nothing was given. Raises TargetFault."""
        self._vault.remove_begun(self.folder, UNFINISHED)


@contextmanager
def claimed(station: Station, request: str, number: str) -> Iterator[Kept]:
    """A new folder for a copy on this request, locked for as long as this lasts. Raises TargetFault."""
    recorded = recorded_folders(station, request)
    mark = unfinished_text(station.id, request)
    running = 1
    while True:
        folder = f"{GIVEN_FOLDER}/{number}-{running}"
        running += 1
        if folder in recorded:
            continue
        lock = _taken(station, folder, mark)
        if lock is None:
            continue
        try:
            yield Kept(station, folder)
        finally:
            station.files.close(lock)
        return


def recorded_folders(station: Station, request: str | None = None) -> frozenset[str]:
    """The folders that the log knows: of a request, or of all."""
    copies = copies_given_on(station.catalog, request)
    return frozenset(copy.kept for copy in copies if copy.kept is not None)


def sweep(station: Station) -> int:
    """Put in order what killed runs left: what was never given goes; how many. Raises TargetFault, CatalogFault."""
    removed = 0
    for folder in station.vault.folders(GIVEN_FOLDER):
        if being_made(station.vault, folder, station.id) is not False and not _bare(station.vault, folder):
            continue
        # Asked last: whoever worked at it may have put it on record a moment ago.
        if folder in recorded_folders(station):
            Kept(station, folder).finished()
        else:
            station.vault.remove_begun(folder, UNFINISHED)
            removed += 1
    return removed


def being_made(vault: Vault, folder: str, station: str) -> bool | None:
    """Whether somebody is making a copy in this folder; None when it is none that this station began."""
    found = _MARKED.match(_said(vault, folder))
    if found is None or found[1].decode(errors="replace") != station:
        return None
    lock = vault.lock(folder)
    if lock is None:
        return True
    vault.files.close(lock)
    return False


def follow(station: Station, clip: str, original: str, aside: Collection[str]) -> None:
    """Have second names of what lies aside now, an original of a clip, be names of the one that took its place. Paths
    are those of the vault. Raises TargetFault, CatalogFault.
    """
    vault = station.vault
    given = [copy.kept for copy in copies_given_on(station.catalog) if clip in copy.clips and copy.kept is not None]
    damaged = {_identity(vault, path) for path in aside} if given else set()
    for folder in (f"{kept}/{DATA_FOLDER}/{clip}" for kept in given):
        for file in vault.files_below(folder):
            if is_temporary(os.path.basename(file.path)):
                with vault_act(vault.at(file.path), "unlink"):
                    station.files.unlink(vault.at(file.path))
            elif _identity(vault, file.path) in damaged:
                linked = vault.at(f"{folder}/{temporary_name()}")
                with vault_act(vault.at(file.path), "link"):
                    station.files.link(vault.at(original), linked)
                    # What this replaces is kept: the very file lies aside.
                    station.files.replace(linked, vault.at(file.path))
                vault.settle([folder])


def _identity(vault: Vault, path: str) -> tuple[int, int]:
    with vault_act(vault.at(path), "stat"):
        status = vault.files.lstat(vault.at(path))
    return status.st_dev, status.st_ino


def _taken(station: Station, folder: str, mark: bytes) -> int | None:
    """The lock of an empty folder that says what it is: a new one, or one that a killed run of the same request left.

    None when it is not ours to take.
    """
    vault = station.vault
    vault.ensure(GIVEN_FOLDER)
    try:
        with vault_act(vault.at(folder), "mkdir"):
            station.files.mkdir(vault.at(folder))
    except TargetFault as fault:
        if not isinstance(fault.cause, FileExistsError):
            raise
    lock = vault.lock(folder)
    if lock is None:
        return None
    try:
        if _bare(vault, folder) or _said(vault, folder) == mark:
            vault.empty_begun(folder, UNFINISHED)
            vault.settle([GIVEN_FOLDER])
            vault.write_once(f"{folder}/{UNFINISHED}", mark)
            return lock
    except BaseException:
        station.files.close(lock)
        raise
    station.files.close(lock)
    return None


def _said(vault: Vault, folder: str) -> bytes:
    """What a folder says of itself; nothing where it does not."""
    try:
        return vault.read(f"{folder}/{UNFINISHED}")
    except FileNotFoundError:
        return b""


def _bare(vault: Vault, folder: str) -> bool:
    """Whether a run was killed before it said what the folder is for."""
    return all(is_temporary(name) for name in vault.names(folder))


def unknown_files(station: Station, known: Collection[str]) -> Iterator[str]:
    """Files under `given/` that no entry leads to, but those of copies that are being made."""
    making = {folder for folder in station.vault.folders(GIVEN_FOLDER) if being_made(station.vault, folder, station.id)}
    for file in station.vault.files_below(GIVEN_FOLDER):
        if file.path not in known and "/".join(file.path.split("/")[:2]) not in making:
            yield file.path
