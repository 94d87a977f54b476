"""From words to the few cases or notes that have them, by the table of terms.

The rarest term of all words gives the candidates; in each of them every word is then looked up. When even the rarest
stands in too many, the answer is Many: a list is then better walked in its own order, for it will not be walked far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, ScalarSelect, Table, func, literal, select, union_all

from ..reader import Reader
from .bigrams import pairs_of
from .tables import cases, terms

# So many candidates are looked at, one by one by their key: some 20 ms.
CANDIDATES = 5_000
# So many cases or notes may be meant at once, each with its clips.
FEW = 1_000
# A long word is known by so many of its pairs.
_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Few:
    """The ids of all that have the words."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """More have them than may be named."""


def holding(column: Column[str], words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Conditions that these words, as `bigrams.plain` has them, stand in a text of the table."""
    return [column.contains(word, autoescape=True) for word in words]


def text_conditions(words: Sequence[str], party: Sequence[str], cause: Sequence[str]) -> list[ColumnElement[bool]]:
    """Conditions on a case: what must stand anywhere in it, in its parties, in its cause."""
    found = holding(cases.c.searched, words)
    found += holding(cases.c.searched_parties, party)
    return found + holding(cases.c.searched_cause, cause)


def looked_up(
    catalog: Reader, field: str, table: Table, words: Sequence[str], conditions: Sequence[ColumnElement[bool]]
) -> Few | Many:
    """Which rows of `table`, whose ids are the terms' subjects, have these words and meet the conditions."""
    rarest = _rarest(catalog, field, words)
    if rarest is None:
        return Many()
    candidates = select(terms.c.subject).where(catalog.own(terms, field=field), rarest)
    # Found first and looked at then: no plan may begin at the table itself.
    first = candidates.distinct().cte("candidates").prefix_with("MATERIALIZED")
    meant = select(table.c.id).join(first, first.c.subject == table.c.id)
    rows = catalog.rows(meant.where(catalog.own(table), *conditions).limit(FEW + 1))
    return Few(tuple(row[0] for row in rows)) if len(rows) <= FEW else Many()


def _rarest(catalog: Reader, field: str, words: Sequence[str]) -> ColumnElement[bool] | None:
    """The condition on terms that fewest rows meet; None when all are met by too many."""
    conditions = [condition for word in words for condition in _conditions(word)]
    counts = [select(literal(place), _count(catalog, field, one)) for place, one in enumerate(conditions)]
    found = [(count, place) for place, count in catalog.rows(select(union_all(*counts).subquery()))]
    count, place = min(found)
    return conditions[place] if count <= CANDIDATES else None


def _count(catalog: Reader, field: str, condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many terms meet a condition; nobody counts further than is asked."""
    some = select(literal(1)).where(catalog.own(terms, field=field), condition).limit(CANDIDATES + 1)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _conditions(word: str) -> list[ColumnElement[bool]]:
    pairs = pairs_of(word)
    if not pairs:
        # One sign: whatever begins with it. A range and not LIKE, for the key.
        return [(terms.c.term >= word) & (terms.c.term < chr(ord(word) + 1))]
    step = max(1, len(pairs) // _PAIRS)
    return [terms.c.term == pair for pair in pairs[::step]]
