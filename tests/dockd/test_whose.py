"""Whose recordings a docking brings, what a person settles, and what follows when the ledger is put right later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dockd.exits import Exit
from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import ADMIN, Command

RECORDER = "1234567"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime.now(ZONE)
# The newest was made just before the docking: so far has the recorder's clock got. The others are two months old.
LATE = f"{RECORDER}_100234_{NOW - timedelta(hours=2):%Y%m%d%H%M}00.mp4"
EARLY = f"{RECORDER}_100234_{NOW - timedelta(days=60):%Y%m%d%H%M}00.mp4"
OTHERS = f"{RECORDER}_100235_{NOW - timedelta(days=60, hours=-1):%Y%m%d%H%M}00.mp4"
BEGUN, HANDED_OVER = (f"{NOW - timedelta(days=days):%Y-%m-%d} 10:00" for days in (90, 30))


@pytest.fixture
def agency(agency: Command) -> Command:
    """A station with people, and a recorder that can be docked."""
    agency.ok("ledger", "register", RECORDER, "--department", "城南中队", by=ADMIN)
    return agency


def dock(agency: Command, *names: str) -> dict[str, dict[str, Any]]:
    """Recordings of these names are docked; all clips by their names."""
    card = agency.home / "card"
    card.mkdir(exist_ok=True)
    for name in names:
        (card / name).write_bytes(recording(name, 5000))
    agency.ok("dock", "--facts", "later", "--quiet", str(card))
    return clips(agency)


def clips(agency: Command) -> dict[str, dict[str, Any]]:
    return {clip["name"]: clip for clip in agency.ok("clip", "list", "--json", by="boss").json}


def basis(clip: dict[str, Any]) -> tuple[str | None, str, str | None]:
    return clip["officer"], clip["officer_basis"], clip["officer_why"]


def issue(agency: Command, officer: str, since: str, *more: str) -> None:
    agency.ok("ledger", "issue", RECORDER, officer, "--since", since, *more, by="south")


@pytest.mark.duty("D05")
def test_the_officer_of_a_recording_comes_from_the_ledger_at_its_time(agency: Command) -> None:
    issue(agency, "100234", BEGUN)
    found = dock(agency, EARLY, OTHERS)
    assert basis(found[EARLY]) == ("100234", "ledger", None)
    assert basis(found[OTHERS]) == (None, "unattributed", "name-disagrees")
    assert [one["name"] for one in agency.ok("clip", "list", "--unattributed", "--json", by="boss").json] == [OTHERS]


def test_a_recording_lies_with_its_recorders_department(agency: Command) -> None:
    assert dock(agency, EARLY)[EARLY]["department"] == "城南中队"


def test_without_a_ledger_the_name_stands_as_a_claim(agency: Command) -> None:
    assert basis(dock(agency, EARLY)[EARLY]) == ("100234", "claimed", None)


@pytest.mark.duty("D05")
def test_a_person_settles_it_with_a_reason_and_that_stays(agency: Command) -> None:
    issue(agency, "100234", BEGUN)
    clip = dock(agency, OTHERS)[OTHERS]
    words = ("clip", "attribute", clip["id"][:8], "--officer", "100235", "--reason", "值班表")
    for who in ("zhang", "keeper", "audit", ADMIN):
        assert agency(*words, by=who).code == Exit.NOT_ALLOWED
    agency.ok(*words, by="boss")
    assert basis(clips(agency)[OTHERS]) == ("100235", "settled", None)
    last = agency.log()[-1]
    assert (last["kind"], last["actor"], last["data"]["reason"]) == ("clip-attributed", "user:boss", "值班表")
    agency.ok("ledger", "reattribute", "--recorder", RECORDER, by="boss")
    assert basis(clips(agency)[OTHERS]) == ("100235", "settled", None)
    assert agency("clip", "attribute", clip["id"], "--officer", "1", "--reason", "x", by="boss").code == Exit.NOT_FOUND


def test_a_ledger_that_is_put_right_later_is_followed_when_asked_and_shown_before(agency: Command) -> None:
    issue(agency, "100234", BEGUN)
    dock(agency, EARLY, LATE, OTHERS)
    (line,) = agency.ok("ledger", "list", "--json", "--recorder", RECORDER, by="boss").json
    agency.ok("ledger", "withdraw", line["id"], "--reason", "登记错误", by="south")
    issue(agency, "100235", BEGUN)
    agency.ok("ledger", "return", RECORDER, "--until", HANDED_OVER, by="south")
    issue(agency, "100234", HANDED_OVER)
    head = len(agency.log())
    shown = agency.ok("ledger", "reattribute", "--dry-run", by="boss")
    assert len(agency.log()) == head
    assert EARLY in shown.out and OTHERS in shown.out and LATE not in shown.out
    assert basis(clips(agency)[EARLY]) == ("100234", "ledger", None)
    agency.ok("ledger", "reattribute", "--reason", "台账补录", by="boss")
    found = clips(agency)
    assert basis(found[EARLY]) == (None, "unattributed", "name-disagrees")
    assert basis(found[OTHERS]) == ("100235", "ledger", None)
    assert basis(found[LATE]) == ("100234", "ledger", None)
    assert [entry["kind"] for entry in agency.log()[head:]].count("clip-attributed") == 2
    assert "0 recordings changed" in agency.ok("ledger", "reattribute", by="boss").out
    struck = agency.ok("ledger", "list", "--withdrawn", "--json", by="boss").json
    assert sorted(one["withdrawn"] or "" for one in struck) == ["", "", "登记错误"]


def test_a_loan_shows_at_the_recording(agency: Command) -> None:
    issue(agency, "100235", BEGUN)
    issue(agency, "100234", HANDED_OVER, "--lent-by", "100235")
    found = dock(agency, LATE, OTHERS)
    assert basis(found[LATE]) == ("100234", "lent", None)
    assert basis(found[OTHERS]) == ("100235", "ledger", None)


@pytest.mark.duty("D24")
def test_the_ledger_says_what_was_recorded_with_each_recorder(agency: Command) -> None:
    issue(agency, "100234", BEGUN)
    dock(agency, EARLY, LATE, OTHERS)
    (line,) = agency.ok("ledger", "list", "--recordings", "--json", by="boss").json
    assert line["recordings"] == 2
    assert "recordings: 2" in agency.ok("ledger", "list", "--recordings", by="boss").out


def test_who_asked_for_another_departments_recorder_is_refused(agency: Command) -> None:
    issue(agency, "100234", BEGUN)
    dock(agency, OTHERS)
    issue_again = agency("ledger", "reattribute", "--recorder", RECORDER, by="keeper")
    assert (issue_again.code, clips(agency)[OTHERS]["officer"]) == (Exit.OK, None)
    (line,) = agency.ok("ledger", "list", "--json", by="boss").json
    agency.ok("ledger", "withdraw", line["id"], "--reason", "x", by="south")
    assert agency("ledger", "reattribute", "--recorder", RECORDER, by="keeper").code == Exit.NOT_ALLOWED
