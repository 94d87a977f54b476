"""One measurement: caches dropped, one process from its start to its end, and what it used."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DROP_CACHES = Path("/proc/sys/vm/drop_caches")


class Failed(Exception):
    """A command that was to be measured ended badly: its words, exit code and last lines."""

    def __init__(self, command: Sequence[str], code: int, said: str) -> None:
        super().__init__(command, code, said)
        self.command = " ".join(command)
        self.code = code
        self.said = said


@dataclass(frozen=True, slots=True)
class Sample:
    """What one measurement came to. `wall_s` and `cpu_s` (user and system, children included) are seconds, `peak_bytes`
    the largest resident set of one process, `told_s` when the first word came out; `said` is all that came out.

    A process begins as a copy of ours, and Linux counts that as its own: a `peak_bytes` no larger than ours is 0.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    told_s: float
    said: str

    def __add__(self, other: Sample) -> Sample:
        """Two steps of one work, one after the other."""
        return Sample(
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            max(self.peak_bytes, other.peak_bytes),
            self.told_s,
            self.said + other.said,
        )

    def facts(self) -> dict[str, float]:
        """What the process measured of itself: the last line of its output, as JSON."""
        found = json.loads(self.said.splitlines()[-1])
        assert isinstance(found, dict)
        return found


def drop_caches() -> None:
    """Write out what is dirty, and forget every page, name and inode that could be read again."""
    os.sync()
    DROP_CACHES.write_text("3\n")


def measure(command: Sequence[str], environment: Mapping[str, str], folder: str, until: bytes = b"") -> Sample:
    """Run a command to its end, or until its output ends with `until`; raises Failed. However we are interrupted, it
    does not go on without us.
    """
    with tempfile.TemporaryFile() as complaints:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            bufsize=0,
        )
        try:
            assert process.stdout is not None
            said = process.stdout.read(1)
            told = time.monotonic()
            while more := os.read(process.stdout.fileno(), 1 << 16):
                said += more
                if until and said.endswith(until):
                    os.killpg(process.pid, signal.SIGKILL)
            _pid, status, used = os.wait4(process.pid, 0)
            ended = time.monotonic()
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        words = said.decode(errors="replace")
        if process.returncode != (-signal.SIGKILL if until else 0):
            complaints.seek(0)
            raise Failed(command, process.returncode, words[-500:] + complaints.read().decode(errors="replace")[-2000:])
    ours_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = used.ru_maxrss * 1024 if used.ru_maxrss > 1.02 * ours_kib else 0
    return Sample(ended - began, used.ru_utime + used.ru_stime, peak_bytes, told - began, words)
