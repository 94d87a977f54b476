"""Small files and folders made durable. A file has its name only when it is whole and on the medium."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress

from .errors import AlreadyThere
from .filecalls import FileCalls, walk_up

_PREFIX = ".new-"


def is_temporary(name: str) -> bool:
    """Whether a name is one that an unfinished `write_new` or `replace_durably` leaves behind."""
    return name.startswith(_PREFIX)


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


def fsync_folder(files: FileCalls, path: str) -> None:
    """Make the names in a folder durable; raises OSError."""
    fd = files.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        files.fsync(fd)
    finally:
        files.close(fd)


def _write_temporary(files: FileCalls, path: str, data: bytes, mode: int) -> str:
    temporary = os.path.join(os.path.dirname(path), f"{_PREFIX}{secrets.token_hex(8)}")
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
