"""What the station's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.quick import quick_folder


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory, where the disk itself is not what is tested."""
    with quick_folder() as folder:
        yield folder
