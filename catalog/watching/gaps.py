"""What is missing between the recordings of a recorder, and what was done to them (duty D08). Pure.

A gap is found, never judged: it carries its evidence as `name=value` facts, and a person explains it (`gap_states`).
Times compared here are those of one recorder's clock within one docking: its error is the same in both and cancels, so
what counts is how finely they are written, not how right they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from .gap_log import LogEvent, Logged, RecorderLog
from .packets import Jump, distinct

# GA/T 947-2015 part 2: adjoining segments of one recording lie at most 0.04 s apart.
ADJOINING_MS = 40
# FAT's largest file, and what recorders leave of it: they close a file before the cluster that would not fit.
FAT_LIMIT_BYTES = 1 << 32
FAT_MARGIN_BYTES = 64 << 20
# A number so shortly before the highest one, followed by a low one, has run over; else numbering began again.
RUN_OVER = 100
# Logs have whole seconds, at both ends.
LOG_UNCERTAINTY_MS = 2_000
# Without numbers: a hole as long as so many full files is taken for files that are gone; a longer one for a pause.
WHOLE_FILES_MAX = 12
# A container's own time may be this much later than the docking by rounding and by the clock's uncertainty.
MADE_LATER = timedelta(minutes=5)


class Kind(StrEnum):
    """What a gap is. Stands in the custody log: never renamed."""

    BETWEEN_SEGMENTS = "between-segments"
    MISSING_SEQUENCE = "missing-sequence"
    UNEXPECTED_END = "unexpected-end"
    OVERLAP = "overlap"
    TIME_JUMP = "time-jump"
    EDITED = "edited"
    NO_CLIP = "logged-without-clip"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a recording, or a photo (start and end equal): every file that takes a number.

    `start` and `end` are corrected and aware, None where the time is unknown; `resolution_ms` is how finely they are
    written (1000 for names, 2000 for FAT times): the true start is up to so much later. `sequence` is the number in
    its name; `indexed` whether the container was finished (None: not looked at); `encoders` are all programs it names;
    `edit_lists` how many it has that a recorder does not write; `made_at` when the container says it was made, aware.
    """

    clip: str
    recorder: str
    name: str
    start: datetime | None
    end: datetime | None
    resolution_ms: int = 1_000
    sequence: int | None = None
    size_bytes: int = 0
    key_mark: bool = False
    indexed: bool | None = None
    encoders: tuple[str, ...] = ()
    edit_lists: int = 0
    made_at: datetime | None = None
    jumps: tuple[Jump, ...] = ()

    @property
    def is_photo(self) -> bool:
        """Whether it is a moment and not a recording."""
        return self.start is not None and self.start == self.end


