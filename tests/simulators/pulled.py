"""What the kernel says of mounts and disks after a recorder's cable was pulled; its files are `yanked.Yanked`'s."""

from __future__ import annotations

import errno
import os

from dockd.mounts import disk_sequence
from dockd.root.kernel import KernelMounter, Plan
from tests.simulators.yanked import Yanked


class PulledMounter(KernelMounter):
    """Unmounting succeeds after the pull (measured with Linux 6.1); mounting does not, and blkid finds nothing."""

    def __init__(self, files: Yanked) -> None:
        self._files = files

    def file_system_of(self, node: str) -> str:
        return "" if self._files.gone else super().file_system_of(node)

    def attach(self, plan: Plan, target: str) -> None:
        self._there(plan.node)
        super().attach(plan, target)

    def forget(self, node: str) -> None:
        self._there(node)
        super().forget(node)

    def sequence(self, device: int) -> int | None:
        """The kernel's number of a disk; one that is gone has none."""
        return None if self._files.gone else disk_sequence(device)

    def _there(self, node: str) -> None:
        if self._files.gone:
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), node)
