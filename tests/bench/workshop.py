"""The folder in which everything that is measured lies, and the recorders that are seated there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fixtures.media import Picture, base_recording, cut, pad

from .loads import KIB, Filler, Load, shift
from .racing import Track
from .recorders import Recorder, make_image
from .throttle import Throttle

MEMORY = Path("/dev/shm")
CLIP_BYTES = 256 * KIB
# So many recordings are cut apart by ffmpeg; the others differ from these in their padding.
CUTS = 20


@dataclass(slots=True)
class Workshop:
    """`folder` is empty at the beginning and removed by whoever made it."""

    folder: Path
    track: Track
    scale: float
    throttle: Throttle | None

    def folder_of(self, name: str, serial: int = 0) -> Path:
        """What lies on a recorder, as a plain folder on the disk."""
        return self.folder / f"{name}-{serial}"

    @contextmanager
    def recorder(self, name: str, load: Load, bytes_per_s: int | None, serial: int = 0) -> Iterator[str]:
        """A seated recorder with this load; image and folder stay for the next scene that wants the same."""
        image = self.image(name, load, serial)
        seat = self.folder / "seats" / name / f"{serial:02d}"
        with Recorder(image, seat, self.throttle, bytes_per_s) as seated:
            yield seated.path

    def image(self, name: str, load: Load, serial: int = 0) -> Path:
        """A recorder's card with this load, made when it is not there yet."""
        folder = self.folder_of(name, serial)
        image = self.folder / f"{name}-{serial}.img"
        if not image.exists():
            self.track.tell(f"making a recorder: {load.files:,} files, {load.size_bytes / 2**20:,.0f} MiB")
            in_child(lambda: Filler(serial).fill(folder, load, serial))
            make_image(folder, image, f"{name}{serial}"[:16])
        return image

    @contextmanager
    def memory(self, load: Load) -> Iterator[tuple[str, Path]]:
        """A source and a folder for targets, both in memory."""
        folder = Path(tempfile.mkdtemp(prefix="dockd-bench-", dir=MEMORY))
        try:
            in_child(lambda: Filler(0).fill(folder / "source", load, 0))
            (folder / "targets").mkdir()
            yield str(folder / "source"), folder / "targets"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def clips(self, count: int) -> Iterator[str]:
        """A folder of real recordings, small ones, no two alike."""
        folder = self.folder / "recordings"
        self.track.tell(f"making {count:,} recordings with ffmpeg")
        folder.mkdir()
        base = folder / "base.mp4"
        base_recording(base, Picture(320, 180, 100_000, CUTS + 4, 440))
        cuts = [folder / f"cut{number}.mp4" for number in range(CUTS)]
        began = datetime(2026, 11, 20, 0, 15, tzinfo=UTC)
        for number, path in enumerate(cuts):
            cut(base, path, from_s=number, seconds=3, created=began + timedelta(minutes=number))
        for number, (inside, stem) in zip(range(count), shift(0), strict=False):
            place = folder / "card" / inside
            place.mkdir(parents=True, exist_ok=True)
            path = place / f"{stem}.mp4"
            shutil.copyfile(cuts[number % CUTS], path)
            pad(path, CLIP_BYTES, number)
        yield str(folder / "card")
        shutil.rmtree(folder)

    def empty(self) -> Path:
        """A folder with nothing in it."""
        folder = self.folder / "empty"
        folder.mkdir(exist_ok=True)
        return folder

    def drop(self, name: str) -> None:
        """Remove the images and folders of recorders that no later scene wants."""
        for path in self.folder.glob(f"{name}-*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def in_child(work: Callable[[], object]) -> None:
    """In a process of its own: what we measure later counts the memory we had at its start as its own."""
    child = os.fork()
    if child == 0:
        with ExitStack() as leave:
            leave.callback(os._exit, 1)
            work()
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    if status != 0:
        raise OSError("what is to be measured with could not be written")
