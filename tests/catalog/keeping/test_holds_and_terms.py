"""Holds and terms in the tables, on both databases: what joins a hold, and what makes a term be decided anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from catalog.cases.events import (
    CaseClosed,
    CaseEdited,
    CaseOpened,
    CaseReopened,
    ClipClassified,
    ClipLinked,
    ClipUnlinked,
)
from catalog.errors import BadEvent
from catalog.event import Event
from catalog.events import ClipFiled
from catalog.keeping.events import HoldLiftAsked, HoldLifted, HoldPlaced, HoldWidened, PackAdopted
from catalog.keeping.model import NO_END, TermFacts
from catalog.keeping.queries import (
    adopted_pack,
    clips_around,
    clips_held,
    find_hold,
    term_counts,
    term_of,
    terms_before,
)
from catalog.keeping.terms import AT_ONCE, term_facts
from catalog.store import Catalog
from catalog.watching.events import ClipTimeSettled
from tests.simulators.histories import clip_id, docking, ingested, opened, read, sealed

ONE, TWO = clip_id("s1", 1), clip_id("s1", 2)
AT = "2026-11-20T01:00:00Z"
CASE = ("A-17", "", [], "routine", "城关中队", [], "2026-11-20")


def hold(scope: str, clips: list[str], **about: str) -> HoldPlaced:
    return HoldPlaced("h1", None, False, "投诉", "user:li", scope, dict(about), ["城关中队"], clips)


def decide(catalog: Catalog, until: str = "2027-05-20") -> int:
    decided = 0
    while some := catalog.decide_terms(lambda facts: until):
        decided += some
    return decided


def held(catalog: Catalog) -> set[str]:
    return {clip.id for clip in clips_held(catalog, "h1")}


def forgotten(catalog: Catalog) -> set[str]:
    return {clip for clip in (ONE, TWO) if term_of(catalog, clip) is None}


def lifted() -> list[Event]:
    return [HoldLiftAsked("h1", "user:li", "x"), HoldLifted("h1", "user:li", "user:wang", "y")]


@pytest.mark.parametrize(
    ("before", "happened", "touched"),
    [
        ([], [ClipFiled(ONE, None, "routine", "")], {ONE}),
        ([], [ClipFiled(ONE, "A-17", "routine", "")], {ONE}),
        ([], [ClipClassified(ONE, "routine", "")], {ONE}),
        ([], [read(ONE)], {ONE}),
        ([], [ClipTimeSettled(ONE, AT, AT, AT, "watch")], {ONE}),
        ([CaseOpened("c1", *CASE)], [ClipLinked(ONE, "c1", "by-hand")], {ONE}),
        ([CaseOpened("c1", *CASE), ClipLinked(ONE, "c1", "by-hand")], [ClipUnlinked(ONE, "c1", "x")], {ONE}),
        ([CaseOpened("c1", *CASE), ClipLinked(ONE, "c1", "by-hand")], [CaseEdited("c1", *CASE)], {ONE}),
        (
            [CaseOpened("c1", *CASE), ClipLinked(ONE, "c1", "by-hand")],
            [CaseClosed("c1", "2026-11-20", "2026-11-20")],
            {ONE},
        ),
        (
            [
                CaseOpened("c1", *CASE),
                *(ClipLinked(ONE, "c1", "by-hand"), ClipLinked(TWO, "c1", "by-hand"), ClipUnlinked(TWO, "c1", "x")),
                CaseClosed("c1", "2026-11-20", "2026-11-20"),
            ],
            [CaseReopened("c1", "2026-11-21", "x")],
            {ONE},
        ),
        ([], [hold("clips", [ONE])], {ONE}),
        ([hold("clips", [ONE])], [HoldWidened("h1", "user:li", [ONE, TWO], ["城关中队"], "x")], {TWO}),
        ([hold("clips", [ONE])], lifted()[:1], set()),
        ([hold("clips", [ONE])], lifted(), {ONE}),
        ([], [hold("session", [], session="s1")], {ONE, TWO}),
        ([], [PackAdopted("own", "b3:00", "user:li", 0)], {ONE, TWO}),
    ],
)
def test_a_term_is_forgotten_by_every_entry_that_touches_it_and_by_no_other(
    catalog: Catalog, before: list[Event], happened: list[Event], touched: set[str]
) -> None:
    catalog.append([*docking("s1"), *before])
    assert decide(catalog) == 2
    assert forgotten(catalog) == set()
    catalog.append(happened)
    assert forgotten(catalog) == touched
    assert decide(catalog, NO_END) == len(touched)
    assert [term_of(catalog, clip) for clip in (ONE, TWO)] == [
        NO_END if clip in touched else "2027-05-20" for clip in (ONE, TWO)
    ]
    assert list(catalog.differences_from_custody()) == []


def test_a_session_hold_takes_what_is_docked_after_it(catalog: Catalog) -> None:
    catalog.append([opened("s1"), ingested("s1", 1), hold("session", [], session="s1")])
    assert held(catalog) == {ONE}
    catalog.append([ingested("s1", 2), sealed("s1")])
    assert held(catalog) == {ONE, TWO}
    catalog.append([*docking("s2"), *lifted()])
    assert held(catalog) == {ONE, TWO}
    assert find_hold(catalog, "h").state == "lifted"
    assert list(catalog.differences_from_custody()) == []


def test_a_case_hold_takes_what_is_linked_or_filed_after_it_until_it_is_lifted(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), *docking("s2"), CaseOpened("c1", *CASE), hold("case", [], case="c1")])
    assert held(catalog) == set()
    catalog.append([ClipLinked(ONE, "c1", "by-hand"), ClipFiled(TWO, "A-17", "routine", "")])
    assert held(catalog) == {ONE, TWO}
    catalog.append([*lifted(), ClipLinked(clip_id("s2", 1), "c1", "by-hand")])
    assert held(catalog) == {ONE, TWO}
    assert list(catalog.differences_from_custody()) == []


def test_nobody_lifts_alone_and_nothing_is_lifted_twice(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), hold("clips", [ONE])])
    asked, granted = lifted()
    for wrong in (
        [granted],
        [asked, HoldLifted("h1", "user:li", "user:li", "y")],
        [asked, asked],
        [asked, granted, granted],
        [asked, granted, HoldWidened("h1", "user:li", [TWO], [], "x")],
    ):
        with pytest.raises(BadEvent):
            catalog.append(wrong)
    assert find_hold(catalog, "h1").state == "active"


def test_terms_are_decided_from_the_facts_as_they_stand_then(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), CaseOpened("c1", *CASE), ClipLinked(ONE, "c1", "by-hand"), hold("clips", [TWO])])
    seen: dict[str, TermFacts] = {}

    def judge(facts: TermFacts) -> str:
        seen[facts.id] = facts
        return "2027-05-20"

    assert catalog.decide_terms(judge) == 2
    assert [case.number for case in seen[ONE].cases] == ["A-17"] and seen[ONE].holds == ()
    assert [one.hold for one in seen[TWO].holds] == ["h1"] and seen[TWO].cases == ()
    assert {one.id: one for one in term_facts(catalog, [ONE, TWO])} == seen
    assert catalog.decide_terms(judge) == 0


def test_more_clips_than_are_decided_at_once_all_get_their_term(catalog: Catalog) -> None:
    many = AT_ONCE + 7
    catalog.append([opened("s1"), *(ingested("s1", seq) for seq in range(1, many + 1)), sealed("s1")])
    sizes = []
    while some := catalog.decide_terms(lambda facts: "2027-05-20" if facts.id < "8" else NO_END):
        sizes.append(some)
    assert sizes == [AT_ONCE, 7]
    due = [clip.id for clip, _until in terms_before(catalog, "2027-05-21")]
    assert due == sorted(clip_id("s1", seq) for seq in range(1, many + 1) if clip_id("s1", seq) < "8")
    counts = term_counts(catalog, "2027-05-21")
    assert (counts.clips, counts.due, counts.without_end, counts.undecided) == (many, len(due), many - len(due), 0)


def test_each_station_of_one_database_decides_its_own(open_catalog: Callable[[], Catalog], database_url: str) -> None:
    mine, other = open_catalog(), Catalog.open(database_url, "st-other")
    mine.append([*docking("s1"), PackAdopted("own", "b3:00", "user:li", 0)])
    other.append(docking("s2"))
    assert (decide(mine), decide(other)) == (2, 2)
    mine.append([PackAdopted("new", "b3:01", "user:li", 1)])
    assert (term_of(mine, ONE), term_of(other, clip_id("s2", 1))) == (None, "2027-05-20")
    newest = adopted_pack(mine)
    assert newest is not None and (newest.pack, newest.made_due) == ("new", 1)
    assert adopted_pack(other) is None
    other.close()


def test_an_event_finds_what_a_clock_that_was_far_off_may_have_recorded_then(catalog: Catalog) -> None:
    """A recorder that was 200 days slow by its own showing: its times are known, and the truth lies between them."""
    slow = replace(
        ingested("s1", 1),
        recorded_at="2026-04-28T01:00:00Z",
        recorded_earliest="2026-04-28T00:00:00Z",
        recorded_latest="2026-11-14T01:00:00Z",
    )
    right = replace(
        ingested("s1", 2),
        recorded_at="2026-04-28T01:00:00Z",
        recorded_earliest="2026-04-28T00:59:00Z",
        recorded_latest="2026-04-28T01:01:00Z",
    )
    catalog.append([opened("s1"), slow, right])
    since, until = datetime(2026, 11, 13, tzinfo=UTC), datetime(2026, 11, 13, 2, tzinfo=UTC)
    assert [clip.id for clip in clips_around(catalog, since, until)] == [ONE]
    assert [clip.id for clip in clips_around(catalog, since, until, besides="no-hold")] == [ONE]
    claimed = datetime(2026, 4, 28, tzinfo=UTC)
    assert {clip.id for clip in clips_around(catalog, claimed, claimed)} == {ONE, TWO}
