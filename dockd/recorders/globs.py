"""Patterns of paths within a volume."""

from __future__ import annotations

import re
from collections.abc import Iterable


class Globs:
    """Patterns of paths from the volume's root, blind to case as FAT is.

    `*` and `?` stay within one component, `**/` is any number of them (also none), a final `**` everything below.
    """

    __slots__ = ("_any", "texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)
        joined = "|".join(f"(?:{_glob_pattern(text)})" for text in self.texts)
        self._any = re.compile(joined or r"(?!)", re.ASCII | re.IGNORECASE | re.DOTALL)

    def find(self, path: str) -> str | None:
        """The first pattern that fits the whole path, or None."""
        if self._any.fullmatch(path) is None:
            return None
        return next(text for text in self.texts if Globs((text,)).fits(path))

    def fits(self, path: str) -> bool:
        """Whether any of them fits the whole path."""
        return self._any.fullmatch(path) is not None

    def fits_some(self, paths: Iterable[str]) -> bool:
        """Whether any of them fits any of these paths."""
        return any(map(self._any.fullmatch, paths))


_GLOB_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", re.DOTALL)
_GLOB_SENSE = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _glob_pattern(text: str) -> str:
    parts = _GLOB_PARTS.findall(text)
    return "".join(_GLOB_SENSE.get(p) or (p if len(p) > 1 and p[0] == "[" else re.escape(p)) for p in parts)
