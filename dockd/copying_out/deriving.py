"""Makes marked copies of recordings into the kept copy, each named after the original it was made from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.model import Clip
from hashing.digest import Algorithm, Digest, new_hasher

from ..station import Station
from ..vault import vault_act
from . import bag
from .kept import Kept
from .order import NotAsRecorded, Piece
from .watermarking import Marker

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ENDINGS = {"video": ".mp4", "photo": ".jpg"}


@dataclass(frozen=True, slots=True)
class Derived:
    """A marked copy: what it is, and what was burnt in with which program."""

    piece: Piece
    mark: tuple[str, ...]
    made_with: str

    def as_json(self) -> dict[str, object]:
        """As derived.json has it: `digest` is that of the copy, `original` and `original_…` are those of its source."""
        clip = self.piece.clip
        return {
            "path": self.piece.path,
            "digest": self.piece.digest,
            "clip": clip.id,
            "original": clip.digests[Algorithm.BLAKE3.value],
            "original_name": clip.path,
            "original_size_bytes": clip.size_bytes,
            "mark": list(self.mark),
            "made_with": self.made_with,
        }


def derive(station: Station, clip: Clip, kept: Kept, marker: Marker, lines: Sequence[str]) -> Derived:
    """A marked copy of a video or photo, durable and read back. The original is read once more before: what is derived
    from it is derived from what was recorded.

    Raises NotAsRecorded, CannotMark, NoSpace, TargetFault.
    """
    wanted = clip.digests[Algorithm.BLAKE3.value]
    found = str(station.vault.read_back(clip.vault_path).digests[Algorithm.BLAKE3])
    if found != wanted:
        raise NotAsRecorded(clip.vault_path, wanted, found)
    station.refuse_without_space(clip.size_bytes)
    stem = os.path.splitext(bag.portable(os.path.basename(clip.vault_path)))[0]
    path = bag.data_path(clip.id, f"{stem}.watermarked{_ENDINGS[clip.kind]}")
    station.vault.ensure(os.path.dirname(kept.path(path)))
    original = station.vault.at(clip.vault_path)
    out = _Output(station, kept.at(path))
    try:
        group_id = station.files.lstat(original).st_gid
        marker.burn(clip.id, clip.kind, original, clip.size_bytes, group_id, lines, out.take)
        out.durable()
    finally:
        out.close()
    station.vault.settle([os.path.dirname(kept.path(path))])
    digest = out.digest()
    again = str(station.vault.read_back(kept.path(path)).digests[Algorithm.BLAKE3])
    if again != digest:
        raise NotAsRecorded(kept.path(path), digest, again)
    return Derived(Piece(path, "derived", clip, out.size_bytes, digest), tuple(lines), f"ffmpeg {marker.version()}")


class _Output:
    """A new file of the kept copy that takes what ffmpeg says, piece by piece."""

    def __init__(self, station: Station, path: str) -> None:
        self._files = station.files
        self._path = path
        self._hasher = new_hasher(Algorithm.BLAKE3)
        self.size_bytes = 0
        with vault_act(path, "create"):
            self._fd = self._files.open(path, _CREATE, 0o600)

    def take(self, piece: bytes) -> None:
        self._hasher.update(piece)
        with vault_act(self._path, "write"):
            view = memoryview(piece)
            while view:
                done = self._files.pwrite(self._fd, view, self.size_bytes)
                self.size_bytes += done
                view = view[done:]

    def durable(self) -> None:
        with vault_act(self._path, "fsync"):
            self._files.chmod(self._fd, 0o440)
            self._files.fsync(self._fd)

    def digest(self) -> str:
        return str(Digest(Algorithm.BLAKE3, self._hasher.value()))

    def close(self) -> None:
        with vault_act(self._path, "close"):
            self._files.close(self._fd)
