"""What a sealed session would remove from its recorder, entry by entry, and the record of wanting to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.events import ClearingIntended, RecorderCleared
from catalog.watching.events import ClockSet
from hashing.digest import Algorithm
from retention.clearing import Keep

from .docking import Docking
from .ledger import export
from .session import Outcome, Planned
from .station import Station


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with its outcome, and the vault's copy of it if there is one."""

    entry: Planned
    outcome: str
    clip: str | None
    held_digest: str | None
    vault_path: str | None

    @property
    def clearable(self) -> bool:
        """Whether the recorder's family lets entries of this kind be removed."""
        return self.entry.taken is not None and self.entry.taken.clearable


def candidates_of(docking: Docking) -> list[Candidate]:
    """Every entry of the session that has an outcome, in the order of the listing."""
    planned = {entry.seq: entry for entry in docking.planned}
    paths = {clip.clip: clip.vault_path for clip in docking.clips}
    found = [
        Candidate(planned[c.seq], Outcome.INGESTED.value, c.clip, c.digests[Algorithm.BLAKE3.value], c.vault_path)
        for c in docking.clips
    ]
    for entry in docking.resolved:
        digest = path = None
        if entry.clip is not None:
            path = paths.get(entry.clip) or _living(docking.station, entry.clip)
            # Without a digest nobody vouches for it: what was destroyed meanwhile stays on the recorder.
            digest = entry.digest if path is not None else None
        found.append(Candidate(planned[entry.seq], entry.outcome, entry.clip, digest, path))
    return sorted(found, key=lambda candidate: candidate.entry.seq)


def _living(station: Station, clip: str) -> str | None:
    """Where a clip lies in the vault; None of one that was destroyed since it was found already held."""
    found = station.catalog.find_clip(clip)
    return None if found.destroyed_at is not None else found.vault_path


def intend(station: Station, docking: Docking, chosen: Sequence[Candidate]) -> None:
    """Put on record what is about to be removed; durable when this returns (contract P2). Raises CatalogFault."""
    station.catalog.append(
        [
            ClearingIntended(
                session=docking.opened.session,
                recorder=docking.opened.recorder,
                entries=[
                    {
                        "seq": c.entry.seq,
                        "path": c.entry.shown,
                        "size_bytes": c.entry.listed.size_bytes,
                        "digest": c.held_digest,
                    }
                    for c in chosen
                ],
                device=docking.opened.volume,
            )
        ]
    )


def record_outcome(
    station: Station,
    docking: Docking,
    removed: Sequence[int],
    kept: Sequence[Keep],
    confirmed_by: str,
    *,
    clock: ClockSet | None = None,
) -> None:
    """Put on record what is gone for sure and what stayed, whether that makes the recorder fit for duty, and that its
    clock was set. Raises CatalogFault, TargetFault.
    """
    gone = frozenset(removed)
    again = docking.signs.after_clearing(sum(p.listed.size_bytes for p in docking.planned if p.seq in gone))
    cleared = RecorderCleared(
        session=docking.opened.session,
        recorder=docking.opened.recorder,
        removed=sorted(removed),
        kept=[{"seq": keep.seq, "reason": keep.doubt.value} for keep in kept],
        confirmed_by=confirmed_by,
    )
    station.catalog.append([cleared, *(event for event in (again, clock) if event is not None)])
    export(station)
