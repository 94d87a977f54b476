"""What a docking came to, and how far it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from catalog.watching.events import DutyJudged

from .session import Sum


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know of a session in which every entry has its outcome. `showing.note_text` says it.

    `what`: "condemned" (a copy was thrown away and made anew; `detail` says why), "same-name" (`detail` is the earlier
    clip), "newer-than-docking", "clock-not-set" (the file that was to set it lies there still), "clock-did-not-take"
    (`path` is the recorder, `detail` what its clock was told), "clock-file-not-written" (`detail` says why),
    "another-was-talked-to" (`path` is the recorder, `detail` the one that was spoken to in its bay before).
    """

    what: str
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a docking session came to; `as_json` is the stable form of `dockd dock --json`."""

    session: str
    recorder: str
    family: str
    slot: int | None
    sum: Sum
    ingested_bytes: int
    seconds: float
    state: str
    notes: tuple[Note, ...] = ()
    cleared: int = 0
    kept: tuple[str, ...] = ()
    duty: DutyJudged | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields by their stable names."""
        return {
            "session": self.session,
            "recorder": self.recorder,
            "family": self.family,
            "slot": self.slot,
            "on_recorder": self.sum.on_recorder,
            "ingested": self.sum.ingested,
            "already_held": self.sum.already_held,
            "quarantined": self.sum.quarantined,
            "failed": self.sum.failed,
            "cleared": self.cleared,
            "bytes": self.ingested_bytes,
            "seconds": round(self.seconds, 3),
            "state": self.state,
            "fit_for_duty": self.duty.fit if self.duty else None,
            "unfit_because": self.duty.reasons if self.duty else [],
            "unfit_soon": self.duty.soon if self.duty else [],
        }


@dataclass(slots=True)
class Progress:
    """What a screen shows of a docking; written by one thread, read by another."""

    slot: int | None
    source: str = ""
    recorder: str = ""
    family: str = ""
    session: str = ""
    state: str = "waiting"
    total_bytes: int = 0
    done_bytes: int = 0
    total_entries: int = 0
    done_entries: int = 0
    duty: DutyJudged | None = None
    notes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_bytes(self, count: int) -> None:
        """Called by the copy engine for every block."""
        with self.lock:
            self.done_bytes += count
