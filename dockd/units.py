"""How the daemon, which may do nothing, has root do its three small things: mount, unmount, clear.

On a station these are units of systemd that polkit lets user `dockd` start and stop, and nothing else. For loop devices
on a machine without systemd the same root tool is called directly, which takes root.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Protocol

# A mount waits for the kernel to load a file system's module; a dying card answers after its own retries.
MOUNT_TIMEOUT_S = 60.0


class UnitFailed(Exception):
    """Root's part came to nothing; `said` is what it told."""

    def __init__(self, act: str, name: str, said: str) -> None:
        super().__init__(act, name, said)
        self.act = act
        self.name = name
        self.said = said


class Units(Protocol):
    """Root's three acts on a volume, by its kernel name. Each raises UnitFailed."""

    def mount(self, name: str) -> None: ...

    def unmount(self, name: str) -> None: ...

    def clear(self, name: str) -> None: ...


class SystemdUnits:
    """`dockd-mount@NAME.service` and `dockd-clear@NAME.service`, started and stopped over D-Bus by systemctl."""

    def mount(self, name: str) -> None:
        """Mounted when this returns: the unit is a oneshot."""
        _run("mount", name, ["systemctl", "start", f"dockd-mount@{name}.service"], MOUNT_TIMEOUT_S)

    def unmount(self, name: str) -> None:
        """Gone when this returns."""
        _run("unmount", name, ["systemctl", "stop", f"dockd-mount@{name}.service"], MOUNT_TIMEOUT_S)

    def clear(self, name: str) -> None:
        """The outcome lies in /run/dockd/outcome when this returns. Reading a full card again takes its time."""
        _run("clear", name, ["systemctl", "start", f"dockd-clear@{name}.service"], None)


class RootTool:
    """The root tool itself, for loop devices; we must be root."""

    def __init__(self, run_dir: str, public_key_file: str) -> None:
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

    def _root(self, act: str, name: str, timeout_s: float | None) -> None:
        _run(act, name, [sys.executable, "-m", "dockd.root", *self._options, act, name], timeout_s)


def _run(act: str, name: str, command: list[str], timeout_s: float | None) -> None:
    # systemctl would report to systemd in our name where it finds our socket, and be turned away.
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
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
        raise UnitFailed(act, name, (done.stderr.strip().splitlines() or ["no word"])[-1])
