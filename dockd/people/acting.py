"""Who acts on the command line, and whether he may.

`dockd --as NAME` signs in with a password; without it the account bound to the login of the system acts. As long as a
station has no accounts, whoever may run dockd there is its operator and may do everything ("setup").

This is not a wall against the owner of the machine: who may write the catalogue's file can change it, and
`dockd verify` shows it. It says who did what, and keeps everybody else to his duties.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Collection
from dataclasses import dataclass
from typing import NoReturn

import click

from catalog.people import access
from catalog.people.access import Account, Act, Granted, Person, Reach, Secrecy, Why
from catalog.people.events import ActRefused
from catalog.people.queries import account_for, account_named, account_of_login, accounts_exist

from ..assembly import Opened, reading
from ..errors import HomeFault, NotAllowed, SignInRefused
from ..i18n import _
from .passwords import Passwords
from .signing_in import NotIn, NotSignedIn, sign_in

PASSWORD_FILE = "DOCKD_PASSWORD_FILE"


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts. `actor` is his name in the custody log: `user:li`; `setup:root` before there are accounts; `os:root` of
    a login that is bound to none and may do only what asks nobody.
    """

    actor: str
    account: Account | None
    setup: bool = False

    @property
    def person(self) -> Person:
        """The one who acts, for rules about second persons."""
        return self.account.person if self.account is not None else Person(self.actor)


def person_named(opened: Opened, actor: str) -> Person:
    """Who is behind a name of the custody log: two accounts may be one person."""
    account = account_named(opened.station.catalog, actor.removeprefix("user:")) if actor.startswith("user:") else None
    return Person(actor) if account is None else account.person


def login() -> str:
    """The account of the system that runs this: by its number, since the environment may claim anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def acting(opened: Opened) -> Acting:
    """Who acts; asked once a command. Raises SignInRefused."""
    if opened.acting is None:
        opened.acting = _whoever(opened)
    return opened.acting


def require(
    opened: Opened,
    act: Act,
    department: str | None,
    *,
    owner: str | None = None,
    marks: Collection[Secrecy] = (),
    first: Collection[Person] = (),
    clip: str | None = None,
    case: str | None = None,
    request: str | None = None,
) -> Acting:
    """Whoever acts, when he may do this here; the arguments are those of `access.allowed`.

    A refusal is a custody entry, about `clip`, `case` or `request`. Raises NotAllowed, SignInRefused.
    """
    who = acting(opened)
    why = _why_not(who, act, department, owner, marks, first)
    if why is not None:
        refuse(opened, act, why, department, clip=clip, case=case, request=request)
    return who


def require_reach(opened: Opened, act: Act) -> Reach:
    """Where whoever acts may do this, for lists. Nowhere is a refusal. Raises NotAllowed, SignInRefused."""
    who = acting(opened)
    if who.setup:
        return access.EVERYTHING
    if who.account is None:
        refuse(opened, act, Why.NOT_SIGNED_IN, None)
    found = access.reach(who.account, act)
    if found.scope is access.Scope.NONE:
        refuse(opened, act, Why.ROLE, None)
    return found


def reach_of_lists(opened: Opened) -> Reach:
    """What lists of holds, batches and sweeps may show: that of departments. Who sees only what is his own sees none.

    Raises NotAllowed, SignInRefused.
    """
    found = require_reach(opened, Act.LIST_CLIPS)
    if found.scope is access.Scope.OWN:
        refuse(opened, Act.LIST_CLIPS, Why.NOT_OWN, None)
    return found


def refuse(
    opened: Opened,
    act: Act,
    why: Why,
    department: str | None,
    *,
    clip: str | None = None,
    case: str | None = None,
    request: str | None = None,
) -> NoReturn:
    """Write the refusal down and raise NotAllowed. An unsafe database takes no entries; it is refused all the same."""
    who = acting(opened)
    name = who.account.name if who.account is not None else who.actor
    entry = ActRefused(name, act.value, why.value, department, clip, case, request)
    if not opened.station.catalog.findings:
        opened.station.catalog.append([entry], actor=who.actor)
    raise NotAllowed(who.actor, act, why, department)


def _why_not(
    who: Acting,
    act: Act,
    department: str | None,
    owner: str | None,
    marks: Collection[Secrecy],
    first: Collection[Person],
) -> Why | None:
    if who.account is not None:
        said = access.allowed(who.account, act, department, owner=owner, marks=marks, first=first)
        return None if isinstance(said, Granted) else said.why
    if not who.setup:
        return Why.NOT_SIGNED_IN
    # Even a station without accounts keeps duties apart.
    if act in access.APART and (not first or any(who.person.same(one) for one in first)):
        return Why.SAME_PERSON
    return None


def _whoever(opened: Opened) -> Acting:
    catalog = opened.station.catalog
    name = _named()
    if name is not None:
        return _signed_in(opened, name)
    if not accounts_exist(catalog):
        return Acting(f"setup:{login()}", None, setup=True)
    row = account_of_login(catalog, login())
    if row is None or row.locked_at(opened.station.clock()):
        return Acting(f"os:{login()}", None)
    account = account_for(catalog, row)
    return Acting(account.person.actor, account)


def _named() -> str | None:
    """The name given by --as, of the command that runs."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.find_root().params.get("as_name")


def _signed_in(opened: Opened, name: str) -> Acting:
    if not accounts_exist(opened.station.catalog):
        raise SignInRefused(name, NotIn.WRONG, None)
    passwords = Passwords(opened.home.keys_dir)
    said = sign_in(opened.station.catalog, passwords, name, _given_password(name), opened.station.clock())
    if isinstance(said, NotSignedIn):
        raise SignInRefused(name, said.why, said.until)
    return Acting(said.person.actor, said)


def _given_password(name: str) -> str:
    asked: str | None = password_in_file(PASSWORD_FILE)
    if asked is None:
        asked = click.prompt(_("password of {name}").format(name=name), hide_input=True, err=True)
    return asked


def password_in_file(variable: str) -> str | None:
    """The first line of the file that a variable of the environment names; None when there is no such variable.

    Raises HomeFault.
    """
    path = os.environ.get(variable)
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except OSError as error:
        raise HomeFault(path, "read", error) from error


def require_to_examine(home: str | None, act: Act) -> None:
    """Whoever acts, before he looks at a database that may be unsafe; a refusal is written down where one can write.

    Raises NotAllowed, SignInRefused beside what `reading` raises.
    """
    with reading(home, examining=True) as opened:
        unsafe = bool(opened.station.catalog.findings)
    with reading(home, examining=unsafe) as opened:
        require(opened, act, None)
