"""`dockd user`: accounts, roles, locks and passwords."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from catalog.people.access import EVERYWHERE, Act, Role, Secrecy
from catalog.people.model import AccountRow

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _
from ..people.accounts import Accounts, Rights
from ..people.acting import acting, password_in_file, require
from ..people.peopling import TIME_FORMATS, given, known_department, say
from ..people.words import ROLES, SECRECY
from ..showing import echo_json, local_text
from ..wide import padded
from .options import JSON

NEW_PASSWORD_FILE = "DOCKD_NEW_PASSWORD_FILE"
_ROLE_NAMES = [role.value for role in Role]
_MARKS = [mark.value for mark in Secrecy]


@click.group(
    help=_(
        "Accounts: who may sign in, and what for. As long as there is none, whoever may run dockd here may do "
        "everything; the first must be a system administrator."
    )
)
def user() -> None:
    """The group."""


@user.command(
    "add",
    help=_(
        "Add an account. Its password is asked twice, read from the file that DOCKD_NEW_PASSWORD_FILE names, or made "
        "up and shown once (--generate).\n\n"
        "\b\nExamples:\n"
        "  dockd user add admin --role system-administrator --login root\n"
        "  dockd user add lihua --role leader --department 水务局 --officer 100001\n"
        "  dockd user add kan --role archivist --everywhere --clearance trade-secret --generate"
    ),
)
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(_ROLE_NAMES), help=_("What he is here for."))
@click.option("--department", "departments", multiple=True, help=_("He reaches it and all below it; may be repeated."))
@click.option("--everywhere", is_flag=True, help=_("He reaches all departments."))
@click.option("--officer", help=_("His number as an officer: what is his own, and whom he may not approve."))
@click.option("--clearance", multiple=True, type=click.Choice(_MARKS), help=_("Marks that he may look behind."))
@click.option("--login", help=_("The system's account that acts as this one without a password."))
@click.option("--generate", is_flag=True, help=_("Make a password up and show it once."))
@click.pass_obj
def add(
    home: str | None,
    name: str,
    role: str,
    departments: Sequence[str],
    everywhere: bool,
    officer: str | None,
    clearance: Sequence[str],
    login: str | None,
    generate: bool,
) -> int:
    """Create an account."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_ACCOUNTS, None)
        accounts = Accounts(opened)
        rights = Rights(
            Role(role), _departments(opened, departments, everywhere), officer, tuple(sorted(set(clearance))), login
        )
        accounts.refuse_new(name, rights)
        password = None if generate else new_password(name)
        accounts.refuse_password(name, password)
        shown = accounts.create(name, rights, password)
    click.echo(_("account {name} added").format(name=name))
    show_generated(name, shown)
    return Exit.OK


@user.command("list", help=_("List accounts with their roles, departments and locks."))
@JSON
@click.pass_obj
def list_users(home: str | None, as_json: bool) -> int:
    """Print accounts."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_ACCOUNTS, None)
        rows = Accounts(opened).all()
        moment = opened.station.clock()
        if as_json:
            echo_json([_as_json(row, moment) for row in rows])
        else:
            say((_line(opened, row, moment) for row in rows), _("no accounts yet; `dockd user add` adds the first"))
    return Exit.OK


@user.command(
    "role",
    help=_(
        "Give an account another role, other departments, clearances or another login. What is not given stays; nobody "
        "changes his own.\n\n"
        "\b\nExamples:\n"
        "  dockd user role lihua --role inspector\n"
        "  dockd user role lihua --department 城关 --department 城南\n"
        "  dockd user role lihua --login ''"
    ),
)
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLE_NAMES), help=_("What he is here for."))
@click.option("--department", "departments", multiple=True, help=_("He reaches it and all below it; may be repeated."))
@click.option("--everywhere", is_flag=True, help=_("He reaches all departments."))
@click.option("--officer", help=_("His number as an officer; empty: none."))
@click.option(
    "--clearance", multiple=True, type=click.Choice([*_MARKS, "none"]), help=_("Marks that he may look behind.")
)
@click.option("--login", help=_("The system's account that acts as this one; empty: none."))
@click.pass_obj
def change_role(
    home: str | None,
    name: str,
    role: str | None,
    departments: Sequence[str],
    everywhere: bool,
    officer: str | None,
    clearance: Sequence[str],
    login: str | None,
) -> int:
    """Change an account."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_ACCOUNTS, None)
        accounts = Accounts(opened)
        before = accounts.find(name)
        given_departments = _departments(opened, departments, everywhere)
        rights = Rights(
            Role(role or before.role),
            given_departments or tuple(before.departments),
            before.officer if officer is None else officer or None,
            tuple(sorted(set(clearance) - {"none"})) if clearance else tuple(before.clearance),
            before.login if login is None else login or None,
        )
        accounts.change(before, rights)
    click.echo(_("account {name} changed").format(name=name))
    return Exit.OK


