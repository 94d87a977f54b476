"""The tree of departments: what lies below one, and whether it is a tree at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from .access import EVERYWHERE


class Tree:
    """Departments by their parents, which may be missing: recordings name departments that nobody registered."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        self._parents = dict(parents)
        self._children: dict[str, list[str]] = defaultdict(list)
        for child, parent in sorted(self._parents.items()):
            if parent is not None:
                self._children[parent].append(child)

    def subtree(self, department: str) -> list[str]:
        """A department and all below it, each once, behind its parent."""
        found: dict[str, None] = {}
        waiting = [department]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found[one] = None
                waiting.extend(reversed(self._children.get(one, ())))
        return list(found)

    def reached(self, departments: Iterable[str]) -> frozenset[str]:
        """All that these departments reach; EVERYWHERE stays what it is."""
        given = set(departments)
        if EVERYWHERE in given:
            return frozenset({EVERYWHERE})
        return frozenset(below for one in given for below in self.subtree(one))

    def depth(self, department: str) -> int:
        """How many stand above it."""
        return len(self.above(department))

    def above(self, department: str) -> list[str]:
        """Its parents from the nearest on; of a circle each once."""
        found: list[str] = []
        parent = self._parents.get(department)
        while parent is not None and parent not in found:
            found.append(parent)
            parent = self._parents.get(parent)
        return found

    def circles(self) -> list[str]:
        """Departments that stand above themselves, in order."""
        return sorted(one for one in self._parents if one in self.above(one))

    def in_order(self) -> list[str]:
        """All departments, each behind its parent; those without one first."""
        tops = [one for one, parent in sorted(self._parents.items()) if parent is None or parent not in self._parents]
        return [below for top in tops for below in self.subtree(top)]
