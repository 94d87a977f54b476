"""The catalogue made again from the vault.

First the ledger: the exported custody entries are checked link by link and against the signed checkpoints, put into the
empty log as they are, and folded into the tables by the code that made the lost ones. Then the sealed sessions that no
ledger line knows, should the ledger have been lost too: their session.json, if its signature holds, is taken in as new
entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.event import Event
from catalog.events import CatalogRebuilt, SessionSealed
from catalog.kinds import parse
from catalog.model import CustodyEntry
from hashing.canonical import parse_canonical
from hashing.chain import first_broken
from hashing.digest import Algorithm, digest_of
from hashing.errors import BadSignature
from hashing.merkle import Frontier, leaf_hash
from hashing.signing import verify as verify_signature

from .errors import LedgerFault
from .ledger import CHECKPOINT_NAMESPACE, Checkpoint, export, read_checkpoints, read_entries, write_signers
from .sealing import SESSION_NAMESPACE
from .session import read_seal
from .station import Station
from .vault import SESSION_FILE

# Entries put into the empty log in one transaction.
GROUP = 1000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: custody entries taken over, sessions taken from their seals, folders nobody vouches for."""

    entries: int
    sessions_recovered: tuple[str, ...]
    unsigned: tuple[str, ...]


def rebuild(station: Station) -> Rebuilt:
    """Fill the station's empty catalogue from its vault.

    Raises LedgerFault (the ledger contradicts itself or its signatures), TargetFault, CatalogFault.
    """
    entries = list(_checked_entries(station))
    for start in range(0, len(entries), GROUP):
        station.catalog.adopt(entries[start : start + GROUP])
    _adopt_checkpoints(station, entries)
    recovered, unsigned = [], []
    for folder in station.vault.session_dirs():
        session = folder.rsplit("/", 1)[-1]
        if station.catalog.has_sealed(session):
            continue
        events = _events_of_seal(station, folder)
        if events is None:
            unsigned.append(folder)
        else:
            station.catalog.append(events)
            recovered.append(session)
    station.catalog.append([CatalogRebuilt(len(entries), len(recovered))])
    write_signers(station.vault, station.id, station.key)
    export(station)
    return Rebuilt(len(entries), tuple(recovered), tuple(unsigned))


def _checked_entries(station: Station) -> Iterator[CustodyEntry]:
    lines = list(read_entries(station.vault, station.id))
    hashes = [str(digest_of(line.body)) for line in lines]
    broken = first_broken((line.seq, line.body, found) for line, found in zip(lines, hashes, strict=True))
    if broken is not None:
        raise LedgerFault(f"entry {broken.seq}", broken.what)
    for line, found in zip(lines, hashes, strict=True):
        value = parse_canonical(line.body)
        try:
            parse(value["kind"], value["data"])
            yield CustodyEntry.of(line.body, found)
        except (KeyError, TypeError) as error:
            raise LedgerFault(f"entry {line.seq}", str(error)) from error


def _adopt_checkpoints(station: Station, entries: list[CustodyEntry]) -> None:
    """The checkpoints that are signed and true of the entries; any other is a contradiction."""
    signed: dict[int, tuple[Checkpoint, bytes]] = {}
    for path, text, signature in read_checkpoints(station.vault, station.id):
        try:
            verify_signature(station.key.public_line(), text, signature, CHECKPOINT_NAMESPACE)
            checkpoint = Checkpoint.parse(text)
        except (BadSignature, ValueError) as error:
            raise LedgerFault(path, str(error)) from error
        signed[checkpoint.size] = (checkpoint, signature)
    frontier = Frontier()
    for entry in entries:
        frontier = frontier.append(leaf_hash(entry.body))
        found = signed.pop(entry.seq, None)
        if found is None:
            continue
        checkpoint, signature = found
        if (checkpoint.head, checkpoint.root) != (entry.hash, str(frontier.root())):
            raise LedgerFault(f"checkpoint {checkpoint.size}", "differs from the entries")
        station.catalog.add_checkpoint(
            size=checkpoint.size,
            root=checkpoint.root,
            head=checkpoint.head,
            at=checkpoint.at,
            frontier=str(frontier),
            signature=signature.decode(),
        )
    if signed:
        raise LedgerFault(f"checkpoint {max(signed)}", f"the ledger has only {frontier.size} entries")


def _events_of_seal(station: Station, folder: str) -> list[Event] | None:
    """The events a signed session.json stands for; None when nobody vouches for it."""
    path = f"{folder}/{SESSION_FILE}"
    try:
        text = station.vault.read(path)
        signature = station.vault.read(f"{path}.sig")
        verify_signature(station.key.public_line(), text, signature, SESSION_NAMESPACE)
        seal = read_seal(text)
    except (FileNotFoundError, BadSignature, ValueError):
        return None
    sealed = SessionSealed(session_digest=str(digest_of(text, Algorithm.BLAKE3)), **seal.sealed)
    said = seal.learned
    before = [one for one in (said.clock, said.clock_set) if one is not None]
    after = [one for one in (said.health, said.duty) if one is not None]
    return [seal.opened, *before, *seal.clips, *seal.resolved, *after, sealed]
