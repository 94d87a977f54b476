"""A first look at a recorder while the station is still being opened: what is on it, and its first small files.

Settings, families and the catalogue take a quarter of a second to load, in which the recorder would have nothing to do.
Its listing is made meanwhile, and small files are read into the page cache, where the copy engine finds them in the
same order. What is read twice costs nothing; a fault is left for the copy to meet and to tell.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

from hashing.filecalls import FileCalls, OsFileCalls

from .listing import Listing, Volume, list_volume

SMALL_BYTES = 2 * 2**20
"""Longer files are copied past the page cache: what lies there is of no use to them."""
AHEAD_FILES = 16
AHEAD_BYTES = 8 * 2**20
"""So much is asked for and not yet read: enough for a card to have work, too little to be in a docking's way."""


class FirstLook:
    """Begins at once, in a thread that nobody waits for longer than for the listing: a dying recorder may keep it."""

    def __init__(self, path: str, files: FileCalls | None = None) -> None:
        self._files = files or OsFileCalls()
        self._path = path
        self._listed = threading.Event()
        self._enough = threading.Event()
        self._unwanted = False
        self._found: tuple[Volume, Listing] | BaseException
        threading.Thread(target=self._run, name="first-look", daemon=True).start()

    def found(self) -> tuple[Volume, Listing]:
        """The volume, which is the caller's to close, and all that is on it; raises OSError."""
        self._listed.wait()
        if isinstance(self._found, BaseException):
            raise self._found
        return self._found

    def enough(self) -> None:
        """Read no further: whoever says so reads the recorder from here on."""
        self._enough.set()

    def let_go(self) -> None:
        """Nobody will ask for what was found: the volume is closed as soon as it is known."""
        self._unwanted = True
        self._enough.set()
        if self._listed.is_set():
            self._close_unwanted()

    def _close_unwanted(self) -> None:
        if self._unwanted and not isinstance(self._found, BaseException):
            self._found[0].close()

    def _run(self) -> None:
        try:
            self._found = volume, listing = self._look()
        except BaseException as error:
            # To whoever asks for the listing with it.
            self._found = error
            return
        finally:
            self._listed.set()
        self._read_ahead(volume, listing)
        self._close_unwanted()

    def _look(self) -> tuple[Volume, Listing]:
        volume = Volume.open(self._files, self._path)
        try:
            listing = list_volume(self._files, volume)
            # Asked for later it would wait behind all that is read ahead: on a slow recorder a second and more.
            volume.label()
            return volume, listing
        except BaseException:
            volume.close()
            raise

    def _read_ahead(self, volume: Volume, listing: Listing) -> None:
        block = memoryview(bytearray(SMALL_BYTES))
        try:
            for fd, size_bytes in self._opened(volume, listing):
                done = 0
                while done < size_bytes and (count := self._files.preadv(fd, [block], done)):
                    done += count
        except OSError:
            return

    def _opened(self, volume: Volume, listing: Listing) -> Iterator[tuple[int, int]]:
        """Small files with their pages asked for, one after the other, the next few of them open already."""
        waiting: deque[tuple[int, int]] = deque()
        small = (entry for entry in listing.entries if entry.kind == "file" and 0 < entry.size_bytes <= SMALL_BYTES)
        try:
            while not self._enough.is_set():
                while len(waiting) < AHEAD_FILES and sum(size for _fd, size in waiting) < AHEAD_BYTES:
                    entry = next(small, None)
                    if entry is None:
                        break
                    fd = volume.open_entry(entry.path)
                    waiting.append((fd, entry.size_bytes))
                    self._files.will_read(fd, 0, entry.size_bytes)
                if not waiting:
                    return
                yield waiting[0]
                self._files.close(waiting.popleft()[0])
        finally:
            for fd, _size in waiting:
                self._files.close(fd)
