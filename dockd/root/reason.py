"""Why root did not do a thing, in a file that the daemon can only read: systemd tells it no more than that a unit
failed. Text in, values out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

FORMAT = "dockd root reason 1"
FOLDER = "reason"
# The kernel's own words stand in it: a line, not a page.
LIMIT_BYTES = 16 << 10
DETAIL_LIMIT = 1000

# `code` where no Refused is behind it but a call of the kernel: `number` is its errno.
KERNEL = "kernel"


@dataclass(frozen=True, slots=True)
class Reason:
    """Root's word on one act that came to nothing. `code` is that of the refusal, `detail` what it is about;
    `boottime_ns` is CLOCK_BOOTTIME (clock_gettime(2)) when it was written: an older one is of an act before."""

    act: str
    device: str
    code: str
    detail: str
    number: int | None
    boottime_ns: int

    def to_json(self) -> bytes:
        """The text that `read_reason` reads."""
        return json.dumps({"format": FORMAT, **asdict(self), "detail": self.detail[:DETAIL_LIMIT]}).encode()


def reason_path(run_dir: str, act: str, device: str) -> str:
    """Where it lies; `device` is a name that the kernel gives to disks, nothing else."""
    return f"{run_dir}/{FOLDER}/{act}-{device}.json"


def read_reason(data: bytes) -> Reason:
    """What root wrote; raises ValueError when it is none."""
    fields = json.loads(data)
    if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
        raise ValueError(f"not a {FORMAT}")
    wanted = {"act": str, "device": str, "code": str, "detail": str, "boottime_ns": int}
    number = fields.pop("number", None)
    if set(fields) != set(wanted) or any(type(fields[name]) is not kind for name, kind in wanted.items()):
        raise ValueError(f"{FORMAT}: other fields")
    if number is not None and type(number) is not int:
        raise ValueError("number: not int")
    return Reason(**fields, number=number)
