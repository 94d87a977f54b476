"""What commands about holds share: what a hold would hold, who may place, widen and lift it, and what is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.cases.queries import clips_of_case, find_case, points_of_clips
from catalog.changes.queries import ids_under_hold
from catalog.keeping.events import HoldLiftAsked, HoldLifted, HoldLiftRefused, HoldPlaced, HoldWidened
from catalog.keeping.fitting import Event as Happened
from catalog.keeping.fitting import fits
from catalog.keeping.model import ACTIVE, LIFT_ASKED, LIFTED, HoldRow
from catalog.keeping.queries import clips_around, holds_placed
from catalog.model import Clip
from catalog.people.access import Act, Person, Reach

from ..assembly import Opened
from ..errors import HoldRefused
from ..people.acting import acting, person_named, require
from ..people.peopling import record
from ..sweep.errors import DisposalNotDone


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a hold would hold: its scope and what that is about, the clips there are, and their departments."""

    scope: str
    about: dict[str, Any]
    clips: tuple[Clip, ...]
    departments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A clip that fits the event of a hold and does not lie under it."""

    hold: HoldRow
    clip: Clip


def of_clips(opened: Opened, names: Sequence[str]) -> Wanted:
    """A hold on single clips. Raises NotFound, Ambiguous, DisposalNotDone (it was destroyed)."""
    found = [opened.station.catalog.find_clip(name) for name in dict.fromkeys(names)]
    _refuse_destroyed(found)
    return Wanted("clips", {}, tuple(found), _departments(found))


def of_session(opened: Opened, name: str) -> Wanted:
    """A hold on a docking session. Raises NotFound, Ambiguous."""
    session = opened.station.catalog.find_session(name)
    found = _living(opened.station.catalog.clips_of_session(session.id))
    return Wanted("session", {"session": session.id}, tuple(found), _departments(found, session.department))


def of_case(opened: Opened, name: str) -> Wanted:
    """A hold on a case. Raises NotFound, Ambiguous."""
    case = find_case(opened.station.catalog, name)
    found = _living(clips_of_case(opened.station.catalog, case.id))
    return Wanted("case", {"case": case.id}, tuple(found), _departments(found, case.department))


def of_event(opened: Opened, event: Happened) -> Wanted:
    """A hold on all clips of a place and a time, from every recorder."""
    found = _fitting(opened, event)
    return Wanted("event", event.about(), tuple(found), _departments(found, opened.station.department))


def _fitting(opened: Opened, event: Happened, besides: str | None = None) -> list[Clip]:
    catalog = opened.station.catalog
    near = clips_around(catalog, event.since, event.until, event.officers, event.recorders, besides)
    points = points_of_clips(catalog, [clip.id for clip in near]) if event.place is not None else {}
    return [clip for clip in near if fits(clip, event, points.get(clip.id, ()))]


def _living(found: Sequence[Clip]) -> list[Clip]:
    return [clip for clip in found if clip.destroyed_at is None]


def _refuse_destroyed(clips: Sequence[Clip]) -> None:
    for clip in clips:
        if clip.destroyed_at is not None:
            raise DisposalNotDone(clip.id, "destroyed")


def _departments(found: Sequence[Clip], *besides: str) -> tuple[str, ...]:
    return tuple(sorted({*besides, *(clip.department for clip in found)}))


# -------------------------------------------------------------------------------------------------------------- acts


def place(opened: Opened, wanted: Wanted, *, trigger: str | None, long_term: bool, reason: str) -> HoldPlaced:
    """Place a hold. Raises NotAllowed, BadEvent."""
    require_in(opened, Act.PLACE_HOLD, wanted.departments)
    event = HoldPlaced(
        hold=opened.station.random_hex(16),
        trigger=trigger,
        long_term=long_term,
        reason=reason,
        by=acting(opened).actor,
        scope=wanted.scope,
        about=wanted.about,
        departments=list(wanted.departments),
        clips=[clip.id for clip in wanted.clips],
    )
    record(opened, [event])
    return event


def widen(opened: Opened, hold: HoldRow, clips: Sequence[Clip], reason: str) -> list[Clip]:
    """Put more clips under a hold; those that were not under it. Raises NotAllowed, HoldRefused."""
    _refuse_unless(hold, ACTIVE, LIFT_ASKED)
    _refuse_destroyed(clips)
    departments = _departments(clips, *hold.departments)
    require_in(opened, Act.PLACE_HOLD, departments)
    there = set(ids_under_hold(opened.station.catalog, hold.id))
    new = [clip for clip in clips if clip.id not in there]
    if not new:
        raise HoldRefused(hold.id, "nothing-new")
    ids = [clip.id for clip in new]
    record(opened, [HoldWidened(hold.id, acting(opened).actor, ids, list(departments), reason)])
    return new


def ask_lift(opened: Opened, hold: HoldRow, reason: str) -> None:
    """Ask to lift a hold. Raises NotAllowed, HoldRefused."""
    _refuse_unless(hold, ACTIVE)
    require_in(opened, Act.PLACE_HOLD, hold.departments)
    record(opened, [HoldLiftAsked(hold.id, acting(opened).actor, reason)])


def lifting(opened: Opened, hold: HoldRow, reason: str) -> HoldLifted:
    """What lifts a hold that somebody asked to lift, granted by whoever acts; weighed and recorded by
    `dockd.changes.changing`.

    Raises NotAllowed, HoldRefused.
    """
    return HoldLifted(hold.id, *_second(opened, hold), reason)


def refuse_lift(opened: Opened, hold: HoldRow, reason: str) -> None:
    """Refuse the lifting, as a second person. Raises NotAllowed, HoldRefused."""
    record(opened, [HoldLiftRefused(hold.id, *_second(opened, hold), reason)])


def _second(opened: Opened, hold: HoldRow) -> tuple[str, str]:
    """Who asked to lift it, and who answers: somebody else, who may."""
    _refuse_unless(hold, LIFT_ASKED)
    asked_by = hold.asked_by or ""
    require_in(opened, Act.LIFT_HOLD, hold.departments, first=(person_named(opened, asked_by),))
    return asked_by, acting(opened).actor


def require_in(opened: Opened, act: Act, departments: Sequence[str], first: Sequence[Person] = ()) -> None:
    """Whoever acts may do this in all of these departments. Raises NotAllowed."""
    for department in departments:
        require(opened, act, department, first=first)


def _refuse_unless(hold: HoldRow, *states: str) -> None:
    if hold.state in states:
        return
    if hold.state == LIFTED:
        raise HoldRefused(hold.id, "lifted")
    raise HoldRefused(hold.id, "asked-already" if hold.state == LIFT_ASKED else "not-asked")


# -------------------------------------------------------------------------------------------------------------- lists


def shown_holds(opened: Opened, reach: Reach, **asked: Any) -> list[HoldRow]:
    """The holds of departments within reach; `asked` as for `holds_placed`."""
    found = holds_placed(opened.station.catalog, **asked)
    return [hold for hold in found if any(reach.why_not(one, None) is None for one in hold.departments)]


def proposals(opened: Opened, holds: Sequence[HoldRow]) -> list[Proposal]:
    """Later arrivals, and clips whose time was settled since, that fit the events of these holds."""
    return [
        Proposal(hold, clip)
        for hold in holds
        if hold.scope == "event" and hold.state != LIFTED
        for clip in _fitting(opened, Happened.of(hold.about), besides=hold.id)
    ]
