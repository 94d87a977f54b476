"""The daemon's part in speaking to a recorder that is no disk yet: it may not, so it writes what root is to say, and
puts on record what root says came of it.

    seen ─► order ─► dockd-talk@ ─► outcome ─► custody entry ─► remembered for the docking in the same port

What was said belongs to the docking that follows: the recorder leaves its port and comes back there as a disk.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from catalog.events import RecorderTalkedTo

from .drivers import control_for
from .errors import UnitFailed
from .ledger import export
from .root.talk import TalkOrder, TalkOutcome, read_outcome
from .station import Station
from .units import Units
from .usb import Seen, Talked

# A recorder comes back some seconds after it was told to be a disk; in longer somebody may have put in another one.
BACK_WITHIN_S = 60.0


class Talking:
    """Carries talks out, from any thread, and remembers what was said until the recorder is docked."""

    def __init__(
        self, station: Station, units: Units, run_dir: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._station = station
        self._units = units
        self._run_dir = run_dir
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._said: dict[str, tuple[float, Talked]] = {}

    def talk(self, seen: Seen, slot: int | None) -> str | None:
        """Have root speak to a device; what went wrong on the way, None when it will be a disk.

        Raises UnitFailed (nothing was said that changes it), CatalogFault, TargetFault.
        """
        name = seen.name.removeprefix("usb:")
        speaks = control_for(self._station.families, usb=seen.usb, inquiry=seen.inquiry)
        if speaks is None:
            raise UnitFailed("talk", name, "no family speaks to it")
        order = TalkOrder(name, speaks.driver, speaks.zone if speaks.set_clock else None)
        path = f"{self._run_dir}/talk/{name}.json"
        with open(f"{path}.new", "wb") as file:
            file.write(order.to_json())
        os.replace(f"{path}.new", path)
        try:
            self._units.talk(name)
            outcome = self._outcome(order)
        finally:
            with suppress(OSError):
                os.unlink(path)
        self._record(seen, slot, outcome)
        with self._lock:
            self._said[seen.port or ""] = (self._monotonic(), _talked(outcome))
        return None if outcome.disk else outcome.fault or "no disk"

    def said_at(self, port: str | None) -> Talked | None:
        """What was said in a port just before; told once, for a second volume of a recorder says nothing new."""
        with self._lock:
            said_at, talked = self._said.pop(port or "", (float("-inf"), None))
        return talked if self._monotonic() - said_at <= BACK_WITHIN_S else None

    def _outcome(self, order: TalkOrder) -> TalkOutcome:
        try:
            with open(f"{self._run_dir}/outcome/{order.device}.json", "rb") as file:
                outcome = read_outcome(file.read())
            if (outcome.device, outcome.driver) != (order.device, order.driver):
                raise ValueError("the outcome is of another talk")
        except (OSError, ValueError) as error:
            raise UnitFailed("talk", order.device, str(error)) from error
        return outcome

    def _record(self, seen: Seen, slot: int | None, outcome: TalkOutcome) -> None:
        self._station.catalog.append(
            [
                RecorderTalkedTo(
                    slot=slot,
                    port=seen.port or "",
                    key=seen.key,
                    driver=outcome.driver,
                    serial=outcome.serial,
                    officer=outcome.officer,
                    battery=outcome.battery,
                    set_at=outcome.set_at,
                    told=outcome.told,
                    disk=outcome.disk,
                    fault=outcome.fault,
                )
            ]
        )
        export(self._station)


def _talked(outcome: TalkOutcome) -> Talked:
    set_at = None if outcome.set_at is None else datetime.fromisoformat(outcome.set_at)
    return Talked(outcome.driver, outcome.serial, outcome.battery, set_at, outcome.told)
