"""Requests and marks of secrecy in words: kinds, standings, and why something is not to be done as it stands."""

from __future__ import annotations

from catalog.requests.model import ORIGINAL, WATERMARKED, Kind, Standing

from ..errors import DockdError
from ..exits import Exit
from ..explained import Explained
from ..i18n import N_, _

KINDS = {
    Kind.VIEW: N_("view"),
    Kind.COPY: N_("copy for use inside"),
    Kind.PROVIDE: N_("provide outside"),
    Kind.PARTY: N_("copy for a party"),
}

STANDINGS = {
    Standing.ASKED: N_("asked"),
    Standing.APPROVED: N_("approved"),
    Standing.USED: N_("used"),
    Standing.REFUSED: N_("refused"),
    Standing.CLOSED: N_("ended"),
    Standing.EXPIRED: N_("expired"),
    Standing.USED_UP: N_("used up"),
}

FORMS = {
    ORIGINAL: N_("original"),
    WATERMARKED: N_("watermarked"),
}

# What an entry of a request's history says, by its kind.
STEPS = {
    "request-asked": N_("asked for it"),
    "request-approved": N_("approved"),
    "request-refused": N_("refused"),
    "request-closed": N_("ended"),
    "clip-viewed": N_("looked at"),
    "copy-given": N_("copies given"),
    "act-refused": N_("turned away"),
}

_WHYS = {
    "asked": (
        N_("nobody has decided on request {number} yet"),
        N_("dockd request approve, by a second person who may"),
    ),
    "refused": (N_("request {number} was refused"), N_("dockd request show has by whom and why")),
    "closed": (N_("request {number} is closed"), N_("dockd request ask asks anew")),
    "expired": (N_("the term of request {number} is over"), N_("dockd request ask asks anew")),
    "used-up": (
        N_("request {number} was used as often as it was approved for"),
        N_("dockd request ask asks anew"),
    ),
    "decided": (N_("request {number} was decided already"), N_("dockd request show has by whom and why")),
    "past": (N_("this term would be over already"), N_("give a day that is not over: --until, --days")),
    "kind": (
        N_("request {number} asks for something else"),
        N_("dockd request show says what for; a view needs --kind view, a copy one of the others"),
    ),
    "form": (
        N_("a party is given watermarked copies only"),
        N_("give --watermarked; a court is given originals on a request of --kind provide"),
    ),
    "not-named": (N_("request {number} does not name this recording"), N_("dockd request show lists those it names")),
    "not-for-you": (
        N_("request {number} is for somebody else to look"),
        N_("dockd request show says for whom; ask one of your own, or with --for"),
    ),
    "secret": (
        N_("what is marked secret goes to no party"),
        N_("dockd request refuse answers; dockd clip show has the marks"),
    ),
    "destroyed": (
        N_("this recording was disposed of"),
        N_("dockd clip show says when, by which article and who agreed to it"),
    ),
    "missing": (
        N_("the original does not lie where the catalogue has it"),
        N_("dockd verify --all names all that is missing; nothing was written down as seen"),
    ),
    "nothing-under-case": (N_("nothing lies under this case"), N_("name the recordings, or link them first")),
    "not-under-case": (
        N_("not all of these recordings lie under this case"),
        N_("dockd case show lists them; dockd case link puts more there"),
    ),
    "no-such-account": (N_("no account of this name can look"), N_("dockd user list shows them")),
    "party-needs-case": (N_("a party is the party of a case"), N_("give --case")),
    "no-party": (
        N_("this is no party of the case"),
        N_("--for must name a party as the case has it: dockd case show"),
    ),
    "marked-already": (N_("it bears this mark already"), N_("dockd clip show has its marks")),
    "not-marked": (
        N_("it does not bear this mark itself"),
        N_("dockd clip show has its marks; a mark of its case is taken off the case"),
    ),
}


class RequestUnfit(DockdError):
    """What somebody wanted of a request or a mark is not to be done as it stands; `why` is a code of this module.

    `number` is the request's, empty where there is none yet.
    """

    def __init__(self, number: str, why: str) -> None:
        super().__init__(number, why)
        self.number = number
        self.why = why


def of_requests(error: BaseException) -> Explained | None:
    """What an error about requests means; None when it is none."""
    if not isinstance(error, RequestUnfit):
        return None
    sentence, hint = _WHYS[error.why]
    # An original that is gone is a matter of the vault's, whoever asks for it.
    code = Exit.VAULT if error.why == "missing" else Exit.REFUSED
    return Explained(_(sentence).format(number=error.number), _(hint), code)
