"""Recorders that answer from a transcript: what is sent must be what the transcript says, in its order.

A transcript is text, one transfer a line: `> text` is sent, `< text` comes back (bulk); `> command [: data]` and
`< data` in hex (SCSI); `! 110` is an error of that number in place of an answer. `#` begins a remark.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field


@dataclass
class Transcript:
    """Plays one transcript."""

    text: str
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        rows = (row.partition(" # ")[0].strip() for row in self.text.splitlines())
        self.lines = [row for row in rows if row and not row.startswith("# ")]

    def sent(self, said: str) -> None:
        assert self.lines, f"nothing more was expected, but {said!r} was sent"
        expected = self.lines.pop(0)
        assert expected == f"> {said}".strip(), f"expected {expected!r}, but {said!r} was sent"
        if self.lines and self.lines[0].startswith("!"):
            number = int(self.lines.pop(0)[1:])
            raise OSError(number, os.strerror(number))

    def answered(self) -> str:
        assert self.lines and self.lines[0].startswith("<"), "an answer was awaited where none comes"
        return self.lines.pop(0)[1:].strip()

    @property
    def played(self) -> bool:
        """Whether everything was said."""
        return not self.lines


class PlayedBulk(Transcript):
    """A USB device with the ids given."""

    ids: tuple[int, int] = (0x4255, 0x0001)

    def descriptor(self) -> bytes:
        return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x200, 0, 0, 0, 64, *self.ids, 0x100, 0, 0, 0, 1)

    def write(self, data: bytes) -> None:
        self.sent(data.decode())

    def read(self, limit_bytes: int) -> bytes:
        return self.answered().encode()[:limit_bytes]


class PlayedScsi(Transcript):
    """A SCSI device."""

    def read(self, command: bytes, size_bytes: int) -> bytes:
        self.sent(command.hex())
        return bytes.fromhex(self.answered())[:size_bytes]

    def write(self, command: bytes, data: bytes) -> None:
        self.sent(f"{command.hex()} : {data.hex()}" if data else command.hex())
