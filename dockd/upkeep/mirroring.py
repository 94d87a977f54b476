"""The folder on another disk that holds second copies: a vault of its own, with the same folders and names.

    <folder>/.dockd-mirror.json  whose copies these are; without it nothing is ever written there
    <folder>/…                   as in the vault: sessions with their seals and manifests, quarantine, documents, ledger
    <folder>/.partial, .damaged  as in the vault

An unmounted disk leaves an empty folder on the root disk behind: the marker is what tells the two apart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from catalog.fixity.events import MirrorPrepared
from catalog.fixity.model import file_key
from catalog.fixity.queries import places_of_copies
from hashing.canonical import canonical
from hashing.errors import TargetFault
from hashing.filecalls import FileCalls

from ..station import Station
from ..vault import PARTIAL_FOLDER, Vault, vault_act
from .damage import DAMAGED_FOLDER
from .errors import MirrorFault, MirrorUnusable

MARKER = ".dockd-mirror.json"
FORMAT = "dockd mirror 1"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A folder of second copies. `place` is its name in the log, wherever its disk is mounted."""

    place: str
    vault: Vault

    @property
    def folder(self) -> str:
        """Where it lies now, absolute."""
        return self.vault.root


def open_mirror(station: Station, folder: str) -> Mirror:
    """The mirror in a folder. Raises MirrorUnusable, MirrorFault, CatalogFault."""
    if not folder:
        raise MirrorUnusable("", "not-set")
    folder = os.path.realpath(folder)
    same = _same_disk(station, folder)
    vault = Vault(station.files, folder)
    place = _marked(station, vault)
    if place is None:
        raise MirrorUnusable(folder, "no-marker")
    known = {one.place: one for one in places_of_copies(station.catalog)}.get(place)
    if known is None:
        raise MirrorUnusable(folder, "no-marker")
    if same and not known.same_disk:
        raise MirrorUnusable(folder, "same-disk")
    with faults(folder):
        vault.ensure(PARTIAL_FOLDER)
    return Mirror(place, vault)


def prepare(station: Station, folder: str, *, same_disk: bool, actor: str) -> Mirror:
    """Make a folder, which exists, one for second copies; done again it finishes what was cut off, and says where the
    folder lies now. Raises MirrorUnusable, MirrorFault, CatalogFault.
    """
    folder = os.path.realpath(folder)
    if _same_disk(station, folder) and not same_disk:
        raise MirrorUnusable(folder, "same-disk")
    vault = Vault(station.files, folder)
    place = _marked(station, vault)
    if place is None:
        place = f"mirror-{station.random_hex(8)}"
        text = canonical({"format": FORMAT, "station": station.id, "place": place})
        with faults(folder):
            vault.write(MARKER, text)
    station.catalog.append([MirrorPrepared(place, folder, same_disk)], actor=actor)
    return open_mirror(station, folder)


def refuse_when_away(station: Station, mirror: Mirror) -> None:
    """Raises MirrorUnusable, MirrorFault when the mirror's disk is not mounted any more, or is another one."""
    if _marked(station, mirror.vault) != mirror.place:
        raise MirrorUnusable(mirror.folder, "no-marker")


def aside_folder(path: str) -> str:
    """Where the mirror keeps what lay at a path and did not hold."""
    return f"{DAMAGED_FOLDER}/{file_key(None, path)}"


@contextmanager
def faults(folder: str) -> Iterator[None]:
    """Turn a fault of the mirror's disk into a MirrorFault: it stops copying, and nothing else. One of the vault's is
    passed on.
    """
    try:
        yield
    except TargetFault as fault:
        if fault.path != folder and not fault.path.startswith(f"{folder}/"):
            raise
        raise MirrorFault(fault) from fault


def _marked(station: Station, vault: Vault) -> str | None:
    """The name that the marker gives this folder; None without a marker."""
    try:
        with faults(vault.root):
            text = vault.read(MARKER)
    except FileNotFoundError:
        return None
    try:
        said = json.loads(text)
        whose, place = said["station"], said["place"]
    except (ValueError, KeyError, TypeError) as error:
        raise MirrorUnusable(vault.root, "bad-marker") from error
    if said.get("format") != FORMAT or not isinstance(place, str):
        raise MirrorUnusable(vault.root, "bad-marker")
    if whose != station.id:
        raise MirrorUnusable(vault.root, "other-station")
    return place


def _same_disk(station: Station, folder: str) -> bool:
    """Whether a folder lies on the vault's file system. Two partitions of one disk are not seen to be one disk."""
    own = os.path.realpath(station.vault.root)
    if folder == own or folder.startswith(f"{own}/") or own.startswith(f"{folder}/"):
        raise MirrorUnusable(folder, "inside-vault")
    with vault_act(own, "stat"):
        device = _device(station.files, own)
    try:
        return _device(station.files, folder) == device
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MirrorUnusable(folder, "not-there") from error
    except OSError as error:
        raise MirrorFault(TargetFault(folder, "stat", error)) from error


def _device(files: FileCalls, folder: str) -> int:
    fd = files.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return files.fstat(fd).st_dev
    finally:
        files.close(fd)