@user.command(
    "lock",
    help=_("Let nobody sign in under this name. Without --until it stays so: that is how an account ends."),
)
@click.argument("name")
@click.option("--reason", required=True, help=_("Why, in a few words."))
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("Until when; default: until it is unlocked."))
@click.pass_obj
def lock(home: str | None, name: str, reason: str, until: datetime | None) -> int:
    """Lock an account."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_ACCOUNTS, None)
        accounts = Accounts(opened)
        accounts.lock(accounts.find(name), reason, given(opened, until))
    click.echo(_("account {name} is locked").format(name=name))
    return Exit.OK


@user.command("unlock", help=_("Take the lock off an account, also one that wrong passwords brought about."))
@click.argument("name")
@click.option("--reason", default="", help=_("Why, in a few words."))
@click.pass_obj
def unlock(home: str | None, name: str, reason: str) -> int:
    """Unlock an account."""
    with reading(home) as opened:
        require(opened, Act.MANAGE_ACCOUNTS, None)
        accounts = Accounts(opened)
        accounts.unlock(accounts.find(name), reason)
    click.echo(_("account {name} is open").format(name=name))
    return Exit.OK


@user.command(
    "password",
    help=_(
        "Give an account a new password: one's own, or as a system administrator anybody's. --recover is for the day "
        "on which no administrator can sign in any more: whoever owns the station's signing key gives one a password, "
        "and that is on record.\n\n"
        "\b\nExamples:\n"
        "  dockd --as lihua user password lihua\n"
        "  dockd user password lihua --generate"
    ),
)
@click.argument("name")
@click.option("--generate", is_flag=True, help=_("Make a password up and show it once."))
@click.option("--recover", is_flag=True, help=_("As the owner of the station's key, for a system administrator."))
@click.pass_obj
def password(home: str | None, name: str, generate: bool, recover: bool) -> int:
    """Set a password."""
    with reading(home) as opened:
        accounts = Accounts(opened)
        if recover:
            accounts.refuse_recovery(name)
        else:
            own = acting(opened).account
            if own is None or own.name != name:
                require(opened, Act.MANAGE_ACCOUNTS, None)
        row = accounts.find(name)
        new = None if generate else new_password(name)
        accounts.refuse_password(name, new)
        shown = accounts.give_password(row, new, unlock=recover)
    click.echo(_("{name} has a new password").format(name=name))
    show_generated(name, shown)
    return Exit.OK


def new_password(name: str) -> str:
    """The new password of somebody, typed twice, or from the file that DOCKD_NEW_PASSWORD_FILE names."""
    asked: str | None = password_in_file(NEW_PASSWORD_FILE)
    if asked is None:
        asked = click.prompt(
            _("new password of {name}").format(name=name), hide_input=True, confirmation_prompt=True, err=True
        )
    return asked


def show_generated(name: str, generated: str | None) -> None:
    """Print a password that was made up; it is kept nowhere."""
    if generated is not None:
        click.echo(_("password of {name}, shown this once: {password}").format(name=name, password=generated))


def _departments(opened: Opened, names: Sequence[str], everywhere: bool) -> tuple[str, ...]:
    if everywhere:
        return (EVERYWHERE,)
    return tuple(sorted({known_department(opened, name) for name in names}))


def _as_json(row: AccountRow, moment: datetime) -> dict[str, Any]:
    return {
        "name": row.name,
        "role": row.role,
        "departments": row.departments,
        "officer": row.officer,
        "clearance": row.clearance,
        "login": row.login,
        "has_password": row.password is not None,
        "locked": row.locked_at(moment),
        "locked_until": row.locked_until.isoformat() if row.locked_until else None,
    }


def _line(opened: Opened, row: AccountRow, moment: datetime) -> str:
    reaches = _("everywhere") if EVERYWHERE in row.departments else ", ".join(row.departments) or "-"
    parts = [f"{padded(row.name, 16)} {padded(_(ROLES[Role(row.role)]), 22)} {reaches}"]
    if row.officer:
        parts.append(_("officer {number}").format(number=row.officer))
    if row.clearance:
        parts.append(", ".join(_(SECRECY[Secrecy(mark)]) for mark in row.clearance))
    if row.login:
        parts.append(_("login {login}").format(login=row.login))
    if row.locked_at(moment):
        until = local_text(row.locked_until, opened.station.zone) if row.locked_until else "…"
        parts.append(_("locked until {until}: {reason}").format(until=until, reason=row.locked_reason))
    elif row.password is None and not row.login:
        parts.append(_("has no password"))
    return "  ".join(parts)
