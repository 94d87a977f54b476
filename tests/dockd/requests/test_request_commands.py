"""Requests on the command line: who may ask, decide and look, and what stays of all of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.people.access import Account, Role
from catalog.requests.model import Kind, Standing, numbered
from dockd.assembly import reading
from dockd.exits import Exit
from dockd.people.acting import Acting
from dockd.requests import requesting
from dockd.requests import words as request_words
from dockd.requests.requesting import Asking
from dockd.requests.viewing import open_view
from dockd.requests.words import RequestUnfit, of_requests
from tests.simulators.agency import ADMIN, Command
from tests.simulators.request_desk import NUMBER, YEAR, asked, clip_of, player, refusals, why_refused

# ------------------------------------------------------------------------------------------------------- looking: D19


@pytest.mark.duty("D19")
@pytest.mark.duty("D32")
def test_nobody_looks_without_leave_and_who_looked_when_and_why_is_kept(station: Command) -> None:
    clip = clip_of(station, "1234568")
    program, seen = player(station.home)
    assert station("view", clip, "--reason", "好奇", by="keeper").code == Exit.NOT_ALLOWED
    number = asked(station, "--kind", "view", clip, by="keeper")
    assert number == numbered(YEAR, 1)
    early = station("view", clip, "--request", number, by="keeper")
    assert (early.code, "decided" in early.told) == (Exit.REFUSED, True)
    for who in ("keeper", "arch", ADMIN):
        assert station("request", "approve", number, "--days", "1", "--reason", "同意", by=who).code == Exit.NOT_ALLOWED
    station.ok("request", "approve", number, "--days", "1", "--uses", "1", "--reason", "同意", by="boss")
    for who, told in (("boss", "somebody else"), (ADMIN, "no such right")):
        refused = station("view", clip, "--request", number, by=who)
        assert refused.code != Exit.OK and told in refused.told
    station.ok("view", clip, "--request", number, "--with", program, by="keeper")
    (row,) = station.ok("clip", "list", "--recorder", "1234568", "--json", by="boss").json
    original = (station.home / "station/vault" / row["path"]).read_bytes()
    assert json.loads(seen.read_text()) == [hashlib.sha256(original).hexdigest(), 1]
    again = station("view", clip, "--request", number, by="keeper")
    assert (again.code, "as often" in again.told) == (Exit.REFUSED, True)

    told = station.ok("request", "show", number, "--json", by="boss").json
    assert [(one["entry"], one["actor"]) for one in told["history"]] == [
        ("request-asked", "user:keeper"),
        ("act-refused", "user:keeper"),
        ("act-refused", "user:keeper"),
        ("act-refused", "user:arch"),
        ("act-refused", f"user:{ADMIN}"),
        ("request-approved", "user:boss"),
        ("act-refused", "user:boss"),
        ("act-refused", f"user:{ADMIN}"),
        ("clip-viewed", "user:keeper"),
        ("act-refused", "user:keeper"),
    ]
    (view,) = [one for one in told["history"] if one["entry"] == "clip-viewed"]
    assert (view["clip"], view["reason"], view["vault_path"]) == (clip, "核对执法过程", row["path"])
    assert (told["standing"], told["used"], told["decided_by"]) == ("used-up", 1, "user:boss")
    shown = station.ok("request", "show", number, by="audit").out
    assert all(word in shown for word in ("used up", "user:keeper", "looked at", "turned away", "同意"))
    station.ok("verify", "--all")


@pytest.mark.duty("D19")
def test_who_may_look_by_himself_says_why_and_that_is_kept(station: Command) -> None:
    own, colleague = clip_of(station, "1234567"), clip_of(station, "1234568")
    assert station("view", own, by="zhang").code == Exit.USAGE
    shown = station.ok("view", own, "--reason", "写报告", by="zhang").out
    assert str(station.home / "station/vault") in shown
    assert station("view", colleague, "--reason", "写报告", by="zhang").code == Exit.NOT_ALLOWED
    station.ok("view", colleague, "--reason", "案件审核", by="boss")
    seen = [entry["data"] for entry in station.log() if entry["kind"] == "clip-viewed"]
    assert [(one["by"], one["clip"], one["request"], one["reason"]) for one in seen] == [
        ("user:zhang", own, None, "写报告"),
        ("user:boss", colleague, None, "案件审核"),
    ]
    assert refusals(station) == [("user:zhang", "view-clip", "not-his-own")]


def test_what_cannot_be_opened_is_not_on_record_as_seen(station: Command) -> None:
    (row,) = station.ok("clip", "list", "--recorder", "1234567", "--json", by="boss").json
    (station.home / "station/vault" / row["path"]).unlink()
    gone = station("view", row["id"], "--reason", "x", by="boss")
    assert gone.code == Exit.VAULT and "verify --all" in gone.told
    assert station("view", row["id"], "--reason", "x", "--with", "no-such-player", by="boss").code == Exit.USAGE
    assert not [entry for entry in station.log() if entry["kind"] == "clip-viewed"]


def test_what_was_disposed_of_is_neither_asked_for_nor_looked_at(station: Command) -> None:
    with reading(str(station.home / "station")) as opened:
        opened.acting = Acting("user:boss", Account("boss", Role.LEADER, frozenset({"城关中队"})))
        found = opened.station.catalog.find_clip(clip_of(station, "1234567"))
        clip = replace(found, destroyed_at=opened.station.clock())
        assert why_refused(lambda: open_view(opened, clip, None, "x")) == "destroyed"
        wanted = Asking(Kind.VIEW, (clip,), None, "x", None, None)
        assert why_refused(lambda: requesting.ask(opened, wanted)) == "destroyed"
    assert not {entry["kind"] for entry in station.log()} & {"clip-viewed", "request-asked"}


def test_a_program_that_fails_is_told_and_the_view_stays_on_record(station: Command) -> None:
    clip = clip_of(station, "1234567")
    shown = station.ok("view", clip, "--reason", "x", "--with", "false", by="boss")
    assert "ended with 1" in shown.out
    assert [entry["kind"] for entry in station.log()][-1] == "clip-viewed"


def test_a_request_opens_only_what_it_names_and_only_what_it_asks_for(station: Command) -> None:
    one, other = clip_of(station, "1234568"), clip_of(station, "1234567")
    number = asked(station, "--kind", "view", one, "--for", "zhang", by="keeper")
    copies = asked(station, "--kind", "copy", one, "--recipient", "法制科", by="keeper")
    for name in (number, copies):
        station.ok("request", "approve", name, "--days", "0", "--reason", "同意", by="boss")
    station.ok("view", one, "--request", number, by="zhang")
    for clip, name, who, told in (
        (other, number, "zhang", "does not name"),
        (one, number, "south", "somebody else"),
        (one, copies, "keeper", "something else"),
    ):
        refused = station("view", clip, "--request", name, by=who)
        assert refused.code == Exit.REFUSED and told in refused.told
    assert {why for _actor, _act, why in refusals(station)} == {"request-does-not-open-it"}


# ------------------------------------------------------------------------------------------------ requests as they go


def test_asking_says_what_is_wrong(station: Command) -> None:
    clip = clip_of(station, "1234567")
    station.ok("case", "open", NUMBER, "--party", "王芳", "--department", "城关中队", by="boss")
    for words, code, told in (
        (("--kind", "view"), Exit.USAGE, "name recordings"),
        (("--kind", "view", clip, "--recipient", "x"), Exit.USAGE, "no --recipient"),
        (("--kind", "view", clip, "--for", "nobody"), Exit.REFUSED, "no account"),
        (("--kind", "copy", clip), Exit.USAGE, "--recipient"),
        (("--kind", "copy", clip, "--recipient", " "), Exit.USAGE, "--recipient"),
        (("--kind", "party", clip), Exit.USAGE, "--for names the party"),
        (("--kind", "party", clip, "--for", "王芳"), Exit.REFUSED, "party of a case"),
        (("--kind", "view", "--case", NUMBER), Exit.REFUSED, "nothing lies"),
        (("--kind", "view", clip, "--case", NUMBER), Exit.REFUSED, "not all"),
        (("--kind", "view", "ffff"), Exit.NOT_FOUND, "nothing found"),
    ):
        refused = station("request", "ask", *words, "--purpose", "x", by="boss")
        assert refused.code == code and told in refused.told, words
    assert station("request", "ask", "--kind", "view", clip, "--purpose", " ", by="boss").code == Exit.USAGE
    assert station("request", "ask", "--kind", "view", clip, "--purpose", "x", by="south").code == Exit.NOT_ALLOWED
    assert station.ok("request", "list", "--json", by="boss").json == []


def test_deciding_says_what_is_wrong(station: Command) -> None:
    number = asked(station, "--kind", "view", clip_of(station, "1234567"), by="keeper")
    for words, code in (
        (("approve", number, "--reason", "x"), Exit.USAGE),
        (("approve", number, "--days", "1", "--until", "2099-01-01", "--reason", "x"), Exit.USAGE),
        (("approve", number, "--until", "2020-01-01", "--reason", "x"), Exit.REFUSED),
        (("approve", number, "--days", "1", "--reason", " "), Exit.USAGE),
        (("approve", f"{YEAR}-0099", "--days", "1", "--reason", "x"), Exit.NOT_FOUND),
        (("refuse", number, "--reason", ""), Exit.USAGE),
    ):
        assert station("request", *words, by="boss").code == code, words
    station.ok("request", "refuse", number, "--reason", "与案件无关", by="boss")
    for step in ("approve --days 1", "refuse", "close"):
        again = station("request", *step.split(), number, "--reason", "x", by="boss")
        assert again.code == Exit.REFUSED, step
    assert "与案件无关" in station.ok("request", "show", number, by="keeper").out


def test_whoever_asked_or_whom_it_is_for_never_decides_under_any_account(station: Command) -> None:
    station.ok("user", "add", "chief", "--role", "leader", "--department", "局", "--officer", "100234", by=ADMIN)
    clip = clip_of(station, "1234568")
    for words, who, barred in (
        ((), "keeper", "chief"),
        ((), "boss", "boss"),
        (("--for", "zhang"), "boss", "chief"),
        (("--for", "boss"), "arch", "boss"),
    ):
        number = asked(station, "--kind", "view", clip, *words, by=who)
        assert station("request", "approve", number, "--days", "1", "--reason", "x", by=barred).code == Exit.NOT_ALLOWED
        assert refusals(station)[-1] == (f"user:{barred}", "approve-request", "same-person")


def test_a_station_without_accounts_keeps_asking_and_deciding_apart(quick_path: Path) -> None:
    command = Command(quick_path)
    command.ok("init", "--yes")
    folder = quick_path / "card"
    folder.mkdir()
    (folder / "1234567_100234_20261119090000.mp4").write_bytes(b"x" * 3000)
    command.ok("dock", "--facts", "later", str(folder))
    (clip,) = command.ok("clip", "list", "--json").json
    number = command.ok("request", "ask", "--kind", "view", clip["id"], "--purpose", "x").out.split()[1]
    assert command("request", "approve", number, "--days", "1", "--reason", "x").code == Exit.NOT_ALLOWED
    command.ok("view", clip["id"], "--reason", "x")
    command.ok("request", "close", number, "--reason", "x")


def test_a_request_is_closed_by_whoever_asked_or_may_decide_and_opens_nothing_then(station: Command) -> None:
    clip = clip_of(station, "1234568")
    first, second = (asked(station, "--kind", "view", clip, by="keeper") for _time in range(2))
    assert (first, second) == (numbered(YEAR, 1), numbered(YEAR, 2))
    station.ok("request", "approve", first, "--days", "3", "--reason", "同意", by="boss")
    assert station("request", "close", first, "--reason", "x", by="south").code == Exit.NOT_ALLOWED
    station.ok("request", "close", first, "--reason", "已办结", by="keeper")
    station.ok("request", "close", second, "--reason", "撤回", by="boss")
    closed = station("view", clip, "--request", first, by="keeper")
    assert closed.code == Exit.REFUSED and "closed" in closed.told


def test_two_who_ask_in_the_same_moment_get_two_numbers(station: Command) -> None:
    clip_id = clip_of(station, "1234567")
    with reading(str(station.home / "station")) as opened:
        opened.acting = Acting("user:boss", Account("boss", Role.LEADER, frozenset({"城关中队"})))
        wanted = Asking(Kind.VIEW, (opened.station.catalog.find_clip(clip_id),), None, "x", None, None)
        plain, first = opened.station.random_hex, []

        def while_another_asks(digits: int) -> str:
            """Called once the number was chosen, and before it is taken."""
            opened.station.random_hex = plain
            first.append(requesting.ask(opened, wanted).number)
            return plain(digits)

        opened.station.random_hex = while_another_asks
        assert requesting.ask(opened, wanted).number == numbered(YEAR, 2)
        assert first == [numbered(YEAR, 1)]


def test_lists_show_ones_own_and_those_of_the_departments_whose_history_one_reads(station: Command) -> None:
    mine, souths = clip_of(station, "1234568"), clip_of(station, "7654321")
    one = asked(station, "--kind", "view", mine, by="keeper")
    two = asked(station, "--kind", "copy", souths, "--recipient", "法制科", by="south")
    station.ok("request", "approve", two, "--days", "3", "--reason", "同意", by="boss")

    def numbers(*words: str, by: str) -> list[str]:
        return [row["number"] for row in station.ok("request", "list", *words, "--json", by=by).json]

    assert numbers(by="boss") == numbers(by="audit") == [one, two]
    assert (numbers(by="keeper"), numbers(by="south"), numbers(by="zhang")) == ([one], [two], [])
    assert station("request", "list", by=ADMIN).code == Exit.NOT_ALLOWED
    assert station("request", "show", two, by="keeper").code == Exit.NOT_ALLOWED
    assert numbers("--kind", "copy", by="boss") == [two]
    assert numbers("--clip", mine, by="boss") == [one]
    assert numbers("--mine", by="boss") == [] and numbers("--mine", by="south") == [two]
    assert numbers("--standing", "asked", by="boss") == [one]
    assert numbers("--expiring", "4", by="boss") == [two] and numbers("--expiring", "1", by="boss") == []
    station.ok("request", "close", one, "--reason", "x", by="keeper")
    assert numbers("--open", by="boss") == [two]
    (row,) = csv.DictReader(io.StringIO(station.ok("request", "list", "--open", "--csv", by="boss").out))
    assert (row["number"], row["standing"], row["recipient"], row["uses"]) == (two, "approved", "法制科", "1")
    lines = station.ok("request", "list", by="boss").out.splitlines()
    assert [line.split()[0] for line in lines] == [one, two] and "法制科" in lines[1]


def test_every_kind_standing_and_code_has_words() -> None:
    assert set(request_words.KINDS) == set(Kind) and set(request_words.STANDINGS) == set(Standing)
    codes: list[Any] = list(request_words._WHYS)
    for code in codes:
        told = of_requests(RequestUnfit("2026-0007", code))
        assert told is not None and told.hint and "{" not in told.sentence
    assert of_requests(ValueError()) is None


@pytest.mark.duty("D19")
def test_the_history_of_a_recording_says_who_asked_who_looked_and_who_was_turned_away(station: Command) -> None:
    one, other = clip_of(station, "1234568"), clip_of(station, "1234567")
    number = asked(station, "--kind", "view", one, other, by="keeper")
    station.ok("request", "approve", number, "--days", "1", "--reason", "同意", by="boss")
    for clip in (one, other):
        station.ok("view", clip, "--request", number, by="keeper")
    station.ok("view", one, "--reason", "案件审核", by="boss")
    assert station("view", one, "--reason", "好奇", by="zhang").code == Exit.NOT_ALLOWED
    told = station.ok("clip", "history", one, "--json", by="audit").json
    assert [(entry["entry"], entry["actor"]) for entry in told] == [
        ("clip-ingested", "dockd"),
        ("request-asked", "user:keeper"),
        ("request-approved", "user:boss"),
        ("clip-viewed", "user:keeper"),
        ("clip-viewed", "user:boss"),
        ("act-refused", "user:zhang"),
    ]
    assert len(station.ok("clip", "history", one, by="boss").out.splitlines()) == len(told)
    assert station("clip", "history", one, by="zhang").code == Exit.NOT_ALLOWED
