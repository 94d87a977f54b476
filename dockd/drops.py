"""Drop folders docked as recorders are: the same session, the same proof, their own name."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from catalog.errors import CatalogError
from hashing.errors import HashingError

from .clearing import Clearing
from .docking import Docking
from .errors import DockdError
from .explain import explain
from .inbox import Inbox, is_being_written
from .listing import Listed, Volume, list_volume
from .results import Progress
from .station import Station

log = logging.getLogger("dockd")


class Drops:
    """All drop folders of a station. `alarm` is told of faults of vault and catalogue; nothing is lost by them, the
    files stay where they are and are offered again.
    """

    def __init__(
        self,
        station: Station,
        folders: tuple[str, ...],
        *,
        still_s: float,
        remove: bool,
        alarm: Callable[[BaseException], None],
    ) -> None:
        self._station = station
        self._remove = remove
        self._alarm = alarm
        self._stop = threading.Event()
        self._inboxes = [self._inbox(folder, still_s) for folder in folders]

    def start(self) -> None:
        """Watch them all. One that cannot be watched is reported and left out; the others work."""
        for inbox in self._inboxes:
            try:
                inbox.start()
            except OSError as error:
                log.error("act=inbox folder=%s fault=%s", inbox.folder, error)

    def stop(self, patience_s: float) -> None:
        """End; what was being copied keeps its partial."""
        self._stop.set()
        for inbox in self._inboxes:
            inbox.stop(patience_s)

    def _inbox(self, folder: str, still_s: float) -> Inbox:
        def entries() -> tuple[Listed, ...]:
            return list_volume(self._station.files, folder).entries

        def being_written(listed: Listed) -> bool:
            with Volume.open(self._station.files, folder) as volume:
                return is_being_written(volume, listed)

        def dock(still: frozenset[bytes]) -> tuple[Listed, ...]:
            return self._dock(folder, still)

        return Inbox(folder, still_s=still_s, list_entries=entries, being_written=being_written, dock=dock)

    def _dock(self, folder: str, still: frozenset[bytes]) -> tuple[Listed, ...]:
        """One session over what is still; the entries that have an outcome now. Raises OSError of the folder."""
        name = os.path.basename(os.path.normpath(folder))
        try:
            with Volume.open(self._station.files, folder) as volume:
                docking = Docking(
                    self._station,
                    folder,
                    slot=None,
                    progress=Progress(None),
                    stop=self._stop,
                    only=still,
                    source_name=name,
                )
                result = docking.run(volume)
                log.info(
                    "session=%s source=%s ingested=%d already_held=%d quarantined=%d failed=%d",
                    *(result.session, name, result.sum.ingested, result.sum.already_held),
                    *(result.sum.quarantined, result.sum.failed),
                )
                if self._remove:
                    Clearing(docking, result, volume).run()
        except (HashingError, CatalogError, DockdError) as error:
            log.error("act=inbox folder=%s station-fault=%s", folder, explain(error).sentence)
            self._alarm(error)
            return ()
        return tuple(planned.listed for planned in docking.planned)
