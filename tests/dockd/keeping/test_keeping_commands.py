"""Until when recordings are kept, by each regulation: the commands a station's people use."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from dockd.exits import Exit
from tests.simulators.agency import ADMIN
from tests.simulators.keeping import ZONE, Keeping

CASE_FILES = """
name = "own"
extends = "{pack}"

[[case_files]]
id = "general-procedure"
years = 10
counted_from = "closing"
"""


def day(text: str | None) -> date:
    assert text is not None
    return date.fromisoformat(text)


def today() -> date:
    return datetime.now(ZONE).date()


def docked_on(station: Keeping, clip: str) -> date:
    """The agency's day on which it was taken in: one docking alone proves no earlier time."""
    (at,) = (
        entry["at"] for entry in station.log() if entry["kind"] == "clip-ingested" and entry["data"]["clip"] == clip
    )
    return datetime.fromisoformat(at).astimezone(ZONE).date()


def decided(station: Keeping, clip: str) -> str | None:
    """The term of a clip as lists have it, once all are decided."""
    station.ok("term", "decide")
    rows = station.ok("term", "list", "--json", by="boss").json
    return next((row["keep_until"] for row in rows if row["id"] == clip), None)


# ---------------------------------------------------------------------------------------------------------- routine


@pytest.mark.duty("D13")
@pytest.mark.parametrize(
    ("pack", "period", "article"),
    [
        ("changli-water", relativedelta(months=6), "第十条第二款"),
        ("yexian-transport", relativedelta(years=1), "第十二条第二款"),
        ("qinghe-market", None, "第三十三条"),
        ("weixian-natural-resources", relativedelta(months=6), "第十八条第二款"),
        ("qianxi-baimiaozi", relativedelta(months=3), "第十四条第（二）项第1目"),
    ],
)
def test_routine_recordings_are_kept_as_the_article_says(
    quick_path: Path, pack: str, period: relativedelta | None, article: str
) -> None:
    station = Keeping.at(quick_path, pack)
    (clip,) = station.dock("20261119013100")
    station.ok("clip", "classify", clip, "--class", "routine", "--reason", "日常巡查", by="boss")
    told = station.why(clip)
    until = None if period is None else docked_on(station, clip) + period
    assert told["until"] == (until.isoformat() if until else None)
    ground = told["grounds"][0]
    assert (ground["article"], told["verdict"]) == (article, "keep")
    assert ground["quote"] and ground["quote"] in station.ok("pack", "show", pack, "--json").out
    assert decided(station, clip) == (until.isoformat() if until else "9999-12-31")
    words = station.ok("clip", "why", clip, by="boss").out
    assert article in words and (f"kept until {until}" if until else "kept without end") in words


# ------------------------------------------------------------------------------------------------------------- cases


@pytest.mark.duty("D14")
@pytest.mark.parametrize("pack", ["changli-water", "yexian-transport", "qinghe-market", "weixian-natural-resources"])
def test_case_recordings_are_kept_as_long_as_the_case_file(quick_path: Path, pack: str) -> None:
    station = Keeping.at(quick_path, "own", CASE_FILES.format(pack=pack))
    (clip,) = station.dock("20261119013100")
    open_case(station, clip)
    assert (station.why(clip)["until"], station.why(clip)["grounds"][0]["reason"]) == (None, "case-open")
    assert decided(station, clip) == "9999-12-31"
    station.ok("case", "close", "A-17", by="boss")
    closed = closed_on(station)
    until = closed + relativedelta(years=10)
    assert station.why(clip)["until"] == until.isoformat()
    assert station.why(clip)["grounds"][0]["article"].startswith("第")
    assert decided(station, clip) == until.isoformat()
    station.ok("case", "reopen", "A-17", "--reason", "复议", by="boss")
    assert station.why(clip)["grounds"][0]["reason"] == "case-reopened"
    assert decided(station, clip) == "9999-12-31"


@pytest.mark.duty("D14")
@pytest.mark.parametrize("recorded", ["2026-01-15", "2026-08-31"])
def test_case_recordings_of_baimiaozi_are_kept_three_months_from_the_closing_and_never_under_six(
    quick_path: Path, recorded: str
) -> None:
    station = Keeping.at(quick_path, "qianxi-baimiaozi")
    (clip,) = station.dock("20261119013100")
    station.settle_time(clip, recorded)
    station.ok("facts")
    open_case(station, clip, opened="2026-01-10")
    assert station.why(clip)["until"] is None
    station.ok("case", "close", "A-17", "--on", "2026-09-30", by="boss")
    counted = day(station.why(clip)["grounds"][0]["anchored_on"])
    six = [one for one in station.why(clip)["grounds"] if one["anchor"] == "recorded"]
    since_recording = max((day(one["until"]) for one in six), default=date.min)
    until = max(date(2026, 12, 30), since_recording)
    assert (station.why(clip)["until"], counted <= until) == (until.isoformat(), True)
    assert decided(station, clip) == until.isoformat()


