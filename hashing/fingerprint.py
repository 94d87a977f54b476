"""Fingerprint: tells one recorder's entries apart without reading them whole.

BLAKE3 of the size (8 bytes, little-endian), the first 64 KiB and the last 64 KiB; of size and whole file when that is
no more than 128 KiB. Not times: a recorder that changes its time zone moves them all.
"""

from __future__ import annotations

from .digest import Algorithm, Digest, new_hasher
from .filecalls import FileCalls

EDGE_BYTES = 64 * 1024


def edges_of(size_bytes: int) -> tuple[tuple[int, int], ...]:
    """The ranges of a file, as (first, end), that its fingerprint is taken of."""
    if size_bytes <= 2 * EDGE_BYTES:
        return ((0, size_bytes),)
    return ((0, EDGE_BYTES), (size_bytes - EDGE_BYTES, size_bytes))


class FingerprintStream:
    """The fingerprint of a file that passes by once, in pieces and in order."""

    __slots__ = ("_edges", "_hasher", "_passed")

    def __init__(self, size_bytes: int) -> None:
        self._edges = edges_of(size_bytes)
        self._passed = 0
        self._hasher = new_hasher(Algorithm.BLAKE3)
        self._hasher.update(size_bytes.to_bytes(8, "little"))

    def update(self, piece: memoryview) -> None:
        """Take the bytes that follow those taken before."""
        start, end = self._passed, self._passed + len(piece)
        self._passed = end
        for first, last in self._edges:
            if first < end and last > start:
                self._hasher.update(piece[max(first - start, 0) : last - start])

    def value(self) -> Digest:
        return Digest(Algorithm.BLAKE3, self._hasher.value())


def fingerprint_of(files: FileCalls, fd: int, size_bytes: int) -> Digest:
    """The fingerprint of an open file, reading its head and tail only (`fd` without O_DIRECT).

    Raises OSError, and EOFError when the file is shorter than `size_bytes`.
    """
    hasher = new_hasher(Algorithm.BLAKE3)
    hasher.update(size_bytes.to_bytes(8, "little"))
    for first, end in edges_of(size_bytes):
        buffer = memoryview(bytearray(end - first))
        at = 0
        while at < len(buffer):
            got = files.preadv(fd, [buffer[at:]], first + at)
            if got == 0:
                raise EOFError(first + at)
            at += got
        hasher.update(buffer)
    return Digest(Algorithm.BLAKE3, hasher.value())
