"""Until when recordings are kept, at this station: the rule pack that counts, terms, and the reasons for one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from catalog.keeping.events import PackAdopted
from catalog.keeping.model import NO_END, AdoptedPack, TermFacts
from catalog.keeping.queries import adopted_pack, archive_size, term_counts
from catalog.keeping.terms import all_term_facts, term_facts
from retention.changing import Archive, Plan, Weighed, plan
from retention.next_change import Change, next_changes
from retention.pack import Pack
from retention.pack_faults import PackFaults
from retention.periods import local_day
from retention.terms import Judge, verdict_on
from retention.verdicts import Due, Ground, Keep, Reason, Verdict, Why

from .assembly import Opened
from .errors import CountDiffers, PackNotAdopted, PackUnusable
from .packs import known_packs
from .peopling import record


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict on one clip, its term as the catalogue has it, and what can change it."""

    verdict: Verdict
    term: str | None
    changes: tuple[Change, ...]


def set_pack(opened: Opened) -> Pack:
    """The rule pack that the settings name. Raises PackUnusable, OSError."""
    name = opened.config.retention.pack
    found = known_packs(opened.home)
    if isinstance(found, PackFaults):
        raise PackUnusable(name, found)
    for pack in found:
        if pack.name == name:
            return pack
    raise PackUnusable(name)


def agency_day(opened: Opened, pack: Pack) -> date:
    """Today in the agency's zone."""
    return local_day(opened.station.clock(), pack.zone)


def is_adopted(pack: Pack, adopted: AdoptedPack | None) -> bool:
    """Whether terms are decided by this very pack: its name and all that it says."""
    return adopted is not None and (adopted.pack, adopted.digest) == (pack.name, pack.digest)


def decide(opened: Opened, pack: Pack) -> int:
    """Work out all terms that are to be decided; how many. The first pack of a station is adopted by it.

    Raises PackNotAdopted when another pack counts, CatalogFault.
    """
    adopted = adopted_pack(opened.station.catalog)
    if adopted is None:
        record(opened, [PackAdopted(pack.name, pack.digest, opened.actor, 0)])
    elif not is_adopted(pack, adopted):
        raise PackNotAdopted(pack.name, adopted.pack)
    judge = Judge(pack)
    decided = 0
    while some := opened.station.catalog.decide_terms(judge):
        decided += some
    return decided


def adopting(opened: Opened, pack: Pack) -> Plan:
    """What adopting a pack would change, measured against the terms that are worked out; nothing is changed.

    A clip whose term is to be decided counts as one that stays. Raises CatalogFault.
    """
    catalog, today = opened.station.catalog, agency_day(opened, pack)
    archive = Archive(term_counts(catalog, today.isoformat()).clips, archive_size(catalog))
    # The share above which a change would be refused is for whoever destroys: nothing goes by this.
    return plan(_weighed(opened, pack, today), archive, refuse_above_permille=1000)


def _weighed(opened: Opened, pack: Pack, today: date) -> Iterator[Weighed]:
    judge = Judge(pack)
    for facts, term, size_bytes in all_term_facts(opened.station.catalog):
        recorded_on = local_day(facts.recorded_at or facts.ingested_at, pack.zone)
        before, after = (_standing(one, today) for one in (term, judge(facts)))
        yield Weighed(facts.id, recorded_on, facts.duration_ms, size_bytes, False, before, after)


def _standing(term: str | None, today: date) -> Verdict:
    """A term as a verdict: of these it is only asked when they end."""
    until = None if term in (None, NO_END) else date.fromisoformat(str(term))
    why = Why(Ground(Reason.PERIOD, until), (), None)
    return Keep(until, why) if until is None or today <= until else Due(until, why)


def adopt(opened: Opened, pack: Pack, count: int | None) -> Plan:
    """Adopt a pack: from here on it counts, and all terms are to be decided anew. What it changed.

    `count` is how many recordings whoever does it expects to become due; None: none. Raises CountDiffers.
    """
    found = adopting(opened, pack)
    if found.made_due != (count or 0):
        raise CountDiffers(count, found.made_due)
    record(opened, [PackAdopted(pack.name, pack.digest, opened.actor, found.made_due)])
    return found


def why(opened: Opened, pack: Pack, clip: str, term: str | None) -> Told:
    """The verdict on one clip by a pack, as of today. Raises CatalogFault."""
    known: TermFacts
    (known,) = term_facts(opened.station.catalog, [clip])
    verdict = verdict_on(known, pack, agency_day(opened, pack))
    return Told(verdict, term, next_changes(verdict))
