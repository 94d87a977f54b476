"""`dockd clip time` and `dockd clip settle-time`: when a recording was made, and a person's word where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from catalog.model import Clip
from catalog.people.access import Act
from catalog.watching.clocks import Measurement
from catalog.watching.events import ClipTimeSettled
from catalog.watching.recorded import Corrected, Known

from ..assembly import Opened, reading
from ..changes.changing import make
from ..changes.words import plan_lines
from ..clip_rows import TIME_FORMATS, as_row
from ..clocks.clip_times import Timing
from ..clocks.observing import timing_of
from ..clocks.settling import NotSo, Settled, at, shift, shifted, span
from ..clocks.words import basis_text, doubt_text, method_text, offset_text, synced_text
from ..exits import Exit
from ..i18n import _, ngettext
from ..people.acting import require
from ..showing import echo_json, local_text
from .change_steps import tell
from .options import JSON

# What the catalogue calls the source of such a time (catalog.watching.applying).
SETTLED = "settled"
_WHEN = ("claimed_at", "recorded_at", "recorded_earliest", "recorded_latest", "anchor_at", "time_source", "time_basis",
         "time_doubt")  # fmt: skip


@click.command(
    "time",
    help=_(
        "Say when a recording was made: what the recorder claimed, the corrected time with its limits and what they "
        "rest on, why the time is unknown, what the claim would come to all the same, what the recorder's clock was "
        "like before and after, and what the recording says of itself."
    ),
)
@click.argument("clip_id", metavar="CLIP")
@JSON
@click.pass_obj
def clip_time(home: str | None, clip_id: str, as_json: bool) -> int:
    """Print one clip's time."""
    with reading(home) as opened:
        catalog, zone = opened.station.catalog, opened.station.zone
        found = catalog.find_clip(clip_id)
        require(opened, Act.LIST_CLIPS, found.department, owner=found.officer, clip=found.id)
        timing = timing_of(opened.station, found)
        itself = [fact for fact in catalog.facts_of(found.id) if fact.name == "created"]
        settled = [one for one in catalog.clip_log(found) if one.kind == ClipTimeSettled.KIND][-1:]
    hint = _hint(found, timing)
    if as_json:
        row = as_row(found)
        told = {"id": found.id, **{name: row[name] for name in _WHEN}, "ingested_at": found.ingested_at.isoformat()}
        told |= {"clock_before": _measured(timing.before), "clock_after": _measured(timing.after)}
        told |= {"claim_comes_to": _corrected(hint), "says_itself": [fact.as_json() for fact in itself]}
        by = [{"by": one.actor, "at": one.at, "reason": one.data["reason"]} for one in settled]
        told["settled"] = by[0] if by else None
        echo_json(told)
        return Exit.OK
    for text in _lines(found, timing, hint, zone):
        click.echo(text)
    for one in settled:
        at_text = local_text(datetime.fromisoformat(one.at), zone)
        said = _("settled by {actor}, {at}: {reason}")
        click.echo(said.format(actor=one.actor, at=at_text, reason=one.data["reason"]))
    for fact in itself:
        click.echo(
            _("the recording itself: {value} {unit}").format(value=fact.value, unit=fact.unit) + f"  [{fact.source}]"
        )
    return Exit.OK


