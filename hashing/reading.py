"""Digests of files as their medium gives them: originals in the vault, and a recorder's files for the second time.

A file that is different gives another digest; one that cannot be read raises SourceUnreadable, with the place.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .buffers import Block, Channel, align_up
from .digest import Algorithm, Digest, Hasher, new_hasher
from .errors import SourceUnreadable
from .filecalls import FileCalls, is_regular
from .fingerprint import fingerprint_of
from .medium import DIRECT, DROPPED, Flag, ReadFault, Stopped, reason_of, stored_file
from .outcomes import OpenSource
from .source import Abandoned, Source, Watch

__all__ = ["ReadBack", "SourceUnreadable", "fingerprint_of", "read_back", "read_source"]

BLOCK_BYTES = 2 * 2**20


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a file gave. `how`: "direct" (past the page cache) or "dropped" (the cache was emptied of it first)."""

    size_bytes: int
    digests: dict[Algorithm, Digest]
    how: str


class _Digests:
    """Several digests of one stream, and whoever wants to know how far it is."""

    def __init__(self, algorithms: Sequence[Algorithm], on_bytes: Callable[[int], None] | None) -> None:
        self._hashers: dict[Algorithm, Hasher] = {algorithm: new_hasher(algorithm) for algorithm in algorithms}
        self._on_bytes = on_bytes

    def update(self, piece: memoryview) -> None:
        for hasher in self._hashers.values():
            hasher.update(piece)
        if self._on_bytes is not None:
            self._on_bytes(len(piece))

    def values(self) -> dict[Algorithm, Digest]:
        return {algorithm: Digest(algorithm, hasher.value()) for algorithm, hasher in self._hashers.items()}


def read_back(
    files: FileCalls,
    path: str,
    algorithms: Sequence[Algorithm] = (Algorithm.BLAKE3,),
    *,
    on_bytes: Callable[[int], None] | None = None,
    stop: Flag | None = None,
) -> ReadBack:
    """The digests of a stored file, read from the medium and not from the page cache, whole and at its present size.

    Raises OSError when it cannot be opened, SourceUnreadable when it is no plain file, a part will not come, or `stop`
    was set.
    """
    digests = _Digests(algorithms, on_bytes)
    with stored_file(files, path) as stored:
        status = files.fstat(stored.fd)
        if not is_regular(status):
            raise SourceUnreadable("not-regular", 0)
        size_bytes = status.st_size
        try:
            stored.feed(0, size_bytes, _block_for(size_bytes), digests.update, stop)
        except ReadFault as fault:
            reason = "shrank" if fault.cause is None else reason_of(fault.cause)
            raise SourceUnreadable(reason, fault.at_bytes, fault.cause) from fault
        except Stopped as stopped:
            raise SourceUnreadable("stopped", stopped.at_bytes) from None
        return ReadBack(size_bytes, digests.values(), stored.how)


def read_source(
    files: FileCalls,
    open_source: OpenSource,
    size_bytes: int,
    algorithms: Sequence[Algorithm] = (Algorithm.BLAKE3,),
    *,
    stall_s: float = 30.0,
    on_bytes: Callable[[int], None] | None = None,
    stop: Flag | None = None,
) -> ReadBack:
    """The digests of a recorder's file, read another time and not from the page cache.

    It is read in a thread that is left behind when a call lasts longer than `stall_s`; `on_bytes` is called there.
    Raises OSError when it cannot be opened, SourceUnreadable when it is no plain file of `size_bytes`, a part will not
    come, it stalls, or `stop` was set.
    """
    watch = Watch()
    answer: Channel[ReadBack | BaseException] = Channel(1)

    def body() -> None:
        try:
            answer.put(_second_reading(files, watch, open_source, size_bytes, _Digests(algorithms, on_bytes), stop))
        except Abandoned:
            pass
        except BaseException as error:
            answer.put(error)

    thread = threading.Thread(target=body, name="read-source", daemon=True)
    thread.start()
    while True:
        try:
            found = answer.get(min(stall_s / 4, 0.5))
            break
        except TimeoutError:
            if watch.abandon(stall_s):
                raise SourceUnreadable("stalled", 0) from None
    thread.join()
    if isinstance(found, BaseException):
        raise found
    return found


def _second_reading(
    files: FileCalls, watch: Watch, open_source: OpenSource, size_bytes: int, digests: _Digests, stop: Flag | None
) -> ReadBack:
    source = Source(files, watch, open_source, size_bytes, os.O_DIRECT, drop=True)
    try:
        _refuse(source.fault(), 0)
        block, offset = _block_for(size_bytes), 0
        while offset < size_bytes:
            if stop is not None and stop.is_set():
                raise SourceUnreadable("stopped", offset)
            want = min(block.size_bytes, size_bytes - offset)
            done, error = source.fill(block.view, offset, want)
            if error is not None:
                raise SourceUnreadable(reason_of(error), offset + done, error)
            if done < want:
                raise SourceUnreadable("shrank", offset + done)
            digests.update(block.view[:done])
            offset += done
        _refuse(source.fault(), offset)
        return ReadBack(size_bytes, digests.values(), DIRECT if source.direct else DROPPED)
    finally:
        with watch:
            source.close()


def _refuse(fault: str | None, at_bytes: int) -> None:
    if fault is not None:
        raise SourceUnreadable(fault, at_bytes)


def _block_for(size_bytes: int) -> Block:
    return Block(min(BLOCK_BYTES, align_up(max(size_bytes, 1))))
