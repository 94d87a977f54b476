"""One bay of the dock: (bay, event) → (bay, acts). Nothing here waits, reads or writes; the daemon carries the acts out
and comes back with what they led to.

    idle ─► mounting ─► waiting ─► copying ─► [clearing] ─► take-it ─► idle
              └──────────── fault, with its reason, until the recorder is taken out

A recorder with several volumes has them taken in one after the other; the bay says "take it" when the last one is done.
A recorder that waits to be spoken to before it is a disk is spoken to ("mounting"), leaves, and comes back as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ..usb import Gone, Seen, why_no_recorder
from .events import (
    Act,
    Began,
    Clear,
    Cleared,
    Dock,
    Docked,
    Failed,
    Happened,
    Mount,
    Mounted,
    Refuse,
    Release,
    RulesChanged,
    Talk,
    TalkEnded,
    Why,
)


class State(StrEnum):
    """What a screen shows of a bay."""

    IDLE = "idle"
    UNKNOWN = "unknown-recorder"
    REFUSED = "refused"
    MOUNTING = "mounting"
    WAITING = "waiting"
    COPYING = "copying"
    CLEARING = "clearing"
    TAKE_IT = "take-it"
    FAULT = "fault"


# While one of these lasts somebody is at work on `current`.
BUSY = frozenset({State.MOUNTING, State.WAITING, State.COPYING, State.CLEARING})

# An answer counts only while its question stands.
ANSWERED_IN: dict[type, frozenset[State]] = {
    Mounted: frozenset({State.MOUNTING}),
    Began: frozenset({State.WAITING}),
    Docked: frozenset({State.COPYING}),
    Cleared: frozenset({State.CLEARING}),
    TalkEnded: frozenset({State.MOUNTING}),
    Failed: BUSY,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the station allows now: keys of enrolled recorders, and whether it takes in at all."""

    enrolled: frozenset[str]
    open: bool = True


@dataclass(frozen=True, slots=True)
class Bay:
    """One bay as it is now. `slot` is None for a port nobody bound; `volumes` wait behind `current`; `refused` is what
    was put on record, `talked` what was spoken to: udev tells of everything several times.
    """

    port: str
    slot: int | None = None
    priority: bool = False
    state: State = State.IDLE
    current: Seen | None = None
    volumes: tuple[Seen, ...] = ()
    done: tuple[Seen, ...] = ()
    refused: tuple[Seen, ...] = ()
    talked: tuple[str, ...] = ()
    why: str = ""
    detail: str = ""

    @property
    def seated(self) -> bool:
        """Whether anything is in it."""
        return self.state is not State.IDLE


def step(bay: Bay, event: Happened, rules: Rules) -> tuple[Bay, list[Act]]:
    """The bay after an event, and what is to be done. Events of a volume that is not the current one change nothing
    but the queue: a late answer about a recorder that has left must not touch the next one.
    """
    match event:
        case Seen():
            return _seen(bay, event, rules)
        case Gone():
            return _gone(bay, event, rules)
        case RulesChanged():
            return _rules_changed(bay, rules)
        case _ if bay.current is None or event.name != bay.current.name:
            return bay, []
        case _ if bay.state not in ANSWERED_IN[type(event)]:
            return bay, []
        case Mounted(path=path):
            return replace(bay, state=State.WAITING), [Dock(bay.current, path)]
        case Began():
            return replace(bay, state=State.COPYING), []
        case Docked():
            return _docked(bay, event, rules)
        case Cleared(kept=kept):
            bay = replace(bay, why=Why.NOT_CLEARED if kept else "", detail=str(kept) if kept else "")
            return _next(bay, rules)
        case TalkEnded():
            return _talked(bay, rules)
        case Failed():
            fault = replace(bay, state=State.FAULT, why=event.why, detail=event.detail)
            left = bay.current
            return fault, [Release(left)] if left is not None and left.driver is None else []
    raise AssertionError(event)


def _seen(bay: Bay, seen: Seen, rules: Rules) -> tuple[Bay, list[Act]]:
    if seen.name.startswith("usb:"):
        return _stranger(bay, seen, rules)
    known = (*bay.volumes, *bay.done, *bay.refused, *([bay.current] if bay.current else []))
    if any(one.name == seen.name and one.diskseq == seen.diskseq for one in known):
        return bay, []
    reason = why_no_recorder(seen)
    if reason is not None:
        if bay.current is not None:
            # One volume of a recorder that is of no use beside one that is: the good one goes on.
            return replace(bay, refused=(*bay.refused, seen)), [Refuse(seen, reason)]
        return _refused(bay, seen, reason)
    if bay.state in BUSY:
        return replace(bay, volumes=(*bay.volumes, seen)), []
    done = bay.done if bay.state is State.TAKE_IT else ()
    return _begin(replace(bay, volumes=(), done=done), seen, rules)


