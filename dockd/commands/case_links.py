"""`dockd case suggest`, `link` and `unlink`: which recordings belong to a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from catalog.cases.events import ClipLinked, ClipUnlinked
from catalog.cases.model import CaseRow
from catalog.cases.queries import links_of_case
from catalog.cases.suggesting import Confidence, Point
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..cases.acts import case_for, clips_for
from ..cases.candidates import Asked, Proposed, proposals
from ..cases.words import confidence_text, reason_text
from ..changes.changing import make
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import require_reach
from ..people.peopling import TIME_FORMATS, given
from ..showing import duration_text, echo_json, local_text
from ..wide import padded
from .change_steps import tell, weighed
from .options import JSON

FC = TypeVar("FC", bound=Callable[..., Any])
_ORDER = list(Confidence)


def _by(command: FC) -> FC:
    """The options that say by what recordings are suggested."""
    options = (
        click.option("--from", "begin", type=click.DateTime(TIME_FORMATS), help=_("When it began on site.")),
        click.option("--until", "end", type=click.DateTime(TIME_FORMATS), help=_("When it was over on site.")),
        click.option("--slack", "slack_min", type=click.IntRange(0), help=_("Minutes that clocks may be off.")),
        click.option("--near", metavar="LAT,LON", help=_("Where it was, in degrees, as 39.7123,119.1622.")),
        click.option("--radius", "near_m", type=click.IntRange(1), help=_("Metres around that place.")),
        click.option(
            "--at-least",
            type=click.Choice([one.value for one in Confidence]),
            help=_("Only what is suggested so strongly."),
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    "suggest",
    help=_(
        "Propose recordings for a case: by its officers and its time, by the place where it was, by what lies next to "
        "recordings that are under it already. Each with what speaks for it; nothing is recorded.\n\n"
        "Without --from and --until the time runs from the day of the opening to the day on which the act ended.\n\n"
        "\b\n"
        "  dockd case suggest 2026-昌水罚-017 --from '2026-11-20 09:10' --until '2026-11-20 10:00'"
    ),
)
@click.argument("name", metavar="CASE")
@_by
@JSON
@click.pass_obj
def suggest(home: str | None, /, name: str, as_json: bool, **asked: Any) -> int:
    """Print proposals."""
    with reading(home) as opened:
        case = case_for(opened, name, Act.LIST_CASES)
        found = _found(opened, case, asked)
        if as_json:
            echo_json([_as_row(one) for one in found])
        else:
            _print(opened, found)
    return Exit.OK


@click.command(
    "link",
    help=_(
        "Put recordings under a case; a recording may be under many. With --suggested all that `dockd case suggest` "
        "proposes with the same options, unless --at-least says otherwise as strong or likely; what spoke for each is "
        "recorded with it. What is under the case already stays as it is. What would make recordings due – a closed "
        "case may keep them for less long than no case at all – waits for a second person (dockd change)."
    ),
)
@click.argument("name", metavar="CASE")
@click.argument("clip_ids", nargs=-1, metavar="[CLIP…]")
@click.option("--suggested", is_flag=True, help=_("Take what is suggested."))
@_by
@weighed
@click.pass_obj
def link(
    home: str | None,
    /,
    name: str,
    clip_ids: tuple[str, ...],
    suggested: bool,
    dry_run: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Record links, all or none."""
    if suggested == bool(clip_ids):
        raise click.UsageError(_("name recordings, or give --suggested"))
    with reading(home) as opened:
        case = case_for(opened, name, Act.LIST_CASES)
        there = {one.clip for one in links_of_case(opened.station.catalog, case.id)}
        if suggested:
            asked["at_least"] = asked["at_least"] or Confidence.LIKELY.value
            found = _found(opened, case, asked)
            clips_for(opened, [one.clip.id for one in found], Act.FILE_CLIP, case.id)
            events = [_taken(case, one) for one in found]
            if not as_json:
                _print(opened, found)
        else:
            clips = clips_for(opened, list(dict.fromkeys(clip_ids)), Act.FILE_CLIP, case.id)
            events = [ClipLinked(clip.id, case.id, "by-hand") for clip in clips if clip.id not in there]
        made = make(opened, events, dry_run=dry_run)
    told = ngettext("{n} recording put under case {number}", "{n} recordings put under case {number}", len(events))
    tell(made, as_json, told.format(n=len(events), number=case.number))
    return Exit.OK


