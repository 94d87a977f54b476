"""Recordings as lists show them: by stable names for scripts, in a line for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from catalog.cases.model import CaseRow
from catalog.cases.queries import cases_of_clips
from catalog.model import Clip
from catalog.people.access import Secrecy
from catalog.reader import PAGE, Reader
from catalog.requests.queries import NO_MARKS, marks_of_clips

from .i18n import _
from .people.words import SECRECY
from .showing import duration_text, local_text, size_text

KINDS = ("video", "audio", "photo", "log", "track", "bookmark", "data", "binding")
TIME_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
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
    "cases",
    "class",
    "key_mark",
    "secrecy",
    "officer_basis",
    "officer_why",
    "recorded_earliest",
    "recorded_latest",
    "anchor_at",
    "time_source",
    "time_basis",
    "time_doubt",
    "destroyed_at",
)


def as_row(found: Clip, cases: Sequence[CaseRow] = (), marks: Collection[Secrecy] = NO_MARKS) -> dict[str, Any]:
    """A clip by its stable names; `path` is relative to the vault, `case` is the first of `cases`, `secrecy` its marks
    and those of its cases.
    """
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
        "recorded_at": _iso(found.recorded_at),
        "duration_s": None if found.duration_ms is None else found.duration_ms / 1000,
        "claimed_at": found.claimed_at,
        "session": found.session,
        "case": cases[0].number if cases else None,
        "cases": [case.number for case in cases],
        "class": found.clip_class,
        "key_mark": found.key_mark,
        "secrecy": sorted(mark.value for mark in marks),
        "officer_basis": found.officer_basis,
        "officer_why": found.officer_why,
        **{name: _iso(getattr(found, name)) for name in ("recorded_earliest", "recorded_latest", "anchor_at")},
        "time_source": found.time_source,
        "time_basis": found.time_basis,
        "time_doubt": found.time_doubt,
        "destroyed_at": _iso(found.destroyed_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def line(found: Clip, zone: ZoneInfo, cases: Sequence[CaseRow] = (), marks: Collection[Secrecy] = NO_MARKS) -> str:
    """A clip in a line of a list."""
    mark = "*" if found.key_mark else " "
    gone = _("destroyed") if found.destroyed_at else ""
    return (
        f"{found.id}{mark} {local_text(found.recorded_at, zone):<19} {duration_text(found.duration_ms):>8} "
        f"{size_text(found.size_bytes):>10}  {found.recorder}  {found.officer or '-'}  {found.department}  {found.name}"
        + "".join(f"  {case.number}" for case in cases)
        + "".join(f"  [{_(SECRECY[mark])}]" for mark in sorted(marks))
        + (f"  [{gone} {local_text(found.destroyed_at, zone)[:10]}]" if gone else "")
    )


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row for a spreadsheet, where a list is one cell."""
    return {name: "; ".join(value) if isinstance(value, list) else value for name, value in row.items()}


Shown = tuple[Clip, list[CaseRow], frozenset[Secrecy]]


def with_all(catalog: Reader, clips: Iterable[Clip]) -> Iterator[Shown]:
    """Clips with their cases and marks of secrecy, looked up for many at once."""
    waiting = iter(clips)
    while some := list(islice(waiting, PAGE)):
        ids = [clip.id for clip in some]
        cases, marks = cases_of_clips(catalog, ids), marks_of_clips(catalog, ids)
        yield from ((clip, cases.get(clip.id, []), marks.get(clip.id, NO_MARKS)) for clip in some)
