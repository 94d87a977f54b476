"""Files that are no longer what was recorded of them: how they get on record, once, and how they are said to be whole
again.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

from catalog.errors import NotFound
from catalog.fixity.events import DamageFound, DamageRestored
from catalog.fixity.model import CLIPS, Damage, Stored
from catalog.fixity.queries import damage_of
from catalog.model import Clip
from hashing.errors import TargetFault
from retention.fixity import Fixity, examine

from ..ledger import ALLOWED_SIGNERS, ledger_dir
from ..station import Station
from ..vault import Vault, vault_act

# Under the vault's root, beside `.partial`: what lay in a restored file's place. Nothing is ever thrown away.
DAMAGED_FOLDER = ".damaged"


def of_clip(clip: Clip) -> Stored:
    """A clip as upkeep looks at it."""
    return Stored(
        CLIPS, (clip.session, clip.seq), clip.id, clip.vault_path, clip.size_bytes, clip.digests, clip.ingested_at
    )


def refuse_without_vault(station: Station) -> None:
    """Raises TargetFault while the vault's disk is not mounted: it has not lost its recordings."""
    path = f"{ledger_dir(station.id)}/{ALLOWED_SIGNERS}"
    try:
        station.vault.read(path)
    except FileNotFoundError as error:
        cause = OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        raise TargetFault(station.vault.at(path), "open", cause) from error


def look_at(station: Station, file: Stored) -> Fixity:
    """What the medium gives of a file, against what was recorded of it."""
    return examine(station.files, station.vault.at(file.vault_path), file.size_bytes, file.digests)


def still_kept(station: Station, file: Stored) -> bool:
    """Whether the file should lie there still: it may have gone its way while it was being read."""
    if file.clip is None:
        return True
    try:
        clip = station.catalog.find_clip(file.clip)
    except NotFound:
        return False
    return clip.destroyed_at is None


def record(station: Station, file: Stored, result: Fixity, actor: str) -> DamageFound | None:
    """Put on record that a file is damaged, unless the same is on record already; None for one that should not be
    there any more. Raises CatalogFault; TargetFault when the vault itself is away.
    """
    refuse_without_vault(station)
    assert result.damage is not None
    found = DamageFound(file.what, file.clip, file.vault_path, result.damage.value, result.expected, result.found)
    if not still_kept(station, file):
        return None
    known = damage_of(station.catalog, file.key)
    if known is None or known.restored_at is not None or not _same(known, found):
        station.catalog.append([found], actor=actor)
    return found


def whole_again(station: Station, file: Stored, known: Mapping[str, Damage], actor: str) -> bool:
    """Put on record that a file which was damaged is whole, when it was. Raises CatalogFault."""
    if file.key not in known:
        return False
    now = damage_of(station.catalog, file.key)
    if now is None or now.restored_at is not None:
        # Somebody restored it while we read.
        return False
    restored = DamageRestored(file.what, file.clip, file.vault_path, "found-whole", "", [])
    station.catalog.append([restored], actor=actor)
    return True


def _same(known: Damage, found: DamageFound) -> bool:
    return (known.damage, known.expected, known.found) == (found.damage, found.expected, found.found)


def set_aside(vault: Vault, path: str, folder: str) -> bool:
    """Move whatever lies at a path into a new numbered folder below `folder`; whether there was anything.

    Raises TargetFault.
    """
    if not vault.has(path):
        return False
    target = f"{folder}/{len(vault.names(folder)) + 1}/{os.path.basename(path)}"
    vault.ensure(os.path.dirname(target))
    with vault_act(vault.at(path), "rename"):
        vault.files.move_new(vault.at(path), vault.at(target))
    # The new name first: whoever loses power in between finds it under both, and never under none.
    vault.settle([os.path.dirname(target)])
    vault.settle([os.path.dirname(path)])
    return True
