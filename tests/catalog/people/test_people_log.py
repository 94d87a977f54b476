"""What people, recorders and accounts do to the tables, on both databases; the log alone gives them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.errors import BadEvent, CatalogFault, NotFound
from catalog.event import Event
from catalog.kinds import KINDS, parse
from catalog.model import ClipQuery
from catalog.people import events as people
from catalog.people.access import EVERYWHERE, Account, Role, Secrecy
from catalog.people.applying import ACTS
from catalog.people.events import (
    AccountChanged,
    AccountCreated,
    AccountLocked,
    AccountUnlocked,
    ActRefused,
    ClipAttributed,
    DepartmentChanged,
    DepartmentRegistered,
    IssueWithdrawn,
    OfficerChanged,
    OfficerRegistered,
    PasswordSet,
    RecorderChanged,
    RecorderIssued,
    RecorderRegistered,
    RecorderReturned,
    SignedIn,
    SignInFailed,
)
from catalog.people.model import Department, Officer, Registered
from catalog.people.queries import (
    account_for,
    account_named,
    account_of_login,
    account_row,
    accounts_exist,
    all_departments,
    all_officers,
    all_registered,
    find_issue,
    find_officer,
    ledger_lines,
    ledger_of,
    recordings_during,
    registered,
    tree_of,
    with_working_recorder,
)
from catalog.people.rate import rates
from catalog.store import Catalog
from catalog.watching.events import DutyJudged
from tests.simulators.histories import clip_id, docking, ingested, opened, sealed

NINE = "2026-11-01T01:00:00.000000Z"
TEN = "2026-11-01T02:00:00.000000Z"
NOON = "2026-11-01T04:00:00.000000Z"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def everything() -> list[Event]:
    """One of every kind of this room at least, in an order that can be."""
    return [
        *docking("s1"),
        DepartmentRegistered("JU", "局"),
        DepartmentRegistered("SZ", "水政大队", "JU"),
        DepartmentChanged("SZ", "水政监察大队", "JU", active=False),
        OfficerRegistered("100234", "张三", "SZ"),
        OfficerRegistered("100235", "李四", "SZ"),
        OfficerChanged("100235", "李四", "JU", active=False),
        RecorderRegistered("X8123", "SZ", "V8", "SN1"),
        RecorderChanged("X8123", "SZ", "V8", "SN1", "faulty", "屏幕"),
        RecorderIssued("i1", "X8123", "100234", NINE, due=NOON),
        RecorderReturned("i1", "X8123", "100234", TEN, "完好"),
        RecorderIssued("i2", "X8123", "100235", TEN, lender="100234", note="值班"),
        IssueWithdrawn("i2", "X8123", "100235", "登记错误"),
        ClipAttributed(clip_id("s1", 1), "100234", "settled", None, "值班表"),
        AccountCreated("li", "leader", ["SZ"], "100235", ["trade-secret"], "lilogin"),
        PasswordSet("li", "b3:00"),
        SignInFailed("li"),
        SignInFailed(None),
        AccountLocked("li", NOON, "failed-sign-ins"),
        AccountUnlocked("li", "er war es"),
        SignedIn("li"),
        AccountChanged("li", "inspector", [EVERYWHERE], None, [], None),
        ActRefused("li", "place-hold", "role-has-no-such-right", "SZ", clip=clip_id("s1", 1)),
    ]


def test_every_kind_of_this_room_is_tried_here() -> None:
    ours = {kind.KIND for kind in vars(people).values() if isinstance(kind, type) and issubclass(kind, Event)} - {""}
    assert {event.KIND for event in everything()} >= ours
    # A refusal is told by the log alone.
    assert ACTS.keys() == ours - {"act-refused"}
    for event in everything():
        assert parse(event.KIND, event.data()) == event
        assert KINDS[event.KIND] is type(event)


def test_the_log_alone_gives_every_table_again(catalog: Catalog) -> None:
    catalog.append(everything(), actor="user:wang")
    assert list(catalog.differences_from_custody()) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("departments", "parent"),
        ("officers", "department"),
        ("register", "state"),
        ("issues", "officer"),
        ("accounts", "role"),
        ("clips", "officer_basis"),
    ],
)
def test_a_changed_cell_is_found(catalog: Catalog, change: Callable[[str], None], table: str, column: str) -> None:
    catalog.append(everything(), actor="user:wang")
    value = "lost" if column == "state" else "claimed" if column == "officer_basis" else "auditor"
    change(f"UPDATE {table} SET {column} = '{value}'")
    assert {(one.table, one.column) for one in catalog.differences_from_custody()} == {(table, column)}


@pytest.fixture
def change(catalog: Catalog) -> Callable[[str], None]:
    """Somebody changes a table past the log."""

    def change(statement: str) -> None:
        with catalog._engine.begin() as connection:
            connection.exec_driver_sql(statement)

    return change


def test_what_was_written_is_read(catalog: Catalog) -> None:
    catalog.append(everything(), actor="user:wang")
    assert all_departments(catalog) == [
        Department("JU", "局", None, True),
        Department("SZ", "水政监察大队", "JU", False),
    ]
    assert tree_of(catalog).reached(["JU"]) == {"JU", "SZ"}
    assert list(all_officers(catalog, {"SZ"})) == [Officer("100234", "张三", "SZ", True)]
    assert find_officer(catalog, "100235") == Officer("100235", "李四", "JU", False)
    with pytest.raises(NotFound):
        find_officer(catalog, "10023")
    there = Registered("X8123", "SZ", "V8", "SN1", "faulty", "屏幕")
    assert list(all_registered(catalog)) == [there] and registered(catalog, "X8123") == there
    assert list(all_registered(catalog, {"JU"})) == [] and registered(catalog, "X") is None


def test_a_line_of_the_ledger_keeps_who_wrote_it_down(catalog: Catalog) -> None:
    catalog.append(everything()[:-8], actor="user:wang")
    (line,) = ledger_of(catalog, "X8123")
    assert (line.officer, line.since, line.until, line.due) == ("100234", at(NINE), at(TEN), at(NOON))
    assert (line.issued_by, line.returned_by, line.return_note) == ("user:wang", "user:wang", "完好")
    struck = find_issue(catalog, "i2")
    assert (struck.lender, struck.withdrawn, struck.until) == ("100234", "登记错误", None)
    assert [one.id for one in ledger_lines(catalog, withdrawn=True)] == ["i1", "i2"]
    assert [one.id for one in ledger_lines(catalog, officer="100235")] == []
    # From `since` on, up to `until` and not at it.
    for moment, found in ((NINE, ["i1"]), (TEN, [])):
        assert [one.id for one in ledger_lines(catalog, at=at(moment), recorder="X8123")] == found


@pytest.mark.parametrize(
    "event",
    [
        RecorderReturned("i1", "X8123", "100234", NOON),
        RecorderReturned("none", "X8123", "100234", NOON),
        IssueWithdrawn("none", "X8123", "100234", ""),
        OfficerChanged("nobody", "", ""),
        DepartmentChanged("nowhere", ""),
        AccountChanged("nobody", "leader", []),
        PasswordSet("nobody", "b3:"),
        SignInFailed("nobody"),
        ClipAttributed("none", None, "unattributed", "no-one-on-record", ""),
        AccountCreated("wang", "leader", [], login="lilogin"),
    ],
    ids=lambda event: event.KIND,
)
def test_what_contradicts_the_tables_is_refused_and_not_written(catalog: Catalog, event: Event) -> None:
    catalog.append(everything()[:-3])
    before = catalog.head()
    with pytest.raises(BadEvent):
        catalog.append([event])
    assert catalog.head() == before


@pytest.mark.parametrize(
    "event", [OfficerRegistered("100234", "张三", "SZ"), RecorderIssued("i1", "X8123", "100234", NINE)]
)
def test_nobody_is_registered_twice(catalog: Catalog, event: Event) -> None:
    catalog.append(everything())
    before = catalog.head()
    with pytest.raises(CatalogFault):
        catalog.append([event])
    assert catalog.head() == before


# ------------------------------------------------------------------------------------------------------ accounts


def test_an_account_is_what_its_last_entry_says(catalog: Catalog) -> None:
    assert not accounts_exist(catalog)
    catalog.append(everything()[:-2])
    assert accounts_exist(catalog)
    row = account_row(catalog, "li")
    assert row is not None
    assert (row.failures, row.locked, row.password) == (0, False, "b3:00")
    assert account_of_login(catalog, "lilogin") == row and account_of_login(catalog, "root") is None
    assert account_for(catalog, row) == Account(
        "li", Role.LEADER, frozenset({"SZ"}), "100235", frozenset({Secrecy.TRADE})
    )
    catalog.append(everything()[-2:])
    assert account_named(catalog, "li") == Account("li", Role.INSPECTOR, frozenset({EVERYWHERE}))
    assert account_named(catalog, "wang") is None


def test_a_lock_ends_by_itself_or_never(catalog: Catalog) -> None:
    catalog.append(
        [
            AccountCreated("li", "leader", []),
            SignInFailed("li"),
            AccountLocked("li", NOON, "failed-sign-ins"),
        ]
    )
    row = account_row(catalog, "li")
    assert row is not None and row.failures == 1
    assert row.locked_at(at(NOON) - timedelta(seconds=1)) and not row.locked_at(at(NOON))
    catalog.append([AccountLocked("li", None, "left")])
    row = account_row(catalog, "li")
    assert row is not None and row.locked_at(datetime(2999, 1, 1, tzinfo=UTC))


def test_stations_of_one_database_have_their_own_people(database_url: str) -> None:
    one, other = (Catalog.open(database_url, name) for name in ("st-one", "st-other"))
    one.append(everything())
    assert list(all_officers(other)) == [] and not accounts_exist(other) and list(ledger_lines(other)) == []
    one.close()
    other.close()


# -------------------------------------------------------------------------------------------------------- clips


def test_older_entries_have_their_recorders_word_as_a_claim(catalog: Catalog) -> None:
    catalog.append([opened("s1"), ingested("s1", 1), ingested("s1", 2, officer=None)])
    first, second = catalog.clips()
    assert (first.officer, first.officer_claimed, first.officer_basis) == ("000123", "000123", "claimed")
    assert (second.officer, second.officer_claimed, second.officer_basis) == (None, None, None)


def test_an_attribution_is_kept_with_what_it_rests_on(catalog: Catalog) -> None:
    told: dict[str, Any] = {"officer": None, "officer_claimed": "000123", "officer_bound": "李四"}
    told |= {"officer_basis": "unattributed", "officer_why": "name-disagrees"}
    log = ingested("s1", 3, kind="log", officer=None)
    catalog.append([opened("s1"), ingested("s1", 1, **told), ingested("s1", 2), log])
    (clip,) = catalog.clips(ClipQuery(unattributed=True))
    assert {name: getattr(clip, name) for name in told} == told
    catalog.append([ClipAttributed(clip.id, "100234", "settled", None, "值班表")], actor="user:li")
    assert list(catalog.clips(ClipQuery(unattributed=True))) == []
    (settled,) = catalog.clips(ClipQuery(officer="100234"))
    assert (settled.officer_basis, settled.officer_why, settled.officer_claimed) == ("settled", None, "000123")


def test_clips_of_several_departments_come_in_one_list(catalog: Catalog) -> None:
    catalog.append(
        [opened("s1"), *(ingested("s1", seq, department=name) for seq, name in enumerate(("a", "b", "c"), start=1))]
    )
    assert [clip.department for clip in catalog.clips(ClipQuery(departments=frozenset({"a", "c"})))] == ["a", "c"]
    assert list(catalog.clips(ClipQuery(departments=frozenset()))) == []


def test_what_was_recorded_while_an_officer_had_the_recorder(catalog: Catalog) -> None:
    def clip(seq: int, minute: int, **changed: Any) -> Event:
        return ingested("s1", seq, recorded_at=f"2026-11-01T01:{minute:02d}:00Z", officer="100234", **changed)

    catalog.append([opened("s1"), clip(1, 0), clip(2, 30), clip(3, 40, kind="log"), clip(4, 59, recorder="X9")])
    catalog.append([RecorderIssued("i1", "X8123", "100234", NINE), RecorderReturned("i1", "X8123", "100234", TEN)])
    assert recordings_during(catalog, find_issue(catalog, "i1")) == (2, 0)


# ---------------------------------------------------------------------------------------------------- equipment


def test_the_rate_counts_officers_in_service_whose_recorder_works(catalog: Catalog) -> None:
    officers = [OfficerRegistered(number, number, "SZ") for number in ("1", "2", "3", "4", "5")]
    catalog.append(
        [
            *(DepartmentRegistered("JU", "局"), DepartmentRegistered("SZ", "水政", "JU")),
            *officers,
            OfficerRegistered("6", "left", "SZ", active=False),
            OfficerRegistered("7", "boss", "JU"),
            *(RecorderRegistered(f"R{number}", "SZ") for number in ("1", "2", "3", "4", "7")),
            *(RecorderIssued(f"i{number}", f"R{number}", number, NINE) for number in ("1", "2", "3", "4", "7")),
            # 2 brought his back, 3's is broken, 4 lent his to 5, 7's was unfit at its last docking but not before.
            RecorderReturned("i2", "R2", "2", TEN),
            RecorderChanged("R3", "SZ", state="faulty"),
            RecorderIssued("i5", "R4", "5", TEN, lender="4"),
        ]
    )
    for session, fit in (("s1", True), ("s2", False)):
        catalog.append([opened(session, recorder="R7"), DutyJudged(session, "R7", fit, [], []), sealed(session)])
    found = rates(all_officers(catalog), with_working_recorder(catalog, at(NOON)), tree_of(catalog))
    assert [(one.department, one.officers, one.equipped, one.without) for one in found] == [
        ("JU", 6, 2, ("2", "3", "4", "7")),
        ("SZ", 5, 2, ("2", "3", "4")),
        (None, 6, 2, ("2", "3", "4", "7")),
    ]
    assert [one.per_mille for one in found] == [333, 400, 333]
