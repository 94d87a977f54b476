"""What the station's tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.agency import Command, settle
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
