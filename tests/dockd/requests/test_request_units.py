"""An officer asks through his unit: the one his account was given, else the one that the register has him in."""

from __future__ import annotations

from dockd.exits import Exit
from tests.simulators.agency import ADMIN, Command
from tests.simulators.request_desk import asked, clip_of, refusals


def test_an_officer_without_a_department_asks_for_what_his_unit_recorded_and_for_nothing_else(station: Command) -> None:
    station.ok("user", "add", "li", "--role", "officer", "--officer", "100235", by=ADMIN)
    own, other = clip_of(station, "7654321"), clip_of(station, "1234567")
    asked(station, "--kind", "view", own, by="li")
    refused = station("request", "ask", "--kind", "view", other, "--purpose", "x", by="li")
    assert refused.code == Exit.NOT_ALLOWED and "dockd user role NAME --department" in refused.told
    assert refusals(station)[-1] == ("user:li", "request", "not-his-department")
    # He is transferred, and his reach with him.
    station.ok("officer", "change", "100235", "--department", "城关中队", by=ADMIN)
    asked(station, "--kind", "view", other, by="li")
    assert station("request", "ask", "--kind", "view", own, "--purpose", "x", by="li").code == Exit.NOT_ALLOWED
    # What the account was given goes before what the register says.
    station.ok("user", "role", "li", "--department", "城南中队", by=ADMIN)
    asked(station, "--kind", "view", own, by="li")
    assert station("request", "ask", "--kind", "view", other, "--purpose", "x", by="li").code == Exit.NOT_ALLOWED


def test_who_is_in_no_register_or_left_is_told_what_his_account_lacks(station: Command) -> None:
    station.ok("user", "add", "li", "--role", "officer", "--officer", "100235", by=ADMIN)
    station.ok("user", "add", "guest", "--role", "officer", by=ADMIN)
    station.ok("user", "add", "temp", "--role", "officer", "--officer", "999999", by=ADMIN)
    station.ok("officer", "change", "100235", "--left", by=ADMIN)
    clip = clip_of(station, "7654321")
    for who in ("li", "guest", "temp"):
        refused = station("request", "ask", "--kind", "view", clip, "--purpose", "x", by=who)
        assert refused.code == Exit.NOT_ALLOWED and "dockd user role NAME --department" in refused.told, who


def test_no_other_role_reaches_a_department_that_it_was_not_given(station: Command) -> None:
    for role in ("leader", "archivist", "recorder-manager", "inspector"):
        station.ok("user", "add", role, "--role", role, "--officer", "100235", by=ADMIN)
        refused = station("request", "ask", "--kind", "view", clip_of(station, "7654321"), "--purpose", "x", by=role)
        assert refused.code == Exit.NOT_ALLOWED, role
