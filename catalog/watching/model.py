"""What the catalogue hands out of clocks, health and gaps. Times are aware and UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One measurement of a recorder's clock: `offset_ms` is recorder minus station."""

    session: str
    recorder: str
    measured_at: datetime
    recorder_at: str
    offset_ms: int
    uncertainty_ms: int
    method: str
    synced: bool | None


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """One setting of a recorder's clock, and what the next docking showed of it (`took`, None: not judged yet)."""

    session: str
    recorder: str
    set_at: datetime
    method: str
    told: str
    by_file: str | None
    took: str | None
    judged_in: str | None


@dataclass(frozen=True, slots=True)
class HealthReading:
    """A recorder's state at one docking; None for what it does not tell."""

    session: str
    recorder: str
    read_at: datetime
    battery_percent: int | None
    cycles: int | None
    voltage_mv: int | None
    storage_free_bytes: int | None
    storage_total_bytes: int | None
    read_rate_bytes_s: int | None
    read_errors: int | None
    clock_error_ms: int | None
    firmware: str | None


@dataclass(frozen=True, slots=True)
class DutyVerdict:
    """Whether a recorder was fit for duty at its release; reasons as DutyJudged has them."""

    session: str
    recorder: str
    judged_at: datetime
    fit: bool
    reasons: list[dict[str, Any]]
    soon: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Trace:
    """Something on a recorder that recording does not leave there: `what` is "foreign-trace", "rogue-executable" or
    "newer-than-docking", `about` what it was known by. The officer is whom the recorder named. `vault_path` is where
    its copy lies; None, as the digest, where none was made.
    """

    recorder: str
    session: str
    docked_at: datetime
    department: str
    officer: str | None
    seq: int
    path: str
    size_bytes: int
    what: str
    about: str
    vault_path: str | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class GapRow:
    """A gap and how far people are with it: `state` is `open`, `explained`, `reviewed` or `delivered`.

    A gap that a leader sent back is open again; `review_note` then says why. `explainers` are all who ever
    explained it. `delivered` are the files that came later (maps of `number` and `clip`); when all did, the gap is
    closed as delivered, whatever was said of it before.
    """

    id: str
    station: str
    found_in: str
    recorder: str
    kind: str
    before_clip: str | None
    after_clip: str | None
    start_at: datetime | None
    end_at: datetime | None
    length_ms: int | None
    uncertainty_ms: int
    evidence: list[str]
    found_at: datetime
    state: str
    explainers: list[str]
    explained_by: str | None
    explained_at: datetime | None
    clip_of_words: str | None
    at_ms: int | None
    text: str | None
    attachment: str | None
    attachment_digest: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    review_note: str | None
    delivered: list[dict[str, Any]]

    @property
    def position(self) -> tuple[datetime, str]:
        """Where the gap stands in a list."""
        return self.found_at, self.id
