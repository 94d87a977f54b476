"""The chain of a custody log: each entry names the hash of the one before, so none can be changed unseen.

An entry's body is canonical JSON that holds `seq` (1, 2, 3 …) and `prev`; its hash is BLAKE3 of the body. What a chain
cannot show is an end cut off, or a log written anew from the first entry: signed checkpoints are for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .canonical import parse_canonical
from .digest import Algorithm, Digest, digest_of
from .errors import BrokenLink, NotCanonical

GENESIS = Digest(Algorithm.BLAKE3, bytes(32))
"""What the first entry of a chain names as the one before it."""

FIRST_SEQ = 1


class Flaw(StrEnum):
    """What can be wrong with a link."""

    SEQ = "wrong seq"
    BODY = "not canonical"
    PREV = "wrong prev"
    HASH = "wrong hash"


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that does not follow from those before it. `seq` is the number it is stored under."""

    seq: int
    what: Flaw
    expected: str
    found: str


def link(prev: Digest, body: bytes) -> Digest:
    """The hash of the entry `body`, which is the next one's `prev`.

    Raises BrokenLink when the body names another entry than `prev` before it: such a line must never be written.
    """
    named = str(json.loads(body).get("prev"))
    if named != str(prev):
        raise BrokenLink(str(prev), named)
    return digest_of(body)


def first_broken(
    entries: Iterable[tuple[int, bytes, str]], *, after_seq: int = FIRST_SEQ - 1, prev: Digest = GENESIS
) -> Break | None:
    """The first entry that breaks the chain, None when all hold.

    `entries` are (seq, body, hash) as stored, in order. A part of a log is checked from the entry `after_seq` on,
    whose hash is `prev`. Memory does not grow with the log.
    """
    head = str(prev)
    for expected_seq, (seq, body, stored_hash) in enumerate(entries, start=after_seq + 1):
        found = _flaw(expected_seq, head, seq, body, stored_hash)
        if found is not None:
            return found
        head = stored_hash
    return None


def _flaw(expected_seq: int, head: str, seq: int, body: bytes, stored_hash: str) -> Break | None:
    if seq != expected_seq:
        return Break(seq, Flaw.SEQ, str(expected_seq), str(seq))
    try:
        value = parse_canonical(body)
    except NotCanonical as error:
        return Break(seq, Flaw.BODY, "canonical JSON", error.reason)
    if not isinstance(value, dict):
        return Break(seq, Flaw.BODY, "a map", type(value).__name__)
    own_seq = value.get("seq")
    if type(own_seq) is not int or own_seq != seq:  # True would equal 1
        return Break(seq, Flaw.SEQ, str(seq), str(own_seq))
    if value.get("prev") != head:
        return Break(seq, Flaw.PREV, head, str(value.get("prev")))
    computed = str(digest_of(body))
    if computed != stored_hash:
        return Break(seq, Flaw.HASH, computed, stored_hash)
    return None
