"""The few calls of the file system that dockd makes on recordings: one seam.

Everything that touches a recorder or the vault goes through a `FileCalls`, so that the tests can put a file system in
its place that loses what was not fsynced, fails at the n-th call, flips a bit or vanishes. Paths are bytes or str as
in `os`; every call raises OSError as its system call does.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat as stat_module
from collections.abc import Iterator, Sequence
from typing import Protocol

Path = str | bytes


class FileCalls(Protocol):
    """What a file system must do for us. Each is one system call unless it says otherwise."""

    def open(self, path: Path, flags: int, mode: int = 0o600, *, dir_fd: int | None = None) -> int: ...

    def close(self, fd: int) -> None: ...

    def fstat(self, fd: int) -> os.stat_result: ...

    def lstat(self, path: Path, *, dir_fd: int | None = None) -> os.stat_result: ...

    def preadv(self, fd: int, buffers: Sequence[memoryview], offset: int) -> int: ...

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int: ...

    def allocate(self, fd: int, size_bytes: int) -> None:
        """Reserve space (posix_fallocate); a file system that cannot is no fault, a full one is."""

    def truncate(self, fd: int, size_bytes: int) -> None: ...

    def set_flags(self, fd: int, flags: int) -> None:
        """Change the status flags of an open file (F_SETFL): how O_DIRECT is put on and off."""

    def drop_cache(self, fd: int) -> None:
        """Ask the kernel to forget the file's clean pages (POSIX_FADV_DONTNEED)."""

    def will_read(self, fd: int, offset: int, length: int) -> None:
        """Ask for pages ahead of reading them (POSIX_FADV_WILLNEED)."""

    def fsync(self, fd: int) -> None: ...

    def fdatasync(self, fd: int) -> None: ...

    def syncfs(self, fd: int) -> None:
        """Make everything of the file system that `fd` lies on durable."""

    def move_new(self, source: Path, target: Path) -> None:
        """Rename without replacing: FileExistsError when `target` is taken."""

    def replace(self, source: Path, target: Path) -> None:
        """Rename over whatever has the name. For settings and the like; never for evidence (contract P6)."""

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name: FileExistsError when `target` is taken; PermissionError (vfat) or another where
        the file system has no such thing.
        """

    def unlink(self, path: Path, *, dir_fd: int | None = None) -> None: ...

    def mkdir(self, path: Path, mode: int = 0o750) -> None: ...

    def rmdir(self, path: Path) -> None: ...

    def chmod(self, fd: int, mode: int) -> None: ...

    def scandir(self, fd_or_path: int | Path) -> list[os.DirEntry[str]] | list[os.DirEntry[bytes]]:
        """Every entry of a folder, or OSError: never half a listing."""


_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_libc = ctypes.CDLL(None, use_errno=True)


class OsFileCalls:
    """The kernel's own calls."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    fstat = staticmethod(os.fstat)
    preadv = staticmethod(os.preadv)
    pwrite = staticmethod(os.pwrite)
    truncate = staticmethod(os.ftruncate)
    fsync = staticmethod(os.fsync)
    fdatasync = staticmethod(os.fdatasync)
    unlink = staticmethod(os.unlink)
    rmdir = staticmethod(os.rmdir)
    replace = staticmethod(os.replace)
    chmod = staticmethod(os.fchmod)

    def lstat(self, path: Path, *, dir_fd: int | None = None) -> os.stat_result:
        return os.stat(path, dir_fd=dir_fd, follow_symlinks=False)

    def allocate(self, fd: int, size_bytes: int) -> None:
        try:
            os.posix_fallocate(fd, 0, size_bytes)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV):
                raise

    def set_flags(self, fd: int, flags: int) -> None:
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETFL, flags)

    def drop_cache(self, fd: int) -> None:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def will_read(self, fd: int, offset: int, length: int) -> None:
        os.posix_fadvise(fd, offset, length, os.POSIX_FADV_WILLNEED)

    def syncfs(self, fd: int) -> None:
        if _libc.syncfs(fd) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def move_new(self, source: Path, target: Path) -> None:
        done = _libc.renameat2(
            _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(_RENAME_NOREPLACE)
        )
        if done == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), os.fsdecode(source), None, os.fsdecode(target))
        # FUSE and network file systems know no such flag; a link refuses to replace as well.
        os.link(source, target, follow_symlinks=False)
        os.unlink(source)

    def link(self, source: Path, target: Path) -> None:
        os.link(source, target, follow_symlinks=False)

    def mkdir(self, path: Path, mode: int = 0o750) -> None:
        os.mkdir(path, mode)

    def scandir(self, fd_or_path: int | Path) -> list[os.DirEntry[str]] | list[os.DirEntry[bytes]]:
        with os.scandir(fd_or_path) as entries:
            return list(entries)  # type: ignore[return-value]


def is_regular(status: os.stat_result) -> bool:
    """Whether this is a plain file: nothing else is ever read from a recorder."""
    return stat_module.S_ISREG(status.st_mode)


def walk_up(path: str, stop: str) -> Iterator[str]:
    """`path` and its parents below `stop`, innermost first: the folders whose fsync makes `path` findable."""
    while len(path) > len(stop):
        yield path
        path = os.path.dirname(path)
