"""Questions about clocks, health and gaps: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, func, or_, select

from ..model import SessionRow, utc_text
from ..reader import Model, Reader, Row, columns_of
from ..tables import clips, entries, sessions
from .model import ClockReading, ClockSetting, DutyVerdict, GapRow, HealthReading, Trace
from .tables import clock_readings, clock_settings, duty_verdicts, examinations, gaps, health_readings, newer_files

# The reasons of quarantined entries that are findings, and what is said of files that are newer than their docking.
_SET_ASIDE = ("foreign-trace", "rogue-executable")
NEWER = "newer-than-docking"


def clock_readings_of(catalog: Reader, recorder: str, limit: int | None = None) -> list[ClockReading]:
    """Measurements of a recorder's clock, oldest first; with `limit` the newest so many."""
    return _of_recorder(catalog, ClockReading, clock_readings, "measured_at", recorder, limit)


def clock_settings_of(catalog: Reader, recorder: str, limit: int | None = None) -> list[ClockSetting]:
    """Settings of a recorder's clock, oldest first; with `limit` the newest so many."""
    return _of_recorder(catalog, ClockSetting, clock_settings, "set_at", recorder, limit)


def clock_reading_in(catalog: Reader, session: str) -> ClockReading | None:
    """What a session measured of its recorder's clock; None when it measured nothing."""
    own = select(*columns_of(clock_readings, ClockReading)).where(catalog.own(clock_readings, session=session))
    found = catalog.all(ClockReading, own)
    return found[0] if found else None


def last_clearing(catalog: Reader, recorder: str) -> SessionRow | None:
    """The newest session after which recordings were removed from a recorder; its seal is older than the removal."""
    emptied = select(*columns_of(sessions, SessionRow)).where(
        catalog.own(sessions, recorder=recorder), sessions.c.cleared > 0, sessions.c.sealed_at.is_not(None)
    )
    found = catalog.all(SessionRow, emptied.order_by(sessions.c.opened_at.desc(), sessions.c.id.desc()).limit(1))
    return found[0] if found else None


def health_of(catalog: Reader, recorder: str, limit: int | None = None) -> list[HealthReading]:
    """Readings of a recorder's health, oldest first; with `limit` the newest so many."""
    return _of_recorder(catalog, HealthReading, health_readings, "read_at", recorder, limit)


def last_verdict(catalog: Reader, recorder: str) -> DutyVerdict | None:
    """The newest verdict on a recorder."""
    found = _of_recorder(catalog, DutyVerdict, duty_verdicts, "judged_at", recorder, 1)
    return found[0] if found else None


def health_lately(catalog: Reader, each: int) -> dict[str, list[HealthReading]]:
    """The newest `each` readings of every recorder, oldest first, by recorder: one query for the whole fleet."""
    found: dict[str, list[HealthReading]] = defaultdict(list)
    for reading in _newest(catalog, HealthReading, health_readings, "read_at", each):
        found[reading.recorder].append(reading)
    return dict(found)


def last_verdicts(catalog: Reader) -> dict[str, DutyVerdict]:
    """The newest verdict on every recorder: one query for the whole fleet."""
    return {one.recorder: one for one in _newest(catalog, DutyVerdict, duty_verdicts, "judged_at", 1)}


def open_gaps(catalog: Reader, recorder: str) -> int:
    """How many gaps of a recorder nobody has explained."""
    ((count,),) = catalog.rows(select(func.count()).where(catalog.own(gaps, recorder=recorder, state="open")))
    return int(count)


