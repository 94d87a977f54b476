"""Recorders for measuring: ext4 images on loop devices, mounted read-only, as slow as wanted.

Only devices made here are touched. They detach by themselves when they are unmounted, and all mounts lie in a mount
namespace of the measuring process's own, so that they are gone with it however it ends.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType

from .loads import MIB
from .throttle import Throttle

SECTOR_BYTES = 512


def make_image(folder: Path, image: Path, label: str) -> None:
    """An ext4 image that holds what lies below `folder`."""
    used = sum(entry.stat().st_blocks * SECTOR_BYTES for entry in folder.rglob("*"))
    image_bytes = (int(used * 1.06) + 64 * MIB) // MIB * MIB
    with open(image, "xb") as file:
        file.truncate(image_bytes)
    options = "lazy_itable_init=0,root_owner=0:0"
    subprocess.run(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-L", label, "-E", options, "-d", str(folder), str(image)],
        check=True,
        stdin=subprocess.DEVNULL,
    )


class Recorder(AbstractContextManager["Recorder"]):
    """An image, seated: mounted at `path`, its reads held at `bytes_per_s` where that is given."""

    def __init__(self, image: Path, path: Path, throttle: Throttle | None, bytes_per_s: int | None) -> None:
        self.path = str(path)
        self._image = image
        self._throttle = throttle
        self._bytes_per_s = bytes_per_s
        self._undo = ExitStack()

    def __enter__(self) -> Recorder:
        with ExitStack() as undo:
            os.makedirs(self.path)
            undo.callback(os.rmdir, self.path)
            loop = _said("losetup", "--read-only", "--direct-io=on", "--find", "--show", str(self._image))
            try:
                subprocess.run(["mount", "-t", "ext4", "-o", "ro,noload", loop, self.path], check=True)
                undo.callback(subprocess.run, ["umount", self.path], check=True)
            finally:
                # While mounted this only marks the device: it detaches itself with the last user.
                subprocess.run(["losetup", "--detach", loop], check=True)
            if self._throttle is not None and self._bytes_per_s is not None:
                number = os.stat(loop).st_rdev
                self._throttle.hold(number, self._bytes_per_s)
                undo.callback(self._throttle.let_go, number)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._undo.close()


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().strip()
