"""What a recorder answers after its cable is pulled, file system by file system, as measured with Linux 6.1.

The calls go to the kernel until the one at which the cable is pulled; from then on everything below the mount answers
from the table, and so do mounting and the kernel's number of the disk.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dockd.mounts import disk_sequence
from dockd.root.kernel import KernelMounter, Plan
from hashing.filecalls import OsFileCalls, Path


@dataclass(frozen=True, slots=True)
class Answers:
    """0 stands for success that changed nothing; `listdir` 0 for an empty folder without an error."""

    listdir: int
    write: int
    fsync_file: int
    unlink: int
    fsync_folder: int


AFTER_THE_PULL = {
    "vfat": Answers(0, errno.EIO, errno.EIO, errno.ENOENT, errno.EIO),
    "exfat": Answers(errno.EIO, 0, errno.EIO, errno.EIO, errno.EIO),
    "ext4": Answers(errno.EIO, 0, errno.EROFS, errno.EIO, 0),
}


class PulledFiles(OsFileCalls):
    """The cable is pulled at the `at`-th `call` below `place`: that one gets its answer from the table already."""

    def __init__(self, file_system: str, place: str, call: str, at: int = 1) -> None:
        self._answers = AFTER_THE_PULL[file_system]
        self._place = place
        self._call = call
        self._left = at
        self.pulled = False

    def _met(self, call: str, fd: int | None) -> bool:
        """Whether this call is answered by the table."""
        if fd is None or not os.readlink(f"/proc/self/fd/{fd}").startswith(self._place):
            return False
        if call == self._call and not self.pulled:
            self._left -= 1
            self.pulled = self._left == 0
        return self.pulled

    def scandir(self, fd_or_path: int | Path) -> Any:
        if isinstance(fd_or_path, int) and self._met("scandir", fd_or_path):
            _answer(self._answers.listdir)
            return []
        return super().scandir(fd_or_path)

    def preadv(self, fd: int, buffers: Sequence[memoryview], offset: int) -> int:  # type: ignore[override]
        if self._met("preadv", fd):
            _answer(errno.EIO)
        return os.preadv(fd, buffers, offset)

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:  # type: ignore[override]
        if self._met("pwrite", fd):
            _answer(self._answers.write)
            return len(data)
        return os.pwrite(fd, data, offset)

    def unlink(self, path: Path, *, dir_fd: int | None = None) -> None:  # type: ignore[override]
        if self._met("unlink", dir_fd):
            _answer(self._answers.unlink)
            return
        os.unlink(path, dir_fd=dir_fd)

    def fsync(self, fd: int) -> None:  # type: ignore[override]
        if self._met("fsync", fd):
            folder = stat.S_ISDIR(os.fstat(fd).st_mode)
            _answer(self._answers.fsync_folder if folder else self._answers.fsync_file)
            return
        os.fsync(fd)

    def syncfs(self, fd: int) -> None:
        # sync() has success on all of them.
        if not self._met("syncfs", fd):
            super().syncfs(fd)

    def sequence(self, device: int) -> int | None:
        """A disk that is gone has no number."""
        return None if self.pulled else disk_sequence(device)


class PulledMounter(KernelMounter):
    """Unmounting succeeds after the pull; mounting does not, and blkid finds nothing."""

    def __init__(self, files: PulledFiles) -> None:
        self._files = files

    def file_system_of(self, node: str) -> str:
        return "" if self._files.pulled else super().file_system_of(node)

    def attach(self, plan: Plan, target: str) -> None:
        if self._files.pulled:
            _answer(errno.ENXIO)
        super().attach(plan, target)

    def forget(self, node: str) -> None:
        if self._files.pulled:
            _answer(errno.ENXIO)
        super().forget(node)


def _answer(number: int) -> None:
    if number:
        raise OSError(number, os.strerror(number))
