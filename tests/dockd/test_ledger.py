"""The ledger: exports that follow each other, and exports that race, of the daemon and of commands beside it."""

from __future__ import annotations

import threading
from pathlib import Path

from catalog.events import SlotBound
from dockd.ledger import export, read_entries
from tests.simulators.station import Clock, findings, make_home, open_station


def test_an_export_of_nothing_new_makes_no_checkpoint(quick_path: Path) -> None:
    make_home(quick_path)
    with open_station(quick_path) as station:
        station.catalog.append([SlotBound(1, "p/1")])
        first = export(station)
        assert first is not None and first.size == station.catalog.head().seq
        assert export(station) is None


def test_exports_of_two_processes_at_once_agree_and_leave_nothing_out(quick_path: Path) -> None:
    """Each has its own connections and its own lock, as a daemon and a command have."""
    make_home(quick_path)
    faults: list[BaseException] = []
    clock = Clock()
    with open_station(quick_path, clock=clock) as one, open_station(quick_path, clock=clock, rest=False) as two:

        def work(station: object, port: str) -> None:
            try:
                for number in range(1, 40):
                    one_or_two = one if station is one else two
                    one_or_two.catalog.append([SlotBound(number, f"{port}/{number}")])
                    export(one_or_two)
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(station, port)) for station, port in ((one, "a"), (two, "b"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        export(one)
        assert len(list(read_entries(one.vault, one.id))) == one.catalog.head().seq == 78
        assert findings(one) == []
