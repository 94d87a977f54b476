"""Several recorders at once: one thread each, one stop for all.

A recorder's fault ends its own session. A fault of the vault or the catalogue stops every session at its next block:
going on would pile up copies that nobody can record (two ways to fail).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from .clearing import Clearing
from .docking import Docking
from .listing import Volume
from .results import Progress, Result
from .station import Station


@dataclass(frozen=True, slots=True)
class Seated:
    """A recorder's volume, and the slot it sits in if that is known."""

    path: str
    slot: int | None = None


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
        """Begin; `done` says when all have ended, `results` what came of them."""
        self._futures = [
            self._pool.submit(self._one, seated, progress)
            for seated, progress in zip(self.seated, self.progress, strict=True)
        ]

    def done(self) -> bool:
        """Whether every session has ended."""
        return all(future.done() for future in self._futures)

    def results(self) -> list[Result | Unreadable]:
        """What came of each, in the order given; raises the first fault of vault or catalogue."""
        self._pool.shutdown(wait=True)
        return [future.result() for future in self._futures]

    def _one(self, seated: Seated, progress: Progress) -> Result | Unreadable:
        try:
            with Volume.open(self.station.files, seated.path) as volume:
                docking = Docking(self.station, seated.path, slot=seated.slot, progress=progress, stop=self.stop)
                result = docking.run(volume)
                if self.clear:
                    progress.state = "clearing"
                    cleared = Clearing(docking, result, volume).run()
                    kept = tuple(f"{keep.seq}: {keep.doubt.value}" for keep in cleared.kept)
                    result = replace(result, cleared=len(cleared.removed), kept=kept)
                progress.state = result.state
                return result
        except OSError as error:
            progress.state = "fault"
            return Unreadable(seated, error)
        except BaseException:
            progress.state = "stopped"
            self.stop.set()
            raise
