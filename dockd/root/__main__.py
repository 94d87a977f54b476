"""`dockd-root mount|unmount|clear|talk NAME`: started as root, by units of systemd, for loop devices by the daemon."""

from __future__ import annotations

import argparse
import pwd
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from hashing.filecalls import OsFileCalls
from hashing.writing import replace_durably

from .device import checked_name, find_device
from .folders import our_folder
from .kernel import KernelMounter, Owner
from .mounting import ROOT, mount, unmount
from .reason import FOLDER, KERNEL, Reason, reason_path
from .refusals import Refused
from .talk import checked_usb_name
from .wiping import Means, clear

DONE, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one thing; 0 when it was done, 1 when not, 2 for wrong use. The reason is the last line on standard error, and
    for the daemon it lies in `<run_dir>/reason`.

    A clearing is done when its outcome is written, whatever that says.
    """
    asked = _parser().parse_args(arguments)
    # What is mounted for a clearing is unmounted on the way out.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        # The name becomes part of a path only once it is known to be a plain one.
        _check_name(asked)
        with suppress(FileNotFoundError):
            OsFileCalls().unlink(reason_path(asked.run_dir, asked.act, asked.name))
        _do(asked)
    except (Refused, OSError) as error:
        sys.stderr.write(f"dockd-root: {asked.act} {asked.name!a}: {error}\n")
        with suppress(Refused, OSError):
            _leave_word(asked, error)
        return FAILED
    return DONE


def _check_name(asked: argparse.Namespace) -> None:
    """Raises Refused."""
    if asked.act == "talk":
        checked_usb_name(asked.name)
    else:
        checked_name(asked.name)


def _leave_word(asked: argparse.Namespace, error: Refused | OSError) -> None:
    """Raises Refused, OSError: then standard error, and with it the journal, has the reason alone."""
    _check_name(asked)
    files = OsFileCalls()
    our_folder(files, asked.run_dir, FOLDER)
    code, detail, number = KERNEL, str(error), None
    if isinstance(error, Refused):
        code, detail = error.reason, error.detail
    elif error.errno is not None:
        detail, number = error.strerror or "", error.errno
    reason = Reason(asked.act, asked.name, code, detail, number, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    replace_durably(files, reason_path(asked.run_dir, asked.act, asked.name), reason.to_json(), 0o644)


def _do(asked: argparse.Namespace) -> None:
    files, mounter = OsFileCalls(), KernelMounter()
    if asked.act == "unmount":
        # After a yank there is no such device any more.
        unmount(asked.name, asked.run_dir, files, mounter)
        return
    owner = _owner(asked.user)
    if asked.act == "talk":
        _talk(asked, owner, files, mounter)
        return
    device = find_device(asked.name, allow_loop=asked.allow_loop)
    if asked.act == "mount":
        if asked.again:
            unmount(device.name, asked.run_dir, files, mounter)
        mount(device, asked.run_dir, owner, files, mounter)
        return
    means = Means(asked.run_dir, owner, asked.public_key, files, mounter, lambda: datetime.now().astimezone())
    outcome = clear(device, means)
    sys.stderr.write(
        f"dockd-root: act=clear device={device.name} session={outcome.session} removed={len(outcome.removed)} "
        f"kept={len(outcome.kept)} clock={outcome.clock.set_at if outcome.clock else None} fault={outcome.fault}\n"
    )


def _talk(asked: argparse.Namespace, owner: Owner, files: OsFileCalls, mounter: KernelMounter) -> None:
    # What speaks protocols is loaded for this act alone: mounting must be quick.
    from .talking import TalkMeans, find_nodes, talk

    means = TalkMeans(asked.run_dir, owner, files, lambda: datetime.now().astimezone(), mounter.mountinfo)
    said = talk(asked.name, find_nodes(asked.name), means)
    sys.stderr.write(
        f"dockd-root: act=talk device={said.device} driver={said.driver} serial={said.serial!a} clock={said.told} "
        f"disk={said.disk} fault={said.fault}\n"
    )


def _owner(user: str) -> Owner:
    if not user:
        return ROOT
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise Refused("no-user", user) from None
    return Owner(found.pw_uid, found.pw_gid)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dockd-root", description=__doc__, allow_abbrev=False)
    parser.add_argument("--run-dir", default="/run/dockd", help="folder of mounts, wipe lists and outcomes")
    parser.add_argument("--public-key", default="/etc/dockd/station.pub", help="the station's key, a file of root's")
    parser.add_argument("--user", default="", help="who reads what is mounted and writes wipe lists; empty: root")
    parser.add_argument("--allow-loop", action="store_true", help="loop devices too: for machines without USB")
    parser.add_argument("--again", action="store_true", help="let go first of what a killed run left mounted there")
    parser.add_argument("act", choices=("mount", "unmount", "clear", "talk"))
    parser.add_argument("name", help="the kernel's name of a block device, sdb1; to talk: of a USB device, 1-1.3")
    return parser


if __name__ == "__main__":
    sys.exit(main())
