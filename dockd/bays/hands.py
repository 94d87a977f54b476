"""Carries out what the bays ask for, in threads, and tells what came of it.

There are `parallel` workers for recorders; who waits for one is the bays' business (`bay.next_to_copy`). Whatever an
act raises becomes an event: nothing here may end the daemon.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from catalog.errors import CatalogError
from hashing.errors import HashingError

from ..clearing_order import ClearingOrder
from ..docking import Docking
from ..errors import DockdError, UnitFailed
from ..explain import explain
from ..listing import Volume
from ..results import Progress, Result
from ..station import Station
from ..talking import Talking
from ..units import Units
from ..usb import Seen
from .events import Began, Cleared, Docked, Failed, Happened, Mounted, TalkEnded, Why

log = logging.getLogger("dockd")

Tell = Callable[[Happened], None]
Alarm = Callable[[BaseException], None]


class Hands:
    """The workers. `alarm` is told of faults of vault and catalogue: the station stops taking in."""

    def __init__(
        self, station: Station, units: Units, *, run_dir: str, clear: bool, parallel: int, tell: Tell, alarm: Alarm
    ) -> None:
        self.parallel = self._workers = max(1, parallel)
        self._station = station
        self._units = units
        self._run_dir = run_dir
        self._clear = clear
        self._talking = Talking(station, units, run_dir)
        self._tell = tell
        self._alarm = alarm
        # Docking has its own limit; mounting and releasing must not wait behind it.
        self._small = ThreadPoolExecutor(max_workers=8, thread_name_prefix="hands")
        self._large = ThreadPoolExecutor(max_workers=self._workers, thread_name_prefix="dock")
        self._dockings: dict[str, tuple[Docking, Result]] = {}
        self._stops: dict[str, threading.Event] = {}
        self._futures: set[Future[None]] = set()
        self.stopping = threading.Event()

    @property
    def running(self) -> int:
        """How many recorders are being copied or cleared."""
        return len(self._stops)

    def volume_path(self, name: str) -> str:
        """Where root mounts a volume."""
        return f"{self._run_dir}/volumes/{name}"

    def release_leftovers(self) -> None:
        """Let go of what a daemon that was killed left mounted: it may be another recorder's by now."""
        try:
            names = sorted(os.listdir(f"{self._run_dir}/volumes"))
        except FileNotFoundError:
            return
        for name in names:
            try:
                self._units.unmount(name)
            except UnitFailed as failed:
                log.warning("act=release device=%s reason=%s", name, explain(failed).sentence)

    def mount(self, seen: Seen) -> None:
        """Have a volume mounted; tells Mounted or Failed."""

        def work() -> None:
            try:
                self._units.mount(seen.name)
            except UnitFailed as failed:
                self._tell_failed(seen, Why.MOUNT_FAILED, failed)
            else:
                self._tell(Mounted(seen.name, self.volume_path(seen.name)))

        self._do(self._small, work)

    def talk(self, seen: Seen, slot: int | None) -> None:
        """Have a recorder spoken to that is no disk yet; tells TalkEnded or Failed."""

        def work() -> None:
            try:
                fault = self._talking.talk(seen, slot)
            except (UnitFailed, OSError) as failed:
                log.error("device=%s act=talk reason=%s", seen.name, explain(failed).sentence)
                self._tell(Failed(seen.name, Why.TALK_FAILED, explain(failed).sentence))
            except (HashingError, CatalogError, DockdError) as error:
                log.error("act=talk device=%s station-fault=%s", seen.name, explain(error).sentence)
                self._tell(Failed(seen.name, Why.STATION, explain(error).sentence))
                self._alarm(error)
            else:
                log.info("act=talk device=%s fault=%s", seen.name, fault or "-")
                self._tell(Failed(seen.name, Why.TALK_FAILED, fault) if fault else TalkEnded(seen.name))

        self._do(self._small, work)

    def release(self, seen: Seen) -> None:
        """Stop what is going on with a volume and let go of it."""
        stop = self._stops.get(seen.name)
        if stop is not None:
            stop.set()
        self._dockings.pop(seen.name, None)

        def work() -> None:
            try:
                self._units.unmount(seen.name)
            except UnitFailed as failed:
                # After a yank systemd has done it already.
                log.info("act=release device=%s reason=%s", seen.name, explain(failed).sentence)

        self._do(self._small, work)

    def dock(self, seen: Seen, path: str, slot: int | None, progress: Progress) -> None:
        """Take a volume in; tells Began, then Docked or Failed."""
        stop = threading.Event()
        self._stops[seen.name] = stop
        if self.stopping.is_set():
            stop.set()

        def work() -> None:
            try:
                self._tell(Began(seen.name))
                self._dock(seen, path, slot, progress, stop)
            finally:
                self._stops.pop(seen.name, None)

        self._do(self._large, work)

    def _dock(self, seen: Seen, path: str, slot: int | None, progress: Progress, stop: threading.Event) -> None:
        try:
            with Volume.open(self._station.files, path) as volume:
                origin = replace(seen.origin, talked=self._talking.said_at(seen.port))
                docking = Docking(self._station, path, slot=slot, progress=progress, stop=stop, origin=origin)
                result = docking.run(volume)
        except OSError as error:
            self._tell_failed(seen, Why.UNREADABLE, error)
            return
        except (HashingError, CatalogError, DockdError) as error:
            log.error("act=dock device=%s station-fault=%s", seen.name, explain(error).sentence)
            self._tell(Failed(seen.name, Why.STATION, explain(error).sentence))
            self._alarm(error)
            return
        log.info(
            "session=%s recorder=%s slot=%s on_recorder=%d ingested=%d already_held=%d quarantined=%d failed=%d "
            "bytes=%d seconds=%.1f state=%s",
            *(result.session, result.recorder, slot, result.sum.on_recorder, result.sum.ingested),
            *(result.sum.already_held, result.sum.quarantined, result.sum.failed),
            *(result.ingested_bytes, result.seconds, result.state),
        )
        self._dockings[seen.name] = (docking, result)
        progress.duty = docking.signs.duty
        self._tell(Docked(seen.name, result.state == "sealed", result.sum.failed, self._clear))

    def clear(self, seen: Seen) -> None:
        """Have root remove what was proven; tells Cleared or Failed."""
        self._stops[seen.name] = threading.Event()

        def work() -> None:
            try:
                self._clear_now(seen)
            finally:
                self._stops.pop(seen.name, None)

        self._do(self._large, work)

    def _clear_now(self, seen: Seen) -> None:
        docking, result = self._dockings[seen.name]
        order = ClearingOrder(docking, result, self._run_dir, seen)
        try:
            came = order.carry_out(self._units)
        except UnitFailed as failed:
            self._tell_failed(seen, Why.CLEARING_FAILED, failed)
        except (HashingError, CatalogError, DockdError) as error:
            log.error("act=clear device=%s station-fault=%s", seen.name, explain(error).sentence)
            self._tell(Failed(seen.name, Why.STATION, explain(error).sentence))
            self._alarm(error)
        else:
            docking.progress.duty = docking.signs.duty
            kept = len(came.kept)
            doubts = ",".join(sorted({keep.doubt.value for keep in came.kept})) or "-"
            log.info("session=%s act=clear kept=%d why=%s fault=%s", result.session, kept, doubts, came.fault or "-")
            # Root's outcome may reach us before udev's word that the recorder has left.
            self._tell(Failed(seen.name, Why.PULLED) if kept and _gone(seen.name) else Cleared(seen.name, kept))

    def _tell_failed(self, seen: Seen, why: Why, error: UnitFailed | OSError) -> None:
        """An act on the recorder failed; that it was pulled out meanwhile says more than what the act met then."""
        said = explain(error).sentence
        code = error.reason.code if isinstance(error, UnitFailed) and error.reason is not None else "-"
        log.error("device=%s why=%s code=%s reason=%s", seen.name, why.value, code, said)
        self._tell(Failed(seen.name, Why.PULLED) if _gone(seen.name) else Failed(seen.name, why, said))

    def reconfigure(self, *, clear: bool, parallel: int) -> None:
        """Take over settings that were read again; sessions under way keep theirs. More workers than at the start need
        a restart: memory was shared out among those.
        """
        self._clear = clear
        self.parallel = min(parallel, self._workers)

    def stop(self, patience_s: float) -> None:
        """Stop all copying at the next block, keeping partials; returns after `patience_s` at the latest."""
        self.stopping.set()
        for stop in list(self._stops.values()):
            stop.set()
        wait(set(self._futures), timeout=patience_s)
        self._small.shutdown(wait=False, cancel_futures=True)
        self._large.shutdown(wait=False, cancel_futures=True)

    def _do(self, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:
                log.exception("a worker met a fault nobody foresaw")
                self._alarm(error)

        future = pool.submit(guarded)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)


def _gone(name: str) -> bool:
    """Whether a volume's device is no longer there; a loop device stays, without what it was attached to."""
    here = f"/sys/class/block/{name}"
    return not os.path.exists(f"{here}/loop/backing_file" if name.startswith("loop") else here)
