"""The nightly sweep as an agency uses it: proposed, agreed to by two, set aside, destroyed, and told."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dockd.assembly import reading
from dockd.exits import Exit
from tests.simulators.agency import ADMIN
from tests.simulators.nights import Calendar, Sweeping, calendar
from tests.simulators.quick import quick_folder

# The folder of the fixture `peopled`.
COPIED: list[Path] = []
TIMES = ("20261119013100", "20261119014100", "20261119015100")


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    with calendar(monkeypatch) as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def peopled() -> Iterator[Path]:
    """A station with people, which is copied and never used: a password takes its time."""
    with quick_folder() as folder:
        Sweeping.of(folder)
        COPIED.append(folder)
        yield folder


def station(folder: Path, settings: str = "", *, people: bool = True) -> Sweeping:
    """A station whose few recordings may all go at once."""
    settings = f"ceiling_permille = 1000\n{settings}"
    return copied(folder, settings) if people else Sweeping.of(folder, settings, people=False)


def copied(folder: Path, settings: str) -> Sweeping:
    """The station with people."""
    shutil.copytree(COPIED[0], folder, dirs_exist_ok=True)
    made = Sweeping(folder)
    made.peopled = True
    made.sweep_settings(settings)
    return made


@pytest.mark.duty("D13")
def test_what_is_due_goes_by_the_yes_of_two_and_leaves_its_tombstone(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    old, other = made.due(*TIMES[:2])
    (new,) = made.dock(TIMES[2])
    dry = made.sweep("--dry-run")
    assert (sorted(dry["proposed"]), dry["destroyed"], dry["stopped"]) == (sorted((old, other)), [], [])
    assert made.ok("sweep", "list", "--json", by="boss").json == []
    ran = made.sweep()
    assert sorted(ran["proposed"]) == sorted((old, other))
    (batch,) = ran["batches"]
    assert made.sweep()["proposed"] == []

    # Duties apart: whoever endorses is the archivist, whoever approves is a leader, and types the number.
    assert made("sweep", "approve", batch, "--count", "2", by="boss").code == Exit.REFUSED
    assert made("sweep", "endorse", batch, by="boss").code == Exit.NOT_ALLOWED
    assert made("sweep", "endorse", batch, by="zhang").code == Exit.NOT_ALLOWED
    assert "waits for the archivist" in made.ok("sweep", "list", by="arch").out
    assert "waits for a leader" in made.ok("sweep", "endorse", batch[:6], by="arch").out
    assert made("sweep", "approve", batch, "--count", "2", by="arch").code == Exit.NOT_ALLOWED
    for wrong in (("--count", "3"), ()):
        refused = made("sweep", "approve", batch, *wrong, by="boss")
        assert refused.code == Exit.REFUSED and "2 recordings" in refused.told
    assert "set aside" in made.ok("sweep", "approve", batch, "--count", "2", by="boss").out
    assert made("sweep", "approve", batch, "--count", "2", by="boss").code == Exit.REFUSED

    days.pass_days(29)
    assert made.sweep()["destroyed"] == []
    assert made.original(old).exists()
    assert "destroyed after" in made.ok("clip", "why", old, by="boss").out
    days.pass_days(1)
    assert sorted(made.sweep("--dry-run")["destroyed"]) == sorted((old, other))
    assert made.original(old).exists()
    assert sorted(made.sweep()["destroyed"]) == sorted((old, other))
    assert not made.original(old).exists() and not made.original(other).exists()
    assert made.original(new).exists()
    made.ok("verify", "--all")

    shown = made.ok("clip", "show", old, by="boss").out
    assert "第十条第二款" in shown and batch in shown and "2020-08-29" in shown
    assert "destroyed" in made.ok("clip", "list", by="boss").out
    (row,) = (one for one in made.ok("clip", "list", "--json", by="boss").json if one["id"] == old)
    assert date.fromisoformat(row["destroyed_at"][:10]) <= days.now.date()
    assert made("hold", "place", "--clip", old, "--reason", "x", by="boss").code == Exit.REFUSED
    kinds = [entry["kind"] for entry in made.log()]
    assert kinds.count("clip-destroyed") == 2 and kinds.count("originals-removed") == 1


@pytest.mark.duty("D16")
def test_a_hold_saves_what_lies_set_aside(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    held, gone = made.due(*TIMES[:2])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 2)
    words = ("--trigger", "objection", "--long-term", "--reason", "当事人投诉")
    made.ok("hold", "place", "--clip", held, *words, by="arch")
    days.pass_days(30)
    ran = made.sweep()
    assert (ran["spared"], ran["destroyed"]) == ([held], [gone])
    assert made.original(held).exists()
    report = made.ok("sweep", "report", "--json", by="boss").json
    assert [(one["clip"], one["why"], one["kept_until"]) for one in report["spared"]] == [(held, "long-term", None)]
    assert [one["clip"] for one in report["destroyed"]] == [gone]
    assert "marked for long-term keeping" in made.ok("sweep", "show", batch, by="boss").out


@pytest.mark.duty("D14")
def test_a_case_opened_again_saves_what_was_approved(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    clip, _other = made.due(*TIMES[:2])
    (batch,) = made.sweep()["batches"]
    made.ok("sweep", "endorse", batch, by="arch")
    made.ok("case", "open", "A-17", "--kind", "general-procedure", "--department", "城关中队", by="boss")
    made.ok("case", "link", "A-17", clip, by="boss")
    # One of the two has left since: the number that he types is no longer right.
    assert made("sweep", "approve", batch, "--count", "2", by="boss").code == Exit.REFUSED
    made.ok("sweep", "approve", batch, "--count", "1", by="boss")
    states = {one["clip"]: (one["state"], one["why"]) for one in show(made, batch)["recordings"]}
    assert states[clip] == ("spared", "case-open")
    days.pass_days(30)
    assert clip not in made.sweep()["destroyed"]
    assert made.original(clip).exists()


def show(made: Sweeping, batch: str) -> dict[str, object]:
    told: dict[str, object] = made.ok("sweep", "show", batch, "--json", by="boss").json
    return told


def test_two_accounts_of_one_officer_are_one_person(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    for name, role in (("keeps", "archivist"), ("leads", "leader")):
        words = ("user", "add", name, "--role", role, "--department", "局", "--officer", "100235")
        made.ok(*words, by=ADMIN)
    made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.ok("sweep", "endorse", batch, by="keeps")
    assert made("sweep", "approve", batch, "--count", "1", by="leads").code == Exit.NOT_ALLOWED
    made.ok("sweep", "approve", batch, "--count", "1", by="boss")


def test_what_was_refused_stays_and_is_proposed_again_a_month_later(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    made.ok("sweep", "refuse", batch, "--reason", "复议未决", by="arch")
    assert "复议未决" in made.ok("sweep", "list", "--all", by="boss").out
    days.pass_days(29)
    assert (made.sweep()["proposed"], made.original(clip).exists()) == ([], True)
    days.pass_days(2)
    assert made.sweep()["proposed"] == [clip]
    assert made("sweep", "refuse", batch, "--reason", "x", by="boss").code == Exit.REFUSED


@pytest.mark.parametrize(("approval", "steps"), [("one", [("approve", "--count", "1")]), ("none", [])])
def test_the_agency_may_ask_fewer_persons(
    quick_path: Path, days: Calendar, approval: str, steps: list[tuple[str, ...]]
) -> None:
    made = station(quick_path, f'approval = "{approval}"\ngrace_days = 3')
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    assert made("sweep", "endorse", batch, by="arch").code == Exit.REFUSED
    for word, *rest in steps:
        made.ok("sweep", word, batch, *rest, by="boss")
    days.pass_days(2)
    assert made.sweep()["destroyed"] == []
    days.pass_days(1)
    assert made.sweep()["destroyed"] == [clip]


def test_without_accounts_one_operator_alone_destroys_nothing(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path, people=False)
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.ok("sweep", "endorse", batch)
    assert made("sweep", "approve", batch, "--count", "1").code == Exit.NOT_ALLOWED
    days.pass_days(60)
    assert made.sweep()["destroyed"] == []
    assert made.original(clip).exists()


def test_a_sweep_above_its_usual_share_stops_and_asks(quick_path: Path, days: Calendar) -> None:
    made = copied(quick_path, "at_least_clips = 2\nceiling_permille = 1000")
    clips = made.due(*TIMES)
    ran = made.ran_sweep()
    assert ran.code == Exit.REFUSED
    assert (ran.json["proposed"], [one["reason"] for one in ran.json["stopped"]]) == ([], ["first-sweeps"])
    told = made.ok("sweep", "status", by="boss").out
    assert "too few sweeps" in told and "--count 3" in told
    days.pass_days(1)
    assert made.ran_sweep().code == Exit.REFUSED
    assert made("sweep", "allow", "--count", "2", by="boss").code == Exit.REFUSED
    assert made("sweep", "allow", "--count", "3", by="arch").code == Exit.NOT_ALLOWED
    made.ok("sweep", "allow", "--count", "3", by="boss")
    assert made("sweep", "allow", "--count", "3", by="boss").code == Exit.REFUSED
    assert sorted(made.sweep()["proposed"]) == sorted(clips)
    assert made.ok("sweep", "status", "--json", by="boss").json["last"]["state"] == "ran"


def test_a_clock_that_leaps_destroys_nothing_that_was_approved(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    days.pass_days(400)
    ran = made.ran_sweep()
    assert (ran.code, [one["reason"] for one in ran.json["stopped"]]) == (Exit.REFUSED, ["long-pause"])
    assert made.original(clip).exists()
    days.pass_days(-400)
    made.sweep()
    days.pass_days(30)
    assert made.sweep()["destroyed"] == [clip]


def test_what_somebody_asked_to_be_given_waits_until_he_is_answered(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path, "grace_days = 0")
    asked, other = made.due(*TIMES[:2])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 2)
    words = ("--kind", "provide", asked, "--recipient", "昌黎县人民法院", "--purpose", "举证")
    made.ok("request", "ask", *words, by="arch")
    ran = made.sweep()
    assert (ran["destroyed"], ran["spared"], ran["asked_for"]) == ([other], [asked], [asked])
    assert made.original(asked).exists()
    (request,) = made.ok("request", "list", "--json", by="boss").json
    made.ok("request", "refuse", request["number"], "--reason", "已结案", by="boss")
    assert made.sweep()["proposed"] == [asked]


def test_by_a_pack_that_nobody_adopted_nothing_goes(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    days.pass_days(30)
    made.set_pack("qianxi-baimiaozi")
    made.sweep_settings("ceiling_permille = 1000")
    for words in (("sweep", "run"), ("sweep", "run", "--dry-run")):
        assert made(*words).code == Exit.REFUSED
    assert made.original(clip).exists()


def test_a_full_disk_makes_nothing_go(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    made.due(TIMES[0])
    made.dock(TIMES[1])
    before = made.sweep("--dry-run")
    settings = quick_path / "station" / "dockd.toml"
    settings.write_text(settings.read_text("utf-8").replace("[dock]", "[dock]\nfree_space_floor_mib = 1000000000"))
    after = made.sweep()
    assert (after["proposed"], after["destroyed"]) == (before["proposed"], before["destroyed"])
    full = quick_path / "card-8123456" / f"8123456_100234_{TIMES[2]}.mp4"
    full.write_bytes(b"new" * 100)
    assert made("dock", str(full.parent)).code == Exit.VAULT
    assert len(made.clips()) == 2 and all(made.original(clip).exists() for clip in made.clips())


def test_a_recorder_that_brings_a_destroyed_recording_again_is_taken_in_again(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path, "grace_days = 0")
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    assert made.sweep()["destroyed"] == [clip]
    days.pass_days(1)
    (again,) = made.dock()
    assert again != clip and made.original(again).exists()
    assert made.dock() == []
    made.ok("verify", "--all")


def test_a_stranger_reads_in_the_vault_why_a_file_is_missing(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path, "grace_days = 0")
    clip, _other = made.due(*TIMES[:2])
    made.ok("hold", "place", "--clip", _other, "--reason", "x", by="arch")
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    made.sweep()
    original = made.original(clip)
    folder = next(one for one in original.parents if (one / "session.json").exists())
    record = folder / f"destroyed-{batch}.json"
    said = json.loads(record.read_bytes())
    assert (said["endorsed_by"], said["approved_by"]) == ("user:arch", "user:boss")
    (line,) = said["clips"]
    assert (folder / line["path"], line["article"], line["kept_until"]) == (original, "第十条第二款", "2020-08-29")
    signers = next((quick_path / "station" / "vault" / "ledger").glob("*/allowed_signers"))
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", said["station"], "-n", "dockd-session"]
    with record.open("rb") as text:
        done = subprocess.run([*command, "-s", f"{record}.sig"], stdin=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = subprocess.run(["b3sum", "--check", "manifest.b3"], cwd=folder, capture_output=True, text=True)
    missing = [row for row in manifest.stdout.splitlines() if not row.endswith(": OK")]
    assert len(missing) == 1 and line["path"] in missing[0]


def test_verify_says_when_an_original_lies_there_still_or_a_record_was_changed(
    quick_path: Path, days: Calendar
) -> None:
    made = station(quick_path, "grace_days = 0")
    (clip,) = made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    kept = made.original(clip).read_bytes()
    made.sweep()
    made.ok("verify", "--all")
    original = made.original(clip)
    original.write_bytes(kept)
    assert whats(made) == ["original-not-yet-destroyed"]
    original.unlink()
    record = next((quick_path / "station" / "vault").rglob("destroyed-*.json"))
    text = record.read_bytes()
    record.chmod(0o600)
    record.write_bytes(text.replace(b"user:boss", b"user:xxxx"))
    assert whats(made) == ["destruction-record-differs", "signature-bad"]
    record.unlink()
    assert "destruction-record-missing" in whats(made)


def whats(made: Sweeping) -> list[str]:
    return sorted(one["what"] for one in made("verify", "--all", "--json").json)


def test_what_was_destroyed_is_so_in_a_catalogue_made_again(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path, "grace_days = 0")
    clip, other = made.due(*TIMES[:2])
    made.ok("hold", "place", "--clip", other, "--reason", "x", by="arch")
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 1)
    made.sweep()
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (quick_path / "station" / name).unlink(missing_ok=True)
    made.ok("catalog", "rebuild")
    made.ok("verify", "--all")
    with reading(str(quick_path / "station")) as opened:
        assert opened.station.catalog.find_clip(clip).destroyed_at is not None
        assert opened.station.catalog.find_clip(other).destroyed_at is None
    assert made.sweep()["proposed"] == []


class _Page(HTMLParser):
    """Text and what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {name}" for name, _value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("language", "word"), [("en", "Destroyed"), ("zh_CN", "zh-CN")])
