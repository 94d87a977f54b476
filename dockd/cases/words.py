"""Cases in words: states, refusals, why a recording is suggested. `--json` and the log have the codes. Pure."""

from __future__ import annotations

from catalog.cases.model import FilePeriodRow
from catalog.cases.states import State, Why
from catalog.cases.suggesting import Confidence, Sign

from ..i18n import N_, _

STATES = {
    State.OPEN: N_("under way"),
    State.REOPENED: N_("reopened"),
    State.CLOSED: N_("closed"),
    State.FILED: N_("filed"),
}
CONFIDENCES = {
    Confidence.STRONG: N_("strong"),
    Confidence.LIKELY: N_("likely"),
    Confidence.POSSIBLE: N_("possible"),
}
_SIGNS = {
    Sign.OFFICER: N_("recorded by {fact}, who handles the case"),
    Sign.IN_WINDOW: N_("within the time of the case"),
    Sign.IN_SLACK: N_("{fact} outside the time of the case"),
    Sign.NEXT_TO: N_("directly before or after recording {fact}, which is under the case"),
    Sign.NEAR: N_("{fact} from where it happened"),
    Sign.DEPARTMENT: N_("recorded by the same department, {fact}"),
    Sign.TIME_UNKNOWN: N_("nobody knows when it was recorded"),
    Sign.OTHER_CASE: N_("already under case {fact}"),
}
_REFUSALS = {
    Why.CLOSED: (N_("it is closed already"), N_("dockd case reopen comes first, if it goes on")),
    Why.NOT_CLOSED: (N_("it is not closed yet"), N_("dockd case close comes first")),
    Why.NEVER_CLOSED: (N_("it is open"), N_("only a closed case is reopened")),
    Why.FILED: (N_("its file is in the archive already"), N_("dockd case show has the day and the number")),
    Why.BEFORE_OPENING: (N_("that is before it was opened"), N_("dockd case edit --opened puts the opening right")),
    Why.BEFORE_END: (N_("it would be closed before the act ended"), N_("--ended says when the act ended")),
    Why.BEFORE_CLOSING: (N_("that is before it was closed"), N_("dockd case show has its days")),
    Why.FUTURE: (N_("that day has not come yet"), N_("days are written as 2026-11-21")),
    Why.NO_REASON: (N_("it needs a reason"), N_("--reason TEXT")),
}


def state_text(state: State) -> str:
    """Where a case stands."""
    return _(STATES[state])


def confidence_text(confidence: str) -> str:
    """How much speaks for a suggestion."""
    return _(CONFIDENCES[Confidence(confidence)])


def reason_text(reason: str) -> str:
    """A reason of a suggestion as the custody log has it, in words."""
    sign, _space, fact = reason.partition(" ")
    return _(_SIGNS[Sign(sign)]).format(fact=fact)


def refusal(why: Why) -> tuple[str, str]:
    """Why something cannot be done with a case, and what helps."""
    sentence, hint = _REFUSALS[why]
    return _(sentence), _(hint)


def kept_text(said: FilePeriodRow) -> str:
    """How long the file of a case is kept, as somebody said."""
    if said.years is None:
        return _("its file is kept for ever, says {by}: {reason}").format(by=said.set_by, reason=said.reason)
    told = {
        "closing": _("its file is kept {years} years from the closing, says {by}: {reason}"),
        "new-year": _("its file is kept {years} years from the year after the closing, says {by}: {reason}"),
    }
    return told[said.counted_from].format(years=said.years, by=said.set_by, reason=said.reason)
