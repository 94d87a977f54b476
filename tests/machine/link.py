"""The two lines into a machine: QMP for its hardware, qemu-guest-agent for commands in it.

Both are JSON, one object a line, over connected sockets that QEMU inherits: no network in the guest, nothing to set
up there, and both survive a reset and a snapshot (QEMU 7.2: qemu-qmp-ref(7), qemu-ga-ref(7)).
"""

from __future__ import annotations

import base64
import json
import socket
import time
from dataclasses import dataclass
from typing import Any

# Whoever waits here waits for an event, and goes on with it. This only ends a wait for what never comes: emulation on a
# machine that has other work too is some hundred times slower than a station.
PATIENCE_S = 300.0


class MachineFault(RuntimeError):
    """The machine, or QEMU, refused something or is gone."""


class NoAnswer(MachineFault):
    """The machine did not answer in time."""


class Line:
    """JSON objects over a connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._kept = b""

    def send(self, message: dict[str, Any], prefix: bytes = b"") -> None:
        """Write one object."""
        self._sock.settimeout(60)
        try:
            self._sock.sendall(prefix + json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise MachineFault(f"QEMU is gone: {error}") from None

    def receive(self, timeout_s: float) -> dict[str, Any]:
        """The next object. Raises NoAnswer, and MachineFault when the other end closed."""
        end = time.monotonic() + timeout_s
        while True:
            line, newline, rest = self._kept.partition(b"\n")
            if newline:
                self._kept = rest
                # 0xFF stands before the answer to guest-sync-delimited; a half line is left of a life before a reset.
                try:
                    found: dict[str, Any] = json.loads(line.replace(b"\xff", b""))
                except ValueError:
                    continue
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise NoAnswer("no answer in time")
            self._sock.settimeout(left)
            try:
                data = self._sock.recv(1 << 16)
            except TimeoutError:
                raise NoAnswer("no answer in time") from None
            except OSError as error:
                raise MachineFault(f"QEMU is gone: {error}") from None
            if not data:
                raise MachineFault("QEMU is gone")
            self._kept += data


class Qmp:
    """QEMU's own control line. Events are kept until somebody waits for them."""

    def __init__(self, sock: socket.socket) -> None:
        self._line = Line(sock)
        self._asked = 0
        self.events: list[dict[str, Any]] = []
        self._line.receive(30)
        self.ask("qmp_capabilities")

    def ask(self, command: str, /, timeout_s: float = PATIENCE_S, **arguments: Any) -> Any:
        """Carry out one command and give its answer; `_` in argument names stands for `-`. Raises MachineFault."""
        self._asked += 1
        words = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._line.send({"execute": command, "id": self._asked, "arguments": words})
        end = time.monotonic() + timeout_s
        while True:
            message = self._line.receive(max(0.01, end - time.monotonic()))
            if "event" in message:
                self.events.append(message)
            elif message.get("id") == self._asked:
                if "error" in message:
                    raise MachineFault(f"{command}: {message['error']['desc']}")
                return message["return"]

    def wait_event(self, name: str, timeout_s: float = PATIENCE_S, **having: Any) -> None:
        """Return when an event of this name with these values has come. Raises NoAnswer."""
        end = time.monotonic() + timeout_s
        while True:
            for event in self.events:
                data = event.get("data", {})
                if event["event"] == name and all(data.get(key) == value for key, value in having.items()):
                    self.events.remove(event)
                    return
            message = self._line.receive(max(0.01, end - time.monotonic()))
            if "event" in message:
                self.events.append(message)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command in the guest gave; a negative `code` is the signal that ended it."""

    code: int
    out: str
    err: str


class Job:
    """A command that is still at work in the guest."""

    def __init__(self, agent: Agent, pid: int, command: str) -> None:
        self._agent, self._pid, self.command = agent, pid, command

    def wait(self, timeout_s: float = PATIENCE_S) -> Done:
        """Its end. Raises NoAnswer."""
        end, pause_s = time.monotonic() + timeout_s, 0.01
        while True:
            status = self._agent.ask("guest-exec-status", pid=self._pid)
            if status["exited"]:
                code = status.get("exitcode", -status.get("signal", 0))
                texts = [
                    base64.b64decode(status.get(key, "")).decode("utf-8", "replace") for key in ("out-data", "err-data")
                ]
                return Done(code, *texts)
            if time.monotonic() > end:
                raise NoAnswer(f"after {timeout_s:.0f} s still at work: {self.command}")
            time.sleep(pause_s)
            pause_s = min(0.2, pause_s * 1.5)


class Agent:
    """Commands in the guest, as root."""

    def __init__(self, sock: socket.socket) -> None:
        self._line = Line(sock)
        self._late = False

    def sync(self, timeout_s: float) -> None:
        """Throw away what an earlier life of the agent, or an answer nobody waited for, left on the line."""
        mark = time.monotonic_ns() & 0x7FFFFFFF
        end = time.monotonic() + timeout_s
        self._line.send({"execute": "guest-sync-delimited", "arguments": {"id": mark}}, b"\xff")
        while self._line.receive(max(0.01, end - time.monotonic())).get("return") != mark:
            pass
        self._late = False

    def ask(self, command: str, /, timeout_s: float = PATIENCE_S, **arguments: Any) -> Any:
        """One command of the agent itself, such as guest-set-time. Raises MachineFault."""
        if self._late:
            self.sync(timeout_s)
        self._late = True
        self._line.send(
            {"execute": command, "arguments": {name.replace("_", "-"): value for name, value in arguments.items()}}
        )
        message = self._line.receive(timeout_s)
        self._late = False
        if "error" in message:
            raise MachineFault(f"{command}: {message['error']['desc']}")
        return message["return"]

    def start(self, command: str, stdin: bytes | None = None) -> Job:
        """Begin a shell command and come back at once."""
        arguments: dict[str, Any] = {
            "path": "/bin/bash",
            "arg": ["-c", command],
            "capture_output": True,
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C.UTF-8"],
        }
        if stdin is not None:
            arguments["input_data"] = base64.b64encode(stdin).decode()
        return Job(self, self.ask("guest-exec", **arguments)["pid"], command)