def open_case(station: Keeping, clip: str, opened: str | None = None) -> None:
    days = ("--opened", opened) if opened else ()
    station.ok("case", "open", "A-17", "--kind", "general-procedure", "--department", "城关中队", *days, by="boss")
    station.ok("case", "link", "A-17", clip, by="boss")


def closed_on(station: Keeping) -> date:
    return date.fromisoformat(station.ok("case", "show", "A-17", "--json", by="boss").json["closed_on"])


@pytest.mark.duty("D15")
def test_other_recordings_of_baimiaozi_are_kept_as_set_and_at_least_three_months(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "qianxi-baimiaozi")
    (clip,) = station.dock("20261119013100")
    station.ok("clip", "classify", clip, "--class", "other", "--reason", "其他", by="boss")
    taken_in = docked_on(station, clip)
    told = station.why(clip)
    assert told["until"] == told["floor"] == (taken_in + relativedelta(months=3)).isoformat()
    assert told["grounds"][0]["article"] == "第十四条第（二）项第4目"
    as_set = (
        'name = "own"\nextends = "qianxi-baimiaozi"\n[[rules]]\nid = "other"\nclasses = ["other"]\n'
        'title = { zh = "其他", en = "other" }\nkeep = [{ from = "recorded", months = %d }]\n'
        'article = "第十四条第（二）项第4目"\nquote = "根据具体情况确定保存期限，但不得少于 3 个月"\n'
    )
    station.set_pack("own", as_set % 8)
    assert station.why(clip)["until"] == (taken_in + relativedelta(months=8)).isoformat()
    station.set_pack("own", as_set % 2)
    assert station("clip", "why", clip, by="boss").code == Exit.SETTINGS


# ------------------------------------------------------------------------------------------------------ unclassified


@pytest.mark.duty("D31")
@pytest.mark.parametrize("pack", ["changli-water", "qianxi-baimiaozi"])
def test_recordings_that_nobody_classified_are_listed_and_kept_the_longest(quick_path: Path, pack: str) -> None:
    station = Keeping.at(quick_path, pack)
    known, unknown = station.dock("20261119013100", "20261119014100")
    station.ok("clip", "classify", known, "--class", "routine", "--reason", "巡查", by="boss")
    station.ok("term", "decide")
    listed = station.ok("term", "list", "--class", "unclassified", "--json", by="boss").json
    assert [(row["id"], row["class"]) for row in listed] == [(unknown, "unclassified")]
    assert [one["id"] for one in station.ok("clip", "list", "--class", "unclassified", "--json", by="boss").json] == [
        unknown
    ]
    shorter = day(station.why(known)["until"])
    longest = station.why(unknown)["until"]
    assert longest is None or day(longest) > shorter
    assert station.why(unknown)["grounds"][0]["reason"] in ("unclassified", "case-file-unknown")


# -------------------------------------------------------------------------------------------------- what changes terms


def test_what_is_due_is_listed_and_still_there(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "changli-water")
    old, new = station.dock("20261119013100", "20261119014100")
    station.ok("clip", "classify", old, new, "--class", "routine", "--reason", "巡查", by="boss")
    station.settle_time(old, "2020-02-29")
    rows = station.ok("term", "list", "--undecided", "--json", by="boss").json
    assert {row["id"] for row in rows} == {old, new} and {row["keep_until"] for row in rows} == {None}
    station.ok("term", "decide")
    # Its length is not known: it may have gone on until it was taken in.
    station.ok("term", "list", "--due", by="boss")
    lasting(station, old, 61_000)
    assert [row["id"] for row in station.ok("term", "list", "--undecided", "--json", by="boss").json] == [old]
    station.ok("term", "decide")
    (due,) = station.ok("term", "list", "--due", "--json", by="boss").json
    assert (due["id"], due["keep_until"]) == (old, "2020-08-29")
    before = [row["id"] for row in station.ok("term", "list", "--due-before", "2020-08-29", "--json", by="boss").json]
    assert before == []
    assert f"{old}  2020-08-29" in station.ok("term", "list", "--due-before", "2020-08-30", by="boss").out
    assert "it may go" in station.ok("clip", "why", old, by="boss").out
    assert "1 due" in station.ok("term", "status", by="boss").out
    assert (station.home / "station/vault" / due["path"]).exists()
    station.ok("verify", "--all")
    csv = station.ok("term", "list", "--due", "--csv", by="boss").out
    assert csv.splitlines()[0].startswith("id,keep_until,") and old in csv


