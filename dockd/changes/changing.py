"""Changes that may make recordings due: done at once where they make none due; else one proposes, a second confirms.

The second person types how many recordings become due. It is weighed anew then, and once more when this station's turn
to write has come, so that what is confirmed is what is done. Above a share of the archive it is refused outright.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from catalog.cases.events import CaseEdited
from catalog.changes.events import ChangeConfirmed, ChangeProposed, ChangeRefused
from catalog.changes.model import PROPOSED, ChangeRow
from catalog.errors import BadEvent
from catalog.event import Event
from catalog.keeping.events import PackAdopted
from catalog.keeping.model import HoldRow
from catalog.keeping.queries import adopted_pack
from catalog.kinds import parse
from catalog.people import access
from catalog.people.access import Act, Why
from retention.changing import Plan

from ..assembly import Opened
from ..errors import Busy, CountDiffers
from ..keeping.deciding import is_adopted, set_pack
from ..keeping.holding import lifting, require_in
from ..people.acting import acting, person_named, refuse, require_reach
from ..people.peopling import record
from .errors import AboveShare, ChangeNotDone
from .weighing import Weighing, nothing_since, weigh

# How often a pack is weighed anew because something was written meanwhile.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Made:
    """What came of asking for a change: it is `done`, or waits as `change` for a second person; neither: a dry run."""

    plan: Plan
    done: bool = False
    change: str | None = None


def make(opened: Opened, events: Sequence[Event], *, dry_run: bool = False) -> Made:
    """Do what makes nothing due; propose what does. With `dry_run` neither.

    Whether whoever acts may do it was asked before. Raises AboveShare, PackUnusable, BadEvent, CatalogFault.
    """
    found = weigh(opened, events)
    if dry_run:
        return Made(found.plan)
    _refuse_above_share(opened, found)
    if not found.plan.made_due:
        _put(opened, (), events, found)
        return Made(found.plan, done=True)
    proposed = ChangeProposed(
        change=opened.station.random_hex(16),
        acts=[{"kind": event.KIND, "data": event.data()} for event in _as_counted(events, found)],
        by=acting(opened).actor,
        departments=list(found.departments),
        made_due=found.plan.made_due,
        size_bytes=found.plan.size_bytes,
        plan_digest=found.digest,
    )
    record(opened, [proposed])
    return Made(found.plan, change=proposed.change)


def weigh_again(opened: Opened, change: ChangeRow) -> Weighing:
    """What a change that was proposed would make due as things stand now. Raises ChangeNotDone when it fits no more."""
    return weigh(opened, _acts_of(opened, change))


def confirm(opened: Opened, change: ChangeRow, count: int) -> Plan:
    """Do what was proposed, as a second person who says how many recordings become due.

    Raises ChangeNotDone, NotAllowed, AboveShare, CountDiffers, PackUnusable, CatalogFault.
    """
    _refuse_unless_proposed(change)
    first = (person_named(opened, change.proposed_by),)
    require_in(opened, Act.CONFIRM_CHANGE, change.departments, first=first)
    acts = _acts_of(opened, change)
    found = weigh(opened, acts)
    require_in(opened, Act.CONFIRM_CHANGE, found.departments, first=first)
    _refuse_above_share(opened, found)
    told = found.plan
    if count != told.made_due:
        raise CountDiffers(count, told.made_due)
    by = acting(opened).actor
    confirmed = ChangeConfirmed(change.id, change.proposed_by, by, told.made_due, told.size_bytes, found.digest)
    try:
        _put(opened, (confirmed,), acts, found)
    except BadEvent as error:
        raise ChangeNotDone(change.id, "fits-no-more") from error
    return told


def turn_down(opened: Opened, change: ChangeRow, reason: str) -> None:
    """Refuse a change as a second person, or take back one's own. Raises ChangeNotDone, NotAllowed."""
    _refuse_unless_proposed(change)
    proposer = person_named(opened, change.proposed_by)
    who = acting(opened)
    if not who.person.same(proposer):
        require_in(opened, Act.CONFIRM_CHANGE, change.departments, first=(proposer,))
    record(opened, [ChangeRefused(change.id, who.actor, reason)])


