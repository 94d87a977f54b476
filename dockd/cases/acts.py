"""What commands about cases share: who may do what with a case, its days, its documents, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.cases.applying import KIND_UNTOLD
from catalog.cases.events import CaseDocumentAdded, CaseOpened
from catalog.cases.model import CaseRow
from catalog.cases.queries import case_numbered, documents_of_case, find_case
from catalog.cases.states import Days, Why, due_on
from catalog.documents.queries import documents_for
from catalog.event import Event
from catalog.model import Clip
from catalog.people.access import Act, Reach, Scope
from catalog.people.access import Why as AccessWhy
from catalog.people.queries import tree_of

from ..assembly import Opened
from ..documents import Document, keep
from ..errors import CaseRefused
from ..people.acting import acting, refuse, require
from ..people.peopling import record
from .activity import filing_days

COLUMNS = (
    "id",
    "number",
    "cause",
    "parties",
    "kind",
    "department",
    "officers",
    "state",
    "opened_on",
    "ended_on",
    "closed_on",
    "reopened_on",
    "filed_on",
    "due_on",
    "overdue",
    "archive_no",
    "outcome",
    "note",
    "clips",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list shows: of these departments (None: of all), of this officer (None: of any)."""

    departments: tuple[str, ...] | None
    officer: str | None


def case_for(opened: Opened, name: str, act: Act) -> CaseRow:
    """The case of that number or id, when whoever acts may do this with it. Raises NotFound, Ambiguous, NotAllowed."""
    case = find_case(opened.station.catalog, name)
    require(opened, act, case.department, owner=own_of(opened, case.officers), case=case.id)
    return case


def own_of(opened: Opened, officers: Sequence[str]) -> str | None:
    """A case is everybody's own who handles it: the number of whoever acts, when it is among these."""
    account = acting(opened).account
    return account.officer if account is not None and account.officer in officers else None


def clips_for(opened: Opened, clip_ids: Sequence[str], act: Act, case: str | None = None) -> list[Clip]:
    """The clips of these ids, when whoever acts may do this with each. Raises NotFound, Ambiguous, NotAllowed."""
    found = [opened.station.catalog.find_clip(clip_id) for clip_id in clip_ids]
    for clip in found:
        require(opened, act, clip.department, owner=clip.officer, clip=clip.id, case=case)
    return found


def reached(opened: Opened, act: Act, reach: Reach, department: str | None, officer: str | None) -> Listed:
    """What a list may show: the departments asked for, those below included, as far as they are within reach.

    Raises NotAllowed for somebody who sees only what is his own and asks for another officer's.
    """
    tree = tree_of(opened.station.catalog)
    asked = None if department is None else frozenset(tree.subtree(department))
    if reach.scope is Scope.OWN:
        if reach.owner is None or officer not in (None, reach.owner):
            refuse(opened, act, AccessWhy.NOT_OWN, None)
        officer = reach.owner
    within = reach.departments
    both = asked if within is None else within if asked is None else within & asked
    return Listed(None if both is None else tuple(sorted(both)), officer)


def opening_of(opened: Opened, number: str, department: str) -> list[CaseOpened]:
    """What opens a case of a number that nobody knows yet, for a department; nothing when it is known.

    Raises NotAllowed.
    """
    if case_numbered(opened.station.catalog, number) is not None:
        return []
    account = acting(opened).account
    officers = [account.officer] if account is not None and account.officer is not None else []
    require(opened, Act.MANAGE_CASES, department, owner=own_of(opened, officers))
    case, day = opened.station.random_hex(16), today(opened).isoformat()
    return [CaseOpened(case, number, "", [], KIND_UNTOLD, department, officers, day)]


def today(opened: Opened) -> date:
    """The day in the agency's zone."""
    return opened.station.clock().astimezone(opened.station.zone).date()


def unless_refused(case: str, days: Days | Why) -> Days:
    """The days of a case after an act. Raises CaseRefused when it cannot be done."""
    if isinstance(days, Why):
        raise CaseRefused(case, days)
    return days


def add_documents(opened: Opened, case: CaseRow, paths: Sequence[str], title: str | None) -> list[Document]:
    """Keep files in the vault, and put them on record as documents of a case; each that is kept is on record at once.

    A document is called as its file, unless there is a title. Raises DocumentUnreadable, NoSpace, TargetFault.
    """
    subject = f"case:{case.id}"
    kept = []
    for path in paths:
        document = keep(opened.station, path, subject)
        if document.kept is not None:
            name, events = document.kept.name, [document.kept]
            identity = document.kept.document
        else:
            there = documents_for(opened.station.catalog, subject)
            (name, identity) = next((one.name, one.id) for one in there if one.vault_path == document.vault_path)
            events = []
        called = {one.document: one.title for one in documents_of_case(opened.station.catalog, case.id)}
        if identity not in called or title not in (None, called[identity]):
            added: list[Event] = [*events, CaseDocumentAdded(case.id, identity, title or name)]
            record(opened, added)
        kept.append(document)
    return kept


@dataclass(frozen=True, slots=True)
class Filing:
    """By when files are due: within so many days from the end of the act, None for no term; and what day it is."""

    within_days: int | None
    today: date

    @classmethod
    def at(cls, opened: Opened) -> Filing:
        """The term of this station today. Raises PackUnusable."""
        return cls(filing_days(opened), today(opened))

    def due_on(self, case: CaseRow) -> date | None:
        """By when the file of a case is due; None while nothing is."""
        return None if self.within_days is None else due_on(case.days, self.within_days)


def as_row(case: CaseRow, clips: int, filing: Filing) -> dict[str, Any]:
    """A case by its stable names; days are the agency's."""
    due = filing.due_on(case)
    found: dict[str, Any] = {name: getattr(case, name) for name in COLUMNS if hasattr(case, name)}
    found |= {"state": case.state.value, "due_on": due, "clips": clips}
    found |= {"overdue": due is not None and due < filing.today}
    return {name: value.isoformat() if isinstance(value := found[name], date) else value for name in COLUMNS}
