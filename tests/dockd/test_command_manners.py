"""Commands of requests, copies and hand-overs teach by an example, speak JSON to scripts, and say where to look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dockd.cli import cli
from dockd.exits import Exit
from tests.simulators.agency import Command
from tests.simulators.copies import COPIER, approved, clip_ids, settle_copies
from tests.simulators.handing import FOLDER, dock, key_file, medium_of, with_archivists

GROUPS = ("request", "handover")
SINGLE = (("view",), ("clip", "secret"), ("clip", "history"), ("session", "late"))


def commands() -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(cli)
    for name in GROUPS:
        group = cli.get_command(ctx, name)
        assert isinstance(group, click.Group)
        for word in group.list_commands(ctx):
            command = group.get_command(ctx, word)
            assert command is not None
            yield f"{name} {word}", command
    for words in SINGLE:
        found: click.Command | None = cli
        for word in words:
            assert isinstance(found, click.Group)
            found = found.get_command(ctx, word)
        assert found is not None
        yield " ".join(words), found


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_command_teaches_by_an_example_and_speaks_json(name: str, command: click.Command) -> None:
    shown = (command.help or "").partition("\b\n")[2]
    assert any(line.strip().startswith("dockd") and f" {name} " in f"{line} " for line in shown.splitlines())
    assert any("--json" in one.opts for one in command.params)


def test_the_steps_of_a_request_say_as_json_how_it_stands_then(agency: Command) -> None:
    settle_copies(agency, {"1234567_100234_20261119090000.mp4": b"x" * 3000})
    (clip,) = clip_ids(agency)
    words = ("request", "ask", "--kind", "view", clip, "--purpose", "核对", "--json")
    asked = agency.ok(*words, by="keeper").json
    assert (asked["standing"], asked["recordings"], asked["asked_by"]) == ("asked", 1, "user:keeper")
    number = asked["number"]
    step = ("--reason", "x", "--json")
    done = agency.ok("request", "approve", number, "--days", "3", *step, by="boss").json
    assert (done["number"], done["standing"], done["decided_by"]) == (number, "approved", "user:boss")
    looked = agency.ok("view", clip, "--request", number, "--with", "true", "--json", by="keeper").json
    assert (looked["clip"], looked["request"], looked["ended_with"]) == (clip, number, 0)
    assert Path(looked["path"]).read_bytes() == b"x" * 3000
    assert agency.ok("request", "close", number, *step, by="boss").json["standing"] == "closed"
    second = agency.ok(*words, by="keeper").json["number"]
    assert agency.ok("request", "refuse", second, *step, by="boss").json["standing"] == "refused"
    (marked,) = agency.ok("clip", "secret", clip, "--mark", "personal", "--reason", "x", "--json", by=COPIER).json
    assert marked == {"clip": clip, "case": None, "added": ["personal"], "removed": []}


def test_a_hand_over_says_as_json_what_it_came_to(agency: Command) -> None:
    dock(with_archivists(agency), "20261119013100")
    words = ("handover", "make", "--department", "城关中队", "--json")
    dry = agency.ok(*words, "--dry-run", by="keeper").json
    assert (dry["batch"], len(dry["clips"]), dry["sessions"], dry["more"]) == (None, 1, 1, False)
    said = agency.ok(*words, "--to", "局办公室", "--medium", str(medium_of(agency)), by="keeper").json
    (folder,) = medium_of(agency).glob(FOLDER)
    assert (said["folder"], said["to"], said["clips"]) == (str(folder), "局办公室", dry["clips"])
    other = agency.home / "other"
    other.mkdir()
    again = agency.ok("handover", "copy", said["batch"], str(other), "--json", by="keeper").json
    assert Path(again["folder"], "batch.json").read_bytes() == (folder / "batch.json").read_bytes()
    (row,) = agency.ok("handover", "list", "--json", by="boss").json
    scan = agency.home / "scan.pdf"
    scan.write_bytes(b"%PDF-1.4")
    paper = ("--paper", said["batch"], "--receiver", "王五", "--manifest", row["manifest_digest"])
    taken = agency.ok("handover", "receipt", str(scan), *paper, "--json", by="arch").json
    assert taken == {"batch": said["batch"], "how": "paper", "receiver": "王五", "differences": []}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("request", "show", "2026-0099"), "dockd request list"),
        (("request", "copy", "2026-0099", "--to", "/nowhere"), "dockd request list"),
        (("handover", "show", "20261121-ffff"), "dockd handover list"),
        (("view", "ffff", "--reason", "x"), "dockd clip list"),
        (("clip", "secret", "--case", "没有", "--mark", "personal", "--reason", "x"), "dockd case list"),
    ],
)
def test_a_name_that_nothing_has_says_where_names_are_listed(
    agency: Command, words: tuple[str, ...], hint: str
) -> None:
    ran = agency(*words, by="boss")
    assert ran.code == Exit.NOT_FOUND and hint in ran.told


@pytest.mark.parametrize(
    "words",
    [
        ("request", "refuse", "2026-0001", "--reason", " "),
        ("request", "ask", "--kind", "view", "c453", "--purpose", ""),
        ("clip", "secret", "c453", "--mark", "personal", "--reason", "\t"),
        ("view", "c453", "--reason", " "),
        ("recorder", "fault", "report", "X8123", "--what", " "),
    ],
)
def test_a_reason_without_words_is_none(agency: Command, words: tuple[str, ...]) -> None:
    ran = agency(*words, by="boss")
    assert ran.code == Exit.USAGE and "words are needed" in ran.told


def test_a_copy_that_is_asked_for_again_is_told_of_its_use(agency: Command) -> None:
    settle_copies(agency, {"1234567_100234_20261119090000.mp4": b"x" * 3000})
    number = approved(agency, *clip_ids(agency))
    agency.ok("request", "copy", number, "--to", str(agency.home / "one"), by=COPIER)
    again = agency("request", "copy", number, "--to", str(agency.home / "two"), by=COPIER)
    assert again.code == Exit.REFUSED and "dockd request ask" in again.told
    assert Path(key_file(agency)).exists() and not (agency.home / "two").exists()
