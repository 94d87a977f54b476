"""Whose recording is it? The ledger at the time when it began, held against what the recorder's own names say.

Where they disagree, or the ledger cannot say, nobody is named until a person settles it: a wrong officer is worse than
none (QX article 17: who wears it answers for it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .model import Issue


class Basis(StrEnum):
    """What an officer rests on. Stands in the custody log: never renamed."""

    LEDGER = "ledger"
    LENT = "lent"  # the ledger, by a line that says the recorder was lent to him
    CLAIMED = "claimed"  # no ledger is kept of this recorder: only its own names say so
    SETTLED = "settled"  # a person said so
    UNATTRIBUTED = "unattributed"


class Why(StrEnum):
    """Why nobody is named. Stands in the custody log: never renamed."""

    NO_ONE = "no-one-on-record"
    TWO = "two-on-record"
    HAND_OVER = "spans-hand-over"
    TIME_UNKNOWN = "time-unknown"
    NAME_DISAGREES = "name-disagrees"
    BINDING_DISAGREES = "binding-disagrees"
    NOTHING_SAYS = "nothing-says"


@dataclass(frozen=True, slots=True)
class Claims:
    """What the recorder itself says: `named` by the recording's name, `bound` by its binding file, which may hold a
    number, a person's name or both; `session` where neither is of this recording alone (the other names agree).
    """

    named: str | None = None
    bound: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose it is, on what that rests; `why` where it is nobody's yet."""

    officer: str | None
    basis: Basis
    why: Why | None = None


def attribute(
    lines: Sequence[Issue],
    began: tuple[datetime, datetime] | None,
    docked: datetime,
    claims: Claims,
    names: Mapping[str, str],
) -> Attribution:
    """Whose recording it is.

    `lines` are all lines of its recorder that count. `began` are the limits within which it began, None where its time
    is not known; `docked` is when the binding file was read. `names` are the persons' names of officers, by number.
    """
    if not lines:
        return _claimed(claims)
    if began is None:
        return Attribution(None, Basis.UNATTRIBUTED, Why.TIME_UNKNOWN)
    held = _held(lines, *began)
    if isinstance(held, Why):
        return Attribution(None, Basis.UNATTRIBUTED, held)
    officer, lent = held
    named = _number(claims.named)
    if named is not None and not same_number(named, officer):
        return Attribution(None, Basis.UNATTRIBUTED, Why.NAME_DISAGREES)
    if claims.bound is not None and _contradicts(claims.bound, officer, names):
        # A binding file tells who has the recorder at the docking; that may be somebody else by then.
        then = _held(lines, docked, docked)
        if isinstance(then, Why) or _contradicts(claims.bound, then[0], names):
            return Attribution(None, Basis.UNATTRIBUTED, Why.BINDING_DISAGREES)
    return Attribution(officer, Basis.LENT if lent else Basis.LEDGER)


def holders(lines: Iterable[Issue], moment: datetime) -> list[Issue]:
    """The lines by which somebody has the recorder then; a lender has it no more."""
    there = [line for line in lines if line.since <= moment and (line.until is None or moment < line.until)]
    there.sort(key=lambda line: line.since)
    lenders = {line.lender for line in there if line.lender is not None}
    left = [line for line in there if line.officer not in lenders]
    # Lent back to whom it was from: the last one has it.
    return left or there[-1:]


def same_number(one: str, other: str) -> bool:
    """Whether two texts are one officer's number: spreadsheets drop the noughts in front, recorders fill them up."""
    return one == other or (one.isdecimal() and other.isdecimal() and one.lstrip("0") == other.lstrip("0"))


def _claimed(claims: Claims) -> Attribution:
    named = _number(claims.named)
    if named is not None and claims.bound is not None and _other_number(claims.bound, named):
        return Attribution(None, Basis.UNATTRIBUTED, Why.BINDING_DISAGREES)
    said = named or _number(claims.session)
    if said is None:
        return Attribution(None, Basis.UNATTRIBUTED, Why.NOTHING_SAYS)
    return Attribution(said, Basis.CLAIMED)


def _held(lines: Sequence[Issue], earliest: datetime, latest: datetime) -> tuple[str, bool] | Why:
    """Who had it all the time from earliest to latest, and whether it was lent to him at any of it."""
    ends = {line.since for line in lines} | {line.until for line in lines if line.until is not None}
    moments = [earliest, *sorted(moment for moment in ends if earliest < moment <= latest)]
    found: set[str] = set()
    lent = False
    for moment in moments:
        there = holders(lines, moment)
        if not there:
            return Why.NO_ONE
        if len({line.officer for line in there}) > 1:
            return Why.TWO
        found.add(there[0].officer)
        lent = lent or any(line.lender is not None for line in there)
    return (found.pop(), lent) if len(found) == 1 else Why.HAND_OVER


def _number(said: str | None) -> str | None:
    """What is no number of anybody: nothing, or the noughts of a recorder that was never bound."""
    return None if said is None or not said.strip("0 ") else said


def _contradicts(bound: str, officer: str, names: Mapping[str, str]) -> bool:
    name = names.get(officer)
    if name is not None and name in bound:
        return False
    if any(sign.isdecimal() for sign in bound):
        return _other_number(bound, officer)
    return name is not None


def _other_number(bound: str, officer: str) -> bool:
    """Whether a binding file names another officer by number; a person's name alone contradicts no number."""
    if not any(sign.isdecimal() for sign in bound) or not bound.strip("0 "):
        return False
    return officer not in bound and not same_number(bound.strip(), officer)
