"""The target side of a copy: what was created there, and the thread that writes it."""

from __future__ import annotations

import errno
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

from .buffers import ALIGN_BYTES, Channel, Ring, align_down
from .conveyor import Began, Checkpoint, Ended, LongCopy, Message, Pack, Piece, Reached, Small
from .errors import AlreadyThere, TargetFault
from .filecalls import FileCalls
from .medium import MediumReader, stored_file

FINISHED_MODE = 0o440
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
IN_FLIGHT = 2
"""Writes of one copy under way at a time: a fast disk read twice meanwhile took 0.8 GiB/s with one, 2.1 with two."""
_REOPEN = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class Target:
    """The folder(s) partials lie in. Knows what it has open and which partials the caller has not been told of, so
    that a run that ends early leaves neither. Every fault is a TargetFault that names the act."""

    def __init__(self, files: FileCalls) -> None:
        self._files = files
        self._lock = Lock()
        self._fds: dict[int, str] = {}
        self._readers: set[MediumReader] = set()
        self._folders: dict[str, int] = {}
        self._untold: set[str] = set()

    def create(self, path: str, extra: int = 0) -> int:
        """A new file of ours, or AlreadyThere."""
        self.folder_of(path)
        try:
            fd = self._files.open(path, _CREATE | extra, 0o600)
        except FileExistsError:
            raise AlreadyThere(path) from None
        except OSError as error:
            if extra and error.errno == errno.EINVAL:
                # Some file systems make the name before they refuse O_DIRECT; the name is ours, open it without.
                self.remove(path)
                return self.create(path)
            raise TargetFault(path, "create", error) from error
        with self._lock:
            self._untold.add(path)
            self._fds[fd] = path
        return fd

    def reopen(self, path: str) -> int:
        """The partial of an earlier run, to be written on."""
        self.folder_of(path)
        try:
            try:
                fd = self._files.open(path, _REOPEN | os.O_DIRECT)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                fd = self._files.open(path, _REOPEN)
        except OSError as error:
            raise TargetFault(path, "open", error) from error
        with self._lock:
            self._fds[fd] = path
        return fd

    def read(self, path: str) -> MediumReader:
        """Open for reading back; raises OSError."""
        reader = stored_file(self._files, path)
        with self._lock:
            self._readers.add(reader)
        return reader

    def close_reader(self, reader: MediumReader) -> None:
        with self._lock:
            self._readers.discard(reader)
        reader.close()

    def close(self, fd: int) -> None:
        """Close what `create` or `reopen` gave."""
        with self._lock:
            path = self._fds.pop(fd)
        try:
            self._files.close(fd)
        except OSError as error:
            raise TargetFault(path, "close", error) from error

    def remove(self, path: str) -> None:
        """Take a partial away; that it is not there is fine."""
        try:
            self._files.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise TargetFault(path, "remove", error) from error
        self.tell(path)

    def tell(self, path: str) -> None:
        """The caller knows of this partial from now on: it is the caller's."""
        with self._lock:
            self._untold.discard(path)

    def folder_of(self, path: str) -> int:
        """The open folder of `path`. It is opened before anything is written there: syncfs reports through a descriptor
        the write errors since that was opened (Linux 5.8)."""
        folder = os.path.dirname(path)
        with self._lock:
            fd = self._folders.get(folder)
            if fd is None:
                try:
                    fd = self._files.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                except OSError as error:
                    raise TargetFault(folder, "open", error) from error
                self._folders[folder] = fd
        return fd

    def sync_all(self) -> None:
        """Everything written so far, names included, is durable; raises OSError."""
        with self._lock:
            fds = list(self._folders.values())
        devices: set[int] = set()
        for fd in fds:
            device = self._files.fstat(fd).st_dev
            if device not in devices:
                devices.add(device)
                self._files.syncfs(fd)

    def release(self) -> None:
        """Close everything and remove what the caller was never told of. Only once no thread works here any more."""
        for reader in self._readers:
            with suppress(OSError):
                reader.close()
        for fd in (*self._fds, *self._folders.values()):
            with suppress(OSError):
                self._files.close(fd)
        for path in self._untold:
            with suppress(OSError):  # what cannot be tidied up now, the next start finds and removes
                self._files.unlink(path)
        self._readers.clear()
        self._fds.clear()
        self._folders.clear()
        self._untold.clear()


