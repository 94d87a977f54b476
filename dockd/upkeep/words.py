"""What stops the upkeep of a vault, damage and places of copies in words. Pure."""

from __future__ import annotations

from ..exits import Exit
from ..explained import Explained
from ..i18n import N_, _, ngettext
from ..reasons import reason_of
from .errors import Destroyed, MirrorFault, MirrorFull, MirrorUnusable, NoCopyFound, NotDamaged

WHY = {
    "not-set": (
        N_("no folder for second copies is set"),
        N_("mirror.folder in dockd.toml names it; it lies on another disk than the vault"),
    ),
    "not-there": (
        N_("the folder for second copies is not there: {folder}"),
        N_("mount its disk, or correct mirror.folder"),
    ),
    "no-marker": (
        N_("{folder} was never prepared for second copies, or its disk is not mounted"),
        N_("mount the disk; a new one is prepared once with: dockd mirror init"),
    ),
    "bad-marker": (
        N_("the marker in {folder} cannot be read"),
        N_("nothing was copied; look at the disk, and prepare another folder"),
    ),
    "other-station": (
        N_("{folder} holds the second copies of another station"),
        N_("give each station a folder of its own"),
    ),
    "same-disk": (
        N_("{folder} lies on the file system of the vault: what takes the one takes the other"),
        N_("use another disk; --same-disk prepares it all the same, for a trial"),
    ),
    "inside-vault": (
        N_("{folder} and the vault lie within each other"),
        N_("use a folder of its own, on another disk"),
    ),
}


def of_upkeep(error: BaseException) -> Explained | None:
    """What an error of the upkeep means; None when it is none."""
    match error:
        case MirrorUnusable():
            says, hint = WHY[error.why]
            return Explained(_(says).format(folder=error.folder), _(hint), Exit.REFUSED)
        case MirrorFault():
            fault = error.fault
            return Explained(
                _("second copies: {act} of {path}: {reason}").format(
                    act=fault.act, path=fault.path, reason=reason_of(fault.cause)
                ),
                _("the vault is not touched by it; look after that disk, then: dockd mirror run"),
                Exit.VAULT,
            )
        case MirrorFull():
            return Explained(
                _("no room for second copies in {folder}: {needed} MiB are needed, {free} MiB are free").format(
                    folder=error.folder,
                    needed=f"{error.needed_bytes / 2**20:,.0f}",
                    free=f"{error.free_bytes / 2**20:,.0f}",
                ),
                _("nothing is removed for room; prepare a larger disk with: dockd mirror init"),
                Exit.VAULT,
            )
        case NotDamaged():
            return Explained(
                _("recording {clip} is what was recorded of it").format(clip=error.clip),
                _("it was read from the medium just now; nothing was changed"),
                Exit.REFUSED,
            )
        case Destroyed():
            return Explained(
                _("recording {clip} was destroyed on record").format(clip=error.clip),
                _("it is not restored; dockd custody show says when, by whose word and by which article"),
                Exit.REFUSED,
            )
        case NoCopyFound():
            return Explained(
                _("no copy of recording {clip} holds").format(clip=error.clip),
                _("--from names another folder: a disc, a copy that was handed out; keep the vault as it is"),
                Exit.NOT_FOUND,
                error.tried,
            )
    return None


_DAMAGE = {
    "missing": N_("missing"),
    "unreadable": N_("cannot be read"),
    "different-size": N_("another size"),
    "different-digest": N_("changed"),
}
_WHAT = {"clips": N_("recordings"), "quarantined": N_("quarantined files"), "documents": N_("documents")}
_SOURCE = {
    "mirror": N_("from its second copy"),
    "vault": N_("from another recording with the same bytes"),
    "folder": N_("from a folder that was named"),
    "found-whole": N_("found whole again"),
}


def damage_text(damage: str) -> str:
    """What is wrong with a file, in a few words."""
    return _(_DAMAGE[damage]) if damage in _DAMAGE else damage


def what_text(what: str) -> str:
    """A kind of files in the vault."""
    return _(_WHAT[what]) if what in _WHAT else what


def source_text(source: str) -> str:
    """Where a file was restored from."""
    return _(_SOURCE[source]) if source in _SOURCE else source


def damaged_text(files: int) -> str:
    """How many files are damaged."""
    return ngettext("{n} damaged file", "{n} damaged files", files).format(n=files)


def overdue_text(files: int) -> str:
    """How many files were not read again in time."""
    return ngettext("{n} file not read again in time", "{n} files not read again in time", files).format(n=files)


def shelf_text(what: str, place: str | None) -> str:
    """What is read in rounds: a kind of files in the vault, or the second copies at a place."""
    return what_text(what) if place is None else _("second copies in {place}").format(place=place)


def damage_line(damage: str, path: str, expected: str, found: str) -> str:
    """A damaged file in one line; `damage` is a code."""
    line = f"{path}: {damage_text(damage)}"
    if expected or found:
        line += " " + _("(expected {expected}, found {found})").format(expected=expected or "-", found=found or "-")
    return line
