"""Small files and folders made durable. A file has its name only when it is whole and on the medium."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress

from .digest import Algorithm, digest_of
from .errors import AlreadyThere, DigestMismatch
from .filecalls import FileCalls, walk_up
from .reading import read_back

_PREFIX = ".new-"


def temporary_name() -> str:
    """A new name that says of a file that it is unfinished, and which process is at it."""
    return f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"


def is_temporary(name: str) -> bool:
    """Whether a name is one that something unfinished leaves behind: `temporary_name`."""
    return name.startswith(_PREFIX)


def is_left_behind(name: str) -> bool:
    """Whether such a name is of a process that is gone, or of this one: no other process is still at it."""
    owner = name.removeprefix(_PREFIX).partition("-")[0]
    return not owner.isdecimal() or int(owner) == os.getpid() or not _lives(int(owner))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # somebody else's; /proc may hide those
    except (ProcessLookupError, OverflowError):
        return False
    return True


def write_new(files: FileCalls, path: str, data: bytes, mode: int = 0o440) -> None:
    """Put `data` under `path`, durably, whole or not at all, and never in the place of something else.

    Raises AlreadyThere, OSError. The folder must exist and be durable itself (`make_folders`).
    """
    temporary = _write_temporary(files, path, data, mode)
    try:
        files.move_new(temporary, path)
    except OSError as error:
        with suppress(OSError):
            files.unlink(temporary)
        if isinstance(error, FileExistsError):
            raise AlreadyThere(path) from None
        raise
    fsync_folder(files, os.path.dirname(path))


def write_proven(files: FileCalls, path: str, data: bytes, mode: int = 0o440) -> None:
    """`write_new`, then read back from the medium: for one that leaves the house.

    Raises DigestMismatch and SourceUnreadable beside what `write_new` raises; the file lies there then.
    """
    write_new(files, path, data, mode)
    wanted, found = digest_of(data), read_back(files, path).digests[Algorithm.BLAKE3]
    if found != wanted:
        raise DigestMismatch(path, str(wanted), str(found))


def replace_durably(files: FileCalls, path: str, data: bytes, mode: int = 0o600) -> None:
    """Put `data` under `path`, durably: whoever looks finds the old bytes or the new ones. Not for evidence.

    Raises OSError.
    """
    temporary = _write_temporary(files, path, data, mode)
    try:
        files.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            files.unlink(temporary)
        raise
    fsync_folder(files, os.path.dirname(path))


def make_folders(files: FileCalls, path: str, below: str) -> None:
    """Make `path` and its parents as far up as `below` (which exists), each with a durable name.

    A folder that is there already is synced all the same: whoever made it may have been killed before doing so. A
    link is no folder: it could lead out of the vault. Raises OSError.
    """
    for folder in reversed(list(walk_up(path, below))):
        try:
            files.mkdir(folder)
        except FileExistsError:
            if not stat.S_ISDIR(files.lstat(folder).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from None
        fsync_folder(files, os.path.dirname(folder))


def remove_tree(files: FileCalls, path: str) -> None:
    """Remove a file, or a folder with all below it; links are removed, never followed. Raises OSError.

    Only ever what this program began and did not finish.
    """
    if not stat.S_ISDIR(files.lstat(path).st_mode):
        files.unlink(path)
        return
    for entry in files.scandir(path):
        remove_tree(files, os.path.join(path, os.fsdecode(entry.name)))
    files.rmdir(path)


def fsync_folder(files: FileCalls, path: str) -> None:
    """Make the names in a folder durable; raises OSError."""
    fd = files.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        files.fsync(fd)
    finally:
        files.close(fd)


def _write_temporary(files: FileCalls, path: str, data: bytes, mode: int) -> str:
    temporary = os.path.join(os.path.dirname(path), temporary_name())
    fd = files.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            view = memoryview(data)
            done = 0
            while done < len(view):
                done += files.pwrite(fd, view[done:], done)
            files.chmod(fd, mode)
            files.fsync(fd)
        finally:
            files.close(fd)
    except OSError:
        with suppress(OSError):
            files.unlink(temporary)
        raise
    return temporary
