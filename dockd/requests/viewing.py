"""Looking at a recording: the one rule for every way to do it, on the command line and on screens.

Nobody looks without leave (CL 14, YX 16, QH 33, WX 22, QX 15): his own right suffices for what is his own or his
department's, as his role has it; for all else somebody must have approved his request. What is marked secret needs the
clearance in both cases (QH 37), and the system administrator looks at nothing. That he looked is in the custody log,
durable, before he is handed anything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType

from catalog.model import Clip
from catalog.people.access import Act, Person
from catalog.requests.events import ClipViewed
from catalog.requests.model import ORIGINAL, Kind, RequestRow
from catalog.requests.queries import marks_of_clip, names
from hashing.errors import TargetFault
from hashing.filecalls import FileCalls

from ..assembly import Opened
from ..people.acting import acting, person_named, require
from ..people.peopling import record
from ..vault import vault_act
from .requesting import opens, unfit, usable
from .words import RequestUnfit


@dataclass(frozen=True, slots=True)
class View:
    """An original that may be looked at: `path` is where it lies, `fd` is open for reading until the view ends."""

    clip: Clip
    request: RequestRow | None
    path: str
    fd: int
    files: FileCalls

    def __enter__(self) -> View:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.files.close(self.fd)


def open_view(opened: Opened, clip: Clip, request: RequestRow | None, reason: str) -> View:
    """Let whoever acts look at a recording, by his own right or on a request; `reason` is why, where there is none.

    It is opened first, so that nothing is on record that could not be shown; what is read from it is shown after the
    record only. Every refusal is a custody entry. Raises NotAllowed, RequestUnfit, TargetFault.
    """
    if request is None:
        marks = marks_of_clip(opened.station.catalog, clip.id)
        require(opened, Act.VIEW_CLIP, clip.department, owner=clip.officer, marks=marks, clip=clip.id)
    else:
        _on_request(opened, clip, request)
        reason = request.purpose
    if clip.destroyed_at is not None:
        raise RequestUnfit("", "destroyed")
    files, path = opened.station.files, opened.station.vault.at(clip.vault_path)
    try:
        with vault_act(path, "open"):
            fd = files.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except TargetFault as fault:
        if isinstance(fault.cause, FileNotFoundError):
            raise RequestUnfit("", "missing") from fault
        raise
    try:
        record(opened, [_viewed(opened, clip, request, reason)])
    except BaseException:
        files.close(fd)
        raise
    return View(clip, request, path, fd, files)


def _on_request(opened: Opened, clip: Clip, request: RequestRow) -> None:
    """Whether this request opens this recording to whoever acts, now."""
    act = Act.VIEW_CLIP
    who = opens(opened, act, request, marks_of_clip(opened.station.catalog, clip.id), clip.id)
    if request.kind is not Kind.VIEW:
        unfit(opened, act, request, "kind", clip.id)
    if not who.person.same(_meant(opened, request)):
        unfit(opened, act, request, "not-for-you", clip.id)
    if not names(opened.station.catalog, request.id, clip.id):
        unfit(opened, act, request, "not-named", clip.id)
    usable(opened, act, request, clip.id)


def _meant(opened: Opened, request: RequestRow) -> Person:
    """Who may look: whom it is for."""
    return person_named(opened, request.for_whom or request.asked_by)


def _viewed(opened: Opened, clip: Clip, request: RequestRow | None, reason: str) -> ClipViewed:
    return ClipViewed(
        clip=clip.id,
        request=None if request is None else request.id,
        by=acting(opened).actor,
        what=ORIGINAL,
        vault_path=clip.vault_path,
        seconds=None if clip.duration_ms is None else (clip.duration_ms + 500) // 1000,
        reason=reason,
    )
