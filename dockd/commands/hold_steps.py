"""`dockd hold place`, `widen`, `lift`, `grant` and `refuse`: the steps of a hold's life."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from catalog.cases.suggesting import Point
from catalog.keeping.fitting import Event
from catalog.keeping.queries import find_hold
from catalog.model import Clip
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..changes.changing import grant_lift
from ..changes.words import as_json as planned
from ..changes.words import plan_lines
from ..exits import Exit
from ..i18n import _
from ..keeping.deciding import set_pack
from ..keeping.holding import (
    Wanted,
    ask_lift,
    of_case,
    of_clips,
    of_event,
    of_session,
    refuse_lift,
    require_in,
)
from ..keeping.holding import place as place_hold
from ..keeping.holding import proposals as proposals_of
from ..keeping.holding import widen as widen_hold
from ..people.peopling import TIME_FORMATS, given
from ..showing import clips_text, echo_json, local_text
from .options import JSON, WORDS


@click.command(
    "place",
    help=_(
        "Place a hold on single recordings, on a docking session, on a case, or on an event: all recordings of a time "
        "and place, from every recorder. A session or a case also holds what joins it later; what fits an event later "
        "is proposed (dockd hold proposals).\n\n"
        "An event has --since and --until, and may name officers, recorders (any of them fits) and a place; a "
        "recording that says nowhere where it was made may have been made there.\n\n"
        "\b\n"
        "  dockd hold place --clip c453e0 --trigger obstruction --long-term --reason 阻碍执法\n"
        "  dockd hold place --case 2026-昌水罚-017 --reason 行政复议\n"
        "  dockd hold place --event --since '2026-11-20 09:00' --until '2026-11-20 10:00' --place 39.7123,119.1622 "
        "--trigger objection --reason 当事人投诉 --dry-run"
    ),
)
@click.option("--clip", "clips", multiple=True, help=_("This recording; may be given more than once."))
@click.option("--session", help=_("This docking session."))
@click.option("--case", "case_no", help=_("This case, by its number or id."))
@click.option("--event", is_flag=True, help=_("An event, told by the next options."))
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("When the event began."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("When it was over."))
@click.option("--place", metavar="LAT,LON", help=_("Where it was, in degrees, as 39.7123,119.1622."))
@click.option("--radius", "within_m", type=click.IntRange(1), help=_("Metres around that place (cases.near_m)."))
@click.option("--officer", "officers", multiple=True, help=_("Number of an officer who was there; may be repeated."))
@click.option("--recorder", "recorders", multiple=True, help=_("A recorder that was there; may be repeated."))
@click.option("--trigger", help=_("What in the rule pack calls for it: dockd pack show names all of them."))
@click.option("--long-term", is_flag=True, help=_("Mark for long-term keeping (长期保存), to be put on disc."))
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.option("--dry-run", is_flag=True, help=_("Only show what it would hold."))
@click.pass_obj
def place(home: str | None, /, trigger: str | None, long_term: bool, reason: str, dry_run: bool, **asked: Any) -> int:
    """Place a hold."""
    _refuse_mixed(asked)
    with reading(home) as opened:
        if trigger is not None:
            _known_trigger(opened, trigger)
        wanted = _wanted(opened, asked)
        if dry_run:
            require_in(opened, Act.PLACE_HOLD, wanted.departments)
            _print_clips(opened, wanted.clips)
            click.echo(_total(wanted.clips) + _("; nothing was recorded"))
            return Exit.OK
        event = place_hold(opened, wanted, trigger=trigger, long_term=long_term, reason=reason)
    click.echo(_("hold {hold} placed").format(hold=event.hold))
    click.echo(_total(wanted.clips))
    return Exit.OK


@click.command(
    "widen",
    help=_(
        "Put more recordings under a hold: those named, or with --proposed all that fit its event and are not under it "
        "yet (dockd hold proposals)."
    ),
)
@click.argument("hold_id", metavar="HOLD")
@click.argument("clip_ids", nargs=-1, metavar="[CLIP…]")
@click.option("--proposed", is_flag=True, help=_("All that is proposed for it."))
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.pass_obj
def widen(home: str | None, hold_id: str, clip_ids: tuple[str, ...], proposed: bool, reason: str) -> int:
    """Put more clips under a hold."""
    if proposed == bool(clip_ids):
        raise click.UsageError(_("name recordings, or give --proposed"))
    with reading(home) as opened:
        found = find_hold(opened.station.catalog, hold_id)
        if proposed:
            clips = [one.clip for one in proposals_of(opened, [found])]
        else:
            clips = [opened.station.catalog.find_clip(name) for name in clip_ids]
        new = widen_hold(opened, found, clips, reason)
    click.echo(_("hold {hold} widened").format(hold=found.id))
    click.echo(_total(new))
    return Exit.OK


@click.command("lift", help=_("Ask to lift a hold. It stays until a second person grants it (dockd hold grant)."))
@click.argument("hold_id", metavar="HOLD")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.pass_obj
def lift(home: str | None, hold_id: str, reason: str) -> int:
    """Ask to lift."""
    with reading(home) as opened:
        found = find_hold(opened.station.catalog, hold_id)
        ask_lift(opened, found, reason)
    click.echo(_("lifting of hold {hold} asked for; a second person grants it").format(hold=found.id))
    return Exit.OK


@click.command(
    "grant",
    help=_(
        "Grant the lifting of a hold, as a second person: whoever asked for it cannot.\n\n"
        "--dry-run comes first where recordings become due by it: it shows how many, their hours and bytes, the "
        "oldest, and how many have no second copy. --count confirms that number.\n\n"
        "\b\n"
        "  dockd hold grant 3f9a --reason 同意 --dry-run\n"
        "  dockd hold grant 3f9a --reason 同意 --count 12"
    ),
)
@click.argument("hold_id", metavar="HOLD")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.option("--dry-run", is_flag=True, help=_("Only show what it would make due."))
@click.option("--count", type=click.IntRange(0), help=_("How many recordings become due, as the dry run shows."))
@JSON
@click.pass_obj
def grant(home: str | None, hold_id: str, reason: str, dry_run: bool, count: int | None, as_json: bool) -> int:
    """Lift a hold."""
    with reading(home) as opened:
        found = find_hold(opened.station.catalog, hold_id)
        plan = grant_lift(opened, found, reason, count=count, dry_run=dry_run)
    if as_json:
        echo_json({"hold": found.id, "done": not dry_run, **planned(plan)})
    elif dry_run:
        for line in (*plan_lines(plan), _("nothing was recorded: this was a dry run")):
            click.echo(line)
    else:
        click.echo(_("hold {hold} lifted").format(hold=found.id))
    return Exit.OK


@click.command("refuse", help=_("Refuse the lifting of a hold, as a second person. It stays."))
@click.argument("hold_id", metavar="HOLD")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@click.pass_obj
def refuse(home: str | None, hold_id: str, reason: str) -> int:
    """Keep a hold."""
    with reading(home) as opened:
        found = find_hold(opened.station.catalog, hold_id)
        refuse_lift(opened, found, reason)
    click.echo(_("hold {hold} stays").format(hold=found.id))
    return Exit.OK


def _refuse_mixed(asked: dict[str, Any]) -> None:
    chosen = (bool(asked["clips"]), asked["session"] is not None, asked["case_no"] is not None, asked["event"])
    if sum(chosen) != 1:
        raise click.UsageError(_("give one of --clip, --session, --case and --event"))
    of_event_only = ("since", "until", "place", "within_m", "officers", "recorders")
    if not asked["event"] and any(asked[name] for name in of_event_only):
        raise click.UsageError(_("--since, --until, --place, --radius, --officer and --recorder tell an --event"))
    if asked["event"] and (asked["since"] is None or asked["until"] is None or asked["until"] < asked["since"]):
        raise click.UsageError(_("an --event needs --since, and --until not before it"))


def _known_trigger(opened: Opened, trigger: str) -> None:
    pack = set_pack(opened)
    if pack.trigger(trigger) is None:
        known = ", ".join(one.id for one in pack.triggers)
        raise click.UsageError(
            _("{pack} has no trigger {trigger}; it has: {known}").format(pack=pack.name, trigger=trigger, known=known)
        )


def _wanted(opened: Opened, asked: dict[str, Any]) -> Wanted:
    if asked["clips"]:
        return of_clips(opened, asked["clips"])
    if asked["session"] is not None:
        return of_session(opened, asked["session"])
    if asked["case_no"] is not None:
        return of_case(opened, asked["case_no"])
    return of_event(opened, _event(opened, asked))


def _event(opened: Opened, asked: dict[str, Any]) -> Event:
    since, until = (_moment(opened, asked[name]) for name in ("since", "until"))
    within_m = asked["within_m"] or opened.config.cases.near_m
    officers, recorders = tuple(sorted(set(asked["officers"]))), tuple(sorted(set(asked["recorders"])))
    return Event(since, until, officers, recorders, _point(asked["place"]), within_m)


def _moment(opened: Opened, moment: datetime) -> datetime:
    found = given(opened, moment)
    assert found is not None
    return found


def _point(text: str | None) -> Point | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，]\s*(-?\d{1,3}(?:\.\d+)?)\s*", text, re.ASCII)
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise click.UsageError(_("--place reads LAT,LON in degrees, as 39.7123,119.1622"))
    return float(found[1]), float(found[2])


def _print_clips(opened: Opened, clips: Sequence[Clip]) -> None:
    for clip in clips:
        recorded = local_text(clip.recorded_at, opened.station.zone)
        click.echo(f"{clip.id}  {recorded:<19}  {clip.recorder}  {clip.officer or '-'}  {clip.name}")


def _total(clips: Sequence[Clip]) -> str:
    return clips_text(len(clips), sum(clip.size_bytes for clip in clips))
