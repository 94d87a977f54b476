"""One thing that was looked at, and how all of them are told: a line each, a hint for what is amiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .exits import Exit
from .i18n import _
from .wide import padded


class State(StrEnum):
    """How a check ended: a station with a `warn` works, one with a `fail` does not do all it should."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `hint` says what to do, and is empty when all is well."""

    name: str
    state: State
    found: str
    hint: str = ""
    exit_code: Exit = Exit.OK

    def as_json(self) -> dict[str, str]:
        """For `dockd doctor --json`: stable keys; `found` and `hint` are in the language spoken."""
        return {"name": self.name, "state": self.state.value, "found": self.found, "hint": self.hint}


def exit_code(checks: Sequence[Check]) -> Exit:
    """The code of the first check that failed; warnings are no failure."""
    return next((check.exit_code for check in checks if check.state is State.FAIL), Exit.OK)


def as_json(checks: Sequence[Check]) -> list[Mapping[str, str]]:
    """All checks for `--json`."""
    return [check.as_json() for check in checks]


def as_lines(checks: Sequence[Check]) -> list[str]:
    """All checks for people: state, name, what was found; the hint of each that is not well below it."""
    marks = {State.OK: _("ok"), State.WARN: _("warn"), State.FAIL: _("FAIL")}
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{padded(marks[check.state], 5)} {check.name:<{width}}  {check.found}")
        if check.hint:
            lines.append(f"      {'':<{width}}  " + _("hint: {hint}").format(hint=check.hint))
    return lines
