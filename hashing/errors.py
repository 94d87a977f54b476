"""What can go wrong between a reader and a proof. Errors carry facts; dockd.explain makes sentences of them."""

from __future__ import annotations


class HashingError(Exception):
    """Base of this package's errors."""


class MalformedDigest(HashingError):
    """A text that should be a digest is none."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class MalformedManifest(HashingError):
    """A manifest has a line that `b3sum --check` could not read either."""

    def __init__(self, line_no: int, line: str) -> None:
        super().__init__(line_no, line)
        self.line_no = line_no
        self.line = line


class DigestMismatch(HashingError):
    """What was read back is not what was written: the copy is condemned (contract P5)."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(path, expected, found)
        self.path = path
        self.expected = expected
        self.found = found


class TargetFault(HashingError):
    """Writing, fsync or reading back failed on our own disk: ingest stops (two ways to fail, the second)."""

    def __init__(self, path: str, act: str, cause: OSError) -> None:
        super().__init__(path, act, cause)
        self.path = path
        self.act = act
        self.cause = cause


class AlreadyThere(HashingError):
    """The name we wanted to give a finished copy is taken: nothing is ever replaced (contract P6)."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class BadSignature(HashingError):
    """A signature that is malformed, by another key, for another purpose, or over other bytes."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
