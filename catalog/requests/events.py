"""What happened to requests and to what they open: asked, decided, used, closed; views; secrecy marks.

People act by name; what they may do is asked before an event is made (catalog.people.access), and stands here for ever:
who asked, who approved, who looked, when and why (CL 14, YX 16, QH 33 and 37, WX 22, QX 15).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..event import Event


@dataclass(frozen=True, slots=True)
class RequestAsked(Event):
    """Somebody asks to look at recordings, to have copies of them, or to provide them to somebody outside.

    `number` is for people, `2026-0007`: the next one of its station and year. `request_kind` is `view`, `copy`,
    `provide` or `party` (catalog.requests.model.Kind). `case` is a case's id. `recipient` is who gets the copies, None
    for a view. `for_whom` is, of a view, who may look, as the log names him (`user:zhang`); else on whose behalf it is
    asked. `departments` are those of the clips: who may decide.
    """

    KIND = "request-asked"
    request: str
    number: str
    request_kind: str
    clips: list[str]
    case: str | None
    purpose: str
    recipient: str | None
    for_whom: str | None
    departments: list[str]
    by: str


@dataclass(frozen=True, slots=True)
class RequestApproved(Event):
    """A second person approved a request: it may be used before `until` (UTC), `uses` times; None: any number."""

    KIND = "request-approved"
    request: str
    by: str
    until: str
    uses: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """A second person refused a request."""

    KIND = "request-refused"
    request: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestClosed(Event):
    """A request is over by hand: withdrawn before it was decided, or used no more."""

    KIND = "request-closed"
    request: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClipViewed(Event):
    """Somebody was shown a recording; written before it was shown.

    `request` None: his own right sufficed, and `reason` is why he looked; else it is the request's purpose. `what` is
    what was opened: `original`. `seconds` is how long that is, None when nobody could measure it.
    """

    KIND = "clip-viewed"
    clip: str
    request: str | None
    by: str
    what: str
    vault_path: str
    seconds: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class CopyGiven(Event):
    """Copies of recordings were given to `recipient`.

    `form` is `original` or `watermarked`. `bag_digest` is of the bag's tag manifest, which names all that is in it.
    `kept` is where a copy of what was given lies in the vault (CL 13, YX 15, WX 21), None when none is kept.
    `size_bytes` are those of the recordings as given.
    """

    KIND = "copy-given"
    request: str
    by: str
    form: str
    clips: list[str]
    bag_digest: str
    kept: str | None
    size_bytes: int
    recipient: str


@dataclass(frozen=True, slots=True)
class SecrecyMarked(Event):
    """Marks of secrecy were put on a recording or on a case with all that lies under it, or taken off (QH 37).

    One of `clip` and `case` is set. Marks are those of catalog.people.access.Secrecy. Whoever put a mark on does not
    take it off: a second person does.
    """

    KIND = "secrecy-marked"
    clip: str | None
    case: str | None
    added: list[str]
    removed: list[str]
    by: str
    reason: str
