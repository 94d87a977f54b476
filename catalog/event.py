"""What every kind of custody entry has in common: its name in the log, and its data as JSON has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events. KIND is what stands in the log, for ever: never renamed, never reused."""

    KIND: ClassVar[str] = ""

    def data(self) -> dict[str, Any]:
        """The entry's `data`: every field, in JSON's terms. Lists and maps are the event's own, not copies."""
        # With `slots=True` a dataclass names its own fields here, in their order; the base has none.
        names: tuple[str, ...] = self.__slots__
        return {name: getattr(self, name) for name in names}
