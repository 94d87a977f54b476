"""Family files: what an administrator may write, and how faults in it are told."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from dockd.recorders import FamilyFaults, load_families
from dockd.recorders.globs import Globs
from tests.simulators.cards import FAMILIES, OWN, card, family_folder, matched, taken


def test_an_administrators_family_is_used_with_its_zone_marks_and_side_files(tmp_path: Path) -> None:
    families = load_families(str(family_folder(tmp_path)))
    names = ["x/wang_20261120081500.mp4", "x/wang_20261120081500.KEY", "x/li_20261120081500+.mp4", "AB_77/0012.mp4"]
    found = matched(card(tmp_path / "card", *names), families=families)
    assert found.family.name == "own" and found.recorder == "77"
    marked = taken(found, names[0])
    assert (marked.officer, marked.recorded_at, marked.key_mark) == ("wang", "2026-11-20T08:15:00Z", True)
    assert taken(found, names[1]).kind == "log"
    assert taken(found, names[2]).key_mark
    container = taken(found, names[3])
    assert (container.officer, container.sequence, container.key_mark) == ("AB", "0012", False)
    assert container.clearable and not taken(found, names[1]).clearable


def test_an_administrators_family_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    folder = family_folder(tmp_path, OWN.replace('"own"', '"gat947"', 1))
    families = {family.name: family for family in load_families(str(folder))}
    assert len(families) == len(FAMILIES)
    assert families["gat947"].origin == str(folder / "own.toml")


def test_a_folder_of_families_that_does_not_exist_holds_none(tmp_path: Path) -> None:
    assert [family.name for family in load_families(str(tmp_path / "none"))] == [family.name for family in FAMILIES]


def test_all_faults_of_all_family_files_are_told_together(tmp_path: Path) -> None:
    family_folder(
        tmp_path,
        """
name = "own"
extends = "nothing"
title = {{ zh = "自有", en = "own" }}
rank = 90
zone = "Mars/Olympus"
clear = ["binding"]
traces = ["[z-a]"]

[[recognise]]
label = "("

[[recognise]]

[[names]]
pattern = '(?P<badge>[0-9]+)'
start = ["%H"]

[kinds]
video = ["mp4"]
audio = ["MP4"]

[binding]
files = ["x.ini"]
encodings = ["klingon"]
""",
    )
    family_folder(tmp_path, 'name = "Bad Name"\nrank = "high"\nlooks = 1\n', name="second.toml")
    family_folder(tmp_path, "name =", name="third.toml")
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(tmp_path / "recorders.d"))
    keys = Counter((os.path.basename(fault.file), fault.key) for fault in raised.value.faults)
    assert keys == {
        ("own.toml", "zone"): 1,
        ("own.toml", "clear"): 1,
        ("own.toml", "traces"): 1,
        ("own.toml", "recognise.0.label"): 1,
        ("own.toml", "recognise.1"): 1,
        ("own.toml", "names.0.pattern"): 1,
        ("own.toml", "names.0.start"): 2,
        ("own.toml", "kinds.audio"): 1,
        ("own.toml", "binding.encodings.0"): 1,
        ("second.toml", "name"): 1,
        ("second.toml", "title"): 1,
        ("second.toml", "rank"): 1,
        ("second.toml", "looks"): 1,
        ("third.toml", ""): 1,
    }


def test_faults_of_logs_clocks_and_health_are_told(tmp_path: Path) -> None:
    more = """
expected = ["[z-a]"]

[clock]
set = "SETIT.TXT"

[[clock_orders]]
file = "../x"
format = "%c"

[health]
sources = ["ini"]

[[control]]
driver = "hayes"

[[log]]
files = ["**/*.log"]
encodings = ["klingon"]
stamp = "[0-9]+"
time = ["%H:%M"]

