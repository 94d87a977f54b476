"""How the daemon, which may do nothing, has root do its small things: mount, unmount, clear, talk.

On a station these are units of systemd that polkit lets user `dockd` start and stop, and nothing else. For loop devices
on a machine without systemd the same root tool is called directly, which takes root. Either way a failure's reason is
what root left in `<run_dir>/reason`: systemctl knows only that a unit failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Protocol

from .errors import UnitFailed
from .root.reason import LIMIT_BYTES, Reason, read_reason, reason_path

# A mount waits for the kernel to load a file system's module; a dying card answers after its own retries.
MOUNT_TIMEOUT_S = 60.0
# A recorder that answers nothing is waited for at each of a dozen questions (dockd-talk@.service: 120 s).
TALK_TIMEOUT_S = 130.0


class Units(Protocol):
    """Root's acts on a volume or (`talk`) on a USB device, by its kernel name. Each raises UnitFailed."""

    def mount(self, name: str) -> None: ...

    def unmount(self, name: str) -> None: ...

    def clear(self, name: str) -> None: ...

    def talk(self, name: str) -> None: ...


class SystemdUnits:
    """`dockd-mount@NAME.service` and its kin, started and stopped over D-Bus by systemctl."""

    def __init__(self, run_dir: str) -> None:
        self._run_dir = run_dir

    def mount(self, name: str) -> None:
        """Mounted when this returns: the unit is a oneshot."""
        self._ask("mount", name, ["systemctl", "start", f"dockd-mount@{name}.service"], MOUNT_TIMEOUT_S)

    def unmount(self, name: str) -> None:
        """Gone when this returns."""
        self._ask("unmount", name, ["systemctl", "stop", f"dockd-mount@{name}.service"], MOUNT_TIMEOUT_S)

    def clear(self, name: str) -> None:
        """The outcome lies in /run/dockd/outcome when this returns. Reading a full card again takes its time."""
        self._ask("clear", name, ["systemctl", "start", f"dockd-clear@{name}.service"], None)

    def talk(self, name: str) -> None:
        """The outcome lies in /run/dockd/outcome when this returns."""
        self._ask("talk", name, ["systemctl", "start", f"dockd-talk@{name}.service"], TALK_TIMEOUT_S)

    def _ask(self, act: str, name: str, command: list[str], timeout_s: float | None) -> None:
        _run(self._run_dir, act, name, command, timeout_s)


class RootTool:
    """The root tool itself, for loop devices; we must be root."""

    def __init__(self, run_dir: str, public_key_file: str) -> None:
        self._run_dir = run_dir
        self._options = ["--run-dir", run_dir, "--public-key", public_key_file, "--allow-loop"]

    def mount(self, name: str) -> None:
        """As the unit does it."""
        self._root("mount", name, MOUNT_TIMEOUT_S)

    def unmount(self, name: str) -> None:
        """As the unit does it."""
        self._root("unmount", name, MOUNT_TIMEOUT_S)

    def clear(self, name: str) -> None:
        """As the unit does it."""
        self._root("clear", name, None)

    def talk(self, name: str) -> None:
        """As the unit does it."""
        self._root("talk", name, TALK_TIMEOUT_S)

    def _root(self, act: str, name: str, timeout_s: float | None) -> None:
        command = [sys.executable, "-m", "dockd.root", *self._options, act, name]
        _run(self._run_dir, act, name, command, timeout_s)


def _run(run_dir: str, act: str, name: str, command: list[str], timeout_s: float | None) -> None:
    # systemctl would report to systemd in our name where it finds our socket, and be turned away.
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    began_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnitFailed(act, name, str(error)) from error
    if done.returncode != 0:
        raise UnitFailed(act, name, _last_word(done.stderr), _reason(run_dir, act, name, began_ns))


def _reason(run_dir: str, act: str, name: str, began_ns: int) -> Reason | None:
    """What root left behind since `began_ns`; an older word is of another act, and root alone can remove it."""
    try:
        with open(reason_path(run_dir, act, name), "rb") as file:
            reason = read_reason(file.read(LIMIT_BYTES))
    except (OSError, ValueError):
        return None
    return reason if (reason.act, reason.device) == (act, name) and reason.boottime_ns >= began_ns else None


def _last_word(said: str) -> str:
    """The last line that says something; systemctl's last one sends the reader somewhere else."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("See ")]
    return lines[-1] if lines else "no word"
