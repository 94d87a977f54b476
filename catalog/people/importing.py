"""What a spreadsheet would change: events, or all faults. Nothing is taken over unless everything can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hashing.digest import digest_of

from ..event import Event
from ..model import utc_text
from .cells import Trouble, folded
from .events import (
    DepartmentChanged,
    DepartmentRegistered,
    OfficerChanged,
    OfficerRegistered,
    RecorderChanged,
    RecorderIssued,
    RecorderRegistered,
    RecorderReturned,
)
from .headings import Field
from .model import IN_SERVICE, Department, Issue, Officer, Registered
from .tree import Tree
from .wanted import Fault, Place, Wanted, WantedDepartment, WantedIssue, WantedOfficer, WantedRecorder

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue has: by id, number and name; `issues` are all lines, withdrawn ones too; `faulty` are
    recorders with an open fault.
    """

    departments: Mapping[str, Department]
    officers: Mapping[str, Officer]
    recorders: Mapping[str, Registered]
    issues: Sequence[Issue]
    faulty: frozenset[str] = frozenset()


@dataclass(slots=True)
class Plan:
    """What would be written down, and what is wrong; counts of new, changed and unchanged by what they are."""

    events: list[Event] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))

    def count(self, what: str, how: int) -> None:
        """One more that is new (0), changed (1) or unchanged (2)."""
        self.counts[what][how] += 1


# Whether somebody may change something of a department: `manage` people and recorders, or keep the ledger.
May = Callable[[str], bool]


def issue_id(recorder: str, officer: str, since: datetime, before: int) -> str:
    """The name of a ledger's line; `before` is how many lines of the same three were withdrawn."""
    return digest_of(f"{recorder}\n{officer}\n{utc_text(since)}\n{before}".encode()).hex[:16]


def plan(wanted: Wanted, known: Known, *, now: datetime, zone: ZoneInfo, may: May, may_issue: May) -> Plan:
    """The changes that lead from what is known to what is wanted. Who is not in the file stays as he is."""
    made = _Planning(known, now, zone, may, may_issue)
    made.plan.faults += wanted.faults
    made.departments(wanted.departments)
    made.officers(wanted.officers)
    made.recorders(wanted.recorders)
    made.issues(wanted.issues)
    # A row that is about an officer and his recorder would tell its department's fault twice.
    faults = dict.fromkeys(made.plan.faults)
    order = {name: place for place, name in enumerate(dict.fromkeys(fault.sheet for fault in faults))}
    made.plan.faults = sorted(faults, key=lambda fault: (order[fault.sheet], fault.line))
    return made.plan


