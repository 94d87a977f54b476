"""What stops a hand-over between custodians. Errors carry facts; `dockd.handover.words` makes sentences of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import DockdError


class HandoverRefused(DockdError):
    """What somebody wanted to do with a batch or its receipt cannot be done; `why` is a code of dockd.handover.words.

    `about` is the batch, or the file that was given; `details` are further lines, a finding each.
    """

    def __init__(self, about: str, why: str, details: Sequence[str] = ()) -> None:
        super().__init__(about, why, tuple(details))
        self.about = about
        self.why = why
        self.details = tuple(details)


class MediumFault(DockdError):
    """A medium that a batch was to be written to, or read from, failed at `path`; nothing was recorded."""

    def __init__(self, path: str, cause: OSError) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause
