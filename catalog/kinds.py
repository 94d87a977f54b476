"""All kinds of custody entry by their names, and back from an entry to the event it tells of."""

from __future__ import annotations

from typing import Any

from . import events
from .cases import events as cases
from .documents import events as documents
from .event import Event
from .keeping import events as keeping
from .people import events as people
from .watching import events as watching

_ROOMS = (events, cases, documents, keeping, people, watching)

KINDS: dict[str, type[Event]] = {
    kind.KIND: kind
    for room in _ROOMS
    for kind in vars(room).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind.KIND
}


def parse(kind: str, data: dict[str, Any]) -> Event:
    """The event that an entry's `kind` and `data` stand for; unknown fields are refused (TypeError, KeyError)."""
    event = KINDS[kind]
    known: set[str] = set(event.__slots__)
    if not data.keys() <= known:
        raise TypeError(f"{kind}: unknown {sorted(data.keys() - known)}")
    return event(**data)
