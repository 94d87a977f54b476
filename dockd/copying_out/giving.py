"""Gives copies out on an approved request: makes them, puts them on record, and completes them – in this order.

A run that was cut off before the entry leaves a folder that says it is unfinished, and doing it once more starts anew
there; one cut off after it leaves a folder without `bagit.txt`, and doing it once more completes that: the copy is on
record and is not given twice. Faults take away again what was written, as far as the medium still answers.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from catalog.errors import CatalogError
from catalog.parsers import Tools
from catalog.requests.events import CopyGiven
from catalog.requests.model import ORIGINAL, WATERMARKED, GivenCopy, RequestRow
from catalog.requests.queries import clips_of_request, copies_given_on, find_request
from hashing.digest import Algorithm
from hashing.errors import HashingError

from ..assembly import Opened
from ..errors import DockdError, ToolMissing
from ..ledger import export
from ..people.acting import acting
from ..people.peopling import record
from ..requests.requesting import copying_opens, may_copy
from ..station import Station
from . import bag
from .checking import kept_bag
from .fonts import find_font
from .kept import Kept, claimed, recorded_folders
from .making import make_bag
from .order import AlreadyDestroyed, BagMade, CopyOrder, TargetUnfit
from .outlet import Found, Outlet
from .watermarking import Marker


@dataclass(frozen=True, slots=True)
class Given:
    """A copy that is complete on its medium and on record. `completed`: it was on record, and only its end was made."""

    target: str
    kept: str
    digest: str
    form: str
    files: int
    size_bytes: int
    completed: bool


def order_for(opened: Opened, request: RequestRow, *, watermarked: bool) -> CopyOrder:
    """What would be given on this request, when whoever acts may. Raises NotAllowed, RequestUnfit, AlreadyDestroyed."""
    may_copy(opened, request, WATERMARKED if watermarked else ORIGINAL)
    clips = tuple(clips_of_request(opened.station.catalog, request.id))
    for clip in clips:
        if clip.destroyed_at is not None:
            raise AlreadyDestroyed(clip.id)
    assert request.decided_by is not None and request.decided_at is not None, "it is approved"
    return CopyOrder(
        request=request.id,
        number=request.number,
        kind=request.kind.value,
        recipient=request.recipient or request.for_whom or request.asked_by,
        purpose=request.purpose,
        asked_by=request.asked_by,
        approved_by=request.decided_by,
        approved_at=request.decided_at,
        watermarked=watermarked,
        clips=clips,
    )


def outlet_for(station: Station, request: str, target: str) -> Outlet:
    """The folder that the copy goes to. Raises TargetUnfit for one in the vault."""
    if station.vault.encloses(target):
        raise TargetUnfit(target, "in-vault")
    return Outlet(station.files, os.path.realpath(target), bag.unfinished_text(station.id, request))


def look(opened: Opened, request: RequestRow, target: str) -> tuple[Outlet, GivenCopy | None]:
    """The folder, and the copy on record that only has to be completed there, for whoever may make copies at all.

    Raises NotAllowed, TargetUnfit, MediumFault.
    """
    copying_opens(opened, request)
    outlet = outlet_for(opened.station, request.id, target)
    copies = {copy.bag_digest: copy for copy in copies_given_on(opened.station.catalog, request.id)}
    if outlet.look(copies) is not Found.RECORDED:
        return outlet, None
    return outlet, copies[outlet.digest_of_file(bag.TAG_MANIFEST)]


def give(
    opened: Opened, request: RequestRow, outlet: Outlet, *, watermarked: bool, on_bytes: Callable[[int], None]
) -> Given:
    """A new copy for the recipient of a request.

    Raises NotAllowed, RequestUnfit, what `make_bag` raises, BadEvent, CatalogFault.
    """
    station = opened.station
    order = order_for(opened, request, watermarked=watermarked)
    marker = marker_here() if watermarked else None
    outlet.refuse_without_space(sum(clip.size_bytes for clip in order.clips))
    with claimed(station, request.id, request.number) as kept, _nothing_left(station, outlet, kept):
        made = make_bag(station, order, outlet, kept, marker, on_bytes)
        # Meanwhile the request may have been closed, or a recording marked secret.
        order_for(opened, find_request(station.catalog, request.number), watermarked=watermarked)
        record(opened, [_event(opened, order, made)])
    return _completed(outlet, kept, made, order.form)


def complete(opened: Opened, outlet: Outlet, copy: GivenCopy, on_bytes: Callable[[int], None]) -> Given:
    """Complete a copy that is on record: what is missing or wrong on the medium comes from the kept one.

    Raises MediumFault, NotAsRecorded, TargetFault.
    """
    station = opened.station
    assert copy.kept is not None, "every copy of ours is kept"
    # The cut may have come before its entry left the database.
    export(station)
    kept = Kept(station, copy.kept)
    tags, pieces = kept_bag(station, copy)
    lacking = outlet.lacking(pieces)
    outlet.copy(lacking, lambda piece: kept.at(piece.path), [Algorithm.BLAKE3], station.copying, on_bytes)
    for path, text in tags.items():
        outlet.write(path, text)
    kept.finished()
    outlet.finish()
    return Given(outlet.root, copy.kept, copy.bag_digest, copy.form, len(pieces), copy.size_bytes, completed=True)


def _completed(outlet: Outlet, kept: Kept, made: BagMade, form: str) -> Given:
    kept.finished()
    outlet.finish()
    return Given(made.target, made.kept, made.digest, form, made.files, made.size_bytes, completed=False)


@contextmanager
def _nothing_left(station: Station, outlet: Outlet, kept: Kept) -> Iterator[None]:
    """What was not given does not stay anywhere."""
    try:
        yield
    except BaseException:
        # What the log knows, or may know, stays: the same command completes it.
        with suppress(CatalogError):
            if kept.folder not in recorded_folders(station):
                _take_back(outlet, kept)
        raise


def _take_back(outlet: Outlet, kept: Kept) -> None:
    with suppress(DockdError):
        if outlet.begun:
            outlet.clear()
    with suppress(HashingError):
        kept.remove()


def _event(opened: Opened, order: CopyOrder, made: BagMade) -> CopyGiven:
    return CopyGiven(
        request=order.request,
        by=acting(opened).actor,
        form=order.form,
        clips=sorted(clip.id for clip in order.clips),
        bag_digest=made.digest,
        kept=made.kept,
        size_bytes=made.size_bytes,
        recipient=order.recipient,
    )


def marker_here() -> Marker:
    """What burns marks in on this machine. Raises ToolMissing."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise ToolMissing("ffmpeg", "ffmpeg")
    return Marker(Tools(ffmpeg=program), find_font())
