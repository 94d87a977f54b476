"""Runs a parser in a box: it sees one file or folder, read-only, and the tools of /usr; no network, no other process.

Recordings come from cards that strangers had in their hands, and parsers have had holes (exiftool's security releases
of 2021 and 2026; playlists inside media that made ffmpeg read local files). The box is bubblewrap: namespaces of its
own, no capabilities, an empty environment, a root that cannot be written except for a small /tmp; inside it `prlimit`
bounds each process. What is looked at lies at a neutral path, so the bytes of its real name never reach a parser.

Started by an ordinary user, the box is a user namespace and cannot make another one. Started by root it becomes user
65534 for good before the tool runs: a user namespace of root's would still be root to the limit on processes.

Measured (Linux 6.18, bubblewrap 0.8.0): 2 to 6 ms for one run of /usr/bin/true. Not bounded here: the memory of all
processes of a box together (each has `Limits.memory_bytes`); that is for the service's MemoryMax.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Path = str | bytes

NOBODY = 65534
_STDERR_TAIL_BYTES = 4096
_READ_BYTES = 65536
# After a kill the kernel takes a box down at once; a reader that waits longer waits for a process that is no child.
_AFTER_KILL_S = 5.0
_OUT_OF_MEMORY = re.compile(rb"out of memory|cannot allocate memory|memoryerror|bad_alloc", re.IGNORECASE)
# Where these are links into /usr (merged /usr) they are links in the box too.
_ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process of a box may use (`processes`: all of a user), and the size of the box's /tmp."""

    memory_bytes: int = 1 << 30
    cpu_s: int = 60
    file_bytes: int = 8 << 20
    processes: int = 64
    tmp_bytes: int = 8 << 20


@dataclass(frozen=True, slots=True)
class View:
    """One file or folder of the station and the path where the box shows it, read-only."""

    outside: Path
    inside: str


@dataclass(frozen=True, slots=True)
class Ran:
    """How a boxed run ended.

    `exit_code` is the tool's, 128 + n for signal n inside the box, negative when the box itself was killed. `limited`
    says which limit ended it; "memory" is read from the tool's own last words, since the kernel refuses silently.
    """

    stdout: bytes
    stderr_tail: bytes
    exit_code: int
    seconds: float
    limited: Literal["time", "output", "memory"] | None


