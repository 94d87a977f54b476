"""How fast a recorder gives what it is asked for: counted where it is read, and only where the cache had no part."""

from __future__ import annotations

import errno
import itertools
from pathlib import Path

from hashing.copying import ReadTime
from hashing.filecalls import OsFileCalls
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.recorder_files import SMALL_BLOCK, RecorderFiles, run


def ticking() -> ReadTime:
    """Every look at the clock is a second after the one before: a read takes one."""
    return ReadTime(itertools.count().__next__)


def test_direct_reads_of_long_files_are_counted_and_nothing_else(tmp_path: Path) -> None:
    place = RecorderFiles(tmp_path)
    place.put("long", b"x" * (3 * SMALL_BLOCK + 5))
    place.put("small", b"y" * 100)
    took = ticking()
    done = run(OsFileCalls(), [place.task(OsFileCalls(), name) for name in ("long", "small")], read_time=took)
    assert {copy.size_bytes: copy.source_direct for copy in done.verified} == {3 * SMALL_BLOCK + 5: True, 100: False}
    assert (took.size_bytes, took.seconds) == (3 * SMALL_BLOCK + 5, 4)


def test_what_goes_through_the_page_cache_tells_nothing_of_the_card(tmp_path: Path) -> None:
    place = RecorderFiles(tmp_path)
    place.put("long", b"x" * (3 * SMALL_BLOCK))
    files = FlakyFiles()
    # A file system that refuses O_DIRECT does so when a file is opened.
    files.fail("open", errno.EINVAL, under=str(place.source))
    took = ticking()
    (copy,) = run(files, [place.task(files, "long")], read_time=took).verified
    assert not copy.source_direct
    assert (took.size_bytes, took.seconds) == (0, 0.0)
