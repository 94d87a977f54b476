"""Many small stored files read back from the medium, several at once: one after the other, each would wait for its own
seek or flash page, and the reading back would take longer than the copying."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .buffers import Block
from .digest import Algorithm, Digest, new_hasher
from .filecalls import FileCalls
from .medium import ReadFault, stored_file

READERS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """BLAKE3 of what the medium gives, and how it was asked. `digest` is None where it gives fewer or more bytes than
    it should, or none: then `cause` says why."""

    digest: Digest | None
    how: str
    cause: OSError | None = None


class Checker:
    """Reads small files back, using the memory of `block` while it does. `close` ends its threads."""

    def __init__(self, files: FileCalls, block: Block) -> None:
        self._files = files
        self._crew = ThreadPoolExecutor(READERS, "copy-check")
        self._blocks = block.split(READERS)

    def read(self, copies: Sequence[tuple[str, int]]) -> list[Found]:
        """What each (path, size) gives, in their order."""
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
