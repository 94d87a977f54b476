"""Questions about people, recorders and accounts: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import func, or_, select

from ..errors import NotFound
from ..queries import RECORDINGS
from ..reader import Reader, columns_of
from ..tables import clips
from ..watching.tables import duty_verdicts
from .access import Account, Role, Secrecy
from .attributing import holders
from .model import IN_SERVICE, AccountRow, Department, Issue, Officer, Registered
from .tables import accounts, departments, issues, officers, register
from .tree import Tree

# ------------------------------------------------------------------------------------------------------ accounts


def accounts_exist(catalog: Reader) -> bool:
    """Whether the station has accounts: as long as it has none, whoever operates it may do everything."""
    return bool(catalog.rows(select(accounts.c.name).where(catalog.own(accounts)).limit(1)))


def account_rows(catalog: Reader) -> list[AccountRow]:
    """All accounts, by name."""
    return catalog.all(
        AccountRow,
        select(*columns_of(accounts, AccountRow)).where(catalog.own(accounts)).order_by(accounts.c.name),
    )


def account_row(catalog: Reader, name: str) -> AccountRow | None:
    """The account of exactly this name."""
    found = catalog.all(AccountRow, select(*columns_of(accounts, AccountRow)).where(catalog.own(accounts, name=name)))
    return found[0] if found else None


def account_of_login(catalog: Reader, login: str) -> AccountRow | None:
    """The account that a login of the system acts as."""
    found = catalog.all(AccountRow, select(*columns_of(accounts, AccountRow)).where(catalog.own(accounts, login=login)))
    return found[0] if found else None


def account_for(catalog: Reader, row: AccountRow) -> Account:
    """What rights are judged by: an account with all departments that it reaches.

    An officer who was given none reaches the one that the register of people has him in: he asks through his unit.
    """
    given = row.departments or _own_unit(catalog, row)
    return Account(
        name=row.name,
        role=Role(row.role),
        departments=tree_of(catalog).reached(given),
        officer=row.officer,
        clearance=frozenset(Secrecy(mark) for mark in row.clearance),
    )


def _own_unit(catalog: Reader, row: AccountRow) -> list[str]:
    if row.role != Role.OFFICER or row.officer is None:
        return []
    own = select(officers.c.department).where(catalog.own(officers, number=row.officer), officers.c.active)
    return [found[0] for found in catalog.rows(own)]


def account_named(catalog: Reader, name: str) -> Account | None:
    """The account of a name as rights are judged by it; None when there is none."""
    row = account_row(catalog, name)
    return None if row is None else account_for(catalog, row)


# --------------------------------------------------------------------------------- departments, officers, recorders


def tree_of(catalog: Reader) -> Tree:
    """The tree of all departments, closed ones included: what they recorded is still there."""
    rows = catalog.rows(select(departments.c.id, departments.c.parent).where(catalog.own(departments)))
    return Tree({row[0]: row[1] for row in rows})


def all_departments(catalog: Reader) -> list[Department]:
    """All departments, by id."""
    base = select(*columns_of(departments, Department)).where(catalog.own(departments))
    return catalog.all(Department, base.order_by(departments.c.id))


def all_officers(catalog: Reader, within: Collection[str] | None = None) -> Iterator[Officer]:
    """Officers by number; `within`: only those of these departments."""
    base = select(*columns_of(officers, Officer)).where(catalog.own(officers))
    if within is not None:
        base = base.where(officers.c.department.in_(sorted(within)))
    return catalog.paged(base, (officers.c.number,), lambda row: Officer(*row), lambda one: (one.number,))


def find_officer(catalog: Reader, number: str) -> Officer:
    """The officer of exactly this number. Raises NotFound."""
    found = catalog.all(Officer, select(*columns_of(officers, Officer)).where(catalog.own(officers, number=number)))
    if not found:
        raise NotFound("officer", number)
    return found[0]


def all_registered(catalog: Reader, within: Collection[str] | None = None) -> Iterator[Registered]:
    """Recorders of the register by name; `within`: only those of these departments."""
    base = select(*columns_of(register, Registered)).where(catalog.own(register))
    if within is not None:
        base = base.where(register.c.department.in_(sorted(within)))
    return catalog.paged(base, (register.c.recorder,), lambda row: Registered(*row), lambda one: (one.recorder,))


def registered(catalog: Reader, recorder: str) -> Registered | None:
    """A recorder's line in the register."""
    base = select(*columns_of(register, Registered)).where(catalog.own(register, recorder=recorder))
    found = catalog.all(Registered, base)
    return found[0] if found else None


