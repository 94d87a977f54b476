"""What no copying can beat: reading the source once, and reading, writing and reading back at the same time.

    python -m tests.bench.bounds read SOURCE
    python -m tests.bench.bounds streams SOURCE TWIN TARGET
    python -m tests.bench.bounds proven SOURCE TARGET

`streams`: one thread reads SOURCE, one writes as many files of the same sizes to TARGET and makes them durable, one
reads TWIN, which holds the same files on the target's disk. No thread waits for another, nothing is computed.

`proven`: what a copy with two digests costs where no disk is waited for. As many threads as processors each take whole
files: read, digest, write, read back, digest, compare, in blocks that fit a processor's own cache. None of them hands
anything to another, nothing is listed, made durable, renamed or recorded.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from hashing.filecalls import OsFileCalls

from .loads import MIB, tree_files

BLOCK_BYTES = 2 * MIB
OWN_BLOCK_BYTES = MIB // 2
AHEAD_FILES = 16


def read_tree(folder: str) -> None:
    """Read every file once: long ones past the page cache, small ones with the next few asked for ahead."""
    block = memoryview(mmap.mmap(-1, BLOCK_BYTES))
    waiting: deque[tuple[int, int]] = deque()
    for path, size_bytes in tree_files(folder):
        direct = size_bytes > BLOCK_BYTES
        fd = os.open(path, os.O_RDONLY | (os.O_DIRECT if direct else 0))
        if not direct:
            os.posix_fadvise(fd, 0, size_bytes, os.POSIX_FADV_WILLNEED)
        waiting.append((fd, size_bytes))
        if len(waiting) > AHEAD_FILES:
            _read(*waiting.popleft(), block)
    while waiting:
        _read(*waiting.popleft(), block)


def _read(fd: int, size_bytes: int, block: memoryview) -> None:
    done = 0
    while done < size_bytes:
        done += os.preadv(fd, [block], done)
    os.close(fd)


def write_tree(source: str, target: str) -> None:
    """Write files of the sizes that lie below `source`, and make them durable."""
    files = OsFileCalls()
    block = memoryview(mmap.mmap(-1, BLOCK_BYTES))
    block[:] = os.urandom(BLOCK_BYTES)
    for number, (_path, size_bytes) in enumerate(tree_files(source)):
        direct = size_bytes > BLOCK_BYTES and size_bytes % BLOCK_BYTES == 0
        fd = os.open(f"{target}/{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | (os.O_DIRECT if direct else 0))
        if direct:
            files.allocate(fd, size_bytes)
        done = 0
        while done < size_bytes:
            done += os.pwrite(fd, block[: min(BLOCK_BYTES, size_bytes - done)], done)
        if direct:
            os.fsync(fd)
        os.close(fd)
    folder = os.open(target, os.O_RDONLY)
    files.syncfs(folder)
    os.close(folder)


def copy_proven(waiting: deque[tuple[int, str, int]], target: str) -> None:
    """Copy files of (number, path, size) until none is left; raises AssertionError when one reads back otherwise."""
    from blake3 import blake3

    block = memoryview(mmap.mmap(-1, OWN_BLOCK_BYTES))
    while True:
        try:
            number, path, size_bytes = waiting.popleft()
        except IndexError:
            return
        source = os.open(path, os.O_RDONLY)
        made = os.open(f"{target}/{number}", os.O_RDWR | os.O_CREAT | os.O_EXCL)
        given, found = blake3(), blake3()
        done = 0
        while done < size_bytes:
            piece = block[: os.preadv(source, [block], done)]
            given.update(piece)
            done += os.pwrite(made, piece, done)
        done = 0
        while done < size_bytes:
            piece = block[: os.preadv(made, [block], done)]
            found.update(piece)
            done += len(piece)
        os.close(source)
        os.close(made)
        assert given.digest() == found.digest()


def _at_once(*works: Callable[[], None]) -> None:
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def main(what: str, source: str, *others: str) -> None:
    """Do it once, and print the seconds it took, without the interpreter's start."""
    began = time.monotonic()
    if what == "read":
        read_tree(source)
    elif what == "proven":
        (target,) = others
        longest_first = sorted(tree_files(source), key=lambda found: -found[1])
        waiting = deque((number, *found) for number, found in enumerate(longest_first))
        _at_once(*[partial(copy_proven, waiting, target)] * len(os.sched_getaffinity(0)))
    else:
        twin, target = others
        _at_once(
            lambda: read_tree(source),
            lambda: write_tree(source, target),
            lambda: read_tree(twin),
        )
    print(json.dumps({"seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