@dataclass(frozen=True, slots=True)
class Jail:
    """A box that shows `read_only` and nothing else of the station.

    `group_id` is the group that the tool runs with when root starts the box: originals are readable for their group.
    An ordinary user's box keeps that user's rights on what it shows.
    """

    read_only: Sequence[View] = ()
    limits: Limits = field(default_factory=Limits)
    group_id: int = NOBODY
    bwrap: str = "/usr/bin/bwrap"

    def command(self, argv: Sequence[Path]) -> list[bytes]:
        """The whole command line that runs `argv` in the box."""
        as_root = os.geteuid() == 0
        words: list[Path] = [self.bwrap, *_NAMESPACES, *(_ROOT_KEEPS if as_root else _USER_NAMESPACE)]
        words += [*_ENVIRONMENT, *_system(self.limits.tmp_bytes)]
        for view in self.read_only:
            parent = os.path.dirname(view.inside)
            if parent != "/":
                words += ["--perms", "0755", "--dir", parent]
            words += ["--ro-bind", view.outside, view.inside]
        words += ["--remount-ro", "/dev", "--remount-ro", "/", "--"]
        if as_root:
            words += ["/usr/bin/setpriv", f"--reuid={NOBODY}", f"--regid={self.group_id}", "--clear-groups"]
            words += ["--bounding-set=-all", "--inh-caps=-all"]
        words += [*_prlimit(self.limits), *argv]
        return [os.fsencode(word) for word in words]

    def run(
        self,
        argv: Sequence[Path],
        timeout_s: float,
        output_limit_bytes: int,
        take: Callable[[bytes], None] | None = None,
    ) -> Ran:
        """Run `argv` with /dev/null as input, until it ends or a limit ends it; the kernel ends what it leaves running.

        `take` is given the standard output piece by piece as it comes, and `stdout` is then empty.

        `output_limit_bytes` bounds what it prints on both streams; `stdout` is what came before. The box dies with
        the thread that started it. Raises OSError when bubblewrap cannot be started at all.
        """
        started = time.monotonic()
        process = subprocess.Popen(
            self.command(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        try:
            stdout, tail, stopped = _collect(process, started + timeout_s, output_limit_bytes, take)
        finally:
            end(process)
        code = process.returncode
        limited = stopped or (None if code == 0 else _limit_met(code, tail))
        return Ran(stdout, tail, code, time.monotonic() - started, limited)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a box, take in its exit code and close its pipes.

    Killing bubblewrap is enough: the first process of the box dies with it, and the kernel ends a process namespace
    with its first process.
    """
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _collect(
    process: subprocess.Popen[bytes],
    deadline: float,
    output_limit_bytes: int,
    take: Callable[[bytes], None] | None,
) -> tuple[bytes, bytes, Literal["time", "output"] | None]:
    """Both streams until they end, the time is over or too much was printed; the latter two kill the box."""
    assert process.stdout is not None and process.stderr is not None
    stdout, tail, total = bytearray(), bytearray(), 0
    limited: Literal["time", "output"] | None = None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        waiting.register(process.stderr, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(max(0.0, deadline - time.monotonic()))
            if limited is None and (not ready or time.monotonic() > deadline):
                limited, deadline = "time", time.monotonic() + _AFTER_KILL_S
                process.kill()
            elif not ready:
                break
            for key, _ in ready:
                chunk = os.read(key.fd, _READ_BYTES)
                if not chunk:
                    waiting.unregister(key.fileobj)
                    continue
                if key.fileobj is process.stdout:
                    (take or stdout.extend)(chunk[: max(0, output_limit_bytes - total)])
                else:
                    tail[:] = (tail + chunk)[-_STDERR_TAIL_BYTES:]
                total += len(chunk)
                if total > output_limit_bytes and limited is None:
                    limited, deadline = "output", time.monotonic() + _AFTER_KILL_S
                    process.kill()
    if limited is None:
        # Both streams may be closed by a tool that goes on running.
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            limited = "time"
    return bytes(stdout), bytes(tail), limited


def _limit_met(code: int, tail: bytes) -> Literal["time", "memory"] | None:
    if code == 128 + signal.SIGXCPU:
        return "time"
    return "memory" if _OUT_OF_MEMORY.search(tail) else None


def _prlimit(limits: Limits) -> list[str]:
    # Inside the box, where a user namespace counts processes afresh.
    return [
        "/usr/bin/prlimit",
        f"--as={limits.memory_bytes}",
        # The first limit is a signal that tells us why, the second one cannot be ignored.
        f"--cpu={limits.cpu_s}:{limits.cpu_s + 1}",
        f"--fsize={limits.file_bytes}",
        f"--nproc={limits.processes}",
        "--core=0",
        "--nofile=256",
        "--",
    ]


def _system(tmp_bytes: int) -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in _ROOT_FOLDERS:
        path = f"/{name}"
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    # Debian's ffprobe needs liblapack and libblas, which it finds through /etc/alternatives.
    words += ["--perms", "0755", "--dir", "/etc", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    return [*words, "--perms", "1777", "--size", str(tmp_bytes), "--tmpfs", "/tmp"]


_NAMESPACES = (
    *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
    *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "box", "--chdir", "/"),
)
_USER_NAMESPACE = ("--unshare-user", "--disable-userns", "--uid", str(NOBODY), "--gid", str(NOBODY))
# What setpriv needs to give root up; the tool itself starts with none.
_ROOT_KEEPS = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")
_ENVIRONMENT = (
    "--clearenv",
    *("--setenv", "PATH", "/usr/bin:/bin"),
    *("--setenv", "LC_ALL", "C.UTF-8"),
    *("--setenv", "HOME", "/tmp"),
)
