"""A folder for tests whose disk is a model: in memory where there is room, so that a thousand fsyncs are quick."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_MEMORY = "/dev/shm"
ROOM_BYTES = 512 * 1024 * 1024


@contextmanager
def quick_folder() -> Iterator[Path]:
    """An empty folder, gone afterwards."""
    roomy = os.path.isdir(SHARED_MEMORY) and shutil.disk_usage(SHARED_MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="dockd-test-", dir=SHARED_MEMORY if roomy else None) as folder:
        yield Path(folder)
