"""Drafted families: they load, recognise the volume they were made from, and guess no person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from dockd.listing import list_volume
from dockd.recorders import draft, load_families
from dockd.recorders.family import text_of
from fixtures.volumes import FAMILIES, build_volume
from tests.simulators.cards import FILES, card, matched, taken
from tests.simulators.hostile import build

ROOT = Path(__file__).resolve().parents[3]


def drafted(root: Path, *, label: str | None = None) -> str | None:
    paths = [text_of(entry.path) for entry in list_volume(FILES, str(root)).entries if entry.kind == "file"]
    return draft(matched(root, label=label), paths, "mine")


def used(root: Path, folder: Path, *, label: str | None = None):  # type: ignore[no-untyped-def]
    """What the volume is matched as with the draft that was made from it."""
    text = drafted(root, label=label)
    assert text is not None
    folder.mkdir(exist_ok=True)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return matched(root, families=load_families(str(folder)), label=label)


@pytest.mark.parametrize(
    ("names", "path", "said"),
    [
        (
            ["V/BWC7_4711_20261120081500_0001.mp4", "V/BWC7_4711_20261120091500_0002.mp4"],
            "V/BWC7_4711_20261120091500_0002.mp4",
            ("4711", "2026-11-20T09:15:00", "0002"),
        ),
        (
            ["2026/88001234-20261120-081500.avi", "2026/88001234-20261120-091502.avi"],
            "2026/88001234-20261120-091502.avi",
            ("88001234", "2026-11-20T09:15:02", None),
        ),
        (
            ["00018123_00000020261120084500_0001.MP4", "00018123_00000020261120085500_0002.MP4"],
            "00018123_00000020261120085500_0002.MP4",
            ("00018123", "2026-11-20T08:55:00", "0002"),
        ),
        (["REC00001.wav", "REC00002.wav"], "REC00002.wav", (None, None, "00002")),
        (
            ["a/x'y_261120081500.mp4", "a/x'y_261120091500.mp4"],
            "a/x'y_261120091500.mp4",
            (None, "2026-11-20T09:15:00", None),
        ),
    ],
)
def test_times_counters_and_serials_are_guessed_from_digits(
    tmp_path: Path, names: list[str], path: str, said: tuple[str | None, ...]
) -> None:
    found = used(card(tmp_path / "card", *names), tmp_path / "families")
    assert found.family.name == "mine"
    entry = taken(found, path)
    assert (entry.recorder, entry.claimed_at, entry.sequence) == said
    assert entry.officer is None and not entry.clearable


@pytest.mark.parametrize("family", FAMILIES)
def test_a_draft_of_every_simulated_volume_recognises_it(tmp_path: Path, family: str) -> None:
    assert used(build_volume(tmp_path, family), tmp_path / "families").family.name == "mine"


def test_a_label_is_the_recorder_where_names_repeat_it(tmp_path: Path) -> None:
    root = card(tmp_path / "card", "4711_88001234_0001.mp4", "4711_88001234_0002.mp4")
    found = used(root, tmp_path / "families", label="88001234")
    assert taken(found, "4711_88001234_0001.mp4").recorder == "88001234"


def test_a_number_that_might_be_a_person_is_a_question_and_no_guess(tmp_path: Path) -> None:
    root = card(tmp_path / "card", "4500123_012345_20261120081500.avi", "4500123_012345_20261120091500.avi")
    text = drafted(root)
    assert text is not None and "The officer's number?" in text
    assert "officer" not in str(tomllib.loads(text)["names"])


def test_a_volume_without_recordings_is_known_by_its_folder_its_label_or_a_file(tmp_path: Path) -> None:
    folder = used(card(tmp_path / "one", "ODD[1]/data.xyz", "ODD[1]/more.xyz"), tmp_path / "families")
    assert "files=ODD?1?/**" in folder.because
    file = used(card(tmp_path / "two", "data.xyz"), tmp_path / "families")
    assert "files=data.xyz" in file.because
    label = used(card(tmp_path / "three", "data.xyz"), tmp_path / "families", label="CAM.17-3".replace(".", "-"))
    assert "label=CAM-17-3" in label.because


def test_nothing_can_be_drafted_from_an_empty_volume(tmp_path: Path) -> None:
    assert drafted(card(tmp_path / "card")) is None


def test_a_hostile_card_gives_a_draft_that_loads(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    build(str(tmp_path / "card"))
    assert used(tmp_path / "card", tmp_path / "families").family.name == "mine"


NAMES = some.text(some.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(names=some.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_whatever_the_names_are_the_draft_loads_and_matches(tmp_path: Path, names: list[str]) -> None:
    paths = [f"{name}.mp4" for name in names]
    (tmp_path / "card").mkdir(exist_ok=True)
    text = draft(matched(tmp_path / "card"), paths, "mine")
    if text is None:
        return
    (tmp_path / "families").mkdir(exist_ok=True)
    (tmp_path / "families" / "mine.toml").write_text(text, encoding="utf-8")
    families = {family.name: family for family in load_families(str(tmp_path / "families"))}
    assert "mine" in families


# -------------------------------------------------------------------------------------------------- as commands


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`dockd recorder …`, without a station."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKD", "LANG", "LC_"))}
    command = [sys.executable, "-m", "dockd", "recorder", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**known, "LANG": "C.UTF-8"}, cwd=ROOT)


def test_a_volume_is_drafted_then_matched_by_the_draft(tmp_path: Path) -> None:
    root = card(tmp_path / "card", "B_4711_0001.mp4", "B_4711_0002.mp4", "autorun.inf", "x.exe")
    (tmp_path / "own").mkdir()
    made = process("new", str(root), "--name", "acme", "--out", str(tmp_path / "own" / "acme.toml"))
    assert made.returncode == 0, made.stderr
    again = process("new", str(root), "--name", "acme", "--out", str(tmp_path / "own" / "acme.toml"))
    assert again.returncode == 2 and "is not replaced" in again.stderr
    told = json.loads(process("match", str(root), "--families", str(tmp_path / "own"), "--json").stdout)
    assert (told["family"], told["recorder"]) == ("acme", "4711")
    assert {entry["path"]: entry["taken_for"] for entry in told["entries"]} == {
        "B_4711_0001.mp4": "video",
        "B_4711_0002.mp4": "video",
        "autorun.inf": "trace",
        "x.exe": "trace",
    }
    fits = {one["family"]: one["fits"] for one in told["candidates"]}
    assert fits["acme"] and fits["folder"] and not fits["gat947"]
    said = process("match", str(root), "--families", str(tmp_path / "own")).stdout
    assert "family: acme" in said and "names=2/2" in said and "no-names=0/2" in said
    assert "its name ends in exe" in said


def test_a_family_file_with_faults_is_named_with_all_of_them(tmp_path: Path) -> None:
    root = card(tmp_path / "card", "a.mp4")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bad.toml").write_text(
        'name = "bad"\nextends = "folder"\ntitle = { zh = "x", en = "x" }\nrank = 1\nzone = "Mars"\n'
    )
    said = process("match", str(root), "--families", str(tmp_path / "own"))
    assert said.returncode == 3
    assert "2 faults" in said.stderr and "zone: unknown time zone 'Mars'" in said.stderr and "recognise" in said.stderr


def test_nothing_to_draft_from_and_a_bad_name_are_wrong_usage(tmp_path: Path) -> None:
    assert process("new", str(card(tmp_path / "card"))).returncode == 2
    assert process("new", str(card(tmp_path / "full", "a.mp4")), "--name", "Bad Name").returncode == 2
