"""Tells systemd how the daemon is: ready, its status in words, alive (sd_notify(3)). Says nothing outside systemd."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notify:
    """The socket that systemd gave us, if it gave one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._interval_us = int(environ.get("WATCHDOG_USEC") or 0)

    @property
    def alive_every_s(self) -> float | None:
        """How often to say that we are alive: half of what systemd waits for; None when it does not wait."""
        return self._interval_us / 2_000_000 if self._interval_us else None

    def ready(self) -> None:
        """Started: devices are watched, recorders may come."""
        self._send(f"READY=1\nMAINPID={os.getpid()}")

    def reloading(self, monotonic_us: int) -> None:
        """Settings are being read again (Type=notify-reload wants the time beside it)."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={monotonic_us}")

    def stopping(self) -> None:
        """On the way out."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def alive(self) -> None:
        """The loop turns."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
                link.sendto(message.encode(), self._address)
        except OSError:
            # systemd that does not listen is no reason to stop taking recordings in.
            return
