"""An agency with recordings that people ask to see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import ADMIN, Command
from tests.simulators.quick import quick_folder


@pytest.fixture(scope="module")
def filled(settled: Path) -> Iterator[Path]:
    """The agency with three recordings: zhang's own, a colleague's of the same department, and one of the south."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        agency = Command(folder)
        for serial, officer, department, keeper in (
            ("1234567", "100234", "城关中队", "keeper"),
            ("1234568", "100236", "城关中队", "keeper"),
            ("7654321", "100235", "城南中队", "south"),
        ):
            card = folder / serial
            card.mkdir()
            name = f"{serial}_{officer}_20261119090000.mp4"
            (card / name).write_bytes(recording(name, 3000))
            agency.ok("ledger", "register", serial, "--department", department, by=keeper)
            agency.ok("dock", "--facts", "later", str(card))
        agency.ok("user", "add", "arch", "--role", "archivist", "--department", "局", by=ADMIN)
        agency.ok("user", "role", "zhang", "--department", "城关中队", by=ADMIN)
        yield folder


@pytest.fixture
def station(filled: Path, quick_path: Path) -> Command:
    """A copy of it, to be used."""
    shutil.copytree(filled, quick_path, dirs_exist_ok=True)
    return Command(quick_path)
