"""The copy engine alone: every file of a folder, verified, as unfinished copies in another folder.

python -m tests.bench.engine SOURCE TARGET
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from hashing.copying import CopyTask, Verified, copy_all
from hashing.filecalls import OsFileCalls

from .loads import tree_files

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def main(source: str, target: str) -> None:
    """Copy once, and print the seconds it took, without the interpreter's start. Exits with 1 if a copy failed."""
    began = time.monotonic()
    listed = tree_files(source)

    def task(number: int, path: str, size_bytes: int) -> CopyTask:
        return CopyTask(
            key=number,
            open_source=lambda flags: os.open(path, _FLAGS | flags),
            size_bytes=size_bytes,
            partial=f"{target}/{number}.part",
            resume=None,
        )

    tasks = (task(number, path, size_bytes) for number, (path, size_bytes) in enumerate(listed))
    batches = copy_all(OsFileCalls(), tasks, stop=threading.Event(), on_bytes=lambda _count: None)
    verified = sum(isinstance(outcome, Verified) for batch in batches for outcome in batch)
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "files": verified}))
    sys.exit(0 if verified == len(listed) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
