"""Digests: an algorithm and a value, and the hashers that make them.

BLAKE3 is always taken. SHA-256 is there for tools that know no BLAKE3 (BagIt, OCFL), SM3 (GB/T 32905-2016) for
buyers who must use the national algorithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Protocol

from .errors import MalformedDigest

if TYPE_CHECKING:
    from blake3 import blake3


class Algorithm(StrEnum):
    """The algorithms we take; the value is the prefix of a digest in text."""

    BLAKE3 = "b3"
    SHA256 = "sha256"
    SM3 = "sm3"


Buffer = bytes | bytearray | memoryview


class Hasher(Protocol):
    """A running digest. `value` may be asked for at any time and does not end it."""

    def update(self, data: Buffer) -> object: ...

    def value(self) -> bytes: ...


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A digest of 32 bytes by one algorithm. As text: `b3:` and 64 hex digits."""

    algorithm: Algorithm
    value: bytes

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `b3:…`, `sha256:…` or `sm3:…`; raises MalformedDigest."""
        prefix, colon, hexadecimal = text.partition(":")
        try:
            value = bytes.fromhex(hexadecimal)
            algorithm = Algorithm(prefix)
        except ValueError:
            raise MalformedDigest(text) from None
        if not colon or len(value) != 32 or hexadecimal != value.hex():
            raise MalformedDigest(text)
        return cls(algorithm, value)

    @property
    def hex(self) -> str:
        return self.value.hex()

    def __str__(self) -> str:
        return f"{self.algorithm.value}:{self.value.hex()}"


class _Blake3:
    __slots__ = ("update", "value")

    def __init__(self) -> None:
        # One thread a source: on a station the other cores belong to the other slots.
        hasher = _blake3()()
        self.update = hasher.update
        self.value = hasher.digest


@cache
def _blake3() -> type[blake3]:
    # Loaded when it is first needed, and not asked for again with every small file's digests.
    from blake3 import blake3

    return blake3


class _Sha256:
    __slots__ = ("_hasher", "update")

    def __init__(self) -> None:
        import hashlib

        self._hasher = hashlib.sha256()
        self.update = self._hasher.update

    def value(self) -> bytes:
        return self._hasher.digest()


class _Sm3:
    __slots__ = ("_hasher", "update")

    def __init__(self) -> None:
        # hashlib offers SM3 only where OpenSSL was built with it; cryptography always does.
        from cryptography.hazmat.primitives.hashes import SM3, Hash

        self._hasher = Hash(SM3())
        self.update = self._hasher.update

    def value(self) -> bytes:
        return self._hasher.copy().finalize()


def new_hasher(algorithm: Algorithm) -> Hasher:
    """A fresh running digest of `algorithm`."""
    match algorithm:
        case Algorithm.BLAKE3:
            return _Blake3()
        case Algorithm.SHA256:
            return _Sha256()
        case Algorithm.SM3:
            return _Sm3()


def digest_of(data: Buffer, algorithm: Algorithm = Algorithm.BLAKE3) -> Digest:
    """The digest of bytes already in memory."""
    hasher = new_hasher(algorithm)
    hasher.update(data)
    return Digest(algorithm, hasher.value())
