"""Clips, their facts and their recorder's log → what `catalog.watching.gaps` compares. Pure.

All times of one docking go through the same correction: the recordings' own one, which is known, and for the lines of
the log that of the recording nearest to them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.model import Clip, EntryRow, Fact
from catalog.watching.gap_log import LogKind
from catalog.watching.gaps import Segment
from catalog.watching.packets import Jump

from ..recorders import Family
from ..recorders.family import MEDIA, text_of
from ..recorders.logs import LogEvent, LogReading
from ..recorders.logs import LogKind as LineKind
from ..recorders.times import parse_time

# The facts that gaps need (catalog.media).
FACTS = frozenset({"indexed", "encoders", "edit_lists", "created", "modified", "time_jumps"})
# What stands for an entry that is no clip, before its number in the session.
ENTRY = "entry:"
# Names have whole seconds.
NAME_RESOLUTION_MS = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a recorder's log that speaks of gaps: `at` corrected, `recorder_at` as it stands there (ISO 8601, local
    without zone), `path` the log it stands in.
    """

    at: datetime
    kind: str
    recorder_at: str
    path: str
    line_no: int


class Correction:
    """From the recorder's own time (naive) to UTC, as its recordings of this docking were corrected; where there are
    none, as its clock was measured (`offset_ms`: recorder minus station).
    """

    def __init__(self, clips: Iterable[Clip], zone: ZoneInfo, offset_ms: int = 0) -> None:
        self._zone = zone
        self._offset = timedelta(milliseconds=offset_ms)
        known = [(said, clip.recorded_at - self._plain(said)) for clip in clips if (said := _claim(clip))
                 and clip.recorded_at]  # fmt: skip
        self._known = sorted(known)

    def __call__(self, said: datetime) -> datetime:
        """The time that the recorder called so."""
        if not self._known:
            return self._plain(said) - self._offset
        place = bisect_left(self._known, said, key=lambda pair: pair[0])
        near = self._known[max(0, place - 1) : place + 1]
        return self._plain(said) + min(near, key=lambda pair: abs(pair[0] - said))[1]

    def _plain(self, said: datetime) -> datetime:
        return said.replace(tzinfo=self._zone).astimezone(UTC)


def segment_of(
    clip: Clip, facts: Mapping[str, Fact], family: Family | None, zone: ZoneInfo, newer: datetime | None = None
) -> Segment:
    """A clip as one file of a recording. `facts` by name; what was not read says nothing. `newer` is when the file says
    it was written, where that is later than its docking.
    """
    start = clip.recorded_at if clip.time_doubt is None else None
    timed = clip.kind != "photo"
    length = None if clip.duration_ms is None else timedelta(milliseconds=clip.duration_ms)
    length = length if timed else timedelta(0)
    indexed = facts.get("indexed")
    edit_lists = facts.get("edit_lists")
    encoders = facts.get("encoders")
    return Segment(
        clip=clip.id,
        recorder=clip.recorder,
        name=clip.path,
        start=start,
        end=start + length if start is not None and length is not None else None,
        resolution_ms=_resolution_ms(clip),
        sequence=_sequence(_raw_path(clip), family),
        size_bytes=clip.size_bytes,
        key_mark=clip.key_mark,
        indexed=None if indexed is None else indexed.value == "yes",
        encoders=tuple(str(one) for one in encoders.value) if timed and encoders is not None else (),
        edit_lists=int(edit_lists.value) if edit_lists is not None else 0,
        made_at=_made_at(clip, facts, zone, newer),
        jumps=tuple(_jumps(facts.get("time_jumps"))),
    )


def present(
    entry: EntryRow, recorder: str, family: Family | None, correct: Correction, newer: datetime | None
) -> Segment | None:
    """An entry that is no clip, and a recording by its name: it was there, so its number is not missing. `clip` is
    `entry:` and its number. None for what says nothing here.
    """
    path = text_of(bytes.fromhex(entry.path_hex) if entry.path_hex else entry.path.encode())
    if family is None or family.kind_of(path) not in MEDIA:
        return None
    sequence = _sequence(path, family)
    if sequence is None and newer is None:
        return None
    found = family.read_name(path)
    said = parse_time(found[1].get("start", ""), found[0].start) if found is not None else None
    return Segment(
        f"{ENTRY}{entry.seq}",
        recorder,
        entry.path,
        correct(said) if said is not None else None,
        None,
        sequence=sequence,
        size_bytes=entry.size_bytes,
        made_at=None if newer is None else _earlier(newer, family.zone),
    )


