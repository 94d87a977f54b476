"""Hand-overs in words: states, receipts, differences, and why something cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exits import Exit
from ..explained import Explained
from ..i18n import N_, _
from ..reasons import reason_of
from .errors import HandoverRefused, MediumFault

STATES = {
    "made": N_("no receipt yet"),
    "differs": N_("received, with differences"),
    "received": N_("received whole"),
}
HOW = {
    "here": N_("read again at this station"),
    "signed": N_("signed receipt"),
    "paper": N_("receipt on paper"),
}
_DIFFERENCES = {
    "missing": N_("missing"),
    "unreadable": N_("cannot be read"),
    "different-size": N_("another size"),
    "different-digest": N_("other bytes"),
    "destroyed": N_("disposed of since, its period was over"),
    "more": N_("is there, and is not in the manifest"),
    "told": N_("told on paper"),
}

_REFUSED = {
    "nothing-waits": (
        N_("{about} has nothing that was in no batch before"),
        N_("dockd handover overdue --all shows what waits where; what was handed over: dockd handover list"),
    ),
    "damaged": (
        N_("originals of {about} are not what was taken in"),
        N_("nothing was handed over; dockd verify --all says more of each"),
    ),
    "changed": (
        N_("batch {about} cannot be written as it was: its originals or seals are others by now"),
        N_("dockd handover show has what was in it; dockd verify --all says what is not as it was"),
    ),
    "medium-inside": (
        N_("{about} lies in this station's own vault"),
        N_("name a folder on the medium that leaves the house"),
    ),
    "no-folder": (
        N_("the folder that {about} should be written in is not there"),
        N_("is the medium mounted? nothing was recorded"),
    ),
    "medium-taken": (
        N_("{about} is there already"),
        N_("nothing is ever replaced; name another folder"),
    ),
    "unfinished": (
        N_("batch {about} is on record, but its medium could not be finished"),
        N_("dockd handover copy writes it to another folder; one without batch.json is no batch"),
    ),
    "unwritten": (
        N_("what was found is on record, but the receipt could not be written: {about}"),
        N_("sign it once more into another file: dockd handover check --receipt"),
    ),
    "received": (
        N_("batch {about} was received whole already"),
        N_("dockd handover show has by whom"),
    ),
    "no-batch": (
        N_("{about} holds no batch that can be read"),
        N_("give the folder with batch.json and manifest.b3 in it"),
    ),
    "signature": (
        N_("the signature of {about} does not hold"),
        N_("nothing in it can be believed; have it sent again, and compare the sender's key with the one on paper"),
    ),
    "own-batch": (
        N_("batch {about} is this station's own"),
        N_("another person receives it here: dockd handover receive"),
    ),
    "no-receipt": (
        N_("{about} is no receipt that can be read"),
        N_("give the file that dockd handover check --receipt wrote, with its .sig beside it; or --paper BATCH"),
    ),
    "unsigned": (
        N_("{about} has no signature beside it"),
        N_("give it with its .sig; a receipt without a signature is taken as paper: --paper BATCH"),
    ),
    "unknown-signer": (
        N_("nobody told this station whose key signed {about}"),
        N_("compare the key with the receiver's, then: dockd handover trust NAME KEY"),
    ),
    "unknown-batch": (
        N_("{about} is for a batch that this station did not make"),
        N_("dockd handover list shows the batches of this station"),
    ),
    "other-manifest": (
        N_("{about} names the manifest of something else"),
        N_("a receipt counts for the very manifest that was handed over: dockd handover show has its digest"),
    ),
    "no-key": (
        N_("{about} is no public key"),
        N_("give the line of a .pub file, ssh-ed25519 AAAA…, or the file"),
    ),
    "key-of-another": (
        N_("this key is that of {about} already"),
        N_("one key stands for one receiver; dockd handover trust NAME --withdraw comes first"),
    ),
    "own-key": (
        N_("this is the key of this station, {about}"),
        N_("a receipt comes from the other side"),
    ),
}


def of_handover(error: BaseException) -> Explained | None:
    """What an error of a hand-over means; None when it is none."""
    match error:
        case HandoverRefused():
            sentence, hint = _REFUSED[error.why]
            return Explained(_(sentence).format(about=error.about), _(hint), Exit.REFUSED, error.details)
        case MediumFault():
            return Explained(
                _("the medium: {path}: {reason}").format(path=error.path, reason=reason_of(error.cause)),
                _("nothing was recorded; try another medium"),
                Exit.REFUSED,
            )
    return None


def difference_text(difference: Mapping[str, Any]) -> str:
    """One difference as a line: `vault/…/0001.mp4: other bytes (b3:9f2c…, not b3:41aa…)`."""
    text = f"{difference['path']}: {_(_DIFFERENCES[difference['what']])}"
    if difference["expected"] and difference["found"]:
        told = _("{found}, not {expected}").format(found=difference["found"], expected=difference["expected"])
        return f"{text} ({told})"
    return f"{text} ({difference['found']})" if difference["found"] else text
