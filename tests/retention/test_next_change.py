"""What can change a verdict next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from retention.next_change import Change, Event, next_changes
from retention.policy import decide
from retention.verdicts import ClipFacts, Flag, Hold
from tests.retention.telling import HELD, PACKS, RECORDED, case, recorded

CL, QX, ILLINOIS = PACKS["changli-water"], PACKS["qianxi-baimiaozi"], PACKS["illinois-50-ilcs-706"]
LAST = Change(Event.PACK_CHANGED)
ROUTINE_ENDS = date(2026, 11, 20)


def after(facts: ClipFacts, *holds: Hold, today: date = RECORDED, name: str = "changli-water") -> list[Change]:
    changes = next_changes(decide(facts, holds, PACKS[name], today))
    assert changes[-1] == LAST
    return list(changes[:-1])


def test_a_routine_clip_waits_for_the_day_after_its_last() -> None:
    assert after(recorded("routine")) == [Change(Event.DAY_COMES, on=date(2026, 11, 21))]


def test_a_hold_that_is_lifted_leaves_what_the_rule_says() -> None:
    assert after(recorded("routine"), HELD) == [Change(Event.HOLD_LIFTED, "h-1", then_until=ROUTINE_ENDS)]


def test_of_two_holds_neither_alone_frees_the_clip() -> None:
    assert after(recorded("routine"), HELD, replace(HELD, id="h-2")) == [
        Change(Event.HOLD_LIFTED, "h-1"),
        Change(Event.HOLD_LIFTED, "h-2"),
    ]


@pytest.mark.parametrize("state", ["open", "reopened"])
def test_an_open_case_may_close(state: str) -> None:
    assert after(recorded("general-procedure", case("general-procedure", state)), name="qianxi-baimiaozi") == [
        Change(Event.CASE_CLOSED, "2026-17", then_until=date(2026, 8, 20))
    ]


def test_a_closed_case_may_be_reopened_before_the_day_comes_and_after() -> None:
    facts = recorded("general-procedure", case("general-procedure", "closed", date(2026, 10, 1)))
    reopened = Change(Event.CASE_REOPENED, "2026-17")
    day = Change(Event.DAY_COMES, on=date(2027, 1, 2))
    assert after(facts, name="qianxi-baimiaozi") == [day, reopened]
    due = after(facts, today=date(2027, 1, 2), name="qianxi-baimiaozi")
    assert due == [reopened, Change(Event.HOLD_PLACED)]


def test_each_doubt_names_the_event_that_settles_it() -> None:
    closed = case("general-procedure", "closed", date(2026, 10, 1))
    assert after(replace(recorded("routine"), recorded=None)) == [Change(Event.TIME_SETTLED, then_until=ROUTINE_ENDS)]
    assert after(recorded(None)) == [Change(Event.CLASSIFIED, then_until=ROUTINE_ENDS)]
    assert after(recorded("coercive-measure")) == [
        Change(Event.CASE_LINKED, "coercive-measure", then_until=ROUTINE_ENDS)
    ]
    assert after(recorded(None, closed)) == [Change(Event.FILE_PERIOD_SET, "2026-17", then_until=ROUTINE_ENDS)]
    assert after(recorded(None, replace(closed, closed_on=None))) == [
        Change(Event.CLOSING_DATED, "2026-17", then_until=ROUTINE_ENDS)
    ]
    assert after(recorded("routine", flags=(Flag("important", RECORDED),))) == [
        Change(Event.FLAG_WITHDRAWN, "important", then_until=ROUTINE_ENDS)
    ]


def test_holds_that_cannot_be_read_must_be_read() -> None:
    (change, last) = next_changes(decide(recorded("routine"), None, CL, RECORDED))
    assert change == Change(Event.HOLDS_READ, then_until=ROUTINE_ENDS)
    assert last == LAST


def test_an_unclassified_clip_with_an_end_may_be_classified_first() -> None:
    assert after(recorded(None), name="qianxi-baimiaozi") == [
        Change(Event.DAY_COMES, on=date(2026, 11, 21)),
        Change(Event.CLASSIFIED),
    ]


def test_only_a_pack_can_change_what_a_rule_keeps_without_end() -> None:
    assert after(recorded("routine"), name="qinghe-market") == []
