"""Health in words: what is measured, why a recorder is not fit for duty, and what is coming. Pure.

Reasons come as the custody log has them (catalog.watching.events.DutyJudged): maps of quantity, value, limit and `at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from catalog.watching.health import OPEN_GAPS, OUT_OF_SERVICE, Quantity

from .i18n import N_, _
from .showing import size_text

_NAMES = {
    Quantity.BATTERY: N_("battery"),
    Quantity.VOLTAGE: N_("battery voltage"),
    Quantity.CYCLES: N_("charge cycles"),
    Quantity.FREE: N_("free storage"),
    Quantity.READ_RATE: N_("card read rate"),
    Quantity.READ_ERRORS: N_("read errors"),
    Quantity.CLOCK_ERROR: N_("clock error"),
    OPEN_GAPS: N_("unexplained gaps"),
    OUT_OF_SERVICE: N_("out of service by the register"),
}
_FALLING = {Quantity.BATTERY, Quantity.VOLTAGE, Quantity.FREE, Quantity.READ_RATE}


def quantity_name(quantity: str) -> str:
    """What a quantity is called; one that has no words stands as it is."""
    return _(_NAMES[quantity]) if quantity in _NAMES else quantity


def value_text(quantity: str, value: float | None) -> str:
    """A value with its unit; `-` for one that nobody knows."""
    if value is None:
        return "-"
    match quantity:
        case Quantity.BATTERY:
            return f"{value:.0f} %"
        case Quantity.VOLTAGE:
            return f"{value / 1000:.2f} V"
        case Quantity.FREE:
            return size_text(value)
        case Quantity.READ_RATE:
            return f"{size_text(value)}/s"
        case Quantity.CLOCK_ERROR:
            return f"{value / 1000:+.1f} s"
        case _:
            return f"{value:.0f}"


def drawn_in(quantity: str) -> tuple[str, float]:
    """The unit in which a quantity is drawn, and what its values are divided by for that."""
    return {
        Quantity.BATTERY: ("%", 1.0),
        Quantity.VOLTAGE: ("V", 1000.0),
        Quantity.FREE: ("GiB", 2.0**30),
        Quantity.READ_RATE: ("MiB/s", 2.0**20),
        Quantity.CLOCK_ERROR: ("s", 1000.0),
    }.get(Quantity(quantity), ("", 1.0))


def slope_text(quantity: str, per_day: float) -> str:
    """How fast a quantity changes, with its sign."""
    sign = "-" if per_day < 0 else "+"
    size = abs(per_day)
    match quantity:
        case Quantity.BATTERY:
            said = f"{size:.2f} %"
        case Quantity.VOLTAGE:
            said = f"{size:.1f} mV"
        case Quantity.FREE | Quantity.READ_RATE:
            said = value_text(quantity, size)
        case Quantity.CLOCK_ERROR:
            said = f"{size / 1000:.2f} s"
        case _:
            said = f"{size:.2f}"
    return _("{change} a day").format(change=f"{sign}{said}")


def reason_text(reason: Mapping[str, Any]) -> str:
    """`battery 12 % < 15 %`."""
    quantity, value, limit = reason["quantity"], float(reason["value"]), float(reason["limit"])
    if quantity == OUT_OF_SERVICE:
        # It is, or it is not; there is no limit to tell.
        return quantity_name(quantity)
    if quantity == Quantity.CLOCK_ERROR:
        # Off in either direction; the limit has no sign.
        return f"{quantity_name(quantity)} {value_text(quantity, value)}, > {limit / 1000:.1f} s"
    sign = "<" if quantity in _FALLING else ">"
    return f"{quantity_name(quantity)} {value_text(quantity, value)} {sign} {value_text(quantity, limit)}"


def soon_text(reason: Mapping[str, Any], zone: ZoneInfo) -> str:
    """`battery reaches 15 % about 2026-12-08`."""
    at = f"{datetime.fromisoformat(reason['at']).astimezone(zone):%Y-%m-%d}" if reason["at"] else "-"
    return _("{quantity} reaches {limit} about {day}").format(
        quantity=quantity_name(reason["quantity"]), limit=value_text(reason["quantity"], float(reason["limit"])), day=at
    )


def duty_text(fit: bool | None, reasons: Sequence[Mapping[str, Any]]) -> str:
    """Whether a recorder is fit for duty, and why not; None: nobody judged it."""
    if fit is None:
        return _("not judged")
    if fit:
        return _("fit for duty")
    return _("not fit for duty: {why}").format(why="; ".join(map(reason_text, reasons)))
