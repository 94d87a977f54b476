"""The settings of the nightly sweep: who must agree, how long things lie set aside, and what is unusual. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..i18n import N_
from ..setting import setting

if TYPE_CHECKING:
    from retention.share import Limits


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """How recordings whose term is over are disposed of."""

    approval: Literal["two", "one", "none"] = setting(
        "two",
        N_(
            "How many persons agree before anything is destroyed: two (the archivist endorses, a leader approves), one "
            "(a leader), none."
        ),
    )
    grace_days: int = setting(
        30, N_("Days that recordings lie set aside, from the last yes on, before they are destroyed."), 0, 3650
    )
    times_usual: int = setting(
        3, N_("A sweep stops and asks when so many times the usual share of all recordings is due."), 1, 1000
    )
    at_least_clips: int = setting(20, N_("Fewer recordings than this are never above the usual share."), 1, 1_000_000)
    ceiling_permille: int = setting(
        50, N_("Thousandths of all that is held: more due than this stops a sweep, whatever is usual."), 1, 1000
    )
    longest_pause_days: int = setting(
        31, N_("Days since the last sweep after which one stops and asks: its clock may have leapt."), 1, 3650
    )

    @property
    def limits(self) -> Limits:
        """The same as the arithmetic takes them."""
        from retention.share import Limits

        return Limits(self.times_usual, self.at_least_clips, self.ceiling_permille, self.longest_pause_days)
