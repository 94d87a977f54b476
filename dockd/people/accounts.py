"""What may be done to accounts, and to which: no station is left without a system administrator, and nobody changes his
own rights.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from catalog.event import Event
from catalog.model import utc_text
from catalog.people.access import Act, Role, Why
from catalog.people.events import AccountChanged, AccountCreated, AccountLocked, AccountUnlocked
from catalog.people.model import AccountRow
from catalog.people.queries import account_of_login, account_row, account_rows

from ..assembly import Opened
from ..errors import NotFitting
from ..ledger import export
from .acting import acting, login, refuse
from .passwords import SHORTEST, Passwords, generated
from .signing_in import set_password, unfit


@dataclass(frozen=True, slots=True)
class Rights:
    """What an account is given."""

    role: Role
    departments: tuple[str, ...] = ()
    officer: str | None = None
    clearance: tuple[str, ...] = ()
    login: str | None = None


class Accounts:
    """The accounts of a station, for whoever acts."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._catalog = opened.station.catalog
        self._passwords = Passwords(opened.home.keys_dir)

    def all(self) -> list[AccountRow]:
        """All accounts, by name."""
        return account_rows(self._catalog)

    def find(self, name: str) -> AccountRow:
        """The account of this name. Raises NotFitting."""
        row = account_row(self._catalog, name)
        if row is None:
            raise NotFitting("no-account", name=name)
        return row

    # ------------------------------------------------------------------------------------------------ creating

    def refuse_new(self, name: str, rights: Rights) -> None:
        """Whether such an account may be added. Raises NotFitting."""
        if account_row(self._catalog, name) is not None:
            raise NotFitting("account-there", name=name)
        if not self.all() and rights.role is not Role.SYSTEM_ADMINISTRATOR:
            raise NotFitting("first-administrator")
        self._refuse_login(name, rights.login)

    def refuse_password(self, name: str, password: str | None) -> None:
        """Whether a password does; None: one is made up. Raises NotFitting."""
        if password is not None and unfit(name, password):
            raise NotFitting("unfit-password", n=str(SHORTEST))

    def create(self, name: str, rights: Rights, password: str | None) -> str | None:
        """Add it; the password that was made up, None when one was given."""
        actor = self._opened.actor
        said = AccountCreated(
            name, rights.role.value, list(rights.departments), rights.officer, list(rights.clearance), rights.login
        )
        self._catalog.append([said], actor=actor)
        return self._set(name, password, actor)

    # ------------------------------------------------------------------------------------------------ changing

    def change(self, before: AccountRow, rights: Rights) -> None:
        """Give it other rights. Raises NotFitting, NotAllowed."""
        own = acting(self._opened).account
        if own is not None and own.name == before.name:
            refuse(self._opened, Act.MANAGE_ACCOUNTS, Why.SAME_PERSON, None)
        if rights.role is not Role.SYSTEM_ADMINISTRATOR:
            self._refuse_last(before)
        self._refuse_login(before.name, rights.login)
        self._record(
            AccountChanged(
                before.name,
                rights.role.value,
                list(rights.departments),
                rights.officer,
                list(rights.clearance),
                rights.login,
            )
        )

    def lock(self, row: AccountRow, reason: str, until: datetime | None) -> None:
        """Lock it. Raises NotFitting."""
        self._refuse_last(row)
        self._record(AccountLocked(row.name, utc_text(until) if until else None, reason))

    def unlock(self, row: AccountRow, reason: str) -> None:
        """Take its lock off."""
        self._record(AccountUnlocked(row.name, reason))

    # ----------------------------------------------------------------------------------------------- passwords

    def give_password(self, row: AccountRow, password: str | None, *, unlock: bool = False) -> str | None:
        """Give it a password, and open it where it is recovered; the one that was made up."""
        actor = f"os:{login()}" if unlock else self._opened.actor
        shown = self._set(row.name, password, actor)
        if unlock:
            self._catalog.append([AccountUnlocked(row.name, "recovered")], actor=actor)
            export(self._opened.station)
        return shown

    def refuse_recovery(self, name: str) -> None:
        """Whether whoever runs this may recover an account: he owns the key with which the station signs, so that he
        could change everything else as well. Raises NotFitting.
        """
        row = self.find(name)
        owner = os.stat(self._opened.home.key_file).st_uid
        if row.role != Role.SYSTEM_ADMINISTRATOR or os.geteuid() not in (0, owner):
            raise NotFitting("cannot-recover")

    def _set(self, name: str, password: str | None, actor: str) -> str | None:
        shown = generated() if password is None else None
        set_password(self._catalog, self._passwords, name, password or shown or "", actor=actor)
        export(self._opened.station)
        return shown

    # ------------------------------------------------------------------------------------------------- refusals

    def _refuse_login(self, name: str, system_login: str | None) -> None:
        there = account_of_login(self._catalog, system_login) if system_login else None
        if there is not None and there.name != name:
            raise NotFitting("login-taken", login=system_login or "", name=there.name)

    def _refuse_last(self, row: AccountRow) -> None:
        moment = self._opened.station.clock()
        others = [
            one
            for one in self.all()
            if one.role == Role.SYSTEM_ADMINISTRATOR and one.name != row.name and not one.locked_at(moment)
        ]
        if row.role == Role.SYSTEM_ADMINISTRATOR and not others:
            raise NotFitting("last-administrator", name=row.name)

    def _record(self, event: Event) -> None:
        self._catalog.append([event], actor=self._opened.actor)
        export(self._opened.station)