def test_the_page_of_a_day_tells_what_went_and_needs_no_other_file(
    quick_path: Path, days: Calendar, language: str, word: str
) -> None:
    made = station(quick_path, "grace_days = 0")
    clip, held = made.due(*TIMES[:2])
    (batch,) = made.sweep()["batches"]
    made.agreed(batch, 2)
    made.ok("hold", "place", "--clip", held, "--reason", "<投诉>", by="arch")
    made.sweep()
    made.language = language
    out = quick_path / "report.html"
    made.ok("sweep", "report", "--html", str(out), by="boss")
    html = out.read_text("utf-8")
    page = _Page()
    page.feed(html)
    assert word in html and page.fetched == []
    assert clip in page.text and held in page.text and "第十条第二款" in page.text
    assert made("sweep", "report", "--html", str(out), by="boss").code == Exit.USAGE
    assert made("sweep", "report", by="zhang").code == Exit.NOT_ALLOWED


def test_a_leader_sees_and_approves_only_batches_of_his_departments(quick_path: Path, days: Calendar) -> None:
    made = station(quick_path)
    made.ok("user", "add", "south-boss", "--role", "leader", "--department", "城南中队", by=ADMIN)
    made.due(TIMES[0])
    (batch,) = made.sweep()["batches"]
    assert made.ok("sweep", "list", "--json", by="south-boss").json == []
    assert made("sweep", "show", batch, by="south-boss").code == Exit.NOT_ALLOWED
    made.ok("sweep", "endorse", batch, by="arch")
    assert made("sweep", "approve", batch, "--count", "1", by="south-boss").code == Exit.NOT_ALLOWED
