"""Sweeps, batches and tombstones in words; `--json` and the log have the codes."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from catalog.disposing.model import ASKED_FOR, BatchClip, BatchRow, SweepRow, Tombstone
from retention.share import StopReason
from retention.verdicts import Reason

from ..exits import Exit
from ..explained import Explained
from ..i18n import N_, _, ngettext
from ..showing import clips_text, local_text, size_text
from .errors import DisposalCount, DisposalError, DisposalNotDone

STATES = {
    "proposed": N_("proposed"),
    "endorsed": N_("endorsed"),
    "approved": N_("set aside"),
    "refused": N_("refused"),
    "done": N_("over"),
}
SWEEPS = {"ran": N_("went through"), "stopped": N_("stopped and asks"), "allowed": N_("stopped, and was let go on")}
APPROVALS = {"two": N_("two persons"), "one": N_("one person"), "none": N_("nobody")}
IN_BATCH = {"in": N_("in it"), "spared": N_("stays"), "destroyed": N_("destroyed")}

# Why a recording left its batch, in a few words: dockd clip why has all of it.
_STAYS = {
    Reason.HOLDS_UNREADABLE: N_("the holds could not be read"),
    Reason.HELD: N_("under a hold"),
    Reason.TIME_UNKNOWN: N_("nobody knows when it was recorded"),
    Reason.CASE_OPEN: N_("its case is open"),
    Reason.CASE_REOPENED: N_("its case was opened again"),
    Reason.CASE_CLOSING_UNKNOWN: N_("nobody wrote down when its case was closed"),
    Reason.LONG_TERM: N_("marked for long-term keeping"),
    Reason.FLAG_NOT_IN_PACK: N_("marked for what the rule pack does not know"),
    Reason.CASE_FILE_UNKNOWN: N_("kept as its case file, and nobody said how long that is"),
    Reason.CASE_FILE_PERMANENT: N_("its case file is kept for ever"),
    Reason.CASE_AWAITED: N_("its class belongs to a case, and it lies under none"),
    Reason.NO_END: N_("the rule sets no end"),
    Reason.UNCLASSIFIED: N_("not classified: the longest period"),
    Reason.NO_RULE: N_("no rule for its class: the longest period"),
    Reason.BEYOND_CALENDAR: N_("its period ends beyond the calendar"),
    Reason.FLAGGED: N_("marked for long-term keeping"),
    Reason.PERIOD: N_("its period is not over"),
    Reason.MINIMUM: N_("the least period is not over"),
}

_LIMITS = {
    StopReason.ABOVE_USUAL_CLIPS: N_("due: {clips}; usual would be {allowed} at most"),
    StopReason.ABOVE_USUAL_BYTES: N_("due: {size}; usual would be {allowed_size} at most"),
    StopReason.ABOVE_CEILING_CLIPS: N_("due: {clips}; the ceiling is {allowed}"),
    StopReason.ABOVE_CEILING_BYTES: N_("due: {size}; the ceiling is {allowed_size}"),
    StopReason.FIRST_SWEEPS: N_("due: {clips}; too few sweeps say yet what is usual"),
    StopReason.CLOCK_WENT_BACK: N_("today lies {days} before the last sweep: the clock went back"),
    StopReason.LONG_PAUSE: N_("the last sweep was {days} ago, more than {allowed}: did the clock leap?"),
}

_NOT_DONE = {
    "no-endorsement-asked": (
        N_("batch {subject} needs no endorsement"),
        N_("it goes by sweep.approval as it was when it was proposed; dockd sweep show has it"),
    ),
    "no-approval-asked": (
        N_("batch {subject} needs nobody's yes"),
        N_("dockd sweep refuse keeps it; sweep.approval says how many persons the next ones need"),
    ),
    "not-endorsed": (
        N_("nobody has endorsed batch {subject} yet"),
        N_("dockd sweep endorse, by the archivist; then a leader approves"),
    ),
    "endorsed-already": (N_("batch {subject} is endorsed already"), N_("dockd sweep approve, by a leader")),
    "approved-already": (
        N_("batch {subject} is approved already"),
        N_("until its grace is over, dockd sweep refuse takes it back"),
    ),
    "refused": (N_("batch {subject} was refused"), N_("what is due is proposed again 30 days after that")),
    "done": (N_("batch {subject} is over"), N_("dockd sweep show says what became of each recording")),
    "destroyed": (N_("recording {subject} was destroyed"), N_("dockd clip show says when, why and by whose yes")),
    "not-stopped": (N_("the last sweep did not stop"), N_("dockd sweep status shows it")),
}


def of_sweep(error: BaseException) -> Explained | None:
    """What an error of a disposal means; None when it is none."""
    if not isinstance(error, DisposalError):
        return None
    if isinstance(error, DisposalNotDone):
        sentence, hint = _NOT_DONE[error.why]
        return Explained(_(sentence).format(subject=error.subject), _(hint), Exit.REFUSED)
    assert isinstance(error, DisposalCount)
    return Explained(
        ngettext("it is {n} recording", "it is {n} recordings", error.found).format(n=error.found),
        _("nothing was changed; look at them, then confirm the number with --count {n}").format(n=error.found),
        Exit.REFUSED,
    )


def batches_text(number: int) -> str:
    """How many batches."""
    return ngettext("{n} batch", "{n} batches", number).format(n=number)


def limit_text(exceeded: dict[str, Any]) -> str:
    """One limit that stopped a sweep."""
    found, allowed = exceeded["found"], exceeded["allowed"]
    return _(_LIMITS[StopReason(exceeded["reason"])]).format(
        clips=ngettext("{n} recording", "{n} recordings", found).format(n=found),
        days=ngettext("{n} day", "{n} days", found).format(n=found),
        size=size_text(found),
        allowed=allowed,
        allowed_size=size_text(allowed),
    )


def stays_text(one: BatchClip) -> str:
    """Why a recording left its batch, and until when it stays."""
    if one.why == ASKED_FOR:
        return _("copies of it are asked for")
    assert one.why is not None
    why = _(_STAYS[Reason(one.why)])
    if one.kept_until is None:
        return _("{why}; kept without end").format(why=why)
    return _("{why}; kept until {day}").format(why=why, day=one.kept_until)


def sweep_line(row: SweepRow, zone: ZoneInfo) -> str:
    """A sweep in a line."""
    return _("{at}  {state}: due {due}; ready {ready}; held {held}").format(
        at=local_text(row.at, zone),
        state=_(SWEEPS[row.state]),
        due=clips_text(row.due_clips, row.due_bytes),
        ready=clips_text(row.ready_clips, row.ready_bytes),
        held=clips_text(row.held_clips, row.held_bytes),
    )


def batch_line(row: BatchRow, zone: ZoneInfo) -> str:
    """A batch in a line: what it is, where it stands, and what it waits for."""
    left = clips_text(row.left_clips, row.left_bytes)
    return f"{row.id}  {row.day}  {row.department}  {left}  {_(STATES[row.state])}: {waits_for(row, zone)}"


def waits_for(row: BatchRow, zone: ZoneInfo) -> str:
    """What has to happen next to a batch."""
    if row.ready_at is not None:
        return _("destroyed after {at}").format(at=local_text(row.ready_at, zone))
    if row.state == "proposed":
        return _("waits for the archivist") if row.approval == "two" else _("waits for a leader")
    if row.state == "endorsed":
        return _("waits for a leader")
    if row.state == "refused":
        return _("by {by}: {reason}").format(by=row.refused_by, reason=row.refuse_reason)
    return _("nothing is left in it")


def stone_text(stone: Tombstone) -> str:
    """What a tombstone says, in a sentence."""
    article = f", {stone.article}" if stone.article else ""
    return _("destroyed on {day}: was to be kept until {until} by {pack}{article}; batch {batch}").format(
        day=stone.day, until=stone.until, pack=stone.pack, article=article, batch=stone.batch
    )


def agreed(row: BatchRow, zone: ZoneInfo) -> list[str]:
    """Who said yes to a batch, and when."""
    said = []
    if row.endorsed_by is not None:
        said.append(_("endorsed by {by}, {at}").format(by=row.endorsed_by, at=local_text(row.endorsed_at, zone)))
    if row.approved_by is not None:
        said.append(_("approved by {by}, {at}").format(by=row.approved_by, at=local_text(row.approved_at, zone)))
    return said
