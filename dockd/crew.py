"""Several recorders at once: one thread each, one stop for all.

A recorder's fault ends its own session. A fault of the vault or the catalogue stops every session at its next block:
going on would pile up copies that nobody can record (two ways to fail).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from .clearing import Clearing
from .clocks.setting import set_clock
from .docking import Docking
from .first_look import FirstLook
from .listing import Volume
from .results import Progress, Result
from .station import Station
from .usb import Origin


@dataclass(frozen=True, slots=True)
class Seated:
    """A recorder's volume, the slot it sits in if that is known, and the look that was taken at it already."""

    path: str
    slot: int | None = None
    look: FirstLook | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A recorder that could not even be listed."""

    seated: Seated
    error: OSError


class Crew:
    """Docks recorders in parallel; `progress` has one place for each, to be read by whoever shows it."""

    def __init__(self, station: Station, seated: Sequence[Seated], *, clear: bool, parallel: int) -> None:
        self.station = station
        self.seated = tuple(seated)
        self.clear = clear
        self.parallel = parallel
        self.stop = threading.Event()
        self.progress = [Progress(slot=s.slot, source=s.path) for s in self.seated]
        self._pool = ThreadPoolExecutor(max_workers=max(1, parallel), thread_name_prefix="dock")
        self._futures: list[Future[Result | Unreadable]] = []

    def start(self) -> None:
        """Begin; `ended` says when all have, `results` what came of them."""
        for seated in self.seated[self.parallel :]:
            # Whoever has to wait for a place is looked at anew: much may have changed by then.
            if seated.look is not None:
                seated.look.let_go()
        self._futures = [
            self._pool.submit(self._one, seated, progress, seated.look if number < self.parallel else None)
            for number, (seated, progress) in enumerate(zip(self.seated, self.progress, strict=True))
        ]

    def ended(self, timeout_s: float) -> bool:
        """Whether every session has ended, waiting for that as long as this."""
        return not wait(self._futures, timeout_s).not_done

    def results(self) -> list[Result | Unreadable]:
        """What came of each, in the order given; raises the first fault of vault or catalogue."""
        self._pool.shutdown(wait=True)
        return [future.result() for future in self._futures]

    def _one(self, seated: Seated, progress: Progress, look: FirstLook | None) -> Result | Unreadable:
        try:
            with look.found()[0] if look else Volume.open(self.station.files, seated.path) as volume:
                docking = Docking(
                    self.station,
                    seated.path,
                    slot=seated.slot,
                    progress=progress,
                    stop=self.stop,
                    look=look,
                    origin=_origin_of(volume),
                )
                result = docking.run(volume)
                if self.clear:
                    progress.state = "clearing"
                    cleared = Clearing(docking, result, volume).run()
                    kept = tuple(f"{keep.seq}: {keep.doubt.value}" for keep in cleared.kept)
                    result = replace(result, cleared=len(cleared.removed), kept=kept, duty=docking.signs.duty)
                    note = set_clock(docking, volume, cleared.kept)
                    result = result if note is None else replace(result, notes=(*result.notes, note))
                progress.state = result.state
                return result
        except OSError as error:
            progress.state = "fault"
            return Unreadable(seated, error)
        except BaseException:
            progress.state = "stopped"
            self.stop.set()
            raise


def _origin_of(volume: Volume) -> Origin:
    """Where a mounted volume comes from; of folders and images there is nobody to ask."""
    source = volume.facts()["source"]
    if not isinstance(source, str) or not source.startswith("/dev/") or source.startswith("/dev/loop"):
        return Origin()
    from .devices import origin_of

    return origin_of(volume.device)
