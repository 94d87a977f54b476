"""`dockd recorder clock`: how recorders' clocks run."""

from __future__ import annotations

import click

from catalog.errors import NotFound

from ..assembly import reading
from ..clocks.view import COLUMNS, SUMMED, reading_row, setting_row, summary_lines, summary_row, view_of, whole_lines
from ..exits import Exit
from ..i18n import _
from ..plotting import svg
from ..showing import echo_csv, echo_json
from ..writing_out import write_out
from .options import CSV, JSON


@click.command(
    "clock",
    help=_(
        "List how far recorders' clocks are off, how that was measured, whether the station's own clock was right "
        "then, how they drift against the 3 s a day of GA/T 947, and whether their last setting took. With a RECORDER "
        "all measurements of it. `≥` stands before what is only a bound.\n\n"
        "\b\n"
        "  dockd recorder clock\n"
        "  dockd recorder clock 4410023 --plot clock.svg"
    ),
)
@click.argument("recorder_name", metavar="[RECORDER]", required=False)
@JSON
@CSV
@click.option(
    "--plot", type=click.Path(dir_okay=False), help=_("Draw one recorder's offset to this SVG, which must not exist.")
)
@click.pass_obj
def clock(home: str | None, recorder_name: str | None, as_json: bool, as_csv: bool, plot: str | None) -> int:
    """Print clocks."""
    if plot is not None and recorder_name is None:
        raise click.UsageError(_("--plot draws one recorder: name it"))
    with reading(home) as opened:
        catalog, zone = opened.station.catalog, opened.station.zone
        names = [one.id for one in catalog.recorders() if recorder_name in (None, one.id)]
        if recorder_name is not None and not names:
            raise NotFound("recorder", recorder_name)
        views = [view_of(catalog, name) for name in names]
    if recorder_name is None:
        if as_json:
            echo_json([summary_row(view) for view in views])
        elif as_csv:
            echo_csv([*COLUMNS, *SUMMED], map(summary_row, views))
        else:
            for view in views:
                for line in summary_lines(view, zone):
                    click.echo(line)
            if not views:
                click.echo(_("no recorder was docked yet"), err=True)
        return Exit.OK
    (view,) = views
    if plot is not None:
        _draw(plot, svg(view.points, title=_("clock of {recorder}").format(recorder=recorder_name), unit="s"))
    elif as_json:
        measurements, settings = map(reading_row, view.readings), map(setting_row, view.settings)
        echo_json({**summary_row(view), "measurements": list(measurements), "settings": list(settings)})
    elif as_csv:
        echo_csv(COLUMNS, map(reading_row, view.readings))
    else:
        for line in whole_lines(view, zone):
            click.echo(line)
    return Exit.OK


def _draw(path: str, picture: str) -> None:
    write_out(path, picture)
    click.echo(_("drawn: {path}").format(path=path))
