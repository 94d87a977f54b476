"""What stops a disposal, as facts; `dockd.sweep.words` makes sentences of them."""

from __future__ import annotations

from ..errors import DockdError


class DisposalError(DockdError):
    """Base of these errors: nothing was recorded, and nothing goes by it."""


class DisposalNotDone(DisposalError):
    """A batch, or a sweep that stopped, is not to be answered so as it stands; `why` is a code of dockd.sweep.words."""

    def __init__(self, subject: str, why: str) -> None:
        super().__init__(subject, why)
        self.subject = subject
        self.why = why


class DisposalCount(DisposalError):
    """Somebody typed another number of recordings than there are now."""

    def __init__(self, given: int | None, found: int) -> None:
        super().__init__(given, found)
        self.given = given
        self.found = found
