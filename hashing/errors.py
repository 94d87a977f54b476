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


class SourceUnreadable(HashingError):
    """A file did not give all its bytes. That is another finding than giving different ones.

    `reason`: "unreadable", "gone", "not-regular", "shrank", "grew", "stalled", "stopped"; `at_bytes` is the start of
    the first page that could not be had.
    """

    def __init__(self, reason: str, at_bytes: int, cause: OSError | None = None) -> None:
        super().__init__(reason, at_bytes, cause)
        self.reason = reason
        self.at_bytes = at_bytes
        self.cause = cause


class BadSignature(HashingError):
    """A signature that is malformed, by another key, for another purpose, or over other bytes."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotCanonical(HashingError, ValueError):
    """A value that has no canonical JSON, or a text that is not its own canonical form."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnfitPath(HashingError, ValueError):
    """A path that no manifest can carry so that every `b3sum --check` and `sha256sum --check` opens this very file."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class BrokenLink(HashingError):
    """A custody entry that does not name the entry before it."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


class MalformedTree(HashingError, ValueError):
    """A stored frontier, or a question about a leaf or a size that the tree does not have."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedKey(HashingError):
    """A key that is no Ed25519 key in OpenSSH's format, or one under a passphrase."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
