"""What a day's sweeps came to: what went and by which article, what did not and why, and what waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from catalog.disposing.model import BatchClip, BatchRow, SweepRow, Tombstone
from catalog.disposing.queries import (
    Sum,
    batches_proposed,
    destroyed_on,
    destroyed_total,
    find_batch,
    not_yet_removed,
    spared_on,
    sweeps_of_day,
)
from catalog.model import Clip, utc_text
from catalog.people.access import Reach

from ..assembly import Opened

SWEEP_KEYS = (
    *("id", "state", "day", "at", "due_clips", "due_bytes", "ready_clips", "ready_bytes", "held_clips", "held_bytes"),
    *("exceeded", "departments", "allowed_by", "allowed_at"),
)
BATCH_KEYS = (
    *("id", "state", "department", "day", "clips", "size_bytes", "left_clips", "left_bytes", "approval", "grace_days"),
    *("proposed_at", "endorsed_by", "endorsed_at", "approved_by", "approved_at", "refused_by", "refused_at"),
    *("refuse_reason", "ready_at"),
)
STONE_KEYS = (
    *("clip", "batch", "vault_path", "size_bytes", "digest", "pack", "pack_digest", "reason", "rule", "article"),
    *("until", "day", "destroyed_at", "removed_at"),
)
SPARED_KEYS = ("clip", "batch", "name", "department", "why", "kept_until")


@dataclass(frozen=True, slots=True)
class Report:
    """A day, as far as whoever asks may see it. `waiting` are the batches that are open now, whatever the day."""

    day: date
    sweeps: tuple[SweepRow, ...]
    proposed: tuple[BatchRow, ...]
    destroyed: tuple[tuple[BatchRow, tuple[Tombstone, ...]], ...]
    spared: tuple[tuple[Clip, BatchClip], ...]
    waiting: tuple[BatchRow, ...]
    total: Sum
    unfinished: int

    def as_json(self) -> dict[str, Any]:
        """The report by stable names."""
        return {
            "day": self.day.isoformat(),
            "sweeps": [as_row(one, SWEEP_KEYS) for one in self.sweeps],
            "proposed": [as_row(one, BATCH_KEYS) for one in self.proposed],
            "destroyed": [as_row(stone, STONE_KEYS) for _batch, stones in self.destroyed for stone in stones],
            "spared": [spared_row(clip, one) for clip, one in self.spared],
            "waiting": [as_row(one, BATCH_KEYS) for one in self.waiting],
            "destroyed_clips": self.total.clips,
            "destroyed_bytes": self.total.size_bytes,
            "not_yet_removed": self.unfinished,
        }


def report_of(opened: Opened, day: date, reach: Reach) -> Report:
    """The report of a day. Raises CatalogFault."""
    catalog = opened.station.catalog
    stones: dict[str, list[Tombstone]] = {}
    for stone in destroyed_on(catalog, day):
        stones.setdefault(stone.batch, []).append(stone)
    gone = [(find_batch(catalog, batch), tuple(some)) for batch, some in stones.items()]

    def seen(department: str, officer: str | None = None) -> bool:
        return reach.why_not(department, officer) is None

    return Report(
        day,
        tuple(sweeps_of_day(catalog, day)),
        tuple(one for one in batches_proposed(catalog, everything=True, day=day) if seen(one.department)),
        tuple((batch, some) for batch, some in gone if seen(batch.department)),
        tuple((clip, one) for clip, one in spared_on(catalog, day) if seen(clip.department, clip.officer)),
        tuple(one for one in batches_proposed(catalog) if seen(one.department)),
        destroyed_total(catalog),
        len(not_yet_removed(catalog)),
    )


def as_row(row: object, keys: tuple[str, ...]) -> dict[str, Any]:
    """Some fields of a value as JSON has them."""
    return {name: _plain(getattr(row, name)) for name in keys}


def spared_row(clip: Clip, one: BatchClip) -> dict[str, Any]:
    """A clip that left its batch, by stable names."""
    values = (clip.id, one.batch, clip.name, clip.department, one.why, one.kept_until)
    return dict(zip(SPARED_KEYS, values, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    return value.isoformat() if isinstance(value, date) else value
