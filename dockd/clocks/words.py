"""Clocks and recorded times in words: how a clock was measured, what a time rests on, why one is unknown. Pure."""

from __future__ import annotations

from catalog.watching.clocks import Method, Took
from catalog.watching.recorded import Basis, Doubt

from ..i18n import N_, _

_METHODS = {
    Method.PROTOCOL: N_("asked by protocol"),
    Method.LOG_LINE: N_("line in its log"),
    Method.FILE: N_("file read back"),
    Method.NEWEST_FILE: N_("newest file only"),
}
_BASES = {
    Basis.BOTH: N_("its clock was measured at the dockings before and after"),
    Basis.ONE: N_("its clock was measured at one docking, or was set in between"),
    Basis.BOUND: N_("only the newest file tells how far its clock had got"),
    Basis.NONE: N_("nothing is known of its clock: this is what it claims"),
    Basis.CONTRADICTED: N_("its clock was measured, and cannot have run on between"),
}
_DOUBTS = {
    Doubt.NO_TIME: N_("it claims no time that exists"),
    Doubt.RESET: N_("its clock had started anew, as clocks do that lost their power"),
    Doubt.BEFORE_RECORDERS: N_("it claims a time before 2012"),
    Doubt.AHEAD: N_("it claims a time after it was docked"),
    Doubt.BEFORE_LAST_CLEARING: N_("it claims a time before its recorder was last cleared"),
    Doubt.BACKWARDS: N_("its number is higher than that of recordings that claim to be later"),
    Doubt.CONTRADICTED: N_("its recorder's clock jumped between the dockings before and after"),
}
_TOOK = {
    Took.YES: N_("took"),
    Took.NO: N_("did not take"),
    Took.UNKNOWN: N_("nobody can tell whether it took"),
}


def method_text(method: str) -> str:
    """How a clock was measured."""
    return _(_METHODS[Method(method)])


def basis_text(basis: str) -> str:
    """What a recorded time rests on."""
    return _(_BASES[Basis(basis)])


def doubt_text(doubt: str) -> str:
    """Why a recorded time is unknown."""
    return _(_DOUBTS[Doubt(doubt)])


def took_text(took: str | None) -> str:
    """What the next docking showed of a setting."""
    return _("not judged yet") if took is None else _(_TOOK[Took(took)])


def synced_text(synced: bool | None) -> str:
    """Whether the station's own clock was right then."""
    if synced is None:
        return _("station clock: nobody can tell")
    return _("station clock synchronised") if synced else _("station clock not synchronised")


def span_text(milliseconds: int) -> str:
    """A span without its sign: `3.2 s`, `1:02:03`, `26 d 4:05:06`."""
    seconds = abs(milliseconds) / 1000
    if seconds < 120:
        return f"{seconds:.1f} s"
    days, rest = divmod(round(seconds), 86_400)
    clock = f"{rest // 3600}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def offset_text(offset_ms: int, uncertainty_ms: int, method: str) -> str:
    """How far a clock is off: `+3.2 s ± 3.0 s` is ahead; of a bound `≥ -1:02:03`."""
    signed = f"{'-' if offset_ms < 0 else '+'}{span_text(offset_ms)}"
    return f"≥ {signed}" if method == Method.NEWEST_FILE else f"{signed} ± {span_text(uncertainty_ms)}"
