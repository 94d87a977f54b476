"""What commands about people share: writing down and exporting, who may see what, times as people give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import click

from catalog.event import Event
from catalog.people.access import Act
from catalog.people.model import Department, Issue, Officer, Registered
from catalog.people.queries import all_departments, all_officers, all_registered, ledger_lines

from ..assembly import Opened
from ..errors import NotFitting
from ..ledger import export
from .acting import require_reach

TIME_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


def record(opened: Opened, events: Sequence[Event], still: Callable[[], None] | None = None) -> None:
    """Write down what somebody did, under his name, and export it; `still` is asked as `Catalog.append` says.

    Raises BadEvent, CatalogFault, and what `still` raises.
    """
    opened.station.catalog.append(events, actor=opened.actor, still=still)
    export(opened.station)


def given(opened: Opened, moment: datetime | None) -> datetime | None:
    """A time by the agency's wall clock, in UTC."""
    return None if moment is None else moment.replace(tzinfo=opened.station.zone).astimezone(UTC)


def now(opened: Opened) -> datetime:
    """This second: the ledger is kept by people, and a spreadsheet gives back whole seconds."""
    return opened.station.clock().replace(microsecond=0)


def departments_by_id(opened: Opened) -> dict[str, Department]:
    """All departments."""
    return {one.id: one for one in all_departments(opened.station.catalog)}


def known_department(opened: Opened, name: str) -> str:
    """The id behind an id or a name. Raises NotFitting."""
    there = departments_by_id(opened)
    if name in there:
        return name
    found = [one.id for one in there.values() if one.name == name]
    if len(found) != 1:
        raise NotFitting("unknown-department", department=name)
    return found[0]


class Shown:
    """What whoever acts may see of people, recorders and the ledger. Raises NotAllowed when that is nothing."""

    def __init__(self, opened: Opened, act: Act = Act.LIST_PEOPLE) -> None:
        self._catalog = opened.station.catalog
        self._reach = require_reach(opened, act)

    def departments(self) -> list[Department]:
        """Departments that he reaches."""
        return [one for one in all_departments(self._catalog) if self.covers(one.id, None)]

    def officers(self, department: str | None = None) -> Iterable[Officer]:
        """Officers by number; of a department those alone."""
        found = all_officers(self._catalog, None if department is None else {department})
        return (one for one in found if self.covers(one.department, one.number))

    def recorders(self) -> Iterable[Registered]:
        """The register by recorder."""
        return (one for one in all_registered(self._catalog) if self.covers(one.department, None))

    def lines(
        self,
        *,
        recorder: str | None = None,
        officer: str | None = None,
        at: datetime | None = None,
        out_only: bool = False,
        withdrawn: bool = False,
    ) -> Iterable[Issue]:
        """Lines of the ledger, oldest first. A line is of its recorder's department."""
        found = ledger_lines(
            self._catalog, recorder=recorder, officer=officer, at=at, out_only=out_only, withdrawn=withdrawn
        )
        of = {one.recorder: one.department for one in all_registered(self._catalog)}
        return (line for line in found if self.covers(of.get(line.recorder), line.officer))

    def covers(self, department: str | None, owner: str | None = None) -> bool:
        """Whether he may see what is this department's and this officer's."""
        return self._reach.why_not(department, owner) is None


def say(lines: Iterable[str], nothing: str) -> None:
    """Print lines, or on stderr that there are none."""
    count = 0
    for line in lines:
        count += 1
        click.echo(line)
    if not count:
        click.echo(nothing, err=True)