def lines_of(path: str, log: LogReading, correct: Correction) -> list[Line]:
    """The lines of a log that speak of gaps, corrected. A line without a time that exists says nothing."""
    lines = []
    for event in log.events:
        kind = _gap_kind(event)
        if kind is not None and event.at is not None:
            lines.append(Line(correct(datetime.fromisoformat(event.at)), kind, event.at, path, event.line_no))
    return lines


_SAME = {
    LineKind.RECORD_START: LogKind.RECORD_START,
    LineKind.RECORD_STOP: LogKind.RECORD_STOP,
    LineKind.POWER_ON: LogKind.POWER_ON,
    LineKind.POWER_OFF: LogKind.POWER_OFF,
    LineKind.CARD_ERROR: LogKind.CARD_ERROR,
}


def _gap_kind(event: LogEvent) -> LogKind | None:
    """Battery and storage speak of gaps only when there is nothing left of them."""
    if event.kind is LineKind.BATTERY:
        return LogKind.BATTERY_EMPTY if event.value in (0, "0", "empty", "low") else None
    if event.kind is LineKind.STORAGE:
        return LogKind.CARD_FULL if event.value in (0, "0", "full") else None
    return _SAME.get(event.kind)


def _claim(clip: Clip) -> datetime | None:
    return datetime.fromisoformat(clip.claimed_at) if clip.claimed_at else None


def _raw_path(clip: Clip) -> str:
    return text_of(bytes.fromhex(clip.path_hex) if clip.path_hex else clip.path.encode())


def _sequence(path: str, family: Family | None) -> int | None:
    found = family.read_name(path) if family is not None else None
    text = found[1].get("sequence", "") if found is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _resolution_ms(clip: Clip) -> int:
    """A time that a person settled is as fine as the limits he gave."""
    if clip.time_source != "settled" or clip.recorded_earliest is None or clip.recorded_latest is None:
        return NAME_RESOLUTION_MS
    return max(NAME_RESOLUTION_MS, (clip.recorded_latest - clip.recorded_earliest) // timedelta(milliseconds=1))


def _made_at(clip: Clip, facts: Mapping[str, Fact], zone: ZoneInfo, newer: datetime | None) -> datetime | None:
    """When container or file say it was made or last changed, by the recorder's clock as corrected for this clip.

    Where the clip's own time is in doubt this proves nothing: its clock ran ahead.
    """
    claimed = _claim(clip)
    if clip.recorded_at is None or clip.time_doubt is not None:
        return None
    error = clip.recorded_at - claimed.replace(tzinfo=zone) if claimed is not None else timedelta()
    said = [moment for name in ("created", "modified") if (moment := _moment(facts.get(name), zone)) is not None]
    if newer is not None:
        said.append(_earlier(newer, zone))
    return max(said) + error if said else None


def _moment(fact: Fact | None, zone: ZoneInfo) -> datetime | None:
    if fact is None or "T" not in str(fact.value):
        return None
    moment = datetime.fromisoformat(str(fact.value))
    return moment.astimezone(UTC) if moment.tzinfo is not None else _earlier(moment, zone)


def _earlier(moment: datetime, zone: ZoneInfo) -> datetime:
    """A time without zone may be UTC, as MP4's standard has it, or local, as many recorders and FAT have it: the
    earlier of both counts.
    """
    return min(moment.replace(tzinfo=UTC), moment.replace(tzinfo=zone).astimezone(UTC))


def _jumps(fact: Fact | None) -> Iterable[Jump]:
    rows = fact.value if fact is not None else []
    for stream, kind, at_ms, length_ms in rows:
        yield Jump(int(stream), str(kind), int(at_ms), int(length_ms))
