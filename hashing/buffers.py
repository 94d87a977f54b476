"""Aligned blocks of memory, the ring they come from, and the channels that hand them from thread to thread.

Each of a copy's threads owns what it was handed and nothing else, so none of them needs a lock of its own.
"""

from __future__ import annotations

import mmap
from collections import deque
from threading import Condition, Lock
from typing import Generic, TypeVar

ALIGN_BYTES = 4096
"""What O_DIRECT asks of addresses, offsets and lengths: the page, which every sector size in use divides."""


class Closed(Exception):
    """This channel or ring was shut: the thread that hears it goes home. Never reaches a caller of the package."""


def align_up(length: int) -> int:
    """The smallest multiple of ALIGN_BYTES that is not below `length`."""
    return -(-length // ALIGN_BYTES) * ALIGN_BYTES


def align_down(length: int) -> int:
    """The largest multiple of ALIGN_BYTES that is not above `length`."""
    return length // ALIGN_BYTES * ALIGN_BYTES


class Block:
    """`size_bytes` of page-aligned memory. Private and anonymous: it costs nothing until it is written to, and it
    goes when the last view of it does, so a read that never returned keeps its memory and harms nobody."""

    __slots__ = ("size_bytes", "view")

    def __init__(self, size_bytes: int, view: memoryview | None = None) -> None:
        self.size_bytes = align_up(size_bytes)
        if view is None:
            view = memoryview(mmap.mmap(-1, self.size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        self.view = view

    def split(self, count: int) -> list[Block]:
        """The same memory as `count` smaller blocks; use them or this one, not both at a time."""
        part = align_down(self.size_bytes // count)
        return [Block(part, self.view[i * part : (i + 1) * part]) for i in range(count)]


class Ring:
    """At most `count` blocks, made as they are first needed.

    The block given back last is taken first: a source slower than the disk turns over two or three blocks, and the
    others never become memory. That is what keeps sixteen slots at once small.
    """

    def __init__(self, count: int, block_bytes: int) -> None:
        self.block_bytes = align_up(block_bytes)
        self._unmade = count
        self._free: list[Block] = []
        self._changed = Condition(Lock())
        self._closed = False

    def take(self) -> Block:
        """A free block, waiting for one if need be; raises Closed."""
        with self._changed:
            while not self._free and not self._unmade and not self._closed:
                self._changed.wait()
            if self._closed:
                raise Closed
            if self._free:
                return self._free.pop()
            self._unmade -= 1
        return Block(self.block_bytes)

    def give(self, block: Block) -> None:
        """Hand a block back; its former owner must not touch it again."""
        with self._changed:
            self._free.append(block)
            self._changed.notify()

    def close(self) -> None:
        """Wake whoever waits, and let the memory go."""
        with self._changed:
            self._closed = True
            self._free.clear()
            self._changed.notify_all()


T = TypeVar("T")


class Channel(Generic[T]):
    """A bounded queue that can be shut from either side, which `queue.Queue` learned only in Python 3.13."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        lock = Lock()
        self._filled = Condition(lock)
        self._drained = Condition(lock)
        self._ended = False
        self._aborted = False

    def put(self, item: T, *, beyond_capacity: bool = False) -> None:
        """Queue `item`, waiting for room unless told not to; raises Closed when nobody will take it."""
        with self._filled:
            while len(self._items) >= self._capacity and not self._aborted and not beyond_capacity:
                self._drained.wait()
            if self._aborted or self._ended:
                raise Closed
            self._items.append(item)
            self._filled.notify()

    def get(self, timeout_s: float | None = None) -> T:
        """The next item. Raises Closed after `abort`, or after `end` once all was taken, and TimeoutError."""
        with self._filled:
            while not self._items:
                if self._aborted or self._ended:
                    raise Closed
                if not self._filled.wait(timeout_s) and timeout_s is not None:
                    raise TimeoutError
            item = self._items.popleft()
            self._drained.notify()
            return item

    def end(self) -> None:
        """No more will come; what is queued can still be taken."""
        with self._filled:
            self._ended = True
            self._filled.notify_all()
            self._drained.notify_all()

    def abort(self) -> None:
        """Drop what is queued and turn both sides away."""
        with self._filled:
            self._aborted = True
            self._items.clear()
            self._filled.notify_all()
            self._drained.notify_all()