def _stranger(bay: Bay, seen: Seen, rules: Rules) -> tuple[Bay, list[Act]]:
    """A USB device in a bound bay that is no mass storage: its volume, should it have one, is refused anyhow. One that
    a driver speaks to is a recorder, once somebody enrolled it as it is now.
    """
    interfaces = seen.interfaces or ()
    hub = any(part.startswith("09") for part in interfaces)
    disk = seen.driver is None and all(part.startswith("08") for part in interfaces)
    if bay.slot is None or hub or bay.state in BUSY or disk or seen.name in bay.talked:
        return bay, []
    if any(one.name == seen.name for one in bay.refused):
        # udev tells of it three times: added, bound to its driver, and changed. It is refused once.
        return bay, []
    reason = why_no_recorder(seen)
    if reason is None:
        return _begin(replace(bay, volumes=(), done=()), seen, rules)
    return _refused(bay, seen, reason)


def _refused(bay: Bay, seen: Seen, reason: str) -> tuple[Bay, list[Act]]:
    """What sits in the bay is not let in, and it stays on the screen."""
    known = (*bay.refused, seen)
    shut = replace(bay, state=State.REFUSED, current=seen, refused=known, why="refused", detail=reason)
    return shut, [Refuse(seen, reason)]


def _begin(bay: Bay, seen: Seen, rules: Rules) -> tuple[Bay, list[Act]]:
    bay = replace(bay, current=seen, why="", detail="")
    if seen.key not in rules.enrolled:
        return replace(bay, state=State.UNKNOWN, why=Why.NOT_ENROLLED, detail=seen.key), []
    if not rules.open:
        return replace(bay, state=State.FAULT, why=Why.STATION), []
    if seen.driver is not None:
        return replace(bay, state=State.MOUNTING, talked=(*bay.talked, seen.name)), [Talk(seen)]
    return replace(bay, state=State.MOUNTING), [Mount(seen)]


def _docked(bay: Bay, event: Docked, rules: Rules) -> tuple[Bay, list[Act]]:
    assert bay.current is not None
    if event.clear and event.complete and not event.failed:
        return replace(bay, state=State.CLEARING), [Clear(bay.current)]
    if not event.complete:
        return replace(bay, state=State.FAULT, why=Why.STOPPED), [Release(bay.current)]
    if event.failed:
        fault = replace(bay, state=State.FAULT, why=Why.ENTRIES_FAILED, detail=str(event.failed))
        return fault, [Release(bay.current)]
    return _next(bay, rules)


def _next(bay: Bay, rules: Rules) -> tuple[Bay, list[Act]]:
    """The current volume is done: on to the next, or ready to be taken."""
    assert bay.current is not None
    acts: list[Act] = [Release(bay.current)]
    bay = replace(bay, done=(*bay.done, bay.current))
    if bay.volumes:
        following = bay.volumes[0]
        begun, more = _begin(replace(bay, volumes=bay.volumes[1:]), following, rules)
        return begun, acts + more
    return replace(bay, state=State.TAKE_IT), acts


def _gone(bay: Bay, gone: Gone, rules: Rules) -> tuple[Bay, list[Act]]:
    waiting = tuple(seen for seen in bay.volumes if seen.name != gone.name)
    done = tuple(seen for seen in bay.done if seen.name != gone.name)
    refused = tuple(seen for seen in bay.refused if seen.name != gone.name)
    talked = tuple(name for name in bay.talked if name != gone.name)
    bay = replace(bay, volumes=waiting, done=done, refused=refused, talked=talked)
    if bay.current is None or bay.current.name != gone.name:
        return bay, []
    left = bay.current
    if left.driver is not None:
        # It goes because it was told to: it comes back as a disk.
        return _talked(bay, rules)
    if bay.state in BUSY or (bay.state is State.FAULT and bay.why == Why.PULLED):
        # It stays on the screen until a recorder is seated again: somebody must know that it was too early.
        return replace(bay, state=State.FAULT, why=Why.PULLED, current=None), [Release(left)]
    if waiting:
        return _begin(replace(bay, volumes=waiting[1:]), waiting[0], rules)
    if done:
        return replace(bay, current=done[-1]), []
    return replace(bay, state=State.IDLE, current=None, why="", detail=""), []


def _talked(bay: Bay, rules: Rules) -> tuple[Bay, list[Act]]:
    """Nobody speaks to it any more: what comes next comes as a disk, and may be there already."""
    bay = replace(bay, state=State.IDLE, current=None, why="", detail="")
    return _begin(replace(bay, volumes=bay.volumes[1:]), bay.volumes[0], rules) if bay.volumes else (bay, [])


def _rules_changed(bay: Bay, rules: Rules) -> tuple[Bay, list[Act]]:
    if bay.current is None:
        return bay, []
    waits = bay.state is State.UNKNOWN and bay.current.key in rules.enrolled
    stopped = bay.state is State.FAULT and bay.why in (Why.STATION, Why.STOPPED) and rules.open
    return _begin(bay, bay.current, rules) if waits or stopped else (bay, [])


def next_to_copy(waiting: Iterable[tuple[int, Bay]], running: int, limit: int) -> int | None:
    """Which of the waiting bays a free worker takes up: priority bays first, then first come first served.

    `waiting` are (arrival, bay); the answer is an arrival number, None when nobody may begin.
    """
    queue = sorted(waiting, key=lambda pair: (not pair[1].priority, pair[0]))
    return queue[0][0] if queue and running < limit else None
