"""Reading that does not take the page cache's word for it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol

from .buffers import ALIGN_BYTES, Block, align_up
from .filecalls import FileCalls

DIRECT = "direct"
DROPPED = "dropped"
_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN})
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})


class Flag(Protocol):
    """The one question we have for a threading.Event."""

    def is_set(self) -> bool: ...


def reason_of(error: OSError) -> str:
    """The word for a file that could not be opened or read: "unreadable", "absent", "gone", "not-regular"."""
    if error.errno in _GONE:
        return "gone"
    if error.errno in _ABSENT:
        return "absent"
    return "not-regular" if error.errno == errno.ELOOP else "unreadable"


def fill(files: FileCalls, fd: int, view: memoryview, offset: int, want: int) -> tuple[int, OSError | None]:
    """Read up to `want` bytes at `offset` into `view`; how many came, and what stopped it (None: the file's end).

    `view` must have room for `want` rounded up to ALIGN_BYTES, because O_DIRECT reads whole sectors. After an error the
    same range is tried again in steps of ALIGN_BYTES, so that the count says exactly where the first bad one is; the
    error is reported even if the steps went through: one failed read is not made good by a lucky second one. A short
    read that leaves an unaligned place comes back as EINVAL under O_DIRECT; the caller goes on without it.
    """
    done, step, trouble = 0, align_up(want), None
    while done < want:
        try:
            got = files.preadv(fd, [view[done : min(done + step, align_up(want))]], offset + done)
        except OSError as error:
            if error.errno == errno.EINVAL or step == ALIGN_BYTES:
                return done, trouble or error
            step, trouble = ALIGN_BYTES, error
            continue
        if got == 0:
            break
        done += got
    return min(done, want), trouble


class ReadFault(Exception):
    """A stored file stopped giving bytes at `at_bytes`. `cause` is None where it simply ended too early."""

    def __init__(self, at_bytes: int, cause: OSError | None) -> None:
        super().__init__(at_bytes, cause)
        self.at_bytes = at_bytes
        self.cause = cause


class Stopped(Exception):
    """The caller's flag was raised while we were reading, after `at_bytes`."""

    def __init__(self, at_bytes: int) -> None:
        super().__init__(at_bytes)
        self.at_bytes = at_bytes


class MediumReader:
    """An open file whose bytes come from the medium: O_DIRECT, or where the file system refuses that, buffered reads
    after the file's clean pages were dropped (so its writer must have called fsync). `how` says which.

    `opener` takes extra flags and gives a descriptor, as `OpenSource` does. Raises OSError.
    """

    def __init__(self, files: FileCalls, opener: Callable[[int], int]) -> None:
        self._files = files
        self._opener = opener
        try:
            self.fd = opener(os.O_DIRECT)
            self.how = DIRECT
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.fd = opener(0)
            try:
                self._drop()
            except OSError:
                self.close()
                raise

    def _drop(self) -> None:
        self.how = DROPPED
        self._files.drop_cache(self.fd)

    def _go_buffered(self) -> None:
        self.close()
        self.fd = self._opener(0)
        self._drop()

    def fill(self, view: memoryview, offset: int, want: int) -> tuple[int, OSError | None]:
        """As the function `fill`, leaving O_DIRECT where it will not do."""
        done, error = fill(self._files, self.fd, view, offset, want)
        while error is not None and error.errno == errno.EINVAL and self.how == DIRECT:
            self._go_buffered()
            more, error = fill(self._files, self.fd, view[done:], offset + done, want - done)
            done += more
        return done, error

    def feed(
        self, start: int, end: int, block: Block, update: Callable[[memoryview], object], stop: Flag | None = None
    ) -> None:
        """Give `update` the bytes from `start` (a multiple of ALIGN_BYTES) to `end`; raises ReadFault, Stopped."""
        if self.how == DROPPED:
            self._drop()  # what was written since we last looked is in the cache again
        offset = start
        while offset < end:
            if stop is not None and stop.is_set():
                raise Stopped(offset)
            want = min(block.size_bytes, end - offset)
            done, error = self.fill(block.view, offset, want)
            if error is not None or done < want:
                raise ReadFault(offset + done, error)
            update(block.view[:done])
            offset += done

    def size_bytes(self) -> int:
        return self._files.fstat(self.fd).st_size

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            with suppress(OSError):  # nothing was written through it, so nothing can be lost by it
                self._files.close(fd)

    def __enter__(self) -> MediumReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def stored_file(files: FileCalls, path: str) -> MediumReader:
    """A file of ours, opened to be read from the medium; raises OSError."""
    # O_NONBLOCK: whoever put a FIFO in a clip's place shall be found out, not waited for.
    base = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOATIME | os.O_NONBLOCK

    def opener(extra: int) -> int:
        try:
            return files.open(path, base | extra)
        except PermissionError:  # O_NOATIME is for the owner only
            return files.open(path, (base & ~os.O_NOATIME) | extra)

    return MediumReader(files, opener)
