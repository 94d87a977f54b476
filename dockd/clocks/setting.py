"""Sets a recorder's clock by the file that its family obeys at power-on: the last act before release.

The file holds the time of its writing and is obeyed minutes or hours later, by as much the clock then stays behind. A
clock that was measured to be right is therefore left alone.
"""

from __future__ import annotations

from datetime import datetime

from catalog.watching.clocks import Method
from catalog.watching.events import ClockSet
from retention.clearing import Doubt, Keep

from ..docking import Docking
from ..ledger import export
from ..listing import Volume
from ..results import Note
from ..root.clockfile import write_clock
from ..root.refusals import Refused
from ..root.wipelist import Clock

BY_FILE = "file"
# A recorder that waits this long for its power-on is put right by its file no better than it was.
RIGHT_WITHIN_MS = 60_000
# What stays on a recorder for these reasons says nothing against writing on it.
_HARMLESS = frozenset({Doubt.NOT_IN_VAULT, Doubt.KEPT_BY_FAMILY})


def order_for(docking: Docking) -> Clock | None:
    """What is to be written on a recorder of this docking to set its clock; None where its family obeys no file, or
    where its clock is right, or was set by protocol before it became a disk.
    """
    family = docking.match.family
    order = family.clock.set_by_file
    reading = docking.clock.reading
    if (
        order is None
        or docking.clock.setting is not None
        or (reading is not None and reading.method != Method.NEWEST_FILE and abs(reading.offset_ms) <= RIGHT_WITHIN_MS)
    ):
        return None
    return Clock(order.file, order.format, family.zone.key)


def setting_of(docking: Docking, file: str, set_at: str) -> ClockSet:
    """The custody entry of a clock file that was written; `set_at` is UTC."""
    told = datetime.fromisoformat(set_at).astimezone(docking.match.family.zone)
    return ClockSet(
        session=docking.opened.session,
        recorder=docking.opened.recorder,
        set_at=set_at,
        method=BY_FILE,
        told=told.replace(tzinfo=None).isoformat(timespec="seconds"),
        by_file=file,
    )


def set_clock(docking: Docking, volume: Volume, kept: tuple[Keep, ...]) -> Note | None:
    """Write the file on a volume that may be written on, and put it on record; why it was not written, if so.

    `kept` is what the clearing before left: a card in doubt is not written on once more. Raises CatalogFault,
    TargetFault.
    """
    order = order_for(docking)
    if order is None or any(keep.doubt not in _HARMLESS for keep in kept):
        return None
    station = docking.station
    try:
        done = write_clock(station.files, volume, order, station.clock())
    except (OSError, Refused) as error:
        return Note("clock-file-not-written", order.name, str(error))
    station.catalog.append([setting_of(docking, done.name, done.set_at)])
    export(station)
    return None