def grant_lift(opened: Opened, hold: HoldRow, reason: str, *, count: int | None, dry_run: bool) -> Plan:
    """Lift a hold as a second person who says how many recordings become due by it; None: none. `dry_run` only shows.

    Raises NotAllowed, HoldRefused, AboveShare, CountDiffers, PackUnusable, CatalogFault.
    """
    lifted = lifting(opened, hold, reason)
    found = weigh(opened, [lifted])
    if not dry_run:
        _refuse_above_share(opened, found)
        if (count or 0) != found.plan.made_due:
            raise CountDiffers(count, found.plan.made_due)
        _put(opened, (), [lifted], found)
    return found.plan


# ------------------------------------------------------------------------------------------------------------ showing


def may_see(opened: Opened, change: ChangeRow) -> bool:
    """Whether a list shows it to whoever acts: his own, and what touches departments within his reach."""
    who = acting(opened)
    if who.account is not None and who.actor == change.proposed_by:
        return True
    reach = require_reach(opened, Act.LIST_CLIPS) if who.account is None else access.reach(who.account, Act.LIST_CLIPS)
    return any(reach.why_not(department, None) is None for department in change.departments)


def require_seen(opened: Opened, change: ChangeRow) -> None:
    """Whoever acts may see this change. Raises NotAllowed."""
    if not may_see(opened, change):
        refuse(opened, Act.LIST_CLIPS, Why.DEPARTMENT, change.departments[0])


# ---------------------------------------------------------------------------------------------------------- mechanism


def _acts_of(opened: Opened, change: ChangeRow) -> list[Event]:
    """The entries that were proposed. Raises ChangeNotDone when something came in between that they would undo."""
    acts = [parse(one["kind"], one["data"]) for one in change.acts]
    for act in acts:
        if isinstance(act, PackAdopted):
            pack = set_pack(opened)
            adopted = adopted_pack(opened.station.catalog)
            if (pack.name, pack.digest) != (act.pack, act.pack_digest) or is_adopted(pack, adopted):
                raise ChangeNotDone(change.id, "other-pack")
        elif isinstance(act, CaseEdited):
            later = (entry for entry in opened.station.catalog.log_about(act.case) if entry.seq > change.seq)
            if any(entry.kind == CaseEdited.KIND for entry in later):
                raise ChangeNotDone(change.id, "fits-no-more")
    return acts


def _as_counted(events: Sequence[Event], found: Weighing) -> list[Event]:
    """A pack says of itself how many recordings it made due."""
    made_due = found.plan.made_due
    return [replace(event, made_due=made_due) if isinstance(event, PackAdopted) else event for event in events]


def _refuse_above_share(opened: Opened, found: Weighing) -> None:
    if found.plan.refused:
        permille = opened.config.change.refuse_above_permille
        raise AboveShare(found.plan.made_due, found.plan.size_bytes, permille)


def _refuse_unless_proposed(change: ChangeRow) -> None:
    if change.state != PROPOSED:
        raise ChangeNotDone(change.id, change.state)


def _put(opened: Opened, before: Sequence[Event], acts: Sequence[Event], found: Weighing) -> None:
    """Write entries down in one transaction, unless they make other recordings due by now. Raises CountDiffers.

    If anything was written since they were weighed, they are weighed once more in the station's turn to write. A pack
    takes as long as the whole archive, and dockings must not wait for that: it is weighed outside, and tried again.
    Raises Busy when something was written each time.
    """
    whole = any(isinstance(act, PackAdopted) for act in acts)

    def still() -> None:
        if nothing_since(opened, found):
            return
        if whole:
            raise _WrittenSince
        _refuse_other(found, weigh(opened, acts, found.pack))

    for _try in range(_TRIES):
        try:
            return record(opened, [*before, *_as_counted(acts, found)], still)
        except _WrittenSince:
            now = weigh(opened, acts, found.pack)
            _refuse_other(found, now)
            found = now
    raise Busy(None, None, None)


class _WrittenSince(Exception):
    """Something was written since a pack was weighed."""


def _refuse_other(told: Weighing, now: Weighing) -> None:
    if now.digest != told.digest:
        raise CountDiffers(told.plan.made_due, now.plan.made_due)
