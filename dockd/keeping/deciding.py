"""Until when recordings are kept, at this station: the rule pack that counts, terms, and the reasons for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from catalog.keeping.events import PackAdopted
from catalog.keeping.model import AdoptedPack, TermFacts
from catalog.keeping.queries import adopted_pack
from catalog.keeping.terms import term_facts
from retention.next_change import Change, next_changes
from retention.pack import Pack
from retention.pack_faults import PackFaults
from retention.periods import local_day
from retention.terms import Judge, verdict_on
from retention.verdicts import Verdict

from ..assembly import Opened
from ..errors import PackNotAdopted, PackUnusable
from ..people.peopling import record
from .packs import known_packs


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


def refuse_unless_adopted(pack: Pack, adopted: AdoptedPack | None) -> None:
    """Raises PackNotAdopted when terms are decided by another pack, or by none yet."""
    if not is_adopted(pack, adopted):
        raise PackNotAdopted(pack.name, "" if adopted is None else adopted.pack)


def decide(opened: Opened, pack: Pack) -> int:
    """Work out all terms that are to be decided; how many. The first pack of a station is adopted by it.

    Raises PackNotAdopted when another pack counts, CatalogFault.
    """
    adopted = adopted_pack(opened.station.catalog)
    if adopted is None:
        record(opened, [PackAdopted(pack.name, pack.digest, opened.actor, 0)])
    else:
        refuse_unless_adopted(pack, adopted)
    judge = Judge(pack)
    decided = 0
    while some := opened.station.catalog.decide_terms(judge):
        decided += some
    return decided


def why(opened: Opened, pack: Pack, clip: str, term: str | None) -> Told:
    """The verdict on one clip by a pack, as of today; on a destroyed one what it would be. Raises CatalogFault."""
    known: TermFacts
    (known,) = term_facts(opened.station.catalog, [clip], destroyed=True)
    verdict = verdict_on(known, pack, agency_day(opened, pack))
    return Told(verdict, term, next_changes(verdict))
