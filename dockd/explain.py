"""Errors for people: a sentence, a hint, an exit code.

Sentences begin in lower case and have no full stop; the hint says what to do next. The packages' errors carry facts
only, so that this is the one place that knows who is listening.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TextIO

from . import errors as own
from .changes.words import of_changes
from .copying_out.words import of_copies
from .exits import Exit
from .explained import DISK_HINTS, Explained
from .explained_below import of_catalog, of_hashing
from .handover.words import of_handover
from .i18n import N_, _, ngettext
from .reasons import lower, reason_of
from .requests.words import of_requests
from .root_words import reason_text
from .sweep.words import of_sweep
from .upkeep.words import of_upkeep

# Each topic tells its own errors.
_OF_TOPICS = (of_changes, of_copies, of_handover, of_requests, of_sweep, of_upkeep)


def explain(error: BaseException) -> Explained:
    """What an error means: the first one of its chain of causes that we know, from the outside in.

    An error nobody foresaw is a fault of dockd itself, and the hint asks for a report.
    """
    for one in _chain(error):
        for told in (_of_dockd, *_OF_TOPICS, of_catalog, of_hashing, _of_system):
            found = told(one)
            if found is not None:
                return found
    return Explained(
        _("dockd met a fault of its own: {kind}{place}").format(kind=type(error).__name__, place=_place(error)),
        _("this should not happen, please report it; DOCKD_DEBUG=1 shows all of it; what was begun is safe to repeat"),
        Exit.FAULT,
    )


def report(error: BaseException, stream: TextIO | None = None, environ: Mapping[str, str] | None = None) -> Exit:
    """Tell an error on `stream` (stderr) and give the exit code; the traceback only when DOCKD_DEBUG is 1."""
    out = sys.stderr if stream is None else stream
    told = explain(error)
    lines = [_("dockd: error: {sentence}").format(sentence=told.sentence), *(f"  {line}" for line in told.details)]
    if told.hint:
        lines.append(_("dockd: hint: {hint}").format(hint=told.hint))
    if (os.environ if environ is None else environ).get("DOCKD_DEBUG") == "1":
        import traceback

        lines.insert(0, "".join(traceback.format_exception(error)).rstrip())
    out.write("\n".join(lines) + "\n")
    return told.exit_code


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:,.0f} MiB"


def _of_dockd(error: BaseException) -> Explained | None:
    match error:
        case own.ConfigFault():
            return _settings(error)
        case own.FamilyFaults():
            return Explained(
                ngettext(
                    "the families of recorders have {n} fault",
                    "the families of recorders have {n} faults",
                    len(error.faults),
                ).format(n=len(error.faults)),
                _("mend the files named above; docs/families.md says what may stand in them"),
                Exit.SETTINGS,
                tuple(f"{fault.file}: {fault.key}: {fault.problem}".replace(": : ", ": ") for fault in error.faults),
            )
        case own.HomeMissing():
            return Explained(
                _("there is no station here: {path} is missing").format(path=error.path),
                _("make one with: dockd --home DIR init"),
                Exit.HOME,
            )
        case own.HomeExists():
            return Explained(
                _("a station is already here: {path}").format(path=error.path),
                _("nothing was changed; init never overwrites, choose another --home"),
                Exit.HOME,
            )
        case own.HomeFault():
            return Explained(
                _("{path} cannot be used: {reason}").format(path=error.path, reason=reason_of(error.cause)),
                _("it must belong to the user that dockd runs as; dockd doctor shows more"),
                Exit.HOME,
            )
        case own.Busy():
            return _busy(error)
        case own.NoSpace():
            return Explained(
                _("the vault has no room: {needed} are needed, {free} are free").format(
                    needed=_mib(error.needed_bytes), free=_mib(error.free_bytes)
                ),
                _(DISK_HINTS[errno.ENOSPC]),
                Exit.VAULT,
            )
        case own.ToolMissing():
            return Explained(
                _("{tool} is not installed").format(tool=error.tool),
                _("apt-get install {package}").format(package=error.package),
                Exit.TOOL,
            )
        case own.LedgerFault():
            return Explained(
                _("the ledger in the vault is not whole: {place}: {reason}").format(
                    place=error.place, reason=error.reason
                ),
                _("keep the vault as it is, and compare it with a checkpoint that left this machine"),
                Exit.CATALOGUE,
            )
        case own.DocumentUnreadable():
            return Explained(
                _("{path} cannot be kept: {reason}").format(path=error.path, reason=error.reason),
                _("give a plain file that this user may read; nothing was recorded"),
                Exit.NOT_FOUND,
            )
        case own.BeyondClip():
            return Explained(
                _("recording {clip} is over before that: it lasts {seconds:.0f} s").format(
                    clip=error.clip, seconds=error.duration_ms / 1000
                ),
                _("--at counts from the beginning of the recording; nothing was recorded"),
                Exit.REFUSED,
            )
        case own.GapRefused():
            return _gap_refused(error)
        case own.CaseRefused() | own.CaseNumberTaken():
            return _of_case(error)
        case own.HoldRefused() | own.PackUnusable() | own.PackNotAdopted() | own.CountDiffers():
            return _of_keeping(error)
        case own.NothingPlugged():
            return Explained(
                _("nothing was plugged in within {seconds} s").format(seconds=f"{error.waited_s:.0f}"),
                _("start again, and plug a recorder into the bay while the command waits"),
                Exit.NOT_FOUND,
            )
        case own.UnitFailed():
            return Explained(
                reason_text(error.reason) if error.reason is not None else lower(error.said),
                _("nothing was lost by it; the station's journal has all of it: journalctl -u 'dockd*'"),
                Exit.RECORDER,
            )
        case own.SourceNotAFolder():
            return Explained(
                _("{path} is no folder").format(path=error.path),
                _("give the folder where the recorder is mounted"),
                Exit.USAGE,
            )
        case own.NotAllowed() | own.SignInRefused() | own.NotFitting() | own.SheetUnreadable() | own.SheetFaults():
            from .people.words import told

            return Explained(*told(error))
    return None


def _interrupted() -> Explained:
    return Explained(_("interrupted"), _("unfinished copies are kept; dock again to go on with them"), Exit.INTERRUPTED)


def _busy(error: own.Busy) -> Explained:
    if error.pid is None:
        sentence = _("another dockd is writing here")
    else:
        sentence = _("another dockd is writing here: {command} (process {pid}, since {since})").format(
            command=error.command, pid=error.pid, since=error.since
        )
    return Explained(sentence, _("wait until it has ended; reading commands work meanwhile"), Exit.BUSY)


def _of_case(error: own.CaseRefused | own.CaseNumberTaken) -> Explained:
    from .cases import words as case_words

    if isinstance(error, own.CaseNumberTaken):
        return Explained(
            _("there is a case {number} already").format(number=error.number),
            _("dockd case edit changes what is known of it; nothing was recorded"),
            Exit.REFUSED,
        )
    why, hint = case_words.refusal(error.why)
    return Explained(_("case {case}: {why}").format(case=error.case, why=why), hint, Exit.REFUSED)


def _of_keeping(error: own.HoldRefused | own.PackUnusable | own.PackNotAdopted | own.CountDiffers) -> Explained:
    from .keeping import pack_words
    from .keeping import words as keep_words

    if isinstance(error, own.PackUnusable):
        if error.faults is not None:
            return pack_words.faults_explained(error.faults)
        return Explained(
            _("there is no pack {name}").format(name=error.name),
            _("dockd pack list names all of them; retention.pack in dockd.toml names the one that counts"),
            Exit.SETTINGS,
        )
    return Explained(*keep_words.refusal(error), Exit.REFUSED)


def _gap_refused(error: own.GapRefused) -> Explained:
    from .gaps.words import refusal

    why, hint = refusal(error.why)
    return Explained(_("gap {gap}: {why}").format(gap=error.gap, why=why), hint, Exit.REFUSED)


_PROBLEMS = {
    own.Problem.UNKNOWN: N_("{key} is unknown"),
    own.Problem.TYPE: N_("{key} is {found}, must be: {expected}"),
    own.Problem.RANGE: N_("{key} is {found}, must be {expected}"),
    own.Problem.CHOICE: N_("{key} is {found}, must be one of: {expected}"),
    own.Problem.ZONE: N_("{key} is {found}, which is no time zone like Asia/Shanghai"),
}


def _settings(error: own.ConfigFault) -> Explained:
    count = len(error.faults)
    return Explained(
        ngettext("the settings have a fault: {path}", "the settings have {count} faults: {path}", count).format(
            path=error.path, count=count
        ),
        _("docs/settings.md lists every setting; nothing was started"),
        Exit.SETTINGS,
        tuple(_setting(fault) for fault in error.faults),
    )


def _setting(fault: own.SettingFault) -> str:
    if fault.problem is own.Problem.SYNTAX:
        what = lower(fault.found) if fault.found else _("not {expected}").format(expected=fault.expected)
    else:
        # What was expected of a type is a word of ours; of all else it stands in the settings themselves.
        expected = _(fault.expected) if fault.problem is own.Problem.TYPE else fault.expected
        what = _(_PROBLEMS[fault.problem]).format(key=fault.key, found=fault.found or "?", expected=expected)
        if fault.problem is own.Problem.UNKNOWN and fault.expected:
            what += _(", perhaps {expected} is meant").format(expected=fault.expected)
    return what if fault.line is None else _("line {line}: {what}").format(line=fault.line, what=what)


def _of_system(error: BaseException) -> Explained | None:
    match error:
        case KeyboardInterrupt():
            return _interrupted()
        case OSError() if error.errno is not None:
            where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
            reason = reason_of(error)
            return Explained(
                f"{where}: {reason}" if where else reason,
                _("dockd doctor shows what this station lacks"),
                Exit.FAULT,
            )
        case MemoryError():
            return Explained(
                _("not enough memory"), _("let fewer recorders be copied at once: dock.parallel"), Exit.FAULT
            )
    return None
