"""Laws that hold for every clip of every pack: nothing that is added in doubt, hold or time pulls an end forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.next_change import next_changes
from retention.pack import CountedFrom, FilePeriod, Pack
from retention.periods import Period, local_day
from retention.policy import decide
from retention.verdicts import CaseFacts, CaseState, ClipFacts, Due, Flag, Hold, Interval, Keep, Reason
from tests.retention.telling import PACKS, RECORDED, by_day, case, end_of, last_day, packs, recorded

FILLED = packs(
    (
        "own.toml",
        'name = "filled"\nextends = "changli-water"\n[[case_files]]\nid = "general-procedure"\nyears = 10\n'
        '[[case_files]]\nid = "coercive-measure"\nyears = 30\ncounted_from = "closing"\n',
    )
)
ALL = list(FILLED.values())
CLASSES = [*sorted({one.id for pack in ALL for one in pack.classes}), "unheard-of"]
TRIGGERS = [*sorted({one.id for pack in ALL for one in pack.triggers}), "unheard-of"]

DAYS = st.dates(date(2018, 1, 1), date(2040, 12, 31))
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))
PERIODS = st.builds(Period, st.integers(0, 30), st.integers(0, 24), st.integers(0, 400))
FILES = st.builds(FilePeriod, st.none() | PERIODS, st.sampled_from(CountedFrom))
CASES = st.builds(
    CaseFacts,
    st.sampled_from(["2026-1", "2026-2", "2026-3"]),
    st.sampled_from(CLASSES),
    st.sampled_from(CaseState),
    st.none() | DAYS,
    st.none() | FILES,
)
FLAGS = st.builds(Flag, st.sampled_from(TRIGGERS), DAYS)
MARKS = st.none() | st.sampled_from(CLASSES)
FACTS = st.builds(
    ClipFacts,
    st.none() | st.builds(Interval, st.none(), MOMENTS),
    MOMENTS,
    MARKS,
    MARKS,
    st.lists(CASES, max_size=3).map(tuple),
    st.lists(FLAGS, max_size=2).map(tuple),
)
HOLDS = st.lists(st.builds(Hold, st.sampled_from(["h-1", "h-2"]), MARKS, DAYS), max_size=2).map(tuple)
THE_PACKS = st.sampled_from(ALL)


def no_earlier(one: date | None, other: date | None) -> bool:
    """None is without end."""
    return one is None or (other is not None and one >= other)


@settings(deadline=None)
@given(FACTS, HOLDS, THE_PACKS, DAYS)
def test_every_clip_has_a_verdict_with_its_ground_and_what_can_change_it(
    facts: ClipFacts, holds: tuple[Hold, ...], pack: Pack, today: date
) -> None:
    verdict = decide(facts, holds, pack, today)
    assert end_of(verdict) == verdict.why.ground.until
    assert isinstance(verdict, Due) == (verdict.why.ground.until is not None and today > verdict.why.ground.until)
    assert all(no_earlier(verdict.why.ground.until, other.until) for other in verdict.why.others)
    assert next_changes(verdict)


@settings(deadline=None)
@given(FACTS, HOLDS, THE_PACKS, DAYS, DAYS)
def test_once_due_a_clip_stays_due(
    facts: ClipFacts, holds: tuple[Hold, ...], pack: Pack, one: date, other: date
) -> None:
    early, late = sorted((one, other))
    if isinstance(decide(facts, holds, pack, early), Due):
        assert isinstance(decide(facts, holds, pack, late), Due)


@settings(deadline=None)
@given(FACTS, THE_PACKS, MOMENTS)
def test_a_later_recording_never_gives_an_earlier_end(facts: ClipFacts, pack: Pack, moment: datetime) -> None:
    if facts.recorded is None:
        return
    later = replace(facts, recorded=Interval(None, max(moment, facts.recorded.latest)))
    assert no_earlier(last_day(later, pack), last_day(facts, pack))


@settings(deadline=None)
@given(FACTS, THE_PACKS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9000)))
def test_a_wider_doubt_of_the_clock_never_gives_an_earlier_end(
    facts: ClipFacts, pack: Pack, earliest: datetime, more: timedelta
) -> None:
    if facts.recorded is None:
        return
    narrow = last_day(facts, pack)
    assert no_earlier(last_day(replace(facts, recorded=Interval(earliest, facts.recorded.latest + more)), pack), narrow)
    assert last_day(replace(facts, recorded=None), pack) is None


@settings(deadline=None)
@given(FACTS, THE_PACKS, st.integers(0, 2), DAYS)
def test_a_later_closing_never_gives_an_earlier_end(facts: ClipFacts, pack: Pack, which: int, day: date) -> None:
    if which >= len(facts.cases) or facts.cases[which].closed_on is None:
        return
    moved = list(facts.cases)
    moved[which] = replace(moved[which], closed_on=max(day, moved[which].closed_on or day))
    assert no_earlier(last_day(replace(facts, cases=tuple(moved)), pack), last_day(facts, pack))


@settings(deadline=None)
@given(FACTS, THE_PACKS, st.integers(0, 1), DAYS)
def test_a_later_flag_never_gives_an_earlier_end(facts: ClipFacts, pack: Pack, which: int, day: date) -> None:
    if which >= len(facts.flags):
        return
    moved = list(facts.flags)
    moved[which] = replace(moved[which], on=max(day, moved[which].on))
    assert no_earlier(last_day(replace(facts, flags=tuple(moved)), pack), last_day(facts, pack))


@settings(deadline=None)
@given(FACTS, HOLDS, THE_PACKS, st.builds(Hold, st.just("h-9"), MARKS, DAYS), DAYS)
def test_one_more_hold_never_makes_anything_due(
    facts: ClipFacts, holds: tuple[Hold, ...], pack: Pack, more: Hold, today: date
) -> None:
    assert isinstance(decide(facts, (*holds, more), pack, today), Keep)
    assert isinstance(decide(facts, None, pack, today), Keep)


@settings(deadline=None)
@given(FACTS, THE_PACKS, FLAGS)
def test_one_more_flag_never_gives_an_earlier_end(facts: ClipFacts, pack: Pack, more: Flag) -> None:
    flagged = replace(facts, flags=(*facts.flags, more))
    assert no_earlier(last_day(flagged, pack), last_day(facts, pack))


@settings(deadline=None)
@given(FACTS, THE_PACKS, CASES)
def test_one_more_case_never_gives_an_earlier_end_but_the_first_of_a_clip_that_waits_for_one(
    facts: ClipFacts, pack: Pack, more: CaseFacts
) -> None:
    before = decide(facts, (), pack, RECORDED)
    waits = {Reason.CASE_AWAITED, Reason.UNCLASSIFIED} & {ground.reason for ground in before.why.grounds}
    if not waits:
        joined = replace(facts, cases=(*facts.cases, more))
        assert no_earlier(last_day(joined, pack), end_of(before))


@settings(deadline=None)
@given(FACTS, THE_PACKS, st.sampled_from(CLASSES))
def test_a_mark_of_the_recorder_never_gives_an_earlier_end(facts: ClipFacts, pack: Pack, mark: str) -> None:
    unmarked = replace(facts, recorder_class=None)
    assert no_earlier(last_day(replace(facts, recorder_class=mark), pack), last_day(unmarked, pack))


@settings(deadline=None)
@given(FACTS, THE_PACKS)
def test_the_minimum_of_the_pack_is_never_undercut(facts: ClipFacts, pack: Pack) -> None:
    if facts.recorded is not None and pack.minimum is not None:
        least = pack.minimum.period.last_day(local_day(facts.recorded.latest, pack.zone))
        assert no_earlier(last_day(facts, pack), least)


@settings(deadline=None)
@given(FACTS, THE_PACKS)
def test_the_order_of_cases_and_flags_changes_nothing(facts: ClipFacts, pack: Pack) -> None:
    turned = replace(facts, cases=facts.cases[::-1], flags=facts.flags[::-1])
    one, other = decide(facts, (), pack, RECORDED), decide(turned, (), pack, RECORDED)
    assert (type(one), end_of(one), one.why.ground.reason) == (type(other), end_of(other), other.why.ground.reason)


# -------------------------------------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize("name", sorted(PACKS))
def test_a_clip_of_unknown_time_is_kept_until_a_person_settles_it(name: str) -> None:
    unknown = ClipFacts(None, by_day(RECORDED), "routine")
    verdict = decide(unknown, (), PACKS[name], date(2999, 1, 1))
    assert isinstance(verdict, Keep) and verdict.until is None
    assert verdict.why.ground.reason is Reason.TIME_UNKNOWN
    assert verdict.why.ground.anchored_on == RECORDED
    assert verdict.why.floor is None


def test_the_latest_plausible_moment_counts_and_not_the_earliest() -> None:
    doubtful = replace(recorded("routine"), recorded=Interval(by_day(date(2020, 1, 1)), by_day(date(2026, 6, 15))))
    assert last_day(doubtful, PACKS["changli-water"]) == date(2026, 12, 15)


def test_the_day_of_the_recording_is_that_of_the_agencys_wall_clock() -> None:
    pack = PACKS["changli-water"]
    before, after = (datetime(2026, 5, 20, 15, 59, 59, tzinfo=UTC), datetime(2026, 5, 20, 16, 0, tzinfo=UTC))
    assert last_day(replace(recorded("routine"), recorded=Interval(None, before)), pack) == date(2026, 11, 20)
    assert last_day(replace(recorded("routine"), recorded=Interval(None, after)), pack) == date(2026, 11, 21)


def test_a_recording_at_the_end_of_the_calendar_is_kept_without_end() -> None:
    last = replace(recorded("routine"), recorded=Interval(None, datetime.max.replace(tzinfo=UTC)))
    verdict = decide(last, (), PACKS["changli-water"], date.max)
    assert isinstance(verdict, Keep) and verdict.why.ground.reason is Reason.BEYOND_CALENDAR


def test_a_time_without_a_zone_is_no_fact() -> None:
    naive = datetime(2026, 5, 20)
    with pytest.raises(ValueError, match="zone"):
        Interval(None, naive)
    with pytest.raises(ValueError, match="zone"):
        Interval(naive, by_day(RECORDED))
    with pytest.raises(ValueError, match="zone"):
        ClipFacts(None, naive)


# ------------------------------------------------------------------------------------------------------ ties and words


def test_of_grounds_with_the_same_end_the_first_reason_is_told_and_all_are_kept() -> None:
    pack = PACKS["changli-water"]
    facts = replace(
        recorded("general-procedure", case("general-procedure", "open")),
        recorded=None,
        flags=(Flag("important", RECORDED),),
    )
    why = decide(facts, [Hold("h-2", None, RECORDED), Hold("h-1", "objection", RECORDED)], pack, RECORDED).why
    assert [(one.reason, one.subject or one.case) for one in why.grounds if one.until is None] == [
        (Reason.HELD, "h-1"),
        (Reason.HELD, "h-2"),
        (Reason.TIME_UNKNOWN, ""),
        (Reason.CASE_OPEN, "2026-17"),
        (Reason.LONG_TERM, "important"),
    ]


def test_the_rule_is_told_before_the_minimum_that_says_the_same() -> None:
    why = decide(recorded("routine"), (), PACKS["changli-water"], RECORDED).why
    assert [one.reason for one in why.grounds] == [Reason.PERIOD, Reason.MINIMUM]
    assert why.floor == date(2026, 11, 20)
