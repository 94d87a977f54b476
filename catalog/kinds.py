"""All kinds of custody entry by their names, and back from an entry to the event it tells of."""

from __future__ import annotations

from typing import Any

from . import events
from .cases import events as cases
from .changes import events as changes
from .disposing import events as disposing
from .documents import events as documents
from .event import Event
from .fixity import events as fixity
from .handing import events as handing
from .keeping import events as keeping
from .people import events as people
from .people import fault_events
from .requests import events as requests
from .watching import events as watching

_ROOMS = (
    *(events, cases, changes, disposing, documents, fixity, handing, keeping, people, fault_events, requests),
    watching,
)

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
