"""What the catalogue hands out of departments, officers, recorders and accounts. Times are aware and UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# States of a recorder in the register; the first is the only one in which it may be worn.
IN_SERVICE = "in-service"
FAULTY, AT_MAKER, LOST, RETIRED = "faulty", "at-maker", "lost", "retired"
STATES = (IN_SERVICE, FAULTY, AT_MAKER, LOST, RETIRED)

# States of a fault beside LOST; the last two end it.
REPORTED, INSPECTED, SOUND, SENT, BACK, SCRAPPED = "reported", "inspected", "sound", "sent", "back", "scrapped"
OPEN_FAULT_STATES = (REPORTED, INSPECTED, SOUND, SENT, LOST)


@dataclass(frozen=True, slots=True)
class Department:
    """A department: `id` is what recordings are filed under, `name` what people call it."""

    id: str
    name: str
    parent: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer by the number that recorders and files name."""

    number: str
    name: str
    department: str
    active: bool


@dataclass(frozen=True, slots=True)
class Registered:
    """A recorder of the agency's, whether it ever docked or not."""

    recorder: str
    department: str
    model: str | None
    serial: str | None
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class Issue:
    """A line of the ledger: who had which recorder from when to when; `until` None: he has it still.

    `due` is by when it must be back, None: it is his for good. `issued_by` and `returned_by` are who wrote it down, as
    the custody log names them. `withdrawn` is the reason for which a line counts no more.
    """

    id: str
    recorder: str
    officer: str
    since: datetime
    until: datetime | None
    due: datetime | None
    issued_by: str
    returned_by: str | None
    lender: str | None
    note: str
    return_note: str | None
    withdrawn: str | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as it is kept. `departments` are those it was given, without those below; `password` is the digest of
    what is stored of the password, None when it has none.
    """

    name: str
    role: str
    departments: list[str]
    officer: str | None
    clearance: list[str]
    login: str | None
    password: str | None
    failures: int
    locked: bool
    locked_until: datetime | None
    locked_reason: str | None
    created_at: datetime

    def locked_at(self, moment: datetime) -> bool:
        """Whether nobody can sign in under it then."""
        return self.locked and (self.locked_until is None or moment < self.locked_until)


@dataclass(frozen=True, slots=True)
class RecorderFault:
    """A fault of a recorder, damage or loss: `what` is `fault`, `damage` or `lost`; `state` how far people are with it.

    `holder` is the officer who had it when it was reported. `private_repair` is what an inspection found of a repair by
    somebody who may not. `ended_at` None: it is open, and the recorder out of service.
    """

    id: str
    recorder: str
    what: str
    state: str
    text: str
    holder: str | None
    reported_by: str
    reported_at: datetime
    inspected_by: str | None
    inspected_at: datetime | None
    finding: str | None
    private_repair: str | None
    sent_to: str | None
    sent_by: str | None
    sent_at: datetime | None
    sent_note: str | None
    ended_by: str | None
    ended_at: datetime | None
    ended_note: str | None
