"""Files of the station copied by the engine that copies recordings, and held against what was recorded of them.

What it copies is durable and was read back from its medium: onto media that leave the house, onto second disks, into
the vault beside recordings, and into the place of a damaged file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event

from hashing.copying import CopyTask, Outcome, SourceFault, Verified, copy_all
from hashing.digest import Algorithm, Digest
from hashing.filecalls import FileCalls
from hashing.outcomes import OpenSource

from .station import Copying


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be copied, between absolute paths; the target's folder exists. `digests` (algorithm → `b3:…`) and size
    are what was recorded of it.
    """

    source: str
    target: str
    size_bytes: int
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that is what was recorded."""

    wanted: Wanted
    digests: dict[Algorithm, Digest]


@dataclass(frozen=True, slots=True)
class Unlike:
    """The source is not what was recorded of it. `found` is its digest, or why and at which byte it would not be read.

    What was copied of it may lie under the target's name.
    """

    wanted: Wanted
    found: str


def _unheard(count: int) -> None:
    """Nobody asked how far it is."""


def opener(files: FileCalls, path: str, *, follow: bool = False) -> OpenSource:
    """How the engine opens a file of ours: through no link unless `follow`, and never waiting for a pipe's writer."""
    wanted = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    return lambda flags: files.open(path, wanted | flags)


@contextmanager
def engine(
    files: FileCalls,
    tasks: Iterable[CopyTask],
    settings: Copying,
    *,
    algorithms: Sequence[Algorithm] = (Algorithm.BLAKE3,),
    on_bytes: Callable[[int], None] = _unheard,
) -> Iterator[Iterator[list[Outcome]]]:
    """The engine at work on tasks, as the station's settings have it; its threads are gone when this ends.

    Raises what `copy_all` raises.
    """
    with closing(
        copy_all(
            files,
            tasks,
            algorithms=algorithms,
            block_bytes=settings.block_bytes,
            blocks=settings.blocks,
            checkpoint_bytes=settings.checkpoint_bytes,
            batch_files=settings.batch_files,
            stall_s=settings.stall_s,
            stop=Event(),
            on_bytes=on_bytes,
        )
    ) as batches:
        yield batches


@contextmanager
def copied(
    files: FileCalls,
    wanted: Sequence[Wanted],
    settings: Copying,
    *,
    algorithms: Sequence[Algorithm] = (),
    on_bytes: Callable[[int], None] = _unheard,
) -> Iterator[Iterator[Copied | Unlike]]:
    """What becomes of each file, as it is known, in no promised order; `algorithms` are taken beside those recorded.

    Copies are durable with their names. Raises what `copy_all` raises.
    """
    taken = {*algorithms, *(Algorithm(name) for one in wanted for name in one.digests)}
    tasks = (
        CopyTask(number, opener(files, one.source), one.size_bytes, one.target) for number, one in enumerate(wanted)
    )
    ordered = [one for one in Algorithm if one in taken]
    with engine(files, tasks, settings, algorithms=ordered, on_bytes=on_bytes) as batches:
        yield _compared(wanted, (one for batch in batches for one in batch))


def _compared(wanted: Sequence[Wanted], outcomes: Iterable[Outcome]) -> Iterator[Copied | Unlike]:
    for outcome in outcomes:
        if isinstance(outcome, SourceFault):
            yield Unlike(wanted[outcome.task.key], f"{outcome.reason}, {outcome.at_bytes}")
        elif isinstance(outcome, Verified):
            one = wanted[outcome.task.key]
            found = unlike(outcome, one.digests)
            yield Copied(one, outcome.digests) if found is None else Unlike(one, found)


def unlike(copy: Verified, digests: Mapping[str, str]) -> str | None:
    """The digest by which a copy is not what was recorded; None when all hold."""
    said = {name.value: str(digest) for name, digest in copy.digests.items()}
    return next((said.get(name, "") for name, digest in digests.items() if said.get(name) != digest), None)
