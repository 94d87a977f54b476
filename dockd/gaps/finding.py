"""Finds what is missing in a sealed session's recordings, once their facts have been read: ingest never waits for it.

A session's recordings are held against each other, against what the vault had of their recorder before, and against the
recorder's own log. What is found is put on record with its evidence; nobody is judged (QH article 12, QX article 9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Clip, SessionRow, utc_text
from catalog.watching.events import GapDelivered, GapFound, SessionExamined
from catalog.watching.gap_closing import delivered
from catalog.watching.gap_queries import (
    clips_beside,
    docking_before,
    facts_in_session,
    known_gaps,
    missing_numbers,
    newer_in,
)
from catalog.watching.gaps import Gap, Habits, Kind, Segment, find_gaps
from catalog.watching.queries import clock_reading_in, sessions_to_examine
from hashing.digest import digest_of

from ..ledger import export
from ..reading_logs import logs_in_vault
from ..recorders import Family
from ..recorders.family import MEDIA
from ..station import Station
from .segments import ENTRY, FACTS, Correction, Line, lines_of, present, segment_of

# So many sessions are asked for at once.
AT_ONCE = 100
# Recordings of before that lie among a session's own, because some came late, and those that lie before them.
BETWEEN = 2_000
BEFORE = 50
# What a gap is about besides kind and clips: the same found again is the same gap, whatever its times are by then.
_TELLING = ("missing=", "at-ms=", "stream=", "file=", "logged-at=")


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination of one session came to: gaps found, how many of them were new, and how many of before it
    closed by delivering what was missing.
    """

    session: str
    clips: int
    found: int
    new: int
    closed: int


def examine_waiting(station: Station, *, on_session: Callable[[Examined], None] | None = None) -> list[Examined]:
    """Examine every sealed session whose facts have all been tried, oldest first. Raises CatalogFault, TargetFault."""
    done: list[Examined] = []
    while waiting := sessions_to_examine(station.catalog, AT_ONCE):
        for session in waiting:
            done.append(_examine(station, session))
            if on_session is not None:
                on_session(done[-1])
    if done:
        export(station)
    return done


def examine_again(station: Station, session: SessionRow) -> Examined:
    """Examine one session, whether it was before or not; what is known stays as it is. Raises as `examine_waiting`."""
    done = _examine(station, session)
    export(station)
    return done


def _examine(station: Station, session: SessionRow) -> Examined:
    clips = [clip for clip in station.catalog.clips_of_session(session.id) if clip.kind in MEDIA]
    events = [_event(session, gap) for gap in gaps_in(station, session)]
    known = known_gaps(station.catalog, (event.gap for event in events))
    new = [event for event in {event.gap: event for event in events}.values() if event.gap not in known]
    came = _deliveries(station, session, clips)
    examined = SessionExamined(session.id, session.recorder, len(clips), len(events))
    station.catalog.append([*new, *came, examined])
    return Examined(session.id, len(clips), len(events), len(new), sum(one.complete for one in came))


def _deliveries(station: Station, session: SessionRow, clips: Sequence[Clip]) -> list[GapDelivered]:
    """What this session brought of numbers that were missing before."""
    waiting = missing_numbers(station.catalog, session.recorder)
    if not waiting:
        return []
    family = family_of(station, session)
    zone = family.zone if family is not None else station.zone
    segments = [segment_of(clip, {}, family, zone) for clip in clips]
    return [
        GapDelivered(
            one.gap, session.id, session.recorder, [{"number": n, "clip": clip} for n, clip in one.files], one.complete
        )
        for one in delivered(waiting, segments)
    ]


def gaps_in(station: Station, session: SessionRow) -> list[Gap]:
    """Every gap that a session's recordings show. Raises CatalogFault, TargetFault."""
    catalog = station.catalog
    family = family_of(station, session)
    habits = family.habits if family is not None else Habits()
    clips = catalog.clips_of_session(session.id)
    correct = correction_of(station, session, clips)
    own = _own_segments(station, session, clips, correct)
    starts = [segment.start for segment in own if segment.start is not None]
    first, last = min(starts, default=None), max(starts, default=None)
    before, between = clips_beside(catalog, session, MEDIA, first, last, (BEFORE, BETWEEN))
    zone = family.zone if family is not None else station.zone
    beside = [segment_of(clip, {}, family, zone) for clip in between]
    previous = _last([segment_of(clip, {}, family, zone) for clip in before], own)
    since = docking_before(catalog, session)
    lines = [
        line
        for line in log_lines(station, session, clips)
        if (since is None or line.at > since.opened_at) and line.at <= session.opened_at
    ]
    gaps = find_gaps(
        session.recorder, [*own, *beside], lines, previous, habits=habits, first_seen=session.opened_at
    )  # fmt: skip
    said = {line.at: line.recorder_at for line in lines}
    names = {segment.clip: segment.name for segment in own if segment.clip.startswith(ENTRY)}
    return [_named(gap, names, said) for gap in gaps]


