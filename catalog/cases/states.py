"""Where a case stands, what may be done with it, and by when its file is due. Pure.

open → closed → filed, and back by reopening. QH article 32: recordings and papers are made a file within 30 days from
the end of the act.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a case stands. Stands in answers: never renamed."""

    OPEN = "open"
    REOPENED = "reopened"
    CLOSED = "closed"
    FILED = "filed"


class Why(StrEnum):
    """Why something cannot be done with a case."""

    CLOSED = "closed"
    NOT_CLOSED = "not-closed"
    NEVER_CLOSED = "never-closed"
    FILED = "filed"
    BEFORE_OPENING = "before-opening"
    BEFORE_END = "before-end"
    BEFORE_CLOSING = "before-closing"
    FUTURE = "future"
    NO_REASON = "no-reason"


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a case, in the agency's zone."""

    opened_on: date
    ended_on: date | None = None
    closed_on: date | None = None
    reopened_on: date | None = None
    filed_on: date | None = None

    @property
    def state(self) -> State:
        """Where the case stands."""
        if self.filed_on is not None:
            return State.FILED
        if self.closed_on is not None:
            return State.CLOSED
        return State.OPEN if self.reopened_on is None else State.REOPENED


def set_days(days: Days, opened_on: date, ended_on: date | None, today: date) -> Days | Why:
    """The days after somebody put right when the case was opened and when its act ended."""
    if opened_on > today or (ended_on is not None and ended_on > today):
        return Why.FUTURE
    if ended_on is not None and ended_on < opened_on:
        return Why.BEFORE_OPENING
    if days.closed_on is not None and (ended_on is None or ended_on > days.closed_on):
        return Why.BEFORE_END
    return replace(days, opened_on=opened_on, ended_on=ended_on)


def close(days: Days, closed_on: date, ended_on: date | None, today: date) -> Days | Why:
    """Closed on that day. The act ended on `ended_on`, else when the case already says it did, else on that day too."""
    if days.closed_on is not None:
        return Why.CLOSED
    ended = ended_on or days.ended_on or closed_on
    if closed_on > today or ended > today:
        return Why.FUTURE
    if min(closed_on, ended) < days.opened_on:
        return Why.BEFORE_OPENING
    if closed_on < ended:
        return Why.BEFORE_END
    return replace(days, closed_on=closed_on, ended_on=ended)


def reopen(days: Days, reopened_on: date, reason: str, today: date) -> Days | Why:
    """Open again: what ended goes on, so its end, its closing and its filing count no more."""
    if days.closed_on is None:
        return Why.NEVER_CLOSED
    if reopened_on > today:
        return Why.FUTURE
    if reopened_on < days.closed_on:
        return Why.BEFORE_CLOSING
    if not reason.strip():
        return Why.NO_REASON
    return Days(days.opened_on, reopened_on=reopened_on)


def file(days: Days, filed_on: date, today: date) -> Days | Why:
    """Its file is complete and in the archive: of a closed case only."""
    if days.filed_on is not None:
        return Why.FILED
    if days.closed_on is None:
        return Why.NOT_CLOSED
    if filed_on > today:
        return Why.FUTURE
    if filed_on < days.closed_on:
        return Why.BEFORE_CLOSING
    return replace(days, filed_on=filed_on)


def due_on(days: Days, within_days: int) -> date | None:
    """The last day on which the file may be made; None while the act goes on, and when the file is there."""
    if days.ended_on is None or days.filed_on is not None:
        return None
    return days.ended_on + timedelta(days=within_days)


def last_end_overdue(today: date, within_days: int) -> date:
    """An act that ended on this day or earlier has a file that is overdue today."""
    return today - timedelta(days=within_days + 1)
