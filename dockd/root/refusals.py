"""Why root will not do what it was asked for."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was done. `reason` is a word, `detail` what it is about."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason
