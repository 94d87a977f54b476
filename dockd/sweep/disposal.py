"""What people do with a proposed disposal: endorse, approve, refuse; let a sweep that stopped go on.

Whoever acts is asked for by `dockd.people.acting`; facts and holds of the batch are read anew in the transaction that
writes the step down, and what is no longer due is spared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from catalog.disposing.events import (
    DisposalApproved,
    DisposalEndorsed,
    DisposalRefused,
    SweepAllowed,
)
from catalog.disposing.model import APPROVED, DONE, ENDORSED, NONE, OPEN, PROPOSED, STOPPED, TWO, BatchRow, SweepRow
from catalog.disposing.queries import clips_in, find_batch, last_sweep
from catalog.event import Event
from catalog.keeping.model import TermFacts
from catalog.keeping.queries import adopted_pack
from catalog.people import access
from catalog.people.access import Act, Granted, Person
from retention.pack import Pack

from ..assembly import Opened
from ..keeping.deciding import agency_day, refuse_unless_adopted, set_pack
from ..keeping.holding import require_in
from ..ledger import export
from ..people.acting import acting, person_named, require
from ..people.peopling import record
from .errors import DisposalCount, DisposalNotDone
from .sweeping import spared_of

# Who proposes: the sweep, which is nobody. A second person is then anybody.
_SWEEP = Person("dockd")


def endorse(opened: Opened, batch: str) -> BatchRow:
    """The archivist's yes to a batch, named by the beginning of its id; the batch as it stands then.

    Raises NotFound, Ambiguous, NotAllowed, DisposalNotDone, PackNotAdopted.
    """
    found = find_batch(opened.station.catalog, batch)
    require(opened, Act.PROPOSE_DISPOSAL, found.department)
    if found.approval != TWO:
        raise DisposalNotDone(found.id, "no-endorsement-asked")
    _refuse_unless(found, PROPOSED)
    by = acting(opened).actor
    return _decided(opened, found, lambda left: DisposalEndorsed(found.id, by, left))


def approve(opened: Opened, batch: str, count: int | None) -> BatchRow:
    """The leader's yes, as another person; the grace period begins. `count` is how many recordings he means to let go.

    Raises NotFound, Ambiguous, NotAllowed, DisposalNotDone, PackNotAdopted, DisposalCount (nothing was recorded).
    """
    found = find_batch(opened.station.catalog, batch)
    first = _SWEEP if found.endorsed_by is None else person_named(opened, found.endorsed_by)
    require(opened, Act.APPROVE_DISPOSAL, found.department, first=(first,))
    if found.approval == NONE:
        raise DisposalNotDone(found.id, "no-approval-asked")
    _refuse_unless(found, ENDORSED if found.approval == TWO else PROPOSED)
    by = acting(opened).actor

    def yes(left: int) -> Event:
        if left != count:
            raise DisposalCount(count, left)
        return DisposalApproved(found.id, by, left)

    return _decided(opened, found, yes)


def refuse(opened: Opened, batch: str, reason: str) -> BatchRow:
    """No to a batch, at any time before it is destroyed: nothing more of it goes. One of the two who may say yes may.

    Raises NotFound, Ambiguous, NotAllowed, DisposalNotDone.
    """
    found = find_batch(opened.station.catalog, batch)
    who = acting(opened)
    may = who.account is not None and access.allowed(who.account, Act.PROPOSE_DISPOSAL, found.department)
    if not isinstance(may, Granted):
        require(opened, Act.APPROVE_DISPOSAL, found.department, first=(_SWEEP,))
    _refuse_unless(found, *OPEN)
    record(opened, [DisposalRefused(found.id, who.actor, reason)])
    return find_batch(opened.station.catalog, found.id)


def allow(opened: Opened, count: int | None) -> SweepRow:
    """Let the last sweep, which stopped, go on: the next one does. `count` is all that it meant to propose and destroy.

    Raises NotAllowed, DisposalNotDone (the last one did not stop), DisposalCount.
    """
    last = last_sweep(opened.station.catalog)
    if last is None or last.state != STOPPED:
        raise DisposalNotDone("" if last is None else last.id, "not-stopped")
    departments = last.departments or [opened.station.department]
    require_in(opened, Act.APPROVE_DISPOSAL, departments, first=(_SWEEP,))
    if last.asked_clips != count:
        raise DisposalCount(count, last.asked_clips)
    record(opened, [SweepAllowed(last.id, acting(opened).actor, last.asked_clips)])
    found = last_sweep(opened.station.catalog)
    assert found is not None
    return found


def _decided(opened: Opened, batch: BatchRow, yes: Callable[[int], Event]) -> BatchRow:
    """Spare what is not due any more, then say yes to what is left; an empty batch is over."""
    catalog = opened.station.catalog
    pack, today = _counting_pack(opened)
    ids = [clip.id for clip in clips_in(catalog, batch.id)]

    def judge(facts: list[TermFacts]) -> Sequence[Event]:
        spared = spared_of(batch.id, pack, today, facts)
        left = len(facts) - len(spared)
        return [*spared, yes(left)] if left else spared

    catalog.append_judged(ids, judge, actor=acting(opened).actor)
    export(opened.station)
    return find_batch(catalog, batch.id)


def _counting_pack(opened: Opened) -> tuple[Pack, date]:
    """The pack of the settings, when it is the adopted one, and today. Raises PackNotAdopted."""
    pack = set_pack(opened)
    refuse_unless_adopted(pack, adopted_pack(opened.station.catalog))
    return pack, agency_day(opened, pack)


def _refuse_unless(batch: BatchRow, *states: str) -> None:
    if batch.state in states:
        return
    over = {DONE: "done", APPROVED: "approved-already", ENDORSED: "endorsed-already", PROPOSED: "not-endorsed"}
    raise DisposalNotDone(batch.id, over.get(batch.state, "refused"))
