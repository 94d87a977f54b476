"""What is marked secret, and what a party of a case may be given (D21, D22)."""

from __future__ import annotations

import pytest

from catalog.people.access import Account, Role, Secrecy
from catalog.requests.model import ORIGINAL, WATERMARKED
from catalog.requests.queries import find_request
from dockd.assembly import reading
from dockd.exits import Exit
from dockd.people.acting import Acting
from dockd.requests import requesting
from tests.simulators.agency import ADMIN, Command
from tests.simulators.request_desk import NUMBER, asked, clip_of, refusals, why_refused

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
        assert why_refused(lambda: requesting.may_copy(opened, request, ORIGINAL)) == "form"
    station.ok("user", "role", "boss", "--clearance", "personal", by=ADMIN)
    station.ok("clip", "secret", "--case", NUMBER, "--mark", "personal", "--reason", "涉及隐私", by="arch")
    secret = station("request", "approve", second, *approve, by="boss")
    assert secret.code == Exit.REFUSED and "no party" in secret.told
    with reading(str(station.home / "station")) as opened:
        opened.acting = Acting("user:arch", archivist)
        assert why_refused(lambda: requesting.may_copy(opened, request, WATERMARKED)) == "secret"


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
