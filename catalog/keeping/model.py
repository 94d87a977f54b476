"""What the catalogue hands out of holds and terms. Times are aware and UTC; days are the agency's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..cases.states import State

# A term without end, as `clips.keep_until` keeps it: days sort as text, and this one comes behind all others.
NO_END = "9999-12-31"

ACTIVE, LIFT_ASKED, LIFTED = "active", "lift-asked", "lifted"


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold: `state` is `active`, `lift-asked` or `lifted`; only a lifted one holds nothing."""

    id: str
    trigger: str | None
    long_term: bool
    reason: str
    scope: str
    about: dict[str, Any]
    subject: str
    departments: list[str]
    placed_by: str
    placed_at: datetime
    state: str
    asked_by: str | None
    asked_at: datetime | None
    ask_reason: str | None
    lifted_by: str | None
    lifted_at: datetime | None
    lift_reason: str | None


@dataclass(frozen=True, slots=True)
class AdoptedPack:
    """The rule pack that terms are decided by, since when and by whom."""

    pack: str
    digest: str
    adopted_by: str
    adopted_at: datetime
    made_due: int


@dataclass(frozen=True, slots=True)
class Held:
    """That a hold which is not lifted holds a clip."""

    hold: str
    trigger: str | None
    long_term: bool
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class UnderCase:
    """A case that a clip lies under. `file_from` is None while nobody said how long this very file is kept; else
    `file_years` counts from there, None for ever.
    """

    number: str
    kind: str
    state: State
    closed_on: date | None
    file_years: int | None = None
    file_from: str | None = None


@dataclass(frozen=True, slots=True)
class TermFacts:
    """All that the catalogue knows of a clip that its term may rest on; `duration_ms` None is unknown."""

    id: str
    kind: str
    clip_class: str
    recorded_at: datetime | None
    time_doubt: str | None
    anchor_at: datetime | None
    duration_ms: int | None
    ingested_at: datetime
    cases: tuple[UnderCase, ...]
    holds: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Queued:
    """A clip that is marked for long-term keeping, for the archivist to put on disc; `holds` are the marks' ids."""

    clip: str
    name: str
    vault_path: str
    size_bytes: int
    digest: str
    recorder: str
    officer: str | None
    department: str
    recorded_at: datetime | None
    since: datetime
    triggers: tuple[str, ...]
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How many clips of a station have which term: `due` may go, `undecided` have none worked out."""

    clips: int
    due: int
    without_end: int
    undecided: int
