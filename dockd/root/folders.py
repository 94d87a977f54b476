"""Root's own folders and files: nothing that another user could have put in their place is used."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from contextlib import suppress

from hashing.filecalls import FileCalls

from .refusals import Refused

# O_NONBLOCK: whoever put a FIFO there shall be found out, not waited for.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_READ_BYTES = 1 << 20


def our_folder(files: FileCalls, run_dir: str, name: str, mode: int = 0o755) -> str:
    """The path of a folder below the run folder, made when missing; nobody but root may rename or write in either.

    Raises Refused when it is otherwise, OSError.
    """
    _ours(files, run_dir)
    path = f"{run_dir}/{name}"
    with suppress(FileExistsError):
        files.mkdir(path, 0o700)
    if stat.S_IMODE(_ours(files, path).st_mode) != mode:
        # The unit's umask has no say in who may look.
        fd = files.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            files.chmod(fd, mode)
        finally:
            files.close(fd)
    return path


def _ours(files: FileCalls, path: str) -> os.stat_result:
    status = files.lstat(path)
    by_others = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != 0)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or by_others:
        raise Refused("folder-not-ours", path)
    return status


def read_bounded(files: FileCalls, path: str, limit_bytes: int, owners: Collection[int] | None = None) -> bytes:
    """All of a plain file, of at most `limit_bytes`, no link, owned by one of `owners` (None: by anybody).

    Raises Refused, OSError. What is not of root may change under us: it is read once, and what was read is judged.
    """
    try:
        fd = files.open(path, _FILE_FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("a-link", path) from None
        raise
    try:
        status = files.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Refused("no-plain-file", path)
        if owners is not None and status.st_uid not in owners:
            raise Refused("foreign-owner", f"{path} belongs to {status.st_uid}")
        if status.st_size > limit_bytes:
            raise Refused("too-large", f"{path} has {status.st_size} bytes, at most {limit_bytes} are read")
        data = bytearray()
        while len(data) <= limit_bytes:
            block = memoryview(bytearray(min(_READ_BYTES, limit_bytes + 1 - len(data))))
            count = files.preadv(fd, [block], len(data))
            if count == 0:
                return bytes(data)
            data += block[:count]
        raise Refused("too-large", path)
    finally:
        files.close(fd)


def read_root_file(files: FileCalls, path: str, limit_bytes: int) -> bytes:
    """As `read_bounded`, of a file that only root may write. Raises Refused, OSError."""
    status = files.lstat(path)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Refused("others-may-write", path)
    return read_bounded(files, path, limit_bytes, (os.geteuid(),))
