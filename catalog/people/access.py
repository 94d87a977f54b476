"""Who may do what, and where: one table of roles and acts. What does not stand in it is refused.

Roles answer QX articles 8 and 13 (a leader answers for it, one recorder manager keeps it), CL articles 7 and 13, QH
article 34 (one office keeps and provides), WX article 22 and QX article 15 (nobody looks without approval).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

# Of an account's departments: all of them, also those that stand in no tree.
EVERYWHERE = "*"


class Role(StrEnum):
    """What somebody is here for. Stands in the custody log: never renamed."""

    OFFICER = "officer"
    RECORDER_MANAGER = "recorder-manager"
    ARCHIVIST = "archivist"
    LEADER = "leader"
    INSPECTOR = "inspector"
    SYSTEM_ADMINISTRATOR = "system-administrator"
    AUDITOR = "auditor"


class Act(StrEnum):
    """What one may do. Stands in the custody log: never renamed."""

    LIST_CLIPS = "list-clips"
    VIEW_CLIP = "view-clip"
    FILE_CLIP = "file-clip"
    MARK_SECRET = "mark-secret"
    ATTRIBUTE_CLIP = "attribute-clip"
    SETTLE_TIME = "settle-time"
    EXPLAIN_GAP = "explain-gap"
    REVIEW_GAP = "review-gap"
    LIST_CASES = "list-cases"
    MANAGE_CASES = "manage-cases"
    REQUEST = "request"
    APPROVE_REQUEST = "approve-request"
    COPY_OUT = "copy-out"
    PROVIDE = "provide"
    HAND_OVER = "hand-over"
    RECEIVE = "receive"
    PLACE_HOLD = "place-hold"
    LIFT_HOLD = "lift-hold"
    PROPOSE_DISPOSAL = "propose-disposal"
    APPROVE_DISPOSAL = "approve-disposal"
    CONFIRM_CHANGE = "confirm-change"
    INSPECT = "inspect"
    REPORT = "report"
    LIST_PEOPLE = "list-people"
    MANAGE_PEOPLE = "manage-people"
    MANAGE_RECORDERS = "manage-recorders"
    KEEP_LEDGER = "keep-ledger"
    REPORT_FAULT = "report-fault"
    MANAGE_ACCOUNTS = "manage-accounts"
    CONFIGURE = "configure"
    READ_HISTORY = "read-history"
    READ_AUDIT = "read-audit"


class Scope(StrEnum):
    """Where a role may do an act: on what is his own, in his departments and those below, everywhere, nowhere."""

    OWN = "own"
    DEPARTMENT = "dept"
    ALL = "all"
    NONE = "-"


# Columns: officer, recorder-manager, archivist, leader, inspector, system-administrator, auditor. `view-clip` is where
# a role may look at all; an approved request opens single clips beyond it, for roles that can look somewhere.
_TABLE = """
                  officer manager archivist leader inspector administrator auditor
list-clips        own     dept    dept      dept   dept      -             dept
view-clip         own     own     dept      dept   dept      -             -
file-clip         own     dept    dept      dept   -         -             -
mark-secret       -       -       dept      dept   -         -             -
attribute-clip    -       dept    -         dept   -         -             -
settle-time       -       dept    -         dept   -         -             -
explain-gap       own     dept    -         -      -         -             -
review-gap        -       -       -         dept   -         -             -
list-cases        own     -       dept      dept   dept      -             dept
manage-cases      own     -       dept      dept   -         -             -
request           dept    dept    dept      dept   dept      -             -
approve-request   -       -       -         dept   -         -             -
copy-out          -       -       dept      -      -         -             -
provide           -       -       dept      -      -         -             -
hand-over         -       dept    dept      -      -         -             -
receive           -       -       dept      -      -         -             -
place-hold        -       -       dept      dept   -         -             -
lift-hold         -       -       -         dept   -         -             -
propose-disposal  -       -       dept      -      -         -             -
approve-disposal  -       -       -         dept   -         -             -
confirm-change    -       -       -         dept   -         -             -
inspect           -       -       -         -      dept      -             -
report            -       dept    dept      dept   dept      -             dept
list-people       own     dept    dept      dept   dept      all           dept
manage-people     -       dept    -         -      -         all           -
manage-recorders  -       dept    -         -      -         all           -
keep-ledger       -       dept    -         -      -         -             -
report-fault      own     dept    -         -      -         -             -
manage-accounts   -       -       -         -      -         all           -
configure         -       -       -         -      -         all           -
read-history      -       -       dept      dept   dept      -             all
read-audit        -       -       -         -      -         -             all
"""

# Acts that show what was recorded. The system administrator has none of them, whatever he administers.
PICTURES = frozenset({Act.VIEW_CLIP, Act.COPY_OUT, Act.PROVIDE, Act.INSPECT})
# Acts that change nothing: the auditor has no other, and no act switches the audit off.
READS = frozenset(
    {Act.LIST_CLIPS, Act.LIST_CASES, Act.LIST_PEOPLE, Act.REPORT, Act.READ_HISTORY, Act.READ_AUDIT, Act.VIEW_CLIP}
)
# Duties apart: who does the first of a pair may not have done the second in the same matter.
APART: Mapping[Act, Act] = MappingProxyType(
    {
        Act.APPROVE_REQUEST: Act.REQUEST,
        Act.APPROVE_DISPOSAL: Act.PROPOSE_DISPOSAL,
        Act.REVIEW_GAP: Act.EXPLAIN_GAP,
        Act.RECEIVE: Act.HAND_OVER,
        # Who asks for the lifting of a hold is one who may place it.
        Act.LIFT_HOLD: Act.PLACE_HOLD,
        # What makes recordings due begins as a class, a case or a rule pack; who may ask for it may not confirm it.
        Act.CONFIRM_CHANGE: Act.FILE_CLIP,
    }
)


def _read(text: str) -> Mapping[Role, Mapping[Act, Scope]]:
    rows = [line.split() for line in text.strip().splitlines()[1:]]
    return MappingProxyType(
        {
            role: MappingProxyType({Act(row[0]): Scope(row[column]) for row in rows})
            for column, role in enumerate(Role, start=1)
        }
    )


TABLE = _read(_TABLE)


class Secrecy(StrEnum):
    """Marks that need a clearance of the same name (QH article 37). Stand in the custody log."""

    STATE = "state-secret"
    TRADE = "trade-secret"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the custody log names him (`user:li`), and his officer's number: two accounts may be one person."""

    actor: str
    officer: str | None = None

    def same(self, other: Person) -> bool:
        """Whether both are one human being, as far as is known."""
        return self.actor == other.actor or (self.officer is not None and self.officer == other.officer)


@dataclass(frozen=True, slots=True)
class Account:
    """Who signed in. `departments` are all that he reaches, those below his own included, or EVERYWHERE."""

    name: str
    role: Role
    departments: frozenset[str] = frozenset()
    officer: str | None = None
    clearance: frozenset[Secrecy] = frozenset()

    @property
    def person(self) -> Person:
        """The one behind the account."""
        return Person(f"user:{self.name}", self.officer)


@dataclass(frozen=True, slots=True)
class Granted:
    """He may."""


class Why(StrEnum):
    """Why not. Stands in the custody log: never renamed."""

    ROLE = "role-has-no-such-right"
    DEPARTMENT = "not-his-department"
    NOT_OWN = "not-his-own"
    CLEARANCE = "not-cleared"
    SAME_PERSON = "same-person"
    NOT_SIGNED_IN = "not-signed-in"
    REQUEST = "request-does-not-open-it"


@dataclass(frozen=True, slots=True)
class Refused:
    """He may not, and why."""

    why: Why


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an act is open to somebody: `departments` None is everywhere; with `owner` only what is this officer's.

    For lists: what a list may show at all. OWN of an account without an officer's number reaches nothing.
    """

    scope: Scope
    departments: frozenset[str] | None = frozenset()
    owner: str | None = None

    def why_not(self, department: str | None, owner: str | None) -> Why | None:
        """Why something of this department and officer lies beyond it; None when it does not."""
        if self.scope is Scope.NONE:
            return Why.ROLE
        if self.scope is Scope.OWN:
            return None if self.owner is not None and owner == self.owner else Why.NOT_OWN
        if self.departments is None or (department is not None and department in self.departments):
            return None
        return Why.DEPARTMENT


EVERYTHING = Reach(Scope.ALL, None)


def reach(account: Account, act: Act) -> Reach:
    """Where an account may do an act."""
    scope = TABLE.get(account.role, {}).get(act, Scope.NONE)
    if scope is Scope.ALL:
        return EVERYTHING
    if scope is Scope.OWN:
        return Reach(scope, None, account.officer)
    if scope is Scope.DEPARTMENT:
        return Reach(scope, None if EVERYWHERE in account.departments else account.departments)
    return Reach(Scope.NONE)


def allowed(
    account: Account,
    act: Act,
    department: str | None,
    *,
    owner: str | None = None,
    marks: Collection[Secrecy] = (),
    first: Collection[Person] = (),
) -> Granted | Refused:
    """Whether somebody may do this here.

    `department` and `owner` (an officer's number) are those of what it is done to; None: it has none, and then only who
    may do it everywhere may. `marks` are the secrecy marks of what would be shown. `first` is who asked, explained or
    handed over: an act of APART without any is refused, because nobody can tell that it is a second person.
    """
    why = reach(account, act).why_not(department, owner)
    if why is not None:
        return Refused(why)
    if act in APART and (not first or any(account.person.same(one) for one in first)):
        return Refused(Why.SAME_PERSON)
    if act in PICTURES and not set(marks) <= account.clearance:
        return Refused(Why.CLEARANCE)
    return Granted()


def opened_by_request(account: Account, act: Act, marks: Collection[Secrecy] = ()) -> Granted | Refused:
    """Whether an approved request opens its clips to somebody for this act, beyond his departments.

    Never for a role that shows no pictures anywhere, and never beyond a clearance.
    """
    if TABLE.get(account.role, {}).get(act, Scope.NONE) is Scope.NONE:
        return Refused(Why.ROLE)
    return Granted() if set(marks) <= account.clearance else Refused(Why.CLEARANCE)
