"""Is the station's own clock right? A court will ask (architecture: time). Nothing here asks a network."""

from __future__ import annotations

import os
import subprocess

# systemd-timesyncd touches this file when it has synchronised (systemd-timesyncd.service(8)).
TIMESYNC_MARK = "/run/systemd/timesync/synchronized"


def clock_synced() -> bool | None:
    """Whether the kernel's clock is disciplined by a time source: yes, no, or None when nobody here can tell.

    The kernel says so itself (adjtimex(2), STA_UNSYNC), whatever daemon does the work; timedatectl shows just this.
    """
    if os.path.exists(TIMESYNC_MARK):
        return True
    try:
        said = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=2,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return {"yes": True, "no": False}.get(said)
