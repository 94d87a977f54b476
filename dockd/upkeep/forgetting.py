"""What was destroyed on record goes everywhere: second copies, and damaged bytes that were kept aside.

Only after the tombstone is in the ledger's export: the log that leaves the machine says why something is gone before it
goes. A cut in between leaves files to be removed, and the next run removes them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from catalog.fixity.events import CopiesRemoved
from catalog.fixity.model import ASIDE
from catalog.fixity.queries import aside_of_destroyed, to_forget
from hashing.errors import TargetFault

from ..ledger import export
from ..station import Station
from ..vault import Vault, vault_act
from .damage import DAMAGED_FOLDER
from .mirroring import Mirror, aside_folder


def forget(station: Station, mirror: Mirror, actor: str, keep_record: Callable[[str], None]) -> int:
    """Remove a mirror's copies of clips that were destroyed; of how many.

    `keep_record` is told each session (its id) before anything of it goes, to bring the signed record of it to the
    mirror. Raises TargetFault, CatalogFault.
    """
    forgotten = 0
    while gone := to_forget(station.catalog, mirror.place):
        export(station)
        for session in sorted({file.place[0] for file in gone}):
            keep_record(session)
        for file in gone:
            lying = mirror.vault.files_below(aside_folder(file.vault_path))
            _remove(mirror.vault, [file.vault_path, *(found.path for found in lying)])
        ids = [file.key for file in gone]
        size_bytes = sum(file.size_bytes for file in gone)
        station.catalog.append([CopiesRemoved(mirror.place, ids, size_bytes, "destroyed")], actor=actor)
        forgotten += len(gone)
    return forgotten


def forget_aside(station: Station, actor: str) -> int:
    """Remove the damaged bytes of clips that were destroyed; of how many. Raises TargetFault, CatalogFault."""
    gone = aside_of_destroyed(station.catalog)
    if not gone:
        return 0
    export(station)
    size_bytes = 0
    for damage in gone:
        lying = list(station.vault.files_below(f"{DAMAGED_FOLDER}/{damage.file}"))
        size_bytes += sum(max(0, found.size_bytes) for found in lying)
        _remove(station.vault, [found.path for found in lying])
    ids = [damage.file for damage in gone]
    station.catalog.append([CopiesRemoved(ASIDE, ids, size_bytes, "destroyed")], actor=actor)
    return len(gone)


def _remove(vault: Vault, paths: Iterable[str]) -> None:
    """Remove files durably; one that is gone already is gone."""
    folders = set()
    for path in paths:
        try:
            with vault_act(vault.at(path), "unlink"):
                vault.files.unlink(vault.at(path))
        except TargetFault as fault:
            if not isinstance(fault.cause, FileNotFoundError):
                raise
        folders.add(os.path.dirname(path))
    vault.settle(folder for folder in folders if vault.has(folder))