class _Planning:
    def __init__(self, known: Known, now: datetime, zone: ZoneInfo, may: May, may_issue: May) -> None:
        self.plan = Plan()
        self._now = now
        self._zone = zone
        self._may = may
        self._may_issue = may_issue
        self._departments = dict(known.departments)
        self._officers = dict(known.officers)
        self._recorders = dict(known.recorders)
        self._issues = list(known.issues)
        self._faulty = known.faulty
        self._by_name: dict[str, set[str]] = defaultdict(set)
        for one in self._departments.values():
            self._by_name[folded(one.name)].add(one.id)

    def _fault(self, place: Place, column: Field | None, trouble: Trouble, found: str = "") -> None:
        self.plan.faults.append(place.fault(column, trouble, found))

    # ------------------------------------------------------------------------------------------- departments

    def departments(self, rows: Sequence[WantedDepartment]) -> None:
        """Departments, and their place in the tree once all are there."""
        first: dict[str, WantedDepartment] = {}
        for row in rows:
            key = row.id or self._of_name(row.name)
            if key in first:
                self._fault(row.place, Field.DEPARTMENT, Trouble.TWICE, f"{key}: {first[key].place.line}")
                continue
            first[key] = row
            self._by_name[folded(row.name)].add(key)
        ids = self._departments.keys() | first.keys()
        result: dict[str, tuple[WantedDepartment, Department]] = {}
        for key, row in first.items():
            parent = None if row.parent is None else self._department(row.place, Field.PARENT, row.parent, ids)
            result[key] = (row, Department(key, row.name, parent, row.active))
        merged = {**self._departments, **{key: one for key, (_row, one) in result.items()}}
        for key in Tree({one.id: one.parent for one in merged.values()}).circles():
            if key in result:
                self._fault(result[key][0].place, Field.PARENT, Trouble.CIRCLE, key)
        for key in Tree({key: one.parent for key, (_row, one) in result.items()}).in_order():
            row, one = result[key]
            if self._changes("departments", row.place, self._departments.get(one.id), one, one.parent or one.id):
                new = one.id not in self._departments
                kind = DepartmentRegistered if new else DepartmentChanged
                self.plan.events.append(kind(one.id, one.name, one.parent, one.active))
        self._departments = merged

    def _of_name(self, name: str) -> str:
        """The id of the one department of this name that is there, or the name as a new one's id."""
        found = self._by_name.get(folded(name), set()) & self._departments.keys()
        return next(iter(found)) if len(found) == 1 else name

    def _department(self, place: Place, column: Field, said: str, ids: set[str] | None = None) -> str | None:
        """The id behind an id or a name."""
        if said in (self._departments if ids is None else ids):
            return said
        found = self._by_name.get(folded(said), set())
        if len(found) == 1:
            return next(iter(found))
        self._fault(place, column, Trouble.AMBIGUOUS_DEPARTMENT if found else Trouble.UNKNOWN_DEPARTMENT, said)
        return None

    # ------------------------------------------------------------------------------- officers and recorders

    def officers(self, rows: Sequence[WantedOfficer]) -> None:
        """Officers; one may stand in several rows that say the same of him, where each row is about a recorder."""
        first: dict[str, WantedOfficer] = {}
        for row in rows:
            before = first.setdefault(row.number, row)
            if before is not row:
                same = (before.name, folded(before.department)) == (row.name, folded(row.department))
                if row.alone or before.alone or not same:
                    trouble = Trouble.TWICE if same else Trouble.CONTRADICTS
                    self._fault(row.place, Field.OFFICER, trouble, f"{row.number}: {before.place.line}")
                continue
            department = self._department(row.place, Field.DEPARTMENT, row.department)
            if department is None:
                continue
            one = Officer(row.number, row.name, department, row.active)
            there = self._officers.get(row.number)
            if self._changes("officers", row.place, there, one, department, there.department if there else None):
                kind = OfficerRegistered if there is None else OfficerChanged
                self.plan.events.append(kind(one.number, one.name, one.department, one.active))
            self._officers[row.number] = one

    def recorders(self, rows: Sequence[WantedRecorder]) -> None:
        """Recorders; in a ledger one stands in many rows, and belongs where the last of them says."""
        last: dict[str, WantedRecorder] = {}
        for row in rows:
            before = last.get(row.recorder)
            if before is not None and (row.alone or before.alone):
                self._fault(row.place, Field.RECORDER, Trouble.TWICE, f"{row.recorder}: {before.place.line}")
            last[row.recorder] = row
        for row in last.values():
            department = self._department(row.place, Field.DEPARTMENT, row.department)
            if department is None:
                continue
            there = self._recorders.get(row.recorder)
            old = there or Registered(row.recorder, department, None, None, IN_SERVICE, "")
            one = Registered(
                row.recorder,
                department,
                old.model if row.model is None else row.model or None,
                old.serial if row.serial is None else row.serial or None,
                old.state if row.state is None else row.state,
                old.note if row.note is None else row.note,
            )
            if there is not None and one.state != there.state and row.recorder in self._faulty:
                self._fault(row.place, Field.STATE, Trouble.FAULT_OPEN, row.recorder)
            if self._changes("recorders", row.place, there, one, department, there.department if there else None):
                kind = RecorderRegistered if there is None else RecorderChanged
                self.plan.events.append(kind(one.recorder, department, one.model, one.serial, one.state, one.note))
            self._recorders[row.recorder] = one

    def _changes(self, what: str, place: Place, there: object, one: object, *departments: str | None) -> bool:
        """Count it; whether there is something to write down that he who imports may."""
        self.plan.count(what, 0 if there is None else int(there == one) + 1)
        if there == one:
            return False
        beyond = [each for each in departments if each is not None and not self._may(each)]
        if beyond:
            self._fault(place, Field.DEPARTMENT, Trouble.NOT_HIS, ", ".join(dict.fromkeys(beyond)))
        return not beyond

    # ------------------------------------------------------------------------------------------------ ledger

    def issues(self, rows: Sequence[WantedIssue]) -> None:
        """Lines of the ledger in the order of their time."""
        lines: dict[str, list[Issue]] = defaultdict(list)
        withdrawn: dict[tuple[str, str, datetime], int] = defaultdict(int)
        for line in self._issues:
            if line.withdrawn is None:
                lines[line.recorder].append(line)
            else:
                withdrawn[line.recorder, line.officer, line.since] += 1
        seen: dict[tuple[str, str, datetime], Place] = {}
        for row in sorted(rows, key=lambda row: row.since):
            key = (row.recorder, row.officer, row.since)
            if key in seen:
                self._fault(row.place, Field.RECORDER, Trouble.TWICE, f"{row.recorder}: {seen[key].line}")
            elif self._names_known(row):
                seen[key] = row.place
                self._issue(row, lines[row.recorder], issue_id(*key, withdrawn[key]))

    def _names_known(self, row: WantedIssue) -> bool:
        before = len(self.plan.faults)
        for number, column in ((row.officer, Field.OFFICER), (row.lender, Field.LENDER)):
            if number is not None and number not in self._officers:
                self._fault(row.place, column, Trouble.UNKNOWN_OFFICER, number)
        recorder = self._recorders.get(row.recorder)
        if recorder is None:
            self._fault(row.place, Field.RECORDER, Trouble.UNKNOWN_RECORDER, row.recorder)
        elif not self._may_issue(recorder.department):
            self._fault(row.place, Field.RECORDER, Trouble.NOT_HIS, recorder.department)
        for column, moment in ((Field.SINCE, row.since), (Field.UNTIL, row.until)):
            # The end of today is no time to come: a day alone was written there.
            if moment is not None and moment > self._now + timedelta(days=1):
                self._fault(row.place, column, Trouble.FUTURE, f"{moment.astimezone(self._zone):%Y-%m-%d}")
        return len(self.plan.faults) == before

    def _issue(self, row: WantedIssue, lines: list[Issue], name: str) -> None:
        there = next((line for line in lines if line.id == name), None)
        if there is not None:
            self._again(row, there)
            return
        line = Issue(
            name, row.recorder, row.officer, row.since, row.until, row.due, "", None, row.lender, row.note, None, None
        )
        other = next((one for one in lines if overlap(one, line, self._zone)), None)
        if other is not None:
            self._fault(row.place, Field.SINCE, Trouble.OVERLAPS, other.officer)
            return
        if row.until is None and row.recorder in self._faulty:
            self._fault(row.place, Field.RECORDER, Trouble.FAULT_OPEN, row.recorder)
            return
        lines.append(line)
        self.plan.count("ledger", 0)
        due = utc_text(row.due) if row.due else None
        self.plan.events.append(
            RecorderIssued(name, row.recorder, row.officer, utc_text(row.since), due, row.lender, row.note)
        )
        self._return(row, name)

    def _again(self, row: WantedIssue, there: Issue) -> None:
        """A line that is on record may have ended since; anything else is to be withdrawn and issued anew."""
        said = (row.due, row.lender, row.note)
        if said != (there.due, there.lender, there.note) or (there.until is not None and there.until != row.until):
            self._fault(row.place, Field.SINCE, Trouble.ON_RECORD, there.id)
        elif there.until == row.until:
            self.plan.count("ledger", 2)
        else:
            self.plan.count("ledger", 1)
            self._return(row, there.id)

    def _return(self, row: WantedIssue, name: str) -> None:
        if row.until is not None:
            until = utc_text(row.until)
            self.plan.events.append(RecorderReturned(name, row.recorder, row.officer, until, row.return_note))


def overlap(one: Issue, other: Issue, zone: ZoneInfo) -> bool:
    """Whether two lines of a recorder give it to two at a time. Lending does and shows; so does the one day on which it
    was handed over, where only days are written.
    """
    if one.lender == other.officer or other.lender == one.officer:
        return False
    first, second = sorted((one, other), key=lambda line: line.since)
    if first.until is None or second.since >= first.until:
        return first.until is None
    last_day = (first.until - _INSTANT).astimezone(zone).date()
    return second.since.astimezone(zone).date() != last_day
