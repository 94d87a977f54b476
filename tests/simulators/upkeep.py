"""A station with something to keep: a docked recorder, damage done to its vault, a mirror beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from catalog.fixity.model import CLIPS, Stored
from catalog.fixity.rounds import next_files
from catalog.model import Clip
from dockd.station import Copying, Station
from dockd.upkeep.damage import of_clip
from dockd.upkeep.mirroring import Mirror, prepare
from hashing.filecalls import FileCalls, OsFileCalls
from tests.simulators.station import Clock, dock, make_home, open_station


class Interrupted(Exception):
    """Somebody killed the program in the middle of a call."""


@dataclass
class CountedFiles(OsFileCalls):
    """The kernel's calls. `opened` are the files below `under` in the order they were opened to be read from the
    medium; the `kill_at`-th of these never comes back.
    """

    under: str
    kill_at: int = 0
    opened: list[str] = field(default_factory=list)

    def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
        text = os.fsdecode(path)
        if text.startswith(self.under) and flags & os.O_DIRECT:
            self.opened.append(text)
            if len(self.opened) == self.kill_at:
                raise Interrupted(text)
        return os.open(path, flags, mode, dir_fd=dir_fd)


@dataclass
class Kept:
    """A home with docked recordings. Each docking has a recorder of its own."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    dockings: int = 0

    def station(self, *, files: FileCalls | None = None, rest: bool = True) -> AbstractContextManager[Station]:
        copying = Copying(block_bytes=64 * 1024, blocks=4, checkpoint_bytes=128 * 1024, stall_s=5.0)
        return open_station(self.root, files=files, clock=self.clock, seed=self.dockings, rest=rest, copying=copying)

    def docked(self, station: Station, sizes: list[int], strange: int = 0) -> None:
        """Recordings of these sizes, and so many files that nobody knows."""
        self.dockings += 1
        recorder = self.root / f"recorder{self.dockings}"
        recorder.mkdir()
        for number, size in enumerate(sizes):
            name = f"{1234000 + self.dockings}_100001_2026111908{number:02d}00.mp4"
            (recorder / name).write_bytes(f"{self.dockings}/{number}/".encode().ljust(size, b"x")[:size])
        for number in range(strange):
            (recorder / f"strange{number}.xyz").write_bytes(f"{self.dockings} {number}".encode() * 40)
        result, _ = dock(station, recorder)
        assert result.sum.failed == 0
        shutil.rmtree(recorder)

    def mirror(self, station: Station) -> Mirror:
        folder = self.root / "mirror"
        folder.mkdir(exist_ok=True)
        return prepare(station, str(folder), same_disk=True, actor="user:li")


def made(root: Path) -> Kept:
    make_home(root)
    return Kept(root)


def clips(station: Station) -> list[Clip]:
    """All clips in the order of reading."""
    return [station.catalog.find_clip(file.clip or "") for file in next_files(station.catalog, CLIPS, None)]


def stored(station: Station) -> list[Stored]:
    return [of_clip(clip) for clip in clips(station)]


def damage(station: Station, vault_path: str, how: str = "changed") -> bytes:
    """Do something to a file of the vault behind everybody's back; the bytes that lie there then."""
    path = Path(station.vault.at(vault_path))
    path.parent.chmod(0o750)
    path.chmod(0o640)
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
        return b""
    data = data[:-1] if how == "short" else bytes([data[0] ^ 1]) + data[1:]
    path.write_bytes(data)
    path.chmod(0o440)
    return data


def proven_by_b3sum(folder: Path) -> int:
    """How many manifests below a folder there are; each holds, by a stranger's tool."""
    manifests = [path for path in sorted(folder.rglob("manifest.b3")) if ".damaged" not in path.parts]
    for manifest in manifests:
        command = ["b3sum", "--check", "--quiet", manifest.name]
        subprocess.run(command, cwd=manifest.parent, check=True, capture_output=True)
    return len(manifests)
