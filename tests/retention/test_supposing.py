"""What the facts of clips would be after entries, against what they are once the same entries are written."""

from __future__ import annotations

import pytest

from catalog.cases.events import (
    CaseClosed,
    CaseEdited,
    CaseFilePeriodSet,
    CaseOpened,
    ClipClassified,
    ClipLinked,
    ClipNoted,
    ClipUnlinked,
)
from catalog.changes.queries import cases_by_id
from catalog.event import Event
from catalog.events import ClipFiled
from catalog.keeping.events import HoldLiftAsked, HoldLifted, HoldPlaced
from catalog.keeping.terms import term_facts
from catalog.store import Catalog
from catalog.watching.events import ClipTimeSettled
from retention.supposing import Supposed
from tests.simulators.histories import clip_id, docking, read

ONE, TWO = clip_id("s1", 1), clip_id("s1", 2)
IDS = sorted((ONE, TWO))


def case(number: str, kind: str = "routine") -> tuple[str, str, list[str], str, str, list[str], str]:
    return (number, "", [], kind, "城关中队", [], "2026-11-01")


BEFORE: list[Event] = [
    *docking("s1"),
    read(ONE),
    CaseOpened("c1", *case("B-1")),
    CaseOpened("c2", *case("A-2")),
    CaseOpened("c3", *case("C-3")),
    CaseClosed("c3", "2026-11-10", "2026-11-09"),
    ClipLinked(ONE, "c1", "by-hand"),
    ClipLinked(ONE, "c2", "by-hand"),
    ClipLinked(TWO, "c1", "by-hand"),
    HoldPlaced("h1", "objection", False, "x", "user:li", "clips", {}, ["城关中队"], [ONE, TWO]),
    HoldPlaced("h2", None, True, "x", "user:li", "clips", {}, ["城关中队"], [ONE]),
    HoldLiftAsked("h1", "user:li", "x"),
    CaseFilePeriodSet("c3", 7, "closing", "user:li", "x"),
]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [ClipNoted(ONE, "x")],
        [ClipClassified(ONE, "simple", "x")],
        [ClipClassified(ONE, "simple", "x"), ClipClassified(TWO, "other", "x"), ClipClassified(ONE, "routine", "x")],
        [ClipLinked(TWO, "c2", "by-hand"), ClipLinked(TWO, "c3", "by-hand")],
        [ClipUnlinked(ONE, "c1", "x")],
        [ClipUnlinked(ONE, "c1", "x"), ClipLinked(ONE, "c1", "by-hand")],
        [ClipLinked(TWO, "c2", "by-hand"), ClipUnlinked(TWO, "c2", "x")],
        [ClipLinked(ONE, "c1", "by-hand")],
        [CaseClosed("c1", "2026-11-20", "2026-11-19")],
        [CaseEdited("c1", *case("Z-9", "simple"))],
        [CaseEdited("c3", *case("C-3", "simple")), ClipLinked(ONE, "c3", "by-hand")],
        [CaseFilePeriodSet("c1", 30, "new-year", "user:li", "x")],
        [CaseFilePeriodSet("c1", None, "closing", "user:li", "x"), CaseEdited("c1", *case("B-1", "simple"))],
        [ClipTimeSettled(ONE, "2020-02-29T04:00:00Z", "2020-02-29T12:05:00+08:00", "2020-02-29T04:10:00Z", "x")],
        [ClipFiled(ONE, None, "simple", "x")],
        [ClipFiled(TWO, "C-3", "simple", "x")],
        [CaseOpened("c4", *case("D-4", "other")), ClipFiled(TWO, "D-4", "simple", "x")],
        [HoldLifted("h1", "user:li", "user:wang", "x")],
        [CaseClosed("c2", "2026-11-20", "2026-11-19"), ClipUnlinked(ONE, "c1", "x")],
    ],
    ids=lambda events: "+".join(event.KIND for event in events) or "nothing",
)
def test_facts_are_supposed_as_the_same_entries_make_them(catalog: Catalog, events: list[Event]) -> None:
    catalog.append(BEFORE)
    before = term_facts(catalog, IDS)
    named = cases_by_id(catalog, {"c1", "c2", "c3"})
    after = [Supposed(events, named)(known) for known in before]
    if events:
        catalog.append(events)
    assert after == term_facts(catalog, IDS)


def test_facts_of_cases_that_were_not_asked_for_stay(catalog: Catalog) -> None:
    catalog.append(BEFORE)
    (known,) = term_facts(catalog, [ONE])
    closed = Supposed([CaseClosed("c1", "2026-11-20", "2026-11-19")], cases_by_id(catalog, {"c1"}))(known)
    assert [(one.number, one.closed_on is None) for one in closed.cases] == [("A-2", True), ("B-1", False)]
