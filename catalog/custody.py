"""The next entries of a custody log, from its head and what happened. Pure: the clock's word is an argument.

An entry is canonical JSON (DESIGN.md, "The catalogue is a fold"); its hash is BLAKE3 of these bytes, and the next entry
states it. `hashing.chain` finds the first link that does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hashing.canonical import canonical
from hashing.chain import GENESIS
from hashing.digest import digest_of
from hashing.errors import NotCanonical

from .errors import BadEvent
from .event import Event
from .model import CustodyEntry, Head

# Version of an entry's shape, in every entry: what a reader in thirty years needs to know first.
FORMAT = 1
# What the first entry names as the one before it.
NO_ENTRY = str(GENESIS)
EMPTY = Head(0, NO_ENTRY)
# In this order for ever: a log written years ago must give the same rows again.
_SUBJECTS = ("session", "clip", "gap", "case", "request", "hold", "batch", "person", "document", "fault")


def next_entries(head: Head, events: Sequence[Event], *, station: str, actor: str, at: str) -> list[CustodyEntry]:
    """The entries that follow `head`, one an event, all with the same `at` (UTC, microseconds, `Z`).

    Raises BadEvent for data that has no canonical text: a fraction, a lone surrogate.
    """
    entries = []
    seq, prev = head.seq, head.hash
    for event in events:
        seq += 1
        said = {
            "actor": actor,
            "at": at,
            "data": event.data(),
            "kind": event.KIND,
            "prev": prev,
            "seq": seq,
            "station": station,
            "v": FORMAT,
        }
        try:
            body = canonical(said)
        except NotCanonical as error:
            raise BadEvent(event.KIND, str(error)) from error
        entry = CustodyEntry(station, seq, at, actor, event.KIND, prev, str(digest_of(body)), body)
        entries.append(entry)
        prev = entry.hash
    return entries


def subject_of(data: dict[str, Any]) -> str | None:
    """What an entry is about, for finding it again: the first of these that its data names."""
    for name in _SUBJECTS:
        subject = data.get(name)
        if isinstance(subject, str) and subject:
            return subject
    return None
