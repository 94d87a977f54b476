"""Roles, rights, states of recorders and refusals in words."""

from __future__ import annotations

from catalog.people import attributing
from catalog.people.access import Act, Role, Secrecy, Why

from .. import errors as own
from ..exits import Exit
from ..i18n import N_, _
from .sheet_words import fault_lines, sheet_faults
from .signing_in import NotIn

ROLES = {
    Role.OFFICER: N_("officer"),
    Role.RECORDER_MANAGER: N_("recorder manager"),
    Role.ARCHIVIST: N_("archivist"),
    Role.LEADER: N_("leader"),
    Role.INSPECTOR: N_("inspector"),
    Role.SYSTEM_ADMINISTRATOR: N_("system administrator"),
    Role.AUDITOR: N_("auditor"),
}

ACTS = {
    Act.LIST_CLIPS: N_("list recordings"),
    Act.VIEW_CLIP: N_("look at a recording"),
    Act.FILE_CLIP: N_("file a recording under a case or a class"),
    Act.MARK_SECRET: N_("mark a recording as secret"),
    Act.ATTRIBUTE_CLIP: N_("settle whose recording it is"),
    Act.SETTLE_TIME: N_("settle when it was recorded"),
    Act.EXPLAIN_GAP: N_("explain a gap"),
    Act.REVIEW_GAP: N_("review the explanation of a gap"),
    Act.LIST_CASES: N_("list cases"),
    Act.MANAGE_CASES: N_("open, change and close cases"),
    Act.REQUEST: N_("ask for recordings"),
    Act.APPROVE_REQUEST: N_("approve or refuse a request"),
    Act.COPY_OUT: N_("copy recordings out"),
    Act.PROVIDE: N_("provide recordings to a court or a review body"),
    Act.HAND_OVER: N_("hand recordings over"),
    Act.RECEIVE: N_("receive recordings"),
    Act.PLACE_HOLD: N_("place a hold"),
    Act.LIFT_HOLD: N_("lift a hold"),
    Act.PROPOSE_DISPOSAL: N_("propose a disposal"),
    Act.APPROVE_DISPOSAL: N_("approve a disposal"),
    Act.CONFIRM_CHANGE: N_("confirm a change that makes recordings due"),
    Act.INSPECT: N_("make spot checks"),
    Act.REPORT: N_("make reports"),
    Act.LIST_PEOPLE: N_("list departments, officers, recorders and the ledger"),
    Act.MANAGE_PEOPLE: N_("manage departments and officers"),
    Act.MANAGE_RECORDERS: N_("manage recorders"),
    Act.KEEP_LEDGER: N_("issue recorders and take them back"),
    Act.REPORT_FAULT: N_("report a fault"),
    Act.MANAGE_ACCOUNTS: N_("manage accounts"),
    Act.CONFIGURE: N_("configure the station"),
    Act.READ_HISTORY: N_("read what happened to a recording"),
    Act.READ_AUDIT: N_("read the custody log"),
}

SECRECY = {
    Secrecy.STATE: N_("state secret"),
    Secrecy.TRADE: N_("trade secret"),
    Secrecy.PERSONAL: N_("personal privacy"),
}

STATES = {
    "in-service": N_("in service"),
    "faulty": N_("faulty"),
    "at-maker": N_("with the maker"),
    "lost": N_("lost"),
    "retired": N_("retired"),
}

_UNATTRIBUTED = {
    attributing.Why.NO_ONE: N_("no one on record"),
    attributing.Why.TWO: N_("two on record at once"),
    attributing.Why.HAND_OVER: N_("it may have begun before or after a hand-over"),
    attributing.Why.TIME_UNKNOWN: N_("its time is unknown"),
    attributing.Why.NAME_DISAGREES: N_("its name says another officer than the ledger"),
    attributing.Why.BINDING_DISAGREES: N_("the recorder's binding file says another officer"),
    attributing.Why.NOTHING_SAYS: N_("nothing says whose it is"),
}

