"""Text logs of recorders → what happened, line by line. Pure, and made for files that anybody may have written.

No official log format of any recorder is public. So the patterns are a family's data (`[[log]]` in its TOML file), and
a family that states none gives no events: a log is then kept, not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .globs import Globs
from .times import parse_time

# A recorder that logs a line a second for a day writes some 5 MB; what is beyond is not read, and that is said.
LIMIT_BYTES = 8 * 1024 * 1024
# Longer lines are no lines of a recorder; patterns are never asked about more, whatever they cost on hostile text.
LINE_LIMIT_CHARS = 512
EVENTS_LIMIT = 100_000
_VALUE_LIMIT_CHARS = 120
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


class LogKind(StrEnum):
    """What a line of a log can tell."""

    POWER_ON = "power-on"
    POWER_OFF = "power-off"
    RECORD_START = "record-start"
    RECORD_STOP = "record-stop"
    BATTERY = "battery"
    STORAGE = "storage"
    CARD_ERROR = "card-error"
    CLOCK_SET = "clock-set"
    GPS = "gps"
    KEY = "key"
    CONNECTED = "connected"  # seated or plugged in: the recorder's time of our docking
    UNKNOWN = "unknown"


LINE_GROUPS = frozenset({"value", "number"})


@dataclass(frozen=True, slots=True)
class LogLine:
    """A pattern that is searched in a line's text behind its time. Its group `number` (whole) or `value` (text) is the
    event's value.
    """

    kind: LogKind
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class LogFormat:
    """How the logs at `files` are read: `stamp` finds a line's time at its beginning (group `at`), `times` are the
    strptime forms of it, `encodings` are tried in this order.
    """

    files: Globs
    encodings: tuple[str, ...]
    stamp: re.Pattern[str]
    times: tuple[str, ...]
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One thing that a line tells. `at` is the recorder's own time, ISO 8601 without zone; None when the line has none
    that exists. `value` is what the pattern took out: percent, bytes, a position; of `clock-set` the time that was set,
    ISO 8601, where it could be read. `line_no` counts from 1. A line of which nothing is known is `unknown`, its text
    (cut) the value.
    """

    at: str | None
    kind: LogKind
    value: str | int | None
    line_no: int


@dataclass(frozen=True, slots=True)
class LogReading:
    """A log, read. `encoding` is the one that all lines were written in, or "mixed". `torn` is the number of a last
    line without an end: what it tells counts, its value does not. `cut` says that the log is longer than what was read.
    """

    events: tuple[LogEvent, ...]
    lines: int
    encoding: str
    torn: int | None
    cut: bool


def read_log(data: bytes, form: LogFormat) -> LogReading:
    """What a log tells, in the order of its lines. Never raises, whatever the bytes; takes at most LIMIT_BYTES of them
    and gives at most EVENTS_LIMIT events.
    """
    cut = len(data) > LIMIT_BYTES
    # A log file made ahead of time is full of NUL bytes, and a torn write leaves some in the middle.
    raw = data[:LIMIT_BYTES].replace(b"\0", b"")
    rows = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    tail = rows.pop()
    # Whole lines decide: a torn one may end within a sign.
    encoding = _encoding_of(b"\n".join(rows) or tail, form.encodings)
    torn = len(rows) + 1 if tail.strip() else None
    events: list[LogEvent] = []
    for line_no, row in enumerate([*rows, tail], start=1):
        whole = line_no != torn
        text = _text(row, encoding, form.encodings)
        events.extend(_events(text, form, line_no, whole=whole))
        if len(events) >= EVENTS_LIMIT:
            return LogReading(tuple(events[:EVENTS_LIMIT]), line_no, encoding or "mixed", torn, True)
    return LogReading(tuple(events), len(rows) + (torn is not None), encoding or "mixed", torn, cut)


def _encoding_of(data: bytes, encodings: tuple[str, ...]) -> str | None:
    """The first encoding that accepts all of it strictly; GBK text is hardly ever valid UTF-8, so UTF-8 goes first."""
    for encoding in encodings:
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None


def _text(row: bytes, encoding: str | None, encodings: tuple[str, ...]) -> str:
    """A line's text, cut to what patterns are asked about. Recorder and station tool may write into one log, each in
    its own encoding.
    """
    # No encoding asked for here takes more than four bytes a sign.
    row = row[: LINE_LIMIT_CHARS * 4]
    found = _encoding_of(row, (encoding, *encodings) if encoding else encodings) or encoding or "ascii"
    return row.decode(found, "replace").lstrip("\ufeff")[:LINE_LIMIT_CHARS]


def _events(text: str, form: LogFormat, line_no: int, *, whole: bool) -> Iterator[LogEvent]:
    if not text.strip():
        return
    at, rest = None, text
    stamped = form.stamp.match(text)
    if stamped is not None:
        moment = parse_time(stamped["at"] or "", form.times)
        at, rest = moment.isoformat() if moment else None, text[stamped.end() :]
    known = False
    for line in form.lines:
        found = line.pattern.search(rest)
        if found is not None:
            known = True
            yield LogEvent(at, line.kind, _value(line.kind, found, form.times) if whole else None, line_no)
    if not known:
        yield LogEvent(at, LogKind.UNKNOWN, _printable(text), line_no)


def _value(kind: LogKind, found: re.Match[str], times: tuple[str, ...]) -> str | int | None:
    said = found.groupdict()
    number, value = said.get("number"), said.get("value")
    if number is not None:
        return int(number) if _NUMBER.fullmatch(number) else None
    if value is None:
        return None
    if kind is LogKind.CLOCK_SET:
        moment = parse_time(value, times)
        if moment is not None:
            return moment.isoformat()
    return _printable(value)


def _printable(text: str) -> str:
    """The text as it may stand on a screen: one line, nothing that moves the cursor."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text.strip()[:_VALUE_LIMIT_CHARS])
