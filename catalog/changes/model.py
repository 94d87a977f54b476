"""What the catalogue hands out of changes. Times are aware and UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

PROPOSED, CONFIRMED, REFUSED = "proposed", "confirmed", "refused"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change that was proposed; `seq` is the entry that did. `state` is `proposed`, `confirmed` or `refused`.

    `made_due` and `size_bytes` are those of the plan that counts: the one confirmed, else the one proposed.
    """

    id: str
    seq: int
    acts: list[dict[str, Any]]
    departments: list[str]
    proposed_by: str
    proposed_at: datetime
    made_due: int
    size_bytes: int
    plan_digest: str
    state: str
    answered_by: str | None
    answered_at: datetime | None
    answer_reason: str | None

    @property
    def what(self) -> str:
        """What it is about: the kind of the entry that it would write last."""
        return str(self.acts[-1]["kind"])


@dataclass(frozen=True, slots=True)
class Standing:
    """What a clip's weight in a change rests on beside its facts; `term` None is still to be decided."""

    term: str | None
    size_bytes: int
    department: str
