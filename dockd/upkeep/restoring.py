"""A damaged file put right from a copy that holds.

    find a copy ─► read it, compare ─► copy into .partial, read back ─► move the damaged one aside ─► land ─► record

Nothing is thrown away and nothing replaced: what lay there before is kept under `.damaged`, and the good copy gets the
name that is then free. A cut anywhere leaves the damaged file in its place, or nothing; doing it again finishes it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.fixity.events import DamageRestored
from catalog.fixity.model import Stored
from catalog.fixity.queries import damage_of
from catalog.model import Clip
from hashing.digest import Algorithm
from hashing.errors import DigestMismatch
from hashing.filecalls import FileCalls, is_regular
from retention.fixity import examine

from ..copying import Copied, Wanted, copied
from ..copying_out.kept import follow
from ..ledger import export
from ..station import Station
from .damage import DAMAGED_FOLDER, look_at, of_clip, record, set_aside
from .errors import Destroyed, NoCopyFound, NotDamaged
from .mirroring import Mirror


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that may be a copy. `source` and `place` are those of `damage-restored`."""

    source: str
    place: str
    path: str


@dataclass(frozen=True, slots=True)
class Restored:
    """That a file is whole again, from where, and under which vault paths what lay there before is kept."""

    source: str
    place: str
    aside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotRestored:
    """No copy holds; these were looked at."""

    tried: tuple[str, ...]


def put_right(station: Station, clip: Clip, *, mirror: Mirror | None, folders: Sequence[str], actor: str) -> Restored:
    """Restore a recording that somebody says is damaged: it is read first, and its damage put on record.

    Raises Destroyed, NotDamaged, NoCopyFound beside what `restore` raises.
    """
    if clip.destroyed_at is not None:
        raise Destroyed(clip.id)
    file = of_clip(clip)
    result = look_at(station, file)
    if result.damage is None:
        raise NotDamaged(clip.id)
    record(station, file, result, actor)
    done = restore(station, file, mirror=mirror, folders=folders, actor=actor)
    export(station)
    if isinstance(done, NotRestored):
        raise NoCopyFound(clip.id, done.tried)
    return done


def restore(
    station: Station, file: Stored, *, mirror: Mirror | None, folders: Sequence[str] = (), actor: str = "dockd"
) -> Restored | NotRestored:
    """Put a file that is on record as damaged right, from the first copy that holds: another clip of the vault with the
    same bytes, the mirror, then `folders`.

    Raises NoSpace, TargetFault (our own disk), AlreadyThere, DigestMismatch, CatalogFault.
    """
    tried = []
    for copy in _copies(station, file, mirror, folders):
        tried.append(copy.path)
        if examine(station.files, copy.path, file.size_bytes, file.digests).damage is not None:
            continue
        partial = _copied(station, file, copy)
        if partial is None:
            continue
        aside = _land(station, file, partial)
        event = DamageRestored(file.what, file.clip, file.vault_path, copy.source, copy.place, aside)
        station.catalog.append([event], actor=actor)
        return Restored(copy.source, copy.place, tuple(aside))
    return NotRestored(tuple(tried))


# ------------------------------------------------------------------------------------------------- finding copies


def _copies(station: Station, file: Stored, mirror: Mirror | None, folders: Sequence[str]) -> Iterator[Copy]:
    if file.clip is not None:
        for clip in station.catalog.clips_with_digest(file.digests[Algorithm.BLAKE3.value]):
            if clip.id != file.clip:
                yield Copy("vault", clip.id, station.vault.at(clip.vault_path))
    if mirror is not None:
        yield Copy("mirror", mirror.place, mirror.vault.at(file.vault_path))
    for folder in folders:
        for path in _alike(station.files, os.path.abspath(folder), file):
            yield Copy("folder", os.path.abspath(folder), path)


def _alike(files: FileCalls, folder: str, file: Stored) -> Iterator[str]:
    """Plain files of this size below a folder; those that are called as the original first."""
    name = os.path.basename(file.vault_path)
    others = []
    for path, size_bytes in _plain_files(files, folder):
        if size_bytes == file.size_bytes:
            if os.path.basename(path) == name:
                yield path
            else:
                others.append(path)
    yield from others


def _plain_files(files: FileCalls, folder: str) -> Iterator[tuple[str, int]]:
    """What cannot be looked at is passed over: a scratched disc may still hold the one file that is wanted."""
    try:
        names = sorted(os.fsdecode(entry.name) for entry in files.scandir(folder))
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        try:
            status = files.lstat(path)
        except OSError:
            continue
        if is_regular(status):
            yield path, status.st_size
        elif stat.S_ISDIR(status.st_mode):
            yield from _plain_files(files, path)


# --------------------------------------------------------------------------------------------- putting one in place


def _copied(station: Station, file: Stored, copy: Copy) -> str | None:
    """A copy under `.partial/` that was read back and has every digest of the catalogue; None when it has not."""
    station.refuse_without_space(file.size_bytes)
    partial = station.partials.path(station.random_hex(32))
    wanted = Wanted(copy.path, partial, file.size_bytes, file.digests)
    with copied(station.files, [wanted], station.copying) as results:
        whole = [isinstance(one, Copied) for one in results] == [True]
    if whole:
        return partial
    station.vault.remove_partial(partial)
    return None


def _land(station: Station, file: Stored, partial: str) -> list[str]:
    """Give the copy the damaged file's name; the vault paths of what lay there that are not on record yet."""
    set_aside(station.vault, file.vault_path, f"{DAMAGED_FOLDER}/{file.key}")
    station.vault.settle([station.vault.land(partial, file.vault_path)])
    result = look_at(station, file)
    if result.damage is not None:
        raise DigestMismatch(station.vault.at(file.vault_path), result.expected, result.found)
    known = damage_of(station.catalog, file.key)
    on_record = set(known.aside) if known is not None else set()
    lying = [found.path for found in station.vault.files_below(f"{DAMAGED_FOLDER}/{file.key}")]
    if file.clip is not None:
        follow(station, file.clip, file.vault_path, lying)
    return [path for path in lying if path not in on_record]
