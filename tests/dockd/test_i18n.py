"""Text in the reader's language: which one is chosen, and that nothing is left untranslated."""

from __future__ import annotations

import ast
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from dockd import helping, i18n

ROOT = Path(__file__).resolve().parents[2]
# As in the Makefile.
KEYWORDS = {**DEFAULT_KEYWORDS, "NN_": (1, 2)}
PO = ROOT / "dockd" / "locale" / "zh_CN" / "LC_MESSAGES" / "dockd.po"


@pytest.fixture(scope="module")
def translations() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN", domain="dockd")


@pytest.fixture
def compiled(translations: Catalog, tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "dockd.mo").open("wb") as file:
        write_mo(file, translations)
    yield str(tmp_path)
    i18n.set_language("en", {})


def messages() -> set[str | tuple[str, ...]]:
    """Every message of the code: text, or the forms of a plural."""
    return {
        message
        for package in ("hashing", "catalog", "retention", "dockd")
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / package, [("**.py", "python")], keywords=KEYWORDS
        )
    }


@pytest.mark.parametrize(
    ("setting", "environ", "language"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {"LANG": "POSIX"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ("auto", {"LANG": "zh_SG@x"}, "zh_CN"),
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("zh_CN", {"LANG": "C"}, "zh_CN"),
        ("en", {"DOCKD_LANG": "zh", "LC_ALL": "C"}, "zh_CN"),
        ("zh_CN", {"DOCKD_LANG": "en"}, "en"),
        ("zh_CN", {"DOCKD_LANG": "auto"}, "zh_CN"),
    ],
)
def test_the_language_is_the_nearest_wish(setting: str | None, environ: dict[str, str], language: str) -> None:
    assert i18n.chosen(setting, environ) == language


def test_messages_are_looked_up_when_they_are_asked_for(compiled: str) -> None:
    assert i18n._("no such file or folder") == "no such file or folder"
    assert i18n.set_language("zh_CN", {}, compiled) == "zh_CN"
    assert i18n._("no such file or folder") == "没有这个文件或文件夹"
    assert i18n.is_translated()
    i18n.set_language("en", {}, compiled)
    assert i18n._("no such file or folder") == "no such file or folder"


def test_plurals_have_one_form_in_chinese(compiled: str) -> None:
    one, many = "the settings have a fault: {path}", "the settings have {count} faults: {path}"
    assert i18n.ngettext(one, many, 1) == one
    i18n.set_language("zh_CN", {}, compiled)
    assert i18n.ngettext(one, many, 1) == i18n.ngettext(one, many, 7)


def test_messages_that_were_not_compiled_stay_english(tmp_path: Path) -> None:
    try:
        i18n.set_language("zh_CN", {}, str(tmp_path))
        assert i18n._("not a folder") == "not a folder"
        assert not i18n.is_translated()
    finally:
        i18n.set_language("en", {})


def test_every_message_is_translated(translations: Catalog) -> None:
    lacking = []
    for message in messages():
        found = translations.get(message if isinstance(message, str) else message[0])
        forms = () if found is None else (found.string if isinstance(found.string, tuple | list) else (found.string,))
        if not forms or not all(forms):
            lacking.append(message)
    assert lacking == [], "run `make locale`, fill these in, run it again"


def test_no_translation_is_fuzzy_or_left_over(translations: Catalog) -> None:
    known = {message if isinstance(message, str) else message[0] for message in messages()}
    for message in translations:
        if message.id:
            identity = message.id if isinstance(message.id, str) else message.id[0]
            assert not message.fuzzy, identity
            assert identity in known, f"no longer in the code: {identity!r}; run `make locale`"


def test_translations_have_the_places_and_the_form_of_their_messages(translations: Catalog) -> None:
    def places(text: str) -> set[str]:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}

    for message in translations:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        wanted = set().union(*(places(one) for one in ids))
        for form in forms:
            assert places(form) <= wanted, message.id
            assert any(places(one) <= places(form) for one in ids), message.id
            assert form.count("\b") == ids[0].count("\b"), message.id
            assert len(re.findall(r"\n\n", form)) == len(re.findall(r"\n\n", ids[0])), message.id


def test_no_message_is_made_of_parts_before_it_is_looked_up() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "dockd").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "N_")
        if any(isinstance(part, ast.JoinedStr) for argument in node.args for part in ast.walk(argument))
    ]
    assert wrong == []


def test_no_message_hides_inside_an_f_string() -> None:
    """There Babel does not find it (Python 3.11), and it would stay English unseen."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "dockd").rglob("*.py"))
        for whole in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(whole, ast.JoinedStr)
        for node in ast.walk(whole)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "N_", "ngettext")
        # A word from a table was marked where it stands.
        if isinstance(node.args[0], ast.Constant)
    ]
    assert wrong == []


def test_the_words_we_translate_for_click_are_those_it_says() -> None:
    folder = Path(click.__file__).parent
    said = {message for _f, _l, message, _c, _x in extract_from_dir(folder, [("**.py", "python")])}
    assert set(helping.CLICK_SAYS) | set(helping.CLICK_COUNTS) <= said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dock"], "缺少参数"),
        (["dock", "--slo", "1", "x"], "是否想输入"),
        (["dock", "--clear", "now", "x"], "不在可选值"),
        (["dock", "--slot", "0", "x"], "不在 1<=x<=999 范围内"),
        (["docks"], "没有命令 'docks'"),
        (["doctor", "x"], "多出了参数（x）"),
    ],
)
def test_wrong_usage_is_told_in_chinese(compiled: str, arguments: list[str], says: str) -> None:
    code = (
        "import sys; from dockd import i18n; i18n.LOCALE_DIR = sys.argv.pop(1);"
        "i18n.set_language.__defaults__ = (None, i18n.LOCALE_DIR); from dockd.__main__ import main; main()"
    )
    environ = {**os.environ, "DOCKD_LANG": "zh_CN", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, compiled, *arguments], capture_output=True, text=True, env=environ, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Error" not in done.stderr and "Usage" not in done.stderr
