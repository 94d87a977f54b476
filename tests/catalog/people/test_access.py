"""Who may do what, where: every role with every act in every kind of place. What is not written here is refused."""

from __future__ import annotations

import pytest

from catalog.people.access import (
    APART,
    EVERYWHERE,
    PICTURES,
    READS,
    TABLE,
    Account,
    Act,
    Granted,
    Person,
    Refused,
    Role,
    Scope,
    Secrecy,
    Why,
    allowed,
    opened_by_request,
    reach,
)
from catalog.people.tree import Tree

# Said once more, by role, and by somebody who reads the regulations and not the code: three scopes, and their acts.
RIGHTS: dict[Role, dict[str, str]] = {
    Role.OFFICER: {
        "own": "list-clips view-clip file-clip explain-gap list-cases manage-cases list-people report-fault",
        "dept": "request",
    },
    Role.RECORDER_MANAGER: {
        "own": "view-clip",
        "dept": "list-clips file-clip attribute-clip settle-time explain-gap request hand-over report list-people "
        "manage-people manage-recorders keep-ledger report-fault",
    },
    Role.ARCHIVIST: {
        "dept": "list-clips view-clip file-clip mark-secret list-cases manage-cases request copy-out provide hand-over "
        "receive place-hold propose-disposal report list-people read-history",
    },
    Role.LEADER: {
        "dept": "list-clips view-clip file-clip mark-secret attribute-clip settle-time review-gap list-cases "
        "manage-cases request approve-request place-hold lift-hold approve-disposal confirm-change report "
        "list-people read-history",
    },
    Role.INSPECTOR: {
        "dept": "list-clips view-clip list-cases request inspect report list-people read-history",
    },
    Role.SYSTEM_ADMINISTRATOR: {
        "all": "list-people manage-people manage-recorders manage-accounts configure",
    },
    Role.AUDITOR: {
        "dept": "list-clips list-cases report list-people",
        "all": "read-history read-audit",
    },
}

TREE = Tree({"局": None, "城关": "局", "城关一中队": "城关", "城南": "局"})
SOMEBODY_ELSE = (Person("user:other", "100999"),)
# department, owner: his own department, one below it, one beside it, the one above it, none, one that nobody knows.
PLACES = [
    (department, owner)
    for department in ("城关", "城关一中队", "城南", "局", None, "elsewhere")
    for owner in ("100234", "100999", None)
]


def account(role: Role, **changed: object) -> Account:
    facts: dict[str, object] = {"departments": TREE.reached(["城关"]), "officer": "100234"}
    return Account("li", role, **(facts | changed))  # type: ignore[arg-type]


def scope_written_here(role: Role, act: Act) -> Scope:
    found = [Scope(scope) for scope, acts in RIGHTS[role].items() if act.value in acts.split()]
    assert len(found) <= 1
    return found[0] if found else Scope.NONE


def expected(scope: Scope, department: str | None, owner: str | None) -> bool:
    return {
        Scope.ALL: True,
        Scope.DEPARTMENT: department in ("城关", "城关一中队"),
        Scope.OWN: owner == "100234",
        Scope.NONE: False,
    }[scope]


@pytest.mark.parametrize("act", Act, ids=lambda act: act.value)
@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
def test_a_role_may_do_an_act_where_the_table_says_and_nowhere_else(role: Role, act: Act) -> None:
    scope = scope_written_here(role, act)
    found = {
        place: isinstance(allowed(account(role), act, place[0], owner=place[1], first=SOMEBODY_ELSE), Granted)
        for place in PLACES
    }
    assert found == {place: expected(scope, *place) for place in PLACES}


def test_every_role_and_every_act_stands_in_both_tables() -> None:
    assert set(TABLE) == set(Role) == set(RIGHTS)
    assert all(set(row) == set(Act) for row in TABLE.values())
    written = {word for row in RIGHTS.values() for acts in row.values() for word in acts.split()}
    assert written == {act.value for act in Act}