def lasting(station: Keeping, clip: str, duration_ms: int) -> None:
    """The parsers measured how long it is."""
    from catalog.events import FactsRead
    from dockd.assembly import reading

    with reading(str(station.home / "station")) as opened:
        fact = {"name": "duration", "value": duration_ms, "unit": "ms", "source": "ffprobe"}
        opened.station.catalog.append([FactsRead(clip, [fact], [])])


def test_another_pack_in_the_settings_counts_only_once_it_was_adopted(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "yexian-transport", people=True)
    (clip,) = station.dock("20261119013100")
    station.ok("clip", "classify", clip, "--class", "routine", "--reason", "巡查", by="boss")
    lasting(station, clip, 61_000)
    # Seven months ago: a year has not gone by, six months have.
    recorded = today() - timedelta(days=215)
    station.settle_time(clip, recorded.isoformat())
    kept = (recorded + relativedelta(years=1)).isoformat()
    assert decided(station, clip) == kept
    first = station.ok("term", "status", "--json", by="boss").json
    assert (first["adopted_pack"], first["adopted"], first["due"]) == ("yexian-transport", True, 0)

    station.set_pack("changli-water")
    refused = station("term", "decide")
    assert refused.code == Exit.REFUSED and "yexian-transport" in refused.told
    told = station.ok("term", "status", "--json", by="boss").json
    assert (told["pack"], told["adopted_pack"], told["adopted"]) == ("changli-water", "yexian-transport", False)
    assert "does not count" in station.ok("term", "status", by="boss").out
    assert station.ok("term", "list", "--due", "--json", by="boss").json == []

    planned: dict[str, Any] = station.ok("term", "adopt", "--dry-run", "--json", by=ADMIN).json
    assert (planned["made_due"], planned["adopted"], planned["oldest"][0]["id"]) == (1, False, clip)
    # All of the archive at once.
    assert planned["refused"] and station("term", "adopt", by=ADMIN).code == Exit.REFUSED
    station.set_share(1000)
    asked = station.ok("term", "adopt", "--json", by=ADMIN).json
    assert (asked["adopted"], asked["made_due"]) == (False, 1)
    assert station("change", "confirm", asked["change"], "--count", "1", by=ADMIN).code == Exit.NOT_ALLOWED
    assert station("change", "confirm", asked["change"], "--count", "2", by="chief").code == Exit.REFUSED
    assert station("term", "decide").code == Exit.REFUSED
    station.ok("change", "confirm", asked["change"], "--count", "1", by="chief")
    assert decided(station, clip) == (recorded + relativedelta(months=6)).isoformat()
    last = [entry for entry in station.log() if entry["kind"] == "pack-adopted"][-1]
    assert (last["data"]["by"], last["actor"], last["data"]["made_due"]) == (f"user:{ADMIN}", "user:chief", 1)
    again = station.ok("term", "adopt", "--json", by=ADMIN).json
    assert (again["adopted"], again["change"], again["made_due"]) == (True, None, 0)


def test_a_pack_that_is_not_there_is_named(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "nobody-knows")
    refused = station("term", "status", by="boss")
    assert refused.code == Exit.SETTINGS and "nobody-knows" in refused.told


def test_why_tells_the_next_event_that_can_change_it(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "changli-water")
    (clip,) = station.dock("20261119013100")
    station.ok("clip", "classify", clip, "--class", "routine", "--reason", "巡查", by="boss")
    until = day(station.why(clip)["until"])
    falls_due = (until + timedelta(days=1)).isoformat()
    told = station.ok("clip", "why", clip, "--all", by="boss").out
    assert f"next event that can change this: on {falls_due} it falls due" in told
    assert f"not before the end of {until} in any case" in told
    events = [(one["event"], one["on"]) for one in station.why(clip)["next"]]
    assert events == [("day-comes", falls_due), ("pack-changed", None)]
    open_case(station, clip)
    assert "case A-17 is open" in station.ok("clip", "why", clip, by="boss").out
