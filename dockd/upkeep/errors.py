"""What stops the upkeep of a vault, as facts. Pure."""

from __future__ import annotations

from hashing.errors import TargetFault

from ..errors import DockdError


class MirrorUnusable(DockdError):
    """The folder for second copies cannot be used; `why` is a code of `upkeep.words.WHY`."""

    def __init__(self, folder: str, why: str) -> None:
        super().__init__(folder, why)
        self.folder = folder
        self.why = why


class MirrorFault(DockdError):
    """A call on the disk of the second copies failed. The vault and the taking in are not touched by it."""

    def __init__(self, fault: TargetFault) -> None:
        super().__init__(fault)
        self.fault = fault


class MirrorFull(DockdError):
    """The disk of the second copies has not the room that the next session needs; both in bytes."""

    def __init__(self, folder: str, needed_bytes: int, free_bytes: int) -> None:
        super().__init__(folder, needed_bytes, free_bytes)
        self.folder = folder
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class NotDamaged(DockdError):
    """What somebody wanted restored is what was recorded of it."""

    def __init__(self, clip: str) -> None:
        super().__init__(clip)
        self.clip = clip


class Destroyed(DockdError):
    """What somebody wanted restored was destroyed on record: its copies go as well."""

    def __init__(self, clip: str) -> None:
        super().__init__(clip)
        self.clip = clip


class NoCopyFound(DockdError):
    """A damaged clip has no copy that holds: `tried` are the places that were looked at."""

    def __init__(self, clip: str, tried: tuple[str, ...]) -> None:
        super().__init__(clip, tried)
        self.clip = clip
        self.tried = tried
