"""What is asked of a copy, and what came of it; what stands in its way, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.model import Clip
from catalog.requests.model import ORIGINAL, WATERMARKED

from ..errors import DockdError


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """Copies of `clips` for `recipient`, on an approved request.

    `request` is its id in the custody log, `number` what people call it by; `kind` is one of catalog.requests.model.
    """

    request: str
    number: str
    kind: str
    recipient: str
    purpose: str
    asked_by: str
    approved_by: str
    approved_at: datetime
    watermarked: bool
    clips: tuple[Clip, ...]

    @property
    def form(self) -> str:
        """`original` or `watermarked`, as the custody log has it."""
        return WATERMARKED if self.watermarked else ORIGINAL


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of what is given: `path` below the bag (`data/…`), `digest` its BLAKE3 (`b3:…`).

    `what` is `original`, `derived` (made from the original, with a mark burnt in) or `note` (words beside a recording
    that nothing can be burnt into).
    """

    path: str
    what: str
    clip: Clip
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class BagMade:
    """A bag on its medium and in the vault. `digest` is SHA-256 of its tag manifest, which names all that is in it.

    `kept` is its folder in the vault; `size_bytes` and `files` count what lies in `data/`.
    """

    target: str
    kept: str
    digest: str
    files: int
    size_bytes: int


class TargetUnfit(DockdError):
    """Nothing can be given into this folder: `why` is a code of dockd.copying_out.words."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why


class MediumFull(DockdError):
    """The medium has not the room for the copy; both in bytes."""

    def __init__(self, path: str, needed_bytes: int, free_bytes: int) -> None:
        super().__init__(path, needed_bytes, free_bytes)
        self.path = path
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class MediumFault(DockdError):
    """A call on the medium failed, or it gave back other bytes than were written (`cause` is None)."""

    def __init__(self, path: str, act: str, cause: OSError | None) -> None:
        super().__init__(path, act, cause)
        self.path = path
        self.act = act
        self.cause = cause


class NotAsRecorded(DockdError):
    """Something in the vault is not what was recorded of it: it is not given to anybody."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(path, expected, found)
        self.path = path
        self.expected = expected
        self.found = found


class NotSealed(DockdError):
    """A recording's docking is still under way: there is no seal yet that proves it."""

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.session = session


class AlreadyDestroyed(DockdError):
    """A recording of the request was disposed of since it was asked for."""

    def __init__(self, clip: str) -> None:
        super().__init__(clip)
        self.clip = clip


class CannotMark(DockdError):
    """No mark can be burnt into a recording; `reason` is the tool's own word."""

    def __init__(self, clip: str, reason: str) -> None:
        super().__init__(clip, reason)
        self.clip = clip
        self.reason = reason
