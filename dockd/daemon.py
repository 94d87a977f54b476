"""The daemon: one loop that waits for everything – devices, signals, finished work, timers – so that nothing races.

Only this loop touches the bays. It asks `bay.step` what an event means, hands the acts to `hands`, and publishes each
bay's state for the screens. When vault or catalogue fail it stops taking in, says so on every slot, and tries again
until they hold (contract P9).
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.errors import CatalogError
from catalog.events import DeviceRefused
from hashing.errors import HashingError

from .bays.bay import BUSY, Bay, Rules, State, next_to_copy, step
from .bays.events import Act, Clear, Dock, Happened, Mount, Refuse, Release, RulesChanged, Talk
from .bays.hands import Hands
from .bays.wall import REFRESH_S, Face, Wall
from .devices import Devices
from .drivers import control_for
from .drops import Drops
from .errors import DockdError
from .explain import explain
from .notify import Notify
from .recovery import come_to_rest
from .results import Progress
from .station import Station
from .upkeep.watch import UpkeepWatch
from .usb import Gone, Seen

log = logging.getLogger("dockd")

RULES_EVERY_S = 1.0  # how often the catalogue is asked whether anything was written since
RETRY_S = 15.0  # how often a closed station tries again
IDLE_S = 5.0
STOP_PATIENCE_S = 4.0  # SIGTERM: systemd and users expect an answer within five seconds


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal arrived."""

    number: int


@dataclass(frozen=True, slots=True)
class StationFault:
    """Vault or catalogue failed somewhere."""

    error: BaseException


Event = Happened | Signalled | StationFault


@dataclass(slots=True)
class Held:
    """A bay with what only the loop knows of it."""

    bay: Bay
    progress: Progress
    since: datetime
    path: str = ""
    arrival: int = 0

    @property
    def face(self) -> Face:
        """What screens show of it."""
        return Face(self.bay, self.progress, self.since)


