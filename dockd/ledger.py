"""The custody log leaves the database: signed, as text, in the vault.

`<vault>/ledger/<station>/entries-<first>-<last>.jsonl` holds the entries' very bytes, a line each;
`checkpoint-<size>.txt` states size, head and Merkle root, and its `.sig` is read by `ssh-keygen -Y verify`. Both follow
from the log alone, to the byte, so that an export interrupted anywhere is simply done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.errors import CatalogFault
from catalog.model import CheckpointRow
from hashing.merkle import Frontier, leaf_hash
from hashing.signing import SigningKey, allowed_signers

from .naming import folder_name
from .station import Station
from .vault import LEDGER_FOLDER, Vault

CHECKPOINT_NAMESPACE = "dockd-checkpoint"
SESSION_NAMESPACE = "dockd-session"
CHECKPOINT_FORMAT = "dockd checkpoint 1"
ALLOWED_SIGNERS = "allowed_signers"
# One file holds at most so many entries, so that no reader needs much memory.
SEGMENT_ENTRIES = 50_000

_SEGMENT = re.compile(r"entries-(\d+)-(\d+)\.jsonl")
_CHECKPOINT = re.compile(r"checkpoint-(\d+)\.txt")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states: the log of `station` had `size` entries, this head and this Merkle root."""

    station: str
    size: int
    head: str
    root: str
    at: str

    def text(self) -> bytes:
        """The signed text."""
        lines = (
            CHECKPOINT_FORMAT,
            f"station {self.station}",
            f"size {self.size}",
            f"head {self.head}",
            f"root {self.root}",
            f"at {self.at}",
        )
        return ("\n".join(lines) + "\n").encode()

    def row(self, frontier: str, signature: bytes) -> CheckpointRow:
        """The same as the catalogue keeps it; `frontier` is the tree's at this size."""
        return CheckpointRow(self.station, self.size, self.root, self.head, self.at, frontier, signature.decode())

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """Read a checkpoint; raises ValueError."""
        lines = text.decode().splitlines()
        if not lines or lines[0] != CHECKPOINT_FORMAT:
            raise ValueError("not a checkpoint")
        facts = dict(line.split(" ", 1) for line in lines[1:])
        try:
            found = cls(facts["station"], int(facts["size"]), facts["head"], facts["root"], facts["at"])
        except KeyError as missing:
            raise ValueError(f"checkpoint without {missing}") from missing
        if found.text() != text:
            raise ValueError("checkpoint with more than it should have")
        return found


def ledger_dir(station_id: str) -> str:
    """Where a station's ledger lies in the vault."""
    return f"{LEDGER_FOLDER}/{folder_name(station_id)}"


def write_signers(vault: Vault, station_id: str, key: SigningKey) -> None:
    """Put the file beside the ledger that `ssh-keygen -Y verify -f` wants. The key's fingerprint is to be checked
    against the one on paper: who can change the vault can change this file too.
    """
    vault.write_once(f"{ledger_dir(station_id)}/{ALLOWED_SIGNERS}", signers_text(station_id, key))


def signers_text(station_id: str, key: SigningKey) -> bytes:
    """What stands in that file."""
    line = allowed_signers(station_id, key.public_line(station_id), [SESSION_NAMESPACE, CHECKPOINT_NAMESPACE])
    return line.encode()


def export(station: Station) -> Checkpoint | None:
    """Export all entries since the last checkpoint and sign a new one; None when there is nothing new.

    Raises TargetFault, CatalogFault.
    """
    with station.ledger_lock:
        last = station.catalog.last_checkpoint()
        frontier = Frontier.parse(last.frontier) if last else Frontier()
        done = last.size if last else 0
        checkpoint = None
        while True:
            lines: list[bytes] = []
            for entry in station.catalog.custody(done + 1, done + SEGMENT_ENTRIES):
                lines.append(entry.body)
                head, at = entry.hash, entry.at
            if not lines:
                return checkpoint
            frontier = frontier.extend(leaf_hash(body) for body in lines)
            checkpoint = Checkpoint(station.id, done + len(lines), head, str(frontier.root()), at)
            _write(station, done + 1, lines, checkpoint, str(frontier))
            done += len(lines)


def _write(station: Station, first: int, lines: list[bytes], checkpoint: Checkpoint, frontier: str) -> None:
    folder = ledger_dir(station.id)
    vault = station.vault
    vault.write_once(f"{folder}/entries-{first:010d}-{checkpoint.size:010d}.jsonl", b"\n".join(lines) + b"\n")
    text = checkpoint.text()
    signature = station.key.sign(text, CHECKPOINT_NAMESPACE)
    vault.write_once(f"{folder}/checkpoint-{checkpoint.size:010d}.txt", text)
    vault.write_once(f"{folder}/checkpoint-{checkpoint.size:010d}.txt.sig", signature)
    try:
        station.catalog.add_checkpoint(
            size=checkpoint.size,
            root=checkpoint.root,
            head=checkpoint.head,
            at=checkpoint.at,
            frontier=frontier,
            signature=signature.decode(),
        )
    except CatalogFault:
        # Another process of this station – a command beside the daemon – was quicker and got further: all that we
        # wrote stands in its export too, and what overlaps is the same to the byte.
        newest = station.catalog.last_checkpoint()
        if newest is None or newest.size < checkpoint.size:
            raise


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One exported entry: its number in the log and its bytes."""

    seq: int
    body: bytes


def read_entries(vault: Vault, station_id: str) -> Iterator[LedgerLine]:
    """Every exported entry in order, as the segments' names number them. Segments may overlap after an interrupted
    export; each number comes once, and a number that is missing ends the reading.
    """
    folder = ledger_dir(station_id)
    wanted = 1
    segments = sorted(
        (int(found[1]), int(found[2]), name)
        for name in vault.names(folder)
        if (found := _SEGMENT.fullmatch(name)) is not None
    )
    for first, last, name in segments:
        if last < wanted:
            continue
        if first > wanted:
            return
        lines = vault.read(f"{folder}/{name}").splitlines()
        for seq, body in enumerate(lines, start=first):
            if seq == wanted:
                yield LedgerLine(seq, body)
                wanted += 1


def read_checkpoints(vault: Vault, station_id: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Every checkpoint in the vault: its path, text and signature (empty when the signature is missing)."""
    folder = ledger_dir(station_id)
    for name in vault.names(folder):
        if _CHECKPOINT.fullmatch(name):
            path = f"{folder}/{name}"
            try:
                signature = vault.read(f"{path}.sig")
            except FileNotFoundError:
                signature = b""
            yield path, vault.read(path), signature


def stations(vault: Vault) -> list[str]:
    """The stations whose ledgers lie in this vault."""
    return vault.names(LEDGER_FOLDER)
