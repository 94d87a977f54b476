"""What travels from the reader through the digester and the writer to the prover.

A `LongCopy` is known to all four at once, so each of its fields is set by one of them, before the message that lets the
next one look at it. All else belongs to whoever holds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Condition

from .buffers import Block, Closed
from .digest import Algorithm, Digest, Hasher
from .medium import MediumReader
from .outcomes import CopyTask, Prefix, SourceFault


@dataclass(frozen=True, slots=True)
class Sums:
    """What the source gave, as digests."""

    digests: dict[Algorithm, Digest]
    fingerprint: Digest

    @property
    def blake3(self) -> Digest:
        return self.digests[Algorithm.BLAKE3]


@dataclass(slots=True)
class Proof:
    """How far a long copy was read back, and what came. `failed` is the word for a Condemned."""

    hasher: Hasher
    reading: MediumReader | None = None
    read_bytes: int = 0
    failed: str | None = None
    cause: OSError | None = None


@dataclass(slots=True)
class LongCopy:
    """A file of more than one block, or one that needs the care of the long way (a prefix, a fault)."""

    task: CopyTask
    attempt: int
    proof: Proof  # prover; the reader looks whether it failed, and then saves itself the rest
    source_direct: bool = False  # reader
    resumed_bytes: int | None = None  # digester: None until it knows
    sums: Sums | None = None
    prefix: Prefix | None = None
    fd: int = -1  # writer


@dataclass(slots=True)
class Began:
    copy: LongCopy


@dataclass(slots=True)
class Piece:
    """The next bytes of a long copy, at `offset` (aligned). `prefix`: make durable what is written with this piece."""

    copy: LongCopy
    block: Block
    offset: int
    length: int
    prefix: Prefix | None = None


@dataclass(slots=True)
class Reached:
    """So many bytes of a long copy, from its beginning, are written: they can be proven while the rest is copied."""

    copy: LongCopy
    size_bytes: int


@dataclass(slots=True)
class Checkpoint:
    copy: LongCopy
    prefix: Prefix


@dataclass(slots=True)
class Ended:
    """Nothing more comes of this long copy. `fault.kept` is filled in at the end of the line."""

    copy: LongCopy
    fault: SourceFault | None


@dataclass(slots=True)
class Small:
    """A whole file at `at` in its pack's block."""

    task: CopyTask
    attempt: int
    at: int
    sums: Sums | None = None


@dataclass(slots=True)
class Pack:
    """Small files handed on together: a hand-over costs as much as copying one of them."""

    block: Block | None
    files: list[Small]


@dataclass(slots=True)
class Flush:
    """The reader has nothing more at the moment: prove what is waiting for company."""


@dataclass(slots=True)
class End:
    """The reader has gone home."""


Message = Began | Piece | Reached | Checkpoint | Ended | Pack | SourceFault | Flush | End


class Board:
    """Where the threads leave word for the reader, against the stream: where to resume, what to take again, and
    whether anything may still come back."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._under_way = 0
        self._again: deque[CopyTask] = deque()
        self._closed = False

    def begin(self, count: int = 1) -> None:
        """The reader hands on `count` copies."""
        with self._changed:
            self._under_way += count

    def settle(self, count: int = 1, again: Iterable[CopyTask] = ()) -> None:
        """`count` of them are done with; those of `again` are to be taken once more."""
        with self._changed:
            self._under_way -= count
            self._again.extend(again)
            self._changed.notify_all()

    def tell_start(self, copy: LongCopy, resumed_bytes: int) -> None:
        with self._changed:
            copy.resumed_bytes = resumed_bytes
            self._changed.notify_all()

    def start_of(self, copy: LongCopy) -> int:
        """How many kept bytes proved good, waiting for the answer; raises Closed."""
        with self._changed:
            while copy.resumed_bytes is None:
                if self._closed:
                    raise Closed
                self._changed.wait()
            return copy.resumed_bytes

    def next_again(self) -> CopyTask | None:
        """A task to take again, waiting while one may still come; None when all is settled; raises Closed."""
        with self._changed:
            while not self._again and self._under_way and not self._closed:
                self._changed.wait()
            if self._closed:
                raise Closed
            return self._again.popleft() if self._again else None

    def take_all(self) -> list[CopyTask]:
        """What nobody will take again any more."""
        with self._changed:
            tasks = list(self._again)
            self._again.clear()
            return tasks

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
