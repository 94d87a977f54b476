"""What the catalogue knows of a clip, as verdicts are asked: marks and holds, the latest plausible end, equal facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources

import pytest

from catalog.cases.states import State
from catalog.keeping.model import NO_END, Held, TermFacts, UnderCase
from retention.pack import Pack
from retention.pack_faults import PackFaults
from retention.pack_files import load
from retention.terms import Judge, verdict_on
from retention.verdicts import Reason

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
PLAIN = TermFacts("c", "video", "routine", NOON, None, NOON, 60_000, NOON + timedelta(days=1), (), ())
TODAY = date(2026, 11, 21)


def pack(name: str) -> Pack:
    folder = resources.files("retention") / "packs"
    found = load([(one.name, one.read_bytes()) for one in folder.iterdir() if one.name.endswith(".toml")])
    assert not isinstance(found, PackFaults)
    return next(one for one in found if one.name == name)


CHANGLI, ILLINOIS = pack("changli-water"), pack("illinois-50-ilcs-706")


@pytest.mark.parametrize(
    ("known", "until"),
    [
        (PLAIN, "2027-05-20"),
        # Sixteen hours of UTC are the next day in Shanghai.
        (replace(PLAIN, duration_ms=12 * 3_600_000), "2027-05-21"),
        # Nobody measured how long it is, or a single docking proves no earlier time: it may have ended at the docking.
        (replace(PLAIN, duration_ms=None), "2027-05-21"),
        (replace(PLAIN, anchor_at=None), "2027-05-21"),
        # Nobody knows when it was made.
        (replace(PLAIN, recorded_at=None, time_doubt="clock-reset"), NO_END),
        (replace(PLAIN, recorded_at=None), NO_END),
        # A log without a time was there when it was taken in.
        (replace(PLAIN, recorded_at=None, anchor_at=None, kind="log"), "2027-05-21"),
    ],
)
def test_a_period_counts_from_the_latest_plausible_end(known: TermFacts, until: str) -> None:
    assert Judge(CHANGLI)(known) == until


@pytest.mark.parametrize("state", list(State))
def test_only_a_closed_case_lets_a_period_begin(state: State) -> None:
    closed = date(2026, 11, 20) if state in (State.CLOSED, State.FILED) else None
    known = replace(PLAIN, cases=(UnderCase("A-17", "routine", state, closed),))
    assert (Judge(CHANGLI)(known) == NO_END) == (closed is None)


def test_a_mark_of_the_pack_lasts_as_the_pack_says_and_any_other_hold_until_it_is_lifted() -> None:
    mark = Held("h1", "objection", True, NOON)
    encounter = replace(PLAIN, clip_class="encounter")
    # In Chicago it was still the day before.
    marked = verdict_on(replace(encounter, holds=(mark,)), ILLINOIS, TODAY)
    assert (marked.until, marked.why.ground.reason) == (date(2028, 11, 19), Reason.FLAGGED)
    assert verdict_on(replace(PLAIN, holds=(mark,)), CHANGLI, TODAY).why.ground.reason is Reason.LONG_TERM
    for other in (replace(mark, long_term=False), replace(mark, trigger=None), replace(mark, trigger="unknown")):
        held = verdict_on(replace(encounter, holds=(other,)), ILLINOIS, TODAY)
        assert (held.until, held.why.ground.reason) == (None, Reason.HELD)


def test_what_is_remembered_is_what_is_decided() -> None:
    judge = Judge(CHANGLI)
    variants = [
        replace(PLAIN, id=f"c{number}", clip_class=clip_class, anchor_at=NOON + timedelta(hours=hours), holds=holds)
        for number in range(2)
        for clip_class in ("routine", "other", "unclassified")
        for hours in (0, 3, 30)
        for holds in ((), (Held("h1", None, False, NOON),))
    ]
    for known in variants:
        until = verdict_on(known, CHANGLI, TODAY).until
        assert judge(known) == (NO_END if until is None else until.isoformat())
