"""Every code about people has its words."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from catalog.people import attributing
from catalog.people.access import TABLE, Act, Role, Scope, Secrecy, Why
from catalog.people.attributing import Attribution, Basis
from catalog.people.cells import Trouble
from catalog.people.headings import FIELDS, Field
from catalog.people.model import STATES
from catalog.people.wanted import Fault
from dockd.errors import NotAllowed, NotFitting, SheetUnreadable, SignInRefused
from dockd.people import words as people_words
from dockd.people.sheet_words import fault_line
from dockd.people.signing_in import NotIn
from dockd.people.words import attribution_text, not_allowed, not_fitting, sheet_unreadable, sign_in_refused

ROOT = Path(__file__).resolve().parents[3]


def raised(name: str) -> dict[str, set[str]]:
    """Codes that the station raises an error with, each with the facts it gives."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "dockd").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name) and node.args:
                for one in ast.walk(node.args[-1] if name == "SheetUnreadable" else node.args[0]):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        found.setdefault(one.value, set()).update(word.arg or "" for word in node.keywords)
    return found


def test_everything_that_does_not_fit_is_said_with_the_facts_there_are() -> None:
    codes = raised("NotFitting")
    assert codes.keys() == people_words._FITS.keys()
    for code, facts in codes.items():
        wanted = {name for text in people_words._FITS[code] for _t, name, _f, _c in Formatter().parse(text) if name}
        assert wanted <= facts, code
        given = {fact: "faulty" if fact == "state" else "x" for fact in facts}
        assert all(not_fitting(NotFitting(code, **given)))


@pytest.mark.parametrize("why", ["too-large", "unreadable", "no-table", "no-text", "no-workbook"])
def test_every_file_that_is_no_spreadsheet_is_said(why: str) -> None:
    text = (ROOT / "dockd/people/spreadsheets.py").read_text("utf-8")
    assert set(re.findall(r'SheetUnreadable\(path, "([\w-]+)"', text)) == people_words._UNREADABLE.keys()
    assert all(sheet_unreadable(SheetUnreadable("a.xlsx", why)))


def test_every_role_right_mark_and_state_has_a_word() -> None:
    assert people_words.ROLES.keys() == set(Role)
    assert people_words.ACTS.keys() == set(Act)
    assert people_words.SECRECY.keys() == set(Secrecy)
    assert people_words.STATES.keys() == set(STATES)


@pytest.mark.parametrize("why", Why)
def test_every_refusal_says_who_what_and_why(why: Why) -> None:
    sentence, hint = not_allowed(NotAllowed("user:li", Act.PLACE_HOLD, why, "城关"))
    assert sentence.startswith("user:li may not place a hold: ") and hint
    assert ("城关" in sentence) == (why is Why.DEPARTMENT)


@pytest.mark.parametrize("why", NotIn)
@pytest.mark.parametrize("until", [None, datetime(2026, 11, 21, 1, 35, tzinfo=UTC)])
def test_every_failed_sign_in_is_said(why: NotIn, until: datetime | None) -> None:
    sentence, hint = sign_in_refused(SignInRefused("li", why, until))
    assert "li" in sentence and hint


@pytest.mark.parametrize("why", attributing.Why)
def test_every_reason_for_nobody_is_said(why: attributing.Why) -> None:
    assert attribution_text(Attribution(None, Basis.UNATTRIBUTED, why)).startswith("unattributed: ")


@pytest.mark.parametrize("basis", [one for one in Basis if one is not Basis.UNATTRIBUTED])
def test_every_basis_is_said(basis: Basis) -> None:
    assert attribution_text(Attribution("100234", basis)).startswith("100234 (")


@pytest.mark.parametrize("trouble", Trouble)
def test_every_fault_of_a_spreadsheet_is_said_with_its_place(trouble: Trouble) -> None:
    assert fault_line(Fault("人员", 7, "officer number", trouble, "x")).startswith("人员, line 7, officer number: ")
    assert fault_line(Fault("人员", 0, "", trouble)).startswith("人员: ")


# ------------------------------------------------------------------------------------------------- docs/people.md


def paper() -> str:
    return (ROOT / "docs/people.md").read_text("utf-8")


def test_the_paper_has_the_table_of_rights() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.*)\|$", paper(), re.MULTILINE))
    told = {
        (role, act): cell.strip()
        for act, row in rows.items()
        if act in set(Act)
        for role, cell in zip(Role, row.split("|"), strict=True)
    }
    words = {Scope.OWN: "own", Scope.DEPARTMENT: "dept.", Scope.ALL: "all", Scope.NONE: ""}
    assert told == {(role, act): words[TABLE[role][act]] for role in Role for act in Act}


def test_the_paper_has_every_heading_that_an_import_knows() -> None:
    lacking = [heading for heading in FIELDS if heading not in paper().lower().replace(" ", "")]
    assert lacking == []


def test_the_paper_has_every_basis_and_reason() -> None:
    codes = [*Basis, *attributing.Why, *STATES, *Role, *Secrecy]
    assert [code for code in codes if f"`{code}`" not in paper()] == []
    assert all(f"| {field.value} |" in paper() for field in Field)
