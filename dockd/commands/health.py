"""`dockd health`: battery, card and clock of the recorders, over their dockings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import click

from catalog.errors import NotFound
from catalog.watching.health import Quantity, Reading, Trend, trend
from catalog.watching.model import DutyVerdict, HealthReading
from catalog.watching.queries import health_lately, health_of, last_verdict, last_verdicts

from ..assembly import Opened, reading
from ..exits import Exit
from ..health_words import drawn_in, duty_text, quantity_name, slope_text, soon_text, value_text
from ..i18n import _
from ..plotting import sparkline, svg
from ..showing import echo_csv, echo_json, local_text
from ..vital_signs import reading_of
from ..wide import padded
from ..writing_out import write_out
from .options import CSV, JSON

# What a line of the fleet shows: a month of working days.
LATELY = 22
READ = [
    "recorder", "session", "read_at", "battery_percent", "cycles", "voltage_mv", "storage_free_bytes",
    "storage_total_bytes", "read_rate_bytes_s", "read_errors", "clock_error_ms", "firmware",
]  # fmt: skip
JUDGED = ["fit_for_duty", "judged_at", "unfit_because", "unfit_soon"]

_RECORDER = click.argument("recorder_name", metavar="RECORDER")


@click.group(
    help=_(
        "Battery, card and clock of the recorders, as their dockings showed them, and which are fit for duty.\n\n"
        "What counts as fit is set in the [health] section of the settings."
    )
)
def health() -> None:
    """The group."""


@health.command(
    "list",
    help=_(
        "List all recorders: the last reading, how battery and card went lately, whether each was fit for duty when it "
        "was released or why not, and what is coming.\n\n"
        "\b\n"
        "  dockd health list --unfit\n"
        "  dockd health list --csv > health.csv"
    ),
)
@click.option("--unfit", is_flag=True, help=_("Only those that are not fit, or soon will not be."))
@JSON
@CSV
@click.pass_obj
def list_health(home: str | None, unfit: bool, as_json: bool, as_csv: bool) -> int:
    """Print the fleet: two queries, however many recorders."""
    with reading(home) as opened:
        verdicts = last_verdicts(opened.station.catalog)
        fleet = [
            (readings, verdicts.get(name)) for name, readings in health_lately(opened.station.catalog, LATELY).items()
        ]
    if unfit:
        fleet = [(readings, said) for readings, said in fleet if said and (not said.fit or said.soon)]
    if as_json:
        echo_json([_row(readings[-1]) | _said(verdict) for readings, verdict in fleet])
    elif as_csv:
        echo_csv([*READ, *JUDGED], (_row(readings[-1]) | _as_cells(_said(verdict)) for readings, verdict in fleet))
    else:
        for readings, verdict in fleet:
            for line in _lines(readings, verdict, opened.station.zone):
                click.echo(line)
        if not fleet:
            click.echo(_("no readings; they come with dockings"), err=True)
    return Exit.OK


@health.command(
    "show",
    help=_(
        "Show every quantity of one recorder: its last value, what stands for the recent dockings, how fast it changes "
        "and when it will meet its limit. --csv prints every reading."
    ),
)
@_RECORDER
@JSON
@CSV
@click.pass_obj
def show_health(home: str | None, recorder_name: str, as_json: bool, as_csv: bool) -> int:
    """Print one recorder."""
    with reading(home) as opened:
        known, trends = _followed(opened, recorder_name)
        verdict = last_verdict(opened.station.catalog, recorder_name)
    if as_csv:
        echo_csv(READ, map(_row, known))
        return Exit.OK
    if as_json:
        told = {"recorder": recorder_name, **_said(verdict)}
        readings = [{name: value for name, value in _row(one).items() if name != "recorder"} for one in known]
        echo_json({**told, "quantities": [_trend_row(one) for one in trends.values()], "readings": readings})
        return Exit.OK
    zone = opened.station.zone
    for line in _lines(known[-LATELY:], verdict, zone):
        click.echo(line)
    for quantity, one in trends.items():
        click.echo("  " + _trend_line(one, [getattr(each, quantity) for each in known], zone))
    firmware = next((each.firmware for each in reversed(known) if each.firmware), None)
    if firmware:
        click.echo("  " + _("firmware {version}").format(version=firmware))
    return Exit.OK


@health.command(
    "plot",
    help=_(
        "Draw one quantity of a recorder over time as SVG, with its limit and the forecast. Without -o it goes to the "
        "standard output.\n\n"
        "\b\n"
        "  dockd health plot 4410023 -o battery.svg\n"
        "  dockd health plot 4410023 --quantity read_rate_bytes_s -o card.svg"
    ),
)
@_RECORDER
@click.option(
    "--quantity",
    type=click.Choice([str(one) for one in Quantity]),
    default=str(Quantity.BATTERY),
    show_default=True,
    help=_("What to draw."),
)
@click.option(
    "--out", "-o", type=click.Path(dir_okay=False), help=_("Write it to this file, which must not exist yet.")
)
@click.pass_obj
def plot_health(home: str | None, recorder_name: str, quantity: str, out: str | None) -> int:
    """Draw one quantity."""
    with reading(home) as opened:
        known, trends = _followed(opened, recorder_name)
    one = trends.get(Quantity(quantity))
    unit, divisor = drawn_in(quantity)
    points = [(each.read_at, value / divisor) for each in known if (value := getattr(each, quantity)) is not None]
    picture = svg(
        points,
        title=f"{recorder_name} – {quantity_name(quantity)}",
        unit=unit,
        threshold=one.threshold / divisor if one and one.threshold is not None else None,
        forecast=one.meets_threshold_at if one else None,
    )
    if out is None:
        click.echo(picture, nl=False)
        return Exit.OK
    write_out(out, picture)
    click.echo(_("drawn: {path}").format(path=out))
    return Exit.OK


def _followed(opened: Opened, recorder: str) -> tuple[list[HealthReading], dict[Quantity, Trend]]:
    known = health_of(opened.station.catalog, recorder)
    if not known:
        raise NotFound("recorder", recorder)
    readings: list[Reading] = [reading_of(one) for one in known]
    return known, trend(readings, opened.station.thresholds)


# ------------------------------------------------------------------------------------------------------ for scripts


def _row(one: HealthReading) -> dict[str, Any]:
    """A reading by its stable names."""
    values = {**asdict(one), "read_at": one.read_at.isoformat()}
    return {name: values[name] for name in READ}


def _said(verdict: DutyVerdict | None) -> dict[str, Any]:
    """What was said of a recorder when it was released last."""
    if verdict is None:
        return dict.fromkeys(JUDGED[:2]) | {"unfit_because": [], "unfit_soon": []}
    return {
        "fit_for_duty": verdict.fit,
        "judged_at": verdict.judged_at.isoformat(),
        "unfit_because": verdict.reasons,
        "unfit_soon": verdict.soon,
    }


def _as_cells(said: dict[str, Any]) -> dict[str, Any]:
    """Reasons as text of one cell: `battery_percent 12 limit 15; …`."""
    because = "; ".join(f"{one['quantity']} {one['value']} limit {one['limit']}" for one in said["unfit_because"])
    soon = "; ".join(f"{one['quantity']} limit {one['limit']} at {one['at']}" for one in said["unfit_soon"])
    return said | {"unfit_because": because, "unfit_soon": soon}


def _trend_row(one: Trend) -> dict[str, Any]:
    certain = math.isfinite(one.uncertainty)
    return {
        "quantity": str(one.quantity),
        "latest": one.latest,
        "recent": one.recent,
        "slope_per_day": one.slope_per_day if certain else None,
        "uncertainty_per_day": one.uncertainty if certain else None,
        "n": one.n,
        "limit": one.threshold,
        "meets_limit_at": one.meets_threshold_at.isoformat() if one.meets_threshold_at else None,
    }


# ------------------------------------------------------------------------------------------------------- for people


def _lines(readings: Sequence[HealthReading], verdict: DutyVerdict | None, zone: ZoneInfo) -> list[str]:
    """A recorder in two lines: what it is like, and whether it may go out."""
    last = readings[-1]
    parts = [
        _with_line(Quantity.BATTERY, [one.battery_percent for one in readings]),
        _with_line(Quantity.READ_RATE, [one.read_rate_bytes_s for one in readings]),
    ]
    said = duty_text(verdict.fit if verdict else None, verdict.reasons if verdict else [])
    coming = [soon_text(one, zone) for one in verdict.soon] if verdict else []
    return [
        f"{padded(last.recorder, 12)}  {local_text(last.read_at, zone)}  " + "  ".join(parts),
        "  " + "; ".join([said, *coming]),
    ]


def _with_line(quantity: Quantity, values: Sequence[int | None]) -> str:
    known = [value for value in values if value is not None]
    last = value_text(quantity, known[-1] if known else None)
    return f"{quantity_name(quantity)} {sparkline(values)} {last}"


def _trend_line(one: Trend, values: Sequence[float | None], zone: ZoneInfo) -> str:
    parts = [
        padded(quantity_name(one.quantity), 16),
        padded(value_text(one.quantity, one.latest), 12),
        padded(_("lately {value}").format(value=value_text(one.quantity, one.recent)), 20),
        padded(slope_text(one.quantity, one.slope_per_day) if math.isfinite(one.uncertainty) else "-", 20),
        sparkline(values),
    ]
    if one.meets_threshold_at is not None:
        reason = {"quantity": one.quantity, "limit": one.threshold, "at": one.meets_threshold_at.isoformat()}
        parts.append(soon_text(reason, zone))
    return "  ".join(parts)