# -------------------------------------------------------------------------------------------------------- ledger


def ledger_of(catalog: Reader, recorder: str) -> list[Issue]:
    """The lines of one recorder that count, oldest first."""
    base = select(*columns_of(issues, Issue)).where(
        catalog.own(issues, recorder=recorder), issues.c.withdrawn.is_(None)
    )
    return catalog.all(Issue, base.order_by(issues.c.since, issues.c.id))


def ledger_lines(
    catalog: Reader,
    *,
    recorder: str | None = None,
    officer: str | None = None,
    at: datetime | None = None,
    out_only: bool = False,
    withdrawn: bool = False,
) -> Iterator[Issue]:
    """Lines of the ledger, oldest first: of a recorder, an officer, those that hold at a moment, those still out."""
    base = select(*columns_of(issues, Issue)).where(catalog.own(issues))
    if not withdrawn:
        base = base.where(issues.c.withdrawn.is_(None))
    if recorder is not None:
        base = base.where(issues.c.recorder == recorder)
    if officer is not None:
        base = base.where(issues.c.officer == officer)
    if at is not None:
        base = base.where(issues.c.since <= at, or_(issues.c.until.is_(None), issues.c.until > at))
    if out_only:
        base = base.where(issues.c.until.is_(None))
    return catalog.paged(
        base, (issues.c.since, issues.c.id), lambda row: Issue(*row), lambda line: (line.since, line.id)
    )


def find_issue(catalog: Reader, prefix: str) -> Issue:
    """The one line of the ledger whose id begins so. Raises NotFound, Ambiguous."""
    return Issue(*catalog.by_prefix("line", issues, columns_of(issues, Issue), prefix))


def with_working_recorder(catalog: Reader, moment: datetime) -> set[str]:
    """Numbers of officers who then have a recorder that works: in service by the register, and fit for duty by its
    last docking, where it was judged at all.
    """
    newest = (
        select(duty_verdicts.c.fit)
        .where(duty_verdicts.c.station == register.c.station, duty_verdicts.c.recorder == register.c.recorder)
        .order_by(duty_verdicts.c.judged_at.desc(), duty_verdicts.c.session.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = catalog.rows(select(register.c.recorder, newest).where(catalog.own(register, state=IN_SERVICE)))
    works = {row[0] for row in rows if row[1] is not False}
    out: dict[str, list[Issue]] = {}
    for line in ledger_lines(catalog, at=moment):
        out.setdefault(line.recorder, []).append(line)
    return {line.officer for recorder, lines in out.items() if recorder in works for line in holders(lines, moment)}


def recordings_during(catalog: Reader, line: Issue) -> tuple[int, int]:
    """How many recordings of an officer's the recorder made while he had it, and how long they are together, in ms."""
    during = catalog.own(clips, recorder=line.recorder) & (clips.c.sort_at >= line.since)
    if line.until is not None:
        during &= clips.c.sort_at < line.until
    count = select(func.count(), func.coalesce(func.sum(clips.c.duration_ms), 0)).where(
        during, clips.c.officer == line.officer, clips.c.kind.in_(RECORDINGS)
    )
    found = catalog.rows(count)[0]
    return int(found[0]), int(found[1])
