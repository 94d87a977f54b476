"""How numbers, times and results read to people. Pure."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from .i18n import _, ngettext
from .results import Note, Progress, Result


def size_text(size_bytes: float) -> str:
    """`1.5 GiB`: binary units, as disks are counted here."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} TiB"


def clips_text(clips: int, size_bytes: int) -> str:
    """How many recordings, and their size."""
    told = ngettext("{n} recording, {size}", "{n} recordings, {size}", clips)
    return told.format(n=clips, size=size_text(size_bytes))


def duration_text(milliseconds: int | None) -> str:
    """`1:02:03`, or `-` when it is not known."""
    if milliseconds is None:
        return "-"
    seconds = (milliseconds + 500) // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def local_text(moment: datetime | None, zone: ZoneInfo) -> str:
    """The agency's wall clock; `-` for a time nobody knows."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else "-"


def sum_line(result: Result) -> str:
    """The reconciliation in one line; every entry stands in exactly one addend."""
    total = result.sum
    parts = [
        _("{n} ingested").format(n=total.ingested),
        _("{n} already held").format(n=total.already_held),
        _("{n} quarantined").format(n=total.quarantined),
    ]
    if total.failed:
        parts.append(_("{n} failed").format(n=total.failed))
    return _("{n} on recorder = ").format(n=total.on_recorder) + " + ".join(parts)


def note_text(note: Note) -> str:
    """A note of a session as a sentence."""
    text = {
        "condemned": _("{path}: a copy was thrown away and made anew ({detail})"),
        "same-name": _("{path}: same name as clip {detail}, other bytes; both are kept"),
        "newer-than-docking": _("{path}: written after the docking began, or its clock runs ahead"),
        "clock-not-set": _("{path}: lies there still, so the recorder's clock was not set"),
        "clock-did-not-take": _("the clock of {path} was to be set to {detail}, and is not as if it had been"),
        "clock-file-not-written": _("{path}: could not be written, so the recorder's clock is not set ({detail})"),
        "another-was-talked-to": _("{path} is not the recorder that was spoken to in this bay just before ({detail})"),
    }.get(note.what, note.what)
    return text.format(path=note.path, detail=note.detail)


def cleared_line(result: Result) -> str:
    """What was removed from the recorder, for a person."""
    if not result.cleared:
        return _("nothing was removed from the recorder")
    return ngettext(
        "{n} recording removed from the recorder, each read twice and proven",
        "{n} recordings removed from the recorder, each read twice and proven",
        result.cleared,
    ).format(n=result.cleared)


def state_text(state: str) -> str:
    """The state of a docking in words."""
    return {
        "waiting": _("waiting"),
        "listing": _("listing"),
        "copying": _("copying"),
        "sealing": _("sealing"),
        "clearing": _("clearing"),
        "sealed": _("complete"),
        "interrupted": _("interrupted"),
        "stopped": _("stopped"),
        "fault": _("fault"),
        "open": _("at work"),
    }.get(state, state)


def outcome_text(outcome: str) -> str:
    """How an entry ended, in a word."""
    return {
        "ingested": _("ingested"),
        "already-held": _("already held"),
        "quarantined": _("quarantined"),
        "failed": _("failed"),
    }.get(outcome, outcome)


def bay_state_text(state: str) -> str:
    """The state of a bay in words an officer in a hurry understands."""
    return {
        "idle": _("free"),
        "unknown-recorder": _("unknown recorder"),
        "refused": _("not a recorder"),
        "mounting": _("opening"),
        "waiting": _("waiting"),
        "copying": _("copying"),
        "verifying": _("verifying"),
        "clearing": _("clearing"),
        "take-it": _("take it"),
        "fault": _("fault"),
        "off": _("off"),
        "no-word": _("no word"),
    }.get(state, state)


def why_text(why: str, detail: str) -> str:
    """Why a bay is as it is, and what to do about it."""
    count = int(detail) if detail.isdecimal() else 0
    text = {
        "": "",
        "pulled-out": _("pulled out too early: seat it again, it goes on where it stopped"),
        "mount-failed": _("cannot be opened: {detail}"),
        "unreadable": _("cannot be read: {detail}"),
        "entries-failed": ngettext(
            "{detail} recording could not be read: call the device administrator",
            "{detail} recordings could not be read: call the device administrator",
            count,
        ),
        "stopped": _("stopped: seat it again, it goes on where it stopped"),
        "station-fault": _("the station takes nothing in: {detail}"),
        "not-enrolled": _("nobody enrolled it: {detail}"),
        "not-cleared": ngettext(
            "{detail} recording stays on it, safe in the vault",
            "{detail} recordings stay on it, safe in the vault",
            count,
        ),
        "clearing-failed": _("could not be cleared: {detail}"),
        "talk-failed": _("does not become a disk: {detail}"),
        "refused": _("refused: {detail}"),
        "service-stopped": _("the station's service was stopped"),
        "service-silent": _("the station's service has said nothing since {detail}"),
    }.get(why, why)
    return text.format(detail=detail)


def plain_progress(progress: Progress) -> str:
    """One line of a docking for logs and terminals that cannot redraw."""
    name = progress.recorder or progress.source
    share = f"{progress.done_bytes * 100 // progress.total_bytes}%" if progress.total_bytes else "-"
    return f"{name}: {state_text(progress.state)} {share} {size_text(progress.done_bytes)}"


def echo_facts_read(done: int, waiting: int) -> None:
    """How far reading facts is, on a terminal: one line that is written anew."""
    if sys.stderr.isatty():
        click.echo("\r" + _("facts read: {done} of {waiting}").format(done=done, waiting=waiting), err=True, nl=False)
        if done == waiting:
            click.echo("", err=True)


def echo_json(value: Any) -> None:
    """Print JSON for scripts: stable names, UTF-8, one document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def echo_csv(names: list[str], rows: Iterable[dict[str, Any]]) -> None:
    """Print CSV with a header, as spreadsheets read it (RFC 4180)."""
    import csv

    writer = csv.DictWriter(sys.stdout, names, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
