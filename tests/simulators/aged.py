"""A station whose archive is old enough that a change may make some of it due, and the asking for such a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.simulators.keeping import Keeping

OLD = "2020-02-29"
REASON = ("--reason", "巡查")
# What is in this station beside what a test is about, so that a fifth of it is something.
TEN = tuple(f"2026111901{minute:02d}00" for minute in range(10, 20))

CASE_FILES = """
name = "own"
extends = "changli-water"

[[case_files]]
id = "coercive-measure"
years = 10
counted_from = "closing"

[[case_files]]
id = "general-procedure"
years = 1
counted_from = "closing"
"""


def age(folder: Path) -> None:
    """Ten recordings, two of them made in 2020; nobody has said what they show, so all are kept without end."""
    made = Keeping.at(folder, "own", CASE_FILES, people=True)
    clips = made.dock(*TEN)
    for clip in clips[:2]:
        made.settle_time(clip, OLD)
    made.lasting(*clips[:2])
    made.ok("term", "decide")


def with_another_pack(folder: Path) -> tuple[Keeping, str, str]:
    """Ten routine recordings under a pack that keeps all; the settings name another, which makes these two due."""
    made = Keeping.at(folder, "qinghe-market", people=True)
    clips = made.dock(*TEN)
    done(made, "clip", "classify", *clips, "--class", "routine", *REASON)
    for clip in clips[:2]:
        made.settle_time(clip, OLD)
    made.lasting(*clips[:2])
    made.ok("term", "decide")
    made.set_pack("qianxi-baimiaozi")
    return made, clips[0], clips[1]


def old(station: Keeping) -> list[str]:
    """Those made in 2020."""
    return [clip["id"] for clip in station.ok("clip", "list", "--until", "2021-01-01", "--json", by="boss").json]


def due(station: Keeping) -> set[str]:
    """What may go, once all terms are worked out."""
    station.ok("term", "decide")
    return {row["id"] for row in station.ok("term", "list", "--due", "--json", by="boss").json}


def kinds(station: Keeping, since: int) -> list[str]:
    """What the log has behind so many entries."""
    return [entry["kind"] for entry in station.log()[since:]]


def asked(station: Keeping, *words: str, by: str = "boss") -> dict[str, Any]:
    """The answer to a command that asks for a change, which is not done."""
    said: dict[str, Any] = station.ok(*words, "--json", by=by).json
    assert not said["done"] and said["change"]
    return said


def done(station: Keeping, *words: str, by: str = "boss") -> dict[str, Any]:
    """The answer to a command that is done at once."""
    said: dict[str, Any] = station.ok(*words, "--json", by=by).json
    assert said["done"] and said["change"] is None
    return said


def opened_long_ago(station: Keeping, kind: str = "general-procedure") -> None:
    about = ("--kind", kind, "--department", "城关中队", "--opened", "2020-01-02")
    station.ok("case", "open", "A-17", *about, by="boss")


def closed_long_ago(station: Keeping, kind: str = "general-procedure") -> None:
    opened_long_ago(station, kind)
    station.ok("case", "close", "A-17", "--on", "2020-04-01", by="boss")
