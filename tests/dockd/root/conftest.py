"""Real cards in real loop devices, mounted by the real kernel: that takes root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dockd.root.kernel import KernelMounter
from tests.simulators.loop_bay import CONTENTS, LoopBay, LoopCard, mounts_of


@pytest.fixture
def bay(quick_path: Path) -> Iterator[LoopBay]:
    """A bay with a card plugged in, not docked yet; whatever a test leaves mounted is let go of."""
    if os.geteuid() != 0:
        pytest.skip("only root may plug in and mount cards")
    bay = LoopBay(quick_path, LoopCard.made(quick_path, CONTENTS))
    bay.build()
    names = {bay.card.plug()}
    yield bay
    names.add(bay.card.name)
    for name in names - {""}:
        for line in mounts_of(name):
            KernelMounter().detach(line.split()[4], lazily=True)
    with suppress(OSError):
        bay.card.unplug()


@pytest.fixture
def docked(bay: LoopBay) -> LoopBay:
    """A bay whose card has been docked and sealed: its wipe list names every clip."""
    result = bay.dock()
    assert (result.sum.ingested, result.sum.quarantined, result.sum.failed) == (3, 1, 0)
    return bay
