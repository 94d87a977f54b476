"""One writer per home.

The lock is flock(2) on `<run>/writer.lock`: the kernel drops it when the process ends, however it ends, so a kill
leaves nothing to clean up. The file itself stays: removing it would let two processes lock two files of one name.
Readers take no lock.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType

from .database_urls import redacted
from .errors import Busy, HomeFault

# A note is one short JSON line; whatever is longer is none of ours.
_NOTE_BYTES = 4096


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WriterLock:
    """Context manager: whoever is inside is the only writer of this home.

    Entering raises Busy with what the holder said of itself, or HomeFault when the file cannot be used. `command` is
    what this process was asked to do (its own arguments by default), for the one who finds it busy; passwords of URLs
    in it are hidden.
    """

    def __init__(self, path: str, command: Sequence[str] | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        words = [os.path.basename(sys.argv[0]), *sys.argv[1:]] if command is None else command
        self.path = path
        self._command = " ".join(redacted(word) for word in words)
        self._now = now
        self._fd: int | None = None

    def __enter__(self) -> WriterLock:
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o750, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        except OSError as error:
            raise HomeFault(self.path, "open", error) from error
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
                raise Busy(*_note(os.pread(fd, _NOTE_BYTES, 0))) from error
            since = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            note = json.dumps({"pid": os.getpid(), "command": self._command, "since": since}, ensure_ascii=False)
            os.ftruncate(fd, 0)
            os.pwrite(fd, note.encode() + b"\n", 0)
        except OSError as error:
            os.close(fd)
            raise HomeFault(self.path, "lock", error) from error
        except Busy:
            os.close(fd)
            raise
        self._fd = fd
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            # Closing drops the lock; the note goes first, so that nobody reads of a holder that has left.
            try:
                os.ftruncate(fd, 0)
            finally:
                os.close(fd)


def _note(data: bytes) -> tuple[int | None, str | None, str | None]:
    """Who holds the lock, as far as the note says: it may be read between the holder's lock and its writing."""
    try:
        note = json.loads(data)
        return int(note["pid"]), str(note["command"]), str(note["since"])
    except (ValueError, KeyError, TypeError):
        return None, None, None
