"""Reads the text logs that recorders write, from a seated volume or from originals in the vault: one way for all who
ask logs for clocks, health or what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from catalog.model import Clip
from hashing.filecalls import FileCalls

from .listing import Listed, Listing, Volume
from .recorders import Family, Match
from .recorders.family import text_of
from .recorders.logs import LIMIT_BYTES, LogFormat, LogReading, read_log
from .vault import Vault, vault_act

# Of a seated recorder no more is read than this while its officer waits: the ends of its newest logs. All of them are
# copied, and read whole from the vault by whoever needs all. Within a log's share read_log gives every event.
SEATED_LOGS = 16
SEATED_LOG_BYTES = 256 * 1024


def logs_of(volume: Volume, listing: Listing, match: Match) -> list[tuple[str, LogReading]]:
    """The newest SEATED_LOGS logs of a seated recorder that its family can read, as (path, reading), newest by their
    mtime first, each from its last SEATED_LOG_BYTES. One that cannot be read is left out: its copy tells that fault.
    """
    read: list[tuple[str, LogReading]] = []
    for listed, form in _readable(listing, match)[:SEATED_LOGS]:
        try:
            fd = volume.open_entry(listed.path)
            try:
                reading = _read_end(volume.files, fd, listed.size_bytes, form, SEATED_LOG_BYTES)
            finally:
                volume.files.close(fd)
        except OSError:
            continue
        read.append((text_of(listed.path), reading))
    return read


def logs_in_vault(vault: Vault, clips: Iterable[Clip], family: Family) -> list[tuple[Clip, LogReading]]:
    """The originals among `clips` that are logs this family can read, in their order. A log longer than LIMIT_BYTES is
    read from its end. Raises TargetFault.
    """
    read = []
    for clip in clips:
        raw = bytes.fromhex(clip.path_hex) if clip.path_hex else clip.path.encode()
        form = family.log_of(text_of(raw)) if clip.kind == "log" else None
        if form is None:
            continue
        whole = vault.at(clip.vault_path)
        with vault_act(whole, "read"):
            fd = vault.files.open(whole, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                read.append((clip, _read_end(vault.files, fd, clip.size_bytes, form, LIMIT_BYTES)))
            finally:
                vault.files.close(fd)
    return read


def _readable(listing: Listing, match: Match) -> list[tuple[Listed, LogFormat]]:
    if not match.family.logs:
        return []
    found = [
        (listed, form)
        for listed in listing.entries
        if listed.kind == "file" and listed.fault is None and (form := match.family.log_of(text_of(listed.path)))
    ]
    return sorted(found, key=lambda one: (-one[0].mtime_ns, one[0].path))


def _read_end(files: FileCalls, fd: int, size_bytes: int, form: LogFormat, limit_bytes: int) -> LogReading:
    """The last `limit_bytes` of a log, for what was written last says most; `cut` when that is not all of it."""
    start = max(0, size_bytes - limit_bytes)
    block = memoryview(bytearray(min(size_bytes, limit_bytes)))
    done = 0
    while done < len(block):
        count = files.preadv(fd, [block[done:]], start + done)
        if count == 0:
            break
        done += count
    data = bytes(block[:done])
    if not start:
        return read_log(data, form)
    # The first line of a part is a part of a line.
    return replace(read_log(data.partition(b"\n")[2], form), cut=True)
