"""The daemon as a process, loop devices for recorders: plug, mount, copy, clear, release; signals; a full vault."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.loops import Plugged, make_image, mounts_under, plug

DEADLINE_S = 60.0


def dockd(home: Path, *arguments: str) -> str:
    """One command of the real program."""
    done = subprocess.run(
        [sys.executable, "-m", "dockd", "--home", str(home), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Running:
    """A daemon of its own home, and what its screens would show."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.root = root
        self.plugged: list[Plugged] = []
        dockd(self.home, "init", "--yes", "--department", "城关中队")
        self.set("free_space_floor_mib", "0")
        self.log = open(root / "log", "ab")  # noqa: SIM115
        self.process: subprocess.Popen[bytes] | None = None

    def set(self, name: str, value: str) -> None:
        """Change a setting of the dock section."""
        path = self.home / "dockd.toml"
        text, count = re.subn(rf"(?m)^#?{name} = .*$", f"{name} = {value}", path.read_text())
        assert count == 1
        path.write_text(text)

    def start(self) -> None:
        """Start it; it is up when its log says so."""
        mark = (self.root / "log").stat().st_size
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dockd", "--home", str(self.home), "run", "--allow-loop"],
            stderr=self.log,
            stdout=self.log,
        )
        self.wait("start", lambda: b"act=start" in (self.root / "log").read_bytes()[mark:])

    def stop(self, number: int = signal.SIGTERM) -> float:
        """End it; the seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - began

    def recorder(self, label: str, files: dict[str, bytes]) -> Path:
        """A recorder's image."""
        content = self.root / label
        for name, data in files.items():
            (content / name).parent.mkdir(parents=True, exist_ok=True)
            (content / name).write_bytes(data)
        return make_image(self.root / f"{label}.img", content, label=label, size_mib=64)

    def plug(self, image: Path) -> Plugged:
        """Seat a recorder."""
        here = plug(image)
        self.plugged.append(here)
        return here

    def bay(self, port: str) -> dict[str, Any]:
        """What the screen shows of a port."""
        for path in (self.home / "run" / "slots").glob("*.json"):
            try:
                state = json.loads(path.read_text())
            except (FileNotFoundError, ValueError):
                continue
            if state["port"] == port:
                return dict(state)
        return {"state": "none"}

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Until something holds; never a fixed time."""
        end = time.monotonic() + DEADLINE_S
        while not holds():
            assert time.monotonic() < end, f"{what}: {(self.root / 'log').read_text()[-3000:]}"
            time.sleep(0.05)

    def wait_state(self, port: str, *states: str) -> dict[str, Any]:
        """Until a bay is in one of these states."""
        self.wait(f"{port} {states}, is {self.bay(port)}", lambda: self.bay(port)["state"] in states)
        return self.bay(port)

    def wait_unknown(self, here: Plugged) -> str:
        """Until the bay shows this recorder as unknown; its key. The same loop device was somebody else's before."""
        label = f"loop:{here.image.stem}:"

        def shown() -> bool:
            state = self.bay(here.port)
            return bool(state["state"] == "unknown-recorder" and state["key"].startswith(label))

        self.wait(f"{label} to be unknown at {here.port}", shown)
        return str(self.bay(here.port)["key"])

    def enrol(self, here: Plugged) -> None:
        """Let in what waits there."""
        dockd(self.home, "recorder", "enrol", self.wait_unknown(here))


