"""What the catalogue hands out of requests and marks of secrecy. Times are aware and UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..people.access import Secrecy


class Kind(StrEnum):
    """What is asked for. Stands in the custody log: never renamed."""

    VIEW = "view"  # to look at recordings
    COPY = "copy"  # copies for use inside the agency
    PROVIDE = "provide"  # copies for a court, a review body, a procuratorate (CL 13, YX 15, WX 21)
    PARTY = "party"  # copies for a party of the case (QH 36)


# Kinds of which copies are made.
COPYING = frozenset({Kind.COPY, Kind.PROVIDE, Kind.PARTY})

ORIGINAL, WATERMARKED = "original", "watermarked"
# What a mark of secrecy is on.
CLIP, CASE = "clip", "case"


class State(StrEnum):
    """What people did with a request, as the log has it."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    CLOSED = "closed"


class Standing(StrEnum):
    """How a request stands at a moment: its state, and what the clock and the count of its uses make of it."""

    ASKED = "asked"
    APPROVED = "approved"
    USED = "used"
    REFUSED = "refused"
    CLOSED = "closed"
    EXPIRED = "expired"
    USED_UP = "used-up"


# Something may still come of these.
OPEN_STATES = (State.ASKED, State.APPROVED, State.USED)
OPEN = frozenset({Standing.ASKED, Standing.APPROVED, Standing.USED})
USABLE = frozenset({Standing.APPROVED, Standing.USED})


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request. `number` is what people call it by; `used` is how often it was used, of `uses` (None: any number).

    It may be used before `valid_until`. `case_id` is a case's id; `for_whom` is, of a view, who may look.
    """

    id: str
    number: str
    kind: Kind
    case_id: str | None
    purpose: str
    recipient: str | None
    for_whom: str | None
    departments: list[str]
    asked_by: str
    asked_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    valid_until: datetime | None
    uses: int | None
    used: int
    last_used_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    close_reason: str | None

    def standing_at(self, moment: datetime) -> Standing:
        """How it stands then: an approval ends with its term or its last use, and nobody need write that down."""
        if self.state in (State.APPROVED, State.USED):
            if self.valid_until is None or moment >= self.valid_until:
                return Standing.EXPIRED
            if self.uses is not None and self.used >= self.uses:
                return Standing.USED_UP
        return Standing(self.state.value)


@dataclass(frozen=True, slots=True)
class GivenCopy:
    """Copies that were given on a request; `kept` is where a copy of them lies in the vault."""

    seq: int
    request: str
    form: str
    clips: list[str]
    bag_digest: str
    kept: str | None
    size_bytes: int
    recipient: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of secrecy on a clip or a case: who set it, when and why."""

    subject_kind: str
    subject: str
    mark: Secrecy
    set_by: str
    set_at: datetime
    reason: str


def numbered(year: int, running: int) -> str:
    """The number of a request as people write it: `2026-0007`."""
    return f"{year:04d}-{running:04d}"


def parts_of(number: str) -> tuple[int, int] | None:
    """Year and place in the year of a number; None of what is none."""
    found = re.fullmatch(r"(\d{4})-(\d{1,9})", number, re.ASCII)
    return None if found is None else (int(found[1]), int(found[2]))
