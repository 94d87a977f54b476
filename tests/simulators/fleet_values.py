"""What is told of a simulated fleet: what a station sees of a recorder, and the truth it does not see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

BEGIN = datetime(2025, 11, 1, tzinfo=UTC)
ZONE_S = 8 * 3600
DAY_S = 86_400


@dataclass(slots=True)
class File:
    """As listed and probed: `claimed` is cut to whole seconds; a file without index has no duration."""

    key: str
    claimed: datetime
    duration_ms: int | None
    size_bytes: int
    sequence: int | None
    indexed: bool = True
    encoder: str = "AMBA AVC"
    edit_lists: int = 0
    made_after_docking_s: int = 0
    jumps: tuple[tuple[int, str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the recorder's log, by its own clock."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Docking:
    """All a station sees of one docking. `set_at`: it tried to set the clock then. `read_after_set_ms`: the offset
    asked for again right after, where the recorder can be asked."""

    day: int
    at: datetime
    method: str
    offset_ms: int
    set_at: datetime | None
    read_after_set_ms: int | None
    files: tuple[File, ...]
    lines: tuple[Line, ...]
    battery_percent: int
    read_rate_bytes_s: int
    read_errors: int


@dataclass(frozen=True, slots=True)
class Model:
    """What the maker says of a recorder: how it names, cuts and logs."""

    split_ms: int | None
    pre_record_ms: int
    numbered_to: int | None
    logs: bool
    restarts_numbers: bool = False


MODELS = (
    Model(300_000, 0, 9_999, logs=True),
    Model(300_000, 15_000, 9_999, logs=False, restarts_numbers=True),
    Model(600_000, 30_000, None, logs=True),
    Model(180_000, 0, None, logs=False),
    Model(None, 10_000, 9_999, logs=True),
)


@dataclass(slots=True)
class Planted:
    """A gap that is really there: what it is, and the files beside it."""

    kind: str
    near: set[str]


@dataclass(slots=True)
class Truth:
    """What happened to a recorder. `battery_end` and `card_end` are days; `without_notice`: its end had no signs."""

    drift_s_per_day: float = 0.0
    gaps: list[Planted] = field(default_factory=list)
    battery_end: int | None = None
    card_end: int | None = None
    without_notice: bool = False
    resets: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """One recorder's year."""

    recorder: str
    model: Model
    dockings: list[Docking]
    truth: Truth
