"""The custody log, its export in the vault and its signed checkpoints held against each other.

A checkpoint's row in the database may be missing where its signed file lies in the vault: an export that was cut off
leaves just that, and the next one goes on. Everything else that does not agree is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.model import CheckpointRow
from hashing.chain import first_broken
from hashing.errors import BadSignature
from hashing.merkle import Frontier, leaf_hash
from hashing.signing import verify as verify_signature

from .finding import Finding
from .ledger import (
    ALLOWED_SIGNERS,
    CHECKPOINT_NAMESPACE,
    Checkpoint,
    ledger_dir,
    read_checkpoints,
    read_entries,
    signers_text,
)
from .station import Station


def audit(station: Station) -> Iterator[Finding]:
    """All that is wrong with the log; reads no originals. Raises TargetFault, CatalogFault."""
    broken = first_broken((entry.seq, entry.body, entry.hash) for entry in station.catalog.custody())
    if broken is not None:
        yield Finding("custody-broken", f"entry {broken.seq}: {broken.what}", broken.expected, broken.found)
    yield from _ledger_lines(station)
    yield from _checkpoints(station)
    yield from _signers(station)


def _ledger_lines(station: Station) -> Iterator[Finding]:
    # Asked for before the ledger is read: whoever exports meanwhile writes the files first.
    covered = station.catalog.last_checkpoint()
    exported = 0
    for line, entry in zip(read_entries(station.vault, station.id), station.catalog.custody(), strict=False):
        if line.body != entry.body or line.seq != entry.seq:
            where = f"entry {line.seq}"
            yield Finding("custody-differs-from-ledger", where, line.body.decode(errors="replace"), entry.body.decode())
            return
        exported = line.seq
    if covered is not None and exported < covered.size:
        yield Finding("ledger-shorter-than-checkpoint", ledger_dir(station.id), str(covered.size), str(exported))


def _checkpoints(station: Station) -> Iterator[Finding]:
    """Each checkpoint: in the vault, signed by us, true of the log as it is now, and the same in the database."""
    rows = {row.size: row for row in station.catalog.checkpoints()}
    wanted: dict[int, tuple[str, Checkpoint, bytes]] = {}
    bad: set[str] = set()
    for path, text, signature in read_checkpoints(station.vault, station.id):
        try:
            verify_signature(station.key.public_line(), text, signature, CHECKPOINT_NAMESPACE)
            checkpoint = Checkpoint.parse(text)
        except (BadSignature, ValueError) as error:
            bad.add(path)
            yield Finding("checkpoint-bad", path, found=str(error))
            continue
        wanted[checkpoint.size] = (path, checkpoint, signature)
    for size in rows.keys() - wanted.keys():
        path = f"{ledger_dir(station.id)}/checkpoint-{size:010d}.txt"
        if path not in bad:
            yield Finding("checkpoint-missing", path)
    frontier = Frontier()
    for entry in station.catalog.custody():
        frontier = frontier.append(leaf_hash(entry.body))
        found = wanted.pop(entry.seq, None)
        if found is None:
            continue
        path, checkpoint, signature = found
        if (checkpoint.head, checkpoint.root) != (entry.hash, str(frontier.root())):
            yield Finding("checkpoint-differs-from-custody", path, checkpoint.root, str(frontier.root()))
        said = checkpoint.row(str(frontier), signature)
        if rows.get(checkpoint.size, said) != said:
            yield Finding("checkpoint-differs-from-catalogue", path, _told(said), _told(rows[checkpoint.size]))
    for path, checkpoint, _signature in wanted.values():
        yield Finding("custody-shorter-than-checkpoint", path, str(checkpoint.size), str(frontier.size))


def _told(row: CheckpointRow) -> str:
    return f"{row.root} {row.head} {row.at} {row.frontier}"


def _signers(station: Station) -> Iterator[Finding]:
    """Strangers check signatures with the file beside the ledger: it must name this station's key, and only that."""
    path = f"{ledger_dir(station.id)}/{ALLOWED_SIGNERS}"
    expected = signers_text(station.id, station.key)
    try:
        lying = station.vault.read(path)
    except FileNotFoundError:
        yield Finding("signers-missing", path)
        return
    if lying != expected:
        yield Finding("signers-differ", path, expected.decode().strip(), lying.decode(errors="replace").strip())
