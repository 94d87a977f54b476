"""Files to copy from, as tasks of the copy engine, and a run of it that says what is left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hashing.copying import Checkpointed, Condemned, CopyTask, Outcome, Prefix, SourceFault, Verified, copy_all
from hashing.filecalls import FileCalls

SMALL_BLOCK = 64 * 1024
"""Block size of most tests: what is long for the engine is then still short for the disk."""


@dataclass
class RecorderFiles:
    """A folder to copy from and one to copy to."""

    root: Path
    source: Path = field(init=False)
    target: Path = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.root / "recorder"
        self.target = self.root / "vault"
        self.source.mkdir()
        self.target.mkdir()

    def put(self, name: str, data: bytes) -> Path:
        path = self.source / name
        path.write_bytes(data)
        return path

    def task(self, files: FileCalls, name: str, *, size: int | None = None, resume: Prefix | None = None) -> CopyTask:
        path = str(self.source / name)

        def open_source(extra: int) -> int:
            return files.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | extra)

        listed = os.lstat(path).st_size if size is None else size
        names = sorted(entry.name for entry in self.source.iterdir())
        key = names.index(name) if name in names else -1
        return CopyTask(key, open_source, listed, str(self.target / f"{name}.part"), resume)

    def copied(self, name: str) -> bytes:
        return (self.target / f"{name}.part").read_bytes()

    def left(self) -> list[str]:
        """The names that lie in the target."""
        return sorted(entry.name for entry in self.target.iterdir())


@dataclass
class Run:
    """All outcomes of a run, and the error that ended it, if one did."""

    outcomes: list[Outcome] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    error: BaseException | None = None
    bytes: int = 0

    @property
    def verified(self) -> list[Verified]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Verified)]

    @property
    def faults(self) -> list[SourceFault]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, SourceFault)]

    @property
    def checkpoints(self) -> list[Checkpointed]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Checkpointed)]

    @property
    def condemned(self) -> list[Condemned]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Condemned)]


def run(files: FileCalls, tasks: Iterable[CopyTask], *, stop: threading.Event | None = None, **settings: Any) -> Run:
    """Copy everything and collect what comes."""
    done = Run()

    def on_bytes(count: int) -> None:
        done.bytes += count

    settings.setdefault("block_bytes", SMALL_BLOCK)
    try:
        for batch in copy_all(files, tasks, stop=stop or threading.Event(), on_bytes=on_bytes, **settings):
            done.outcomes.extend(batch)
            done.batches.append(len(batch))
    except Exception as error:
        done.error = error
    return done


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def engine_threads() -> list[str]:
    """The engine's threads that are alive."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith(("copy-", "read-source")))
