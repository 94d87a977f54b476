"""`dockd pack`: what people and scripts see of the rule packs, and that the papers tell every key of one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from dockd import i18n
from dockd.cli import cli
from dockd.exits import Exit
from dockd.explained import Explained
from dockd.keeping.pack_words import as_lines, fault_text, faults_explained
from retention.next_change import Event
from retention.pack_faults import PackFault, PackFaults, PackProblem
from retention.pack_files import load
from retention.pack_schema import CaseFilePart, OfficePart, PackPart, PeriodPart, RhythmPart, RulePart, TermPart
from retention.share import Limits, StopReason
from retention.verdicts import Reason
from tests.retention.telling import PACKS, SHIPPED

ROOT = Path(__file__).resolve().parents[3]
PAPER = (ROOT / "docs" / "packs.md").read_text("utf-8")
FILLED = """name = "changli-water"
extends = "changli-water"

[[case_files]]
id = "general-procedure"
years = 30
"""


def dockd(home: Path, *arguments: str) -> Result:
    """`dockd` in a home that nobody initialised: packs need none."""
    return CliRunner().invoke(cli, ["--home", str(home), "pack", *arguments], standalone_mode=False)


def own_pack(home: Path, text: str, name: str = "own.toml") -> Path:
    """A pack of the agency's own, where it belongs."""
    path = home / "packs.d" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_packs_are_listed_without_a_station(tmp_path: Path) -> None:
    told = dockd(tmp_path, "list", "--json")
    assert told.return_value == Exit.OK
    listed = json.loads(told.output)
    assert [one["name"] for one in listed] == sorted(PACKS)
    assert {one["name"]: one["digest"] for one in listed} == {pack.name: pack.digest for pack in PACKS.values()}
    assert all(set(one) == {"name", "title", "agency", "zone", "origin", "digest"} for one in listed)
    assert "昌黎县水务局" not in dockd(tmp_path, "list").output


def test_the_agencys_own_pack_is_found_beside_its_settings(tmp_path: Path) -> None:
    path = own_pack(tmp_path, FILLED)
    listed = {one["name"]: one for one in json.loads(dockd(tmp_path, "list", "--json").output)}
    assert listed["changli-water"]["origin"] == str(path)
    assert len(listed) == len(PACKS)
    assert "(the agency's own)" in dockd(tmp_path, "list").output
    shown = json.loads(dockd(tmp_path, "show", "changli-water", "--json").output)
    assert shown["case_files"]["general-procedure"]["period"] == {"years": 30, "months": 0, "days": 0}
    assert shown["rules"][1]["cite"]["article"] == "第十条第三款"
    (line,) = [line for line in dockd(tmp_path, "show", "changli-water").output.splitlines() if "30 years" in line]
    assert line == "  case files of: penalty by general procedure: 30 years from the year after the closing"


def test_the_kinds_of_cases_that_a_rule_is_for_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = PACKS["qianxi-baimiaozi"]
    (rule,) = (one for one in pack.rules if one.cases)
    told = dockd(tmp_path, "show", pack.name).output.splitlines()
    titles = ", ".join(one.title.en for one in pack.classes if one.id in rule.cases)
    period = "3 months from the closing of the case, and at least 6 months from the recording"
    assert f"  under a case of: {titles}: {period}  [{rule.cite.article}]" in told
    shown = json.loads(dockd(tmp_path, "show", pack.name, "--json").output)
    assert [one["cases"] for one in shown["rules"] if one["id"] == rule.id] == [list(rule.cases)]
    monkeypatch.setattr(i18n, "_language", i18n.CHINESE)
    titles = ", ".join(one.title.zh for one in pack.classes if one.id in rule.cases)
    assert f"under a case of: {titles}: " in "\n".join(as_lines(pack))


@pytest.mark.parametrize("name", sorted(PACKS))
def test_every_pack_is_shown_with_each_of_its_articles(tmp_path: Path, name: str) -> None:
    told = dockd(tmp_path, "show", name)
    assert told.return_value == Exit.OK
    pack = PACKS[name]
    for cite in [one.cite for one in (*pack.rules, *pack.triggers)]:
        assert f"[{cite.article}]" in told.output
    assert all(words.en in told.output for words in pack.not_said)


def test_a_pack_is_shown_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_language", i18n.CHINESE)
    told = "\n".join(as_lines(PACKS["changli-water"]))
    assert "昌黎县水务局行政执法全过程记录制度" in told and "Changli" not in told
    assert all(words.zh in told for words in PACKS["changli-water"].not_said)


def test_a_pack_nobody_knows_is_not_found(tmp_path: Path) -> None:
    told = dockd(tmp_path, "show", "nowhere")
    assert told.return_value == Exit.NOT_FOUND
    assert "there is no pack nowhere" in told.stderr


def test_a_good_file_is_checked_and_shown(tmp_path: Path) -> None:
    path = own_pack(tmp_path, FILLED)
    told = dockd(tmp_path, "check", str(path))
    assert told.return_value == Exit.OK
    assert "30 years from the year after the closing" in told.output
    assert "no fault: 6 rules" in told.output
    assert json.loads(dockd(tmp_path, "check", "--json", str(path)).output)["name"] == "changli-water"


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    told = dockd(tmp_path, "check", str(tmp_path / "nothing.toml"))
    assert isinstance(told.exception, click.UsageError)
    assert "nothing.toml is no file" in told.exception.message


