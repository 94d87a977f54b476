"""A recorder's file, and the guard over a thread that reads it.

Such a thread may be left behind: a read on a dying recorder can last for ever. `Watch` notices, and sees to it that
nothing the thread does afterwards reaches anybody.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import monotonic
from types import TracebackType

from .filecalls import FileCalls, is_regular
from .medium import fill
from .outcomes import OpenSource


class Abandoned(Exception):
    """The call came back after we had been given up."""


class Watch:
    """Brackets every call on the source: `with watch: …`. Another thread may ask how long the call has lasted, and give
    the thread up; the bracket then raises Abandoned, before the result can do anything."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._gate = Lock()
        self._since: float | None = None
        self.abandoned = False

    def __enter__(self) -> None:
        self._since = self._clock()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with self._gate:
            self._since = None
            if self.abandoned:
                raise Abandoned

    def waited_s(self) -> float:
        """How long the present call has lasted; 0 when there is none."""
        since = self._since
        return 0.0 if since is None else self._clock() - since

    def abandon(self, after_s: float) -> bool:
        """Give the thread up if its present call has lasted `after_s`; whether it was."""
        with self._gate:
            self.abandoned = self.abandoned or (self._since is not None and self.waited_s() >= after_s)
            return self.abandoned


class ReadTime:
    """How fast a recorder gives what it is asked for: bytes that came past the page cache, and the seconds that took.
    Reads through the cache do not count: the kernel has done part of them before anybody waited.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.size_bytes = 0
        self.seconds = 0.0

    def add(self, size_bytes: int, began: float) -> None:
        """So many bytes came since `began`."""
        self.size_bytes += size_bytes
        self.seconds += self.clock() - began


class Source:
    """One open file of a recorder, every call under watch. Raises OSError, Abandoned.

    `extra` is O_DIRECT or 0; where the file system refuses O_DIRECT, `direct` turns False. `drop`: pages that are in
    the cache already are dropped before they are used. `read_time` is told of direct reads.
    """

    def __init__(
        self,
        files: FileCalls,
        watch: Watch,
        open_source: OpenSource,
        size_bytes: int,
        extra: int,
        *,
        drop: bool = False,
        read_time: ReadTime | None = None,
    ) -> None:
        self._files = files
        self._watch = watch
        self._read_time = read_time or ReadTime()
        self._open_source = open_source
        self._size_bytes = size_bytes
        self._drop = drop
        self.fd = -1
        self.direct = bool(extra)
        try:
            try:
                self._open(extra)
            except OSError as error:
                if not extra or error.errno != errno.EINVAL:
                    raise
                self.direct = False
                self._open(0)
        except OSError:
            self.close()
            raise

    def _open(self, extra: int) -> None:
        fd = -1
        try:
            with self._watch:
                fd = self._open_source(extra)
        except Abandoned:
            if fd >= 0:
                with suppress(OSError):
                    self._files.close(fd)
            raise
        self.fd = fd
        if self._drop and not extra:
            with self._watch:
                self._files.drop_cache(fd)

    def fault(self) -> str | None:
        """Whether this is still the plain file of the size that was listed."""
        with self._watch:
            status = self._files.fstat(self.fd)
        if not is_regular(status):
            return "not-regular"
        if status.st_size == self._size_bytes:
            return None
        return "shrank" if status.st_size < self._size_bytes else "grew"

    def fill(self, view: memoryview, offset: int, want: int) -> tuple[int, OSError | None]:
        """As `medium.fill`, leaving O_DIRECT where it will not do."""
        began = self._read_time.clock()
        with self._watch:
            done, error = fill(self._files, self.fd, view, offset, want)
        if self.direct:
            self._read_time.add(done, began)
        if error is not None and error.errno == errno.EINVAL and self.direct:
            self.close()
            self.direct = False
            self._open(0)
            with self._watch:
                more, error = fill(self._files, self.fd, view[done:], offset + done, want - done)
            done += more
        return done, error

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            with suppress(OSError):  # nothing was written through it, so nothing can be lost by it
                self._files.close(fd)
