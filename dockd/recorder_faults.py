"""What may be done with a fault of a recorder as it stands, and by whom: stop use, report, inspect, maker, back.

Officers report what they wear; the recorder manager does all else. There is no step for a repair by somebody else than
the maker: what shows one is written down as a finding of the inspection (CL 19, YX 21: 不得私自拆装和更换).
"""

from __future__ import annotations

from catalog.people.access import Act
from catalog.people.attributing import holders
from catalog.people.fault_events import (
    FaultInspected,
    FaultReported,
    RecorderBack,
    RecorderLost,
    RecorderScrapped,
    RecorderSent,
)
from catalog.people.fault_queries import faults_of, find_fault
from catalog.people.model import INSPECTED, SENT, SOUND, RecorderFault, Registered
from catalog.people.queries import ledger_of, registered

from .assembly import Opened
from .errors import NotFitting
from .people.acting import acting, require
from .people.peopling import record


def report(opened: Opened, recorder: str, text: str, *, damage: bool) -> str:
    """Report a fault or damage; its id. Raises NotAllowed, NotFitting."""
    holder = _may_report(opened, recorder)
    if faults_of(opened.station.catalog, recorder=recorder):
        raise NotFitting("fault-open", recorder=recorder)
    fault = opened.station.random_hex(16)
    what = "damage" if damage else "fault"
    record(opened, [FaultReported(fault, recorder, what, text, acting(opened).actor, holder)])
    return fault


def lost(opened: Opened, recorder: str, text: str) -> str:
    """Report a loss, also of a recorder with an open fault; the fault's id. Raises NotAllowed, NotFitting."""
    holder = _may_report(opened, recorder)
    there = faults_of(opened.station.catalog, recorder=recorder)
    fault = there[0].id if there else opened.station.random_hex(16)
    record(opened, [RecorderLost(fault, recorder, text, acting(opened).actor, holder)])
    return fault


def inspect(opened: Opened, name: str, finding: str, *, sound: bool, private_repair: str | None) -> RecorderFault:
    """Write down what an inspection found. Raises NotAllowed, NotFitting, NotFound."""
    fault = _open(opened, name, Act.KEEP_LEDGER)
    by = acting(opened).actor
    record(opened, [FaultInspected(fault.id, fault.recorder, finding, sound, private_repair, by)])
    return fault


def send(opened: Opened, name: str, to: str, note: str) -> RecorderFault:
    """Send an inspected recorder to its maker. Raises NotAllowed, NotFitting, NotFound."""
    fault = _open(opened, name, Act.KEEP_LEDGER)
    if fault.state != INSPECTED:
        raise NotFitting("not-yet-inspected", recorder=fault.recorder)
    record(opened, [RecorderSent(fault.id, fault.recorder, to, note, acting(opened).actor)])
    return fault


def give_back(opened: Opened, name: str, note: str) -> RecorderFault:
    """Put a recorder back into service. Raises NotAllowed, NotFitting, NotFound."""
    fault = _open(opened, name, Act.KEEP_LEDGER)
    if fault.state not in (SOUND, SENT):
        raise NotFitting("not-mended", recorder=fault.recorder)
    record(opened, [RecorderBack(fault.id, fault.recorder, note, acting(opened).actor)])
    return fault


def scrap(opened: Opened, name: str, reason: str) -> RecorderFault:
    """Take a recorder out of service for good. Raises NotAllowed, NotFitting, NotFound."""
    fault = _open(opened, name, Act.MANAGE_RECORDERS)
    record(opened, [RecorderScrapped(fault.id, fault.recorder, reason, acting(opened).actor)])
    return fault


def _open(opened: Opened, name: str, act: Act) -> RecorderFault:
    fault = find_fault(opened.station.catalog, name)
    require(opened, act, _known(opened, fault.recorder).department)
    if fault.ended_at is not None:
        raise NotFitting("fault-over", recorder=fault.recorder)
    return fault


def _may_report(opened: Opened, recorder: str) -> str | None:
    """Who has the recorder now, when whoever acts may report it: what is his own, or his department's."""
    line = _known(opened, recorder)
    has = holders(ledger_of(opened.station.catalog, recorder), opened.station.clock())
    holder = has[0].officer if has else None
    require(opened, Act.REPORT_FAULT, line.department, owner=holder)
    return holder


def _known(opened: Opened, recorder: str) -> Registered:
    """A recorder's line in the register. Raises NotFitting."""
    line = registered(opened.station.catalog, recorder)
    if line is None:
        raise NotFitting("unknown-recorder", recorder=recorder)
    return line
