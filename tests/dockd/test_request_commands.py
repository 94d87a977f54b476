"""Requests on the command line: who may ask, decide and look, what is marked secret, and what stays of all of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import retention
from catalog.cases.events import CaseOpened
from catalog.event import Event
from catalog.model import Clip, ClipQuery
from catalog.people.access import Account, Act, Role, Secrecy
from catalog.requests.events import RequestApproved, RequestAsked
from catalog.requests.model import ORIGINAL, WATERMARKED, Kind, RequestRow, Standing, numbered
from catalog.requests.queries import find_request, last_running
from dockd import request_words, requesting
from dockd.acting import Acting
from dockd.assembly import Opened, reading
from dockd.errors import NotAllowed
from dockd.exits import Exit
from dockd.peopling import record
from dockd.request_words import RequestUnfit, of_requests
from dockd.requesting import Asking
from dockd.secrecy import Subject, marking
from dockd.viewing import open_view
from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import ADMIN, Command
from tests.simulators.quick import quick_folder

NUMBER = "2026-昌水罚-017"
YEAR = datetime.now(ZoneInfo("Asia/Shanghai")).year


@pytest.fixture(scope="module")
def filled(settled: Path) -> Iterator[Path]:
    """The agency with three recordings: zhang's own, a colleague's of the same department, and one of the south."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        agency = Command(folder)
        for serial, officer, department, keeper in (
            ("1234567", "100234", "城关中队", "keeper"),
            ("1234568", "100236", "城关中队", "keeper"),
            ("7654321", "100235", "城南中队", "south"),
        ):
            card = folder / serial
            card.mkdir()
            name = f"{serial}_{officer}_20261119090000.mp4"
            (card / name).write_bytes(recording(name, 3000))
            agency.ok("ledger", "register", serial, "--department", department, by=keeper)
            agency.ok("dock", "--facts", "later", str(card))
        agency.ok("user", "add", "arch", "--role", "archivist", "--department", "局", by=ADMIN)
        agency.ok("user", "role", "zhang", "--department", "城关中队", by=ADMIN)
        yield folder


@pytest.fixture
def station(filled: Path, quick_path: Path) -> Command:
    """A copy of it, to be used."""
    shutil.copytree(filled, quick_path, dirs_exist_ok=True)
    return Command(quick_path)


def clip_of(station: Command, recorder: str) -> str:
    """The id of the one recording of a recorder."""
    with reading(str(station.home / "station")) as opened:
        (found,) = opened.station.catalog.clips(ClipQuery(recorder=recorder))
    return found.id


