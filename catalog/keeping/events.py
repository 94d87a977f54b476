"""What people decide of the keeping of recordings: holds, and the rule pack that counts.

People act by name; what they may do is asked before an event is made (catalog.people.access), and stands here for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..event import Event


@dataclass(frozen=True, slots=True)
class HoldPlaced(Event):
    """What lies under this hold stays (CL 11, YX 13, WX 19, QH 33, QX 14(2)3).

    `trigger` is a trigger of the rule pack, None for another reason; `long_term` marks it for 长期保存. `scope` is
    `clips`, `session`, `case` or `event`; `about` says which: `session`, `case`, or of an event `since`, `until`,
    `officers`, `recorders`, `place` and `within_m`. `clips` are those that it was seen to hold; a session or a case
    also holds what else is in it, and what joins it. `departments` are those of what it holds.
    """

    KIND = "hold-placed"
    hold: str
    trigger: str | None
    long_term: bool
    reason: str
    by: str
    scope: str
    about: dict[str, Any]
    departments: list[str]
    clips: list[str]


@dataclass(frozen=True, slots=True)
class HoldWidened(Event):
    """More recordings came under a hold: later arrivals that fit its event, or what a person added by hand.

    `departments` are those of all that it holds now.
    """

    KIND = "hold-widened"
    hold: str
    by: str
    clips: list[str]
    departments: list[str]
    reason: str


@dataclass(frozen=True, slots=True)
class HoldLiftAsked(Event):
    """Someone asked to lift a hold; a second person decides."""

    KIND = "hold-lift-asked"
    hold: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldLiftRefused(Event):
    """The second person refused to lift a hold: it stays."""

    KIND = "hold-lift-refused"
    hold: str
    asked_by: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldLifted(Event):
    """A hold ended: asked by one, granted by another."""

    KIND = "hold-lifted"
    hold: str
    asked_by: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PackAdopted(Event):
    """From here on terms are decided by this rule pack, and all of them anew.

    `pack_digest` is of what the pack says (retention.pack.Pack.digest); `made_due` how many recordings that stayed
    until then may go under it, as whoever adopted it was shown; 0 for the first pack of a station.
    """

    KIND = "pack-adopted"
    pack: str
    pack_digest: str
    by: str
    made_due: int