def test_what_the_table_does_not_know_is_refused() -> None:
    ghost: Role = "ghost"  # type: ignore[assignment]
    unheard: Act = "unheard-of"  # type: ignore[assignment]
    assert allowed(account(ghost, departments=frozenset({EVERYWHERE})), Act.LIST_CLIPS, "城关") == Refused(Why.ROLE)
    for role in Role:
        assert allowed(account(role, departments=frozenset({EVERYWHERE})), unheard, "城关") == Refused(Why.ROLE)


def test_an_account_without_departments_reaches_nothing_and_everywhere_reaches_strangers() -> None:
    assert allowed(account(Role.LEADER, departments=frozenset()), Act.LIST_CLIPS, "城关") == Refused(Why.DEPARTMENT)
    assert allowed(account(Role.LEADER, departments=frozenset({EVERYWHERE})), Act.LIST_CLIPS, "elsewhere") == Granted()


def test_without_an_officers_number_nothing_is_ones_own() -> None:
    nobody = account(Role.OFFICER, officer=None)
    assert allowed(nobody, Act.LIST_CLIPS, "城关", owner=None) == Refused(Why.NOT_OWN)
    assert reach(nobody, Act.LIST_CLIPS).owner is None


@pytest.mark.parametrize("act", sorted(APART), ids=lambda act: act.value)
def test_nobody_does_the_second_half_of_what_he_began(act: Act) -> None:
    (role, *_rest) = [role for role in Role if scope_written_here(role, act) is not Scope.NONE]
    me = account(role)
    assert allowed(me, act, "城关", first=SOMEBODY_ELSE) == Granted()
    for first in ((), (me.person,), (Person("user:li2", "100234"),), (*SOMEBODY_ELSE, Person("user:li"))):
        assert allowed(me, act, "城关", first=first) == Refused(Why.SAME_PERSON)


def test_two_accounts_without_a_number_are_two_persons() -> None:
    assert not Person("user:a").same(Person("user:b"))


def test_the_system_administrator_sees_no_pictures() -> None:
    shown = {act for act in Act if scope_written_here(Role.SYSTEM_ADMINISTRATOR, act) is not Scope.NONE}
    assert not shown & PICTURES
    administrator = account(Role.SYSTEM_ADMINISTRATOR, clearance=frozenset(Secrecy))
    assert all(opened_by_request(administrator, act) == Refused(Why.ROLE) for act in PICTURES)


def test_audit_is_read_only_and_only_read() -> None:
    auditors = {act for act in Act if scope_written_here(Role.AUDITOR, act) is not Scope.NONE}
    assert auditors <= READS
    assert [role for role in Role if scope_written_here(role, Act.READ_AUDIT) is not Scope.NONE] == [Role.AUDITOR]
    assert not any("audit" in act.value for act in Act if act not in READS)


@pytest.mark.parametrize("act", sorted(PICTURES), ids=lambda act: act.value)
def test_a_secret_needs_a_clearance_of_its_own_name(act: Act) -> None:
    (role, *_rest) = [role for role in Role if scope_written_here(role, act) is Scope.DEPARTMENT]
    marks = frozenset({Secrecy.TRADE, Secrecy.PERSONAL})
    cleared = account(role, clearance=marks)
    assert allowed(cleared, act, "城关", marks=marks) == Granted()
    assert opened_by_request(cleared, act, marks) == Granted()
    for clearance in (frozenset[Secrecy](), frozenset({Secrecy.TRADE}), frozenset({Secrecy.STATE})):
        lacking = account(role, clearance=clearance)
        assert allowed(lacking, act, "城关", marks=marks) == Refused(Why.CLEARANCE)
        assert opened_by_request(lacking, act, marks) == Refused(Why.CLEARANCE)


def test_a_request_opens_what_lies_beyond_ones_departments() -> None:
    officer = account(Role.OFFICER)
    assert allowed(officer, Act.VIEW_CLIP, "城南", owner="100999") == Refused(Why.NOT_OWN)
    assert opened_by_request(officer, Act.VIEW_CLIP) == Granted()
    assert opened_by_request(officer, Act.COPY_OUT) == Refused(Why.ROLE)
