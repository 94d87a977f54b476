"""What stops a change that would make recordings due, as facts; `dockd.changes.words` makes sentences of them."""

from __future__ import annotations

from ..errors import DockdError


class ChangeError(DockdError):
    """Base of these errors: the change is not made."""


class ChangeNotDone(ChangeError):
    """A change cannot be answered as it stands; `why` is a code of dockd.changes.words."""

    def __init__(self, change: str, why: str) -> None:
        super().__init__(change, why)
        self.change = change
        self.why = why


class AboveShare(ChangeError):
    """A change would make more of the archive due than the settings allow, in recordings or in bytes."""

    def __init__(self, made_due: int, size_bytes: int, permille: int) -> None:
        super().__init__(made_due, size_bytes, permille)
        self.made_due = made_due
        self.size_bytes = size_bytes
        self.permille = permille
