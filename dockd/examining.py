"""What a volume would be taken for, without taking anything in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hashing.filecalls import FileCalls

from .listing import Listed, Listing, list_volume
from .recorders import Family, Match, Taken, Trace, Unknown, match
from .recorders.rogues import HEAD_BYTES
from .volume import Volume


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry and what it is taken for; `newer` when it claims to be written after the docking began; `unreadable`
    when its first bytes could not be read.
    """

    listed: Listed
    said: Taken | Trace | Unknown
    newer: bool
    unreadable: bool


@dataclass(frozen=True, slots=True)
class Examined:
    """A volume and all its entries."""

    match: Match
    entries: tuple[Entry, ...]


def examine(files: FileCalls, families: Sequence[Family], root: str, now: datetime) -> Examined:
    """Look at the volume mounted at `root`. Raises OSError when it cannot be listed."""
    with Volume.open(files, root) as volume:
        listing = list_volume(files, volume)
        found = match(families, listing, volume, station_now=now)
        entries = []
        for listed in listing.entries:
            head, unreadable = None, False
            if listed.kind == "file":
                try:
                    head = volume.read_small(listed.path, HEAD_BYTES)
                except OSError:
                    unreadable = True
            said = found.classify(listed, head)
            entries.append(Entry(listed, said, found.newer_than_docking(listed), unreadable))
    return Examined(found, tuple(entries))


def heads_of(volume: Volume, listing: Listing, found: Match) -> dict[bytes, bytes]:
    """The beginnings of files nobody knows by name: a program among recordings is a finding of its own."""
    heads = {}
    for listed in listing.entries:
        if listed.kind == "file" and listed.fault is None and found.leaves_unknown(listed):
            try:
                heads[listed.path] = volume.read_small(listed.path, HEAD_BYTES)
            except OSError:
                # The copy meets the same fault in a moment and says so.
                continue
    return heads