_BASES = {
    attributing.Basis.LEDGER: N_("by the ledger"),
    attributing.Basis.LENT: N_("by the ledger, lent"),
    attributing.Basis.CLAIMED: N_("as the recorder claims"),
    attributing.Basis.SETTLED: N_("settled by a person"),
}

_FITS = {
    "unknown-department": (
        N_("no department {department}"),
        N_("dockd department list shows them, dockd department add adds one"),
    ),
    "department-there": (N_("department {department} is there already"), N_("dockd department change changes it")),
    "circle": (N_("{department} would stand above itself"), N_("choose another --parent")),
    "officer-there": (N_("officer {officer} is there already"), N_("dockd officer change changes him")),
    "department-needed": (
        N_("recorder {recorder} is not in the register yet"),
        N_("--department says whose it is"),
    ),
    "unknown-recorder": (
        N_("recorder {recorder} is not in the register"),
        N_("dockd ledger register puts it there"),
    ),
    "not-in-service": (
        N_("recorder {recorder} may not be worn: {state}"),
        N_(
            "once it is mended: dockd recorder fault return; without a fault on record, dockd ledger register --state "
            "in-service"
        ),
    ),
    "fault-open": (
        N_("a fault of recorder {recorder} is open"),
        N_("dockd recorder fault show {recorder}; return, scrap or lost say how it ends"),
    ),
    "not-yet-inspected": (
        N_("recorder {recorder} was not inspected, or works"),
        N_("dockd recorder fault inspect first says what it is; only what is faulty goes to the maker"),
    ),
    "not-mended": (
        N_("recorder {recorder} was neither found sound nor at the maker"),
        N_("dockd recorder fault inspect --sound, or dockd recorder fault send"),
    ),
    "fault-over": (
        N_("this fault of recorder {recorder} is over"),
        N_("dockd recorder fault report opens another one"),
    ),
    "held": (
        N_("recorder {recorder} is with {officer} then: line {line}"),
        N_("dockd ledger return comes first; --lent-by writes down that it was passed on"),
    ),
    "lender-has-it-not": (
        N_("{officer} does not have recorder {recorder} then"),
        N_("dockd ledger list --recorder shows who has it"),
    ),
    "not-out": (N_("recorder {recorder} is with nobody"), N_("dockd ledger list --out shows what is out")),
    "future": (N_("this time has not come yet"), N_("give a time that has passed")),
    "ends-before": (N_("it would have come back before it was issued"), N_("give a later --until")),
    "account-there": (N_("account {name} is there already"), N_("dockd user role changes it")),
    "no-account": (N_("no account {name}"), N_("dockd user list shows them")),
    "first-administrator": (
        N_("the first account must be a system administrator"),
        N_("--role system-administrator: only he can add the others"),
    ),
    "last-administrator": (
        N_("{name} is the last system administrator who can sign in"),
        N_("make another one first"),
    ),
    "unfit-password": (
        N_("this password does not do"),
        N_("at least {n} characters, and not the account's name"),
    ),
    "login-taken": (N_("login {login} belongs to account {name}"), N_("a login acts as one account")),
    "cannot-recover": (
        N_("only who owns the station's key can recover an account, and only a system administrator's"),
        N_("let a system administrator set the password: dockd user password NAME"),
    ),
    "file-there": (N_("{path} is already there"), N_("nothing is ever replaced; choose another name")),
    "one-table": (
        N_("a CSV file holds one table"),
        N_("--only departments, officers, recorders or ledger; an .xlsx file holds all of them"),
    ),
}

_UNREADABLE = {
    "too-large": N_("it is larger than any list of an agency's people"),
    "unreadable": N_("it cannot be read"),
    "no-table": N_("it is no table"),
    "no-text": N_("its characters are neither UTF-8 nor GB 18030"),
    "no-workbook": N_("it is no workbook that can be read"),
}

