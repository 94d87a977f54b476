"""Which role may ask, decide, look and take away where, by the table, the pack and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import retention
from catalog.cases.events import CaseOpened
from catalog.event import Event
from catalog.model import Clip
from catalog.people.access import Account, Act, Role, Secrecy
from catalog.requests.events import RequestApproved, RequestAsked
from catalog.requests.model import ORIGINAL, WATERMARKED, Kind, RequestRow, numbered
from catalog.requests.queries import find_request, last_running
from dockd.assembly import Opened, reading
from dockd.errors import NotAllowed
from dockd.exits import Exit
from dockd.people.acting import Acting
from dockd.people.peopling import record
from dockd.requests import requesting
from dockd.requests.requesting import Asking
from dockd.requests.secrecy import Subject, marking
from dockd.requests.viewing import open_view
from tests.simulators.agency import Command
from tests.simulators.request_desk import NUMBER, asked, clip_of, refusals, why_refused

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
        assert why_refused(lambda: requesting.may_copy(opened, now, ORIGINAL)) == why
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
