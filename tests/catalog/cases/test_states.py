"""A case's days: what may be done when, and by when its file is due (QH article 32)."""

from __future__ import annotations

from datetime import date

import pytest

from catalog.cases.states import Days, State, Why, close, due_on, file, last_end_overdue, reopen, set_days

TODAY = date(2026, 11, 21)
OPEN = Days(date(2026, 11, 1))
CLOSED = Days(date(2026, 11, 1), date(2026, 11, 5), date(2026, 11, 10))
FILED = Days(date(2026, 11, 1), date(2026, 11, 5), date(2026, 11, 10), filed_on=date(2026, 11, 12))
REOPENED = Days(date(2026, 11, 1), reopened_on=date(2026, 11, 15))


def day(number: int) -> date:
    return date(2026, 11, number)


def test_each_standing_has_its_name() -> None:
    assert [one.state for one in (OPEN, CLOSED, FILED, REOPENED)] == [
        State.OPEN, State.CLOSED, State.FILED, State.REOPENED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (close(OPEN, day(10), day(5), TODAY), CLOSED),
        (close(OPEN, day(10), None, TODAY), Days(day(1), day(10), day(10))),
        (close(Days(day(1), day(5)), day(10), None, TODAY), CLOSED),
        (close(REOPENED, day(20), day(18), TODAY), Days(day(1), day(18), day(20), day(15))),
        (close(CLOSED, day(12), None, TODAY), Why.CLOSED),
        (close(OPEN, day(22), None, TODAY), Why.FUTURE),
        (close(OPEN, day(20), day(22), TODAY), Why.FUTURE),
        (close(OPEN, day(10), day(11), TODAY), Why.BEFORE_END),
        (close(OPEN, date(2026, 10, 31), None, TODAY), Why.BEFORE_OPENING),
        (close(OPEN, day(2), date(2026, 10, 31), TODAY), Why.BEFORE_OPENING),
        (reopen(CLOSED, day(15), "复议", TODAY), REOPENED),
        (reopen(FILED, day(15), "复议", TODAY), REOPENED),
        (reopen(OPEN, day(15), "复议", TODAY), Why.NEVER_CLOSED),
        (reopen(CLOSED, day(9), "复议", TODAY), Why.BEFORE_CLOSING),
        (reopen(CLOSED, day(22), "复议", TODAY), Why.FUTURE),
        (reopen(CLOSED, day(15), " ", TODAY), Why.NO_REASON),
        (file(CLOSED, day(12), TODAY), FILED),
        (file(OPEN, day(12), TODAY), Why.NOT_CLOSED),
        (file(FILED, day(12), TODAY), Why.FILED),
        (file(CLOSED, day(9), TODAY), Why.BEFORE_CLOSING),
        (file(CLOSED, day(22), TODAY), Why.FUTURE),
        (set_days(CLOSED, day(2), day(6), TODAY), Days(day(2), day(6), day(10))),
        (set_days(CLOSED, day(2), day(11), TODAY), Why.BEFORE_END),
        (set_days(CLOSED, day(2), None, TODAY), Why.BEFORE_END),
        (set_days(OPEN, day(8), day(7), TODAY), Why.BEFORE_OPENING),
        (set_days(OPEN, day(22), None, TODAY), Why.FUTURE),
        (set_days(OPEN, day(2), day(22), TODAY), Why.FUTURE),
    ],
)
def test_each_step_comes_to_its_days_or_to_a_refusal(result: Days | Why, wanted: Days | Why) -> None:
    assert result == wanted


def test_a_file_is_due_on_the_thirtieth_day_after_the_end_of_the_act_and_overdue_from_the_day_after() -> None:
    assert due_on(CLOSED, 30) == date(2026, 12, 5)
    assert last_end_overdue(date(2026, 12, 5), 30) < date(2026, 11, 5)
    assert last_end_overdue(date(2026, 12, 6), 30) == date(2026, 11, 5)


def test_nothing_is_due_while_the_act_goes_on_or_when_the_file_is_there() -> None:
    assert (due_on(OPEN, 30), due_on(REOPENED, 30), due_on(FILED, 30)) == (None, None, None)
