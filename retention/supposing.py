"""What the facts of a clip would be once certain entries are written, so that a change can be weighed first. Pure.

As the projection would make them: a test writes the same entries and compares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from catalog.cases.events import (
    CaseClosed,
    CaseEdited,
    CaseFilePeriodSet,
    CaseOpened,
    ClipClassified,
    ClipLinked,
    ClipUnlinked,
)
from catalog.cases.states import State
from catalog.event import Event
from catalog.events import ClipFiled
from catalog.keeping.events import HoldLifted
from catalog.keeping.model import TermFacts, UnderCase
from catalog.watching.events import ClipTimeSettled


class Supposed:
    """The facts of clips as they would be after `events`; `cases` are the cases that these name, by id, as they are.

    A case that is filed under and not in `cases` must be opened by one of the events. Entries of other kinds than those
    below say nothing of terms and are passed over.
    """

    def __init__(self, events: Sequence[Event], cases: Mapping[str, UnderCase]) -> None:
        self._named = {case.number: case_id for case_id, case in cases.items()}
        self._cases = dict(cases)
        self._classes: dict[str, str] = {}
        # Of each clip the cases that it comes under (True) and leaves (False); the last word counts.
        self._under: dict[str, dict[str, bool]] = defaultdict(dict)
        self._lifted: set[str] = set()
        self._times: dict[str, ClipTimeSettled] = {}
        for event in events:
            self._suppose(event)

    def __call__(self, known: TermFacts) -> TermFacts:
        """The facts of a clip then."""
        said = self._times.get(known.id)
        if said is not None:
            recorded_at, anchor_at = (datetime.fromisoformat(one).astimezone(UTC) for one in (said.likely, said.latest))
            known = replace(known, recorded_at=recorded_at, anchor_at=anchor_at, time_doubt=None)
        return replace(
            known,
            clip_class=self._classes.get(known.id, known.clip_class),
            cases=self._cases_of(known),
            holds=tuple(held for held in known.holds if held.hold not in self._lifted),
        )

    def _suppose(self, event: Event) -> None:
        match event:
            case ClipClassified():
                self._classes[event.clip] = event.clip_class
            case ClipFiled():
                self._classes[event.clip] = event.clip_class
                if event.case_no is not None:
                    self._under[event.clip][self._numbered(event.case_no)] = True
            case ClipLinked() | ClipUnlinked():
                self._under[event.clip][event.case] = isinstance(event, ClipLinked)
            case CaseOpened():
                self._cases[event.case] = UnderCase(event.number, event.case_kind, State.OPEN, None)
            case CaseEdited():
                now = replace(self._cases[event.case], number=event.number, kind=event.case_kind)
                self._cases[event.case] = now
            case CaseClosed():
                closed_on = date.fromisoformat(event.closed_on)
                self._cases[event.case] = replace(self._cases[event.case], state=State.CLOSED, closed_on=closed_on)
            case CaseFilePeriodSet():
                before = self._cases[event.case]
                self._cases[event.case] = replace(before, file_years=event.years, file_from=event.counted_from)
            case ClipTimeSettled():
                self._times[event.clip] = event
            case HoldLifted():
                self._lifted.add(event.hold)

    def _numbered(self, number: str) -> str:
        return next(case_id for case_id, case in self._cases.items() if case.number == number)

    def _cases_of(self, known: TermFacts) -> tuple[UnderCase, ...]:
        """By number, as they are read."""
        under = dict(self._under.get(known.id, {}))
        others = []
        for case in known.cases:
            case_id = self._named.get(case.number)
            if case_id is None:
                others.append(case)
            else:
                under.setdefault(case_id, True)
        named = (self._cases[case_id] for case_id, there in under.items() if there)
        return tuple(sorted((*others, *named), key=lambda case: case.number))
