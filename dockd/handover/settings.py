"""Settings of hand-overs between custodians."""

from __future__ import annotations

from dataclasses import dataclass

from ..i18n import N_
from ..setting import setting


@dataclass(frozen=True, slots=True)
class HandoverSettings:
    """How often departments hand over, where the rule pack leaves that open."""

    every_days: int = setting(
        0,
        N_(
            "Days within which recordings are handed over to the next custodian, where the rule pack leaves that "
            "open. 0: nobody has said."
        ),
        0,
        3650,
    )
