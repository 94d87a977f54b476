"""What proposing, confirming and refusing a change do to the tables. Nobody confirms what he proposed himself."""

from __future__ import annotations

from sqlalchemy import Update, update

from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from .model import CONFIRMED, PROPOSED, REFUSED
from .tables import changes


def _proposed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    if not data["acts"] or not all(one.keys() == {"kind", "data"} for one in data["acts"]):
        raise BadEvent(entry.kind, f"entry {entry.seq}: it does not say what would be done")
    names = ("acts", "departments", "made_due", "size_bytes", "plan_digest")
    row = {name: data[name] for name in names} | {"id": data["change"], "station": entry.station, "seq": entry.seq}
    row |= {"proposed_by": data["by"], "proposed_at": entry.at, "state": PROPOSED}
    fold.add(changes, row | dict.fromkeys(("answered_by", "answered_at", "answer_reason")))


def _confirmed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    # Neither the name that is said nor the one that wrote it is the proposer's.
    if data["proposed_by"] in (data["by"], entry.actor):
        raise BadEvent(entry.kind, f"entry {entry.seq}: proposed and confirmed by one person")
    same = _waiting(entry, data).where(changes.c.proposed_by == data["proposed_by"])
    counted = {name: data[name] for name in ("made_due", "size_bytes", "plan_digest")}
    fold.one(entry, same.values(state=CONFIRMED, answered_by=data["by"], answered_at=entry.at, **counted))


def _refused(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    answer = {"answered_by": data["by"], "answered_at": entry.at, "answer_reason": data["reason"]}
    fold.one(entry, _waiting(entry, data).values(state=REFUSED, **answer))


def _waiting(entry: CustodyEntry, data: Row) -> Update:
    this = update(changes).where(changes.c.id == data["change"], changes.c.station == entry.station)
    return this.where(changes.c.state == PROPOSED)


ACTS: dict[str, Act] = {
    "change-proposed": _proposed,
    "change-confirmed": _confirmed,
    "change-refused": _refused,
}