def family_of(station: Station, session: SessionRow) -> Family | None:
    """The family that a session was recognised as; None when nobody has it any more."""
    return next((family for family in station.families if family.name == session.family), None)


def correction_of(station: Station, session: SessionRow, clips: Iterable[Clip]) -> Correction:
    """How times of a session's recorder become true ones."""
    family = family_of(station, session)
    measured = clock_reading_in(station.catalog, session.id)
    zone = family.zone if family is not None else station.zone
    return Correction(clips, zone, 0 if measured is None else measured.offset_ms)


def log_lines(station: Station, session: SessionRow, clips: Sequence[Clip]) -> list[Line]:
    """All lines of a session's logs that speak of gaps, by time. Raises TargetFault."""
    family = family_of(station, session)
    if family is None or not family.logs:
        return []
    correct = correction_of(station, session, clips)
    logs = logs_in_vault(station.vault, clips, family)
    lines = [line for clip, log in logs for line in lines_of(clip.path, log, correct)]
    return sorted(lines, key=lambda line: (line.at, line.path, line.line_no))


def _own_segments(
    station: Station, session: SessionRow, clips: Iterable[Clip], correct: Correction
) -> list[Segment]:  # fmt: skip
    """The session's recordings, and what was on the recorder and is no clip."""
    catalog = station.catalog
    family = family_of(station, session)
    zone = family.zone if family is not None else station.zone
    newer = newer_in(catalog, session.id)
    facts = facts_in_session(catalog, session.id, FACTS)
    recordings = [clip for clip in clips if clip.kind in MEDIA]
    own = [segment_of(clip, facts.get(clip.id, {}), family, zone, newer.get(clip.seq)) for clip in recordings]
    for entry in catalog.session_entries(session.id):
        # What has the bytes of another recording is none of its own, but it was there, and took a number.
        if entry.outcome in ("failed", "quarantined") or entry.reason.startswith("same-bytes"):
            there = present(entry, session.recorder, family, correct, newer.get(entry.seq))
            own += [there] if there is not None else []
    return own


def _last(before: Sequence[Segment], own: Iterable[Segment]) -> Segment | None:
    """Of what the vault had before (newest first) the last; the last with a number where numbers are compared."""
    numbered = [segment for segment in before if segment.sequence is not None]
    if not numbered or all(segment.sequence is None for segment in own):
        return before[0] if before else None
    newest = numbered[0]
    parts = [one for one in numbered if newest.start is not None and one.start == newest.start]
    return max(parts, key=lambda one: one.sequence or 0, default=newest)


def _named(gap: Gap, names: dict[str, str], said: dict[datetime, str]) -> Gap:
    """With the names of files that are no clips, and the recorder's own time of what its log has."""
    sides = dict.fromkeys((gap.before_clip or "", gap.after_clip or ""))
    evidence = [*gap.evidence, *(f"file={names[clip]}" for clip in sides if clip in names)]
    if gap.kind is Kind.NO_CLIP and gap.start in said:
        evidence.append(f"logged-at={said[gap.start]}")
    before = None if gap.before_clip in names else gap.before_clip
    after = None if gap.after_clip in names else gap.after_clip
    return Gap(
        gap.kind, gap.recorder, before, after, gap.start, gap.end, gap.length_ms, gap.uncertainty_ms, tuple(evidence)
    )


def _event(session: SessionRow, gap: Gap) -> GapFound:
    return GapFound(
        gap=gap_id(session.station, gap),
        found_in=session.id,
        recorder=gap.recorder,
        gap_kind=gap.kind.value,
        before_clip=gap.before_clip,
        after_clip=gap.after_clip,
        start=None if gap.start is None else utc_text(gap.start),
        end=None if gap.end is None else utc_text(gap.end),
        length_ms=gap.length_ms,
        uncertainty_ms=gap.uncertainty_ms,
        evidence=list(gap.evidence),
    )


def gap_id(station: str, gap: Gap) -> str:
    """16 hex digits that follow from what a gap is about: kind, clips, and what tells it from others of these."""
    telling = [one for one in gap.evidence if one.startswith(_TELLING)]
    # What comes after an unexpected end may not have been delivered yet; what a clip hides has the clip on both sides.
    after = gap.after_clip if gap.kind in (Kind.BETWEEN_SEGMENTS, Kind.MISSING_SEQUENCE, Kind.OVERLAP) else None
    before = None if gap.kind is Kind.NO_CLIP and telling else gap.before_clip
    parts = (station, gap.recorder, gap.kind.value, before or "", after or "", *telling)
    return digest_of("\0".join(parts).encode("utf-8", "surrogateescape")).hex[:16]
