"""Equipment rate: how many of the officers have a recorder that works (QX article 6 wants all of them)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .model import Officer
from .tree import Tree


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one department with all below it, or of all (None): officers in service, how many of them are equipped, and
    the numbers of those who are not.
    """

    department: str | None
    officers: int
    equipped: int
    without: tuple[str, ...]

    @property
    def per_mille(self) -> int:
        """The share, rounded down: 1000 means all of them."""
        return self.equipped * 1000 // self.officers


def rates(officers: Iterable[Officer], equipped: Collection[str], tree: Tree) -> list[Rate]:
    """The rate of every department that has officers, in the tree's order, and of all behind them."""
    of: dict[str, list[str]] = defaultdict(list)
    for one in officers:
        if one.active:
            of[one.department].append(one.number)
    order = [*tree.in_order(), *sorted(of.keys() - set(tree.in_order()))]
    found = [
        _rate(department, [number for below in tree.subtree(department) for number in of.get(below, ())], equipped)
        for department in order
    ]
    everybody = _rate(None, [number for numbers in of.values() for number in numbers], equipped)
    return [one for one in (*found, everybody) if one.officers]


def _rate(department: str | None, numbers: list[str], equipped: Collection[str]) -> Rate:
    without = tuple(sorted(number for number in numbers if number not in equipped))
    return Rate(department, len(numbers), len(numbers) - len(without), without)