def test_every_fault_of_a_file_is_explained_at_once_and_nothing_else_happens(tmp_path: Path) -> None:
    path = tmp_path / "drafts" / "own.toml"
    path.parent.mkdir()
    path.write_text(FILLED.replace("years", "jahre").replace("general-procedure", "General"), encoding="utf-8")
    told = dockd(tmp_path, "check", str(path))
    assert told.return_value == Exit.SETTINGS
    assert told.stderr.splitlines()[:3] == [
        "dockd: error: the rule packs have 2 faults",
        f"  {path}, line 5: case_files.General.id: is General, must be small letters, digits and hyphens",
        f"  {path}, line 6: case_files.General.jahre: is unknown",
    ]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["drafts"]
    as_json = json.loads(dockd(tmp_path, "check", "--json", str(path)).output)
    assert [(one["line"], one["problem"]) for one in as_json["faults"]] == [(5, "name"), (6, "unknown-key")]


@pytest.mark.parametrize("arguments", [("list",), ("show", "changli-water")])
def test_faults_of_the_agencys_own_packs_stop_every_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    own_pack(tmp_path, "name = 'own'\n", "broken.toml")
    told = dockd(tmp_path, *arguments)
    assert told.return_value == Exit.SETTINGS
    assert "broken.toml: rules: is missing" in told.stderr


def test_the_process_ends_with_the_number_of_settings(tmp_path: Path) -> None:
    path = own_pack(tmp_path, "name = ")
    done = subprocess.run(
        [sys.executable, "-m", "dockd", "--home", str(tmp_path), "pack", "check", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DOCKD_LANG": "en"}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.SETTINGS
    assert "line 1" in done.stderr and "is no TOML" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("problem", list(PackProblem))
def test_every_kind_of_fault_has_a_sentence_with_its_facts(problem: PackProblem) -> None:
    told = fault_text(PackFault("own.toml", 7, "rules.case", problem, "<found>", "<expected>"))
    assert told.startswith("own.toml, line 7: rules.case: ")
    assert "{" not in told
    nowhere = fault_text(PackFault("own.toml", None, "", problem, "<found>", "<expected>"))
    assert nowhere.startswith("own.toml: ")


def test_faults_are_explained_as_faults_of_settings_are() -> None:
    found = load(SHIPPED, [("own.toml", b"\xff")])
    assert isinstance(found, PackFaults)
    told = faults_explained(found)
    assert isinstance(told, Explained)
    assert (told.exit_code, len(told.details)) == (Exit.SETTINGS, 1)


# --------------------------------------------------------------------------------------------------------- the papers


def keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def rows() -> dict[str, str]:
    """The rows of the paper's tables by their first cell."""
    return {line.split("|")[1].strip(): line for line in PAPER.splitlines() if line.startswith("| ")}


def told_in(key: str, text: str) -> bool:
    return re.search(rf"`[^`]*\b{key}\b[^`]*`", text) is not None


def test_every_key_of_a_pack_file_is_told() -> None:
    own_rows: dict[str, Any] = {"classes": None, "rules": None, "triggers": None, "case_files": None}
    lacking = []
    for key, field in PackPart.model_fields.items():
        head = next((one for one in (f"`[[{key}]]`", f"`[{key}]`") if one in rows()), None)
        if head is None:
            lacking += [] if any(told_in(key, cell) for cell in rows()) else [key]
            continue
        parts = [field.annotation, *getattr(field.annotation, "__args__", ())]
        (model,) = [one for one in parts if isinstance(one, type) and issubclass(one, BaseModel)]
        own_rows.pop(key, None)
        lacking += [f"{key}.{name}" for name in keys_of(model) if not told_in(name, rows()[head])]
    assert lacking == []
    assert own_rows == {}


@pytest.mark.parametrize("model", [OfficePart, RhythmPart, PeriodPart, CaseFilePart, RulePart, TermPart])
def test_every_key_of_the_parts_of_a_pack_is_told(model: type[BaseModel]) -> None:
    assert [key for key in keys_of(model) if not told_in(key, PAPER)] == []


def test_every_anchor_role_reason_event_and_guard_is_told() -> None:
    from catalog.people.access import Role
    from retention.pack import Anchor, CountedFrom

    words = [one.value for kind in (Anchor, CountedFrom, Role, Reason, Event, StopReason) for one in kind]
    assert [word for word in words if f"`{word}`" not in PAPER] == []
    limits = Limits()
    for number in (limits.ceiling_permille, limits.longest_pause_days, limits.at_least_clips):
        assert f" {number} " in PAPER.replace("\n", " ")


def test_reasons_are_told_in_the_order_of_their_precedence() -> None:
    section = PAPER.partition("## How a verdict")[2]
    told = re.findall(r"`([\w-]+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)))
    assert told == [reason.value for reason in Reason]


def test_every_pack_that_is_shipped_is_told() -> None:
    assert [name for name in PACKS if f"| `{name}` |" not in PAPER] == []


def test_the_pack_of_the_paper_works(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAPER, re.DOTALL)
    assert dockd(tmp_path, "check", str(own_pack(tmp_path, text))).return_value == Exit.OK


def test_the_packs_are_in_the_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("retention/__init__.py", "requirements/run.in", "README.md", "pyproject.toml"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    (source / "retention" / "packs").mkdir()
    for name, data in SHIPPED:
        (source / "retention" / "packs" / name).write_bytes(data)
    command = [
        sys.executable, "-m", "pip", "--isolated", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--no-index", "-w", str(tmp_path / "dist"), str(source),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert {f"retention/packs/{name}" for name, _data in SHIPPED} <= set(zipfile.ZipFile(wheel).namelist())
