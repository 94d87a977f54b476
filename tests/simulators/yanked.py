"""A recorder whose cable is pulled, as Linux 6.1 answers for vfat, exfat and ext4, and a card that is dying.

What each file system says afterwards is a table measured on real ones; the moment of the yank is a call of the test's
choice. statvfs is no call of this seam, and is left to say that all is well: the worst it can do.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from hashing.filecalls import Path
from tests.simulators.flaky_files import FlakyFiles, _Rule

FILE_SYSTEMS = ("vfat", "exfat", "ext4")
# What a call answers once the device is gone: None is success.
_ANSWERS: dict[str, dict[str, int | None]] = {
    "scandir": {"vfat": None, "exfat": errno.EIO, "ext4": errno.EIO},
    "preadv": dict.fromkeys(FILE_SYSTEMS, errno.EIO),
    "fsync": {"vfat": errno.EIO, "exfat": errno.EIO, "ext4": None},
    "unlink": {"vfat": errno.ENOENT, "exfat": errno.EIO, "ext4": errno.EIO},
}


class Yanked(FlakyFiles):
    """The calls below `recorder`, whose device goes before the `at`-th call of the kind `act`."""

    def __init__(self, recorder: str, file_system: str, act: str, at: int = 1) -> None:
        super().__init__()
        self._recorder = recorder
        self._file_system = file_system
        self._moment = (act, at)
        self._seen = 0
        self.gone = False

    def _meet(self, name: str, path: str, size_bytes: int = 0) -> list[_Rule]:
        if not path.startswith(self._recorder):
            return []
        with self._lock:
            self._seen += name == self._moment[0]
            self.gone = self.gone or (name, self._seen) == self._moment
        number = _ANSWERS.get(name, {}).get(self._file_system) if self.gone else None
        if number is not None:
            raise OSError(number, os.strerror(number), path)
        return []

    def unlink(self, path: Path, *, dir_fd: int | None = None) -> None:
        folder = self._path_of(dir_fd) if dir_fd is not None else ""
        self._meet("unlink", os.path.join(folder, os.fsdecode(path)))
        os.unlink(path, dir_fd=dir_fd)

    def fsync(self, fd: int) -> None:
        if not (self._path_of(fd).startswith(self._recorder) and self.gone and self._file_system == "ext4"):
            super().fsync(fd)

    def scandir(self, fd_or_path: int | Path) -> list[os.DirEntry[str]] | list[os.DirEntry[bytes]]:
        found = super().scandir(fd_or_path)
        path = self._path_of(fd_or_path) if isinstance(fd_or_path, int) else os.fsdecode(fd_or_path)
        return [] if self.gone and path.startswith(self._recorder) else found


class Dying(FlakyFiles):
    """A card that gives other bytes at every reading of one file, and says that all is well."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._readings = 0

    def preadv(self, fd: int, buffers: Sequence[memoryview], offset: int) -> int:
        got = super().preadv(fd, buffers, offset)
        if self._path_of(fd).endswith(self._name) and got and "/vault/" not in self._path_of(fd):
            with self._lock:
                self._readings += 1
                buffers[0][got // 2] ^= self._readings % 255 + 1
        return got
