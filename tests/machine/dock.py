"""A dock as officers and auditors see it: bays that say what they do, recorders, and what must hold afterwards."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.machine import sticks
from tests.machine.guest import serial
from tests.machine.link import PATIENCE_S, NoAnswer
from tests.machine.machine import Machine

VAULT = "/var/lib/dockd/vault"


class Dock:
    """A running station with eight bays; bay n is port 1.n, and its recorder is the one that is enrolled for it."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self._folder = folder
        self._seated: dict[int, str] = {}

    # ------------------------------------------------------------------------------------------- recorders

    def recorder(self, name: str, *volumes: sticks.Volume, table: sticks.Table | None = "mbr") -> Path:
        """A recorder's card with these volumes."""
        return sticks.make(self._folder / f"{name}.img", *volumes, table=table)

    def seat(self, card: Path, bay: int, *, as_serial: str = "", **how: Any) -> str:
        """Put a recorder into a bay; gives its serial number."""
        name = as_serial or serial(bay)
        self.machine.ports.plug(card, port=f"1.{bay}", serial=name, **how)
        self._seated[bay] = name
        return name

    def take(self, bay: int) -> None:
        """Take the recorder out of a bay, whatever the bay says."""
        self.machine.ports.yank(self._seated.pop(bay))

    def throttle(self, bay: int, bytes_per_s: int) -> None:
        """Slow the recorder in a bay down; 0 lets it go."""
        self.machine.ports.throttle(self._seated[bay], bytes_per_s)

    def statistics(self, bay: int) -> dict[str, int]:
        """What was done to the recorder in a bay since it was put in."""
        return self.machine.ports.statistics(self._seated[bay])

    def wait_statistic(self, bay: int, name: str, at_least: int, *, timeout_s: float = PATIENCE_S) -> None:
        """Return when so much was done to the recorder in a bay. Raises NoAnswer."""
        end = time.monotonic() + timeout_s
        while self.statistics(bay)[name] < at_least:
            if time.monotonic() > end:
                raise NoAnswer(f"bay {bay}: {name} does not come to {at_least}")
            time.sleep(0.01)

    # ------------------------------------------------------------------------------------------------ bays

    def state(self, bay: int | str) -> dict[str, Any]:
        """What the bay publishes; a word stands for the port of an unbound one."""
        found: dict[str, Any] = json.loads(self.machine.say(f"cat {_file(bay)}"))
        return found

    def wait(self, bay: int | str, state: str, *, reason: str = "", timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """The bay's state once it says this. Raises NoAnswer with what it says instead."""
        said = f'grep -q \'"state": "{state}"\' {_file(bay)}'
        if reason:
            said += f' && grep -q \'"reason": "{reason}"\' {_file(bay)}'
        try:
            self.machine.wait_for(said, timeout_s=timeout_s)
        except NoAnswer:
            says = self.machine.run(f"cat {_file(bay)}").out
            raise NoAnswer(f"bay {bay} does not come to {state} {reason}; it says {says}") from None
        return self.state(bay)

    def wait_over(self, bay: int) -> dict[str, Any]:
        """The bay's state once nobody is at work on it. Raises NoAnswer."""
        busy = "|".join(("mounting", "waiting", "copying", "verifying", "clearing"))
        self.machine.wait_for(f'! grep -qE \'"state": "({busy})"\' {_file(bay)}')
        return self.state(bay)

    def wait_share(self, bay: int, share: float, *, timeout_s: float = PATIENCE_S) -> None:
        """Return when the bay says that so much of the recorder (0 to 1) is copied."""
        script = f"""python3 -c 'import json, sys, time
end = time.monotonic() + {timeout_s}
while time.monotonic() < end:
    said = json.load(open("{_file(bay)}"))
    if said["state"] == "copying" and said["bytes"] >= {share} * said["bytes_total"] > 0: sys.exit(0)
    time.sleep(0.05)
sys.exit(1)'"""
        if self.machine.run(script, timeout_s=timeout_s + 60).code:
            raise NoAnswer(f"bay {bay} does not come to {share:.0%}; it says {self.state(bay)}")

    # ------------------------------------------------------------------------------------------ what is so

    def set(self, *, then: str = "reload", **settings: str) -> None:
        """Change settings of the station and have the daemon read them again, or what else `then` says of its unit."""
        for name, value in settings.items():
            self.machine.say(f"sed -i 's|^#\\?{name} = .*|{name} = {value}|' /etc/dockd/dockd.toml")
        self.machine.say(f"systemctl {then} dockd")

    def sessions(self) -> list[dict[str, Any]]:
        """Docking sessions, newest first."""
        found: list[dict[str, Any]] = json.loads(self.machine.say("dockd session list --json"))
        return found

    def custody(self, kind: str = "") -> list[dict[str, Any]]:
        """Entries of the custody log, oldest first: all, or those of one kind."""
        lines = self.machine.say("dockd custody show --json").splitlines()
        entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return [entry for entry in entries if kind in ("", entry["kind"])]

    def held(self) -> Counter[str]:
        """SHA-256 of every recording in the vault, by a tool that is not dockd."""
        listed = self.machine.say(f"find {VAULT} -path '*/clips/*' -type f -exec sha256sum {{}} +")
        return Counter(line.split()[0] for line in listed.splitlines())

    def on_recorder(self, bay: int) -> Counter[str]:
        """SHA-256 of every file that is on the recorder in this bay now, by the kernel's own driver."""
        listed = self.machine.say(
            f"""mkdir -p /mnt/look
            for part in $(ls /dev/disk/by-id/usb-*{self._seated[bay]}*); do
                [ "$(udevadm info -q property --property=ID_FS_USAGE --value $part)" = filesystem ] || continue
                mount -o ro $part /mnt/look || exit 1
                find /mnt/look -type f -exec sha256sum {{}} +
                umount /mnt/look
            done""",
        )
        return Counter(line.split()[0] for line in listed.splitlines())

    def journal(self) -> str:
        """What daemon, units and kernel had to say."""
        return self.machine.run("journalctl -b --no-pager -o short-monotonic | tail -n 150").out

    def rests(self, *recordings: Mapping[str, bytes], on: Iterable[int] = ()) -> None:
        """What must hold after every play.

        No clip is lost: each is in the vault once, or on one of the recorders in the bays `on`. None was cleared
        unverified: what is not on its recorder any more is in the vault, and `dockd verify` finds nothing. No mount is
        left, and no unit failed.
        """
        self.machine.wait_for('! grep -q /run/dockd/volumes /proc/mounts && [ -z "$(ls /run/dockd/volumes)" ]')
        held, there = self.held(), Counter[str]()
        for bay in on:
            there += self.on_recorder(bay)
        digests = [hashlib.sha256(data).hexdigest() for one in recordings for data in one.values()]
        assert [digest for digest in digests if held[digest] == 0 and there[digest] == 0] == []
        assert [digest for digest in digests if held[digest] > 1] == []
        found = self.machine.run("dockd verify --all --json")
        assert (found.code, json.loads(found.out)) == (0, []), found.err
        assert self.machine.say("systemctl --failed --no-legend --plain").strip() == ""


def _file(bay: int | str) -> str:
    return f"/run/dockd/slots/{bay}.json"
