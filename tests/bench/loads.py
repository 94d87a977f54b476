"""What is copied: recordings by name and size, random inside, no two alike.

The names are those of a police recorder (GA/T 947), so that dockd takes every file for a clip. One block of random
bytes serves all files, each cut and turned in its own way: fresh ones for gigabytes would take longer than copying.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

KIB, MIB, GIB = 2**10, 2**20, 2**30
_NOISE_BYTES = 32 * MIB
_PER_FOLDER = 500
_BEGAN = datetime(2026, 11, 20, 6, 0)


@dataclass(frozen=True, slots=True)
class Load:
    """So many long files and so many small ones; the small ones are spread evenly between their two sizes."""

    clips: int
    clip_bytes: int
    small: int
    small_from_bytes: int
    small_to_bytes: int

    def sizes(self) -> list[int]:
        """The size of every file, long ones first."""
        span = self.small_to_bytes - self.small_from_bytes
        steps = max(1, self.small - 1)
        return [self.clip_bytes] * self.clips + [
            self.small_from_bytes + span * number // steps for number in range(self.small)
        ]

    @property
    def files(self) -> int:
        return self.clips + self.small

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes())

    def scaled(self, scale: float) -> Load:
        """The same mix with fewer files; from a twentieth of the files on the long ones get shorter as well."""
        clips = max(1, round(self.clips * scale)) if self.clips else 0
        clip_bytes = self.clip_bytes
        if clips:
            wanted = self.clips * self.clip_bytes * scale / clips
            clip_bytes = max(4 * MIB, min(self.clip_bytes, int(wanted) // MIB * MIB))
        return Load(clips, clip_bytes, max(1, round(self.small * scale)), self.small_from_bytes, self.small_to_bytes)


def shift(serial: int) -> Iterator[tuple[str, str]]:
    """(folder, stem) of one recorder's files, in the order of recording."""
    number = 0
    while True:
        began = _BEGAN + timedelta(seconds=7 * number)
        folder = f"DCIM/{1 + number // _PER_FOLDER:03d}MEDIA"
        yield folder, f"{1_000_000 + serial}_100001_{began:%Y%m%d%H%M%S}"
        number += 1


class Filler:
    """Writes files of random bytes, each with other ones; those of another `serial` are other ones again."""

    def __init__(self, serial: int) -> None:
        self._noise = memoryview(Random(serial).randbytes(_NOISE_BYTES))
        self._serial = serial
        self._written = 0

    def write(self, path: Path, size_bytes: int) -> None:
        """A new file of this size."""
        self._written += 1
        head = (self._serial << 64 | self._written).to_bytes(16, "little")[:size_bytes]
        at = self._written * 1_000_003 % (_NOISE_BYTES - MIB)
        with open(path, "xb", buffering=0) as file:
            left = size_bytes - file.write(head)
            while left:
                done = file.write(self._noise[at : at + min(left, 4 * MIB)])
                at = (at + done + 4099) % (_NOISE_BYTES - MIB)
                left -= done

    def fill(self, folder: Path, load: Load, serial: int) -> None:
        """Put a load below `folder`, as recorder number `serial` would have left it."""
        for size_bytes, (inside, stem) in zip(load.sizes(), shift(serial), strict=False):
            place = folder / inside
            place.mkdir(parents=True, exist_ok=True)
            self.write(place / (stem + (".mp4" if size_bytes >= 4 * MIB else ".jpg")), size_bytes)


def tree_files(folder: str) -> list[tuple[str, int]]:
    """Every file below a folder with its size, in the order of their paths."""
    found = []
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(here, name)
            found.append((path, os.stat(path).st_size))
    return found
