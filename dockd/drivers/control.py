"""What can be asked of a recorder that speaks a protocol, and the ways a transport carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ..errors import DockdError


class Ability(StrEnum):
    """What a driver may be able to do."""

    IDENTIFY = "identify"
    READ_CLOCK = "read-clock"
    SET_CLOCK = "set-clock"
    BATTERY = "battery"
    DISK_MODE = "disk-mode"


class DriverFault(DockdError):
    """A recorder could not be spoken to. Costs that recorder its clock setting, never a recording."""


class NotStated(DriverFault):
    """No public source says how this protocol does that."""

    def __init__(self, driver: str, ability: Ability) -> None:
        super().__init__(driver, ability)
        self.driver = driver
        self.ability = ability


class Refusal(DriverFault):
    """The recorder answered, but not with what is known to mean yes. `said` is its answer, printable and cut."""

    def __init__(self, driver: str, asked: str, said: bytes) -> None:
        self.driver = driver
        self.asked = asked
        self.said = "".join(sign if sign.isprintable() else "?" for sign in said[:64].decode("ascii", "replace"))
        super().__init__(driver, asked, self.said)


@dataclass(frozen=True, slots=True)
class Identified:
    """A recorder that was recognised by its protocol. `serial` and `officer` are what it says of itself, None when it
    says nothing; `details` holds the rest, by name.
    """

    driver: str
    serial: str | None
    officer: str | None
    details: Mapping[str, str]


class Control(Protocol):
    """A recorder that can be spoken to. Every method but `identify` may raise NotStated; all raise DriverFault when the
    recorder answers strangely, and OSError when it does not answer.
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """What this driver can do; the rest raises NotStated."""
        ...

    def identify(self) -> Identified | None:
        """Who it is; None when what answers is no such recorder."""
        ...

    def read_clock(self) -> datetime:
        """The recorder's own time, naive."""
        ...

    def set_clock(self, local_now: datetime) -> None:
        """Set its clock to `local_now`, the wall clock that recordings shall show; whole seconds are sent."""
        ...

    def battery(self) -> int:
        """How full it is, as the recorder says it: no source names the unit."""
        ...

    def enter_disk_mode(self) -> None:
        """Make it a disk. It vanishes and comes back as another USB device."""
        ...


class Bulk(Protocol):
    """A USB device with one bulk pipe each way (usbfs.UsbFs)."""

    def descriptor(self) -> bytes:
        """The device descriptor (USB 2.0, 9.6.1), 18 bytes."""
        ...

    def write(self, data: bytes) -> None:
        """Send to the OUT endpoint. Raises OSError."""
        ...

    def read(self, limit_bytes: int) -> bytes:
        """Receive from the IN endpoint. Raises OSError."""
        ...


class Scsi(Protocol):
    """A SCSI device (sgio.SgIo). Both raise OSError, also when the device ends a command with a bad status."""

    def read(self, command: bytes, size_bytes: int) -> bytes:
        """Send a command; what came in answer, at most `size_bytes`."""
        ...

    def write(self, command: bytes, data: bytes) -> None:
        """Send a command with data; `data` may be empty."""
        ...
