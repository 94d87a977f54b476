"""The second thread of a copy: takes every digest of what the source gave, while the next one writes it."""

from __future__ import annotations

from collections.abc import Sequence

from .buffers import Channel, Ring
from .conveyor import Began, Board, Ended, LongCopy, Message, Pack, Piece, Small, Sums
from .digest import Algorithm, Digest, Hasher, new_hasher
from .filecalls import FileCalls
from .fingerprint import FingerprintStream
from .medium import Flag, ReadFault, Stopped, stored_file
from .outcomes import Prefix


class RunningSums:
    """All digests of one file that passes by in pieces."""

    def __init__(self, algorithms: Sequence[Algorithm], size_bytes: int) -> None:
        self._hashers: dict[Algorithm, Hasher] = {algorithm: new_hasher(algorithm) for algorithm in algorithms}
        self._fingerprint = FingerprintStream(size_bytes)
        self.passed_bytes = 0

    def update(self, piece: memoryview) -> None:
        for hasher in self._hashers.values():
            hasher.update(piece)
        self._fingerprint.update(piece)
        self.passed_bytes += len(piece)

    def prefix(self) -> Prefix:
        """What has passed so far."""
        return Prefix(self.passed_bytes, Digest(Algorithm.BLAKE3, self._hashers[Algorithm.BLAKE3].value()))

    def sums(self) -> Sums:
        digests = {algorithm: Digest(algorithm, hasher.value()) for algorithm, hasher in self._hashers.items()}
        return Sums(digests, self._fingerprint.value())


class Digester:
    """Hands every message on, with digests. `run` is the thread's body."""

    def __init__(
        self,
        files: FileCalls,
        ring: Ring,
        taken: Channel[Message],
        out: Channel[Message],
        board: Board,
        algorithms: Sequence[Algorithm],
        checkpoint_bytes: int,
        closing: Flag,
    ) -> None:
        self._files = files
        self._ring = ring
        self._taken = taken
        self._out = out
        self._board = board
        # BLAKE3 is what prefixes and read-back are compared by, so it is always among them.
        self._algorithms = tuple(dict.fromkeys((Algorithm.BLAKE3, *algorithms)))
        self._checkpoint_bytes = checkpoint_bytes
        self._closing = closing
        self._running: RunningSums | None = None
        self._kept_bytes = 0

    def run(self) -> None:
        """Until the reader has ended; raises Closed."""
        while True:
            message = self._taken.get()
            match message:
                case Piece():
                    self._piece(message)
                case Pack(block, files) if block is not None:
                    for small in files:
                        small.sums = self._sums_of(small, block.view[small.at : small.at + small.task.size_bytes])
                case Began(copy):
                    self._begin(copy)
                case Ended(copy):
                    self._end(copy)
            self._out.put(message)

    def _sums_of(self, small: Small, data: memoryview) -> Sums:
        sums = RunningSums(self._algorithms, small.task.size_bytes)
        sums.update(data)
        return sums.sums()

    def _begin(self, copy: LongCopy) -> None:
        self._running = None
        if copy.task.resume is not None:
            self._running = self._rehash(copy, copy.task.resume)
        resumed_bytes = 0 if self._running is None else self._running.passed_bytes
        if self._running is None:
            self._running = RunningSums(self._algorithms, copy.task.size_bytes)
        self._kept_bytes = resumed_bytes
        self._board.tell_start(copy, resumed_bytes)

    def _rehash(self, copy: LongCopy, prefix: Prefix) -> RunningSums | None:
        """The sums of the kept part as the medium gives it, or None where that is not what the source once gave."""
        if not 0 < prefix.size_bytes <= copy.task.size_bytes:
            return None
        sums = RunningSums(self._algorithms, copy.task.size_bytes)
        block = self._ring.take()
        try:
            with stored_file(self._files, copy.task.partial) as stored:
                stored.feed(0, prefix.size_bytes, block, sums.update, self._closing)
        except (OSError, ReadFault, Stopped):
            return None  # not to be had, so not to be built on; the source still has it
        finally:
            self._ring.give(block)
        return sums if sums.prefix() == prefix else None

    def _piece(self, piece: Piece) -> None:
        running = self._running
        assert running is not None
        skip = max(running.passed_bytes - piece.offset, 0)  # kept bytes that were read again to start on a sector
        if skip < piece.length:
            running.update(piece.block.view[skip : piece.length])
        if running.passed_bytes - self._kept_bytes >= self._checkpoint_bytes:
            self._kept_bytes = running.passed_bytes
            piece.prefix = running.prefix()

    def _end(self, copy: LongCopy) -> None:
        running, self._running = self._running, None
        assert running is not None
        copy.prefix = running.prefix()
        copy.sums = running.sums()
