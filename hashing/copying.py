"""The one pass: every file is read once from its recorder, digested on the way, written, made durable, and read back
from the medium, all at the same time, so that the slower of recorder and disk is the only one anybody waits for.

    recorder ─► Reader ─► Digester ─► Writer ─► Prover ─► the caller
                (taking)  (digesting) (placing) (proving)

One thread each, because all of them wait for something else and Python lets go of its lock in every read, write and
digest. Measured: a process per source won nothing over this and took twice the memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice

from .buffers import Channel, Closed, Ring
from .conveyor import Board, End, Flush, Message
from .digest import Algorithm
from .digesting import Digester
from .filecalls import FileCalls
from .medium import Flag, Stopped
from .outcomes import Checkpointed, Condemned, CopyTask, Outcome, Prefix, SourceFault, Verified
from .placing import Target, Writer
from .proving import Prover
from .source import Abandoned, ReadTime, Watch
from .taking import Reader

__all__ = [
    "Checkpointed",
    "Condemned",
    "CopyTask",
    "Outcome",
    "Prefix",
    "ReadTime",
    "SourceFault",
    "Verified",
    "copy_all",
]

MIB = 2**20
STOP_PATIENCE_S = 5.0
"""Who asked us to stop does not wait for a recorder as long as who asked for a copy."""
_UNPROVEN = 32
"""Messages the prover may lag behind the writer: enough to overlap, too few to leave a long tail at the end."""


def copy_all(
    files: FileCalls,
    tasks: Iterable[CopyTask],
    *,
    algorithms: Sequence[Algorithm] = (Algorithm.BLAKE3,),
    block_bytes: int = 2 * MIB,
    blocks: int = 6,
    checkpoint_bytes: int = 256 * MIB,
    proof_bytes: int = 32 * MIB,
    batch_files: int = 256,
    batch_bytes: int = 256 * MIB,
    stall_s: float = 30.0,
    stop: Flag,
    on_bytes: Callable[[int], None],
    read_time: ReadTime | None = None,
) -> Generator[list[Outcome], None, None]:
    """Copy `tasks`, and yield what became of them in batches, in no promised order.

    `tasks` is advanced, and `on_bytes` (bytes taken from the source, or kept from an earlier run) called, in a thread
    of the engine; `read_time` grows by every direct read of a long file. A long file is a batch of its own, read back
    `proof_bytes` at a time while it is being copied; files of up to one block share a syncfs, `batch_files` or
    `batch_bytes` at a time, and each is then read back by itself. BLAKE3 is always taken; it is what is compared.

    A fault of one file is its SourceFault, and the next is tried. A call on the source (or on `tasks`) that lasts
    longer than `stall_s` ends the run: that task and all that remain are "stalled", and the thread is left behind.
    When `stop` is set the task under way ends at the next block as "stopped", with its exact prefix; tasks not yet
    taken get no outcome.

    Raises TargetFault (our own disk), AlreadyThere (a partial's name is taken), DigestMismatch (twice read back other
    bytes than were given), and whatever `tasks` or `on_bytes` raise; outcomes that were ready come first. However the
    iteration ends, threads and descriptors are gone after it, and so are partials that no outcome told of.
    """
    engine = _Engine(
        files, tasks, algorithms, block_bytes, blocks, checkpoint_bytes, proof_bytes, batch_files, batch_bytes
    )
    return engine.run(stall_s, stop, on_bytes, read_time or ReadTime())


class _Engine:
    def __init__(
        self,
        files: FileCalls,
        tasks: Iterable[CopyTask],
        algorithms: Sequence[Algorithm],
        block_bytes: int,
        blocks: int,
        checkpoint_bytes: int,
        proof_bytes: int,
        batch_files: int,
        batch_bytes: int,
    ) -> None:
        self._files = files
        self._tasks = tasks
        self._batch_files = batch_files
        self._closing = threading.Event()
        self._error: BaseException | None = None
        self._watch = Watch()
        self._board = Board()
        self._ring = ring = Ring(blocks, block_bytes)
        self._target = target = Target(files)
        self._taken: Channel[Message] = Channel(64)
        self._digested: Channel[Message] = Channel(64)
        self._written: Channel[Message] = Channel(_UNPROVEN)
        self._out: Channel[list[Outcome]] = Channel(_UNPROVEN)
        self._digester = Digester(
            files, ring, self._taken, self._digested, self._board, algorithms, checkpoint_bytes, self._closing
        )
        self._writer = Writer(files, target, ring, self._digested, self._written, proof_bytes)
        self._prover = Prover(
            files,
            target,
            self._written,
            self._out,
            self._board,
            ring.block_bytes,
            batch_files,
            batch_bytes,
            self._closing,
        )

    def run(
        self, stall_s: float, stop: Flag, on_bytes: Callable[[int], None], read_time: ReadTime
    ) -> Generator[list[Outcome], None, None]:
        reader = Reader(
            self._files, self._tasks, self._ring, self._taken, self._board, self._watch, stop, on_bytes, read_time
        )
        reading = self._start("copy-read", reader.run)
        others = [
            self._start("copy-digest", self._digester.run),
            self._start("copy-write", self._writer.run),
            self._start("copy-prove", self._prover.run, self._out.end),
        ]
        leftover: list[SourceFault] = []
        try:
            while True:
                try:
                    batch = self._out.get(min(stall_s / 4, 0.5))
                except Closed:
                    break
                except TimeoutError:
                    limit_s = min(stall_s, STOP_PATIENCE_S) if stop.is_set() else stall_s
                    if not self._watch.abandoned and self._watch.abandon(limit_s):
                        leftover = self._leave_behind(reader, "stopped" if stop.is_set() else "stalled")
                    continue
                for outcome in batch:
                    self._target.tell(outcome.task.partial)
                yield batch
            if self._error is not None:
                raise self._error
            if self._watch.abandoned:
                yield from self._unread(leftover, reader, stop)
        finally:
            self._shut()
            for thread in others:
                thread.join()
            reading.join(0 if self._watch.abandoned else stall_s)
            self._watch.abandon(0)  # a reader that is still at it may come back any time: it must find the door shut
            self._target.release()

    def _start(self, name: str, body: Callable[[], None], done: Callable[[], None] = lambda: None) -> threading.Thread:
        def guarded() -> None:
            try:
                body()
            except (Closed, Stopped, Abandoned):
                pass
            except BaseException as error:
                # To the caller with it: a trace on a daemon's stderr stops nobody.
                self._error = self._error or error
                self._shut_inside()
            finally:
                done()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _leave_behind(self, reader: Reader, reason: str) -> list[SourceFault]:
        """End the line in the lost reader's place, and say what it had taken but not handed on."""
        ended, faults = reader.leftovers(reason)
        with suppress(Closed):
            if ended is not None:
                self._taken.put(ended, beyond_capacity=True)
            self._taken.put(Flush(), beyond_capacity=True)
            self._taken.put(End(), beyond_capacity=True)
        return faults

    def _unread(self, leftover: list[SourceFault], reader: Reader, stop: Flag) -> Iterator[list[Outcome]]:
        reason = "stopped" if stop.is_set() else "stalled"
        untaken = chain(self._board.take_all(), () if stop.is_set() else reader.remaining())
        faults = chain(leftover, (SourceFault(task, reason, None, 0, task.resume) for task in untaken))
        while batch := list[Outcome](islice(faults, self._batch_files)):
            yield batch

    def _shut_inside(self) -> None:
        """Send everybody home. What the caller has not fetched yet stays there to be fetched."""
        self._closing.set()
        for channel in (self._taken, self._digested, self._written):
            channel.abort()
        self._ring.close()
        self._board.close()

    def _shut(self) -> None:
        self._shut_inside()
        self._out.abort()