def content(seed: str, size: int) -> bytes:
    """Bytes of no other clip."""
    block = hashlib.sha256(seed.encode()).digest() * 2048
    return (block * (size // len(block) + 1))[:size]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A daemon; whatever was plugged or mounted is gone afterwards."""
    it = Running(tmp_path)
    try:
        yield it
    finally:
        if it.process is not None and it.process.poll() is None:
            it.stop()
        for where in mounts_under(tmp_path):
            subprocess.run(["umount", "-l", where], check=False)
        for here in it.plugged:
            here.unplug()
        it.log.close()


CLIPS = {f"1234567_100001_2026111908{n:02d}00.mp4": content(f"clip{n}", 200_000) for n in range(8)}


def test_an_unknown_recorder_waits_and_once_enrolled_is_taken_in(running: Running) -> None:
    running.start()
    here = running.plug(running.recorder("BWC1", CLIPS))
    running.wait_unknown(here)
    assert not mounts_under(running.root), "nothing of a stranger is mounted"
    running.enrol(here)
    done = running.wait_state(here.port, "take-it")
    assert (done["clips"], done["clips_total"], done["recorder"]) == (8, 8, "1234567")
    here.unplug()
    running.wait("the bay to be free", lambda: running.bay(here.port)["state"] in ("idle", "none"))
    assert running.stop() < 5
    assert json.loads(dockd(running.home, "verify", "--all", "--json")) == []
    assert len(json.loads(dockd(running.home, "clip", "list", "--json"))) == 8


@pytest.mark.duty("D03")
@pytest.mark.contract("P2")
def test_a_recorder_is_cleared_by_the_root_tool_and_comes_back_empty(running: Running) -> None:
    running.set("clear", '"after-verify"')
    running.start()
    image = running.recorder("BWC2", {**CLIPS, "strange.bin": b"?"})
    here = running.plug(image)
    running.enrol(here)
    running.wait_state(here.port, "take-it")
    here.unplug()
    session = json.loads(dockd(running.home, "session", "list", "--json"))[0]
    assert session["cleared"] == 8
    log = [json.loads(line) for line in dockd(running.home, "custody", "show", "--json").splitlines()]
    acts = [(entry["kind"], entry["data"].get("confirmed_by")) for entry in log if "clear" in entry["kind"]]
    assert acts == [("clearing-intended", None), ("recorder-cleared", "remount")]
    listed = subprocess.run(["debugfs", "-R", "ls -p /", str(image)], capture_output=True, text=True, check=True).stdout
    assert "strange.bin" in listed and ".mp4" not in listed


@pytest.mark.contract("P4")
def test_a_daemon_killed_while_copying_comes_to_rest_and_goes_on(running: Running) -> None:
    running.start()
    image = running.recorder(
        "BWC3", {f"1234567_100001_2026111909{n:02d}00.mp4": content(f"x{n}", 9_000_000) for n in range(5)}
    )
    here = running.plug(image)
    running.enrol(here)
    running.wait_state(here.port, "copying", "verifying", "take-it")
    running.stop(signal.SIGKILL)
    running.start()
    running.wait_state(here.port, "take-it")
    running.stop()
    assert json.loads(dockd(running.home, "verify", "--all", "--json")) == []
    assert len(json.loads(dockd(running.home, "clip", "list", "--json"))) == 5


def test_a_recorder_that_was_in_at_the_start_is_found(running: Running) -> None:
    here = running.plug(running.recorder("BWC4", CLIPS))
    running.start()
    running.enrol(here)
    running.wait_state(here.port, "take-it")


@pytest.mark.contract("P9")
def test_a_vault_without_room_stops_taking_in_says_so_and_goes_on_when_there_is_room(running: Running) -> None:
    running.start()
    here = running.plug(running.recorder("BWC5", CLIPS))
    running.wait_unknown(here)
    free_mib = os.statvfs(running.home).f_bavail * os.statvfs(running.home).f_frsize >> 20
    running.set("free_space_floor_mib", str(free_mib + 100_000))
    assert running.process is not None
    running.process.send_signal(signal.SIGHUP)
    running.enrol(here)
    told = running.wait_state(here.port, "fault")
    assert told["reason"] == "station-fault"
    assert json.loads(dockd(running.home, "clip", "list", "--json")) == []
    running.set("free_space_floor_mib", "0")
    running.process.send_signal(signal.SIGHUP)
    running.wait_state(here.port, "take-it")


def test_settings_with_faults_are_not_taken_over(running: Running) -> None:
    running.start()
    running.set("parallel", '"many"')
    assert running.process is not None
    running.process.send_signal(signal.SIGHUP)
    running.wait("the fault to be told", lambda: b"act=reload fault=" in (running.root / "log").read_bytes())
    assert running.process.poll() is None


def test_a_bound_bay_has_its_number_and_a_second_binding_moves_it(running: Running) -> None:
    running.start()
    here = running.plug(running.recorder("BWC6", CLIPS))
    running.wait_unknown(here)
    dockd(running.home, "slot", "bind", "7", "--port", here.port, "--priority")
    running.wait("number 7", lambda: running.bay(here.port).get("slot") == 7)
    dockd(running.home, "slot", "bind", "9", "--port", here.port)
    running.wait("number 9", lambda: running.bay(here.port).get("slot") == 9)
    assert sorted(path.name for path in (running.home / "run/slots").glob("*.json") if path.name[0].isdigit()) == [
        "9.json"
    ]
    dockd(running.home, "recorder", "enrol", "--slot", "9")
    running.wait_state(here.port, "take-it")
    table = subprocess.run(
        [sys.executable, "-m", "dockd", "--home", str(running.home), "slots", "--once"],
        capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "160", "DOCKD_LANG": "en"},
    ).stdout  # fmt: skip
    assert "take it" in table


def bay_4(running: Running) -> tuple[str, str, str]:
    """What `dockd slots` makes of bay 4: state, reason, detail. Loop devices of others on this machine are bays too."""
    found = [state for state in json.loads(dockd(running.home, "slots", "--json")) if state["slot"] == 4]
    return (found[0]["state"], found[0]["reason"], found[0]["detail"]) if found else ("", "", "")


def test_a_stopped_daemon_leaves_bays_that_are_off_and_a_killed_one_bays_that_go_stale(running: Running) -> None:
    dockd(running.home, "slot", "bind", "4", "--port", "loop/none")
    running.start()
    running.wait("bay 4", lambda: bay_4(running)[0] == "idle")
    running.stop()
    assert bay_4(running) == ("off", "service-stopped", "")
    running.start()
    running.wait("bay 4", lambda: bay_4(running)[0] == "idle")
    running.stop(signal.SIGKILL)
    file = running.home / "run/slots/4.json"
    left = json.loads(file.read_text())
    assert left["state"] == "idle"
    file.write_text(json.dumps({**left, "at": "2026-11-20T08:00:00.000000Z"}))
    assert bay_4(running) == ("no-word", "service-silent", "2026-11-20T08:00:00.000000Z")


def test_a_bay_at_rest_is_published_again_and_again(running: Running) -> None:
    dockd(running.home, "slot", "bind", "4", "--port", "loop/none")
    running.start()
    running.wait("bay 4", lambda: running.bay("loop/none")["state"] == "idle")
    first = running.bay("loop/none")
    running.wait("a newer one", lambda: running.bay("loop/none")["at"] != first["at"])
    assert {**running.bay("loop/none"), "at": ""} == {**first, "at": ""}


def test_root_s_own_reason_stands_on_the_bay_and_in_the_log(running: Running) -> None:
    running.set("clear", '"after-verify"')
    running.start()
    image = running.recorder("BWC7", CLIPS)
    here = running.plug(image)
    running.wait_unknown(here)
    place = running.root / "desktop"
    place.mkdir()
    subprocess.run(["mount", "-o", "ro", f"/dev/{here.port.removeprefix('loop/')}", place], check=True)
    running.enrol(here)
    told = running.wait_state(here.port, "fault")
    assert (told["reason"], told["detail"]) == ("mount-failed", f"another program mounted it at {place}")
    subprocess.run(["umount", place], check=True)
    here.unplug()
    running.wait("the bay to be free", lambda: running.bay(here.port)["state"] in ("idle", "none"))
    outcomes = running.home / "run/outcome"
    outcomes.chmod(0o777)
    again = running.plug(image)
    told = running.wait_state(again.port, "fault")
    assert told["reason"] == "clearing-failed"
    assert told["detail"].startswith(f"{outcomes} is not as root needs it")
    log = (running.root / "log").read_text()
    assert "why=mount-failed code=mounted-elsewhere" in log
    assert "why=clearing-failed code=folder-not-ours" in log
    session = json.loads(dockd(running.home, "session", "list", "--json"))[0]
    assert (session["ingested"], session["cleared"]) == (8, 0)
