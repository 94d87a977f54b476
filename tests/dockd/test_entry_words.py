"""Every reason an entry can have is told in words, in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dockd.listing
from dockd.entry_words import WORDS, entry_text
from dockd.i18n import set_language

ROOT = Path(dockd.listing.__file__).parent.parent


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def _texts_returned(path: str, calls: set[str]) -> set[str]:
    """The first words of the texts that calls of these names are given, as the source has them."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
            for argument in node.args:
                parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
                if isinstance(parts[0], ast.Constant) and isinstance(parts[0].value, str):
                    found.add(parts[0].value.partition(" ")[0])
    return found - {""}


def test_what_the_engine_and_the_families_say_has_words() -> None:
    said = _texts_returned("dockd/recorders/matching.py", {"Unknown", "Trace"})
    said |= _texts_returned("hashing/taking.py", {"SourceFault"}) | _texts_returned(
        "hashing/copying.py", {"SourceFault"}
    )
    assert {"foreign-trace", "rogue-executable", "unknown-kind", "stopped", "shrank"} <= said
    assert said <= WORDS.keys()


def test_what_a_listing_finds_has_words() -> None:
    faults = {value for name, value in vars(dockd.listing).items() if name.isupper() and isinstance(value, str)}
    assert {"loop", "bad-name"} <= faults
    assert faults <= WORDS.keys()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("rogue-executable named exe", "a program where recordings should be: its name ends in exe"),
        ("unreadable at byte 4096", "cannot be read at byte 4096"),
        ("same-bytes as DCIM/1.MP4", "the same bytes as DCIM/1.MP4"),
        ("side-file", "a side file that is not understood"),
        ("of-a-later-version", "of-a-later-version"),
    ],
)
def test_a_reason_is_told_with_what_it_is_about(code: str, text: str) -> None:
    assert entry_text(code) == text


def test_no_words_stay_english_on_a_chinese_station() -> None:
    set_language("zh_CN")
    assert [code for code in WORDS if entry_text(code).isascii()] == []
    assert entry_text("unreadable at byte 4096") == "在第 4096 字节处无法读取"
