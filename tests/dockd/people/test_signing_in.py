"""Signing in: wrong passwords, locks, and a file of passwords that somebody changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.people.access import Account, Role
from catalog.people.events import AccountCreated, AccountUnlocked
from catalog.people.queries import account_row
from catalog.store import Catalog
from dockd.errors import HomeFault
from dockd.people.passwords import Passwords, fingerprint, generated, hashed, matches
from dockd.people.signing_in import LOCK, TRIES, NotIn, NotSignedIn, set_password, sign_in, unfit
from tests.simulators.station import Clock

RIGHT = "correct horse"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(quick_path: Path, clock: Clock) -> Iterator[Catalog]:
    url = f"sqlite:///{quick_path}/catalog.db"
    Catalog.create(url)
    catalog = Catalog.open(url, "st", clock=clock)
    catalog.append([AccountCreated("li", "leader", ["城关"])])
    yield catalog
    catalog.close()


@pytest.fixture
def passwords(quick_path: Path, catalog: Catalog) -> Passwords:
    kept = Passwords(str(quick_path))
    set_password(catalog, kept, "li", RIGHT, actor="user:admin")
    return kept


def kinds(catalog: Catalog) -> list[str]:
    return [entry.kind for entry in catalog.custody()][2:]


def test_the_right_password_signs_in_and_is_written_down(catalog: Catalog, passwords: Passwords, clock: Clock) -> None:
    assert sign_in(catalog, passwords, "li", RIGHT, clock()) == Account("li", Role.LEADER, frozenset({"城关"}))
    assert kinds(catalog) == ["signed-in"]


def test_a_wrong_password_and_a_wrong_name_are_told_alike(catalog: Catalog, passwords: Passwords, clock: Clock) -> None:
    assert sign_in(catalog, passwords, "li", "wrong", clock()) == NotSignedIn(NotIn.WRONG)
    assert sign_in(catalog, passwords, RIGHT, "li", clock()) == NotSignedIn(NotIn.WRONG)
    assert kinds(catalog) == ["sign-in-failed", "sign-in-failed"]
    # What was typed as a name may be a password: the log keeps it nowhere.
    assert not any(RIGHT.encode() in entry.body for entry in catalog.custody())


def test_too_many_wrong_ones_lock_and_time_opens_again(catalog: Catalog, passwords: Passwords, clock: Clock) -> None:
    for _ in range(TRIES - 1):
        assert sign_in(catalog, passwords, "li", "wrong", clock()) == NotSignedIn(NotIn.WRONG)
    began = clock()
    assert sign_in(catalog, passwords, "li", "wrong", began) == NotSignedIn(NotIn.LOCKED, began + LOCK)
    before = catalog.head()
    assert sign_in(catalog, passwords, "li", RIGHT, began + LOCK - timedelta(seconds=1)) == NotSignedIn(
        NotIn.LOCKED, began + LOCK
    )
    # The entry of the lock tells of what is tried meanwhile: nobody can fill the log so.
    assert catalog.head() == before
    assert isinstance(sign_in(catalog, passwords, "li", RIGHT, began + LOCK), Account)
    row = account_row(catalog, "li")
    assert row is not None and (row.failures, row.locked) == (0, False)


def test_after_a_lock_one_wrong_one_locks_again_until_somebody_signs_in(
    catalog: Catalog, passwords: Passwords, clock: Clock
) -> None:
    for _ in range(TRIES):
        sign_in(catalog, passwords, "li", "wrong", clock())
    later = clock() + LOCK
    assert sign_in(catalog, passwords, "li", "wrong", later) == NotSignedIn(NotIn.LOCKED, later + LOCK)
    catalog.append([AccountUnlocked("li", "asked in person")])
    assert sign_in(catalog, passwords, "li", "wrong", clock()) == NotSignedIn(NotIn.WRONG)


def test_no_hash_and_no_password_stand_in_the_log(catalog: Catalog, passwords: Passwords, quick_path: Path) -> None:
    stored = passwords.of("li")
    assert stored is not None and stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    log = b"".join(entry.body for entry in catalog.custody())
    assert RIGHT.encode() not in log and stored.encode() not in log
    assert fingerprint(stored).encode() in log
    assert (quick_path / "passwords").stat().st_mode & 0o777 == 0o600


def test_a_line_that_somebody_put_into_the_file_signs_nobody_in(
    catalog: Catalog, passwords: Passwords, clock: Clock, quick_path: Path
) -> None:
    path = quick_path / "passwords"
    said = json.loads(path.read_text())
    said["passwords"]["li"] = hashed("planted one")
    path.write_text(json.dumps(said))
    assert sign_in(catalog, passwords, "li", "planted one", clock()) == NotSignedIn(NotIn.CHANGED)
    assert kinds(catalog) == ["sign-in-failed"]


def test_an_account_without_a_password_signs_nobody_in(catalog: Catalog, quick_path: Path, clock: Clock) -> None:
    assert sign_in(catalog, Passwords(str(quick_path)), "li", "", clock()) == NotSignedIn(NotIn.WRONG)


def test_a_new_password_ends_the_old_one(catalog: Catalog, passwords: Passwords, clock: Clock) -> None:
    set_password(catalog, passwords, "li", "another one", actor="user:li")
    assert sign_in(catalog, passwords, "li", RIGHT, clock()) == NotSignedIn(NotIn.WRONG)
    assert isinstance(sign_in(catalog, passwords, "li", "another one", clock()), Account)


def test_passwords_of_others_stay(passwords: Passwords) -> None:
    before = passwords.of("li")
    passwords.keep("wang", "line")
    assert (passwords.of("li"), passwords.of("wang"), passwords.of("zhao")) == (before, "line", None)


@pytest.mark.parametrize("text", ["", "[]", '{"passwords": []}', "\udcff"])
def test_a_file_that_is_none_is_told(quick_path: Path, text: str) -> None:
    (quick_path / "passwords").write_text(text, errors="surrogateescape")
    with pytest.raises(HomeFault):
        Passwords(str(quick_path)).of("li")


def test_what_is_stored_is_no_text_that_only_looks_like_it() -> None:
    assert not matches("x", "no hash at all")
    assert not matches("", None)


@pytest.mark.parametrize(
    ("name", "password", "bad"),
    [("li", "1234567", True), ("administrator", "ADMINISTRATOR", True), ("li", "12345678", False)],
)
def test_a_password_is_long_enough_and_not_the_name(name: str, password: str, bad: bool) -> None:
    assert unfit(name, password) is bad


def test_passwords_that_are_made_up_differ_and_do() -> None:
    first, second = generated(), generated()
    assert first != second and not unfit("li", first)
