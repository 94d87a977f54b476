"""One boxed exiftool that stays open for many files: starting Perl costs more than reading a clip.

pyexiftool starts it and speaks its protocol. Its `execute` is replaced, because the one of pyexiftool 0.5.6 waits
without a limit and, when exiftool dies, reads the end of the pipe for ever; with files from strangers both happen.
"""

from __future__ import annotations

import os
import secrets
import selectors
import shlex
import time
from collections.abc import Sequence

import exiftool
from exiftool.exceptions import ExifToolException

from .jail import Jail, end

_READ_BYTES = 65536
_STDERR_TAIL_BYTES = 4096


class ParserFault(Exception):
    """exiftool could not be started, died, hung or printed too much: it was ended, and the next file gets a new one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StayOpenExiftool(exiftool.ExifTool):  # type: ignore[misc]  # pyexiftool has no types
    """`tool` (a path inside the box) kept open in `jail`, each question with `arguments` and these two limits.

    The box dies with the thread that calls `run`.
    """

    def __init__(
        self, jail: Jail, tool: str, arguments: Sequence[str], *, timeout_s: float, output_limit_bytes: int
    ) -> None:
        self._timeout_s = timeout_s
        self._output_limit_bytes = output_limit_bytes
        self._launcher = _launcher(jail.command([tool]))
        launcher = f"/proc/{os.getpid()}/fd/{self._launcher}"
        # An empty config file name keeps exiftool from running any ~/.ExifTool_config, which is Perl.
        super().__init__(executable=launcher, common_args=list(arguments), config_file="", encoding="utf-8")

    def run(self) -> None:
        """Start exiftool and ask for its version. Raises ParserFault."""
        try:
            super().run()
        except (OSError, RuntimeError, ExifToolException) as error:
            raise ParserFault(f"did not start: {error}") from error

    def execute(self, *params: str | bytes, raw_bytes: bool = False) -> str | bytes:
        """exiftool's answer to one question. Raises ParserFault; exiftool is then gone."""
        mark = secrets.token_hex(8).encode()
        # exiftool takes only digits behind -execute.
        number = secrets.randbelow(10**9)
        words = [os.fsencode(word) for word in params] + [b"-echo4", mark, b"-execute%d" % number, b""]
        process = self._process
        try:
            process.stdin.write(b"\n".join(words))
            process.stdin.flush()
            answer, errors = self._answer(b"{ready%d}\n" % number, mark + b"\n")
        except BrokenPipeError:
            self.terminate()
            raise ParserFault("died") from None
        except ParserFault:
            self.terminate()
            raise
        # What pyexiftool hands out as `last_stderr`.
        self._last_stderr = errors.decode(errors="replace")
        return answer if raw_bytes else answer.decode(errors="replace")

    def terminate(self, timeout: int = 30, _del: bool = False) -> None:
        """End exiftool and its box at once; there is nothing in it to be saved."""
        process = self._process
        if process is not None:
            self._flag_running_false()
            end(process)

    def close(self) -> None:
        """End exiftool for good."""
        self.terminate()
        if self._launcher >= 0:
            os.close(self._launcher)
            self._launcher = -1

    def _answer(self, ready: bytes, mark: bytes) -> tuple[bytes, bytes]:
        """Both streams up to their end marks, read side by side so that neither can block the other."""
        deadline = time.monotonic() + self._timeout_s
        ends = {self._process.stdout.fileno(): ready, self._process.stderr.fileno(): mark}
        texts = {fd: bytearray() for fd in ends}
        with selectors.DefaultSelector() as waiting:
            for fd in ends:
                waiting.register(fd, selectors.EVENT_READ)
            while waiting.get_map():
                found = waiting.select(max(0.0, deadline - time.monotonic()))
                if not found or time.monotonic() > deadline:
                    raise ParserFault(f"no answer in {self._timeout_s:g} s")
                for key, _ in found:
                    chunk = os.read(key.fd, _READ_BYTES)
                    texts[key.fd] += chunk
                    if not chunk:
                        raise ParserFault(_last_words(texts[self._process.stderr.fileno()]))
                    if sum(map(len, texts.values())) > self._output_limit_bytes:
                        raise ParserFault(f"printed more than {self._output_limit_bytes} bytes")
                    if texts[key.fd].endswith(ends[key.fd]):
                        waiting.unregister(key.fd)
        answer, errors = (bytes(texts[fd].removesuffix(end_mark)) for fd, end_mark in ends.items())
        return answer, errors[-_STDERR_TAIL_BYTES:]


def _last_words(errors: bytearray) -> str:
    lines = errors[-_STDERR_TAIL_BYTES:].decode(errors="replace").strip().splitlines()
    return f"died: {lines[-1]}" if lines else "died"


def _launcher(command: Sequence[bytes]) -> int:
    """A script in memory that starts `command`: pyexiftool starts one executable, and ours is a command line.

    In memory because a hardened station mounts /tmp with noexec. Returns its descriptor.
    """
    script = b"#!/bin/sh\nexec " + b" ".join(_quoted(word) for word in command) + b' "$@"\n'
    fd = os.memfd_create("dockd-exiftool")
    os.write(fd, script)
    os.fchmod(fd, 0o700)
    return fd


def _quoted(word: bytes) -> bytes:
    # The bytes of a path may be no text; surrogateescape brings them through unchanged.
    return os.fsencode(shlex.quote(os.fsdecode(word)))
