"""One gap with all that belongs to it, for a person and for scripts: evidence in words, both recordings, the lines of
the recorder's log around it, and what people did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from catalog.model import Clip, CustodyEntry
from catalog.watching.model import GapRow

from ..i18n import _
from ..showing import duration_text, local_text
from ..station import Station
from .finding import log_lines
from .segments import Line
from .words import evidence_text, kind_text, length_text, line_text, role_text, state_text

# A recorder that fails logs what led to it within a few minutes.
AROUND = timedelta(minutes=5)
LINES_MAX = 40


@dataclass(frozen=True, slots=True)
class GapView:
    """A gap, the recordings before and after it where there are any, lines of the log around it, and its history."""

    gap: GapRow
    before: Clip | None
    after: Clip | None
    log: tuple[Line, ...]
    history: tuple[CustodyEntry, ...]


def view_of(station: Station, gap: GapRow) -> GapView:
    """All that is known of a gap. Raises CatalogFault, TargetFault."""
    catalog = station.catalog
    session = catalog.find_session(gap.found_in)
    before = catalog.find_clip(gap.before_clip) if gap.before_clip else None
    after = catalog.find_clip(gap.after_clip) if gap.after_clip else None
    first = gap.start_at or gap.end_at
    last = gap.end_at or gap.start_at
    around: list[Line] = []
    if first is not None and last is not None:
        found = log_lines(station, session, catalog.clips_of_session(session.id))
        around = [line for line in found if first - AROUND <= line.at <= last + AROUND]
    history = tuple(entry for entry in catalog.log_about(gap.id) if entry.kind != "gap-found")
    return GapView(gap, before, after, tuple(around[:LINES_MAX]), history)


def as_document(view: GapView) -> dict[str, Any]:
    """What `--json` has beside the gap's own fields."""
    return {
        "before": None if view.before is None else view.before.vault_path,
        "after": None if view.after is None else view.after.vault_path,
        "log": [
            {"at": line.at.isoformat(), "kind": line.kind, "log": line.path, "line": line.line_no} for line in view.log
        ],
        "history": [{"at": entry.at, "actor": entry.actor, "kind": entry.kind, **entry.data} for entry in view.history],
    }


def lines(view: GapView, zone: ZoneInfo) -> Iterator[str]:
    """The gap for a person, a line each."""
    gap = view.gap
    yield _("gap {gap}: {kind}, {state}").format(gap=gap.id, kind=kind_text(gap.kind), state=state_text(gap))
    yield "  " + _("recorder {recorder}, found at docking {session}").format(
        recorder=gap.recorder, session=gap.found_in
    )
    yield "  " + _("from {start} to {end}, length {length}").format(
        start=local_text(gap.start_at, zone), end=local_text(gap.end_at, zone), length=length_text(gap)
    )
    for evidence in gap.evidence:
        yield "  " + _("evidence: {words}").format(words=evidence_text(evidence, zone))
    sides = [(_("before: {clip}"), view.before), (_("after: {clip}"), view.after)]
    if gap.before_clip == gap.after_clip:
        sides = [(_("recording: {clip}"), view.before)]
    for words, clip in sides:
        if clip is not None:
            yield "  " + words.format(clip=_clip(clip, zone))
    for line in view.log:
        yield "  " + _("log: {at}  {what}  ({log}, line {number})").format(
            at=local_text(line.at, zone), what=line_text(line.kind), log=line.path, number=line.line_no
        )
    for entry in view.history:
        yield "  " + _told(entry)


def _clip(clip: Clip, zone: ZoneInfo) -> str:
    return f"{clip.id}  {local_text(clip.recorded_at, zone)}  {duration_text(clip.duration_ms)}  {clip.path}"


def _told(entry: CustodyEntry) -> str:
    """What somebody did with it, or what came of it."""
    said = entry.data
    if entry.kind == "gap-delivered":
        numbers = ", ".join(str(file["number"]) for file in said["files"])
        words = (
            _("{at}  docking {session} brought {numbers}: nothing is missing any more")
            if said["complete"]
            else _("{at}  docking {session} brought {numbers}; others are still missing")
        )
        return words.format(at=entry.at, session=said["delivered_in"], numbers=numbers)
    who = _("{by} ({role})").format(by=said["by"], role=role_text(said["role"]))
    if entry.kind == "gap-reviewed":
        words = _("{at}  {who} accepted the explanation") if said["accepted"] else _("{at}  {who} sent it back")
        return words.format(at=entry.at, who=who) + (f": {said['note']}" if said["note"] else "")
    if said["clip_of_words"] is not None:
        return _("{at}  {who} explained it: spoken in recording {clip} at {time}").format(
            at=entry.at, who=who, clip=said["clip_of_words"], time=duration_text(said["at_ms"])
        )
    line = _("{at}  {who} explained it: {text}").format(at=entry.at, who=who, text=said["text"])
    return line if said["attachment"] is None else f"{line} [{said['attachment']}]"
