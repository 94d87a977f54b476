"""Verdicts against an oracle that was written from the regulations' words alone, over simulated years of agencies."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from catalog.cases.states import State
from catalog.keeping.model import Held, TermFacts, UnderCase
from retention.pack import Pack
from retention.pack_faults import PackFaults
from retention.pack_files import load
from retention.periods import Period, local_day
from retention.terms import verdict_on
from retention.verdicts import Due, Keep
from tests.simulators import agency_acts, agency_world, agency_years, legal_end
from tests.simulators.agency_acts import Docked
from tests.simulators.agency_world import World
from tests.simulators.agency_years import Life, Scale
from tests.simulators.legal_end import AGENCIES, FileRule, Footage, Legal, OfCase, agency_day, months_after

PACKS = Path(__file__).resolve().parents[2] / "retention" / "packs"
YEARS, CLIPS_A_YEAR = int(os.environ.get("DOCKD_AGENCY_YEARS", "10")), int(os.environ.get("DOCKD_AGENCY_CLIPS", "40"))


@cache
def pack_of(agency: str, files: tuple[tuple[str, FileRule], ...]) -> Pack:
    shipped = [(str(path), path.read_bytes()) for path in sorted(PACKS.glob("*.toml"))]
    own = f'name = "own"\nextends = "{agency}"\n' + "".join(
        f'[[case_files]]\nid = "{kind}"\nyears = {rule.years}\n'
        f'counted_from = "{"new-year" if rule.from_new_year else "closing"}"\n'
        for kind, rule in files
    )
    found = load(shipped, [("own.toml", own.encode())])
    assert not isinstance(found, PackFaults), found
    (pack,) = (one for one in found if one.name == "own")
    return pack


def facts_of(world: World, key: str, ended: datetime | None) -> TermFacts:
    """What the catalogue would know of a recording that ended then; None: nobody knows when."""
    one = world.kept[key]
    cases = []
    for name in sorted(one.cases):
        case = world.cases[name]
        cases.append(UnderCase(name, case.kind, State.OPEN if case.closed is None else State.CLOSED, case.closed))
    holds = [
        Held(name, hold.placed.trigger, hold.placed.long_term, one.seen_at)
        for name, hold in world.holds.items()
        if hold.active and (key in hold.named or world.shows(hold, one))
    ]
    return TermFacts(
        id=key,
        kind="video",
        clip_class=one.activity or "unclassified",
        recorded_at=ended,
        time_doubt="clock-reset" if ended is None else None,
        anchor_at=ended,
        duration_ms=0,
        ingested_at=one.seen_at,
        cases=tuple(cases),
        holds=tuple(holds),
    )


def played(agency: str) -> Iterator[tuple[World, set[str]]]:
    """What is known at an agency after each act, and the recordings for which something may be different."""
    world = World(agency)
    for day in Life(agency, 1, Scale(YEARS, CLIPS_A_YEAR)).days():
        for at, act in day.acts:
            if isinstance(act, Docked):
                yield world, world.docked(act, at + day.clock_off)
            else:
                yield world, world.happened(act)


@dataclass
class Figures:
    """What came of comparing; `differ` says where the oracle and the product differ: first days by either."""

    clips: int = 0
    asked: int = 0
    ends: int = 0
    never: int = 0
    differ: list[tuple[str, Footage, Legal, date | None]] = field(default_factory=list)


@cache
def compared(agency: str) -> Figures:
    """Every recording of an agency whenever something changed for it, by its real end and by what is known of it."""
    figures = Figures()
    for world, touched in played(agency):
        pack = pack_of(agency, tuple(world.files.items()))
        for key in sorted(touched):
            for footage, legal in (
                (world.as_it_was(key), world.truth(key)),
                (world.as_known(key), world.known(key)),
            ):
                compare(figures, facts_of(world, key, footage.ended), footage, legal, pack)
        figures.clips = len(world.kept)
    return figures


def compare(figures: Figures, facts: TermFacts, footage: Footage, legal: Legal, pack: Pack) -> None:
    figures.asked += 1
    figures.ends += legal.first_day is not None
    figures.never += legal.first_day is None
    until = verdict_on(facts, pack, date.min).until
    first = None if until is None else until + timedelta(days=1)
    if first != legal.first_day:
        figures.differ.append((facts.id, footage, legal, first))
    elif first is not None:
        # Not the evening before, and on the very day.
        eve, morning = (verdict_on(facts, pack, first - timedelta(days=days)) for days in (1, 0))
        assert isinstance(eve, Keep) and isinstance(morning, Due), (facts, eve, morning)


@pytest.mark.parametrize("agency", AGENCIES)
def test_in_ten_years_no_term_of_an_agency_is_early_and_none_is_late(agency: str) -> None:
    figures = compared(agency)
    assert figures.clips > YEARS * CLIPS_A_YEAR / 2
    assert figures.never > figures.clips
    assert figures.ends > (figures.clips if agency != "qinghe-market" else 0)
    assert figures.differ[:3] == []


@pytest.mark.parametrize("months", [3, 6, 12, 24, 36, 120])
def test_periods_end_on_the_day_that_the_civil_code_says(months: int) -> None:
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(366 * 9)]
    differ = [day for day in days if Period(months=months).last_day(day) != months_after(day, months)]
    assert differ == []


def test_the_day_of_the_wall_clock_begins_at_four_in_the_afternoon_utc() -> None:
    zone = pack_of("changli-water", ()).zone
    moments = [datetime(2028, 2, 28, 15, 58, tzinfo=UTC) + timedelta(seconds=30 * n) for n in range(6)]
    assert [agency_day(moment) for moment in moments] == [local_day(moment, zone) for moment in moments]
    assert {agency_day(moment) for moment in moments} == {date(2028, 2, 28), date(2028, 2, 29)}


def test_the_oracle_and_the_years_know_nothing_of_the_product() -> None:
    ours = re.compile(r"^\s*(?:from|import) (?:hashing|catalog|retention|dockd)\b", re.MULTILINE)
    sources = [Path(inspect.getfile(module)) for module in (agency_acts, agency_world, agency_years, legal_end)]
    assert [path.name for path in sources if ours.search(path.read_text("utf-8"))] == []


def test_a_recording_that_somebody_only_calls_evidence_waits_for_its_case() -> None:
    noon = datetime(2027, 5, 20, 4, tzinfo=UTC)
    for agency in AGENCIES:
        assert legal_end.legal_end(agency, Footage(noon, "general-procedure"), {}).first_day is None


def test_the_oracle_says_what_the_articles_say() -> None:
    noon, closed = datetime(2027, 5, 20, 4, tzinfo=UTC), date(2027, 12, 31)
    ten_years = {"general-procedure": FileRule(10, from_new_year=True)}
    of_case = Footage(noon, "general-procedure", (OfCase("general-procedure", closed),))
    for agency, footage, first in (
        ("changli-water", Footage(noon, "routine"), date(2027, 11, 21)),
        ("yexian-transport", Footage(noon, "routine"), date(2028, 5, 21)),
        ("weixian-natural-resources", Footage(noon, "routine"), date(2027, 11, 21)),
        ("qinghe-market", Footage(noon, "routine"), None),
        ("qianxi-baimiaozi", Footage(noon, "routine"), date(2027, 8, 21)),
        ("changli-water", of_case, date(2038, 1, 1)),
        ("qinghe-market", of_case, date(2038, 1, 1)),
        ("qianxi-baimiaozi", of_case, date(2028, 4, 1)),
    ):
        assert legal_end.legal_end(agency, footage, ten_years).first_day == first, agency
