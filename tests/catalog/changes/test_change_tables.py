"""Changes in the tables, on both databases: who may confirm one, what it touches, and a turn that nobody cuts into."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog.cases.events import CaseClosed, CaseFilePeriodSet, CaseOpened, ClipLinked, ClipUnlinked
from catalog.cases.queries import file_period_of
from catalog.changes.events import ChangeConfirmed, ChangeProposed, ChangeRefused
from catalog.changes.model import CONFIRMED, PROPOSED, REFUSED, ChangeRow
from catalog.changes.queries import (
    cases_by_id,
    changes_of,
    find_change,
    ids_under_case,
    ids_under_hold,
    standings,
)
from catalog.errors import BadEvent, CatalogFault
from catalog.event import Event
from catalog.keeping.events import HoldPlaced
from catalog.keeping.terms import term_facts
from catalog.reader import PAGE
from catalog.store import Catalog
from tests.simulators.histories import clip_id, docking, ingested, opened, sealed

ONE, TWO = clip_id("s1", 1), clip_id("s1", 2)
CASE: tuple[str, str, list[str], str, str, list[str], str] = ("A-17", "", [], "routine", "城关中队", [], "2026-11-20")
ACTS = [{"kind": "case-closed", "data": {"case": "c1", "closed_on": "2026-11-20", "ended_on": "2026-11-20"}}]


def proposed(change: str = "ch1", by: str = "user:li") -> ChangeProposed:
    return ChangeProposed(change, ACTS, by, ["城关中队"], 2, 2003, "b3:00")


def confirmed(by: str = "user:wang", proposed_by: str = "user:li", change: str = "ch1") -> ChangeConfirmed:
    return ChangeConfirmed(change, proposed_by, by, 3, 3006, "b3:01")


def refused(by: str = "user:wang") -> ChangeRefused:
    return ChangeRefused("ch1", by, "x")


def stands(catalog: Catalog) -> str:
    return find_change(catalog, "ch").state


def test_a_change_waits_until_a_second_person_confirms_it(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), proposed()], actor="user:li")
    (waiting,) = changes_of(catalog)
    assert (waiting.state, waiting.what, waiting.made_due, waiting.size_bytes) == (PROPOSED, "case-closed", 2, 2003)
    assert (waiting.acts, waiting.departments, waiting.seq) == (ACTS, ["城关中队"], catalog.head().seq)
    assert list(changes_of(catalog, answered=True)) == []
    catalog.append([confirmed()], actor="user:wang")
    (done,) = changes_of(catalog, answered=True)
    assert (done.state, done.answered_by, done.made_due, done.plan_digest) == (CONFIRMED, "user:wang", 3, "b3:01")
    assert list(changes_of(catalog)) == []
    assert list(catalog.differences_from_custody()) == []


@pytest.mark.parametrize(
    ("events", "actor"),
    [
        ([confirmed(by="user:li")], "user:wang"),
        # Another name is said than that of whoever writes.
        ([confirmed()], "user:li"),
        ([confirmed(proposed_by="user:zhao")], "user:wang"),
        ([confirmed(by="user:li", proposed_by="user:zhao")], "user:li"),
        ([confirmed(change="ch2")], "user:wang"),
        ([confirmed(), confirmed()], "user:wang"),
        ([refused(), confirmed()], "user:wang"),
        ([confirmed(), refused()], "user:wang"),
    ],
)
def test_no_log_can_say_that_whoever_proposed_a_change_confirmed_it_or_that_it_was_answered_twice(
    catalog: Catalog, events: list[Event], actor: str
) -> None:
    catalog.append([*docking("s1"), proposed()], actor="user:li")
    with pytest.raises(BadEvent):
        catalog.append(events, actor=actor)
    assert stands(catalog) == PROPOSED


@pytest.mark.parametrize("acts", [[], [{"kind": "case-closed"}], [{"kind": "case-closed", "data": {}, "more": 1}]])
def test_a_change_that_does_not_say_what_would_be_done_is_refused(catalog: Catalog, acts: list[dict[str, str]]) -> None:
    with pytest.raises(BadEvent):
        catalog.append([ChangeProposed("ch1", acts, "user:li", [], 1, 1, "b3:00")])


def test_whoever_proposed_a_change_may_take_it_back(catalog: Catalog) -> None:
    catalog.append([proposed()], actor="user:li")
    catalog.append([refused(by="user:li")], actor="user:li")
    found = find_change(catalog, "ch1")
    assert (found.state, found.answered_by, found.answer_reason, found.made_due) == (REFUSED, "user:li", "x", 2)


def test_a_confirmation_and_what_it_confirms_are_written_together_or_not_at_all(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), CaseOpened("c1", *CASE), proposed()], actor="user:li")
    closed = CaseClosed("c1", "2026-11-20", "2026-11-20")
    catalog.append([closed])
    size = catalog.head().seq
    with pytest.raises(BadEvent):
        catalog.append([confirmed(), closed], actor="user:wang")
    assert (stands(catalog), catalog.head().seq) == (PROPOSED, size)


def test_what_a_case_or_a_hold_touches_is_read_in_pages_by_key(catalog: Catalog) -> None:
    many = PAGE + 7
    catalog.append([opened("s1"), *(ingested("s1", seq) for seq in range(1, many + 1)), sealed("s1")])
    ids = sorted(clip_id("s1", seq) for seq in range(1, many + 1))
    catalog.append([CaseOpened("c1", *CASE), *(ClipLinked(clip, "c1", "by-hand") for clip in ids)])
    catalog.append([HoldPlaced("h1", None, False, "x", "user:li", "clips", {}, ["城关中队"], ids[1:])])
    catalog.append([ClipUnlinked(ids[3], "c1", "x")])
    assert list(ids_under_case(catalog, "c1")) == ids[:3] + ids[4:]
    assert list(ids_under_hold(catalog, "h1")) == ids[1:]
    assert list(ids_under_case(catalog, "c2")) == list(ids_under_hold(catalog, "h2")) == []
    (one,) = standings(catalog, [ONE]).values()
    assert (one.term, one.size_bytes, one.department) == (None, 1001, "城关中队")
    assert [(key, case.number) for key, case in cases_by_id(catalog, ["c1"]).items()] == [("c1", "A-17")]
    assert list(cases_by_id(catalog, (), ["A-17"])) == ["c1"]


def test_many_changes_are_listed_page_by_page_the_oldest_first(catalog: Catalog) -> None:
    names = [f"ch{number:04d}" for number in range(PAGE + 3)]
    catalog.append([proposed(name) for name in names])
    assert [one.id for one in changes_of(catalog)] == names


def test_each_station_of_one_database_sees_its_own_changes(
    open_catalog: Callable[[], Catalog], database_url: str
) -> None:
    mine, other = open_catalog(), Catalog.open(database_url, "st-other")
    mine.append([proposed()], actor="user:li")
    assert [one.id for one in changes_of(mine)] == ["ch1"]
    assert list(changes_of(other)) == []
    with pytest.raises(BadEvent):
        other.append([confirmed()], actor="user:wang")
    other.close()


def test_what_is_asked_before_writing_reads_the_catalogue_and_what_it_raises_ends_it(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    size = catalog.head().seq
    seen: list[int] = []

    def still() -> None:
        seen.append(catalog.head().seq)
        raise LookupError("something came in between")

    with pytest.raises(LookupError):
        catalog.append([proposed()], still=still)
    assert (seen, catalog.head().seq, list(changes_of(catalog))) == ([size], size, [])


def test_nobody_writes_between_what_is_asked_before_writing_and_the_entries(
    open_catalog: Callable[[], Catalog],
) -> None:
    """Another process that comes in meanwhile waits, and finds its entry behind ours."""
    import threading

    mine, other = open_catalog(), open_catalog()
    mine.append(docking("s1"))
    begun = threading.Event()

    def cut_in() -> None:
        begun.set()
        other.append([proposed("ch2", by="user:zhao")], actor="user:zhao")

    second = threading.Thread(target=cut_in)
    heads: list[int] = []

    def still() -> None:
        second.start()
        assert begun.wait(10)
        heads.append(mine.head().seq)

    mine.append([proposed()], actor="user:li", still=still)
    second.join(30)
    rows: dict[str, ChangeRow] = {one.id: one for one in changes_of(mine)}
    assert rows["ch1"].seq == heads[0] + 1
    assert rows["ch2"].seq == heads[0] + 2


def test_a_database_that_fails_while_it_is_asked_before_writing_is_a_fault(catalog: Catalog) -> None:
    def still() -> None:
        raise CatalogFault("read", OSError("gone"))

    with pytest.raises(CatalogFault):
        catalog.append([proposed()], still=still)
    assert list(changes_of(catalog)) == []


def test_how_long_a_case_file_is_kept_is_the_last_word_and_makes_its_terms_be_decided_anew(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), CaseOpened("c1", *CASE), ClipLinked(ONE, "c1", "by-hand")])
    assert file_period_of(catalog, "c1") is None
    for years, counted_from in ((30, "new-year"), (None, "closing")):
        assert catalog.decide_terms(lambda facts: "2027-05-20") in (1, 2)
        catalog.append([CaseFilePeriodSet("c1", years, counted_from, "user:li", "x")])
        said = file_period_of(catalog, "c1")
        assert said is not None and (said.years, said.counted_from, said.set_by) == (years, counted_from, "user:li")
        assert {clip for clip, one in standings(catalog, [ONE, TWO]).items() if one.term is None} == {ONE}
        (known,) = term_facts(catalog, [ONE])
        assert [(case.file_years, case.file_from) for case in known.cases] == [(years, counted_from)]
    assert list(catalog.differences_from_custody()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        CaseFilePeriodSet("c2", 30, "closing", "user:li", "x"),
        CaseFilePeriodSet("c1", 0, "closing", "user:li", "x"),
        CaseFilePeriodSet("c1", 30, "opening", "user:li", "x"),
    ],
)
def test_how_long_a_case_file_is_kept_must_make_sense(catalog: Catalog, wrong: CaseFilePeriodSet) -> None:
    catalog.append([CaseOpened("c1", *CASE)])
    with pytest.raises(BadEvent):
        catalog.append([wrong])
    assert file_period_of(catalog, "c1") is None
