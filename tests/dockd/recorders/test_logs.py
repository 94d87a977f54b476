"""Text logs: what a family's patterns find in them, and that no bytes bring the reader down."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dockd.recorders.globs import Globs
from dockd.recorders.logs import (
    EVENTS_LIMIT,
    LIMIT_BYTES,
    LINE_LIMIT_CHARS,
    LogEvent,
    LogFormat,
    LogKind,
    LogLine,
    read_log,
)

# These lines are made up: no recorder's own format is public.
FORM = LogFormat(
    Globs(["**/*.log"]),
    ("utf-8-sig", "gb18030"),
    re.compile(r"\[?(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\]?\s+", re.ASCII),
    ("%Y-%m-%d %H:%M:%S",),
    tuple(
        LogLine(kind, re.compile(pattern, re.ASCII))
        for kind, pattern in [
            (LogKind.POWER_ON, "^开机"),
            (LogKind.POWER_OFF, "^关机"),
            (LogKind.RECORD_START, "^开始录像"),
            (LogKind.RECORD_STOP, "^停止录像"),
            (LogKind.BATTERY, r"电量 (?P<number>-?\d+)%"),
            (LogKind.STORAGE, r"剩余空间 (?P<number>\d+)MB"),
            (LogKind.CARD_ERROR, "存储卡错误(?: (?P<value>.*))?"),
            (LogKind.CLOCK_SET, "时间设置为 (?P<value>.{19})"),
            (LogKind.GPS, r"定位 (?P<value>N[\d.]+ E[\d.]+)"),
            (LogKind.KEY, r"^按键 (?P<value>\S+)"),
            (LogKind.CONNECTED, "^连接采集站"),
        ]
    ),
)
LINES = [
    "2026-11-20 08:14:00 开机 电量 96%",
    "2026-11-20 08:14:05 剩余空间 51234MB",
    "2026-11-20 08:15:00 开始录像",
    "2026-11-20 08:16:30 定位 N39.630867 E118.180194",
    "2026-11-20 08:17:00 按键 重点标记",
    "2026-11-20 08:20:00 停止录像",
    "2026-11-20 08:21:00 存储卡错误 -5",
    "2026-11-20 12:00:00 时间设置为 2026-11-20 12:00:07",
    "2026-11-20 18:00:00 连接采集站",
    "2026-11-20 18:00:01 关机",
]
EVENTS = [
    LogEvent("2026-11-20T08:14:00", LogKind.POWER_ON, None, 1),
    LogEvent("2026-11-20T08:14:00", LogKind.BATTERY, 96, 1),
    LogEvent("2026-11-20T08:14:05", LogKind.STORAGE, 51234, 2),
    LogEvent("2026-11-20T08:15:00", LogKind.RECORD_START, None, 3),
    LogEvent("2026-11-20T08:16:30", LogKind.GPS, "N39.630867 E118.180194", 4),
    LogEvent("2026-11-20T08:17:00", LogKind.KEY, "重点标记", 5),
    LogEvent("2026-11-20T08:20:00", LogKind.RECORD_STOP, None, 6),
    LogEvent("2026-11-20T08:21:00", LogKind.CARD_ERROR, "-5", 7),
    LogEvent("2026-11-20T12:00:00", LogKind.CLOCK_SET, "2026-11-20T12:00:07", 8),
    LogEvent("2026-11-20T18:00:00", LogKind.CONNECTED, None, 9),
    LogEvent("2026-11-20T18:00:01", LogKind.POWER_OFF, None, 10),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_log_tells_the_same_in_every_encoding_and_with_every_line_end(encoding: str, end: str) -> None:
    read = read_log((end.join(LINES) + end).encode(encoding), FORM)
    assert list(read.events) == EVENTS
    assert (read.lines, read.torn, read.cut) == (10, None, False)
    assert read.encoding == ("gb18030" if encoding.startswith("gb") else "utf-8-sig")


def test_nul_bytes_of_a_torn_write_are_passed_over() -> None:
    data = b"\0\0".join(f"{line}\r\n".encode("gbk") for line in LINES) + b"\0" * 4096
    assert list(read_log(data, FORM).events) == EVENTS


def test_two_writers_in_two_encodings_are_both_read() -> None:
    rows = [line.encode("gbk" if number % 2 else "utf-8") for number, line in enumerate(LINES)]
    read = read_log(b"\n".join(rows) + b"\n\xe5\x9b\xff broken \xff\n", FORM)
    assert read.encoding == "mixed"
    assert list(read.events[:-1]) == EVENTS
    assert read.events[-1].kind is LogKind.UNKNOWN


def test_a_torn_last_line_tells_what_happened_but_not_how_much() -> None:
    read = read_log("2026-11-20 08:14:00 开机 电量 9%".encode("gbk"), FORM)
    assert [(event.kind, event.value) for event in read.events] == [(LogKind.POWER_ON, None), (LogKind.BATTERY, None)]
    assert read.torn == 1
    half_a_sign = read_log("2026-11-20 08:14:00 开机\n2026-11-20 08:15:00 开始录像".encode("gbk")[:-1], FORM)
    assert half_a_sign.encoding == "gb18030"
    assert [event.kind for event in half_a_sign.events] == [LogKind.POWER_ON, LogKind.UNKNOWN]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("no time: 开机", LogEvent(None, LogKind.UNKNOWN, "no time: 开机", 1)),
        ("开机", LogEvent(None, LogKind.POWER_ON, None, 1)),
        ("2026-13-40 99:99:99 开机", LogEvent(None, LogKind.POWER_ON, None, 1)),
        ("1970-01-01 00:00:07 开机", LogEvent("1970-01-01T00:00:07", LogKind.POWER_ON, None, 1)),
        ("2026-11-20 08:00:00 电量 -3%", LogEvent("2026-11-20T08:00:00", LogKind.BATTERY, -3, 1)),
        (f"2026-11-20 08:00:00 电量 {'9' * 30}%", LogEvent("2026-11-20T08:00:00", LogKind.BATTERY, None, 1)),
        ("2026-11-20 08:00:00 \x1b[2J按钮", LogEvent("2026-11-20T08:00:00", LogKind.UNKNOWN, "", 1)),
    ],
)
def test_a_line_is_taken_for_no_more_than_it_says(line: str, event: LogEvent) -> None:
    (found,) = read_log(f"{line}\n".encode(), FORM).events
    if event.value == "":
        assert isinstance(found.value, str) and found.value.isprintable()
        found = replace(found, value="")
    assert found == event


def test_blank_lines_are_no_events_and_are_counted() -> None:
    read = read_log(b"\n\r\n  \n" + "2026-11-20 08:00:00 开机\n".encode(), FORM)
    assert [(event.kind, event.line_no) for event in read.events] == [(LogKind.POWER_ON, 4)]


def test_patterns_are_never_asked_about_more_than_a_line_may_hold() -> None:
    seen: list[int] = []

    class Watched:
        def search(self, text: str) -> None:
            seen.append(len(text))

    watched = LogLine(LogKind.KEY, Watched())  # type: ignore[arg-type]
    read = read_log(("啊" * 3_000_000 + "\n").encode("gbk"), replace(FORM, lines=(watched,)))
    assert seen == [LINE_LIMIT_CHARS] and len(str(read.events[0].value)) <= 120


def test_a_log_without_end_is_read_up_to_its_limits_and_that_is_said() -> None:
    many = read_log(b"x\n" * (EVENTS_LIMIT + 5), FORM)
    assert (len(many.events), many.cut) == (EVENTS_LIMIT, True)
    long = read_log(b"2026-11-20 08:00:00\n" * (LIMIT_BYTES // 20 + 10), replace(FORM, lines=()))
    assert long.cut


@given(some.binary(max_size=400))
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    read = read_log(data, FORM)
    assert all(1 <= event.line_no <= max(read.lines, 1) for event in read.events)
    assert all(str(event.value).isprintable() for event in read.events)
