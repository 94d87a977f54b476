"""Gaps, from the card to the leader's word: real recordings, real commands, on both databases (duties D08, D09)."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockd.cli import cli
from dockd.errors import BeyondClip, DocumentUnreadable, GapRefused
from dockd.exits import Exit
from dockd.explain import explain
from tests.simulators.films import film
from tests.simulators.gap_desk import FAMILY, FILMS, LOG, Desk, card, run
from tests.simulators.postgres import PostgresServer
from tests.simulators.quick import quick_folder


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pristine(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A station that took the card in and examined it."""
    with quick_folder() as root:
        home = root / "home"
        where: tuple[str, ...] = ()
        if request.param == "postgresql":
            postgres: PostgresServer = request.getfixturevalue("postgres")
            database = postgres.new_database()
            where = ("--database", database.url, "--owner-url", database.owner_url)
        assert run(home, "init", "--yes", "--department", "城关中队", *where) == Exit.OK
        (home / "families").mkdir()
        (home / "families/acme.toml").write_text(FAMILY)
        card(root / "card", FILMS, LOG)
        assert run(home, "dock", "--quiet", str(root / "card")) == Exit.OK
        yield home
        if request.param == "postgresql":
            postgres.drop(database)


@pytest.fixture
def desk(pristine: Path) -> Desk:
    """The station; tests of one module share it, and each acts on gaps of its own."""
    return Desk(pristine)


# ----------------------------------------------------------------------------------------------------------- finding


