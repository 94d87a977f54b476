"""`dockd dock`: take recorders in.

Most of the program is imported only when the first look at the recorders is under way: they need not wait for it.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from ..errors import SourceNotAFolder
from ..exits import Exit
from ..i18n import _, ngettext

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..assembly import Opened
    from ..crew import Crew, Unreadable
    from ..results import Result

# A terminal is redrawn this often; a log gets a line this often.
REDRAW_S = 0.2
LINE_EVERY_S = 5.0


@click.command(
    help=_(
        "Take in everything on the recorders mounted at PATH… and prove it.\n\n"
        "Each entry ends in exactly one outcome: ingested, already held, quarantined or failed; the sum is printed. "
        "The exit code is 0 only when every entry has an outcome and none failed. Nothing is removed from a "
        "recorder unless --clear after-verify says so, and then only what was read twice and proven.\n\n"
        "\b\nExamples:\n"
        "  dockd dock /media/recorder\n"
        "  dockd dock --slot 3 --clear after-verify /media/recorder\n"
        "  dockd dock --json /media/a /media/b"
    )
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path())
@click.option(
    "--slot", type=click.IntRange(1, 999), help=_("Number of the bay; with several PATHs the first one's number.")
)
@click.option(
    "--clear",
    type=click.Choice(["never", "after-verify"]),
    help=_("Whether proven recordings are removed from the recorder. Default: as in the settings."),
)
@click.option(
    "--facts",
    "facts_when",
    type=click.Choice(["after", "later"]),
    help=_("Read duration, place and make after the copying, or leave that to `dockd facts`."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the sessions as JSON, for scripts."))
@click.option("--quiet", "-q", is_flag=True, help=_("No progress, only the results."))
@click.pass_obj
def dock(
    home: str | None,
    paths: tuple[str, ...],
    slot: int | None,
    clear: str | None,
    facts_when: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Dock each path in parallel; the exit code of the whole."""
    for path in paths:
        if not os.path.isdir(path):
            raise SourceNotAFolder(path)
    from ..first_look import FirstLook

    looks = [(os.path.abspath(path), FirstLook(path)) for path in paths]

    from ..assembly import writing
    from ..crew import Crew, Seated, Unreadable
    from ..results import Result
    from ..showing import echo_json

    seated = [Seated(path, None if slot is None else slot + index, look) for index, (path, look) in enumerate(looks)]
    with writing(home) as opened:
        opened.tune_copying(len(seated))
        wanted = (clear or opened.config.dock.clear) == "after-verify"
        crew = Crew(opened.station, seated, clear=wanted, parallel=opened.config.dock.parallel)
        crew.start()
        interrupted = _watch(crew, quiet=quiet or as_json)
        results = crew.results()
        if as_json:
            echo_json([result.as_json() for result in results if isinstance(result, Result)])
        else:
            _tell(results, cleared=wanted, zone=opened.station.zone)
        for unreadable in (r for r in results if isinstance(r, Unreadable)):
            click.echo(
                _("dockd: error: recorder at {path} cannot be listed: {why}").format(
                    path=unreadable.seated.path, why=unreadable.error.strerror or unreadable.error
                ),
                err=True,
            )
        if not interrupted and (facts_when or opened.config.facts.when) == "after":
            _read_facts(opened, quiet=quiet or as_json)
    if interrupted:
        return Exit.INTERRUPTED
    bad = any(isinstance(r, Unreadable) or r.sum.failed or r.state != "sealed" for r in results)
    return Exit.RECORDER if bad else Exit.OK


def _watch(crew: Crew, *, quiet: bool) -> bool:
    """Show progress until all have ended; True when the user stopped it. A second Ctrl-C is not needed: the engine
    stops at the next block and keeps what it has."""
    interrupted = False
    while True:
        try:
            if quiet:
                _wait(crew)
            elif sys.stderr.isatty():
                _live(crew)
            else:
                _lines(crew)
            return interrupted
        except KeyboardInterrupt:
            interrupted = True
            crew.stop.set()
            quiet = True


def _wait(crew: Crew) -> None:
    while not crew.ended(LINE_EVERY_S):
        pass


def _lines(crew: Crew) -> None:
    from ..showing import plain_progress

    while not crew.ended(LINE_EVERY_S):
        for progress in crew.progress:
            click.echo(plain_progress(progress), err=True)


def _live(crew: Crew) -> None:
    from rich.console import Console
    from rich.live import Live

    from ..screen import progress_table

    began = time.monotonic()
    with Live(console=Console(stderr=True), refresh_per_second=8) as live:
        while not crew.ended(REDRAW_S):
            live.update(progress_table(crew.progress, time.monotonic() - began))
        live.update(progress_table(crew.progress, time.monotonic() - began))


def _tell(results: list[Result | Unreadable], *, cleared: bool, zone: ZoneInfo) -> None:
    from ..crew import Unreadable
    from ..showing import cleared_line, note_text, size_text, sum_line

    for result in results:
        if isinstance(result, Unreadable):
            continue
        rate = result.ingested_bytes / result.seconds if result.seconds > 0 else 0.0
        click.echo(
            _("session {session}  recorder {recorder}  ({family})").format(
                session=result.session, recorder=result.recorder, family=result.family
            )
        )
        click.echo(f"  {sum_line(result)}")
        click.echo(
            "  "
            + _("{size} copied and read back in {seconds:.1f} s ({rate}/s)").format(
                size=size_text(result.ingested_bytes), seconds=result.seconds, rate=size_text(rate)
            )
        )
        for note in result.notes:
            click.echo("  " + _("note: {note}").format(note=note_text(note)))
        if cleared:
            click.echo(f"  {cleared_line(result)}")
        for line in _duty_lines(result, zone):
            click.echo(f"  {line}")


def _duty_lines(result: Result, zone: ZoneInfo) -> list[str]:
    """Whether the recorder may go out again, and what will end that; nothing of a session that was cut short."""
    from ..health_words import duty_text, soon_text

    duty = result.duty
    return [] if duty is None else [duty_text(duty.fit, duty.reasons), *(soon_text(one, zone) for one in duty.soon)]


def _read_facts(opened: Opened, *, quiet: bool) -> None:
    from ..facts import read_and_examine
    from ..showing import echo_facts_read

    done = read_and_examine(opened, on_clip=None if quiet else echo_facts_read)
    if done.gaps and not quiet:
        click.echo(
            ngettext("{n} new gap: dockd gap list", "{n} new gaps: dockd gap list", done.gaps).format(n=done.gaps)
        )
