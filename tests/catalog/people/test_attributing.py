"""Whose recording it is: the ledger at its time, against what the recorder says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catalog.people.attributing import Attribution, Basis, Claims, Why, attribute, holders, same_number
from catalog.people.model import Issue

NAMES = {"100234": "张三", "100235": "李四"}


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def line(officer: str, since: datetime, until: datetime | None = None, lender: str | None = None) -> Issue:
    return Issue(f"{officer}-{since}", "X1", officer, since, until, None, "user:m", None, lender, "", None, None)


ZHANG_THEN_LI = [line("100234", at(1), at(10, 12)), line("100235", at(10, 12))]


def whose(
    lines: list[Issue],
    began: tuple[datetime, datetime] | None,
    *,
    named: str | None = None,
    bound: str | None = None,
    session: str | None = None,
    docked: datetime | None = None,
) -> Attribution:
    return attribute(lines, began, docked or at(20), Claims(named, bound, session), NAMES)


def nobody(why: Why) -> Attribution:
    return Attribution(None, Basis.UNATTRIBUTED, why)


@pytest.mark.parametrize("named", [None, "100234", "0100234", "000000"])
def test_the_ledger_says_who_had_it_then(named: str | None) -> None:
    assert whose(ZHANG_THEN_LI, (at(5), at(6)), named=named) == Attribution("100234", Basis.LEDGER)


def test_a_recording_from_after_the_hand_over_is_the_next_ones() -> None:
    assert whose(ZHANG_THEN_LI, (at(10, 12), at(11))) == Attribution("100235", Basis.LEDGER)


@pytest.mark.parametrize("limits", [(at(10, 11), at(10, 12)), (at(9), at(12))])
def test_one_that_may_have_begun_on_either_side_of_a_hand_over_is_nobodys_yet(
    limits: tuple[datetime, datetime],
) -> None:
    assert whose(ZHANG_THEN_LI, limits) == nobody(Why.HAND_OVER)
    # What its name says does not decide it: it is the name that is to be checked.
    assert whose(ZHANG_THEN_LI, limits, named="100234") == nobody(Why.HAND_OVER)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ((datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)), Why.NO_ONE),
        ((datetime(2026, 10, 31, tzinfo=UTC), at(2)), Why.NO_ONE),
        (None, Why.TIME_UNKNOWN),
    ],
)
def test_outside_the_ledger_nobody_is_named(limits: tuple[datetime, datetime] | None, why: Why) -> None:
    assert whose(ZHANG_THEN_LI, limits, named="100234") == nobody(why)


def test_a_hole_in_the_ledger_is_no_ones() -> None:
    lines = [line("100234", at(1), at(5)), line("100234", at(7))]
    assert whose(lines, (at(4), at(8))) == nobody(Why.NO_ONE)
    assert whose(lines, (at(8), at(9))) == Attribution("100234", Basis.LEDGER)


def test_back_and_out_again_at_the_same_moment_to_the_same_officer_is_no_hand_over() -> None:
    lines = [line("100234", at(1), at(5)), line("100234", at(5))]
    assert whose(lines, (at(4), at(6))) == Attribution("100234", Basis.LEDGER)


def test_two_at_once_is_nobody() -> None:
    assert whose([line("100234", at(1)), line("100235", at(2))], (at(3), at(3))) == nobody(Why.TWO)


def test_what_was_lent_is_the_borrowers_and_shows() -> None:
    lines = [line("100234", at(1)), line("100235", at(5), at(8), lender="100234")]
    assert whose(lines, (at(6), at(7))) == Attribution("100235", Basis.LENT)
    assert whose(lines, (at(2), at(3))) == Attribution("100234", Basis.LEDGER)
    assert whose(lines, (at(9), at(9))) == Attribution("100234", Basis.LEDGER)
    assert [one.officer for one in holders(lines, at(6))] == ["100235"]


def test_a_chain_of_loans_ends_with_the_last() -> None:
    lines = [line("100234", at(1)), line("100235", at(2), None, "100234"), line("100236", at(3), None, "100235")]
    assert [one.officer for one in holders(lines, at(4))] == ["100236"]
    back = line("100234", at(5), None, "100236")
    assert [one.officer for one in holders([back, *lines], at(6))] == ["100234"]


def test_a_name_that_says_another_makes_it_nobodys() -> None:
    assert whose(ZHANG_THEN_LI, (at(5), at(5)), named="100235") == nobody(Why.NAME_DISAGREES)


@pytest.mark.parametrize("bound", ["100234", "张三", "张三 100234", "100235", "李四", "000000"])
def test_a_binding_file_may_say_who_had_it_then_or_who_has_it_now(bound: str) -> None:
    assert whose(ZHANG_THEN_LI, (at(5), at(5)), bound=bound) == Attribution("100234", Basis.LEDGER)


@pytest.mark.parametrize("bound", ["100999", "王五", "王五 100999"])
def test_a_binding_file_that_says_a_third_makes_it_nobodys(bound: str) -> None:
    assert whose(ZHANG_THEN_LI, (at(5), at(5)), named="100234", bound=bound) == nobody(Why.BINDING_DISAGREES)


def test_without_any_ledger_the_name_stands_as_a_claim() -> None:
    assert whose([], (at(5), at(5)), named="100777") == Attribution("100777", Basis.CLAIMED)
    assert whose([], None, session="100777") == Attribution("100777", Basis.CLAIMED)
    assert whose([], None, named="100777", bound="张三") == Attribution("100777", Basis.CLAIMED)


def test_without_any_ledger_names_that_disagree_are_nobodys() -> None:
    assert whose([], (at(5), at(5)), named="100777", bound="100778") == nobody(Why.BINDING_DISAGREES)
    assert whose([], (at(5), at(5)), named="000000") == nobody(Why.NOTHING_SAYS)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("0100", "100", True), ("A0100", "A100", False), ("100", "1000", False), ("０100", "100", False)],
)
def test_noughts_in_front_make_no_other_number(one: str, other: str, same: bool) -> None:
    assert same_number(one, other) is same
