"""Is the station's own clock right? A court will ask (architecture: time). Nothing here asks a network."""

from __future__ import annotations

import ctypes

# adjtimex(2), <linux/timex.h>.
TIME_ERROR = 5
STA_UNSYNC = 0x0040
# The kernel lets maxerror grow until somebody disciplines the clock; from here on it calls it unsynchronised itself.
MAXERROR_LIMIT_US = 16_000_000


class _Timex(ctypes.Structure):
    """The head of struct timex; the rest is room the kernel writes into."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 512),
    )


def clock_synced() -> bool | None:
    """Whether the kernel's clock is disciplined by a time source, whatever daemon does it: yes, no, or None when the
    kernel does not say (a container that forbids the call).
    """
    asked = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
    if state < 0:
        return None
    return state != TIME_ERROR and not asked.status & STA_UNSYNC and asked.maxerror < MAXERROR_LIMIT_US
