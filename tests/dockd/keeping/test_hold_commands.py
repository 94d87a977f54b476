"""Holds: placed by one, lifted by two, on recordings, sessions, cases and events; the archivist's queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockd.exits import Exit
from tests.simulators.keeping import Keeping


def placed(station: Keeping, *words: str, by: str = "arch") -> str:
    """The id of a hold that was placed with these words."""
    out = station.ok("hold", "place", *words, "--reason", "投诉", by=by).out
    return out.split()[1]


def held(station: Keeping, hold: str) -> set[str]:
    return {one["clip"] for one in station.ok("hold", "show", hold, "--json", by="arch").json["held"]}


@pytest.mark.duty("D16")
@pytest.mark.parametrize(
    ("pack", "triggers"),
    [
        (
            "changli-water",
            {"objection": "（一）", "obstruction": "（二）", "mass-incident": "（三）", "important": "（四）"},
        ),
        (
            "yexian-transport",
            {"objection": "（一）", "obstruction": "（二）", "mass-incident": "（三）", "important": "（四）"},
        ),
        ("qinghe-market", {"important": "第三十三条"}),
        (
            "weixian-natural-resources",
            {"objection": "（一）", "obstruction": "（二）", "mass-incident": "（三）", "important": "（四）"},
        ),
        ("qianxi-baimiaozi", {"mass-incident": "第3目"}),
    ],
)
def test_what_the_triggers_of_each_regulation_call_for_is_kept_long_and_queued_for_discs(
    quick_path: Path, pack: str, triggers: dict[str, str]
) -> None:
    station = Keeping.at(quick_path, pack)
    clips = station.dock(*(f"2026111901{minute}00" for minute in range(31, 32 + len(triggers))))
    station.ok("clip", "classify", *clips, "--class", "routine", "--reason", "巡查")
    *marked, plain = clips
    for clip, (trigger, article) in zip(marked, triggers.items(), strict=True):
        placed(station, "--clip", clip, "--trigger", trigger, "--long-term")
        ground = station.why(clip)["grounds"][0]
        assert (ground["reason"], ground["until"], ground["rule"]) == ("long-term", None, trigger)
        assert article in ground["article"] and ground["quote"]
    queue = station.ok("hold", "queue", "--json").json
    assert {one["clip"] for one in queue} == set(marked) and plain not in {one["clip"] for one in queue}
    assert [one["triggers"] for one in queue if one["clip"] == marked[0]] == [[next(iter(triggers))]]
    whole = sum((station.home / "station/vault" / one["vault_path"]).stat().st_size for one in queue)
    assert sum(one["size_bytes"] for one in queue) == whole
    assert len(station.ok("hold", "queue", "--csv").out.splitlines()) == len(marked) + 1
    refused = station("hold", "place", "--clip", plain, "--trigger", "no-such", "--long-term", "--reason", "x")
    assert refused.code == Exit.USAGE and next(iter(triggers)) in refused.told
    station.ok("term", "decide")
    endless = {row["id"] for row in station.ok("term", "list", "--json").json if row["keep_until"] == "9999-12-31"}
    assert set(marked) <= endless


@pytest.mark.duty("D16")
def test_one_places_a_hold_and_two_lift_it(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "changli-water", people=True)
    (clip,) = station.dock("20261119013100")
    station.ok("clip", "classify", clip, "--class", "routine", "--reason", "巡查", by="boss")
    until = station.why(clip)["until"]
    for who in ("zhang", "keeper", "audit"):
        refused = station("hold", "place", "--clip", clip, "--reason", "x", by=who)
        assert refused.code == Exit.NOT_ALLOWED, who
    hold = placed(station, "--clip", clip, "--trigger", "objection", by="boss")
    assert (station.why(clip)["until"], station.why(clip)["grounds"][0]["reason"]) == (None, "held")
    assert (
        f"hold {hold} is lifted; then it is kept at least until {until}"
        in station.ok("clip", "why", clip, by="boss").out
    )
    assert station("hold", "grant", hold, "--reason", "x", by="chief").code == Exit.REFUSED
    station.ok("hold", "lift", hold, "--reason", "投诉已处理", by="boss")
    for who, answer in (("boss", "grant"), ("boss", "refuse"), ("arch", "grant")):
        assert station("hold", answer, hold, "--reason", "x", by=who).code == Exit.NOT_ALLOWED, who
    assert station.log()[-1]["data"]["why"] == "role-has-no-such-right"
    assert station.why(clip)["until"] is None
    station.ok("hold", "refuse", hold, "--reason", "尚未办结", by="chief")
    assert station("hold", "lift", hold, "--reason", " ", by="boss").code == Exit.USAGE
    station.ok("hold", "lift", hold, "--reason", "已办结", by="boss")
    station.ok("hold", "grant", hold, "--reason", "同意", by="chief")
    assert station.why(clip)["until"] == until
    assert station.ok("hold", "list", "--json", by="arch").json == []
    (row,) = station.ok("hold", "list", "--lifted", "--json", by="arch").json
    assert (row["state"], row["placed_by"], row["asked_by"], row["lifted_by"]) == (
        *("lifted", "user:boss"),
        *("user:boss", "user:chief"),
    )
    assert station("hold", "lift", hold, "--reason", "x", by="boss").code == Exit.REFUSED
    kinds = [entry["kind"] for entry in station.log() if entry["kind"].startswith("hold-")]
    assert kinds == ["hold-placed", "hold-lift-asked", "hold-lift-refused", "hold-lift-asked", "hold-lifted"]


@pytest.mark.duty("D16")
def test_a_hold_on_an_event_takes_every_recorder_and_later_arrivals_are_proposed(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "changli-water")
    inside, outside = station.dock("20261119091000", "20261119143000")
    lasting(station, inside, outside)
    words = ("--event", "--since", "2026-11-19 09:00", "--until", "2026-11-19 10:00")
    dry = station.ok("hold", "place", *words, "--reason", "投诉", "--dry-run").out
    assert inside in dry and outside not in dry
    assert station.ok("hold", "list", "--json").json == []
    hold = placed(station, *words)
    assert held(station, hold) == {inside}
    assert station.ok("hold", "proposals", "--json").json == []
    (later, elsewhen) = station.dock("20261119095500", "20261119200000", recorder="7654321", officer="100235")
    lasting(station, later, elsewhen)
    (proposed,) = station.ok("hold", "proposals", "--json").json
    assert (proposed["hold"], proposed["clip"], proposed["recorder"]) == (hold, later, "7654321")
    assert held(station, hold) == {inside}
    station.ok("hold", "widen", hold, "--proposed", "--reason", "同一现场")
    assert held(station, hold) == {inside, later}
    assert station.ok("hold", "proposals", "--json").json == []
    assert station("hold", "widen", hold, later, "--reason", "again").code == Exit.REFUSED
    only = placed(station, *words, "--officer", "100235")
    assert held(station, only) == {later}
    # Nobody knows where these were made, so they may have been made there.
    place = placed(station, *words, "--place", "39.7123,119.1622", "--radius", "50")
    assert held(station, place) == {inside, later}


def lasting(station: Keeping, *clips: str) -> None:
    """The parsers measured a minute."""
    from catalog.events import FactsRead
    from dockd.assembly import reading

    with reading(str(station.home / "station")) as opened:
        fact = {"name": "duration", "value": 60_000, "unit": "ms", "source": "ffprobe"}
        opened.station.catalog.append([FactsRead(clip, [fact], []) for clip in clips])


def test_a_hold_on_a_case_or_a_session_also_holds_what_joins_later(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "changli-water")
    first, second = station.dock("20261119013100", "20261119014100")
    station.ok("case", "open", "A-17")
    station.ok("case", "link", "A-17", first)
    of_case = placed(station, "--case", "A-17")
    assert held(station, of_case) == {first}
    station.ok("case", "link", "A-17", second)
    assert held(station, of_case) == {first, second}
    station.ok("case", "unlink", "A-17", second, "--reason", "wrong")
    assert held(station, of_case) == {first, second}
    (third,) = station.dock("20261119015100")
    station.ok("clip", "file", third, "--case", "A-17", "--reason", "同案")
    assert held(station, of_case) == {first, second, third}
    session = station.ok("clip", "show", third, "--json").json["session"]
    of_session = placed(station, "--session", session)
    assert held(station, of_session) == {third}
    holds = station.ok("hold", "list", "--clip", third, "--json").json
    assert [one["id"] for one in holds] == [of_case, of_session]


def test_holds_come_back_with_the_catalogue_and_terms_are_no_finding(quick_path: Path) -> None:
    station = Keeping.at(quick_path, "changli-water")
    clip, other = station.dock("20261119013100", "20261119014100")
    hold = placed(station, "--clip", clip, "--trigger", "obstruction", "--long-term")
    station.ok("hold", "lift", hold, "--reason", "x")
    station.ok("term", "decide")
    station.ok("verify", "--all")
    before = station.ok("hold", "list", "--json").json
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (station.home / "station" / name).unlink(missing_ok=True)
    station.ok("catalog", "rebuild")
    assert station.ok("hold", "list", "--json").json == before
    undecided = station.ok("term", "list", "--undecided", "--json").json
    assert {row["id"] for row in undecided} == {clip, other}
    station.ok("term", "decide")
    assert station.ok("term", "status", "--json").json["undecided"] == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--clip", "a", "--case", "b"),
        ("--clip", "a", "--since", "2026-11-19"),
        ("--event", "--since", "2026-11-19"),
        ("--event", "--since", "2026-11-19", "--until", "2026-11-18"),
        ("--event", "--since", "2026-11-19", "--until", "2026-11-19", "--place", "there"),
    ],
)
def test_a_hold_that_does_not_say_what_it_is_about_is_refused(quick_path: Path, words: tuple[str, ...]) -> None:
    station = Keeping.at(quick_path)
    assert station("hold", "place", *words, "--reason", "x").code == Exit.USAGE
    assert station.ok("hold", "list", "--json").json == []
