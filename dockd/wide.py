"""Text by the columns of a terminal that it takes: a Chinese sign takes two, and has no spaces beside it. Pure."""

from __future__ import annotations

import re
import unicodedata

# What may not begin a line, and what may not end one (GB/T 15834-2011 §5).
_NEVER_FIRST = frozenset("，。：；、！？）」』》”…—")
_NEVER_LAST = frozenset("（「『《“")
# A space, a word of narrow signs, or one wide sign.
_UNITS = re.compile(r"\s+|[^\s\u2e80-\uffff]+|[\u2e80-\uffff]")


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes (UAX #11: wide and full-width signs take two)."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, columns: int) -> str:
    """A text with spaces behind it, so that it takes at least so many columns."""
    return text + " " * (columns - columns_of(text))


def wrapped(text: str, columns: int) -> list[str]:
    """One paragraph in lines of at most so many columns; a single word that is longer stands alone."""
    lines: list[str] = []
    line = ""
    for unit in _glued(text):
        if line and columns_of(line) + columns_of(unit.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += unit if line else unit.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _glued(text: str) -> list[str]:
    """Units that no line break may part."""
    units: list[str] = []
    for unit in _UNITS.findall(text):
        if units and (unit[0] in _NEVER_FIRST or units[-1][-1] in _NEVER_LAST):
            units[-1] += unit
        elif unit.isspace() and units:
            units[-1] += " "
        else:
            units.append(unit)
    return units
