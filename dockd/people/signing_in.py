"""Signing in with a name and a password: on the command line and at the desk, by the same rules.

Every attempt is a custody entry. After TRIES wrong ones in a row the account is locked for LOCK; attempts meanwhile are
answered without looking at the password, and are told by the entry of the lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from catalog.event import Event
from catalog.model import utc_text
from catalog.people.access import Account
from catalog.people.events import AccountLocked, PasswordSet, SignedIn, SignInFailed
from catalog.people.model import AccountRow
from catalog.people.queries import account_for, account_row
from catalog.store import Catalog

from .passwords import SHORTEST, Passwords, fingerprint, hashed, matches

# GB/T 22239-2019, 8.1.4.1 b): failed sign-ins are dealt with by ending the session and limiting their number.
TRIES = 5
LOCK = timedelta(minutes=15)


class NotIn(StrEnum):
    """Why nobody was signed in."""

    WRONG = "wrong"  # no such name, no password yet, or not this one: not told apart to whoever asks
    LOCKED = "locked"
    CHANGED = "changed"  # what is stored is not what the custody log says was stored


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """Nobody was signed in; of a lock until when, None: until somebody unlocks it."""

    why: NotIn
    until: datetime | None = None


def sign_in(catalog: Catalog, passwords: Passwords, name: str, password: str, now: datetime) -> Account | NotSignedIn:
    """The account, or why not. Raises CatalogFault, HomeFault."""
    row = account_row(catalog, name)
    if row is None:
        matches(password, None)
        catalog.append([SignInFailed(None)])
        return NotSignedIn(NotIn.WRONG)
    if row.locked_at(now):
        return NotSignedIn(NotIn.LOCKED, row.locked_until)
    stored = passwords.of(name)
    if stored is not None and fingerprint(stored) != row.password:
        _failed(catalog, row, now)
        return NotSignedIn(NotIn.CHANGED)
    if not matches(password, stored):
        until = _failed(catalog, row, now)
        return NotSignedIn(NotIn.WRONG if until is None else NotIn.LOCKED, until)
    catalog.append([SignedIn(name)], actor=f"user:{name}")
    return account_for(catalog, row)


def _failed(catalog: Catalog, row: AccountRow, now: datetime) -> datetime | None:
    """Write a failed attempt down; until when the account is locked by it."""
    happened: list[Event] = [SignInFailed(row.name)]
    until = now + LOCK if row.failures + 1 >= TRIES else None
    if until is not None:
        happened.append(AccountLocked(row.name, utc_text(until), "failed-sign-ins"))
    catalog.append(happened)
    return until


def unfit(name: str, password: str) -> bool:
    """Whether a password is too short, or is the account's name."""
    return len(password) < SHORTEST or password.casefold() == name.casefold()


def set_password(catalog: Catalog, passwords: Passwords, name: str, password: str, *, actor: str) -> None:
    """Give an account a password, which ends the old one. Raises CatalogFault, HomeFault.

    The file comes first: if the log does not follow, the account has no password that counts, and is given one again.
    """
    stored = hashed(password)
    passwords.keep(name, stored)
    catalog.append([PasswordSet(name, fingerprint(stored))], actor=actor)
