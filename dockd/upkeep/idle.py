"""Work that steps aside: whoever docks, looks or searches goes first.

ioprio_set(2): a process of the idle class gets the disk only when nobody else has asked for it for a while. The kernel
keeps to it with the schedulers bfq and mq-deadline (block/ioprio.c; /sys/block/*/queue/scheduler); with `none`, as many
NVMe disks have it, only `nice` is left. Threads that are begun afterwards inherit both.
"""

from __future__ import annotations

import ctypes
import os
import platform

# asm/unistd.h of each architecture; glibc has no wrapper.
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "armv7l": 314, "ppc64le": 273, "s390x": 282, "i686": 289}
_WHO_PROCESS = 1
_CLASS_IDLE = 3 << 13
NICEST = 19


def step_aside() -> bool:
    """Put this thread, and those it begins, behind all others at disk and processor; whether the disk's part worked."""
    os.setpriority(os.PRIO_PROCESS, 0, NICEST)
    number = _IOPRIO_SET.get(platform.machine())
    if number is None:
        return False
    done: int = ctypes.CDLL(None, use_errno=True).syscall(number, _WHO_PROCESS, 0, _CLASS_IDLE)
    return done == 0
