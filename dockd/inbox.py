"""Drop folders: files that arrive over the network or by hand from cameras, camcorders and voice recorders (duty D01).

Half-written files are the classic fault of watched folders. A file is taken in only when its size and time have stood
still for a while *and*, where the kernel tells us, nobody has it open for writing. A drop folder is docked like a
recorder: same engine, same proof; its name is the source's name. Removing comes only after that, if at all.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from .listing import Listed, Volume

log = logging.getLogger("dockd")

# fcntl(2): a read lease is refused with EAGAIN while anybody has the file open for writing.
F_SETLEASE = 1024

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Print:
    """What must not change while a file is still: size, time, inode."""

    size_bytes: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, listed: Listed) -> Print:
        """The print of a listed file."""
        return cls(listed.size_bytes, listed.mtime_ns, listed.inode)


class Stillness:
    """Which files of a folder have not changed for `still_s`. Pure but for the clock and the writers' check it gets."""

    def __init__(self, still_s: float, clock: Callable[[], float]) -> None:
        self._still_s = still_s
        self._clock = clock
        self._since: dict[bytes, tuple[Print, float]] = {}
        self._taken: dict[bytes, Print] = {}

    def look(self, entries: tuple[Listed, ...], is_being_written: Callable[[Listed], bool]) -> frozenset[bytes]:
        """The paths that are still now and have not been taken in as they are."""
        now = self._clock()
        present = {entry.path: entry for entry in entries if entry.kind == "file"}
        self._since = {path: seen for path, seen in self._since.items() if path in present}
        self._taken = {path: seen for path, seen in self._taken.items() if path in present}
        still = set()
        for path, entry in present.items():
            found = Print.of(entry)
            known = self._since.get(path)
            if known is None or known[0] != found:
                self._since[path] = (found, now)
                continue
            if now - known[1] < self._still_s or self._taken.get(path) == found:
                continue
            if is_being_written(entry):
                self._since[path] = (found, now)
            else:
                still.add(path)
        return frozenset(still)

    def taken(self, entries: tuple[Listed, ...]) -> None:
        """These have an outcome: they are not offered again until they change."""
        for entry in entries:
            self._taken[entry.path] = Print.of(entry)

    @property
    def waiting(self) -> bool:
        """Whether something is there that is not still yet, or not taken."""
        return any(self._taken.get(path) != seen[0] for path, seen in self._since.items())


def is_being_written(volume: Volume, listed: Listed) -> bool:
    """Whether somebody has the file open for writing, as far as the kernel tells us: a lease is for the file's owner
    and root. Where it is not granted for that reason, stillness alone must do.
    """
    try:
        fd = volume.open_entry(listed.path, 0)
    except OSError:
        return False
    try:
        fcntl.fcntl(fd, F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        volume.files.close(fd)
    return False


class _Wake(FileSystemEventHandler):
    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Anything that moves is a reason to look; what it means, the listing says."""
        if event.event_type not in ("opened", "closed_no_write"):
            self._wake.set()


class Inbox:
    """Watches one drop folder in a thread of its own and has it docked when something in it is still.

    `dock` takes (folder, still paths) and gives the entries that got an outcome; it is called in this thread.
    """

    def __init__(
        self,
        folder: str,
        *,
        still_s: float,
        list_entries: Callable[[], tuple[Listed, ...]],
        being_written: Callable[[Listed], bool],
        dock: Callable[[frozenset[bytes]], tuple[Listed, ...]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._list_entries = list_entries
        self._being_written = being_written
        self._dock = dock
        self._stillness = Stillness(still_s, clock)
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._observer = Observer()
        self._thread = threading.Thread(target=self._watch, name=f"inbox {os.path.basename(folder)}", daemon=True)

    def start(self) -> None:
        """Watch; what lies there already is looked at first. Raises OSError when the folder cannot be watched."""
        self._observer.schedule(_Wake(self._wake), self.folder, recursive=True)
        self._observer.start()
        self._wake.set()
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """End after the file under way."""
        self._ending.set()
        self._wake.set()
        self._observer.stop()
        self._thread.join(patience_s)

    def _watch(self) -> None:
        while not self._ending.is_set():
            # While something is not still yet, time itself is the event.
            self._wake.wait(LOOK_EVERY_S if self._stillness.waiting else None)
            self._wake.clear()
            if self._ending.is_set():
                return
            try:
                self.look()
            except OSError as error:
                log.warning("act=inbox folder=%s fault=%s", self.folder, error)
                self._ending.wait(LOOK_EVERY_S)
                self._wake.set()

    def look(self) -> None:
        """Look once: dock what is still. Raises OSError."""
        still = self._stillness.look(self._list_entries(), self._being_written)
        if still:
            self._stillness.taken(self._dock(still))