class Writer:
    """Writes what it is handed and hands the copies on to be proven. `run` is the thread's body."""

    def __init__(
        self,
        files: FileCalls,
        target: Target,
        ring: Ring,
        digested: Channel[Message],
        out: Channel[Message],
        proof_bytes: int,
    ) -> None:
        self._files = files
        self._target = target
        self._ring = ring
        self._digested = digested
        self._out = out
        self._proof_bytes = proof_bytes
        self._under_way_at = self._told_at = 0
        self._direct = False
        self._crew = ThreadPoolExecutor(IN_FLIGHT, "copy-write-block")
        self._writes: deque[Future[None]] = deque()

    def run(self) -> None:
        """Until all is written; raises Closed, TargetFault, AlreadyThere."""
        try:
            self._run()
        finally:
            self._crew.shutdown()

    def _run(self) -> None:
        while True:
            message = self._digested.get()
            match message:
                case Piece(copy, prefix=prefix):
                    self._wait(IN_FLIGHT - 1)
                    self._tell_reached(message)
                    self._writes.append(self._crew.submit(self._write_piece, message))
                    if prefix is not None:
                        self._wait(0)
                        self._out.put(Checkpoint(copy, prefix))
                    continue
                case Ended():
                    self._wait(0)
                case Pack(block, files) if block is not None:
                    for small in files:
                        self._write_small(small, block.view[small.at : small.at + small.task.size_bytes])
                    self._ring.give(block)
                    message.block = None
                case Began(copy):
                    self._begin(copy)
                    continue
            self._out.put(message)

    def _write_small(self, small: Small, data: memoryview) -> None:
        path = small.task.partial
        fd = self._target.create(path)
        try:
            act = "write"
            done = 0
            while done < len(data):
                done += self._files.pwrite(fd, data[done:], done)
            act = "chmod"
            self._files.chmod(fd, FINISHED_MODE)
        except OSError as error:
            raise TargetFault(path, act, error) from error
        finally:
            self._target.close(fd)

    def _begin(self, copy: LongCopy) -> None:
        task, path = copy.task, copy.task.partial
        self._under_way_at = self._told_at = copy.resumed_bytes or 0
        if copy.resumed_bytes:
            copy.fd = self._target.reopen(path)
        else:
            if task.resume is not None:
                self._target.remove(path)
            copy.fd = self._target.create(path, os.O_DIRECT)
        self._direct = True  # where it was refused already, putting it off once more does no harm
        try:
            self._files.allocate(copy.fd, task.size_bytes)
        except OSError as error:
            raise TargetFault(path, "allocate", error) from error

    def _tell_reached(self, piece: Piece) -> None:
        """Now and then, how far the writes have come: all but the one before `piece`, which may still be under way."""
        if self._under_way_at - self._told_at >= self._proof_bytes:
            self._told_at = self._under_way_at
            self._out.put(Reached(piece.copy, self._told_at))
        self._under_way_at = piece.offset

    def _wait(self, may_last: int) -> None:
        """Until no more than so many writes are under way; raises what became of the others."""
        while len(self._writes) > may_last:
            self._writes.popleft().result()

    def _write_piece(self, piece: Piece) -> None:
        try:
            self._write(piece.copy.fd, piece.block.view, piece.offset, piece.length)
        except OSError as error:
            raise TargetFault(piece.copy.task.partial, "write", error) from error
        # Here and not where the write is waited for: the reader may be waiting for this very block.
        self._ring.give(piece.block)

    def _write(self, fd: int, view: memoryview, offset: int, length: int) -> None:
        """Whole sectors past the page cache; the rest of the last one, and whatever is refused, through it."""
        done = 0
        while done < length:
            direct = self._direct  # the write beside this one may change it
            end = align_down(length) if direct else length
            if direct and (done >= end or done % ALIGN_BYTES):
                self._go_buffered(fd)
                continue
            try:
                done += self._files.pwrite(fd, view[done:end], offset + done)
            except OSError as error:
                if error.errno != errno.EINVAL or not direct:
                    raise
                self._go_buffered(fd)

    def _go_buffered(self, fd: int) -> None:
        # A write under way beside this one goes on as it began; the kernel looks at the flag when a write starts.
        self._files.set_flags(fd, 0)
        self._direct = False
