"""Copies that leave, in words: why one is not made."""

from __future__ import annotations

from ..exits import Exit
from ..explained import Explained
from ..i18n import N_, _
from ..reasons import reason_of
from .order import AlreadyDestroyed, CannotMark, MediumFault, MediumFull, NotAsRecorded, NotSealed, TargetUnfit

_UNFIT = {
    "not-empty": (
        N_("{path} is not empty"),
        N_("give an empty folder, or one that is not there yet; nothing was written"),
    ),
    "no-parent": (
        N_("the folder that {path} should be made in is not there"),
        N_("is the medium mounted? only the last folder is made; nothing was written"),
    ),
    "other-unfinished": (
        N_("{path} holds an unfinished copy for another request"),
        N_("finish that one first, or give another folder; nothing was written"),
    ),
    "in-vault": (N_("{path} lies in the vault"), N_("give a folder on the medium that leaves; nothing was written")),
}


def of_copies(error: BaseException) -> Explained | None:
    """What an error about copies that leave means; None when it is none."""
    from ..showing import size_text

    match error:
        case TargetUnfit():
            sentence, hint = _UNFIT[error.why]
            return Explained(_(sentence).format(path=error.path), _(hint), Exit.REFUSED)
        case MediumFull():
            return Explained(
                _("{path} has no room: {needed} are needed, {free} are free").format(
                    path=error.path, needed=size_text(error.needed_bytes), free=size_text(error.free_bytes)
                ),
                _("give a larger medium, or ask for fewer recordings at once; nothing was given"),
                Exit.REFUSED,
            )
        case MediumFault():
            return Explained(
                _("the medium failed: {act} of {path}: {reason}").format(
                    act=error.act,
                    path=error.path,
                    reason=_("it gives back other bytes") if error.cause is None else reason_of(error.cause),
                ),
                _("nothing was lost in the vault; run the same command again, with another medium if it fails again"),
                Exit.RECORDER,
            )
        case NotAsRecorded():
            return Explained(
                _("{path} is not what was recorded (expected {expected}, found {found})").format(
                    path=error.path, expected=error.expected or "-", found=error.found or "-"
                ),
                _("nothing was given; keep the vault as it is and run dockd verify --all"),
                Exit.VAULT,
            )
        case NotSealed():
            return Explained(
                _("the docking {session} is not sealed yet").format(session=error.session),
                _("wait until the recorder is done; what is given carries its seal"),
                Exit.REFUSED,
            )
        case AlreadyDestroyed():
            return Explained(
                _("recording {clip} was destroyed").format(clip=error.clip),
                _("dockd clip show has by whom and when; ask anew for those that are there"),
                Exit.REFUSED,
            )
        case CannotMark():
            return Explained(
                _("recording {clip}: no watermark can be burnt in: {reason}").format(
                    clip=error.clip, reason=error.reason
                ),
                _("nothing was given; a court may be given originals: dockd request copy without --watermarked"),
                Exit.TOOL,
            )
    return None
