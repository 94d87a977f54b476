"""The last thread of a copy: makes it durable, reads it back from the medium and compares.

It runs while the next file is being copied, so on a recorder slower than the disk the proof costs next to nothing.
"""

from __future__ import annotations

import os
from dataclasses import replace

from .buffers import Channel
from .checking import Checker
from .conveyor import Board, Checkpoint, Ended, Flush, LongCopy, Message, Pack, Reached, Small
from .digest import Algorithm, Digest
from .errors import DigestMismatch, HashingError, TargetFault
from .filecalls import FileCalls
from .medium import Flag, ReadFault
from .outcomes import Checkpointed, Condemned, CopyTask, Outcome, SourceFault, Verified
from .placing import FINISHED_MODE, Target


class Prover:
    """Turns what was written into outcomes. `run` is the thread's body."""

    def __init__(
        self,
        files: FileCalls,
        target: Target,
        written: Channel[Message],
        out: Channel[list[Outcome]],
        board: Board,
        proof_memory_bytes: int,
        batch_files: int,
        batch_bytes: int,
        closing: Flag,
    ) -> None:
        self._files = files
        self._target = target
        self._written = written
        self._out = out
        self._board = board
        self._checker = Checker(files, proof_memory_bytes)
        self._batch_files = batch_files
        self._batch_bytes = batch_bytes
        self._closing = closing
        self._smalls: list[Small] = []
        self._faults: list[Outcome] = []
        self._passed_bytes = 0

    def run(self) -> None:
        """Until the reader has ended; raises Closed, Stopped, TargetFault, DigestMismatch."""
        try:
            while self._prove(self._written.get()):
                pass
        finally:
            self._checker.close()

    def _prove(self, message: Message) -> bool:
        match message:
            case Pack(files=files):
                for small in files:
                    self._smalls.append(small)
                    self._passed(small.task.size_bytes)
            case Reached(copy, size_bytes):
                # Small files that came before it are proven while it is still being read, not after it.
                self._flush()
                if copy.proof.failed is None and size_bytes > copy.proof.read_bytes:
                    # Proven in steps, the end of a long file is not waited for much longer than that of a short one.
                    self._sync(copy)
                    self._read_back(copy, size_bytes)
            case Checkpoint():
                self._checkpoint(message)
            case Ended(copy, None):
                self._finish(copy)
                self._passed(copy.task.size_bytes)
            case Ended(copy, fault) if fault is not None:
                self._keep(copy, fault)
            case SourceFault():
                self._faults.append(message)
                self._passed(0)
            case Flush():
                self._flush()
            case _:
                self._flush()
                return False
        return True

    def _passed(self, size_bytes: int) -> None:
        """Small files wait for company, but no longer than it takes `batch_bytes` of anything to go by."""
        self._passed_bytes += size_bytes
        waiting = len(self._smalls) + len(self._faults)
        if waiting >= self._batch_files or (waiting and self._passed_bytes >= self._batch_bytes):
            self._flush()

    # A long copy -------------------------------------------------------------------------------------------------

    def _checkpoint(self, message: Checkpoint) -> None:
        copy = message.copy
        if copy.proof.failed is None:
            self._make_durable(copy)
            self._out.put([Checkpointed(copy.task, message.prefix)])
            # What is read back now need not be waited for at the end of a very long file.
            self._read_back(copy, message.prefix.size_bytes)

    def _finish(self, copy: LongCopy) -> None:
        task, proof, sums = copy.task, copy.proof, copy.sums
        assert sums is not None
        expected = sums.digests[Algorithm.BLAKE3]
        if proof.failed is None:
            try:
                self._files.chmod(copy.fd, FINISHED_MODE)
            except OSError as error:
                raise TargetFault(task.partial, "chmod", error) from error
            self._make_durable(copy)
            self._read_back(copy, task.size_bytes)
        found = Digest(Algorithm.BLAKE3, proof.hasher.value())
        how = proof.reading.how if proof.reading is not None else ""
        self._close(copy)
        if proof.failed is None and found != expected:
            proof.failed = "digest"
        if proof.failed is None:
            resumed_bytes = copy.resumed_bytes or 0
            verified = Verified(
                task, task.size_bytes, sums.digests, sums.fingerprint, copy.source_direct, how, resumed_bytes
            )
            self._out.put([verified])
            self._board.settle()
            return
        self._out.put([self._condemn(task, proof.failed, proof.cause)])
        if copy.attempt > 1:
            raise self._second_failure(task, proof.cause, expected, found)
        self._board.settle(1, [replace(task, resume=None)])

    def _keep(self, copy: LongCopy, fault: SourceFault) -> None:
        """The source gave out: what it gave so far becomes durable, unless it is nothing or was found bad already."""
        prefix, path = copy.prefix, copy.task.partial
        assert prefix is not None
        if prefix.size_bytes == 0 or copy.proof.failed is not None:
            self._close(copy)
            self._target.remove(path)
            self._faults.append(replace(fault, at_bytes=max(fault.at_bytes, prefix.size_bytes)))
        else:
            try:
                self._files.truncate(copy.fd, prefix.size_bytes)
            except OSError as error:
                raise TargetFault(path, "truncate", error) from error
            self._make_durable(copy)
            self._close(copy)
            self._faults.append(replace(fault, at_bytes=max(fault.at_bytes, prefix.size_bytes), kept=prefix))
        self._board.settle()
        self._passed(0)

    def _sync(self, copy: LongCopy) -> None:
        try:
            self._files.fsync(copy.fd)
        except OSError as error:
            # Asked once: the kernel may have dropped the pages, and its next answer would be a lie.
            self._out.put([self._condemn(copy.task, "fsync", error)])
            raise TargetFault(copy.task.partial, "fsync", error) from error

    def _make_durable(self, copy: LongCopy) -> None:
        path = copy.task.partial
        self._sync(copy)
        try:
            self._files.fsync(self._target.folder_of(path))
        except OSError as error:
            raise TargetFault(os.path.dirname(path), "fsync", error) from error

    def _read_back(self, copy: LongCopy, end: int) -> None:
        """What the medium gives up to `end` goes into the proof; a byte that will not come is its failure."""
        proof = copy.proof
        try:
            if proof.reading is None:
                proof.reading = self._target.read(copy.task.partial)
            self._checker.feed(proof.reading, proof.read_bytes, end, proof.hasher.update, self._closing)
            proof.read_bytes = end
            if end == copy.task.size_bytes and proof.reading.size_bytes() != end:
                proof.failed = "digest"
        except ReadFault as fault:
            proof.failed, proof.cause = ("unreadable", fault.cause) if fault.cause else ("digest", None)
        except OSError as error:
            proof.failed, proof.cause = "unreadable", error

    def _close(self, copy: LongCopy) -> None:
        if copy.proof.reading is not None:
            self._target.close_reader(copy.proof.reading)
        self._target.close(copy.fd)

    # Small files together ----------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """One syncfs for all that wait, then each is read back and judged by itself."""
        smalls, outcomes = self._smalls, self._faults
        self._smalls, self._faults, self._passed_bytes = [], [], 0
        again: list[CopyTask] = []
        failure: HashingError | None = None
        if smalls:
            try:
                self._target.sync_all()
            except OSError as error:
                self._out.put([*outcomes, *(self._condemn(small.task, "fsync", error) for small in smalls)])
                raise TargetFault(smalls[0].task.partial, "syncfs", error) from error
        all_found = self._checker.read([(small.task.partial, small.task.size_bytes) for small in smalls])
        for small, found in zip(smalls, all_found, strict=True):
            task, sums = small.task, small.sums
            assert sums is not None
            expected = sums.digests[Algorithm.BLAKE3]
            if found.digest == expected:
                outcomes.append(Verified(task, task.size_bytes, sums.digests, sums.fingerprint, False, found.how, 0))
                continue
            outcomes.append(self._condemn(task, "digest" if found.cause is None else "unreadable", found.cause))
            again.append(replace(task, resume=None))
            if small.attempt > 1:
                failure = self._second_failure(task, found.cause, expected, found.digest)
        if outcomes:
            self._out.put(outcomes)
        if failure is not None:
            raise failure
        self._board.settle(len(smalls), again)

    # Both ----------------------------------------------------------------------------------------------------------

    def _condemn(self, task: CopyTask, reason: str, cause: OSError | None) -> Condemned:
        self._target.remove(task.partial)
        return Condemned(task, reason, None if cause is None else cause.errno)

    def _second_failure(
        self, task: CopyTask, cause: OSError | None, expected: Digest, found: Digest | None
    ) -> HashingError:
        if cause is not None:
            return TargetFault(task.partial, "read back", cause)
        return DigestMismatch(task.partial, str(expected), "" if found is None else str(found))
