"""Errors of the catalogue and of hashing for people. The packages below carry facts only; these are the sentences."""

from __future__ import annotations

from catalog import errors as catalog
from hashing import errors as hashing

from .exits import Exit
from .explained import Explained, vault_fault
from .i18n import _
from .reasons import reason_of

# By what kind of thing it is, the command that shows all of them.
_LISTS = {
    "batch": "dockd sweep list",
    "case": "dockd case list",
    "change": "dockd change list",
    "fault": "dockd recorder fault list",
    "gap": "dockd gap list",
    "handover": "dockd handover list",
    "hold": "dockd hold list",
    "line": "dockd ledger list",
    "officer": "dockd officer list",
    "recorder": "dockd recorder list",
    "request": "dockd request list",
    "session": "dockd session list",
}


def of_catalog(error: BaseException) -> Explained | None:
    """What an error of the catalogue means; None when it is none."""
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
                _("the custody log of {station} is not empty here; entries: {size}").format(
                    station=error.station, size=error.size
                ),
                _("rebuild into an empty database"),
                Exit.CATALOGUE,
            )
        case catalog.NotFound():
            return Explained(
                _("nothing found under {prefix}").format(prefix=error.prefix),
                _("{command} shows what there is").format(command=_LISTS.get(error.kind, "dockd clip list")),
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


def of_hashing(error: BaseException) -> Explained | None:
    """What an error of hashing means; None when it is none."""
    unproven = _("keep it as it is and run dockd verify --all")
    match error:
        case hashing.TargetFault():
            return vault_fault(error.path, error.act, error.cause)
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
