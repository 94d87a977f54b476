"""What can be wrong with a pack file, as codes and facts; sentences are made where people read them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PackProblem(StrEnum):
    """What can be wrong. Stands in JSON: never renamed."""

    ENCODING = "encoding"
    SYNTAX = "syntax"
    UNKNOWN_KEY = "unknown-key"
    MISSING = "missing"
    TYPE = "type"
    CHOICE = "choice"
    RANGE = "range"
    EMPTY = "empty"
    NAME = "name"
    ZONE = "zone"
    NAME_TWICE = "name-twice"
    EXTENDS_UNKNOWN = "extends-unknown"
    ID_TWICE = "id-twice"
    RESERVED = "reserved"
    UNKNOWN_CLASS = "unknown-class"
    CLASS_IN_TWO_RULES = "class-in-two-rules"
    KEEP_OR_NO_END = "keep-or-no-end"
    ANCHOR = "anchor"
    NO_PERIOD = "no-period"
    PERIOD_OF_FILE = "period-of-file"
    NO_MINIMUM = "no-minimum"
    BELOW_MINIMUM = "below-minimum"
    UNDERCUTS = "undercuts"
    PERMANENT_OR_PERIOD = "permanent-or-period"
    DEADLINE = "deadline"
    RHYTHM = "rhythm"
    STAND_IN_OF_CASE = "stand-in-of-case"


@dataclass(frozen=True, slots=True)
class PackFault:
    """One fault: in which file, on which line (from 1; None where it has no place of its own), at which key.

    `place` names entries of lists by their id where they have one: `rules.case.keep.0.months`. It is empty for a fault
    of the file as a whole. `found` is what stands there; `expected` what would be right, or what it stands against.
    """

    file: str
    line: int | None
    place: str
    problem: PackProblem
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class PackFaults:
    """All faults of all files that were read, file by file, in the order of their lines."""

    faults: tuple[PackFault, ...]
