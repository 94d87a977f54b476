"""Recorder families as data: recognise a volume, say whose it is and what its entries are."""

from __future__ import annotations

from ..errors import FamilyFault, FamilyFaults
from .drafting import draft
from .family import ClockMethod, ClockOrder, Family, Kind
from .files import load_families
from .logs import LogEvent, LogKind, LogReading, read_log
from .matching import Match, Taken, Trace, Unknown, match

__all__ = [
    "ClockMethod",
    "ClockOrder",
    "Family",
    "FamilyFault",
    "FamilyFaults",
    "Kind",
    "LogEvent",
    "LogKind",
    "LogReading",
    "Match",
    "Taken",
    "Trace",
    "Unknown",
    "draft",
    "load_families",
    "match",
    "read_log",
]
