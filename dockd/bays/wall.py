"""Publishes what every bay does, for any screen: what changed at once, a bay at work four times a second, and all of
them every few seconds, so that a screen can tell a station at rest from one that is no more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from catalog.model import utc_text

from ..results import Progress
from ..upkeep.watch import Wrong
from .bay import BUSY, Bay, State
from .slotfile import KEPT_FRESH_S, OFF, SlotState, publish, withdraw

log = logging.getLogger("dockd")

REFRESH_S = 0.25  # how often a bay at work is published: a screen is never more than half a second behind


@dataclass(frozen=True, slots=True)
class Face:
    """What is to be seen of a bay: the bay, the session in it, and since when it is as it is."""

    bay: Bay
    progress: Progress
    since: datetime


@dataclass(slots=True)
class _Shown:
    """What a bay's file says, and the rate, which takes two looks."""

    what: tuple[object, ...] = ()
    at: float = 0.0
    done_bytes: int = 0
    rate: int = 0


@dataclass(slots=True)
class Wall:
    """The state files of all bays. `clock` gives UTC; `now` is monotonic, in seconds; `wrong` is what is wrong with the
    vault, for every bay's file.
    """

    run_dir: str
    clock: Callable[[], datetime]
    wrong: Wrong = field(default_factory=Wrong)
    _shown: dict[str, _Shown] = field(default_factory=dict)

    def show(self, face: Face, fault: str, now: float) -> None:
        """Publish a bay if there is anything new to tell; `fault` is why the station takes nothing in, or empty."""
        bay, progress = face.bay, face.progress
        shown = self._shown.setdefault(bay.port, _Shown())
        busy = bay.state in BUSY
        what = (bay, fault, progress.state, self.wrong)
        if what == shown.what and now - shown.at < (REFRESH_S if busy else KEPT_FRESH_S):
            return
        if busy and now > shown.at:
            # Not below nothing: what was published last may have been of the recorder before.
            shown.rate = max(0, int((progress.done_bytes - shown.done_bytes) / (now - shown.at))) if shown.at else 0
        shown.what, shown.at, shown.done_bytes = what, now, progress.done_bytes
        self._publish(self._state(face, fault, shown.rate if busy else 0))

    def withdraw(self, slot: int | None, port: str) -> None:
        """Remove a bay's file: the port is bound otherwise now, or empty and unbound."""
        self._shown.pop(port, None)
        withdraw(self.run_dir, slot, port)

    def turn_off(self, faces: list[Face]) -> None:
        """Say of all bays that nobody serves them any more."""
        for face in faces:
            self._publish(self._state(face, "", 0, off=True))

    def _state(self, face: Face, fault: str, rate: int, *, off: bool = False) -> SlotState:
        bay, progress = face.bay, face.progress
        seated = bay.current
        state, reason = bay.state.value, str(bay.why)
        if bay.state is State.COPYING and progress.state in ("sealing", "sealed"):
            state = "verifying"
        elif fault and bay.state is State.IDLE:
            state, reason = "fault", "station-fault"
        if off:
            state, reason = OFF, "service-stopped"
        left = progress.total_bytes - progress.done_bytes
        duty = progress.duty if bay.state is State.TAKE_IT and not off else None
        return SlotState(
            slot=bay.slot,
            port=bay.port,
            state=state,
            reason=reason,
            detail=bay.detail or fault,
            recorder=progress.recorder if seated else "",
            family=progress.family if seated else "",
            key=seated.key if seated else "",
            device=seated.name if seated else "",
            session=progress.session if seated else "",
            bytes=progress.done_bytes if seated else 0,
            bytes_total=progress.total_bytes if seated else 0,
            rate=rate,
            left_s=int(left / rate) if rate > 0 else None,
            clips=progress.done_entries if seated else 0,
            clips_total=progress.total_entries if seated else 0,
            priority=bay.priority,
            fit_for_duty=duty.fit if duty else None,
            unfit_because=duty.reasons if duty else [],
            vault_damaged=self.wrong.damaged,
            vault_overdue=self.wrong.overdue,
            since=f"{face.since:%Y-%m-%dT%H:%M:%SZ}",
            at=utc_text(self.clock()),
        )

    def _publish(self, state: SlotState) -> None:
        try:
            publish(self.run_dir, state)
        except OSError as error:
            log.error("act=publish slot=%s fault=%s", state.slot, error)
