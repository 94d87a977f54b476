"""What is written down of recorders that fail, are damaged or lost: stop use, report, inspect, maker, back in service.

CL article 19, YX article 21, WX article 16 (stop at once, report, let professionals mend it, no private repair),
QX articles 16 and 17 (on record, inspected, sent to the maker by the recorder manager; who wears it answers for loss
and damage).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..event import Event


@dataclass(frozen=True, slots=True)
class FaultReported(Event):
    """A recorder fails (`what` is `fault`) or was damaged (`damage`): it is out of service from here on.

    `holder` is the officer who had it by the ledger then, None where nobody had.
    """

    KIND = "fault-reported"
    fault: str
    recorder: str
    what: str
    text: str
    by: str
    holder: str | None


@dataclass(frozen=True, slots=True)
class RecorderLost(Event):
    """A recorder is missing, with all that is on it; of one with an open fault `fault` is that one."""

    KIND = "recorder-lost"
    fault: str
    recorder: str
    text: str
    by: str
    holder: str | None


@dataclass(frozen=True, slots=True)
class FaultInspected(Event):
    """The recorder manager looked at it: `sound` when it works after all, else it goes to the maker.

    `private_repair` says what shows that somebody took it apart who may not; no entry stands for such a repair itself.
    """

    KIND = "fault-inspected"
    fault: str
    recorder: str
    finding: str
    sound: bool
    private_repair: str | None
    by: str


@dataclass(frozen=True, slots=True)
class RecorderSent(Event):
    """An inspected recorder went to its maker, or to whom the maker has authorised."""

    KIND = "recorder-sent"
    fault: str
    recorder: str
    to: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class RecorderBack(Event):
    """A recorder is in service again: found sound, or back from the maker."""

    KIND = "recorder-back"
    fault: str
    recorder: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class RecorderScrapped(Event):
    """A recorder will not be in service again."""

    KIND = "recorder-scrapped"
    fault: str
    recorder: str
    reason: str
    by: str
