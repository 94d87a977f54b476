"""When a recording of this docking was really made, by what two dockings say of its recorder's clock. Pure."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from catalog.watching.clocks import Drift, Measurement
from catalog.watching.recorded import (
    NOT_BEFORE,
    Corrected,
    Doubt,
    Known,
    Ruler,
    Unknown,
    judge,
    latest_plausible,
    out_of_order,
)

from ..recorders import Taken
from ..recorders.family import MEDIA
from ..session import Planned

Times = dict[str, str | None]
"""The fields of ClipIngested that say when: all but what the recorder claimed."""

_NOTHING: Times = dict.fromkeys(
    ("recorded_at", "recorded_earliest", "recorded_latest", "anchor_at", "time_basis", "time_doubt")
)


@dataclass(frozen=True, slots=True)
class Timing:
    """What is known of a recorder's clock while the recordings of one docking were made.

    `before` and `after` are measurements of the clock as it ran then; `last_cleared` is when this card was last seen
    to be empty; `backwards` are numbers of entries whose claims jump back.
    """

    zone: ZoneInfo
    first_seen: datetime
    before: Measurement | None = None
    after: Measurement | None = None
    known: Drift | None = None
    last_cleared: datetime | None = None
    defaults: Sequence[date] = ()
    backwards: frozenset[int] = frozenset()
    ruler: Ruler = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ruler", Ruler.of(self.zone, self.before, self.after, known=self.known))

    def of(self, seq: int, taken: Taken) -> Times:
        """The times of one entry. A recording without a time that can be true is a task for a person: `time_doubt` says
        why. Logs and the like without a claim are none.
        """
        if taken.claimed_at is None:
            doubtful = taken.kind in MEDIA or taken.time_doubt is not None
            return _NOTHING | {"time_doubt": Doubt.NO_TIME.value if doubtful else None}
        verdict = self.judged(datetime.fromisoformat(taken.claimed_at), backwards=seq in self.backwards)
        if isinstance(verdict, Unknown):
            return _NOTHING | {"time_doubt": verdict.reason.value}
        said = verdict.time
        anchor = latest_plausible(said, self.first_seen)
        return {
            "recorded_at": time_text(said.likely),
            "recorded_earliest": time_text(said.earliest) if said.earliest else None,
            "recorded_latest": time_text(said.latest) if said.latest else None,
            "anchor_at": time_text(anchor) if anchor != self.first_seen else None,
            "time_basis": said.basis.value,
            "time_doubt": None,
        }

    def judged(self, claimed: datetime, *, backwards: bool = False) -> Known | Unknown:
        """Whether a claimed time can be relied on, and what it comes to."""
        try:
            corrected = self.corrected(claimed)
        except OverflowError:
            # The ends of the calendar are no time of a recording, whatever the clock did.
            early = claimed.year < NOT_BEFORE.year
            return Unknown(Doubt.BEFORE_RECORDERS if early else Doubt.AHEAD)
        return judge(
            claimed,
            corrected,
            self.first_seen,
            last_cleared=self.last_cleared,
            backwards=backwards,
            maker_defaults=self.defaults,
        )

    def corrected(self, claimed: datetime) -> Corrected:
        """The claim put right. Raises OverflowError near the ends of the calendar."""
        return self.ruler.correct(claimed)


def time_text(moment: datetime) -> str:
    """UTC as custody entries have it: whole seconds where they are whole, else milliseconds."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    precision = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return f"{moment.isoformat(timespec=precision)}Z"


def jumping_back(planned: Iterable[Planned]) -> frozenset[int]:
    """Numbers of the entries at which the clock jumped backwards, as the recorder's own counting shows it.

    Counted are files of one kind in one folder. A count that repeats itself orders nothing.
    """
    counted: dict[tuple[bytes, str], list[tuple[int, datetime, int]]] = defaultdict(list)
    for entry in planned:
        taken = entry.taken
        if taken is None or taken.kind not in MEDIA or taken.claimed_at is None:
            continue
        if taken.sequence is not None and taken.sequence.isdecimal():
            group = (os.path.dirname(entry.listed.path), taken.kind)
            counted[group].append((int(taken.sequence), datetime.fromisoformat(taken.claimed_at), entry.seq))
    found: set[int] = set()
    for files in counted.values():
        ordered = _by_count(files)
        found.update(ordered[place][2] for place in out_of_order([claim for _, claim, _ in ordered]))
    return frozenset(found)


def _by_count(files: list[tuple[int, datetime, int]]) -> list[tuple[int, datetime, int]]:
    """Files in the order of their count; none when numbers repeat. A counter that ran over from 9999 goes on below."""
    numbers = sorted(number for number, _, _ in files)
    if len(set(numbers)) != len(numbers):
        return []
    steps = [b - a for a, b in pairwise(numbers)]
    full = set(str(numbers[-1])) == {"9"} and len(steps) > 0
    start = numbers[steps.index(max(steps)) + 1] if full and max(steps) > 1 else numbers[0]
    return sorted(files, key=lambda one: (one[0] < start, one[0]))
