"""Gaps in words: kinds, evidence, states, roles, refusals. `--json` and the custody log have the codes. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from catalog.watching.gap_log import LogKind
from catalog.watching.gap_states import Role, State, Why
from catalog.watching.gaps import Kind
from catalog.watching.model import GapRow

from ..i18n import N_, _, ngettext
from ..showing import duration_text, size_text

KINDS = {
    Kind.BETWEEN_SEGMENTS: N_("hole within one recording"),
    Kind.MISSING_SEQUENCE: N_("numbers missing"),
    Kind.UNEXPECTED_END: N_("unexpected end"),
    Kind.OVERLAP: N_("recordings overlap"),
    Kind.TIME_JUMP: N_("time jumps within a recording"),
    Kind.EDITED: N_("edited, or not made by the recorder"),
    Kind.NO_CLIP: N_("recorded by the log, but not there"),
}
STATES = {
    State.OPEN: N_("unexplained"),
    State.EXPLAINED: N_("explained"),
    State.REVIEWED: N_("reviewed"),
    State.DELIVERED: N_("delivered later"),
}
ROLES = {Role.OFFICER: N_("officer"), Role.LEADER: N_("leader"), Role.KEEPER: N_("recorder manager")}
LINES = {
    LogKind.RECORD_START: N_("recording begins"),
    LogKind.RECORD_STOP: N_("recording stops"),
    LogKind.POWER_ON: N_("switched on"),
    LogKind.POWER_OFF: N_("switched off"),
    LogKind.BATTERY_EMPTY: N_("battery empty"),
    LogKind.CARD_FULL: N_("card full"),
    LogKind.CARD_ERROR: N_("card error"),
}
REFUSALS = {
    Why.EMPTY: (N_("an explanation needs words"), N_("--text TEXT, or --clip CLIP --at HH:MM:SS where it is spoken")),
    Why.ALREADY_REVIEWED: (N_("a leader has accepted its explanation"), N_("a reviewed gap stays as it is")),
    Why.DELIVERED: (N_("what was missing came later"), N_("a gap that was closed so needs no words")),
    Why.NOT_EXPLAINED: (N_("nobody has explained it yet"), N_("dockd gap explain comes first")),
    Why.NOT_A_LEADER: (N_("only a leader reviews"), N_("let a leader do it: --as leader")),
    Why.OWN_EXPLANATION: (N_("nobody reviews what he explained himself"), N_("another leader must review it")),
    Why.NO_NOTE: (N_("what is sent back needs a note"), N_("--note TEXT says what is lacking")),
    Why.NOBODY: (N_("it does not say by whom"), N_("--by NAME")),
}


def kind_text(kind: str) -> str:
    """What a gap is."""
    return _(KINDS[Kind(kind)])


def state_text(gap: GapRow) -> str:
    """Where it stands; one that was sent back is open, and says so."""
    if gap.state == State.OPEN and gap.reviewed_by is not None:
        return _("sent back")
    return _(STATES[State(gap.state)])


def role_text(role: str) -> str:
    """In what role somebody acted."""
    return _(ROLES[Role(role)])


def line_text(kind: str) -> str:
    """What a line of a recorder's log says."""
    return _(LINES[LogKind(kind)])


def refusal(why: Why) -> tuple[str, str]:
    """Why an act was refused, and what to do about it."""
    said, hint = REFUSALS[why]
    return _(said), _(hint)


def length_text(gap: GapRow) -> str:
    """How long it is, give or take what the clocks cannot tell: `0:17 ± 2.0 s`; `-` where nobody knows."""
    if gap.length_ms is None:
        return "-"
    unsure_s = f"{gap.uncertainty_ms / 1000:.{1 if gap.uncertainty_ms >= 100 else 2}f}"
    return _("{length} ± {unsure} s").format(length=duration_text(gap.length_ms), unsure=unsure_s)


def examined_line(session: str, clips: int, found: int, new: int, closed: int) -> str:
    """What the examination of a session came to."""
    line = _("session {session}: recordings examined: {clips}, gaps: {found}, new ones: {new}").format(
        session=session, clips=clips, found=found, new=new
    )
    if not closed:
        return line
    came = ngettext("it closed {n} gap of before", "it closed {n} gaps of before", closed).format(n=closed)
    return f"{line}; {came}"


def evidence_text(evidence: str, zone: ZoneInfo) -> str:
    """A code of evidence as a sentence; what has no words stands as it is."""
    name, _sign, value = evidence.partition("=")
    words = _EVIDENCE.get(evidence) or _EVIDENCE.get(name)
    if words is not None:
        return _(words).format(value=_value(name, value, zone))
    if name == "files" and value.isdecimal():
        return ngettext("that makes one file", "that makes {n} files", int(value)).format(n=value)
    if name == "log":
        return _("the recorder's log then says: {line}").format(line=line_text(value))
    return evidence


_EVIDENCE = {
    "log=ran-on": N_("the recorder's log says that it went on recording all that time"),
    "log-stop=none": N_("the recorder's log has no stop for it"),
    "index=none": N_("the file was not finished: its index is missing or its end is cut off"),
    "cut-at-ms": N_("the recorder cut the file before at its usual length ({value}), so another should follow at once"),
    "cut-at-bytes": N_(
        "the recorder cut the file before at the largest size ({value}), so another should follow at once"
    ),
    "missing": N_("no file has the number {value}"),
    "overlap-ms": N_("the second begins {value} before the first ends"),
    "pre-record-ms": N_("its recorder begins {value} before the button is pressed, at most"),
    "stream": N_("in stream {value} of the file"),
    "at-ms": N_("at {value} of the recording"),
    "jump-ms": N_("the time of its packets jumps by {value}"),
    "encoder": N_("written by {value}, which recorders of this family do not use"),
    "edit-lists": N_("an edit list leaves parts out in {value} of its tracks"),
    "made-at": N_("made or changed at {value}, after it was docked"),
    "logged-start": N_("the recorder's log has a recording that begins at {value}"),
    "logged-at": N_("the recorder itself called that time {value}"),
    "file": N_("the file {value} was on the recorder, but did not become a recording of its own"),
}


def _value(name: str, value: str, zone: ZoneInfo) -> str:
    if name in ("made-at", "logged-start"):
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if name == "cut-at-bytes":
        return size_text(int(value))
    if name in ("cut-at-ms", "at-ms"):
        return duration_text(int(value))
    if name in ("overlap-ms", "pre-record-ms", "jump-ms"):
        return _("{seconds} s").format(seconds=f"{int(value) / 1000:g}")
    return value
