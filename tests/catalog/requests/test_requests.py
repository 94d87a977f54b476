"""Requests and marks of secrecy in the tables, on both databases: their life, and what no log may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.cases.events import CaseOpened, ClipLinked, ClipUnlinked
from catalog.errors import Ambiguous, BadEvent, CatalogFault, NotFound
from catalog.event import Event
from catalog.people.access import Secrecy
from catalog.people.events import ActRefused
from catalog.requests.events import (
    ClipViewed,
    CopyGiven,
    RequestApproved,
    RequestAsked,
    RequestClosed,
    RequestRefused,
    SecrecyMarked,
)
from catalog.requests.model import Kind, Standing, State
from catalog.requests.queries import (
    clip_counts,
    clips_of_request,
    copies_given_on,
    find_request,
    last_running,
    log_of_request,
    marks_of_case,
    marks_of_clip,
    marks_of_clips,
    marks_of_request,
    marks_on,
    names,
    requests_asked,
)
from catalog.store import Catalog
from tests.simulators.histories import clip_id, docking

ONE, TWO, OTHER = clip_id("s1", 1), clip_id("s1", 2), clip_id("s2", 1)
UNTIL = "2026-12-01T00:00:00Z"
CASE = CaseOpened("c1", "A-17", "", ["王芳"], "routine", "城关中队", [], "2026-11-20")


def asked(kind: str = "view", number: str = "2026-0001", request: str = "r1", **changed: Any) -> RequestAsked:
    facts: dict[str, Any] = {
        "clips": [ONE, TWO],
        "case": "c1",
        "purpose": "核对",
        "recipient": None if kind == "view" else "县人民法院",
        "for_whom": "user:zhang",
        "departments": ["城关中队"],
        "by": "user:li",
    }
    return RequestAsked(request, number, kind, **(facts | changed))


def approved(uses: int | None = None, by: str = "user:boss", request: str = "r1") -> RequestApproved:
    return RequestApproved(request, by, UNTIL, uses, "同意")


def viewed(clip: str = ONE, request: str | None = "r1") -> ClipViewed:
    return ClipViewed(clip, request, "user:zhang", "original", "城关中队/…", 61, "核对")


def given(clips: list[str] | None = None, form: str = "original", request: str = "r1") -> CopyGiven:
    named = [ONE] if clips is None else clips
    return CopyGiven(request, "user:arch", form, named, "b3:00", "documents/request/r1", 1001, "县人民法院")


def marked(added: list[str], removed: list[str] | None = None, by: str = "user:arch", **of: str) -> SecrecyMarked:
    clip = of.get("clip", None if "case" in of else ONE)
    return SecrecyMarked(clip, of.get("case"), added, removed or [], by, "x")


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    """Two sessions, and a case with the clips of the first."""
    linked = [ClipLinked(clip, "c1", "by-hand") for clip in (ONE, TWO)]
    catalog.append([*docking("s1"), *docking("s2", recorder="X8124"), CASE, *linked])
    return catalog


def test_a_request_goes_from_asked_to_closed_and_its_entries_tell_all_of_it(filled: Catalog) -> None:
    filled.append([asked()], actor="user:li")
    first = find_request(filled, "2026-0001")
    assert (first.kind, first.state, first.used, first.case_id) == (Kind.VIEW, State.ASKED, 0, "c1")
    assert {clip.id for clip in clips_of_request(filled, "r1")} == {ONE, TWO}
    refused = ActRefused("zhang", "view-clip", "request-does-not-open-it", "城关中队", ONE, None, "r1")
    for event in (refused, approved(uses=3), viewed(), viewed(TWO), RequestClosed("r1", "user:li", "办结")):
        filled.append([event])
    filled.append([viewed(OTHER, None)])
    last = find_request(filled, "r")
    assert (last.state, last.used, last.uses, last.decided_by, last.closed_by) == (
        *(State.CLOSED, 2, 3, "user:boss", "user:li"),
    )
    assert [entry.kind for entry in log_of_request(filled, "r1")] == [
        *("request-asked", "act-refused", "request-approved", "clip-viewed", "clip-viewed", "request-closed"),
    ]
    assert list(filled.differences_from_custody()) == []


def test_copies_are_found_by_what_they_were_given_on(filled: Catalog) -> None:
    filled.append([asked("provide"), approved(uses=2), given(), given([ONE, TWO], "watermarked")])
    (one, both) = copies_given_on(filled, "r1")
    assert (one.clips, one.form, one.kept, one.given_by) == ([ONE], "original", "documents/request/r1", "user:arch")
    assert (both.clips, both.form) == ([ONE, TWO], "watermarked")
    assert copies_given_on(filled) == [one, both] and copies_given_on(filled, "r2") == []
    assert list(filled.differences_from_custody()) == []


def test_requests_are_found_by_number_kind_state_clip_and_person(filled: Catalog) -> None:
    filled.append(
        [
            asked(),
            asked("copy", "2026-0002", "q2", clips=[OTHER], case=None, by="user:wang", for_whom=None),
            asked("view", "2027-0001", "q3", by="user:zhang"),
            approved(request="q3"),
        ]
    )
    assert [find_request(filled, name).id for name in ("2026-2", "2026-0002", "q2", "2027-0001")] == [
        *("q2", "q2", "q2", "q3"),
    ]
    for name in ("2026-0003", "x", ""):
        with pytest.raises(NotFound):
            find_request(filled, name)
    with pytest.raises(Ambiguous):
        find_request(filled, "q")

    def found(**asked_for: Any) -> list[str]:
        return [one.id for one in requests_asked(filled, **asked_for)]

    assert found() == ["r1", "q2", "q3"]
    assert found(kind=Kind.COPY) == ["q2"]
    assert found(states=[State.ASKED]) == ["r1", "q2"]
    assert found(clip=OTHER) == ["q2"] and found(clip=ONE) == ["r1", "q3"]
    assert found(person="user:zhang") == ["r1", "q3"] and found(person="user:wang") == ["q2"]
    assert clip_counts(filled, ["r1", "q2", "none"]) == {"r1": 2, "q2": 1}
    assert [last_running(filled, year) for year in (2026, 2027, 2028)] == [2, 1, 0]


LONG = [asked(), approved(uses=1)]
COPY = [asked("copy"), approved()]
PARTY = [asked("party"), approved()]


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ([], asked(number="2026-0002")),
        ([], asked(number="2026-1")),
        ([], asked(number="7")),
        ([asked()], asked(request="r2")),
        ([], asked(clips=[])),
        ([], asked("lend")),
        ([], asked("party", case=None)),
        ([asked()], approved(by="user:li")),
        ([asked()], approved(by="user:zhang")),
        ([asked()], approved(uses=0)),
        ([asked()], RequestRefused("r1", "user:li", "x")),
        ([], approved()),
        ([asked(), approved()], approved(by="user:chief")),
        ([asked(), RequestRefused("r1", "user:boss", "x")], approved()),
        ([asked(), approved()], RequestRefused("r1", "user:chief", "x")),
        ([asked()], viewed()),
        ([asked(), RequestRefused("r1", "user:boss", "x")], viewed()),
        ([asked(), RequestRefused("r1", "user:boss", "x")], RequestClosed("r1", "user:li", "x")),
        ([asked(), approved(), RequestClosed("r1", "user:li", "x")], viewed()),
        ([asked(), approved(), RequestClosed("r1", "user:li", "x")], RequestClosed("r1", "user:li", "x")),
        ([asked(), RequestClosed("r1", "user:li", "x")], approved()),
        (LONG, viewed(OTHER)),
        ([*LONG, viewed()], viewed()),
        (LONG, given()),
        (COPY, viewed()),
        (COPY, given([ONE, OTHER])),
        (COPY, given([])),
        (COPY, given(form="painted")),
        ([], given()),
        ([], viewed(request="r9")),
        ([asked("party"), marked(["personal"])], approved()),
        ([asked("party"), marked(["trade-secret"], case="c1")], approved()),
        ([*PARTY, marked(["personal"])], given()),
        ([*PARTY, marked(["personal"], case="c1")], given([TWO])),
        ([], marked([])),
        ([], marked(["top-secret"])),
        ([], SecrecyMarked(ONE, "c1", ["personal"], [], "user:arch", "x")),
        ([], SecrecyMarked(None, None, ["personal"], [], "user:arch", "x")),
        ([marked(["personal"])], marked(["personal"], by="user:boss")),
        ([], marked([], ["personal"])),
        ([marked(["personal"])], marked([], ["personal"])),
        ([marked(["personal"])], marked([], ["trade-secret"], by="user:boss")),
        ([marked(["personal"])], marked([], ["personal"], by="user:boss", clip=TWO)),
    ],
)
def test_a_log_cannot_say_what_must_not_be(filled: Catalog, before: list[Event], wrong: Event) -> None:
    filled.append(before)
    head = filled.head()
    with pytest.raises(BadEvent):
        filled.append([wrong])
    assert filled.head() == head
    assert list(filled.differences_from_custody()) == []


def test_a_request_names_only_what_is_there(filled: Catalog) -> None:
    with pytest.raises(CatalogFault):
        filled.append([asked(clips=["no such clip"])])
    assert requests_asked(filled) == []


def test_a_party_is_given_what_bears_no_mark(filled: Catalog) -> None:
    filled.append(
        [asked("party"), marked(["personal"], case="c1"), marked([], ["personal"], by="user:boss", case="c1")]
    )
    filled.append([approved(), marked(["personal"], clip=OTHER), given()])
    assert find_request(filled, "r1").state is State.USED


def test_a_request_stands_by_the_clock_and_by_its_uses(filled: Catalog) -> None:
    filled.append([asked(), approved(uses=1)])
    end = datetime(2026, 12, 1, tzinfo=UTC)
    row = find_request(filled, "r1")
    just_before, then = end - timedelta(microseconds=1), end
    assert [row.standing_at(moment) for moment in (just_before, then)] == [Standing.APPROVED, Standing.EXPIRED]
    filled.append([viewed()])
    used = find_request(filled, "r1")
    assert [used.standing_at(moment) for moment in (just_before, then)] == [Standing.USED_UP, Standing.EXPIRED]
    assert replace(used, uses=2).standing_at(just_before) is Standing.USED
    assert replace(used, state=State.CLOSED).standing_at(then) is Standing.CLOSED


def test_a_mark_on_a_case_is_one_on_all_that_lies_under_it_as_long_as_it_does(filled: Catalog) -> None:
    filled.append([marked(["trade-secret"], case="c1"), marked(["personal"]), marked(["personal"], clip=OTHER)])
    assert marks_of_clips(filled, [ONE, TWO, OTHER]) == {
        ONE: {Secrecy.TRADE, Secrecy.PERSONAL},
        TWO: {Secrecy.TRADE},
        OTHER: {Secrecy.PERSONAL},
    }
    assert marks_of_case(filled, "c1") == {Secrecy.TRADE}
    assert [(mark.mark, mark.set_by) for mark in marks_on(filled, clip=ONE)] == [(Secrecy.PERSONAL, "user:arch")]
    filled.append([ClipUnlinked(TWO, "c1", "x"), marked([], ["personal"], by="user:boss")])
    assert marks_of_clip(filled, ONE) == {Secrecy.TRADE} and not marks_of_clip(filled, TWO)
    filled.append([marked(["personal"], by="user:boss")])
    assert [mark.set_by for mark in marks_on(filled, clip=ONE)] == ["user:boss"]
    assert list(filled.differences_from_custody()) == []


def test_a_request_is_marked_as_all_that_it_names_and_names_nothing_else(filled: Catalog) -> None:
    filled.append([asked(), asked(number="2026-0002", request="r2", clips=[OTHER], case=None)])
    assert (names(filled, "r1", ONE), names(filled, "r1", OTHER), names(filled, "r3", ONE)) == (True, False, False)
    assert marks_of_request(filled, "r1") == frozenset()
    filled.append([marked(["trade-secret"], case="c1"), marked(["personal"], clip=OTHER)])
    assert marks_of_request(filled, "r1") == {Secrecy.TRADE} and marks_of_request(filled, "r2") == {Secrecy.PERSONAL}
    filled.append([marked(["state-secret"])])
    assert marks_of_request(filled, "r1") == {Secrecy.TRADE, Secrecy.STATE}
    filled.append([ClipUnlinked(clip, "c1", "x") for clip in (ONE, TWO)])
    assert marks_of_request(filled, "r1") == {Secrecy.STATE}


def test_each_station_of_one_database_has_its_own_numbers(filled: Catalog, database_url: str) -> None:
    other = Catalog.open(database_url, "st-other")
    other.append([*docking("s9"), asked(clips=[clip_id("s9", 1)], case=None)])
    filled.append([asked(request="r2"), asked(number="2026-0002", request="r3")])
    assert [one.number for one in requests_asked(other)] == ["2026-0001"]
    assert [one.number for one in requests_asked(filled)] == ["2026-0001", "2026-0002"]
    other.close()
