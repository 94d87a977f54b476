"""Unfinished copies and what is known of them.

A partial is `<vault>/.partial/<identity>.part`; the identity stands for (recorder, path, size). Beside it lies, once a
part of it is durable, `<identity>.<bytes>.json`: the digest of that part as the recorder gave it. A next docking goes
on at that byte only when the kept part still has this digest and the recorder's file still is the same one: same
modification time, same head, same bytes before the seam. Where any of it differs the copy starts anew: that costs time
only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hashing.canonical import canonical
from hashing.copying import CopyTask, Prefix
from hashing.digest import Digest, digest_of
from hashing.errors import TargetFault

from .listing import Listed, Volume
from .vault import PARTIAL_FOLDER, Vault, vault_act

SEAM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """What a prefix record says."""

    identity: str
    recorder: str
    path_hex: str
    size_bytes: int
    mtime_ns: int
    prefix: Prefix


class Partials:
    """The `.partial` folder of a vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._folder = vault.at(PARTIAL_FOLDER)
        self._records: dict[str, Kept] = {}
        # Every name under which something may lie: asking the disk for each of 20,000 new ones is time for nothing.
        self._lying: set[str] = set()
        vault.ensure(PARTIAL_FOLDER)
        self.reload()

    def reload(self) -> None:
        """Read the records again from the disk."""
        self._records = {}
        self._lying = set()
        for name in self._vault.names(PARTIAL_FOLDER):
            if name.endswith(".part"):
                self._lying.add(self.identity_in(name))
            elif name.endswith(".json"):
                kept = self._read(name)
                if kept is not None:
                    longest = self._records.get(kept.identity)
                    if longest is None or kept.prefix.size_bytes > longest.prefix.size_bytes:
                        self._records[kept.identity] = kept

    def _read(self, name: str) -> Kept | None:
        try:
            facts = json.loads(self._vault.read(f"{PARTIAL_FOLDER}/{name}"))
            return Kept(
                facts["identity"],
                facts["recorder"],
                facts["path_hex"],
                facts["size_bytes"],
                facts["mtime_ns"],
                Prefix(facts["kept_bytes"], Digest.parse(facts["digest"])),
            )
        except (ValueError, KeyError, TypeError, FileNotFoundError):
            # A record that a power cut left half-written says nothing; its partial starts anew.
            return None

    @staticmethod
    def identity(recorder: str, listed: Listed) -> str:
        """32 hex digits that stand for (recorder, path, size)."""
        return digest_of(f"{recorder}\0{listed.path.hex()}\0{listed.size_bytes}".encode()).hex[:32]

    def path(self, identity: str) -> str:
        """The partial's absolute path."""
        return f"{self._folder}/{identity}.part"

    @staticmethod
    def identity_in(path: str) -> str:
        """The identity that `path` made this of."""
        return os.path.basename(path).removesuffix(".part")

    def kept(self, identity: str) -> Kept | None:
        """What an earlier docking left of this entry, if anything."""
        kept = self._records.get(identity)
        if kept is None:
            return None
        try:
            with vault_act(self.path(identity), "stat"):
                size = self._vault.files.lstat(self.path(identity)).st_size
        except TargetFault as fault:
            if isinstance(fault.cause, FileNotFoundError):
                return None
            raise
        return kept if size >= kept.prefix.size_bytes else None

    def keep(self, recorder: str, listed: Listed, prefix: Prefix) -> None:
        """Record durably that so much of a partial is the recorder's."""
        identity = self.identity(recorder, listed)
        facts = {
            "identity": identity,
            "recorder": recorder,
            "path_hex": listed.path.hex(),
            "size_bytes": listed.size_bytes,
            "mtime_ns": listed.mtime_ns,
            "kept_bytes": prefix.size_bytes,
            "digest": str(prefix.digest),
        }
        before = self._records.get(identity)
        if before is not None and before.prefix == prefix:
            return
        if before is not None and before.prefix.size_bytes == prefix.size_bytes:
            self._drop_record(before)
        self._vault.write_once(f"{PARTIAL_FOLDER}/{identity}.{prefix.size_bytes}.json", canonical(facts))
        self._records[identity] = Kept(
            identity, recorder, listed.path.hex(), listed.size_bytes, listed.mtime_ns, prefix
        )
        if before is not None and before.prefix.size_bytes != prefix.size_bytes:
            self._drop_record(before)

    def forget(self, identity: str) -> None:
        """The entry is safe or starts anew: its record goes."""
        kept = self._records.pop(identity, None)
        if kept is not None:
            self._drop_record(kept)

    def landed(self, identity: str) -> None:
        """The partial has become an original: nothing of it is left here."""
        self.forget(identity)
        self._lying.discard(identity)

    def discard(self, identity: str) -> None:
        """Record and partial go."""
        self.forget(identity)
        self._vault.remove_partial(self.path(identity))

    def _drop_record(self, kept: Kept) -> None:
        self._vault.remove_partial(f"{self._folder}/{kept.identity}.{kept.prefix.size_bytes}.json")

    def resume(self, identity: str, volume: Volume, listed: Listed) -> Prefix | None:
        """Where a copy of this entry may go on; None when it starts anew, and then nothing of it lies there."""
        kept = self.kept(identity)
        if kept is not None:
            try:
                fd = volume.open_entry(listed.path, 0)
                try:
                    if self.same_file(kept, listed, fd):
                        return kept.prefix
                finally:
                    volume.files.close(fd)
            except OSError:
                # The copy meets the same fault in a moment and says so; what is kept stays kept.
                return kept.prefix
        if identity in self._lying:
            self.discard(identity)
        self._lying.add(identity)
        return None

    def tasks(self, recorder: str, volume: Volume, entries: Iterable[tuple[int, Listed]]) -> Iterator[CopyTask]:
        """What the copy engine is to do for entries of a recorder, each by its number, going on where one was left."""
        for seq, listed in entries:
            identity = self.identity(recorder, listed)

            def open_source(flags: int, path: bytes = listed.path) -> int:
                return volume.open_entry(path, flags)

            resume = self.resume(identity, volume, listed)
            yield CopyTask(seq, open_source, listed.size_bytes, self.path(identity), resume)

    def records(self) -> list[Kept]:
        """All that is kept."""
        return list(self._records.values())

    def same_file(self, kept: Kept, listed: Listed, source_fd: int) -> bool:
        """Whether the recorder's file still is the one whose beginning we kept; raises OSError of the recorder."""
        if kept.mtime_ns != listed.mtime_ns or kept.size_bytes != listed.size_bytes:
            return False
        files = self._vault.files
        end = kept.prefix.size_bytes
        spans = [(0, min(SEAM_BYTES, end)), (max(0, end - SEAM_BYTES), min(SEAM_BYTES, end))]
        path = self.path(kept.identity)
        with vault_act(path, "open"):
            partial_fd = files.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for offset, length in spans:
                with vault_act(path, "read"):
                    ours = _read_span(self._vault, partial_fd, offset, length)
                if ours != _read_span(self._vault, source_fd, offset, length):
                    return False
        finally:
            with vault_act(path, "close"):
                files.close(partial_fd)
        return True


def _read_span(vault: Vault, fd: int, offset: int, length: int) -> bytes:
    block = memoryview(bytearray(length))
    done = 0
    while done < length:
        count = vault.files.preadv(fd, [block[done:]], offset + done)
        if count == 0:
            break
        done += count
    return bytes(block[:done])