def traces_found(catalog: Reader, *, recorder: str | None = None, since: datetime | None = None) -> list[Trace]:
    """What was found on recorders that recording does not leave there, by docking, oldest first (duty D23).

    A file that stays on the card is told once, for the docking that found it first.
    """
    whose = (sessions.c.recorder, sessions.c.id, sessions.c.opened_at, sessions.c.department, sessions.c.officer)
    what = (entries.c.seq, entries.c.path, entries.c.size_bytes)
    asked = [catalog.own(sessions)]
    asked += [sessions.c.recorder == recorder] if recorder is not None else []
    asked += [sessions.c.opened_at >= since] if since is not None else []
    foreign = or_(*(entries.c.reason.startswith(f"{kind} ", autoescape=True) for kind in _SET_ASIDE))
    aside = (
        select(*whose, *what, entries.c.reason, entries.c.vault_path, entries.c.digest)
        .join_from(entries, sessions, entries.c.session == sessions.c.id)
        .where(*asked, catalog.own(entries, outcome="quarantined"), foreign)
    )
    same = and_(newer_files.c.session == entries.c.session, newer_files.c.seq == entries.c.seq)
    newer = (
        select(
            *(*whose, *what, newer_files.c.modified_at),
            func.coalesce(clips.c.vault_path, entries.c.vault_path),
            func.coalesce(clips.c.digest, entries.c.digest),
        )
        .join_from(newer_files, sessions, newer_files.c.session == sessions.c.id)
        .join(entries, same)
        .outerjoin(clips, clips.c.id == entries.c.clip)
        .where(*asked)
    )
    # By what stays the same from docking to docking; a dict keeps the first of it.
    rows = catalog.rows(newer.order_by(sessions.c.opened_at.desc(), sessions.c.id.desc(), newer_files.c.seq))
    first = {(row[0], row[6], row[8]): row for row in rows}
    found = [_trace(row, NEWER, utc_text(row[8]) if row[8] else "") for row in first.values()]
    for row in catalog.rows(aside):
        kind, _space, about = row[8].partition(" ")
        found.append(_trace(row, kind, about))
    return sorted(found, key=lambda trace: (trace.docked_at, trace.session, trace.seq, trace.what))


def _trace(row: Row, what: str, about: str) -> Trace:
    told: list[Any] = [*row[:8], what, about, *row[9:]]
    return Trace(*told)


def gaps_found(catalog: Reader, *, state: str | None = None, recorder: str | None = None) -> Iterator[GapRow]:
    """Gaps, oldest finding first."""
    base = select(*columns_of(gaps, GapRow)).where(catalog.own(gaps))
    if state is not None:
        base = base.where(gaps.c.state == state)
    if recorder is not None:
        base = base.where(gaps.c.recorder == recorder)
    return catalog.paged(base, (gaps.c.found_at, gaps.c.id), lambda row: GapRow(*row), lambda gap: gap.position)


def find_gap(catalog: Reader, prefix: str) -> GapRow:
    """The one gap whose id begins so. Raises NotFound, Ambiguous."""
    return GapRow(*catalog.by_prefix("gap", gaps, columns_of(gaps, GapRow), prefix))


def sessions_to_examine(catalog: Reader, limit: int) -> list[SessionRow]:
    """Sealed sessions of which no examination is on record and all facts have been tried, oldest first."""
    unread = select(clips.c.id).where(
        clips.c.session == sessions.c.id, clips.c.facts_state == "pending", clips.c.destroyed_at.is_(None)
    )
    done = select(examinations.c.session).where(examinations.c.session == sessions.c.id)
    waiting = select(*columns_of(sessions, SessionRow)).where(
        catalog.own(sessions), sessions.c.state != "open", ~done.exists(), ~unread.exists()
    )
    return catalog.all(SessionRow, waiting.order_by(sessions.c.opened_at, sessions.c.id).limit(limit))


def _of_recorder(
    catalog: Reader, model: type[Model], table: Table, time: str, recorder: str, limit: int | None
) -> list[Model]:
    base: Select[tuple[object, ...]] = select(*columns_of(table, model)).where(catalog.own(table, recorder=recorder))
    newest = base.order_by(table.c[time].desc(), table.c.session.desc()).limit(limit)
    return catalog.all(model, newest)[::-1]


def _newest(catalog: Reader, model: type[Model], table: Table, time: str, each: int) -> list[Model]:
    """The newest `each` rows of every recorder, by recorder, oldest first."""
    columns = columns_of(table, model)
    order = (table.c[time].desc(), table.c.session.desc())
    place = func.row_number().over(partition_by=table.c.recorder, order_by=order).label("place")
    ranked = select(*columns, place).where(catalog.own(table)).subquery()
    wanted = select(*(ranked.c[column.name] for column in columns)).where(ranked.c.place <= each)
    return catalog.all(model, wanted.order_by(ranked.c.recorder, ranked.c.place.desc()))