class Daemon:
    """Runs until SIGTERM or SIGINT. `reload` reads the settings again and gives what may change while running."""

    def __init__(
        self,
        station: Station,
        hands: Callable[[Callable[[Happened], None], Callable[[BaseException], None]], Hands],
        *,
        run_dir: str,
        allow_loop: bool,
        notify: Notify,
        drops: Callable[[Callable[[BaseException], None]], Drops],
        reload: Callable[[], None],
        upkeep: UpkeepWatch,
    ) -> None:
        self._station = station
        self._wall = Wall(run_dir, station.clock)
        self._upkeep = upkeep
        self._notify = notify
        self._reload = reload
        # SimpleQueue: the only one that a signal handler may put into.
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._hands = hands(self._events.put, self._alarm)
        self._drops = drops(self._alarm)
        self._devices = Devices(self._events.put, allow_loop=allow_loop)
        self._held: dict[str, Held] = {}
        self._rules = Rules(frozenset())
        self._log_size = -1
        self._arrivals = 0
        self._closed_for = ""
        self._next_try = 0.0
        self._ending = False

    def run(self) -> None:
        """Watch, and serve until told to end."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda caught, _frame: self._events.put(Signalled(caught)))
        self._hands.release_leftovers()
        self._read_rules()
        self._devices.start()
        self._drops.start()
        self._notify.ready()
        log.info("act=start station=%s bays=%d", self._station.id, len(self._held))
        try:
            self._serve()
        finally:
            self._notify.stopping()
            self._devices.stop()
            self._hands.stop(STOP_PATIENCE_S)
            self._drops.stop(STOP_PATIENCE_S / 4)
            self._wall.turn_off([held.face for held in self._held.values()])
            log.info("act=stop station=%s", self._station.id)

    def _alarm(self, error: BaseException) -> None:
        self._events.put(StationFault(error))

    def _serve(self) -> None:
        rules_at = alive_at = 0.0
        while not self._ending:
            event = self._wait()
            if event is not None:
                self._take(event)
            now = time.monotonic()
            if now - rules_at >= RULES_EVERY_S:
                rules_at = now
                self._read_rules()
            if self._closed_for and now >= self._next_try:
                self._try_to_open(now)
            if self._notify.alive_every_s is not None and now - alive_at >= self._notify.alive_every_s:
                alive_at = now
                self._notify.alive()
            self._publish_all(now)

    def _wait(self) -> Event | None:
        at_work = any(held.bay.state in BUSY for held in self._held.values())
        try:
            # Looked at twice as often as published: an event in between must not put a bay off to the look after next.
            return self._events.get(timeout=REFRESH_S / 2 if at_work else min(RULES_EVERY_S, IDLE_S))
        except queue.Empty:
            return None

    # ---------------------------------------------------------------------------------------------------- events

    def _take(self, event: Event) -> None:
        match event:
            case Signalled(number):
                self._signalled(number)
            case StationFault(error):
                self._close(error)
            case Seen():
                if event.port is not None:
                    self._step(self._bay_at(event.port), self._with_driver(event))
            case Gone() | RulesChanged():
                for held in list(self._held.values()):
                    self._step(held, event)
            case _:
                for held in list(self._held.values()):
                    if held.bay.current is not None and held.bay.current.name == event.name:
                        self._step(held, event)

    def _with_driver(self, seen: Seen) -> Seen:
        """A device with the driver that a family names for it, where it is no disk yet."""
        if not seen.name.startswith("usb:"):
            return seen
        speaks = control_for(self._station.families, usb=seen.usb, inquiry=seen.inquiry)
        return seen if speaks is None else replace(seen, driver=speaks.driver)

    def _signalled(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._notify.reloading(time.monotonic_ns() // 1000)
            try:
                self._reload()
                log.info("act=reload")
            except DockdError as error:
                # The settings in force stay; whoever sent the signal finds this in the log.
                log.error("act=reload fault=%s", explain(error).sentence)
            self._notify.ready()
        else:
            self._ending = True

    def _step(self, held: Held, event: Happened) -> None:
        before = held.bay
        held.bay, acts = step(before, event, self._rules)
        if held.bay.state is not before.state or held.bay.current is not before.current:
            held.since = self._station.clock()
            log.info(
                "slot=%s port=%s state=%s device=%s why=%s detail=%s",
                *(held.bay.slot, held.bay.port, held.bay.state.value),
                *(held.bay.current.name if held.bay.current else "-", held.bay.why or "-", held.bay.detail or "-"),
            )
        for act in acts:
            self._act(held, act)
        self._start_waiting()

    def _act(self, held: Held, act: Act) -> None:
        match act:
            case Mount(seen):
                held.progress = Progress(held.bay.slot)
                self._hands.mount(seen)
            case Dock(_seen, path):
                self._arrivals += 1
                held.arrival, held.path = self._arrivals, path
            case Clear(seen):
                self._hands.clear(seen)
            case Talk(seen):
                held.progress = Progress(held.bay.slot)
                self._hands.talk(seen, held.bay.slot)
            case Release(seen):
                self._hands.release(seen)
            case Refuse(seen, reason):
                log.warning("slot=%s port=%s refused=%s key=%s", held.bay.slot, held.bay.port, reason, seen.key)
                self._record_refusal(held, seen, reason)

    def _start_waiting(self) -> None:
        while True:
            waiting = {h.arrival: h for h in self._held.values() if h.bay.state is State.WAITING and h.arrival}
            pairs = [(arrival, held.bay) for arrival, held in waiting.items()]
            arrival = next_to_copy(pairs, self._hands.running, self._hands.parallel)
            if arrival is None:
                return
            held = waiting[arrival]
            held.arrival = 0
            assert held.bay.current is not None
            self._hands.dock(held.bay.current, held.path, held.bay.slot, held.progress)

    def _record_refusal(self, held: Held, seen: Seen, reason: str) -> None:
        try:
            self._station.catalog.append(
                [DeviceRefused(held.bay.slot, held.bay.port, seen.key, reason, list(seen.interfaces or ()))]
            )
        except CatalogError as error:
            self._close(error)

    # -------------------------------------------------------------------------------------------- rules and bays

    def _bay_at(self, port: str) -> Held:
        held = self._held.get(port)
        if held is None:
            held = self._held[port] = Held(Bay(port), Progress(None), self._station.clock())
        return held

    def _read_rules(self) -> None:
        """Bindings, enrolments and what is wrong with the vault, as the catalogue has them now."""
        try:
            size = self._station.catalog.head().seq
            self._wall.wrong = self._upkeep.look(size, time.monotonic())
            if size == self._log_size:
                return
            bound = self._station.catalog.slots()
            enrolled = frozenset(one.key for one in self._station.catalog.enrolments())
        except CatalogError as error:
            self._close(error)
            return
        self._log_size = size
        by_port = {slot.port: slot for slot in bound}
        for slot in bound:
            self._bay_at(slot.port)
        for port, held in self._held.items():
            slot_now = by_port.get(port)
            number = slot_now.slot if slot_now else None
            if number != held.bay.slot:
                self._wall.withdraw(held.bay.slot, port)
            held.bay = replace(held.bay, slot=number, priority=bool(slot_now and slot_now.priority))
        if enrolled != self._rules.enrolled:
            self._rules = replace(self._rules, enrolled=enrolled)
            self._take(RulesChanged())

    # ------------------------------------------------------------------------------------- when the station fails

    def _close(self, error: BaseException) -> None:
        """Stop taking in, and say so on every bay that waits for us."""
        self._closed_for = explain(error).sentence
        self._next_try = time.monotonic() + RETRY_S
        self._rules = replace(self._rules, open=False)
        log.error("act=close reason=%s", self._closed_for)
        self._notify.status(self._closed_for)

    def _try_to_open(self, now: float) -> None:
        if self._hands.running:
            self._next_try = now + 1.0
            return
        self._next_try = now + RETRY_S
        try:
            come_to_rest(self._station)
            self._station.refuse_without_space(0)
        except (HashingError, CatalogError, DockdError) as error:
            self._closed_for = explain(error).sentence
            log.error("act=open reason=%s", self._closed_for)
            return
        self._closed_for = ""
        self._rules = replace(self._rules, open=True)
        self._notify.status("taking in")
        log.info("act=open")
        self._take(RulesChanged())

    # -------------------------------------------------------------------------------------------------- publishing

    def _publish_all(self, now: float) -> None:
        for port, held in list(self._held.items()):
            if held.bay.slot is None and not held.bay.seated:
                self._wall.withdraw(None, port)
                del self._held[port]
            else:
                self._wall.show(held.face, self._closed_for, now)


def configure_log() -> None:
    """key=value lines on stderr; systemd's journal adds the time."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("level=%(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if os.environ.get("DOCKD_DEBUG") == "1" else logging.INFO)
