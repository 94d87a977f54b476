"""Destroyed recordings leave the vault, and what stays says so for ever.

    tombstone in the log ─► destroyed-<batch>.json, signed ─► ledger and checkpoint ─► unlink, fsync folder ─► entry

Each step is durable before the next. A cut in between leaves a tombstone whose original may lie there still: the rest
is done when the station comes to rest (`finish_interrupted`), or by the next sweep.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from catalog.disposing.events import OriginalsRemoved
from catalog.disposing.model import BatchRow, Tombstone
from catalog.disposing.queries import find_batch, not_yet_removed, tombstones_of_session
from catalog.model import SessionRow, utc_text

from ..errors import Busy, LedgerFault
from ..ledger import SESSION_NAMESPACE, export
from ..lock import WriterLock
from ..station import Station

RECORD_FORMAT = "dockd destroyed 1"


def record_path(vault_dir: str, batch: str) -> str:
    """Where a session's folder says what a batch took from it."""
    return f"{vault_dir}/destroyed-{batch}.json"


def record_text(station: Station, session: SessionRow, batch: BatchRow, stones: Sequence[Tombstone]) -> bytes:
    """What a stranger reads of destroyed recordings, without dockd: which, why, by whose yes. It follows from the log
    alone, to the byte, so that what a cut left unwritten is simply written again.
    """
    document: dict[str, Any] = {
        "format": RECORD_FORMAT,
        "station": station.id,
        "session": session.id,
        "batch": batch.id,
        "department": batch.department,
        "approval": batch.approval,
        "grace_days": batch.grace_days,
        "proposed_at": utc_text(batch.proposed_at),
        "endorsed_by": batch.endorsed_by,
        "endorsed_at": None if batch.endorsed_at is None else utc_text(batch.endorsed_at),
        "approved_by": batch.approved_by,
        "approved_at": None if batch.approved_at is None else utc_text(batch.approved_at),
        "clips": [_line(one, session.vault_dir) for one in stones],
    }
    return f"{json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()


def _line(stone: Tombstone, vault_dir: str) -> dict[str, Any]:
    return {
        "clip": stone.clip,
        "path": stone.vault_path.removeprefix(f"{vault_dir}/"),
        "size_bytes": stone.size_bytes,
        "digest": stone.digest,
        "pack": stone.pack,
        "pack_digest": stone.pack_digest,
        "reason": stone.reason,
        "rule": stone.rule,
        "article": stone.article,
        "kept_until": stone.until.isoformat(),
        "destroyed_on": stone.day.isoformat(),
        "destroyed_at": utc_text(stone.destroyed_at),
    }


def finish_interrupted(station: Station) -> int:
    """`finish` of what a cut left, where a station comes to rest; how many originals that were.

    Nobody's docking waits for a sweep that is at work, which ends it itself, nor for a record in the vault that is not
    what the log says: the next sweep tells of that, and so does verification. Raises TargetFault, CatalogFault,
    HomeFault.
    """
    if not not_yet_removed(station.catalog):
        return 0
    try:
        with WriterLock(station.sweep_lock):
            return finish(station)
    except (Busy, LedgerFault):
        return 0


def finish(station: Station) -> int:
    """Remove the originals of all clips that have a tombstone and may lie there still; how many that were. Only whoever
    holds the station's `sweep_lock` may.

    Raises TargetFault, CatalogFault, LedgerFault (a record in the vault is not what the log says: nothing was removed).
    """
    waiting = not_yet_removed(station.catalog)
    if not waiting:
        return 0
    groups = [(key, list(some)) for key, some in groupby(waiting, key=lambda stone: (stone.session, stone.batch))]
    batches = {name: find_batch(station.catalog, name) for name in dict.fromkeys(stone.batch for stone in waiting)}
    for (session, batch), _stones in groups:
        _write_record(station, station.catalog.find_session(session), batches[batch])
    # Before anything goes, what says that it goes lies in the vault: in the ledger, under a signed checkpoint.
    export(station)
    removed: dict[str, list[str]] = {}
    for (_session, batch), stones in groups:
        _remove(station, stones)
        removed.setdefault(batch, []).extend(stone.clip for stone in stones)
    station.catalog.append([OriginalsRemoved(batch, sorted(clips)) for batch, clips in removed.items()])
    export(station)
    return len(waiting)


def _write_record(station: Station, session: SessionRow, batch: BatchRow) -> None:
    stones = tombstones_of_session(station.catalog, session.id, batch.id)
    text = record_text(station, session, batch, stones)
    path = record_path(session.vault_dir, batch.id)
    station.vault.remove_unfinished(session.vault_dir)  # a half-written record that a cut left
    if station.vault.write_once(path, text) != text:
        raise LedgerFault(path, "differs from the custody log")
    station.vault.write_once(f"{path}.sig", station.key.sign(text, SESSION_NAMESPACE))


def _remove(station: Station, stones: Sequence[Tombstone]) -> None:
    folders = set()
    for stone in stones:
        station.vault.remove_original(stone.vault_path)
        folders.add(os.path.dirname(stone.vault_path))
    station.vault.settle(folders)
