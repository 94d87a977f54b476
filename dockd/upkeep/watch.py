"""What is wrong with the vault, as the wall of bays shows it: looked at often, asked seldom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalog.fixity.queries import count_damaged

from ..station import Station
from .view import overdue_files

# Only time makes something overdue, and only a run of hours makes it good.
OVERDUE_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class Wrong:
    """How many files of the vault are damaged, and how many were not read again in time."""

    damaged: int = 0
    overdue: int = 0


class UpkeepWatch:
    """Asks the catalogue: of damage when the log has grown, of what is overdue every OVERDUE_EVERY_S. `within_days` is
    the setting as it is then.
    """

    def __init__(self, station: Station, within_days: Callable[[], int]) -> None:
        self._station = station
        self._within_days = within_days
        self._damaged = self._overdue = 0
        self._log_size = -1
        self._next_s = float("-inf")

    def look(self, log_size: int, now_s: float) -> Wrong:
        """What is wrong now; `now_s` is monotonic. Raises CatalogFault."""
        if log_size != self._log_size:
            self._damaged = count_damaged(self._station.catalog)
            self._log_size = log_size
        if now_s >= self._next_s:
            self._overdue = overdue_files(self._station, self._within_days()).files
            self._next_s = now_s + OVERDUE_EVERY_S
        return Wrong(self._damaged, self._overdue)
