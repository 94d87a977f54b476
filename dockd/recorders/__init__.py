"""Recorder families as data: recognise a volume, say whose it is and what its entries are."""

from __future__ import annotations

from .family import Family, Kind
from .files import FamilyFault, FamilyFaults, load_families
from .matching import Match, Taken, Trace, Unknown, match

__all__ = [
    "Family",
    "FamilyFault",
    "FamilyFaults",
    "Kind",
    "Match",
    "Taken",
    "Trace",
    "Unknown",
    "load_families",
    "match",
]
