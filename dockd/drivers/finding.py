"""Which driver speaks to a device, by what the families say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..recorders import Family


@dataclass(frozen=True, slots=True)
class Speaks:
    """How a device is spoken to: by which driver, and whether its clock is set so, to the time of `zone`."""

    driver: str
    zone: str
    set_clock: bool


def control_for(families: Sequence[Family], *, usb: str | None = None, inquiry: str | None = None) -> Speaks | None:
    """How a device with this USB id `vvvv:pppp`, or with this SCSI inquiry string (vendor and product, blanks do not
    count), is spoken to; None when no family knows.
    """
    asked = _bare(inquiry)
    for family in families:
        for control in family.controls:
            if (usb is not None and usb in control.usb) or (asked and asked == _bare(control.inquiry)):
                return Speaks(control.driver, family.zone.key, family.clock.set_by_protocol)
    return None


def _bare(text: str | None) -> str:
    return "".join((text or "").split()).lower()
