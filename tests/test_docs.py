"""The papers say what the code does: every command, option, custody kind, key and room stands in them, and the tests
that they name exist. `test_docs_run.py` runs the commands they show.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from catalog.kinds import KINDS
from dockd import finding_words, showing
from dockd.cli import cli
from dockd.recorders import load_families
from dockd.recorders.schema import FamilyFile
from retention.clearing import Doubt

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("hashing", "catalog", "retention", "dockd")
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def paper(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", paper(name), re.MULTILINE | re.DOTALL)


# ------------------------------------------------------------------------------------------------- DESIGN.md: the rooms


def modules() -> dict[str, Path]:
    """Every module by its path, but packages' own files and migrations, which have one line together."""
    found = {str(path.relative_to(ROOT)): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    return {
        name: path for name, path in found.items() if path.name != "__init__.py" and not name.startswith("catalog/migr")
    }


def drawn() -> dict[str, str]:
    """The modules that DESIGN.md draws: path and ○ or ●. A folder's own line stands for what has no line of its own."""
    rooms: dict[str, str] = {}
    for block in re.findall(r"^```\n(.*?)^```", paper("DESIGN.md"), re.MULTILINE | re.DOTALL):
        folders: list[str] = []
        for line in block.splitlines():
            found = re.match(r"( *)([\w/-]+/|\w+\.py)\s*([○●])?(?=\s|$)", line)
            if found is None:
                continue
            depth = len(found[1]) // 2
            if found[2].endswith("/"):
                folders = [*folders[:depth], found[2]]
                if found[3]:
                    rooms["".join(folders)] = found[3]
            elif found[3]:
                rooms["".join(folders[:depth]) + found[2]] = found[3]
    return rooms


def test_every_module_stands_in_the_design_and_nothing_else() -> None:
    rooms = drawn()
    folders = tuple(name for name in rooms if name.endswith("/"))
    assert sorted(name for name in modules() if name not in rooms and not name.startswith(folders)) == []
    assert sorted(name for name in rooms if not (ROOT / name).exists()) == []


# What reads, writes, runs or waits. Names of the file system's own language are not the file system.
WORLD = {"subprocess", "socket", "shutil", "signal", "fcntl", "ctypes", "tempfile", "sqlite3", "time", "pyudev"}
ONLY_TEXT = re.compile(
    r"os\.(path(\.(join|basename|dirname|splitext|abspath|normpath))?|fsencode|fsdecode|strerror)|os\.O_\w+"
)


@pytest.mark.parametrize("name", sorted(name for name, mark in drawn().items() if mark == "○"))
def test_a_pure_module_touches_nothing(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    touched = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            first = text.partition(".")[0]
            if first in WORLD or (first == "os" and not ONLY_TEXT.fullmatch(text)):
                touched.append(text)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("open", "print", "input"):
            touched.append(ast.unparse(node.func))
        elif isinstance(node, ast.ImportFrom) and any(one.name == "FileCalls" for one in node.names):
            touched.append("FileCalls")
    assert touched == []


# -------------------------------------------------------------------------------------------------------- commands


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its full name."""

    def below(command: click.Command, name: str, ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for word in command.list_commands(ctx):
                child = command.get_command(ctx, word)
                assert child is not None
                yield from below(child, f"{name} {word}", ctx)
        else:
            yield name, command

    yield from below(cli, "dockd", click.Context(cli))


def sections(name: str) -> dict[str, str]:
    """The sections of a paper by their headings, of any level."""
    parts = re.split(r"^##+ (.*)$", paper(name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_has_its_section_in_the_order_of_the_work() -> None:
    told = [heading for heading in sections("docs/commands.md") if heading.startswith("dockd ")]
    known = [name for name, _command in commands()]
    assert sorted(told) == sorted(known)


@pytest.mark.parametrize("name", [name for name, _command in commands()])
def test_every_option_is_told_and_none_that_is_not_there(name: str) -> None:
    command = dict(commands())[name]
    section = sections("docs/commands.md")[name]
    first_cells = " ".join(re.findall(r"^\| ((?:`[^`]*`(?:, )?)+) \|", section, re.MULTILINE))
    told = {word for word in re.findall(r"`([^`]*)`", first_cells) if word.startswith("-")}
    options = {
        word for one in command.params if isinstance(one, click.Option) for word in (*one.opts, *one.secondary_opts)
    }
    assert told == options
    words = name.removeprefix("dockd ")
    assert re.search(rf"^    .*dockd (?:--home \S+ )?{words}\b", section, re.MULTILINE), "no example"


def test_the_options_of_all_commands_are_told() -> None:
    head = paper("docs/commands.md").partition("\n## ")[0]
    for one in cli.params:
        for word in one.opts:
            assert f"`{word}" in head


def test_every_example_is_understood() -> None:
    """Parsed, not run: `--help` after the words would hide a wrong one."""
    text = paper("docs/commands.md")
    for line in re.findall(r"^    (?:.*&& )?dockd (.*?)(?: +#.*| [>|].*)?$", text, re.MULTILINE):
        words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)]
        ctx = cli.make_context("dockd", words)
        while isinstance(ctx.command, click.Group):
            rest = [*ctx._protected_args, *ctx.args]
            name, command, rest = ctx.command.resolve_command(ctx, rest)
            assert command is not None
            ctx = command.make_context(name, rest, parent=ctx)


def test_the_json_shapes_are_told() -> None:
    from dockd.bays.slotfile import SlotState
    from dockd.commands.clip import COLUMNS
    from dockd.results import Result
    from dockd.session import Sum

    told = sections("docs/commands.md")
    shapes = {
        "dockd dock": list(Result("s", "r", "f", None, Sum(0, 0, 0, 0, 0), 0, 0.0, "sealed").as_json()),
        "dockd clip list": list(COLUMNS),
        "dockd slots": [field.name for field in dataclasses.fields(SlotState)],
    }
    lacking = [(name, key) for name, keys in shapes.items() for key in keys if f"`{key}`" not in told[name]]
    assert lacking == []


def finding_codes() -> set[str]:
    """Every code that some `Finding(…)` of the code has; one that is put together stands for all it can become."""
    from retention.fixity import Damage

    codes = set()
    for path in (ROOT / "dockd").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding" and node.args:
                what = node.args[0]
                if isinstance(what, ast.Constant):
                    codes.add(what.value)
                elif isinstance(what, ast.JoinedStr):
                    first = what.values[0]
                    assert isinstance(first, ast.Constant)
                    codes |= {f"{first.value}{damage.value}" for damage in Damage}
    return codes


def test_every_finding_has_words_and_stands_in_the_papers() -> None:
    assert set(finding_words.WORDS) == finding_codes()
    section = sections("docs/commands.md")["dockd verify"]
    assert [code for code in finding_codes() if f"`{code}`" not in section] == []


def test_every_state_of_a_bay_is_told() -> None:
    from dockd.screen import SLOT_COLOURS

    section = sections("docs/commands.md")["dockd slots"]
    assert [state for state in SLOT_COLOURS if f"`{state}`" not in section] == []
    assert all(showing.bay_state_text(state) for state in SLOT_COLOURS)


# --------------------------------------------------------------------------------------------------------- custody


def test_every_custody_kind_is_told_and_no_other() -> None:
    assert {name for name in sections("docs/custody.md") if "-" in name or name == "verified"} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_a_custody_kind_is_told_and_whether_it_may_be_null(kind: str) -> None:
    section = sections("docs/custody.md")[kind]
    cells = " ".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))
    told = dict(re.findall(r"`(\w+)`(\??)", cells))
    fields = {field.name: "?" if "None" in str(field.type) else "" for field in dataclasses.fields(KINDS[kind])}
    assert told == fields


def test_every_reason_to_keep_a_clip_is_told() -> None:
    section = sections("docs/custody.md")["recorder-cleared"]
    assert [doubt.value for doubt in Doubt if f"`{doubt.value}`" not in section] == []


# -------------------------------------------------------------------------------------------------------- families


def test_every_key_of_a_family_file_is_told() -> None:
    text = paper("docs/families.md")
    keys = []
    for name, field in FamilyFile.model_fields.items():
        parts = [
            part for part in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(part, type)
        ]
        models = [part for part in parts if issubclass(part, BaseModel)]
        if models and name != "title":
            # A table's keys stand in the table's own row.
            heads = (f"| `[{name}]`", f"| `[[{name}]]`")
            row = next((line for line in text.splitlines() if line.startswith(heads)), "")
            keys += [f"{name}.{key}" for key in models[0].model_fields if not _told(key, row)]
        elif not _told(name, text):
            keys.append(name)
    assert keys == []


def _told(key: str, text: str) -> bool:
    """Whether a key stands in a text as code, alone or as the part of a longer one."""
    return re.search(rf"`[^`]*\b{key}\b[^`]*`", text) is not None


def test_every_family_that_is_shipped_is_told() -> None:
    assert [family.name for family in load_families() if f"| `{family.name}` |" not in paper("docs/families.md")] == []


def test_the_family_of_the_papers_works(tmp_path: Path) -> None:
    text = re.findall(r"```toml\n(.*?)```", paper("docs/families.md"), re.DOTALL)[0]
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    (family,) = (one for one in load_families(str(tmp_path)) if one.name == tomllib.loads(text)["name"])
    found = family.read_name("Record/20251120/X8123-20251120-081500-0007.mp4")
    assert found is not None
    assert found[1] == {"recorder": "X8123", "start": "20251120-081500", "sequence": "0007"}


# ------------------------------------------------------------------------------------- duties, contract, links, words


@cache
def marked() -> dict[str, set[str]]:
    """Ids of duties and of the contract, each with the tests that carry it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    said = re.fullmatch(r"pytest\.mark\.(?:duty|contract)\('(\w+)'\)", ast.unparse(mark))
                    if said:
                        found.setdefault(said[1], set()).add(node.name)
    return found


def rows(name: str, letter: str) -> dict[str, str]:
    return dict(re.findall(rf"^\| ({letter}\d+) \|(.*)\|$", paper(name), re.MULTILINE))


def test_every_duty_has_its_row_and_is_told_as_it_is() -> None:
    told = rows("docs/duties.md", "D")
    assert list(told) == [f"D{number:02d}" for number in range(1, 33)]
    for duty, row in told.items():
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named <= marked().get(duty, set()), duty
        assert bool(named) == bool(marked().get(duty)), f"{duty}: tests carry it, or none does"
        assert named or "not yet" in row or "partly" in row, duty


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_line_of_the_contract_names_a_test_that_carries_it(name: str) -> None:
    told = rows(name, "P")
    assert list(told) == [f"P{number}" for number in range(1, 11)]
    for line, row in told.items():
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named <= marked().get(line, set()), line
        assert named or re.search(r"not yet|尚无", row), line


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", path.read_text("utf-8"))
    dead = [one for one in targets if one and "://" not in one and not (path.parent / one).exists()]
    assert dead == []


def test_both_readmes_say_the_same_commands() -> None:
    def shown(name: str) -> list[str]:
        lines = re.findall(r"^ {4}(?:make|sudo) .*$", paper(name), re.MULTILINE)
        return [re.sub(r" +#.*", "", line) for line in [*lines, *blocks(name)]]

    assert shown("README.md") == shown("README.zh.md")


def test_the_way_to_the_copy_loop_is_six_files() -> None:
    for name in ("README.md", "README.zh.md"):
        way = re.findall(r"\]\(((?:dockd|hashing)/[\w/]+\.py)\)", paper(name))
        assert way == [
            "dockd/commands/dock.py", "dockd/crew.py", "dockd/docking.py", "hashing/copying.py", "hashing/taking.py",
        ]  # fmt: skip
        for here, there in pairwise(way):
            stem = Path(there).stem
            assert re.search(
                rf"^ *from \.+(?:\w+\.)*{stem} import|^ *from {there[:-3].replace('/', '.')} import", paper(here), re.M
            )
    assert "def _read_long" in paper("hashing/taking.py")
