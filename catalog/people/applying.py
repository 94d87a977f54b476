"""What people, recorders, the ledger and accounts do to the tables."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Table, func, select, update

from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..tables import clips
from .fault_applying import recorder_changed
from .tables import accounts, departments, issues, officers, register


def _added(table: Table, key: str, named: str) -> Act:
    """Puts a row in, with the others of its run: a spreadsheet of ten thousand officers is one statement."""

    def act(fold: Fold, entry: CustodyEntry, data: Row) -> None:
        row = {name: value for name, value in data.items() if name != named}
        fold.later(table, row | {key: data[named], "station": entry.station})

    return act


def _changed(table: Table, key: str, named: str) -> Act:
    def act(fold: Fold, entry: CustodyEntry, data: Row) -> None:
        values = {name: value for name, value in data.items() if name != named}
        own = update(table).where(table.c.station == entry.station, table.c[key] == data[named])
        fold.one(entry, own.values(**values))

    return act


def _issued(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {name: data[name] for name in ("recorder", "since", "due", "lender", "note")}
    row |= {"id": data["issue"], "officer": data["person"], "station": entry.station, "issued_by": entry.actor}
    row |= dict.fromkeys(("until", "returned_by", "return_note", "withdrawn"))
    fold.later(issues, row)


def _returned(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    line = update(issues).where(issues.c.id == data["issue"], issues.c.station == entry.station)
    came_back = {"until": data["until"], "returned_by": entry.actor, "return_note": data["note"]}
    fold.one(entry, line.where(issues.c.until.is_(None)).values(**came_back))


def _withdrawn(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    line = update(issues).where(issues.c.id == data["issue"], issues.c.station == entry.station)
    fold.one(entry, line.values(withdrawn=data["reason"]))


def _attributed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    said = {"officer": data["officer"], "officer_basis": data["basis"], "officer_why": data["why"]}
    fold.one(entry, update(clips).where(clips.c.id == data["clip"]).values(**said))


def _account_created(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _refuse_taken_login(fold, entry, data)
    row = {name: value for name, value in data.items() if name != "person"}
    row |= {"station": entry.station, "name": data["person"], "created_at": entry.at}
    row |= {"failures": 0, "locked": False, "password": None, "locked_until": None, "locked_reason": None}
    fold.add(accounts, row)


def _account_changed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _refuse_taken_login(fold, entry, data)
    _changed(accounts, "name", "person")(fold, entry, data)


def _refuse_taken_login(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """Who acts without a password must be one account and no other."""
    if data["login"] is None:
        return
    fold.flush()
    same = select(func.count()).where(
        accounts.c.station == entry.station, accounts.c.login == data["login"], accounts.c.name != data["person"]
    )
    if fold.connection.scalar(same):
        raise BadEvent(entry.kind, f"entry {entry.seq}: login {data['login']} is another account's")


def _on_account(values: Callable[[Row], Row]) -> Act:
    def act(fold: Fold, entry: CustodyEntry, data: Row) -> None:
        own = update(accounts).where(accounts.c.station == entry.station, accounts.c.name == data["person"])
        fold.one(entry, own.values(**values(data)))

    return act


_OPEN = {"failures": 0, "locked": False, "locked_until": None, "locked_reason": None}


def _failed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    if data["person"] is not None:
        _on_account(lambda _data: {"failures": accounts.c.failures + 1})(fold, entry, data)


ACTS: dict[str, Act] = {
    "department-registered": _added(departments, "id", "department"),
    "department-changed": _changed(departments, "id", "department"),
    "officer-registered": _added(officers, "number", "person"),
    "officer-changed": _changed(officers, "number", "person"),
    "recorder-registered": _added(register, "recorder", "recorder"),
    "recorder-changed": recorder_changed,
    "recorder-issued": _issued,
    "recorder-returned": _returned,
    "issue-withdrawn": _withdrawn,
    "clip-attributed": _attributed,
    "account-created": _account_created,
    "account-changed": _account_changed,
    "password-set": _on_account(lambda data: {"password": data["digest"]}),
    "signed-in": _on_account(lambda _data: _OPEN),
    "sign-in-failed": _failed,
    "account-locked": _on_account(
        lambda data: {"locked": True, "locked_until": data["until"], "locked_reason": data["reason"]}
    ),
    "account-unlocked": _on_account(lambda _data: _OPEN),
}
