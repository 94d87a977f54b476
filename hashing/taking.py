"""The source side of a copy: one thread that reads a recorder and never touches the target, so that it can be left
behind (see `source.Watch`)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from .buffers import Block, Channel, Ring, align_down, align_up
from .conveyor import Began, Board, End, Ended, Flush, LongCopy, Message, Pack, Piece, Proof, Small
from .digest import Algorithm, new_hasher
from .filecalls import FileCalls, is_regular
from .medium import Flag, fill, reason_of
from .outcomes import CopyTask, SourceFault
from .source import ReadTime, Source, Watch

AHEAD_FILES = 16
AHEAD_BYTES = 8 * 2**20
"""How far small files are opened ahead and their pages asked for: a card always has several requests to work on."""
PACK_FILES = 64


@dataclass(slots=True)
class _Ahead:
    """A task taken from the caller's list; `fd` is open where the file is small and could be opened."""

    task: CopyTask
    attempt: int = 1
    fd: int = -1


class Reader:
    """Takes tasks, reads their files, hands blocks on. `run` is the thread's body."""

    def __init__(
        self,
        files: FileCalls,
        tasks: Iterable[CopyTask],
        ring: Ring,
        out: Channel[Message],
        board: Board,
        watch: Watch,
        stop: Flag,
        on_bytes: Callable[[int], None],
        read_time: ReadTime,
    ) -> None:
        self._files = files
        self._tasks = iter(tasks)
        self._ring = ring
        self._out = out
        self._board = board
        self._watch = watch
        self._stop = stop
        self._on_bytes = on_bytes
        self._read_time = read_time
        self._ahead: deque[_Ahead] = deque()
        self._ahead_bytes = 0
        self._pack = Pack(None, [])
        self._pack_bytes = 0
        self._small: _Ahead | None = None
        self._long: LongCopy | None = None
        self._unbegun: CopyTask | None = None
        self._pulling = False

    def run(self) -> None:
        """Everything there is to take; raises Closed, Abandoned, and what the caller's iterator raises."""
        try:
            while (item := self._next()) is not None:
                self._take(item)
            while True:
                self._hand_pack()
                self._out.put(Flush())
                again = self._board.next_again()
                if again is None:
                    break
                self._take(_Ahead(again, attempt=2))
            self._out.put(End())
        finally:
            self._close_ahead()

    def leftovers(self, reason: str) -> tuple[Ended | None, list[SourceFault]]:
        """For whoever gave this thread up: the end of its long copy, and a fault for each task it had not handed on.
        Only the thread itself touches these fields, and `Watch` keeps it from ever doing so again."""
        long, tasks = self._long, [small.task for small in self._pack.files]
        tasks += [item.task for item in (self._small,) if item is not None]
        tasks += [task for task in (self._unbegun,) if task is not None]
        tasks += [item.task for item in self._ahead]
        ended = None if long is None else Ended(long, SourceFault(long.task, reason, None, 0, None))
        return ended, [SourceFault(task, reason, None, 0, task.resume) for task in tasks]

    def remaining(self) -> Iterator[CopyTask]:
        """What was never taken from the caller's list, unless this thread was given up while it was in there."""
        return iter(()) if self._pulling else self._tasks

    def _next(self) -> _Ahead | None:
        room = not self._stop.is_set()
        while room and len(self._ahead) < AHEAD_FILES and self._ahead_bytes < AHEAD_BYTES:
            self._pulling = True
            with self._watch:  # the caller may look at the recorder to make a task
                task = next(self._tasks, None)
            self._pulling = False
            if task is None:
                break
            item = _Ahead(task)
            self._ahead.append(item)
            self._ahead_bytes += task.size_bytes
            if self._is_small(task):
                self._open_ahead(item)
        if not self._ahead:
            return None
        item = self._ahead.popleft()
        self._ahead_bytes -= item.task.size_bytes
        return item

    def _is_small(self, task: CopyTask) -> bool:
        return task.size_bytes <= self._ring.block_bytes and task.resume is None

    def _open_ahead(self, item: _Ahead) -> None:
        try:
            item.fd = Source(self._files, self._watch, item.task.open_source, item.task.size_bytes, 0).fd
            with self._watch:
                self._files.will_read(item.fd, 0, item.task.size_bytes)
        except OSError:
            pass  # opening ahead is a favour; the long way will meet the error again and report it

    def _take(self, item: _Ahead) -> None:
        if self._stop.is_set():  # taken from the caller's list, so it needs an answer
            self._close_item(item)
            self._miss(item.task, "stopped", None)
        elif not (self._is_small(item.task) and self._take_small(item)):
            self._hand_pack()
            self._take_long(item.task, item.attempt)

    def _take_small(self, item: _Ahead) -> bool:
        """A whole file into the pack; False where anything is out of the ordinary, and the long way decides."""
        size_bytes = item.task.size_bytes
        if self._pack_bytes + align_up(size_bytes) > self._ring.block_bytes or len(self._pack.files) >= PACK_FILES:
            self._hand_pack()
        self._small = item
        if item.fd < 0:
            self._open_ahead(item)
        if item.fd < 0:
            self._small = None
            return False
        block = self._pack.block
        if block is None:
            block = self._pack.block = self._ring.take()
        at = self._pack_bytes
        whole = self._read_whole(item, block, at)
        with self._watch:
            self._close_item(item)
        self._small = None
        if whole:
            self._pack.files.append(Small(item.task, item.attempt, at))
            self._pack_bytes = at + align_up(size_bytes)
        return whole

    def _read_whole(self, item: _Ahead, block: Block, at: int) -> bool:
        size_bytes = item.task.size_bytes
        try:
            with self._watch:  # one bracket for the whole file: it is a block at most
                if size_bytes:
                    done, error = fill(self._files, item.fd, block.view[at:], 0, size_bytes)
                    if error is not None or done < size_bytes:
                        return False
                status = self._files.fstat(item.fd)
                return is_regular(status) and status.st_size == size_bytes
        except OSError:
            return False

    def _hand_pack(self) -> None:
        pack, self._pack, self._pack_bytes = self._pack, Pack(None, []), 0
        if pack.files:
            self._board.begin(len(pack.files))
            self._out.put(pack)
            self._on_bytes(sum(small.task.size_bytes for small in pack.files))
        elif pack.block is not None:
            self._ring.give(pack.block)

    def _miss(self, task: CopyTask, reason: str, error: OSError | None) -> None:
        self._out.put(SourceFault(task, reason, error.errno if error else None, 0, task.resume))

    def _take_long(self, task: CopyTask, attempt: int) -> None:
        self._unbegun = task
        try:
            source = Source(
                self._files, self._watch, task.open_source, task.size_bytes, os.O_DIRECT, read_time=self._read_time
            )
        except OSError as error:
            self._unbegun = None
            self._miss(task, reason_of(error), error)
            return
        try:
            self._take_open(source, task, attempt)
        finally:
            with self._watch:
                source.close()

    def _take_open(self, source: Source, task: CopyTask, attempt: int) -> None:
        try:
            reason, trouble = source.fault(), None  # type: tuple[str | None, OSError | None]
        except OSError as error:
            reason, trouble = reason_of(error), error
        self._unbegun = None
        if reason is not None:
            self._miss(task, reason, trouble)
            return
        copy = LongCopy(task, attempt, Proof(new_hasher(Algorithm.BLAKE3)))
        self._board.begin()
        self._out.put(Began(copy))
        self._long = copy
        fault = self._read_long(source, copy)
        self._long = None
        copy.source_direct = source.direct
        self._out.put(Ended(copy, fault))

    def _read_long(self, source: Source, copy: LongCopy) -> SourceFault | None:
        task, offset = copy.task, 0
        if task.resume is not None:
            # Whole sectors only: the kept bytes of the last one are read, and written, once more.
            offset = align_down(self._board.start_of(copy))
            self._on_bytes(offset)
        while offset < task.size_bytes and copy.proof.failed is None:
            if self._stop.is_set():
                return SourceFault(task, "stopped", None, offset, None)
            block = self._ring.take()
            want = min(block.size_bytes, task.size_bytes - offset)
            done, error = source.fill(block.view, offset, want)
            if done:
                self._out.put(Piece(copy, block, offset, done))
                self._on_bytes(done)
            else:
                self._ring.give(block)
            offset += done
            if error is not None:
                return SourceFault(task, reason_of(error), error.errno, offset, None)
            if done < want:
                return SourceFault(task, "shrank", None, offset, None)
        try:
            reason = source.fault()
        except OSError as error:
            return SourceFault(task, reason_of(error), error.errno, offset, None)
        return None if reason is None else SourceFault(task, reason, None, offset, None)

    def _close_item(self, item: _Ahead) -> None:
        fd, item.fd = item.fd, -1
        if fd >= 0:
            with suppress(OSError):
                self._files.close(fd)

    def _close_ahead(self) -> None:
        for item in (*self._ahead, *([self._small] if self._small else [])):
            self._close_item(item)
