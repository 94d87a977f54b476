"""The numbers a command ends with; docs/exit-codes.md says what each asks of whoever called."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. A number never changes its meaning: scripts and units rely on it."""

    OK = 0
    FAULT = 1
    USAGE = 2
    SETTINGS = 3
    HOME = 4
    RECORDER = 5
    VAULT = 6
    CATALOGUE = 7
    FINDINGS = 8
    BUSY = 9
    NOT_FOUND = 10
    TOOL = 11
    REFUSED = 12
    NOT_ALLOWED = 13
    INTERRUPTED = 130