_WHYS = {
    Why.ROLE: N_("this role has no such right"),
    Why.DEPARTMENT: N_("it belongs to another department"),
    Why.NOT_OWN: N_("it is not his own"),
    Why.CLEARANCE: N_("it is marked secret, and the account has no clearance for that"),
    Why.SAME_PERSON: N_("a second person must do it"),
    Why.NOT_SIGNED_IN: N_("nobody is signed in"),
    Why.REQUEST: N_("no request opens it to him now"),
}


def told(
    error: own.NotAllowed | own.SignInRefused | own.NotFitting | own.SheetUnreadable | own.SheetFaults,
) -> tuple[str, str, Exit, tuple[str, ...]]:
    """What an error about people means: sentence, hint, exit code, and a line for each finding."""
    match error:
        case own.NotAllowed():
            return *not_allowed(error), Exit.NOT_ALLOWED, ()
        case own.SignInRefused():
            return *sign_in_refused(error), Exit.NOT_ALLOWED, ()
        case own.NotFitting():
            return *not_fitting(error), Exit.REFUSED, ()
        case own.SheetUnreadable():
            return *sheet_unreadable(error), Exit.REFUSED, ()
        case own.SheetFaults():
            return *sheet_faults(error), Exit.REFUSED, fault_lines(error.faults)


def not_allowed(error: own.NotAllowed) -> tuple[str, str]:
    """The sentence for a refusal, and its hint."""
    sentence = _("{actor} may not {act}: {why}").format(
        actor=error.actor, act=_(ACTS[error.act]), why=_(_WHYS[error.why])
    )
    if error.department is not None and error.why is Why.DEPARTMENT:
        sentence += f" ({error.department})"
    if error.why is Why.NOT_SIGNED_IN:
        return sentence, _("dockd --as NAME …, or have your login bound to an account: dockd user role NAME --login")
    if error.why is Why.DEPARTMENT:
        hint = _(
            "the refusal is on record; a system administrator gives accounts departments: dockd user role NAME "
            "--department"
        )
        return sentence, hint
    return sentence, _("the refusal is on record; docs/people.md says which role may do what")


def sign_in_refused(error: own.SignInRefused) -> tuple[str, str]:
    """The sentence for a sign-in that failed, and its hint."""
    if error.why is NotIn.CHANGED:
        return (
            _("what is stored of the password of {name} is not what the custody log says").format(name=error.name),
            _("somebody changed the file of passwords; look into it, then give the account a new password"),
        )
    if error.why is NotIn.WRONG:
        return (
            _("{name} was not signed in").format(name=error.name),
            _("the name or the password is wrong; the attempt is on record"),
        )
    if error.until is None:
        return _("{name} is locked").format(name=error.name), _("dockd user unlock, by a system administrator")
    return (
        _("{name} is locked until {until}").format(name=error.name, until=f"{error.until:%Y-%m-%dT%H:%MZ}"),
        _("too many wrong passwords; wait, or have it unlocked: dockd user unlock"),
    )


def not_fitting(error: own.NotFitting) -> tuple[str, str]:
    """The sentence for what does not fit what is on record, and its hint."""
    sentence, hint = _FITS[error.what]
    facts = {name: _(STATES[value]) if name == "state" else value for name, value in error.facts.items()}
    return _(sentence).format(**facts), _(hint).format(**facts)


def sheet_unreadable(error: own.SheetUnreadable) -> tuple[str, str]:
    """The sentence for a file that is no spreadsheet, and its hint."""
    sentence = _("{path}: {reason}").format(path=error.path, reason=_(_UNREADABLE[error.why]))
    return sentence, _("give an .xlsx workbook, or a .csv file; docs/people.md shows their columns")


def why_text(why: Why) -> str:
    """Why somebody was refused, in a few words."""
    return _(_WHYS[why])


def attribution_text(said: attributing.Attribution) -> str:
    """Whose a recording is and on what that rests, or why it is nobody's yet."""
    if said.why is not None:
        return _("unattributed: {why}").format(why=_(_UNATTRIBUTED[said.why]))
    return f"{said.officer} ({_(_BASES[said.basis])})"
