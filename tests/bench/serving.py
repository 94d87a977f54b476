"""The daemon at its work, with loop devices for recorders: how soon it begins, how fresh its screens are, what it costs
while nothing happens, and sixteen recorders plugged in at one moment.

Times are taken from outside: from before `losetup` to what the state files say, which is what an officer sees.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dockd.devices import probed

from .figures import Goal, Spread
from .loads import MIB, Load
from .racing import REPOSITORY
from .workshop import Workshop

LOAD = Load(clips=1, clip_bytes=128 * MIB, small=20, small_from_bytes=MIB, small_to_bytes=MIB)
RECORDERS = 16
REST_S = 60.0
LOOK_S = 0.005
PATIENCE_S = 600.0


class TooLate(Exception):
    """The daemon did not come to what was waited for; its last words."""


@dataclass(slots=True)
class Serving:
    """A running daemon of a fresh home, and the recorders plugged into it."""

    home: Path
    process: subprocess.Popen[bytes]
    log: Path
    ages_s: list[float] = field(default_factory=list)

    def states(self) -> list[dict[str, Any]]:
        """Every state file as it is now."""
        found = []
        for path in (self.home / "run/slots").glob("*.json"):
            try:
                found.append(json.loads(path.read_text()))
            except (FileNotFoundError, ValueError):
                continue
        return found

    def wait(self, ports: set[str], holds: Callable[[dict[str, Any]], bool], *, aging: bool = False) -> float:
        """Until all these bays are so; when that was (monotonic). `aging`: note how old files of bays at work are."""
        end = time.monotonic() + PATIENCE_S
        while True:
            states = [state for state in self.states() if state["port"] in ports]
            now, at = time.monotonic(), datetime.now(UTC)
            if aging:
                working = [state for state in states if state["state"] in ("copying", "verifying")]
                self.ages_s += [(at - datetime.fromisoformat(state["at"])).total_seconds() for state in working]
            if len(states) == len(ports) and all(map(holds, states)):
                return now
            if now > end or self.process.poll() is not None:
                raise TooLate(self.log.read_text(errors="replace")[-2000:])
            time.sleep(LOOK_S)

    def resident(self, which: str) -> float:
        """MiB of it in memory: VmRSS now, VmHWM at most (proc(5))."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{which}:"):
                return int(line.split()[1]) / 1024
        raise TooLate(f"{which} is not told")

    def cpu_s(self) -> float:
        """Seconds of a core it used so far, with the programs it called."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(one) for one in fields[11:15]) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """What was done, in words, and what it came to."""

    words: str
    goals: tuple[Goal, ...]


def serve(shop: Workshop) -> Served:
    """At rest; one recorder after the other; sixteen at once; at rest again."""
    load = LOAD.scaled(shop.scale)
    rounds = max(1, shop.track.rounds)
    images = [shop.image("serving", load, serial=100 + number) for number in range(rounds + RECORDERS)]
    rest_s = max(5.0, REST_S * min(1.0, shop.scale))
    with _daemon(shop, images) as daemon:
        shop.track.tell(f"the daemon at rest for {rest_s:.0f} s")
        used, rested = daemon.cpu_s(), daemon.resident("VmRSS")
        time.sleep(rest_s)
        share = (daemon.cpu_s() - used) / rest_s * 100
        begun = [_one(daemon, image) for image in images[:rounds]]
        alone_s, daemon.ages_s = daemon.ages_s, []
        shop.track.tell(f"{RECORDERS} recorders in one moment")
        together_s = _together(daemon, images[rounds:])
        peak, after = daemon.resident("VmHWM"), daemon.resident("VmRSS")
        at_once_s = daemon.ages_s
    shop.drop("serving")
    return Served(
        f"`dockd run --allow-loop` with {RECORDERS} bays, {rest_s:.0f} s at rest; then {rounds} recorders of "
        f"{load.size_bytes // MIB} MiB, one after the other, then {RECORDERS} of them in one moment: the last may be "
        f"taken after {together_s:.1f} s",
        (
            Goal("", "plugged in → first byte copied, as its state file says", Spread.of(begun), 2.0, " s"),
            Goal("", "age of a state file that was read, one recorder at work", _ms(alone_s), 500, " ms", 0),
            Goal("", f"age of a state file that was read, {RECORDERS} at work", _ms(at_once_s), 500, " ms", 0),
            Goal("", "the same, greatest", Spread.of([max(at_once_s) * 1e3]), 500, " ms", 0),
            Goal("", "CPU of the daemon at rest, of a core", Spread.of([share]), 1.0, " %"),
            Goal("", "memory of the daemon at rest", Spread.of([rested]), 80, " MiB", 0),
            Goal("", f"peak memory of the daemon, {RECORDERS} recorders at once", Spread.of([peak]), 300, " MiB", 0),
            Goal("", "memory of the daemon at rest after them", Spread.of([after]), None, " MiB", 0),
        ),
    )


def _ms(ages_s: list[float]) -> Spread:
    return Spread.of([age * 1e3 for age in ages_s])


def _one(daemon: Serving, image: Path) -> float:
    """Plug one in, wait until it may be taken, take it; seconds until its first byte was copied."""
    began = time.monotonic()
    with _plugged(image) as port:
        begun = daemon.wait({port}, lambda state: state["bytes"] > 0)
        daemon.wait({port}, lambda state: state["state"] == "take-it", aging=True)
    _free(daemon, {port})
    return begun - began


def _together(daemon: Serving, images: list[Path]) -> float:
    """Plug all in; seconds until the last may be taken."""
    began = time.monotonic()
    with ExitStack() as out:
        ports = {out.enter_context(_plugged(image)) for image in images}
        last = daemon.wait(ports, lambda state: state["state"] == "take-it", aging=True)
    _free(daemon, ports)
    return last - began


def _free(daemon: Serving, ports: set[str]) -> None:
    """Until nothing of them is shown any more: a loop device may carry the next recorder then."""
    end = time.monotonic() + PATIENCE_S
    while {state["port"] for state in daemon.states()} & ports:
        if time.monotonic() > end:
            raise TooLate(f"{ports} are still shown")
        time.sleep(LOOK_S)


@contextmanager
def _plugged(image: Path) -> Iterator[str]:
    command = ["losetup", "--read-only", "--direct-io=on", "--find", "--show", str(image)]
    device = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        yield f"loop/{device.removeprefix('/dev/')}"
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@contextmanager
def _daemon(shop: Workshop, images: list[Path]) -> Iterator[Serving]:
    """A daemon that knows these recorders, up and listening."""
    home, log = shop.folder / "service", shop.folder / "service.log"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "DOCKD_LANG": "en"}

    def dockd(*words: str) -> list[str]:
        return [sys.executable, "-m", "dockd", "--home", str(home), *words]

    def run(*words: str) -> None:
        subprocess.run(dockd(*words), check=True, env=environment, stdout=subprocess.DEVNULL)

    run("init", "--yes")
    settings = home / "dockd.toml"
    settings.write_text(settings.read_text().replace('#when = "after"', 'when = "later"'))
    for number in range(RECORDERS):
        run("slot", "bind", str(number + 1), "--port", f"loop/bay{number}")
    for image in images:
        found = probed(str(image))
        run("recorder", "enrol", f"loop:{found['ID_FS_LABEL']}:{found['ID_FS_UUID']}")
    with open(log, "wb") as out:
        process = subprocess.Popen(dockd("run", "--allow-loop"), env=environment, stdout=out, stderr=out)
    try:
        while b"act=start" not in log.read_bytes():
            if process.poll() is not None:
                raise TooLate(log.read_text(errors="replace")[-2000:])
            time.sleep(LOOK_S)
        yield Serving(home, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)
        log.unlink()
