"""What a change would make due, before anybody makes it: facts as they are and as they would be, through the rule pack.

A class, a case or a hold costs what it touches; a rule pack costs the archive. Either way a page of clips is in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import NamedTuple, TypeVar

from catalog.cases.events import (
    CaseClosed,
    CaseEdited,
    CaseFilePeriodSet,
    ClipClassified,
    ClipLinked,
    ClipUnlinked,
)
from catalog.changes.queries import cases_by_id, ids_under_case, ids_under_hold, standings
from catalog.disposing.queries import holdings
from catalog.event import Event
from catalog.events import ClipFiled
from catalog.fixity.queries import has_copies
from catalog.keeping.events import HoldLifted, PackAdopted
from catalog.keeping.model import NO_END, TermFacts
from catalog.keeping.terms import all_term_facts, term_facts
from catalog.reader import PAGE
from catalog.store import Catalog
from catalog.watching.events import ClipTimeSettled
from hashing.digest import Algorithm, Digest, new_hasher
from retention.changing import Archive, Plan, Weighed, above_share, plan
from retention.pack import Pack
from retention.periods import local_day
from retention.supposing import Supposed
from retention.terms import Judge
from retention.verdicts import Due, Ground, Keep, Reason, Verdict, Why

from ..assembly import Opened
from ..keeping.deciding import agency_day, set_pack

_OfClips = ClipClassified | ClipFiled | ClipLinked | ClipTimeSettled | ClipUnlinked
_OfCases = CaseClosed | CaseEdited | CaseFilePeriodSet
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a change would do by a rule pack; of what it makes due, whose it is, and the digest of ids and last days.

    It was weighed on `today` of the agency, when the log had `size` entries.
    """

    pack: Pack
    plan: Plan
    departments: tuple[str, ...]
    digest: str
    today: date
    size: int


class _Considered(NamedTuple):
    """A clip with its term now, None while that counts as staying, and its term then."""

    facts: TermFacts
    before: str | None
    after: str
    size_bytes: int


def weigh(opened: Opened, events: Sequence[Event], pack: Pack | None = None) -> Weighing:
    """What these entries would make due; nothing is changed. `pack`: the one of the settings, where it is read already.

    Measured against the terms that are worked out; one that is to be decided is worked out from the facts as they are.
    Raises PackUnusable, CatalogFault.
    """
    catalog = opened.station.catalog
    size = catalog.head().seq
    pack = set_pack(opened) if pack is None else pack
    today, judge = agency_day(opened, pack), Judge(pack)
    scales = _Scales(catalog, pack, today)
    adopted = any(isinstance(event, PackAdopted) for event in events)
    considered = _by_pack(catalog, judge) if adopted else _by_facts(catalog, judge, events)
    found = plan(scales.weighed(considered), Archive(0, 0), refuse_above_permille=0)
    if found.made_due:
        # Only now: all sessions and tombstones are added up for it.
        held, permille = holdings(catalog), opened.config.change.refuse_above_permille
        archive = Archive(held.clips, held.size_bytes)
        found = replace(found, refused=above_share(found.made_due, found.size_bytes, archive, permille))
    return Weighing(pack, found, tuple(sorted(scales.departments)), scales.digest, today, size)


def nothing_since(opened: Opened, found: Weighing) -> bool:
    """Whether weighing anew must come to the same: nothing was written since, and no day began. Raises CatalogFault."""
    now = (opened.station.catalog.head().seq, agency_day(opened, found.pack))
    return now == (found.size, found.today)


def _by_pack(catalog: Catalog, judge: Judge) -> Iterator[_Considered]:
    """All clips. What the former pack said stands in their terms; one that is to be decided counts as staying."""
    for facts, term, size_bytes in all_term_facts(catalog):
        yield _Considered(facts, term, judge(facts), size_bytes)


def _by_facts(catalog: Catalog, judge: Judge, events: Sequence[Event]) -> Iterator[_Considered]:
    """The clips that the entries touch."""
    named = {event.case for event in events if isinstance(event, ClipLinked | ClipUnlinked | _OfCases)}
    numbers = {event.case_no for event in events if isinstance(event, ClipFiled) and event.case_no is not None}
    supposed = Supposed(events, cases_by_id(catalog, named, numbers))
    for ids in _pages(_touched(catalog, events)):
        known = standings(catalog, ids)
        for facts in term_facts(catalog, ids):
            own = known[facts.id]
            before = judge(facts) if own.term is None else own.term
            yield _Considered(facts, before, judge(supposed(facts)), own.size_bytes)


def _touched(catalog: Catalog, events: Sequence[Event]) -> Iterator[str]:
    yield from sorted({event.clip for event in events if isinstance(event, _OfClips)})
    for event in events:
        if isinstance(event, _OfCases):
            yield from ids_under_case(catalog, event.case)
        elif isinstance(event, HoldLifted):
            yield from ids_under_hold(catalog, event.hold)


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while some := list(islice(left, PAGE)):
        yield some


class _Scales:
    """Weighs clips a page at a time, and remembers of those that become due whose they are and which."""

    def __init__(self, catalog: Catalog, pack: Pack, today: date) -> None:
        self.departments: set[str] = set()
        self._catalog = catalog
        self._pack = pack
        self._today = today
        self._hasher = new_hasher(Algorithm.BLAKE3)
        # A million clips end on some thousand days.
        self._verdicts: dict[str | None, Verdict] = {}

    @property
    def digest(self) -> str:
        """Of ids and last days of what becomes due, in the order in which it was weighed: by id."""
        return str(Digest(Algorithm.BLAKE3, self._hasher.value()))

    def weighed(self, considered: Iterable[_Considered]) -> Iterator[Weighed]:
        """Each clip with its verdicts."""
        for some in _pages(considered):
            verdicts = [(self._verdict(one.before), self._verdict(one.after)) for one in some]
            falling = {
                one.facts.id
                for one, (before, after) in zip(some, verdicts, strict=True)
                if isinstance(after, Due) and not isinstance(before, Due)
            }
            copied = has_copies(self._catalog, sorted(falling)) if falling else set()
            if falling:
                self.departments |= {one.department for one in standings(self._catalog, sorted(falling)).values()}
            for one, (before, after) in zip(some, verdicts, strict=True):
                if one.facts.id in falling:
                    self._hasher.update(f"{one.facts.id} {one.after}\n".encode())
                yield self._weighed(one, before, after, one.facts.id in copied)

    def _weighed(self, one: _Considered, before: Verdict, after: Verdict, copied: bool) -> Weighed:
        facts = one.facts
        recorded_on = local_day(facts.recorded_at or facts.ingested_at, self._pack.zone)
        return Weighed(facts.id, recorded_on, facts.duration_ms, one.size_bytes, copied, before, after)

    def _verdict(self, term: str | None) -> Verdict:
        """A term as a verdict: of these it is only asked when they end."""
        found = self._verdicts.get(term)
        if found is None:
            until = None if term in (None, NO_END) else date.fromisoformat(str(term))
            why = Why(Ground(Reason.PERIOD, until), (), None)
            found = Keep(until, why) if until is None or self._today <= until else Due(until, why)
            self._verdicts[term] = found
        return found
