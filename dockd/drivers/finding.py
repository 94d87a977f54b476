"""Which driver speaks to a device, by what the families say. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..recorders import Family


def control_for(families: Sequence[Family], *, usb: str | None = None, inquiry: str | None = None) -> str | None:
    """The name of the driver ("ambarella", "jieli") for a device with this USB id `vvvv:pppp`, or with this SCSI
    inquiry string (vendor and product, blanks do not count); None when no family knows one.
    """
    asked = _bare(inquiry)
    for family in families:
        for control in family.controls:
            if (usb is not None and usb in control.usb) or (asked and asked == _bare(control.inquiry)):
                return control.driver
    return None


def _bare(text: str | None) -> str:
    return "".join((text or "").split()).lower()