@click.command(
    "settle-time",
    help=_(
        "Settle when recordings were made, where their recorder's clock cannot tell (dockd clip list --time-unknown). "
        "What the recorder claimed stays beside it. From the end of what is settled periods count; what would be due "
        "by it waits for a second person (dockd change).\n\n"
        "One recording is settled --at a time. A clock that started anew is wrong by the same for all of a session: "
        "--shift is added to what each of them claims. --dry-run shows before and after.\n\n"
        "\b\n"
        "  dockd clip settle-time 9f3c --at '2026-11-19 08:30' --within 10m --reason 'duty log'\n"
        "  dockd clip settle-time --session 20261121T013500Z-3f9a1c --shift +3650d4h --reason 时钟复位 --dry-run"
    ),
)
@click.argument("clip_ids", nargs=-1, metavar="[CLIP…]")
@click.option("--session", help=_("All of this docking session whose time is unknown, and that claim one."))
@click.option("--at", "local", type=click.DateTime(TIME_FORMATS), help=_("When it was made, by the agency's clock."))
@click.option("--shift", "by", help=_("What is added to the claimed times, as +3650d4h or -30m."))
@click.option("--within", default="10m", show_default=True, help=_("How far off that may be, as 10m or 2h."))
@click.option("--reason", required=True, help=_("How it is known, in a few words."))
@click.option("--dry-run", is_flag=True, help=_("Show before and after, and change nothing."))
@JSON
@click.pass_obj
def settle_time(
    home: str | None,
    clip_ids: tuple[str, ...],
    session: str | None,
    local: datetime | None,
    by: str | None,
    within: str,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Settle clips, all or none."""
    size, added = span(within), shift(by) if by is not None else None
    if (local is None) == (by is None) or bool(clip_ids) == (session is not None):
        raise click.UsageError(_("name recordings or --session, and either --at or --shift"))
    if local is not None and len(clip_ids) != 1:
        raise click.UsageError(_("--at settles one recording; several are settled by --shift"))
    if size is None or (by is not None and added is None):
        raise click.UsageError(_("a span of time is written as 1d4h30m, a shift as +3650d4h or -30m"))
    if not reason.strip():
        raise click.UsageError(_("say how it is known: --reason"))
    with reading(home) as opened:
        zone = opened.station.zone
        clips = _named(opened, clip_ids) if session is None else _unknown_of(opened, session)
        for clip in clips:
            require(opened, Act.SETTLE_TIME, clip.department, owner=clip.officer, clip=clip.id)
        said = [_settled(opened, clip, local, added, size) for clip in clips]
        refused = [one for one in said if isinstance(one, NotSo)]
        if refused:
            raise click.UsageError("\n".join(_why_not(one, zone) for one in refused))
        settled = [one for one in said if isinstance(one, Settled)]
        for one in settled if not as_json else ():
            click.echo(_before_and_after(one, zone))
        made = make(opened, [one.event(reason) for one in settled], dry_run=dry_run)
    told = ngettext("{n} recording settled", "{n} recordings settled", len(settled)).format(n=len(settled))
    if dry_run and not as_json:
        for line in (*plan_lines(made.plan), _("nothing was changed")):
            click.echo(line)
        return Exit.OK
    tell(made, as_json, told)
    return Exit.OK


# ---------------------------------------------------------------------------------------------------------- settling


def _named(opened: Opened, clip_ids: Sequence[str]) -> list[Clip]:
    clips = [opened.station.catalog.find_clip(clip_id) for clip_id in clip_ids]
    recorders = {clip.recorder for clip in clips}
    if len(recorders) > 1:
        raise click.UsageError(
            _("recordings of one recorder share its clock, these are of {n}").format(n=len(recorders))
        )
    return clips


def _unknown_of(opened: Opened, session: str) -> list[Clip]:
    catalog = opened.station.catalog
    found = catalog.find_session(session)
    clips = [clip for clip in catalog.clips_of_session(found.id) if clip.time_doubt and clip.claimed_at]
    if not clips:
        raise click.UsageError(_("no recording of {session} claims a time that is unknown").format(session=found.id))
    return clips


def _settled(
    opened: Opened, clip: Clip, local: datetime | None, added: timedelta | None, within: timedelta
) -> Settled | NotSo:
    if local is not None:
        return at(clip, local, opened.station.zone, within)
    assert added is not None
    return shifted(clip, added, timing_of(opened.station, clip).zone, within)


def _why_not(one: NotSo, zone: ZoneInfo) -> str:
    text = {
        "after-first-seen": _("{clip} {name}: that is after it was taken in ({limit})"),
        "before-2012": _("{clip} {name}: no recorder of today recorded before 2012"),
        "no-claim": _("{clip} {name}: it claims no time that could be shifted"),
    }[one.why]
    return text.format(clip=one.clip.id, name=one.clip.name, limit=local_text(one.limit, zone))


def _before_and_after(one: Settled, zone: ZoneInfo) -> str:
    before = one.clip.claimed_at or "-"
    if one.clip.recorded_at is not None:
        before = local_text(one.clip.recorded_at, zone)
    limits = f"{local_text(one.earliest, zone)} … {local_text(one.latest, zone)}"
    return f"{one.clip.id}  {one.clip.name}  {before} → {local_text(one.likely, zone)}  ({limits})"


# ----------------------------------------------------------------------------------------------------------- telling


def _hint(clip: Clip, timing: Timing) -> Corrected | None:
    """What the claim comes to, whether or not it can be true."""
    if clip.claimed_at is None:
        return None
    verdict = timing.judged(datetime.fromisoformat(clip.claimed_at))
    return verdict.time if isinstance(verdict, Known) else verdict.hint


def _lines(clip: Clip, timing: Timing, hint: Corrected | None, zone: ZoneInfo) -> list[str]:
    lines = [
        _("claimed by the recorder: {at}").format(at=(clip.claimed_at or "-").replace("T", " ")),
        _("taken in: {at}").format(at=local_text(clip.ingested_at, zone)),
    ]
    if clip.time_doubt is not None:
        lines.append(_("time unknown: {why}").format(why=doubt_text(clip.time_doubt)))
        if hint is not None:
            lines.append(_("the claim would come to: {limits}").format(limits=_limits(hint, zone)))
    elif clip.recorded_at is not None:
        own = (clip.recorded_earliest, clip.recorded_at, clip.recorded_latest)
        lines.append(_("recorded: {limits}").format(limits=_interval(*own, zone)))
        if clip.time_source != SETTLED and clip.time_basis is not None:
            lines.append("  " + basis_text(clip.time_basis))
    for text, measurement in ((_("clock before: {said}"), timing.before), (_("clock after: {said}"), timing.after)):
        lines.append(text.format(said=_said(measurement, zone)))
    return lines


def _said(one: Measurement | None, zone: ZoneInfo) -> str:
    if one is None:
        return _("not measured")
    offset = offset_text(one.offset_ms, one.uncertainty_ms, one.method)
    return f"{offset}  {local_text(one.at, zone)}  {method_text(one.method)}; {synced_text(one.synced)}"


def _limits(one: Corrected, zone: ZoneInfo) -> str:
    return _interval(one.earliest, one.likely, one.latest, zone)


def _interval(earliest: datetime | None, likely: datetime, latest: datetime | None, zone: ZoneInfo) -> str:
    return f"{local_text(likely, zone)}  ({local_text(earliest, zone)} … {local_text(latest, zone)})"


def _measured(one: Measurement | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "measured_at": one.at.isoformat(),
        "offset_ms": one.offset_ms,
        "uncertainty_ms": one.uncertainty_ms,
        "method": one.method.value,
        "one_sided": one.one_sided,
        "synced": one.synced,
    }


def _corrected(one: Corrected | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "earliest": one.earliest.isoformat() if one.earliest else None,
        "likely": one.likely.isoformat(),
        "latest": one.latest.isoformat() if one.latest else None,
        "basis": one.basis.value,
    }
