"""Marks of secrecy: who puts them on, and who takes them off (QH 37: by the rules and powers of secrecy work).

Putting a mark on protects, and takes one person who may. Taking one off opens what was protected: it takes a leader,
who is cleared for it himself and did not put it there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from catalog.cases.model import CaseRow
from catalog.model import Clip
from catalog.people.access import Act, Scope, Secrecy, Why, reach
from catalog.requests.events import SecrecyMarked
from catalog.requests.model import Mark
from catalog.requests.queries import marks_on

from ..assembly import Opened
from ..people.acting import acting, person_named, refuse, require
from .words import RequestUnfit


@dataclass(frozen=True, slots=True)
class Subject:
    """What is marked: a recording, or a case with all that lies under it."""

    clip: str | None
    case: str | None
    department: str

    @classmethod
    def of_clip(cls, clip: Clip) -> Subject:
        """A recording alone."""
        return cls(clip.id, None, clip.department)

    @classmethod
    def of_case(cls, case: CaseRow) -> Subject:
        """A case and its recordings."""
        return cls(None, case.id, case.department)


def marking(
    opened: Opened, subject: Subject, added: Sequence[Secrecy], removed: Sequence[Secrecy], reason: str
) -> SecrecyMarked:
    """What is to be written down, when whoever acts may do it. Raises NotAllowed, RequestUnfit."""
    require(opened, Act.MARK_SECRET, subject.department, clip=subject.clip, case=subject.case)
    there = {mark.mark: mark for mark in marks_on(opened.station.catalog, clip=subject.clip, case=subject.case)}
    if any(mark in there for mark in added):
        raise RequestUnfit("", "marked-already")
    for mark in removed:
        if mark not in there:
            raise RequestUnfit("", "not-marked")
        _may_take_off(opened, subject, there[mark])
    put, taken = ([mark.value for mark in marks] for marks in (added, removed))
    return SecrecyMarked(subject.clip, subject.case, put, taken, acting(opened).actor, reason)


def _may_take_off(opened: Opened, subject: Subject, mark: Mark) -> None:
    who = acting(opened)
    why = None
    if who.account is not None and reach(who.account, Act.APPROVE_REQUEST).scope is Scope.NONE:
        why = Why.ROLE
    elif who.account is not None and mark.mark not in who.account.clearance:
        why = Why.CLEARANCE
    elif who.person.same(person_named(opened, mark.set_by)):
        why = Why.SAME_PERSON
    if why is not None:
        refuse(opened, Act.MARK_SECRET, why, subject.department, clip=subject.clip, case=subject.case)


def cleared(opened: Opened, marks: Collection[Secrecy]) -> bool:
    """Whether whoever acts may see behind these marks."""
    who = acting(opened)
    return who.setup or not marks or (who.account is not None and set(marks) <= who.account.clearance)
