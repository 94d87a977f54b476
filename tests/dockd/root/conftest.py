"""Real cards in real loop devices, mounted by the real kernel: that takes root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockd.root.kernel import KernelMounter
from tests.simulators.loop_bay import CONTENTS, LoopBay, LoopCard
from tests.simulators.loops import mounts_under


@pytest.fixture
def bay(quick_path: Path) -> Iterator[LoopBay]:
    """A bay with a card plugged in, not docked yet; whatever a test leaves mounted is let go of."""
    if os.geteuid() != 0:
        pytest.skip("only root may plug in and mount cards")
    bay = LoopBay(quick_path, LoopCard.made(quick_path, CONTENTS))
    bay.build()
    bay.card.plug()
    yield bay
    # By its place, never by its device: a name given back is the next card's, and maybe another worker's by now.
    for place in mounts_under(quick_path):
        KernelMounter().detach(place, lazily=True)
    bay.card.unplug()


@pytest.fixture
def docked(bay: LoopBay) -> LoopBay:
    """A bay whose card has been docked and sealed: its wipe list names every clip."""
    result = bay.dock()
    assert (result.sum.ingested, result.sum.quarantined, result.sum.failed) == (3, 1, 0)
    return bay
