"""What faults do to the tables. As long as one is open, the state of its recorder in the register is the fault's:
nobody puts it back into service but by ending the fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, or_, select, update

from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from .fault_tables import recorder_faults
from .model import (
    AT_MAKER,
    BACK,
    FAULTY,
    IN_SERVICE,
    INSPECTED,
    LOST,
    OPEN_FAULT_STATES,
    REPORTED,
    RETIRED,
    SCRAPPED,
    SENT,
    SOUND,
)
from .tables import register

_LATER = (
    *("inspected_by", "inspected_at", "finding", "private_repair", "sent_to", "sent_by", "sent_at", "sent_note"),
    *("ended_by", "ended_at", "ended_note"),
)


def recorder_changed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """Change a line of the register; its state only when no fault of the recorder is open. Raises BadEvent."""
    opened = _open(entry, data).exists()
    own = update(register).where(register.c.station == entry.station, register.c.recorder == data["recorder"])
    may = own.where(or_(register.c.state == data["state"], ~opened))
    fold.one(entry, may.values(**{name: value for name, value in data.items() if name != "recorder"}))


def _reported(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _begin(fold, entry, data, data["what"], REPORTED)
    _register(fold, entry, data, FAULTY)


def _lost(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    if fold.connection.scalar(_open(entry, data).where(recorder_faults.c.id == data["fault"])) is None:
        _begin(fold, entry, data, LOST, LOST)
    else:
        _go(fold, entry, data, OPEN_FAULT_STATES, LOST)
    _register(fold, entry, data, LOST)


def _begin(fold: Fold, entry: CustodyEntry, data: Row, what: str, state: str) -> None:
    fold.flush()
    if fold.connection.scalar(_open(entry, data)) is not None:
        raise BadEvent(entry.kind, f"entry {entry.seq}: a fault of it is open")
    row = {"id": data["fault"], "station": entry.station, "what": what, "state": state}
    row |= {name: data[name] for name in ("recorder", "text", "holder")}
    fold.add(recorder_faults, row | {"reported_by": data["by"], "reported_at": entry.at} | dict.fromkeys(_LATER))


def _inspected(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    found = {"inspected_by": data["by"], "inspected_at": entry.at, "finding": data["finding"]}
    if data["private_repair"] is not None:
        # What was once found stays on record, whatever a later inspection says.
        found["private_repair"] = data["private_repair"]
    _go(fold, entry, data, OPEN_FAULT_STATES, SOUND if data["sound"] else INSPECTED, **found)
    _register(fold, entry, data, FAULTY)


def _sent(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    sent = {"sent_to": data["to"], "sent_by": data["by"], "sent_at": entry.at, "sent_note": data["note"]}
    _go(fold, entry, data, (INSPECTED,), SENT, **sent)
    _register(fold, entry, data, AT_MAKER)


def _back(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    ended = {"ended_by": data["by"], "ended_at": entry.at, "ended_note": data["note"]}
    _go(fold, entry, data, (SOUND, SENT), BACK, **ended)
    _register(fold, entry, data, IN_SERVICE)


def _scrapped(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    ended = {"ended_by": data["by"], "ended_at": entry.at, "ended_note": data["reason"]}
    _go(fold, entry, data, OPEN_FAULT_STATES, SCRAPPED, **ended)
    _register(fold, entry, data, RETIRED)


def _open(entry: CustodyEntry, data: Row) -> Select[tuple[str]]:
    one = select(recorder_faults.c.id).where(recorder_faults.c.station == entry.station)
    return one.where(recorder_faults.c.recorder == data["recorder"], recorder_faults.c.ended_at.is_(None))


def _go(fold: Fold, entry: CustodyEntry, data: Row, was: Sequence[str], state: str, **values: object) -> None:
    one = update(recorder_faults).where(recorder_faults.c.id == data["fault"])
    one = one.where(recorder_faults.c.station == entry.station, recorder_faults.c.recorder == data["recorder"])
    fold.one(entry, one.where(recorder_faults.c.state.in_(was)).values(state=state, **values))


def _register(fold: Fold, entry: CustodyEntry, data: Row, state: str) -> None:
    own = update(register).where(register.c.station == entry.station, register.c.recorder == data["recorder"])
    fold.one(entry, own.values(state=state))


ACTS: dict[str, Act] = {
    "fault-reported": _reported,
    "recorder-lost": _lost,
    "fault-inspected": _inspected,
    "recorder-sent": _sent,
    "recorder-back": _back,
    "recorder-scrapped": _scrapped,
}
