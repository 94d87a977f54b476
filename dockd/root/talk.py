"""What the daemon asks root to say to a recorder that is no disk yet, and what came of it. Text in, values out.

    <run_dir>/talk/1-1.3.json       the order, by the daemon
    <run_dir>/outcome/1-1.3.json    the outcome, by root

The order is read as if a stranger had written it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import available_timezones

from .refusals import Refused

ORDER_FORMAT = "dockd talk order 1"
OUTCOME_FORMAT = "dockd talk outcome 1"
FOLDER = "talk"
LIMIT_BYTES = 16 << 10

DRIVERS = ("ambarella", "jieli")
# A USB device below a hub, as sysfs names it (Linux: Documentation/ABI/testing/sysfs-bus-usb).
NAME = re.compile(r"[0-9]{1,3}-[0-9]{1,3}(?:\.[0-9]{1,3}){0,6}", re.ASCII)


def checked_usb_name(name: str) -> str:
    """The name itself when it is one that the kernel gives to USB devices; raises Refused for anything else."""
    if NAME.fullmatch(name) is None:
        raise Refused("no-device-name", ascii(name[:32]))
    return name


@dataclass(frozen=True, slots=True)
class TalkOrder:
    """Speak `driver` to the device; `zone`: set its clock to the time of this zone (None: leave it alone)."""

    device: str
    driver: str
    zone: str | None

    def to_json(self) -> bytes:
        """The text that `read_order` reads."""
        return json.dumps({"format": ORDER_FORMAT, **asdict(self)}).encode()


@dataclass(frozen=True, slots=True)
class TalkOutcome:
    """What a recorder said of itself, and what was done to it. `set_at` is when its clock was set (UTC, whole seconds)
    and `told` the time it was told (local, without zone); `disk`: it was told to become a disk; `fault`: what went
    wrong on the way.
    """

    device: str
    driver: str
    serial: str | None = None
    officer: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    battery: int | None = None
    set_at: str | None = None
    told: str | None = None
    disk: bool = False
    fault: str | None = None

    def to_json(self) -> bytes:
        """The text that `read_outcome` reads."""
        text = json.dumps({"format": OUTCOME_FORMAT, **asdict(self), "details": dict(self.details)})
        return (text + "\n").encode()


def read_order(data: bytes) -> TalkOrder:
    """The order that a text stands for; raises ValueError when it is none."""
    order = TalkOrder(**_fields(data, ORDER_FORMAT, {"device": (str,), "driver": (str,), "zone": (str, type(None))}))
    if order.driver not in DRIVERS:
        raise ValueError("driver: unknown")
    if order.zone is not None and order.zone not in available_timezones():
        raise ValueError("zone: no time zone")
    return order


def read_outcome(data: bytes) -> TalkOutcome:
    """The outcome that a text stands for; raises ValueError when it is none."""
    text, number = (str, type(None)), (int, type(None))
    wanted: dict[str, tuple[type, ...]] = {"device": (str,), "driver": (str,), "details": (dict,), "disk": (bool,)}
    wanted |= dict.fromkeys(("serial", "officer", "set_at", "told", "fault"), text) | {"battery": number}
    return TalkOutcome(**_fields(data, OUTCOME_FORMAT, wanted))


def _fields(data: bytes, form: str, wanted: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from error
    if not isinstance(fields, dict) or fields.pop("format", None) != form:
        raise ValueError(f"not a {form}")
    if set(fields) != set(wanted) or any(type(fields[name]) not in kinds for name, kinds in wanted.items()):
        raise ValueError(f"{form}: other fields")
    return fields
