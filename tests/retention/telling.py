"""Clips as the tests tell of them: days instead of moments, and the shipped packs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from retention.pack import Pack
from retention.pack_files import load
from retention.policy import decide
from retention.verdicts import CaseFacts, CaseState, ClipFacts, Due, Flag, Hold, Interval, Keep, Verdict

FOLDER = Path(__file__).resolve().parents[2] / "retention" / "packs"
SHIPPED = [(path.name, path.read_bytes()) for path in sorted(FOLDER.glob("*.toml"))]


def packs(*own: tuple[str, str]) -> dict[str, Pack]:
    """The shipped packs and some more, by name; they have no faults."""
    found = load(SHIPPED, [(name, text.encode()) for name, text in own])
    assert isinstance(found, tuple), found
    return {pack.name: pack for pack in found}


PACKS = packs()
RECORDED = date(2026, 5, 20)
HELD = Hold("h-1", "objection", date(2026, 6, 1))


def by_day(day: date) -> datetime:
    """An hour that is on the same day in all zones of the shipped packs."""
    return datetime.combine(day, time(13), UTC)


def recorded(
    klass: str | None,
    *cases: CaseFacts,
    on: date = RECORDED,
    marked: str | None = None,
    flags: tuple[Flag, ...] = (),
) -> ClipFacts:
    """A clip that certainly ended by daylight and was docked that evening."""
    return ClipFacts(Interval(None, by_day(on)), by_day(on), klass, marked, cases, flags)


def case(kind: str, state: str, closed_on: date | None = None, number: str = "2026-17") -> CaseFacts:
    """A case without a word about its own file."""
    return CaseFacts(number, kind, CaseState(state), closed_on)


def last_day(facts: ClipFacts, pack: Pack, holds: tuple[Hold, ...] | None = (), today: date = RECORDED) -> date | None:
    """Until when a clip is kept, whether that is over or not."""
    return end_of(decide(facts, holds, pack, today))


def end_of(verdict: Verdict) -> date | None:
    """The last day of a verdict; None is without end."""
    match verdict:
        case Keep(until=until):
            return until
        case Due(until=since):
            return since
