"""Departments, officers, recorders, the ledger and accounts from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dockd.exits import Exit
from tests.simulators.agency import ADMIN, Command, login


@pytest.fixture
def dockd(quick_path: Path) -> Command:
    """A station without accounts."""
    command = Command(quick_path)
    command.ok("init", "--yes", "--department", "城关中队")
    return command


# ------------------------------------------------------------------------------------------------------ who acts


def test_without_accounts_the_operator_of_the_station_may_do_everything(dockd: Command) -> None:
    dockd.ok("department", "add", "局")
    assert dockd.log()[-1]["actor"] == f"setup:{login()}"


def test_the_first_account_is_a_system_administrators(dockd: Command) -> None:
    refused = dockd("user", "add", "boss", "--role", "leader")
    assert refused.code == Exit.REFUSED and "system administrator" in refused.told
    dockd.ok("user", "add", ADMIN, "--role", "system-administrator")
    assert dockd("user", "list").code == Exit.NOT_ALLOWED


@pytest.mark.duty("D28")
def test_init_makes_the_first_account_with_a_password_that_is_shown_once(quick_path: Path) -> None:
    command = Command(quick_path)
    shown = command.ok("init", "--yes", "--admin", "chief").out
    password = shown.rstrip().rpartition(" ")[2]
    assert command("user", "list", by="chief", password=password).code == Exit.OK
    assert command("user", "list", by="chief", password="wrong one").code == Exit.NOT_ALLOWED
    assert password not in json.dumps(command.log())


@pytest.mark.duty("D28")
def test_a_role_does_its_own_work_in_its_departments_and_refusals_are_on_record(agency: Command) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", by="keeper")
    for words, who, why in (
        (("ledger", "return", "X8123"), "south", "not-his-department"),
        (("ledger", "return", "X8123"), "boss", "role-has-no-such-right"),
        (("ledger", "return", "X8123"), ADMIN, "role-has-no-such-right"),
        (("clip", "list"), ADMIN, "role-has-no-such-right"),
        (("clip", "list", "--officer", "100235"), "zhang", "not-his-own"),
        (("user", "list"), "boss", "role-has-no-such-right"),
        (("custody", "show"), ADMIN, "role-has-no-such-right"),
        (("clip", "list"), None, "not-signed-in"),
    ):
        refused = agency(*words, by=who)
        assert refused.code == Exit.NOT_ALLOWED, words
        last = agency.log()[-1]
        assert (last["kind"], last["data"]["why"]) == ("act-refused", why)
        assert last["actor"] == (f"user:{who}" if who else f"os:{login()}")
    agency.ok("clip", "list", by="zhang")
    agency.ok("custody", "show", by="audit")


@pytest.mark.duty("D32")
def test_every_act_and_refusal_names_who_did_it_and_cannot_be_taken_back(agency: Command) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", by="keeper")
    agency("ledger", "return", "X8123", by="south")
    agency("user", "list", by="boss", password="wrong one")
    told = [(entry["kind"], entry["actor"]) for entry in agency.log()]
    assert ("recorder-issued", "user:keeper") in told
    assert ("act-refused", "user:south") in told
    assert told[-1] == ("sign-in-failed", "dockd")
    assert agency("verify", "--all").code == Exit.OK
    (agency.home / "station/catalog.db").unlink()
    for name in ("catalog.db-wal", "catalog.db-shm"):
        (agency.home / "station" / name).unlink(missing_ok=True)
    agency.ok("catalog", "rebuild")
    agency.ok("ledger", "list", by="keeper")


def test_the_system_login_that_is_bound_to_an_account_acts_as_it(agency: Command) -> None:
    agency.ok("user", "role", "keeper", "--login", login(), by=ADMIN)
    agency.ok("ledger", "issue", "X8123", "100234")
    assert agency.log()[-1]["actor"] == "user:keeper"
    taken = agency("user", "add", "other", "--role", "leader", "--login", login(), by=ADMIN)
    assert taken.code == Exit.REFUSED and "keeper" in taken.told
    agency.ok("user", "lock", "keeper", "--reason", "调离", by=ADMIN)
    assert agency("ledger", "list").code == Exit.NOT_ALLOWED


def test_nobody_changes_his_own_rights_and_one_administrator_is_left(agency: Command) -> None:
    assert agency("user", "role", ADMIN, "--everywhere", by=ADMIN).code == Exit.NOT_ALLOWED
    for words in (
        ("user", "lock", ADMIN, "--reason", "x"),
        ("user", "lock", ADMIN, "--reason", "x", "--until", "2027-01-01"),
    ):
        assert agency(*words, by=ADMIN).code == Exit.REFUSED
    agency.ok("user", "add", "second", "--role", "system-administrator", by=ADMIN)
    assert agency("user", "role", "second", "--role", "leader", by=ADMIN).code == Exit.OK


def test_wrong_passwords_lock_and_an_administrator_unlocks(agency: Command) -> None:
    told = [agency("clip", "list", by="boss", password="wrong one").told for _ in range(6)]
    assert ["locked" in one for one in told] == [False] * 4 + [True] * 2
    assert agency("clip", "list", by="boss").code == Exit.NOT_ALLOWED
    assert "locked until" in agency.ok("user", "list", by=ADMIN).out
    agency.ok("user", "unlock", "boss", by=ADMIN)
    agency.ok("clip", "list", by="boss")


def test_a_password_is_changed_by_its_owner_or_an_administrator(agency: Command) -> None:
    (agency.home / "new").write_text("x")
    agency.ok("user", "password", "boss", by="boss")
    agency.ok("user", "password", "boss", by=ADMIN)
    assert agency("user", "password", "boss", by="keeper").code == Exit.NOT_ALLOWED
    assert "shown this once" in agency.ok("user", "password", "boss", "--generate", by=ADMIN).out


def test_whoever_owns_the_key_recovers_an_administrator_and_that_is_on_record(agency: Command) -> None:
    agency.ok("user", "add", "second", "--role", "system-administrator", by=ADMIN)
    agency.ok("user", "lock", "second", "--reason", "x", by=ADMIN)
    assert agency("user", "password", "boss", "--recover").code == Exit.REFUSED
    agency.ok("user", "password", "second", "--recover")
    assert agency.log()[-1]["actor"] == f"os:{login()}"
    agency.ok("user", "list", by="second")


def test_an_account_reaches_what_lies_below_its_departments(agency: Command) -> None:
    boss, south = agency.ok("officer", "list", "--json", by="boss"), agency.ok("officer", "list", "--json", by="south")
    assert [one["number"] for one in boss.json] == ["100234", "100235"]
    assert [one["number"] for one in south.json] == ["100235"]
    assert [one["number"] for one in agency.ok("officer", "list", "--json", by="zhang").json] == ["100234"]
    assert agency("officer", "change", "100234", "--left", by="south").code == Exit.NOT_ALLOWED


# ---------------------------------------------------------------------------------------------- tree and officers


def test_departments_are_a_tree(agency: Command) -> None:
    assert agency.ok("department", "list", by="boss").out == "局\n  城关中队\n  城南中队\n"
    circle = agency("department", "change", "局", "--parent", "城关中队", by=ADMIN)
    assert circle.code == Exit.REFUSED
    agency.ok("department", "change", "城关中队", "--name", "城关执法中队", "--parent", "城南中队", "--close", by=ADMIN)
    rows = agency.ok("department", "list", "--json", by="boss").json
    assert rows[-1] == {"id": "城关中队", "name": "城关执法中队", "parent": "城南中队", "active": False}
    assert agency("department", "add", "城关中队", by=ADMIN).code == Exit.REFUSED
    assert agency("department", "add", "x", "--parent", "nowhere", by=ADMIN).code == Exit.REFUSED


def test_an_officer_is_added_once_and_changed(agency: Command) -> None:
    assert agency("officer", "add", "100234", "--name", "x", "--department", "局", by=ADMIN).code == Exit.REFUSED
    agency.ok("officer", "change", "100234", "--department", "城南中队", "--left", by=ADMIN)
    assert agency.ok("officer", "list", "--json", by="boss").json[0] == {
        "number": "100234",
        "name": "张三",
        "department": "城南中队",
        "active": False,
    }
    assert agency("officer", "change", "1", "--left", by=ADMIN).code == Exit.NOT_FOUND


# ------------------------------------------------------------------------------------------------------- ledger


@pytest.mark.duty("D24")
def test_the_ledger_says_who_had_which_recorder_from_when_to_when(agency: Command) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", "--since", "2026-01-05 08:00", by="keeper")
    agency.ok("ledger", "return", "X8123", "--until", "2026-02-01 17:30", "--note", "完好", by="keeper")
    agency.ok("ledger", "issue", "X8123", "100235", "--since", "2026-02-02", "--due", "2026-02-10", by="keeper")
    first, second = agency.ok("ledger", "list", "--json", by="boss").json
    assert (first["officer"], first["since"], first["until"]) == (
        "100234",
        "2026-01-05T00:00:00+00:00",
        "2026-02-01T09:30:00+00:00",
    )
    assert (first["issued_by"], first["return_note"], second["until"]) == ("user:keeper", "完好", None)
    (there,) = agency.ok("ledger", "list", "--json", "--at", "2026-01-20", by="boss").json
    assert there["officer"] == "100234"
    (overdue,) = agency.ok("ledger", "overdue", "--json", by="boss").json
    assert overdue["officer"] == "100235"
    assert "100235" in agency.ok("ledger", "recorders", by="boss").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("issue", "X8123", "100235"), "is with 100234"),
        (("issue", "X8123", "100235", "--since", "2026-01-01"), "is with 100234"),
        (("issue", "X8123", "100235", "--lent-by", "100235"), "is with 100234"),
        (("issue", "X8123", "100235", "--lent-by", "100234", "--since", "2026-01-01"), "does not have"),
        (("issue", "X9", "100235"), "not in the register"),
        (("return", "X8123", "--until", "2026-01-01"), "before it was issued"),
        (("return", "X8123", "--until", "2999-01-01"), "not come yet"),
        (("register", "X9"), "not in the register"),
        (("register", "X9", "--department", "nowhere"), "no department"),
    ],
)
def test_what_does_not_fit_the_ledger_is_refused(agency: Command, words: tuple[str, ...], says: str) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", "--since", "2026-01-05", by="keeper")
    refused = agency("ledger", *words, by="keeper")
    assert refused.code == Exit.REFUSED and says in refused.told


@pytest.mark.duty("D24")
def test_lending_shows(agency: Command) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", "--since", "2026-01-05", by="keeper")
    agency.ok("ledger", "issue", "X8123", "100235", "--lent-by", "100234", by="keeper")
    assert "lent by 100234" in agency.ok("ledger", "list", by="boss").out
    assert "lent by 100234" in agency.ok("ledger", "overdue", by="boss").out
    assert "came back from 100235" in agency.ok("ledger", "return", "X8123", by="keeper").out
    assert "lent" not in agency.ok("ledger", "overdue", by="boss").out
    assert "came back from 100234" in agency.ok("ledger", "return", "X8123", by="keeper").out
    assert agency("ledger", "return", "X8123", by="keeper").code == Exit.REFUSED


def test_a_recorder_that_is_faulty_is_not_issued_and_shows_while_it_is_out(agency: Command) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", by="keeper")
    agency.ok("ledger", "register", "X8123", "--state", "faulty", "--note", "不能开机", by="keeper")
    assert "X8123" in agency.ok("ledger", "overdue", by="boss").out
    agency.ok("ledger", "register", "X9", "--department", "城关中队", "--state", "lost", by="keeper")
    assert agency("ledger", "issue", "X9", "100234", by="keeper").code == Exit.REFUSED
    assert agency.ok("ledger", "recorders", "--state", "lost", "--json", by="boss").json[0]["recorder"] == "X9"


@pytest.mark.duty("D26")
def test_the_equipment_rate_names_who_lacks_a_recorder(agency: Command) -> None:
    agency.ok("ledger", "issue", "X8123", "100234", by="keeper")
    rows = {row["department"]: row for row in agency.ok("officer", "rate", "--json", by="boss").json}
    assert (rows["城关中队"]["percent"], rows["城南中队"]["percent"], rows[None]["percent"]) == (100, 0, 50)
    assert rows["局"]["without"] == ["100235"]
    assert "50.0 %" in agency.ok("officer", "rate", by="boss").out
    assert [row["department"] for row in agency.ok("officer", "rate", "--json", by="south").json] == ["城南中队", None]
