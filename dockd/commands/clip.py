"""`dockd clip`: recordings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from catalog.events import ClipFiled
from catalog.model import Clip, ClipQuery

from ..assembly import reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..ledger import export
from ..showing import duration_text, echo_csv, echo_json, local_text, size_text

KINDS = ("video", "audio", "photo", "log", "track", "bookmark", "data", "binding")
TIME_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@click.group(help=_("Recordings: find them, show them, file them under a case."))
def clip() -> None:
    """The group."""


@clip.command(
    "list",
    help=_(
        "List recordings by department, recorder, officer, time, case or class.\n\n"
        "Times are the agency's wall clock.\n\n"
        "\b\nExamples:\n"
        "  dockd clip list --recorder 4410023 --since 2026-11-01\n"
        "  dockd clip list --officer 100234 --csv > clips.csv"
    ),
)
@click.option("--department", help=_("Only this department."))
@click.option("--recorder", help=_("Only this recorder."))
@click.option("--officer", help=_("Only this officer."))
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("Recorded at this time or later."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("Recorded before this time."))
@click.option("--case", "case_no", help=_("Only this case number."))
@click.option("--class", "clip_class", help=_("Only this class, for example unclassified."))
@click.option("--session", help=_("Only this docking session."))
@click.option("--kind", type=click.Choice(KINDS), help=_("Only this kind."))
@click.option("--limit", type=click.IntRange(1), help=_("At most so many."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON, for scripts."))
@click.option("--csv", "as_csv", is_flag=True, help=_("Print CSV, for spreadsheets."))
@click.pass_obj
def list_clips(
    home: str | None, /, since: datetime | None, until: datetime | None, as_json: bool, as_csv: bool, **wanted: Any
) -> int:
    """Print clips."""
    with reading(home) as opened:
        zone = opened.station.zone
        if wanted["session"]:
            wanted["session"] = opened.station.catalog.find_session(wanted["session"]).id
        query = ClipQuery(since=_utc(since, zone), until=_utc(until, zone), **wanted)
        clips = opened.station.catalog.clips(query)
        if as_json:
            echo_json([as_row(found) for found in clips])
        elif as_csv:
            echo_csv(list(COLUMNS), (as_row(found) for found in clips))
        else:
            count = 0
            for found in clips:
                count += 1
                click.echo(_line(found, zone))
            if not count:
                click.echo(_("no recordings match"), err=True)
    return Exit.OK


@clip.command("show", help=_("Show all that is known of one recording. The first characters of its id are enough."))
@click.argument("clip_id", metavar="CLIP")
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON, for scripts."))
@click.pass_obj
def show_clip(home: str | None, clip_id: str, as_json: bool) -> int:
    """Print one clip with its facts."""
    with reading(home) as opened:
        found = opened.station.catalog.find_clip(clip_id)
        facts = opened.station.catalog.facts_of(found.id)
        if as_json:
            echo_json({**as_row(found), "facts": [asdict(fact) for fact in facts]})
            return Exit.OK
        for name, value in as_row(found).items():
            click.echo(f"{name:<14} {'-' if value is None else value}")
        for fact in facts:
            click.echo(f"  {fact.name:<16} {fact.value} {fact.unit}  [{fact.source}]")
    return Exit.OK


@clip.command(
    "file",
    help=_(
        "File recordings under a case and a class. What the recorder marked stays beside it; each filing is an entry "
        "in the custody log."
    ),
)
@click.argument("clip_ids", nargs=-1, required=True, metavar="CLIP…")
@click.option("--case", "case_no", help=_("Number of the case."))
@click.option("--class", "clip_class", default="unclassified", show_default=True, help=_("Class of the activity."))
@click.option("--reason", default="", help=_("Why, in a few words."))
@click.pass_obj
def file_clips(home: str | None, clip_ids: tuple[str, ...], case_no: str | None, clip_class: str, reason: str) -> int:
    """Record the filing of each clip, all or none."""
    with reading(home) as opened:
        catalog = opened.station.catalog
        found = [catalog.find_clip(clip_id) for clip_id in clip_ids]
        catalog.append([ClipFiled(each.id, case_no, clip_class, reason) for each in found], actor=opened.actor)
        export(opened.station)
    click.echo(ngettext("{n} recording filed", "{n} recordings filed", len(found)).format(n=len(found)))
    return Exit.OK


COLUMNS = (
    "id",
    "path",
    "name",
    "size_bytes",
    "blake3",
    "kind",
    "recorder",
    "officer",
    "department",
    "recorded_at",
    "duration_s",
    "claimed_at",
    "session",
    "case",
    "class",
    "key_mark",
)


def as_row(found: Clip) -> dict[str, Any]:
    """A clip by its stable names; `path` is relative to the vault."""
    return {
        "id": found.id,
        "path": found.vault_path,
        "name": found.name,
        "size_bytes": found.size_bytes,
        "blake3": found.digests["b3"].removeprefix("b3:"),
        "kind": found.kind,
        "recorder": found.recorder,
        "officer": found.officer,
        "department": found.department,
        "recorded_at": found.recorded_at.isoformat() if found.recorded_at else None,
        "duration_s": None if found.duration_ms is None else found.duration_ms / 1000,
        "claimed_at": found.claimed_at,
        "session": found.session,
        "case": found.case_no,
        "class": found.clip_class,
        "key_mark": found.key_mark,
    }


def _line(found: Clip, zone: ZoneInfo) -> str:
    mark = "*" if found.key_mark else " "
    return (
        f"{found.id}{mark} {local_text(found.recorded_at, zone):<19} {duration_text(found.duration_ms):>8} "
        f"{size_text(found.size_bytes):>10}  {found.recorder}  {found.officer or '-'}  {found.department}  {found.name}"
    )


def _utc(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment else None
