"""What is known of a recorder's clock, put together for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from catalog.reader import Reader
from catalog.watching.clocks import Drift, Measurement, Took, beyond_standard, drift
from catalog.watching.model import ClockReading, ClockSetting
from catalog.watching.queries import clock_readings_of, clock_settings_of

from ..i18n import _
from ..plotting import sparkline
from ..showing import local_text
from ..wide import padded
from .observing import measurement_of, obeyed
from .words import method_text, offset_text, synced_text, took_text

COLUMNS = [
    "recorder", "session", "measured_at", "recorder_at", "offset_ms", "uncertainty_ms", "method", "one_sided", "synced",
]  # fmt: skip
SUMMED = [
    "beyond_standard", "drift_s_per_day", "drift_uncertainty_s_per_day", "drift_measurements", "drift_beyond_standard",
    "set_at", "set_by", "set_took",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClockView:
    """A recorder's clock: all that was measured and set, oldest first, and how it runs."""

    recorder: str
    readings: Sequence[ClockReading]
    settings: Sequence[ClockSetting]
    drift: Drift | None

    @property
    def measurements(self) -> list[Measurement]:
        """The readings as arithmetic takes them."""
        return [measurement_of(one) for one in self.readings]

    @property
    def beyond_standard(self) -> bool | None:
        """Whether the clock is off by more than GA/T 947's 3 s for each day since it was set; None: not known."""
        took = [setting.set_at for setting in self.settings if setting.took == Took.YES]
        return beyond_standard(self.measurements[-1], took[-1] if took else None) if self.readings else None

    @property
    def points(self) -> list[tuple[datetime, float]]:
        """When, and how many seconds ahead it was; bounds are no points."""
        return [(one.at, one.offset_ms / 1000) for one in self.measurements if not one.one_sided]


def view_of(catalog: Reader, recorder: str) -> ClockView:
    """All of one recorder. Raises CatalogFault."""
    readings, settings = clock_readings_of(catalog, recorder), clock_settings_of(catalog, recorder)
    return ClockView(recorder, readings, settings, drift(map(measurement_of, readings), obeyed(settings)))


# ------------------------------------------------------------------------------------------------------ for scripts


def reading_row(one: ClockReading) -> dict[str, Any]:
    """A measurement by its stable names."""
    said = {**asdict(one), "measured_at": one.measured_at.isoformat(), "one_sided": measurement_of(one).one_sided}
    return {name: said[name] for name in COLUMNS}


def summary_row(view: ClockView) -> dict[str, Any]:
    """A recorder in one row: its last measurement, its drift, its last setting."""
    last: dict[str, Any] = dict.fromkeys(COLUMNS) | {"recorder": view.recorder}
    if view.readings:
        last = reading_row(view.readings[-1])
    runs, setting = view.drift, view.settings[-1] if view.settings else None
    return last | {
        "beyond_standard": view.beyond_standard,
        "drift_s_per_day": round(runs.s_per_day, 3) if runs else None,
        "drift_uncertainty_s_per_day": round(runs.uncertainty, 3) if runs else None,
        "drift_measurements": runs.n if runs else 0,
        "drift_beyond_standard": runs.beyond_standard if runs else None,
        "set_at": setting.set_at.isoformat() if setting else None,
        "set_by": setting.by_file or setting.method if setting else None,
        "set_took": setting.took if setting else None,
    }


def setting_row(one: ClockSetting) -> dict[str, Any]:
    """A setting by its stable names."""
    return {**asdict(one), "set_at": one.set_at.isoformat()}


# ------------------------------------------------------------------------------------------------------- for people


def summary_lines(view: ClockView, zone: ZoneInfo) -> list[str]:
    """A recorder in a line or two."""
    if view.readings:
        last = view.readings[-1]
        head = f"{padded(view.recorder, 12)}  {local_text(last.measured_at, zone)}  " + _said(last)
    else:
        head = f"{padded(view.recorder, 12)}  " + _("its clock was never measured")
    parts = [_drift_text(view.drift)]
    if view.beyond_standard:
        parts.append(_("off by more than 3 s for each day since it was set (GA/T 947.2, 6.4.17)"))
    if view.settings:
        parts.append(_setting_text(view.settings[-1], zone))
    return [head, "  " + "; ".join(parts)]


def whole_lines(view: ClockView, zone: ZoneInfo) -> list[str]:
    """A recorder with every measurement and setting."""
    lines = summary_lines(view, zone)
    offsets = [seconds for _at, seconds in view.points]
    if len(offsets) > 1:
        lines.append("  " + sparkline(offsets) + f"  {min(offsets):+.1f} … {max(offsets):+.1f} s")
    dated = [(one.measured_at, _said(one)) for one in view.readings]
    dated += [(one.set_at, _setting_text(one, zone)) for one in view.settings]
    return lines + [f"  {local_text(at, zone)}  {text}" for at, text in sorted(dated, key=lambda pair: pair[0])]


def _said(one: ClockReading) -> str:
    offset = offset_text(one.offset_ms, one.uncertainty_ms, one.method)
    return f"{padded(offset, 24)}  {method_text(one.method)}; {synced_text(one.synced)}"


def _drift_text(runs: Drift | None) -> str:
    if runs is None:
        return _("drift not known yet")
    text = _("drift {drift} ± {uncertainty} s a day, from {n} measurements").format(
        drift=f"{runs.s_per_day:+.2f}", uncertainty=f"{runs.uncertainty:.2f}", n=runs.n
    )
    return f"{text}: " + (_("more than the 3 s allowed") if runs.beyond_standard else _("within the 3 s allowed"))


def _setting_text(one: ClockSetting, zone: ZoneInfo) -> str:
    return _("set {at} by {by}: {took}").format(
        at=local_text(one.set_at, zone), by=one.by_file or one.method, took=took_text(one.took)
    )
