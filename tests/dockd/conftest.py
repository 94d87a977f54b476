"""What the station's tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.aged import age
from tests.simulators.agency import Command, settle
from tests.simulators.keeping import Keeping
from tests.simulators.quick import quick_folder


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory, where the disk itself is not what is tested."""
    with quick_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def settled() -> Iterator[Path]:
    """A station with people and accounts; it is copied, never used."""
    with quick_folder() as folder:
        settle(Command(folder))
        yield folder


@pytest.fixture
def agency(settled: Path, quick_path: Path) -> Command:
    """A station with a tree of departments, two officers, recorder X8123 and accounts of most roles."""
    shutil.copytree(settled, quick_path, dirs_exist_ok=True)
    return Command(quick_path)


@pytest.fixture(scope="session")
def aged_once() -> Iterator[Path]:
    """An agency's station with ten recordings, two of them of long ago; it is copied, never used."""
    with quick_folder() as folder:
        age(folder)
        yield folder


@pytest.fixture
def aged(aged_once: Path, quick_path: Path) -> Keeping:
    """An agency's station with ten recordings, all kept without end, two of them of long ago."""
    shutil.copytree(aged_once, quick_path, dirs_exist_ok=True)
    station = Keeping(quick_path)
    station.peopled = True
    return station