@dataclass(frozen=True, slots=True)
class Habits:
    """What a family does that is no gap.

    `split_ms`: recordings are cut into files of this length (None: only at FAT's limit). `rejoin_ms` is how late the
    next file may begin and still be the continuation of one that was cut. `sequence_limit` is the highest number
    before it begins again at `sequence_first` (9999 in DCF names). `encoders` are beginnings of what the family's files
    name as their program; empty: not known, so nothing can be told from it. `log_tolerance_ms` is how far a line of
    the log and the time in a name may lie apart: one clock writes both.
    """

    split_ms: int | None = None
    split_tolerance_ms: int = 250
    rejoin_ms: int = 60_000
    pre_record_ms: int = 0
    sequence_first: int = 1
    sequence_limit: int | None = None
    encoders: tuple[str, ...] = ()
    log_tolerance_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing or not as recorded. Clips are None at the ends; times None where they are not known.

    `length_ms` is the best value, `uncertainty_ms` its half width; of missing numbers it is the time they could have
    taken at most. None: not known.
    """

    kind: Kind
    recorder: str
    before_clip: str | None
    after_clip: str | None
    start: datetime | None
    end: datetime | None
    length_ms: int | None
    uncertainty_ms: int
    evidence: tuple[str, ...]


def find_gaps(
    recorder: str,
    segments: Iterable[Segment],
    log_events: Iterable[LogEvent] = (),
    previous: Segment | None = None,
    *,
    habits: Habits | None = None,
    first_seen: datetime | None = None,
) -> list[Gap]:
    """Every gap in what a recorder delivered at one docking, in the order of its recordings.

    `previous` is its last numbered file before these; `first_seen` the docking (aware): a file made after it is none
    of the recorder's. Raises ValueError when a segment is another recorder's.
    """
    habits = habits or Habits()
    ordered = in_order(segments, previous, habits)
    strangers = {segment.recorder for segment in ordered} - {recorder}
    if strangers:
        raise ValueError(f"segments of other recorders: {sorted(strangers)}")
    log = RecorderLog(log_events, timedelta(milliseconds=habits.log_tolerance_ms))
    gaps: list[Gap] = []
    chain = [previous, *ordered] if previous else ordered
    # Photos take numbers, and are taken while a recording runs: they stand between no two recordings.
    recorded: Segment | None = None
    for place, segment in enumerate(chain):
        missing = _missing(chain[place - 1], segment, habits) if place else []
        if missing:
            gaps.append(_missing_gap(chain[place - 1], segment, missing))
            recorded = None
        if segment.is_photo:
            continue
        if recorded is not None and recorded is not previous:
            gaps += _adjoining(recorded, segment, habits, log)
        recorded = segment
    following: Segment | None = None
    within: list[list[Gap]] = []
    for segment in reversed(ordered):
        within.append([*_within(segment, habits, first_seen), *_ending(segment, following, habits, log)])
        following = following if segment.is_photo else segment
    gaps += [gap for found in reversed(within) for gap in found]
    return _with_logged(recorder, gaps, _without_clip(log, ordered, habits), chain)


def in_order(segments: Iterable[Segment], previous: Segment | None, habits: Habits) -> list[Segment]:
    """By time, those of unknown time last; but by number, counted on from the previous one, where time and numbers
    disagree (a clock set back in between) or a time is unknown, and all have numbers.
    """
    by_time = sorted(
        segments, key=lambda s: (s.start is None, s.start.timestamp() if s.start else 0, s.sequence or 0, s.name)
    )
    numbers = [segment.sequence for segment in by_time if segment.sequence is not None]
    if len(numbers) < len(by_time) or not by_time:
        return by_time
    if by_time[-1].start is not None and _one_round(numbers, habits):
        return by_time
    around = habits.sequence_limit or 1 << 62
    if previous is not None and previous.sequence is not None:
        begin = previous.sequence + 1
    else:
        # Nobody knows the one before: behind the widest stretch of numbers that no file has.
        rising = sorted(set(numbers))
        begin = max(zip([rising[-1] - around, *rising], rising, strict=False), key=lambda pair: pair[1] - pair[0])[1]
    return sorted(by_time, key=lambda s: ((s.sequence or 0) - begin) % around)


def _one_round(numbers: Sequence[int], habits: Habits) -> bool:
    """Whether numbers rise, but for one place where they begin again low."""
    falls = [after for before, after in pairwise(numbers) if after < before]
    if len(falls) == 1:
        return falls[0] < habits.sequence_first + RUN_OVER and numbers[-1] < numbers[0]
    return not falls


def was_cut(segment: Segment, habits: Habits) -> str | None:
    """Why the recorder itself cut the recording here, as evidence; None when it did not."""
    if FAT_LIMIT_BYTES - FAT_MARGIN_BYTES <= segment.size_bytes <= FAT_LIMIT_BYTES:
        return f"cut-at-bytes={segment.size_bytes}"
    if habits.split_ms and segment.start and segment.end:
        length_ms = _ms(segment.end - segment.start)
        if abs(length_ms - habits.split_ms) <= habits.split_tolerance_ms:
            return f"cut-at-ms={length_ms}"
    return None


def _missing(before: Segment, after: Segment, habits: Habits) -> list[tuple[int, int]]:
    """Ranges of numbers between two files that no file has."""
    if before.sequence is None or after.sequence is None:
        return []
    first, limit = habits.sequence_first, habits.sequence_limit
    if after.sequence >= before.sequence:
        ranges = [(before.sequence + 1, after.sequence - 1)]
    else:
        ran_over = limit is not None and limit - before.sequence < RUN_OVER
        ranges = [(before.sequence + 1, limit or 0)] if ran_over else []
        ranges.append((first, after.sequence - 1))
    return [(a, b) for a, b in ranges if a <= b]


def _missing_gap(before: Segment, after: Segment, missing: Sequence[tuple[int, int]]) -> Gap:
    start, end = before.end or before.start, after.start
    length_ms = _ms(end - start) if start and end and end >= start else None
    evidence = [f"missing={a}" if a == b else f"missing={a}-{b}" for a, b in missing]
    evidence.append(f"files={sum(b - a + 1 for a, b in missing)}")
    return _gap(Kind.MISSING_SEQUENCE, before, after, start, end, length_ms, evidence)


def _adjoining(before: Segment, after: Segment, habits: Habits, log: RecorderLog) -> list[Gap]:
    if before.start is None or before.end is None or after.start is None:
        return []
    cut = was_cut(before, habits)
    if cut and cut.startswith("cut-at-bytes") and after.start == before.start:
        # Some recorders name all parts of a recording by its beginning.
        return []
    length_ms = _ms(after.start - before.end)
    unsure_ms = before.resolution_ms + after.resolution_ms
    if length_ms < -(ADJOINING_MS + unsure_ms + habits.pre_record_ms):
        reach = before.start + timedelta(milliseconds=habits.pre_record_ms + unsure_ms)
        if after.end and before.start <= after.start and after.end <= reach:
            # The pre-record reaches back over the whole of a short last file.
            return []
        evidence = [f"overlap-ms={-length_ms}", f"pre-record-ms={habits.pre_record_ms}"]
        return [_gap(Kind.OVERLAP, before, after, after.start, before.end, -length_ms, evidence)]
    if length_ms <= ADJOINING_MS + unsure_ms:
        return []
    evidence = []
    if cut and not log.stopped_at(before.end):
        files = _whole_files(length_ms, unsure_ms, habits)
        if length_ms <= habits.rejoin_ms or files:
            evidence += [cut, f"files={files}"] if files else [cut]
    if log.ran_on(before.end, after.start):
        evidence.append("log=ran-on")
    return (
        [_gap(Kind.BETWEEN_SEGMENTS, before, after, before.end, after.start, length_ms, evidence)] if evidence else []
    )


def _whole_files(length_ms: int, unsure_ms: int, habits: Habits) -> int:
    """How many files of full length fit a hole exactly; 0 when it is no such length."""
    if not habits.split_ms:
        return 0
    files = round(length_ms / habits.split_ms)
    rest_ms = abs(length_ms - files * habits.split_ms)
    return files if files <= WHOLE_FILES_MAX and rest_ms <= unsure_ms else 0


def _within(segment: Segment, habits: Habits, first_seen: datetime | None) -> list[Gap]:
    gaps = []
    for jump in distinct(segment.jumps):
        at = segment.start + timedelta(milliseconds=jump.at_ms) if segment.start else None
        end = at + timedelta(milliseconds=max(0, jump.length_ms)) if at else None
        evidence = [f"stream={jump.stream}", f"at-ms={jump.at_ms}", f"jump-ms={jump.length_ms}"]
        gaps.append(_gap(Kind.TIME_JUMP, segment, segment, at, end, abs(jump.length_ms), evidence, ADJOINING_MS))
    evidence = [f"encoder={one}" for one in segment.encoders if habits.encoders and not one.startswith(habits.encoders)]
    if segment.edit_lists:
        evidence.append(f"edit-lists={segment.edit_lists}")
    if first_seen and segment.made_at and segment.made_at > first_seen + MADE_LATER:
        evidence.append(f"made-at={segment.made_at.isoformat()}")
    if evidence:
        gaps.append(_gap(Kind.EDITED, segment, segment, segment.start, segment.end, None, evidence))
    return gaps


def _ending(segment: Segment, following: Segment | None, habits: Habits, log: RecorderLog) -> list[Gap]:
    """Whether it ended otherwise than by a hand on the recorder, and how long until it recorded again."""
    evidence = ["index=none"] if segment.indexed is False else []
    if segment.end and segment.end != segment.start and not was_cut(segment, habits):
        evidence += log.trouble_at(segment.end)
    if not evidence:
        return []
    end = following.start if following else None
    begin = segment.end or segment.start
    length_ms = _ms(end - begin) if end and segment.end and begin and end >= begin else None
    return [_gap(Kind.UNEXPECTED_END, segment, following, begin, end, length_ms, evidence)]


def _without_clip(log: RecorderLog, segments: Sequence[Segment], habits: Habits) -> list[Logged]:
    """Recordings of the log that no file covers: a file covers one that begins within it. Its own beginning may be
    earlier by the pre-record, its end unknown.
    """
    early = timedelta(milliseconds=habits.log_tolerance_ms)
    least = early + timedelta(milliseconds=habits.pre_record_ms)
    spans = [(s.start - early, max(s.end or s.start, s.start + least)) for s in segments if s.start]
    bare = [one for one in log.recordings() if not any(begin <= one.start < end for begin, end in spans)]
    # Clips of unknown time may be what the log means: only more recordings than they are is evidence.
    return bare if len(bare) > len(segments) - len(spans) else []


def _with_logged(recorder: str, gaps: list[Gap], bare: Iterable[Logged], chain: Sequence[Segment]) -> list[Gap]:
    """Logged recordings without a clip: evidence of the missing number they fall into, or gaps of their own."""
    for one in bare:
        said = f"logged-start={one.start.isoformat()}"
        place = next((i for i, gap in enumerate(gaps) if _could_hold(gap, one)), None)
        if place is not None:
            gaps[place] = replace(gaps[place], evidence=(*gaps[place].evidence, said))
            continue
        before = [s.clip for s in chain if s.start and s.start <= one.start]
        after = [s.clip for s in chain if s.start and s.start > one.start]
        length_ms = _ms(one.stop - one.start) if one.stop else None
        before_clip, after_clip = before[-1] if before else None, after[0] if after else None
        gaps.append(
            Gap(
                Kind.NO_CLIP, recorder, before_clip, after_clip, one.start, one.stop, length_ms, LOG_UNCERTAINTY_MS,
                (said,),
            )
        )  # fmt: skip
    return gaps


def _could_hold(gap: Gap, one: Logged) -> bool:
    return (
        gap.kind is Kind.MISSING_SEQUENCE
        and gap.start is not None
        and gap.end is not None
        and gap.start - timedelta(seconds=2) <= one.start <= gap.end
    )


def _gap(
    kind: Kind, before: Segment, after: Segment | None, start: datetime | None, end: datetime | None,
    length_ms: int | None, evidence: Iterable[str], uncertainty_ms: int | None = None,
) -> Gap:  # fmt: skip
    if uncertainty_ms is None:
        uncertainty_ms = before.resolution_ms + (after.resolution_ms if after and after is not before else 0)
    after_clip = after.clip if after else None
    return Gap(kind, before.recorder, before.clip, after_clip, start, end, length_ms, uncertainty_ms, tuple(evidence))


def _ms(length: timedelta) -> int:
    return round(length.total_seconds() * 1000)
