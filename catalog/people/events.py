"""What is written down of departments, officers, recorders, the issue ledger, accounts and refusals."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..event import Event


@dataclass(frozen=True, slots=True)
class DepartmentRegistered(Event):
    """A department was added to the tree. `department` is what recordings are filed under and never changes."""

    KIND = "department-registered"
    department: str
    name: str
    parent: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class DepartmentChanged(Event):
    """A department has another name or place in the tree, or was closed. All fields are as they are now."""

    KIND = "department-changed"
    department: str
    name: str
    parent: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class OfficerRegistered(Event):
    """An officer is on record. `person` is the number by which recorders and files name him."""

    KIND = "officer-registered"
    person: str
    name: str
    department: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class OfficerChanged(Event):
    """An officer has another name or department, or left. All fields are as they are now."""

    KIND = "officer-changed"
    person: str
    name: str
    department: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class RecorderRegistered(Event):
    """A recorder belongs to the agency (QX article 8): `recorder` is the name it docks under.

    `state` is one of catalog.people.model.STATES.
    """

    KIND = "recorder-registered"
    recorder: str
    department: str
    model: str | None = None
    serial: str | None = None
    state: str = "in-service"
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecorderChanged(Event):
    """A recorder went to another department or into another state. All fields are as they are now."""

    KIND = "recorder-changed"
    recorder: str
    department: str
    model: str | None = None
    serial: str | None = None
    state: str = "in-service"
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecorderIssued(Event):
    """A line of the ledger (台账): `person`, an officer's number, has the recorder from `since` (UTC) on.

    `due` is by when it must be back, None: it is his for good. `lender` is the officer who passed it on, where the
    ledger still has it with him: lending shows (QX article 18(6)).
    """

    KIND = "recorder-issued"
    issue: str
    recorder: str
    person: str
    since: str
    due: str | None = None
    lender: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecorderReturned(Event):
    """A line of the ledger ended: the recorder came back at `until` (UTC)."""

    KIND = "recorder-returned"
    issue: str
    recorder: str
    person: str
    until: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class IssueWithdrawn(Event):
    """A line of the ledger was wrong and counts no more. It stays to be seen, with the reason."""

    KIND = "issue-withdrawn"
    issue: str
    recorder: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipAttributed(Event):
    """Whose recording a clip is was settled by a person, or follows anew from a changed ledger.

    `basis` and `why` are those of catalog.people.attributing; `officer` is None when nobody can be named. `reason` is
    what the person said.
    """

    KIND = "clip-attributed"
    clip: str
    officer: str | None
    basis: str
    why: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class AccountCreated(Event):
    """Somebody may sign in. `login` is the account of the system that acts as this one without a password."""

    KIND = "account-created"
    person: str
    role: str
    departments: list[str]
    officer: str | None = None
    clearance: list[str] = field(default_factory=list)
    login: str | None = None


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """An account has another role, reach, clearance or login. All fields are as they are now."""

    KIND = "account-changed"
    person: str
    role: str
    departments: list[str]
    officer: str | None = None
    clearance: list[str] = field(default_factory=list)
    login: str | None = None


@dataclass(frozen=True, slots=True)
class PasswordSet(Event):
    """An account has a new password. `digest` is the BLAKE3 of what is stored of it: it shows when the store was
    changed, and nothing of the password, because what is stored begins with 128 random bits.
    """

    KIND = "password-set"
    person: str
    digest: str


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """Somebody signed in with his password; failed attempts before it are forgotten."""

    KIND = "signed-in"
    person: str


@dataclass(frozen=True, slots=True)
class SignInFailed(Event):
    """A sign-in was refused. `person` is None for a name that is no account: what was typed may be a password."""

    KIND = "sign-in-failed"
    person: str | None


@dataclass(frozen=True, slots=True)
class AccountLocked(Event):
    """Nobody can sign in under this name until `until` (UTC), or until it is unlocked."""

    KIND = "account-locked"
    person: str
    until: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class AccountUnlocked(Event):
    """The lock of an account is taken off, and its failed attempts are forgotten."""

    KIND = "account-unlocked"
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class ActRefused(Event):
    """Somebody wanted to do what he may not (catalog.people.access); what it was about, where that is known."""

    KIND = "act-refused"
    person: str
    act: str
    why: str
    department: str | None = None
    clip: str | None = None
    case: str | None = None
    request: str | None = None
