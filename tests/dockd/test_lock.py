"""One writer per home, also after a kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockd.errors import Busy, HomeFault
from dockd.lock import WriterLock

HOLDER = """
import sys, time
from dockd.lock import WriterLock
with WriterLock(sys.argv[1], ["dockd", "dock", "postgresql://u:hunter2@db/x"]):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_writer_is_told_who_holds_it_since_when_and_for_what(tmp_path: Path) -> None:
    path = tmp_path / "run" / "writer.lock"
    child = holder(path)
    try:
        with pytest.raises(Busy) as caught, WriterLock(str(path)):
            pass
        assert caught.value.pid == child.pid
        assert caught.value.command == "dockd dock postgresql://u:***@db/x"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", caught.value.since or "")
    finally:
        child.communicate("")
    with WriterLock(str(path)):
        pass


def test_a_killed_writer_leaves_nothing_to_clean_up(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    child = holder(path)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with WriterLock(str(path)):
        assert f'"pid": {os.getpid()}' in path.read_text()


def test_programs_that_the_writer_starts_do_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with WriterLock(str(path)):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        with WriterLock(str(path)):
            pass
    finally:
        child.communicate(b"")


def test_two_locks_in_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    path = str(tmp_path / "writer.lock")
    with WriterLock(path), pytest.raises(Busy), WriterLock(path):
        pass


def test_the_note_is_gone_when_the_lock_is_dropped_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with WriterLock(str(path), ["dockd", "dock"], now=lambda: datetime(2026, 11, 21, 1, 35, tzinfo=UTC)):
        assert '"since": "2026-11-21T01:35:00Z"' in path.read_text()
    assert path.read_bytes() == b""


def test_a_holder_that_has_not_written_its_note_yet_is_busy_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with WriterLock(str(path)):
        path.write_bytes(b'{"pid": 1')
        with pytest.raises(Busy) as caught, WriterLock(str(path)):
            pass
        assert caught.value.pid is None


def test_a_place_that_cannot_be_used_is_a_fault_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"")
    with pytest.raises(HomeFault), WriterLock(str(tmp_path / "run" / "writer.lock")):
        pass
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(HomeFault), WriterLock(str(tmp_path / "link")):
        pass
    assert not (tmp_path / "target").exists()
