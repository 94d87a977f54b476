"""Questions about clocks, health and gaps: functions of a Reader, model objects out. All raise CatalogFault."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, Table, select

from ..model import SessionRow
from ..reader import Model, Reader, columns_of
from ..tables import clips, sessions
from .model import ClockReading, ClockSetting, DutyVerdict, GapRow, HealthReading
from .tables import clock_readings, clock_settings, duty_verdicts, examinations, gaps, health_readings


def clock_readings_of(catalog: Reader, recorder: str, limit: int | None = None) -> list[ClockReading]:
    """Measurements of a recorder's clock, oldest first; with `limit` the newest so many."""
    return _of_recorder(catalog, ClockReading, clock_readings, "measured_at", recorder, limit)


def clock_settings_of(catalog: Reader, recorder: str, limit: int | None = None) -> list[ClockSetting]:
    """Settings of a recorder's clock, oldest first; with `limit` the newest so many."""
    return _of_recorder(catalog, ClockSetting, clock_settings, "set_at", recorder, limit)


def health_of(catalog: Reader, recorder: str, limit: int | None = None) -> list[HealthReading]:
    """Readings of a recorder's health, oldest first; with `limit` the newest so many."""
    return _of_recorder(catalog, HealthReading, health_readings, "read_at", recorder, limit)


def last_verdict(catalog: Reader, recorder: str) -> DutyVerdict | None:
    """The newest verdict on a recorder."""
    found = _of_recorder(catalog, DutyVerdict, duty_verdicts, "judged_at", recorder, 1)
    return found[0] if found else None


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
    unread = select(clips.c.id).where(clips.c.session == sessions.c.id, clips.c.facts_state == "pending")
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
