"""Errors for people: a sentence, a hint, an exit code.

Sentences begin in lower case and have no full stop; the hint says what to do next. The packages' errors carry facts
only, so that this is the one place that knows who is listening.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

from catalog import errors as catalog
from hashing import errors as hashing

from . import errors as own
from .exits import Exit
from .i18n import N_, _, ngettext
from .reasons import lower, reason_of


@dataclass(frozen=True, slots=True)
class Explained:
    """What to tell: `details` are further lines, one finding each; an empty hint is not shown."""

    sentence: str
    hint: str
    exit_code: Exit
    details: tuple[str, ...] = ()


def explain(error: BaseException) -> Explained:
    """What an error means: the first one of its chain of causes that we know, from the outside in.

    An error nobody foresaw is a fault of dockd itself, and the hint asks for a report.
    """
    for one in _chain(error):
        found = _of_dockd(one) or _of_catalog(one) or _of_hashing(one) or _of_system(one)
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


_DISK_HINTS = {
    errno.ENOSPC: N_("make room in the vault, then dock again; nothing was cleared, and dockd never deletes for space"),
    errno.EDQUOT: N_("make room in the vault, then dock again; nothing was cleared, and dockd never deletes for space"),
    errno.EROFS: N_(
        "the disk may have turned read-only after an error: look at the kernel's log, then run dockd doctor"
    ),
    errno.EIO: N_(
        "the disk of the vault may be failing: look at the kernel's log before anything else is written to it"
    ),
    errno.EACCES: N_("the vault must belong to the user that dockd runs as; dockd doctor shows who that is"),
}


def _disk_hint(cause: OSError) -> str:
    known = _DISK_HINTS.get(cause.errno or 0)
    return _(known) if known else _("ingest stopped and nothing was cleared; run dockd doctor, then dock again")


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
                _(_DISK_HINTS[errno.ENOSPC]),
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
        case own.NothingPlugged():
            return Explained(
                _("nothing was plugged in within {seconds} s").format(seconds=f"{error.waited_s:.0f}"),
                _("start again, and plug a recorder into the bay while the command waits"),
                Exit.NOT_FOUND,
            )
        case own.SourceNotAFolder():
            return Explained(
                _("{path} is no folder").format(path=error.path),
                _("give the folder where the recorder is mounted"),
                Exit.USAGE,
            )
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


def _vault(path: str, act: str, cause: OSError) -> Explained:
    return Explained(
        _("vault: {act} of {path}: {reason}").format(act=act, path=path, reason=reason_of(cause)),
        _disk_hint(cause),
        Exit.VAULT,
    )


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


def _of_catalog(error: BaseException) -> Explained | None:
    stopped = _("ingest stopped and nothing was cleared; run dockd doctor, then dock again")
    match error:
        case catalog.UnsafeDatabase():
            return Explained(
                _("the database is not safe for a custody log"),
                _("dockd does not start on it; put these right, or make a new catalogue from the vault"),
                Exit.CATALOGUE,
                tuple(
                    _("{what}: is {found}, must be {wanted}").format(what=f.what, found=f.found, wanted=f.wanted)
                    for f in error.findings
                ),
            )
        case catalog.CatalogBehind():
            return Explained(
                _("the catalogue has revision {found}, this dockd needs {wanted}").format(
                    found=error.found or _("none"), wanted=error.wanted
                ),
                _("bring it up to date with: dockd catalog upgrade"),
                Exit.CATALOGUE,
            )
        case catalog.CatalogUnreachable():
            return Explained(
                _("the catalogue does not answer: {url}: {reason}").format(
                    url=error.url, reason=reason_of(error.cause or error.__cause__)
                ),
                _("if it is lost, dockd catalog rebuild makes it again from the vault; otherwise start its server"),
                Exit.CATALOGUE,
            )
        case catalog.CatalogFault():
            return Explained(
                _("catalogue: {act}: {reason}").format(act=error.act, reason=reason_of(error.cause)),
                stopped,
                Exit.CATALOGUE,
            )
        case catalog.CatalogExists():
            return Explained(
                _("a catalogue is already here: {path}").format(path=error.path),
                _("nothing was changed; to make it again from the vault, move the old one away first"),
                Exit.HOME,
            )
        case catalog.OwnerNeeded():
            return Explained(
                _("the tables would belong to {role}, the role that dockd works as").format(role=error.role),
                _("let another role own them: the log is append-only only for those who do not own it"),
                Exit.CATALOGUE,
            )
        case catalog.LogNotEmpty():
            return Explained(
                _("the custody log of {station} already has {size} entries here").format(
                    station=error.station, size=error.size
                ),
                _("rebuild into an empty database"),
                Exit.CATALOGUE,
            )
        case catalog.NotFound():
            return Explained(
                _("nothing found under {prefix}").format(prefix=error.prefix),
                _("dockd session list and dockd clip list show what there is"),
                Exit.NOT_FOUND,
            )
        case catalog.Ambiguous():
            return Explained(
                _("{prefix} fits more than one").format(prefix=error.prefix),
                _("give more characters"),
                Exit.NOT_FOUND,
                error.candidates,
            )
        case catalog.BadEvent():
            return Explained(
                _("custody log: {kind} was refused: {reason}").format(kind=error.kind, reason=error.reason),
                _("nothing of it was recorded; this should not happen, please report it"),
                Exit.FAULT,
            )
        case catalog.CatalogError():
            return Explained(_("catalogue: {reason}").format(reason=reason_of(error)), stopped, Exit.CATALOGUE)
    return None


def _of_hashing(error: BaseException) -> Explained | None:
    unproven = _("keep it as it is and run dockd verify --all")
    match error:
        case hashing.TargetFault():
            return _vault(error.path, error.act, error.cause)
        case hashing.AlreadyThere():
            return Explained(
                _("{path} is already there").format(path=error.path),
                _("nothing is ever replaced; {advice}").format(advice=unproven),
                Exit.VAULT,
            )
        case hashing.DigestMismatch():
            return Explained(
                _("{path}: vault reads back {found}, recorder gave {expected}").format(
                    path=error.path, found=error.found, expected=error.expected
                ),
                _("the recorder was not cleared; reseat it to copy the clip again"),
                Exit.VAULT,
            )
        case hashing.SourceUnreadable():
            reason = f"{error.reason}: {reason_of(error.cause)}" if error.cause else error.reason
            return Explained(
                _("a file did not give all its bytes: {reason}, at byte {at}").format(reason=reason, at=error.at_bytes),
                unproven,
                Exit.VAULT,
            )
        case hashing.MalformedManifest():
            return Explained(
                _("line {line} of a manifest cannot be read: {text}").format(line=error.line_no, text=error.line[:80]),
                unproven,
                Exit.VAULT,
            )
        case hashing.BadSignature():
            return Explained(
                _("a signature does not hold: {reason}").format(reason=error.reason), unproven, Exit.CATALOGUE
            )
        case hashing.BrokenLink():
            return Explained(
                _("custody log: an entry names {found} as the one before it, that is {expected}").format(
                    found=error.found, expected=error.expected
                ),
                _("dockd custody verify names the first broken link"),
                Exit.CATALOGUE,
            )
        case hashing.MalformedKey():
            return Explained(
                _("the station's key cannot be read: {reason}").format(reason=error.reason),
                _("put the key back from its safe copy; it must be Ed25519 in OpenSSH's format, without a passphrase"),
                Exit.HOME,
            )
        case hashing.MalformedDigest():
            return Explained(
                _("not a digest: {text}").format(text=error.text[:80]),
                _("a digest reads b3:, sha256: or sm3: and 64 hex digits"),
                Exit.VAULT,
            )
        case hashing.HashingError():
            return Explained(_("cannot be proven: {reason}").format(reason=reason_of(error)), unproven, Exit.VAULT)
    return None


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