[[log.line]]
kind = "coffee"
pattern = "("
"""
    family_folder(tmp_path, OWN.replace("[[recognise]]", more.split("[clock]")[0] + "[[recognise]]", 1))
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(tmp_path / "recorders.d"))
    assert [fault.key for fault in raised.value.faults] == ["expected"]
    family_folder(tmp_path, OWN + "[clock]" + more.split("[clock]")[1])
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(tmp_path / "recorders.d"))
    keys = {fault.key for fault in raised.value.faults}
    assert keys == {"clock_orders.0.file", "clock_orders.0.format", "control.0.driver", "log.0.line.0.kind"}
    mended = more.split("[clock]")[1].replace("../x", "x.txt").replace("%c", "%Y").replace("hayes", "jieli")
    family_folder(tmp_path, OWN + "[clock]" + mended.replace("coffee", "key"))
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(tmp_path / "recorders.d"))
    keys = {fault.key for fault in raised.value.faults}
    assert keys == {"health.files", "log.0.encodings.0", "log.0.stamp", "log.0.time", "log.0.line.0.pattern"}
    family_folder(tmp_path, OWN + '[clock]\nset = "SETIT.TXT"\n')
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(tmp_path / "recorders.d"))
    assert [fault.key for fault in raised.value.faults] == ["clock.set"]


def test_habits_are_the_nearest_that_were_stated_and_shipped_ones_are_facts(tmp_path: Path) -> None:
    shipped = {family.name: family.habits for family in FAMILIES}
    assert (shipped["dcim"].split_ms, shipped["dcim"].sequence_limit) == (300_000, 9999)
    assert (shipped["havis"].split_ms, shipped["gat947"].pre_record_ms) == (600_000, 3_000)
    assert {name: habits.encoders for name, habits in shipped.items() if habits.encoders} == {}
    text = OWN.replace('"folder"', '"gat947"') + '\n[gaps]\nrejoin_s = 5\nencoders = ["AMBA", "X"]\n'
    (own,) = (one for one in load_families(str(family_folder(tmp_path, text))) if one.name == "own")
    habits = own.habits
    assert (habits.pre_record_ms, habits.rejoin_ms, habits.encoders) == (3_000, 5_000, ("AMBA", "X"))
    assert habits.split_ms is None


def test_faults_of_habits_are_told(tmp_path: Path) -> None:
    family_folder(tmp_path, OWN + '\n[gaps]\nsequence_first = 7\nsequence_last = 7\nencoders = ["ok", " "]\n')
    with pytest.raises(FamilyFaults) as caught:
        load_families(str(tmp_path / "recorders.d"))
    assert [fault.key for fault in caught.value.faults] == ["gaps.sequence_last", "gaps.encoders.1"]


def test_a_family_of_ones_own_may_add_to_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    text = 'name = "gat947"\nextends = "gat947"\ntitle = {{ zh = "x", en = "x" }}\nrank = 80\nzone = "UTC"\n'
    families = {family.name: family for family in load_families(str(family_folder(tmp_path, text)))}
    shipped = next(family for family in FAMILIES if family.name == "gat947")
    assert (str(families["gat947"].zone), families["gat947"].recognise) == ("UTC", shipped.recognise)
    assert [pattern.inherited for pattern in families["gat947"].names][:1] == [False]


@pytest.mark.parametrize("extends", ["nothing", "own"])
def test_a_family_that_extends_nothing_known_is_a_fault(tmp_path: Path, extends: str) -> None:
    folder = family_folder(tmp_path, OWN.replace('extends = "folder"', f'extends = "{extends}"'))
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(folder))
    assert [fault.key for fault in raised.value.faults] == ["extends"]


def test_two_files_of_one_folder_may_not_name_one_family(tmp_path: Path) -> None:
    family_folder(tmp_path)
    folder = family_folder(tmp_path, name="second.toml")
    with pytest.raises(FamilyFaults) as raised:
        load_families(str(folder))
    assert [fault.key for fault in raised.value.faults] == ["name"]


def test_every_shipped_family_has_titles_and_a_last_resort_exists() -> None:
    names = {"gat947", "axis", "havis", "ambarella", "tecsar", "bound", "dcim", "folder"}
    assert {family.name for family in FAMILIES} == names
    assert all(set(family.title) == {"zh", "en"} for family in FAMILIES)
    assert FAMILIES[-1].recognise[0].always


def test_globs_stay_within_components_and_are_blind_to_case() -> None:
    globs = Globs(["DCIM/*/x?.mp4", "**/deep/**", "[ab].txt"])
    assert globs.find("dcim/100/X1.MP4") == "DCIM/*/x?.mp4"
    assert globs.find("DCIM/1/2/x1.mp4") is None
    assert globs.find("deep/x") == "**/deep/**" and globs.find("a/b/deep/c/d") == "**/deep/**"
    assert globs.find("B.TXT") == "[ab].txt" and globs.find("c.txt") is None
    assert Globs([]).find("") is None


def test_the_days_at_which_a_makers_clocks_start_are_known(tmp_path: Path) -> None:
    family_folder(tmp_path, OWN + "[clock]\ndefaults = [2016-01-01, 2019-07-01]\n")
    (own,) = (family for family in load_families(str(tmp_path / "recorders.d")) if family.name == "own")
    assert own.clock.defaults == (date(2016, 1, 1), date(2019, 7, 1))
