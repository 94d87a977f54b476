"""Stored files read back from the medium with several reads under way.

One after the other they would each wait for the disk alone, between the writes of the next copy, and reading back would
take longer than copying.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from .buffers import Block
from .digest import Algorithm, Digest, new_hasher
from .filecalls import FileCalls
from .medium import DIRECT, Flag, MediumReader, ReadFault, Stopped, fill, stored_file

READERS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """BLAKE3 of what the medium gives, and how it was asked. `digest` is None where it gives fewer or more bytes than
    it should, or none: then `cause` says why."""

    digest: Digest | None
    how: str
    cause: OSError | None = None


class Checker:
    """Reads stored files back with several reads under way, in `memory_bytes` of memory. `close` ends its threads."""

    def __init__(self, files: FileCalls, memory_bytes: int) -> None:
        self._files = files
        self._crew = ThreadPoolExecutor(READERS, "copy-check")
        self._whole = Block(memory_bytes)
        self._blocks = self._whole.split(READERS)

    def feed(
        self, stored: MediumReader, start: int, end: int, update: Callable[[memoryview], object], stop: Flag
    ) -> None:
        """As `stored.feed`: what it raises and what it gives, in order, sooner."""
        offset, reads = start, deque[tuple[int, int, Block, Future[tuple[int, OSError | None]]]]()
        try:
            while stored.how == DIRECT and start < end:
                while offset < end and len(reads) < READERS:
                    block = self._blocks[offset // self._blocks[0].size_bytes % READERS]
                    want = min(block.size_bytes, end - offset)
                    read = self._crew.submit(fill, self._files, stored.fd, block.view, offset, want)
                    reads.append((offset, want, block, read))
                    offset += want
                start, want, block, read = reads.popleft()
                done, error = read.result()
                if stop.is_set():
                    raise Stopped(start)
                if error is not None and error.errno == errno.EINVAL:
                    break  # it wants to be read without O_DIRECT, and one after the other
                if error is not None or done < want:
                    raise ReadFault(start + done, error)
                update(block.view[:done])
                start += done
        finally:
            wait([read for *_, read in reads])
        stored.feed(start, end, self._whole, update, stop)

    def read(self, copies: Sequence[tuple[str, int]]) -> list[Found]:
        """What each small file of (path, size) gives, in their order."""
        if len(copies) < READERS:
            return self._read_each(copies, self._blocks[0])
        shares = list(self._crew.map(self._read_each, (copies[i::READERS] for i in range(READERS)), self._blocks))
        return [shares[i % READERS][i // READERS] for i in range(len(copies))]

    def close(self) -> None:
        self._crew.shutdown()

    def _read_each(self, copies: Sequence[tuple[str, int]], block: Block) -> list[Found]:
        return [self._read_one(path, size_bytes, block) for path, size_bytes in copies]

    def _read_one(self, path: str, size_bytes: int, block: Block) -> Found:
        hasher = new_hasher(Algorithm.BLAKE3)
        try:
            with stored_file(self._files, path) as stored:
                if stored.size_bytes() != size_bytes:
                    return Found(None, stored.how)
                stored.feed(0, size_bytes, block, hasher.update)
                return Found(Digest(Algorithm.BLAKE3, hasher.value()), stored.how)
        except ReadFault as fault:
            return Found(None, "", fault.cause)
        except OSError as error:
            return Found(None, "", error)
