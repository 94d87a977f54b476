"""The arrow: hashing <- catalog <- retention <- dockd. Imports point left only, those for type checking too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ARROW = ("hashing", "catalog", "retention", "dockd")


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    return names(path.read_text(encoding="utf-8"), inside)


def names(source: str, inside: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The imports of a text, wherever they stand: in functions and TYPE_CHECKING blocks too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = inside[: -node.level] if node.level else ()
            yield node.lineno, ".".join((*base, *filter(None, [node.module])))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "__import__"):
            yield from ((node.lineno, str(a.value)) for a in node.args[:1] if isinstance(a, ast.Constant))


@pytest.mark.parametrize("package", ARROW)
def test_imports_point_left_only(package: str) -> None:
    above = ARROW[ARROW.index(package) + 1 :]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imported(path)
        if name.partition(".")[0] in above
    ]
    assert wrong == []


def test_no_package_imports_tests_or_fixtures() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for package in ARROW
        for path in modules(package)
        for line, name in imported(path)
        if name.partition(".")[0] in ("tests", "fixtures")
    ]
    assert wrong == []


def test_the_arrow_is_really_used() -> None:
    drawn = {
        (package, name.partition(".")[0])
        for package in ARROW
        for path in modules(package)
        for _line, name in imported(path)
        if name.partition(".")[0] in ARROW and name.partition(".")[0] != package
    }
    assert {("catalog", "hashing"), ("dockd", "catalog"), ("dockd", "hashing"), ("dockd", "retention")} <= drawn


def test_no_import_hides_from_this_test() -> None:
    source = """
from __future__ import annotations
from typing import TYPE_CHECKING
import importlib
from .errors import A
from .. import b
if TYPE_CHECKING:
    from dockd.config import Config
def late():
    import retention.policy
    importlib.import_module("catalog.store")
"""
    found = {name for _line, name in names(source, ("hashing", "deep", "module"))}
    assert {"hashing.deep.errors", "hashing", "dockd.config", "retention.policy", "catalog.store"} <= found