@pytest.mark.duty("D08")
def test_breaks_missing_numbers_overlaps_and_edited_files_are_found_and_shown(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {(gap["kind"], tuple(gap["evidence"])): gap for gap in desk.gaps(capsys)}
    names = {kind: [evidence for one, evidence in found if one == kind] for kind, _evidence in found}
    assert names["between-segments"] == [("cut-at-ms=8000",)]
    assert names["missing-sequence"] == [("missing=3", "files=1")]
    assert sorted(names["unexpected-end"]) == [("index=none",), ("log=battery-empty", "log-stop=none")]
    assert names["overlap"] == [("overlap-ms=4000", "pre-record-ms=0")]
    assert names["logged-without-clip"][0][1] == "logged-at=2026-03-02T09:40:00"
    (jump,) = names["time-jump"]
    assert jump[2].startswith("jump-ms=50") or jump[2].startswith("jump-ms=51")
    edited = sorted(evidence[0].partition("=")[0] for evidence in names["edited"])
    assert edited == ["edit-lists", "encoder", "made-at"]
    assert len(found) == 10

    hole = found["between-segments", ("cut-at-ms=8000",)]
    assert (hole["length_ms"], hole["uncertainty_ms"]) == (12_000, 2_000)
    assert hole["start"].startswith("2026-03-02T01:00:08")
    shown = desk.asked(capsys, "gap", "show", hole["id"][:10])
    assert "hole within one recording" in shown and "0:12 ± 2.0 s" in shown
    assert "_0001.mp4" in shown and "_0002.mp4" in shown


@pytest.mark.duty("D08")
def test_a_gap_is_shown_with_the_log_around_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    dead = desk.one(capsys, "unexpected-end", "log=battery")
    shown = desk.asked(capsys, "gap", "show", dead["id"])
    assert "evidence: the recorder's log then says: battery empty" in shown
    assert "2026-03-02 09:30:03  battery empty  (A0007.log, line 2)" in shown
    told = json.loads(desk.asked(capsys, "gap", "show", dead["id"], "--json"))
    assert [line["kind"] for line in told["log"]][:2] == ["record-start", "battery-empty"]
    assert told["before"].endswith("_0010.mp4") and told["after"].endswith("_0011.mp4")


def test_examining_again_finds_the_same_and_records_nothing_twice(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    before = desk.gaps(capsys)
    (session,) = {gap["session"] for gap in before}
    (again,) = json.loads(desk.asked(capsys, "gap", "find", session, "--json"))
    assert (again["gaps"], again["new"]) == (len(before), 0)
    assert desk.gaps(capsys) == before
    assert json.loads(desk.asked(capsys, "gap", "find", "--json")) == []


def test_gaps_are_listed_by_state_and_recorder_and_for_spreadsheets(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.gaps(capsys, "--recorder", "nobody") == []
    assert len(desk.gaps(capsys, "--recorder", "A0007")) == 10
    rows = list(csv.DictReader(io.StringIO(desk.asked(capsys, "gap", "list", "--csv"))))
    assert {row["kind"] for row in rows} == {gap["kind"] for gap in desk.gaps(capsys)}


def test_what_comes_later_is_not_held_against_the_old(pristine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """New recordings at the next docking: nothing of before is found again or closed, and numbers go on."""
    desk = Desk(pristine)
    known = desk.gaps(capsys)
    for films in ({(13, "1000"): lambda path: film(path, 3)}, {(16, "1100"): lambda path: film(path, 3)}):
        with quick_folder() as root:
            card(root / "card", films)
            desk.asked(capsys, "dock", "--quiet", str(root / "card"))
    (new,) = (gap for gap in desk.gaps(capsys) if gap not in known)
    assert (new["kind"], new["evidence"]) == ("missing-sequence", ["missing=14-15", "files=2"])


FEW: dict[tuple[int, str], Callable[[Path], Path]] = {
    (1, "0900"): lambda path: film(path, 3),
    # 2, 3 and 5 are not there.
    (4, "0910"): lambda path: film(path, 3),
    (6, "0920"): lambda path: film(path, 3),
}


@pytest.mark.duty("D09")
def test_a_missing_file_that_is_delivered_later_closes_its_gap(
    quick_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = quick_path / "home"
    assert run(home, "init", "--yes", "--department", "城关中队") == Exit.OK
    (home / "families").mkdir()
    (home / "families/acme.toml").write_text(FAMILY)
    desk = Desk(home)
    desk.asked(capsys, "dock", "--quiet", str(card(quick_path / "first", FEW)))
    two, one = (desk.one(capsys, "missing-sequence", missing)["id"] for missing in ("missing=2-3", "missing=5"))
    desk.asked(capsys, "gap", "explain", one, "--by", "李伟", "--text", "内存卡故障")
    # The first of two comes, beside a recording that has the other one's number and is of another time.
    some = {(2, "0903"): lambda path: film(path, 3), (3, "1200"): lambda path: film(path, 3)}
    desk.asked(capsys, "dock", "--quiet", str(card(quick_path / "second", some)))
    half = desk.one(capsys, "missing-sequence", "missing=2-3")
    assert (half["state"], [file["number"] for file in half["delivered"]]) == ("open", [2])
    assert "others are still missing" in desk.asked(capsys, "gap", "show", two)
    rest = {(3, "0905"): lambda path: film(path, 3), (5, "0915"): lambda path: film(path, 3)}
    desk.asked(capsys, "dock", "--quiet", str(card(quick_path / "third", rest)))
    closed = {gap["id"]: gap for gap in desk.gaps(capsys, "--state", "delivered")}
    assert closed.keys() == {one, two}
    assert [file["number"] for file in closed[two]["delivered"]] == [2, 3]
    clip = closed[one]["delivered"][0]["clip"]
    assert json.loads(desk.asked(capsys, "clip", "show", clip, "--json"))["name"].endswith("_0005.mp4")
    # What was said of it stays, nobody is chased for it, and nothing more is to be said.
    assert (closed[one]["text"], closed[one]["explained_by"]) == ("内存卡故障", "李伟")
    assert not closed.keys() & {gap["id"] for gap in desk.gaps(capsys, "--overdue", "0")}
    assert run(home, "gap", "explain", two, "--by", "李伟", "--text", "x") == Exit.REFUSED
    assert run(home, "gap", "review", one, "--by", "王队", "--accept") == Exit.REFUSED
    shown = desk.asked(capsys, "gap", "show", two)
    assert "numbers missing, delivered later" in shown and "nothing is missing any more" in shown
    rows = csv.DictReader(io.StringIO(desk.asked(capsys, "gap", "list", "--csv", "--state", "delivered")))
    assert {row["id"]: row["delivered"] for row in rows}[one] == f"5={clip}"
    # Looked at again, the first docking still lacks them, and the gap stays closed.
    session = closed[one]["session"]
    (again,) = json.loads(desk.asked(capsys, "gap", "find", session, "--json"))
    assert (again["new"], again["closed"]) == (0, 0)
    assert {gap["id"] for gap in desk.gaps(capsys, "--state", "delivered")} == closed.keys()
    assert json.loads(desk.asked(capsys, "verify", "--all", "--json")) == []


# --------------------------------------------------------------------------------------------------- what people say


@pytest.mark.duty("D09")
def test_a_gap_is_explained_by_a_spoken_word_and_reviewed_by_a_leader(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hole = desk.one(capsys, "between-segments")["id"]
    desk.asked(
        capsys,
        "gap",
        "explain",
        hole,
        "--by",
        "李伟",
        "--clip",
        desk.one(capsys, "overlap")["after_clip"],
        "--at",
        "00:01.5",
    )
    explained = desk.one(capsys, "between-segments")
    assert (explained["state"], explained["explained_by"], explained["at_ms"]) == ("explained", "李伟", 1_500)
    assert run(desk.home, "gap", "review", hole, "--by", "李伟", "--accept") == Exit.REFUSED
    desk.asked(capsys, "gap", "review", hole, "--by", "王队", "--accept")
    assert desk.one(capsys, "between-segments")["state"] == "reviewed"
    assert run(desk.home, "gap", "explain", hole, "--by", "李伟", "--text", "another word") == Exit.REFUSED
    shown = desk.asked(capsys, "gap", "show", hole)
    assert "李伟 (officer) explained it: spoken in recording" in shown
    assert "王队 (leader) accepted the explanation" in shown


@pytest.mark.duty("D09")
def test_a_written_report_is_kept_in_the_vault_and_proven(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = desk.one(capsys, "missing-sequence", "missing=3")["id"]
    report = tmp_path / "情况说明.txt"
    report.write_text("执法记录仪内存卡故障，现场无法排除。")
    said = ("gap", "explain", missing, "--by", "李伟", "--text", "内存卡故障", "--attach", str(report))
    desk.asked(capsys, *said)
    # A leader sends it back; the same report is handed in again with better words, and lies there once.
    desk.asked(capsys, "gap", "review", missing, "--by", "王队", "--send-back", "--note", "哪一天？")
    assert desk.one(capsys, "missing-sequence", "missing=3")["state"] == "open"
    desk.asked(capsys, *said)
    explained = desk.one(capsys, "missing-sequence", "missing=3")
    kept = desk.home / "vault" / explained["attachment"]
    assert kept.read_text() == report.read_text() and kept.stat().st_mode & 0o777 == 0o440
    assert explained["attachment_digest"].startswith("b3:")
    assert len(list((desk.home / "vault/documents").rglob("情况说明.txt"))) == 1
    desk.asked(capsys, "verify", "--all")
    kept.chmod(0o640)
    kept.write_text("anything else")
    capsys.readouterr()
    assert run(desk.home, "verify", "--all", "--json") == Exit.FINDINGS
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["what"], finding["where"]) == ("document-different-size", explained["attachment"])
    kept.write_text(report.read_text())
    kept.chmod(0o440)


@pytest.mark.duty("D09")
def test_gaps_that_nobody_reviewed_are_chased(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    settings = desk.home / "dockd.toml"
    text = settings.read_text()
    waiting = {gap["id"] for gap in desk.gaps(capsys) if gap["state"] != "reviewed"}
    assert desk.gaps(capsys, "--overdue") == []
    assert {gap["id"] for gap in desk.gaps(capsys, "--overdue", "0")} == waiting
    try:
        settings.write_text(text.replace("#chase_days = 3", "chase_days = 0"))
        assert {gap["id"] for gap in desk.gaps(capsys, "--overdue")} == waiting
    finally:
        settings.write_text(text)


def test_who_may_not_is_told_why_and_nothing_is_recorded(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gap = desk.one(capsys, "overlap")
    clip = gap["before_clip"]
    refused = {
        ("explain", gap["id"], "--by", "li", "--text", " "): Exit.REFUSED,
        ("explain", gap["id"], "--by", " ", "--text", "x"): Exit.REFUSED,
        ("explain", gap["id"], "--by", "li", "--clip", clip, "--at", "00:00:09"): Exit.REFUSED,
        ("explain", gap["id"], "--by", "li", "--clip", "ffff", "--at", "00:00:01"): Exit.NOT_FOUND,
        ("review", gap["id"], "--by", "wang", "--accept"): Exit.REFUSED,
        ("explain", "nothing", "--by", "li", "--text", "x"): Exit.NOT_FOUND,
    }
    for words, code in refused.items():
        assert run(desk.home, "gap", *words) == code, words
    for words in (
        ("--text", "x", "--clip", clip),
        ("--clip", clip),
        (),
        ("--attach", __file__),
        ("--clip", clip, "--at", "9"),
    ):
        with pytest.raises(Exception, match=r"--(text|at)"):
            cli.main(
                ["--home", str(desk.home), "gap", "explain", gap["id"], "--by", "li", *words], standalone_mode=False
            )
    assert desk.one(capsys, "overlap") == gap
    # One of several that may not: none of them is explained.
    reviewed = [one["id"] for one in desk.gaps(capsys, "--state", "reviewed")]
    if reviewed:
        assert run(desk.home, "gap", "explain", gap["id"], reviewed[0], "--by", "li", "--text", "x") == Exit.REFUSED
        assert desk.one(capsys, "overlap") == gap


def test_only_plain_files_are_kept(desk: Desk, tmp_path: Path) -> None:
    from dockd.assembly import reading
    from dockd.documents import keep

    with reading(str(desk.home)) as opened:
        for path in (tmp_path, tmp_path / "gone"):
            with pytest.raises(DocumentUnreadable):
                keep(opened.station, str(path), "gap:x")
    assert not list((desk.home / "vault/.partial").iterdir())
    assert not (desk.home / "vault/documents/gap/x").exists()


def test_every_refusal_has_a_sentence_and_a_hint() -> None:
    from catalog.watching.gap_states import Why

    for why in Why:
        told = explain(GapRefused("3f9a", why))
        assert told.hint and "3f9a" in told.sentence and told.exit_code == Exit.REFUSED
    assert explain(BeyondClip("c", 9_000, 3_000)).exit_code == Exit.REFUSED


@pytest.mark.contract("P8")
def test_a_change_to_a_document_and_its_manifest_is_found(
    pristine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also a document whose manifest was adapted, and a file beside it that nobody recorded."""
    desk = Desk(pristine)
    gap = desk.one(capsys, "logged-without-clip")["id"]
    report = tmp_path / "manifest.b3"
    report.write_bytes(b"a document of that name")
    desk.asked(capsys, "gap", "explain", gap, "--by", "li", "--text", "lost", "--attach", str(report))
    kept = desk.home / "vault" / desk.one(capsys, "logged-without-clip")["attachment"]
    folder = kept.parent.parent
    aside = tmp_path / "aside"
    shutil.copytree(folder, aside)

    def found() -> set[str]:
        capsys.readouterr()
        run(desk.home, "verify", "--all", "--json")
        whats = {finding["what"] for finding in json.loads(capsys.readouterr().out)}
        shutil.rmtree(folder)
        shutil.copytree(aside, folder)
        return whats

    assert found() == set()
    kept.unlink()
    assert found() == {"document-missing"}
    (folder / "file/extra").write_text("x")
    assert found() == {"file-unknown-to-catalogue"}
    (folder / "manifest.b3").unlink()
    assert found() == {"manifest-missing"}
    manifest = folder / "manifest.b3"
    manifest.chmod(0o640)
    manifest.write_text(manifest.read_text().replace("file/", "file/x"))
    assert found() == {"manifest-differs-from-catalogue"}
