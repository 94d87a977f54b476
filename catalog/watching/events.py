"""What is learned of a recorder at a docking: its clock, its health, what is missing, and what people say of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..event import Event


@dataclass(frozen=True, slots=True)
class ClockMeasured(Event):
    """A recorder's clock was held against the station's (QH article 13, QX article 10).

    `offset_ms` is recorder minus station at `measured_at`; `recorder_at` is what the recorder said, local time without
    zone. `synced` says whether the station's own clock was disciplined; None: not known.
    """

    KIND = "clock-measured"
    session: str
    recorder: str
    measured_at: str
    recorder_at: str
    offset_ms: int
    uncertainty_ms: int
    method: str
    synced: bool | None


@dataclass(frozen=True, slots=True)
class ClockSet(Event):
    """A recorder's clock was set, or ordered to set itself at power-on: `method` is `file` or `protocol`.

    `told` is the time it was told, local without zone; `by_file` the file that tells it.
    """

    KIND = "clock-set"
    session: str
    recorder: str
    set_at: str
    method: str
    told: str
    by_file: str | None = None


@dataclass(frozen=True, slots=True)
class ClockSettingJudged(Event):
    """The next docking showed whether the setting of an earlier session took: `yes`, `no` or `unknown`."""

    KIND = "clock-setting-judged"
    session: str
    recorder: str
    set_in: str
    took: str


@dataclass(frozen=True, slots=True)
class ClipTimeSettled(Event):
    """A person said when a clip was recorded, within limits, and why. What the recorder claimed stays beside it."""

    KIND = "clip-time-settled"
    clip: str
    earliest: str
    likely: str
    latest: str
    reason: str


@dataclass(frozen=True, slots=True)
class HealthRead(Event):
    """A recorder's state as its docking showed it; None for what it does not tell (duty D11)."""

    KIND = "health-read"
    session: str
    recorder: str
    read_at: str
    battery_percent: int | None = None
    cycles: int | None = None
    voltage_mv: int | None = None
    storage_free_bytes: int | None = None
    storage_total_bytes: int | None = None
    read_rate_bytes_s: int | None = None
    read_errors: int | None = None
    clock_error_ms: int | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class DutyJudged(Event):
    """Whether a recorder was fit for duty when it was released, and why not.

    A reason is a map of `quantity`, `value`, `limit` and `at`, as catalog.watching.health names them, with numbers as
    decimal text; `soon` are those that a trend foresees.
    """

    KIND = "duty-judged"
    session: str
    recorder: str
    fit: bool
    reasons: list[dict[str, Any]]
    soon: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NewerFilesSeen(Event):
    """Files that claim to have been written after their docking began: a clock that runs ahead, or somebody who wrote
    to the card since (duty D23). `files` are maps of `seq`, `path` and `modified_at` (UTC, as the volume has it).
    """

    KIND = "newer-files-seen"
    session: str
    recorder: str
    files: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class SessionExamined(Event):
    """A session's recordings were held against each other and against the log of their recorder."""

    KIND = "session-examined"
    session: str
    recorder: str
    clips: int
    gaps: int


@dataclass(frozen=True, slots=True)
class GapFound(Event):
    """Something that should be there is not, or is other than the recorder would have made it (QH article 12).

    `gap` is made from what it is about, so that finding it again gives the same. Times are UTC, None where unknown;
    `evidence` are codes with their facts.
    """

    KIND = "gap-found"
    gap: str
    found_in: str
    recorder: str
    gap_kind: str
    before_clip: str | None
    after_clip: str | None
    start: str | None
    end: str | None
    length_ms: int | None
    uncertainty_ms: int
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class GapDelivered(Event):
    """Files whose numbers were missing came with a later docking. `files` are maps of `number` and `clip`; `complete`:
    with them no number of the gap is missing any more, and the gap is closed. What people said of it stays.
    """

    KIND = "gap-delivered"
    gap: str
    delivered_in: str
    recorder: str
    files: list[dict[str, Any]]
    complete: bool


@dataclass(frozen=True, slots=True)
class GapExplained(Event):
    """Someone said why: spoken in a recording (`clip_of_words`, `at_ms`), or in writing (`text`, with an attachment
    that lies in the vault).
    """

    KIND = "gap-explained"
    gap: str
    by: str
    role: str
    clip_of_words: str | None = None
    at_ms: int | None = None
    text: str | None = None
    attachment: str | None = None
    attachment_digest: str | None = None


@dataclass(frozen=True, slots=True)
class GapReviewed(Event):
    """A leader took the explanation, or sent it back with a note."""

    KIND = "gap-reviewed"
    gap: str
    by: str
    role: str
    accepted: bool
    note: str
