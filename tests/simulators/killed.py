"""A process that is killed at one of its calls of the file system: from then on nothing is done any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hashing.filecalls import OsFileCalls

CALLS = ("open", "pwrite", "fsync", "move_new", "link", "mkdir", "chmod", "unlink", "syncfs", "rmdir", "lstat")


class Killed(BaseException):
    """The process is no more."""


class KilledAt(OsFileCalls):
    """The kernel's calls, until the `at`-th that may change something; from then on nothing is done any more."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.made = 0
        for name in CALLS:
            setattr(self, name, self._watched(getattr(self, name)))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*words: Any, **named: Any) -> Any:
            self.made += 1
            if self.made >= self.left:
                raise Killed
            return call(*words, **named)

        return watched