def player(home: Path) -> tuple[str, Path]:
    """A program that shows what it is given, and what it saw: the bytes, and how many views the log had by then."""
    seen = home / "seen.json"
    program = home / "player"
    program.write_text(
        f"#!{sys.executable}\n"
        "import hashlib, json, sqlite3, sys\n"
        "shown = open(sys.argv[1], 'rb')\n"
        f"log = sqlite3.connect('file:{home}/station/catalog.db?mode=ro', uri=True)\n"
        "views, = log.execute(\"SELECT count(*) FROM custody WHERE kind = 'clip-viewed'\").fetchone()\n"
        f"json.dump([hashlib.sha256(shown.read()).hexdigest(), views], open('{seen}', 'w'))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return str(program), seen


def asked(station: Command, *words: str, by: str) -> str:
    """The number of a request."""
    return station.ok("request", "ask", *words, "--purpose", "核对执法过程", by=by).out.split()[1]


def refusals(station: Command) -> list[tuple[str, str, str]]:
    """Who was refused what, and why."""
    told = [entry for entry in station.log() if entry["kind"] == "act-refused"]
    return [(entry["actor"], entry["data"]["act"], entry["data"]["why"]) for entry in told]


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
        assert _told(lambda: open_view(opened, clip, None, "x")) == "destroyed"
        assert _told(lambda: requesting.ask(opened, Asking(Kind.VIEW, (clip,), None, "x", None, None))) == "destroyed"
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


# ---------------------------------------------------------------------------------------------------- parties: D21


@pytest.mark.duty("D21")
def test_a_party_is_given_a_copy_with_the_heads_consent_unless_it_is_secret(station: Command) -> None:
    clip = clip_of(station, "1234567")
    station.ok("case", "open", NUMBER, "--party", "王芳", "--department", "城关中队", by="boss")
    station.ok("case", "link", NUMBER, clip, by="boss")
    words = ("--kind", "party", "--case", NUMBER)
    stranger = station("request", "ask", *words, "--for", "李强", "--purpose", "x", by="arch")
    assert stranger.code == Exit.REFUSED and "no party" in stranger.told
    first, second = (asked(station, *words, "--for", "王芳", by="arch") for _time in range(2))
    approve = ("--days", "10", "--reason", "同意")
    assert station("request", "approve", first, *approve, by="arch").code == Exit.NOT_ALLOWED
    station.ok("request", "approve", first, *approve, by="boss")
    row = station.ok("request", "show", first, "--json", by="boss").json
    assert (row["recipient"], row["for_whom"], row["case"], row["uses"]) == ("王芳", "王芳", NUMBER, 1)

    with reading(str(station.home / "station")) as opened:
        archivist = Account("arch", Role.ARCHIVIST, frozenset({"城关中队"}), clearance=frozenset(Secrecy))
        opened.acting = Acting("user:arch", archivist)
        request = find_request(opened.station.catalog, first)
        assert requesting.may_copy(opened, request, WATERMARKED) == request
        assert _told(lambda: requesting.may_copy(opened, request, ORIGINAL)) == "form"
    station.ok("user", "role", "boss", "--clearance", "personal", by=ADMIN)
    station.ok("clip", "secret", "--case", NUMBER, "--mark", "personal", "--reason", "涉及隐私", by="arch")
    secret = station("request", "approve", second, *approve, by="boss")
    assert secret.code == Exit.REFUSED and "no party" in secret.told
    with reading(str(station.home / "station")) as opened:
        opened.acting = Acting("user:arch", archivist)
        assert _told(lambda: requesting.may_copy(opened, request, WATERMARKED)) == "secret"


def _told(act: Callable[[], object]) -> str:
    """The code with which something is refused."""
    with pytest.raises(RequestUnfit) as refused:
        act()
    return refused.value.why


# ---------------------------------------------------------------------------------------------------- secrets: D22


@pytest.mark.duty("D22")
def test_what_is_marked_secret_is_listed_and_shown_only_to_who_is_cleared_for_it(station: Command) -> None:
    clip, plain = clip_of(station, "1234567"), clip_of(station, "1234568")
    station.ok("clip", "note", clip, "涉及配方", by="boss")
    assert station("clip", "secret", clip, "--mark", "personal", "--reason", "x", by="keeper").code == Exit.NOT_ALLOWED
    station.ok("clip", "secret", clip, "--mark", "trade-secret", "--reason", "涉及配方", by="arch")
    twice = station("clip", "secret", clip, "--mark", "trade-secret", "--reason", "x", by="arch")
    assert twice.code == Exit.REFUSED
    marks = {row["id"]: row["secrecy"] for row in station.ok("clip", "list", "--json", by="boss").json}
    assert (marks[clip], marks[plain]) == (["trade-secret"], [])
    assert "[trade secret]" in station.ok("clip", "search", by="boss").out
    hidden = station.ok("clip", "show", clip, "--json", by="boss").json
    assert (hidden["withheld"], hidden["notes"]) == (True, [])

    number = asked(station, "--kind", "view", clip, by="keeper")
    for words in (
        ("view", clip, "--reason", "x"),
        ("request", "approve", number, "--days", "1", "--reason", "x"),
    ):
        assert station(*words, by="boss").code == Exit.NOT_ALLOWED
        assert refusals(station)[-1][2] == "not-cleared"
    station.ok("user", "role", "boss", "--clearance", "trade-secret", by=ADMIN)
    station.ok("view", clip, "--reason", "x", by="boss")
    shown = station.ok("clip", "show", clip, "--json", by="boss").json
    assert (shown["withheld"], [one["note"] for one in shown["notes"]]) == (False, ["涉及配方"])
    station.ok("request", "approve", number, "--days", "1", "--reason", "x", by="boss")
    assert station("view", clip, "--request", number, by="keeper").code == Exit.NOT_ALLOWED
    station.ok("user", "role", "keeper", "--clearance", "trade-secret", by=ADMIN)
    station.ok("view", clip, "--request", number, by="keeper")


@pytest.mark.duty("D22")
def test_a_mark_is_taken_off_by_a_cleared_leader_who_did_not_put_it_there(station: Command) -> None:
    clip = clip_of(station, "1234567")
    off = ("clip", "secret", clip, "--remove", "personal", "--reason", "已公开")
    station.ok("clip", "secret", clip, "--mark", "personal", "--reason", "x", by="boss")
    station.ok("user", "add", "chief", "--role", "leader", "--department", "局", by=ADMIN)
    station.ok("user", "role", "boss", "--clearance", "personal", by=ADMIN)
    for who, why in (("arch", "role-has-no-such-right"), ("chief", "not-cleared"), ("boss", "same-person")):
        assert station(*off, by=who).code == Exit.NOT_ALLOWED
        assert refusals(station)[-1] == (f"user:{who}", "mark-secret", why)
    station.ok("user", "role", "chief", "--clearance", "personal", by=ADMIN)
    station.ok(*off, by="chief")
    assert station(*off, by="chief").code == Exit.REFUSED
    assert station.ok("clip", "show", clip, "--json", by="arch").json["secrecy"] == []


def test_a_marked_case_shows_its_papers_and_not_where_they_lie(station: Command) -> None:
    clip, paper = clip_of(station, "1234567"), station.home / "通知书.txt"
    paper.write_text("x")
    station.ok("case", "open", NUMBER, "--department", "城关中队", by="boss")
    station.ok("case", "link", NUMBER, clip, by="boss")
    station.ok("case", "add-document", NUMBER, str(paper), by="boss")
    station.ok("clip", "secret", "--case", NUMBER, "--mark", "state-secret", "--reason", "x", by="arch")
    hidden = station.ok("case", "show", NUMBER, "--json", by="boss").json
    assert hidden["secrecy"] == ["state-secret"] and hidden["links"][0]["secrecy"] == ["state-secret"]
    assert [(one["title"], one["vault_path"]) for one in hidden["documents"]] == [("通知书.txt", "")]
    station.ok("user", "role", "boss", "--clearance", "state-secret", by=ADMIN)
    (shown,) = station.ok("case", "show", NUMBER, "--json", by="boss").json["documents"]
    assert (station.home / "station/vault" / shown["vault_path"]).read_text() == "x"


@pytest.mark.parametrize(
    "words",
    [
        ("--mark", "personal"),
        ("c453", "--case", "x", "--mark", "personal"),
        ("c453",),
        ("c453", "--mark", "personal", "--remove", "personal"),
    ],
)
def test_marking_is_asked_for_in_one_way(station: Command, words: tuple[str, ...]) -> None:
    assert station("clip", "secret", *words, "--reason", "x", by="boss").code == Exit.USAGE


# ------------------------------------------------------------------------------------- role × department × act

# o: what is his own; d: in his department; a: also beyond it, when a request opens it. The first word is the act.
TABLE = """
            officer manager archivist leader inspector administrator auditor
ask         d       d       d         d      d         -             -
approve     -       -       -         d      -         -             -
refuse      -       -       -         d      -         -             -
view        o       o       d         d      d         -             -
view-on     a       a       a         a      a         -             -
copy-on     -       -       a         -      -         -             -
provide-on  -       -       a         -      -         -             -
party-on    -       -       a         -      -         -             -
mark        -       -       d         d      -         -             -
show        -       -       d         d      d         -             a
"""
ROWS = {row.split()[0]: dict(zip(Role, row.split()[1:], strict=True)) for row in TABLE.strip().splitlines()[1:]}
PLACES = {"-": set[str](), "o": {"own"}, "d": {"own", "colleague"}, "a": {"own", "colleague", "south"}}


def _request(opened: Opened, kind: Kind, clip: Clip, *, decided: bool) -> RequestRow:
    """A request that somebody else asked for and, if decided, somebody else approved."""
    year = opened.station.clock().year
    number = numbered(year, last_running(opened.station.catalog, year) + 1)
    request = opened.station.random_hex(16)
    whom = "user:me" if kind is Kind.VIEW and decided else None
    case = "c1" if kind is Kind.PARTY else None
    events: list[Event] = [
        RequestAsked(request, number, kind.value, [clip.id], case, "x", None, whom, [clip.department], "user:other"),
    ]
    if decided:
        until = (opened.station.clock() + timedelta(days=1)).isoformat()
        events.append(RequestApproved(request, "user:third", until, None, "x"))
    opened.station.catalog.append(events)
    return find_request(opened.station.catalog, number)


def _do(opened: Opened, act: str, clip: Clip) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    match act:
        case "ask":
            requesting.ask(opened, Asking(Kind.VIEW, (clip,), None, "x", None, None))
        case "approve":
            request = _request(opened, Kind.VIEW, clip, decided=False)
            requesting.approve(opened, request, until=until, uses=None, reason="x")
        case "refuse":
            requesting.turn_down(opened, _request(opened, Kind.VIEW, clip, decided=False), "x")
        case "view":
            open_view(opened, clip, None, "x").__exit__(None, None, None)
        case "view-on":
            open_view(opened, clip, _request(opened, Kind.VIEW, clip, decided=True), "").__exit__(None, None, None)
        case "copy-on" | "provide-on" | "party-on":
            kind = Kind(act.removesuffix("-on"))
            requesting.may_copy(opened, _request(opened, kind, clip, decided=True), WATERMARKED)
        case "mark":
            record(opened, [marking(opened, Subject.of_clip(clip), [Secrecy.PERSONAL], [], "x")])
            other = Acting("user:other", Account("other", Role.LEADER, frozenset({clip.department}), None, ALL_MARKS))
            opened.acting, mine = other, opened.acting
            record(opened, [marking(opened, Subject.of_clip(clip), [], [Secrecy.PERSONAL], "x")])
            opened.acting = mine
        case "show":
            requesting.shown_request(opened, _request(opened, Kind.VIEW, clip, decided=False).number)


ALL_MARKS = frozenset(Secrecy)


@pytest.fixture
def places(station: Command) -> dict[str, str]:
    """The three recordings, by whose they are."""
    return {"own": clip_of(station, "1234567"), "colleague": clip_of(station, "1234568")} | {
        "south": clip_of(station, "7654321")
    }


def test_each_role_does_each_act_where_the_table_says_and_every_refusal_is_an_entry(
    station: Command, places: dict[str, str]
) -> None:
    found: dict[str, dict[Role, set[str]]] = {}
    with reading(str(station.home / "station")) as opened:
        opened.station.catalog.append([CaseOpened("c1", NUMBER, "", ["王芳"], "other", "城关中队", [], "2026-11-19")])
        for act in ROWS:
            found[act] = {role: set() for role in Role}
            for role in Role:
                me = Account("me", role, frozenset({"城关中队"}), officer="100234", clearance=ALL_MARKS)
                for place, clip_id in places.items():
                    opened.acting = Acting("user:me", me)
                    before = opened.station.catalog.head().seq
                    try:
                        _do(opened, act, opened.station.catalog.find_clip(clip_id))
                    except NotAllowed:
                        last = list(opened.station.catalog.custody(before + 1))[-1]
                        assert (last.kind, last.actor) == ("act-refused", "user:me")
                    else:
                        found[act][role].add(place)
    assert found == {act: {role: PLACES[cell] for role, cell in row.items()} for act, row in ROWS.items()}


# -------------------------------------------------------------------------------------------- the pack, the clock


def _with_office(station: Command, office: str, role: str) -> None:
    """Have the station go by a pack that names this role for an office."""
    text = (Path(retention.__file__).parent / "packs/weixian-natural-resources.toml").read_text("utf-8")
    head, mark, rest = text.partition(f"[offices.{office}]\n")
    _line, _role, after = rest.partition("\n")
    own = head.replace('name = "weixian-natural-resources"', 'name = "own"', 1) + mark + f'role = "{role}"\n' + after
    (station.home / "station/packs.d").mkdir()
    (station.home / "station/packs.d/own.toml").write_text(own, encoding="utf-8")
    settings = station.home / "station/dockd.toml"
    kept = settings.read_text("utf-8").partition("[retention]")[0]
    settings.write_text(f'{kept}[retention]\npack = "own"\n', encoding="utf-8")


def test_a_pack_that_names_who_decides_narrows_the_table_and_never_widens_it(station: Command) -> None:
    _with_office(station, "approves_viewing", "archivist")
    number = asked(station, "--kind", "view", clip_of(station, "1234567"), by="keeper")
    for who in ("boss", "arch"):
        assert station("request", "approve", number, "--days", "1", "--reason", "x", by=who).code == Exit.NOT_ALLOWED
        assert refusals(station)[-1] == (f"user:{who}", "approve-request", "role-has-no-such-right")


def test_a_pack_that_names_who_provides_lets_no_other_role_do_it(station: Command) -> None:
    _with_office(station, "provides", "leader")
    with reading(str(station.home / "station")) as opened:
        clip = opened.station.catalog.find_clip(clip_of(station, "1234567"))
        request = _request(opened, Kind.PROVIDE, clip, decided=True)
        opened.acting = Acting("user:arch", Account("arch", Role.ARCHIVIST, frozenset({"城关中队"})))
        with pytest.raises(NotAllowed) as refused:
            requesting.may_copy(opened, request, ORIGINAL)
        assert refused.value.act is Act.PROVIDE
        copy = _request(opened, Kind.COPY, clip, decided=True)
        assert requesting.may_copy(opened, copy, ORIGINAL) == copy


@pytest.mark.parametrize(
    ("kind", "uses", "hours", "why"),
    [
        (Kind.COPY, None, -1, "expired"),
        (Kind.PROVIDE, None, -1, "expired"),
        (Kind.COPY, None, 0, "asked"),
        (Kind.VIEW, None, 1, "kind"),
    ],
)
def test_a_copy_is_not_made_on_what_does_not_allow_it(
    station: Command, kind: Kind, uses: int | None, hours: int, why: str
) -> None:
    with reading(str(station.home / "station")) as opened:
        clip = opened.station.catalog.find_clip(clip_of(station, "1234567"))
        request = _request(opened, kind, clip, decided=False)
        if hours:
            until = (opened.station.clock() + timedelta(hours=hours)).isoformat()
            opened.station.catalog.append([RequestApproved(request.id, "user:boss", until, uses, "x")])
        opened.acting = Acting("user:arch", Account("arch", Role.ARCHIVIST, frozenset({"城关中队"})))
        now = find_request(opened.station.catalog, request.number)
        assert _told(lambda: requesting.may_copy(opened, now, ORIGINAL)) == why
    assert refusals(station)[-1][2] == "request-does-not-open-it"


def test_a_view_ends_with_its_term(station: Command) -> None:
    clip = clip_of(station, "1234568")
    number = asked(station, "--kind", "view", clip, by="keeper")
    with reading(str(station.home / "station")) as opened:
        request = find_request(opened.station.catalog, number)
        over = RequestApproved(request.id, "user:boss", "2026-11-01T00:00:00Z", None, "x")
        opened.station.catalog.append([over], actor="user:boss")
    ended = station("view", clip, "--request", number, by="keeper")
    assert ended.code == Exit.REFUSED and "term" in ended.told
    assert station.ok("request", "list", "--standing", "expired", "--json", by="boss").json[0]["number"] == number


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
