"""Batches and tombstones in the tables, on both databases: what goes, and what no log may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from catalog.disposing.events import (
    ClipDestroyed,
    ClipSpared,
    DisposalApproved,
    DisposalEndorsed,
    DisposalProposed,
    DisposalRefused,
    OriginalsRemoved,
    SweepAllowed,
    SweepRan,
    SweepStopped,
)
from catalog.disposing.model import ASKED_FOR
from catalog.disposing.queries import (
    Sum,
    all_of_batch,
    approved_batches,
    batches_proposed,
    clips_in,
    due_clips,
    due_sums,
    find_batch,
    holdings,
    last_sweep,
    no_longer_due,
    not_yet_removed,
    sweeps_that_went,
    tombstone_of,
)
from catalog.errors import BadEvent
from catalog.event import Event
from catalog.events import ClearingIntended, ClipFiled
from catalog.keeping.events import HoldLiftAsked, HoldLifted, HoldPlaced, HoldWidened, PackAdopted
from catalog.keeping.model import TermFacts
from catalog.keeping.queries import clips_around, clips_held, term_counts, terms_before
from catalog.keeping.terms import all_term_facts, term_facts
from catalog.store import Catalog
from tests.catalog.plans import plans_of
from tests.simulators.histories import clip_id, digest, docking, ingested, opened, resolved, sealed

ONE, TWO = clip_id("s1", 1), clip_id("s1", 2)
FIRST = datetime(2027, 1, 1, 1, 0, tzinfo=UTC)
GRACE_OVER = FIRST + timedelta(days=30)
COUNTS = (2, 2003, 0, 0, 2, 2003)
HOLD = HoldPlaced("h1", None, False, "投诉", "user:li", "clips", {}, ["城关中队"], [ONE])


def ran(sweep: str = "w1", day: str = "2027-01-01") -> SweepRan:
    return SweepRan(sweep, day, *COUNTS)


def proposed(batch: str = "b1", clips: tuple[str, ...] = (ONE, TWO), **changed: Any) -> DisposalProposed:
    size = sum(1001 if clip == ONE else 1002 for clip in clips)
    made = DisposalProposed(batch, "w1", "城关中队", "2027-01-01", "two", 30, size, list(clips))
    return replace(made, **changed)


def destroyed(clip: str = ONE, batch: str = "b1", **changed: Any) -> ClipDestroyed:
    seq = 1 if clip == ONE else 2
    said = ingested("s1", seq)
    made = ClipDestroyed(
        batch=batch,
        clip=clip,
        day="2027-01-31",
        vault_path=said.vault_path,
        size_bytes=said.size_bytes,
        digest=said.digests["b3"],
        pack="own",
        pack_digest="b3:00",
        reason="period",
        rule="routine",
        article="第十条",
        until="2026-12-31",
    )
    return replace(made, **changed)


def approved(catalog: Catalog, *more: Event, at: datetime = FIRST, **changed: Any) -> None:
    """A docking long ago, and a batch of its two clips that two persons agreed to."""
    catalog.append([*docking("s1"), PackAdopted("own", "b3:00", "user:li", 0)])
    catalog.append([ran(), proposed(**changed), *more], at=at)
    catalog.append([DisposalEndorsed("b1", "user:arch", 2), DisposalApproved("b1", "user:boss", 2)], at=at)


def test_what_lies_in_a_batch_is_looked_up_clip_by_clip(catalog: Catalog) -> None:
    # Whatever the statistics say: those of a batch that a sweep has just made are older than the batch.
    today, now = date(2027, 2, 1), FIRST
    plans = plans_of(catalog, lambda: (list(due_clips(catalog, today, now)), due_sums(catalog, today, now)))
    assert len(plans) == 2
    for plan in plans:
        assert "SubPlan" in plan or "CORRELATED SCALAR SUBQUERY" in plan
        assert "ix_batch_clips_in" in plan


def archive_size(catalog: Catalog) -> int:
    """Bytes of all that is here, added up recording by recording."""
    return sum(size_bytes for _facts, _term, size_bytes in all_term_facts(catalog))


def decide(catalog: Catalog, until: str = "2026-12-31") -> None:
    while catalog.decide_terms(lambda facts: until):
        pass


def test_a_destroyed_clip_leaves_its_tombstone_and_nothing_else_counts_it(catalog: Catalog) -> None:
    approved(catalog)
    decide(catalog)
    assert (holdings(catalog), archive_size(catalog)) == (Sum(2, 2003), 2003)
    catalog.append([destroyed()], at=GRACE_OVER)
    found = catalog.find_clip(ONE)
    assert found.destroyed_at == GRACE_OVER
    stone = tombstone_of(catalog, ONE)
    assert stone is not None
    assert (stone.batch, stone.article, stone.until) == ("b1", "第十条", date(2026, 12, 31))
    assert [one.clip for one in not_yet_removed(catalog)] == [ONE]
    decide(catalog)
    counts = term_counts(catalog, "2027-02-01")
    assert (counts.clips, counts.due, counts.undecided) == (1, 1, 0)
    assert (holdings(catalog), archive_size(catalog)) == (Sum(1, 1002), 1002)
    assert [clip.id for clip, _term in terms_before(catalog, "~")] == [TWO]
    assert [facts.id for facts, _term, _size in all_term_facts(catalog)] == [TWO]
    assert [one.id for one in term_facts(catalog, [ONE, TWO])] == [TWO]
    assert {clip.id for clip in catalog.clips_without_facts()} == {TWO}
    assert {one.clip for one in catalog.held_many("X8123") if one.clip} == {TWO}
    assert catalog.clips_with_digest(digest("s1", 1)) == []
    long_ago, far = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    assert [clip.id for clip in clips_around(catalog, long_ago, far)] == [TWO]
    # People still find it.
    assert {clip.id for clip in catalog.clips()} == {ONE, TWO}
    assert find_batch(catalog, "b1").left_clips == 1
    catalog.append([destroyed(TWO)], at=GRACE_OVER)
    catalog.append([OriginalsRemoved("b1", [ONE, TWO])], at=GRACE_OVER)
    assert (find_batch(catalog, "b1").state, not_yet_removed(catalog)) == ("done", [])
    assert [one.standing.state for one in all_of_batch(catalog, "b1")] == ["destroyed", "destroyed"]
    assert [one.until for one in all_of_batch(catalog, "b1")] == ["2026-12-31", "2026-12-31"]
    assert list(catalog.differences_from_custody()) == []


@pytest.mark.parametrize(
    ("before", "wrong", "at"),
    [
        ([HOLD], destroyed(), GRACE_OVER),
        ([HOLD, HoldLiftAsked("h1", "user:li", "x")], destroyed(), GRACE_OVER),
        ([], destroyed(), GRACE_OVER - timedelta(seconds=1)),
        ([PackAdopted("other", "b3:01", "user:li", 0)], destroyed(), GRACE_OVER),
        ([], destroyed(pack_digest="b3:01"), GRACE_OVER),
        ([], destroyed(digest="b3:ff"), GRACE_OVER),
        ([], destroyed(vault_path="elsewhere"), GRACE_OVER),
        ([], destroyed(until="2027-01-31"), GRACE_OVER),
        ([], destroyed(day="2027-03-01"), GRACE_OVER),
        ([], destroyed(batch="b2"), GRACE_OVER),
        ([DisposalRefused("b1", "user:boss", "no")], destroyed(), GRACE_OVER),
        ([ClipSpared("b1", ONE, "2027-01-02", "held", None)], destroyed(), GRACE_OVER),
        ([], OriginalsRemoved("b1", [ONE]), GRACE_OVER),
    ],
    ids=[
        *("held", "lift-asked", "grace", "pack-changed", "other-pack", "other-bytes", "other-place", "term-runs"),
        *("other-day", "no-batch", "refused", "spared", "removed-first"),
    ],
)
def test_the_log_takes_no_tombstone_that_breaks_the_rule(
    catalog: Catalog, before: list[Event], wrong: Event, at: datetime
) -> None:
    approved(catalog)
    catalog.append(before)
    with pytest.raises(BadEvent):
        catalog.append([wrong], at=at)
    assert catalog.find_clip(ONE).destroyed_at is None
    assert list(catalog.differences_from_custody()) == []


def test_what_a_batch_takes_from_a_session_goes_at_once_since_its_record_is_written_once(catalog: Catalog) -> None:
    approved(catalog)
    catalog.append([destroyed()], at=GRACE_OVER)
    with pytest.raises(BadEvent):
        catalog.append([destroyed(TWO)], at=GRACE_OVER + timedelta(microseconds=1))
    assert catalog.find_clip(TWO).destroyed_at is None
    # What it leaves another batch may take.
    catalog.append([ClipSpared("b1", TWO, "2027-01-31", ASKED_FOR, None), proposed("b2", (TWO,))], at=GRACE_OVER)
    catalog.append([DisposalEndorsed("b2", "user:arch", 1), DisposalApproved("b2", "user:boss", 1)], at=GRACE_OVER)
    later = GRACE_OVER + timedelta(days=31)
    catalog.append([destroyed(TWO, "b2", day=later.date().isoformat())], at=later)
    assert [(one.clip, one.batch) for one in not_yet_removed(catalog)] == [(ONE, "b1"), (TWO, "b2")]
    assert list(catalog.differences_from_custody()) == []


def test_that_an_original_is_removed_is_said_once(catalog: Catalog) -> None:
    approved(catalog)
    catalog.append([destroyed()], at=GRACE_OVER)
    catalog.append([OriginalsRemoved("b1", [ONE])], at=GRACE_OVER)
    with pytest.raises(BadEvent):
        catalog.append([OriginalsRemoved("b1", [ONE])], at=GRACE_OVER + timedelta(days=1))
    stone = tombstone_of(catalog, ONE)
    assert stone is not None and stone.removed_at == GRACE_OVER


def test_a_lifted_hold_lets_go(catalog: Catalog) -> None:
    approved(catalog)
    catalog.append([HOLD, HoldLiftAsked("h1", "user:li", "x"), HoldLifted("h1", "user:li", "user:wang", "y")])
    catalog.append([destroyed()], at=GRACE_OVER)
    assert catalog.find_clip(ONE).destroyed_at is not None


@pytest.mark.parametrize(
    ("approval", "yes", "goes"),
    [
        ("two", [], False),
        ("two", [DisposalEndorsed("b1", "user:arch", 2)], False),
        ("one", [], False),
        ("one", [DisposalApproved("b1", "user:boss", 2)], True),
        ("none", [], True),
    ],
)
def test_nothing_goes_before_as_many_agreed_as_the_batch_demands(
    catalog: Catalog, approval: str, yes: list[Event], goes: bool
) -> None:
    catalog.append([*docking("s1"), PackAdopted("own", "b3:00", "user:li", 0)])
    catalog.append([ran(), proposed(approval=approval), *yes], at=FIRST)
    assert [one.id for one in approved_batches(catalog)] == (["b1"] if goes else [])
    if goes:
        catalog.append([destroyed()], at=GRACE_OVER)
    else:
        with pytest.raises(BadEvent):
            catalog.append([destroyed()], at=GRACE_OVER)


@pytest.mark.parametrize(
    "wrong",
    [
        [DisposalApproved("b1", "user:boss", 2)],
        [DisposalEndorsed("b1", "user:boss", 2), DisposalApproved("b1", "user:boss", 2)],
        [DisposalEndorsed("b1", "user:arch", 1)],
        [DisposalEndorsed("b1", "user:arch", 2), DisposalApproved("b1", "user:boss", 3)],
        [DisposalEndorsed("b1", "user:arch", 2), DisposalEndorsed("b1", "user:chief", 2)],
        [DisposalRefused("b1", "user:arch", "x"), DisposalEndorsed("b1", "user:arch", 2)],
        [proposed("b2")],
        [proposed("b2", (ONE,))],
        [SweepAllowed("w1", "user:boss", 2)],
    ],
)
def test_no_step_is_taken_out_of_turn(catalog: Catalog, wrong: list[Event]) -> None:
    catalog.append([*docking("s1"), ran(), proposed()])
    with pytest.raises(BadEvent):
        catalog.append(wrong)
    assert find_batch(catalog, "b1").state == "proposed"


def test_a_session_at_work_and_a_wrong_sum_are_not_proposed(catalog: Catalog) -> None:
    catalog.append([opened("s1"), ingested("s1", 1), ran()])
    for wrong in (proposed(clips=(ONE,)), proposed(clips=(ONE,), size_bytes=1)):
        with pytest.raises(BadEvent):
            catalog.append([wrong])
    catalog.append([sealed("s1"), proposed(clips=(ONE,))])
    assert [clip.id for clip in clips_in(catalog, "b1")] == [ONE]


def test_what_is_due_is_found_once_and_again_when_it_left_its_batch(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    decide(catalog)
    today, now = date(2027, 1, 1), FIRST

    def due() -> set[str]:
        found = {one.id for one in due_clips(catalog, today, now)}
        assert sum(one.clips for one in due_sums(catalog, today, now).values()) == len(found)
        return found

    assert due() == {ONE, TWO}
    assert due_sums(catalog, today, now) == {"城关中队": Sum(2, 2003)}
    assert {one.id for one in due_clips(catalog, date(2026, 12, 31), now)} == set()
    catalog.append([ran(), proposed()], at=FIRST)
    assert due() == set()
    assert no_longer_due(catalog, today) == []
    catalog.append([ClipFiled(ONE, None, "routine", "")])
    assert no_longer_due(catalog, today) == [("b1", ONE)]
    catalog.append([ClipSpared("b1", ONE, "2027-01-01", "period", "2028-01-01")])
    decide(catalog)
    assert due() == {ONE}
    catalog.append([DisposalRefused("b1", "user:boss", "no")], at=FIRST)
    assert due() == {ONE}
    now = FIRST + timedelta(days=31)
    assert due() == {ONE, TWO}


def test_a_sweep_that_stopped_is_let_go_on_by_its_number_and_only_while_it_is_the_last(catalog: Catalog) -> None:
    stopped = SweepStopped("w1", "2027-01-01", 2, 2003, 1, 1001, 2, 2003, [], ["城关中队"])
    catalog.append([*docking("s1"), stopped])
    assert sweeps_that_went(catalog, 90) == []
    for wrong in ([SweepAllowed("w1", "user:boss", 2)], [ran("w2"), SweepAllowed("w1", "user:boss", 3)]):
        with pytest.raises(BadEvent):
            catalog.append(wrong)
    catalog.append([SweepAllowed("w1", "user:boss", 3)])
    last = last_sweep(catalog)
    assert last is not None and (last.state, last.allowed_by, last.asked_clips) == ("allowed", "user:boss", 3)
    assert [one.id for one in sweeps_that_went(catalog, 90)] == ["w1"]
    assert list(catalog.differences_from_custody()) == []


def test_what_is_destroyed_comes_under_no_hold(catalog: Catalog) -> None:
    approved(catalog)
    catalog.append([destroyed()], at=GRACE_OVER)
    about = {"session": "s1"}
    catalog.append([HoldPlaced("h1", None, False, "x", "user:li", "session", about, ["城关中队"], [])])
    catalog.append([HoldWidened("h1", "user:li", [ONE], ["城关中队"], "x")])
    assert [clip.id for clip in clips_held(catalog, "h1")] == [TWO]


def test_a_recorder_is_not_cleared_of_what_was_destroyed_since_it_was_found_held(catalog: Catalog) -> None:
    approved(catalog)
    again = resolved("s2", 1, "already-held", clip=ONE)
    catalog.append([opened("s2"), again, sealed("s2"), destroyed()], at=GRACE_OVER)
    entry = {"seq": 1, "path": "p", "size_bytes": 1, "digest": digest("s1", 1)}
    with pytest.raises(BadEvent):
        catalog.append([ClearingIntended("s2", "X8123", [entry], {})])
    catalog.append([ClearingIntended("s2", "X8123", [{**entry, "seq": 2}], {})])


def test_what_is_judged_is_judged_as_it_stands_in_the_transaction(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), ran(), HOLD])
    seen: list[TermFacts] = []

    def judge(facts: list[TermFacts]) -> list[Event]:
        seen.extend(facts)
        return [proposed(clips=tuple(one.id for one in facts if not one.holds))]

    catalog.append_judged([ONE, TWO], judge)
    assert {one.id: bool(one.holds) for one in seen} == {ONE: True, TWO: False}
    assert [clip.id for clip in clips_in(catalog, "b1")] == [TWO]

    def refuse(facts: list[TermFacts]) -> list[Event]:
        raise RuntimeError(len(facts))

    size = catalog.head().seq
    with pytest.raises(RuntimeError):
        catalog.append_judged([ONE], refuse)
    assert catalog.head().seq == size
    assert [one.id for one in batches_proposed(catalog)] == ["b1"]