@click.command(
    "unlink",
    help=_(
        "Take recordings out from under a case again. That they were there stays on record. If they would be due by "
        "it, it waits for a second person (dockd change)."
    ),
)
@click.argument("name", metavar="CASE")
@click.argument("clip_ids", nargs=-1, required=True, metavar="CLIP…")
@click.option("--reason", required=True, help=_("Why, in a few words."))
@weighed
@click.pass_obj
def unlink(home: str | None, name: str, clip_ids: tuple[str, ...], reason: str, dry_run: bool, as_json: bool) -> int:
    """Record that links ended, all or none."""
    with reading(home) as opened:
        case = case_for(opened, name, Act.LIST_CASES)
        clips = clips_for(opened, list(dict.fromkeys(clip_ids)), Act.FILE_CLIP, case.id)
        there = {one.clip for one in links_of_case(opened.station.catalog, case.id)}
        astray = [clip.id for clip in clips if clip.id not in there]
        if astray:
            raise click.UsageError(_("not under this case: {clips}").format(clips=", ".join(astray)))
        made = make(opened, [ClipUnlinked(clip.id, case.id, reason) for clip in clips], dry_run=dry_run)
    told = ngettext(
        "{n} recording taken out from under case {number}",
        "{n} recordings taken out from under case {number}",
        len(clips),
    )
    tell(made, as_json, told.format(n=len(clips), number=case.number))
    return Exit.OK


def _found(opened: Opened, case: CaseRow, asked: dict[str, Any]) -> list[Proposed]:
    settings = opened.config.cases
    slack_min = settings.slack_min if asked["slack_min"] is None else asked["slack_min"]
    by = Asked(
        begin=given(opened, asked["begin"]),
        end=given(opened, asked["end"]),
        slack=timedelta(minutes=slack_min),
        place=_point(asked["near"]),
        radius_m=asked["near_m"] or settings.near_m,
    )
    if by.begin is not None and by.end is not None and by.end <= by.begin:
        raise click.UsageError(_("--until must come after --from"))
    found = proposals(opened, case, by, require_reach(opened, Act.LIST_CLIPS))
    weakest = _ORDER.index(Confidence(asked["at_least"] or Confidence.POSSIBLE))
    return [one for one in found if _ORDER.index(one.suggestion.confidence) <= weakest]


def _point(text: str | None) -> Point | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，]\s*(-?\d{1,3}(?:\.\d+)?)\s*", text, re.ASCII)
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise click.UsageError(_("--near reads LAT,LON in degrees, as 39.7123,119.1622"))
    return float(found[1]), float(found[2])


def _taken(case: CaseRow, one: Proposed) -> ClipLinked:
    said = one.suggestion
    return ClipLinked(said.clip, case.id, "suggested", said.confidence.value, [str(reason) for reason in said.reasons])


def _as_row(one: Proposed) -> dict[str, Any]:
    recorded: datetime | None = one.clip.recorded_at
    return {
        "clip": one.clip.id,
        "name": one.clip.name,
        "recorder": one.clip.recorder,
        "officer": one.clip.officer,
        "recorded_at": recorded.isoformat() if recorded else None,
        "confidence": one.suggestion.confidence.value,
        "reasons": [str(reason) for reason in one.suggestion.reasons],
    }


def _print(opened: Opened, found: list[Proposed]) -> None:
    for one in found:
        clip = one.clip
        click.echo(
            f"{clip.id}  {padded(confidence_text(one.suggestion.confidence), 8)}  "
            f"{local_text(clip.recorded_at, opened.station.zone):<19}  {duration_text(clip.duration_ms):>8}  "
            f"{clip.recorder}  {clip.officer or '-'}  {clip.name}"
        )
        for reason in one.suggestion.reasons:
            click.echo(f"    {reason_text(str(reason))}")
    if not found:
        click.echo(_("nothing is suggested"), err=True)
