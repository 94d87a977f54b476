"""Speaks to a recorder that is no disk yet, by the protocol that its family names: who it is, its battery, its clock;
then it is told to become a disk.

No word of the order is trusted: the device must be on USB, have just the device node that sysfs names, and carry no
mount; and the driver itself looks whether what answers is a recorder of its kind (dockd.drivers) before it says
anything else.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hashing.filecalls import FileCalls
from hashing.writing import replace_durably

from ..drivers import Ability, Control, DriverFault, NotStated, Refusal
from ..drivers import ambarella as ambarella_driver
from ..drivers import jieli as jieli_driver
from ..drivers.sgio import SgIo
from ..drivers.usbfs import UsbFs
from ..mounts import places_of
from .folders import our_folder, read_bounded
from .kernel import Owner
from .refusals import Refused
from .talk import FOLDER, LIMIT_BYTES, TalkOrder, TalkOutcome, checked_usb_name, read_order
from .wiping import OUTCOME


@dataclass(frozen=True, slots=True)
class Nodes:
    """A USB device as sysfs has it: its folder there, and where device nodes lie."""

    place: str
    dev_dir: str

    def usb(self) -> str:
        """The node of the whole device. Raises Refused."""
        bus, number = _number(f"{self.place}/busnum"), _number(f"{self.place}/devnum")
        return self._checked(f"{self.dev_dir}/bus/usb/{bus:03d}/{number:03d}", f"{self.place}/dev")

    def scsi(self) -> str:
        """The node by which its one SCSI device takes commands. Raises Refused when it has none, or several."""
        found = glob.glob(f"{glob.escape(self.place)}/*/host*/target*/*/scsi_generic/*")
        if len(found) != 1:
            raise Refused("no-scsi-device", f"{len(found)}")
        return self._checked(f"{self.dev_dir}/{os.path.basename(found[0])}", f"{found[0]}/dev")

    def block_numbers(self) -> set[int]:
        """The numbers of its disks and their partitions."""
        below = f"{glob.escape(self.place)}/*/host*/target*/*/block/*"
        return {_device_number(path) for path in (*glob.glob(f"{below}/dev"), *glob.glob(f"{below}/*/dev"))}

    def _checked(self, node: str, number_file: str) -> str:
        try:
            status = os.lstat(node)
        except OSError:
            raise Refused("no-device", node) from None
        if not stat.S_ISCHR(status.st_mode) or status.st_rdev != _device_number(number_file):
            raise Refused("another-node", node)
        return node


@contextmanager
def connected(driver: str, nodes: Nodes) -> Iterator[Control]:
    """The recorder behind its device node, as the driver of this name speaks to it. Raises Refused, OSError."""
    if driver == ambarella_driver.NAME:
        with UsbFs(
            nodes.usb(),
            out_endpoint=ambarella_driver.OUT_ENDPOINT,
            in_endpoint=ambarella_driver.IN_ENDPOINT,
            timeout_s=ambarella_driver.TIMEOUT_S,
        ) as bulk:
            yield ambarella_driver.Ambarella(bulk)
    else:
        with SgIo(nodes.scsi()) as scsi:
            yield jieli_driver.JieLi(scsi)


Connect = Callable[[str, Nodes], AbstractContextManager[Control]]


@dataclass(frozen=True, slots=True)
class TalkMeans:
    """What talking works with. `clock` gives the present time; `owner` is the daemon, which writes orders; `mountinfo`
    what is mounted where; `connect` opens a device for a driver."""

    run_dir: str
    owner: Owner
    files: FileCalls
    clock: Callable[[], datetime]
    mountinfo: Callable[[], bytes]
    connect: Connect = connected


def find_nodes(name: str, sys_dir: str = "/sys", dev_dir: str = "/dev") -> Nodes:
    """The USB device of this name. Raises Refused when it is not there."""
    place = os.path.realpath(f"{sys_dir}/bus/usb/devices/{checked_usb_name(name)}")
    if not os.path.isfile(f"{place}/devnum"):
        raise Refused("no-device", name)
    return Nodes(place, dev_dir)


def talk(name: str, nodes: Nodes, means: TalkMeans) -> TalkOutcome:
    """Do what `<run_dir>/talk/<name>.json` asks for, and leave `<run_dir>/outcome/<name>.json`.

    Raises Refused and OSError while nothing was said to the recorder that changes it; later faults stand in the
    outcome.
    """
    path = f"{our_folder(means.files, means.run_dir, OUTCOME)}/{name}.json"
    with suppress(FileNotFoundError):
        # An outcome of an earlier recorder in this port must not be taken for this one's.
        means.files.unlink(path)
    order = _order(name, means)
    mounted = {number for _where, number in places_of(means.mountinfo())}
    if mounted & nodes.block_numbers():
        raise Refused("mounted-elsewhere", name)
    with means.connect(order.driver, nodes) as recorder:
        outcome = _said(order, recorder)
        outcome = _done(order, recorder, outcome, means.clock)
    replace_durably(means.files, path, outcome.to_json(), 0o644)
    return outcome


def _order(name: str, means: TalkMeans) -> TalkOrder:
    data = read_bounded(
        means.files, f"{means.run_dir}/{FOLDER}/{name}.json", LIMIT_BYTES, (os.geteuid(), means.owner.uid)
    )
    try:
        order = read_order(data)
    except ValueError as error:
        raise Refused("no-order", str(error)) from error
    if order.device != name:
        raise Refused("no-order", f"the order is for {order.device[:32]!a}")
    return order


def _said(order: TalkOrder, recorder: Control) -> TalkOutcome:
    """Who it is and what its battery says. Raises Refused, OSError."""
    try:
        found = recorder.identify()
        if found is None:
            raise Refused("not-that-recorder", order.driver)
        battery = recorder.battery() if Ability.BATTERY in recorder.abilities else None
    except DriverFault as fault:
        raise Refused("strange-answer", _words(fault)) from fault
    return TalkOutcome(order.device, order.driver, found.serial, found.officer, found.details, battery)


def _done(order: TalkOrder, recorder: Control, outcome: TalkOutcome, clock: Callable[[], datetime]) -> TalkOutcome:
    """Its clock set and the recorder sent on to be a disk; the second also when the first came to nothing."""
    faults = []
    if order.zone is not None:
        now = clock().replace(microsecond=0)
        told = now.astimezone(ZoneInfo(order.zone)).replace(tzinfo=None)
        try:
            recorder.set_clock(told)
        except (DriverFault, OSError) as fault:
            faults.append(f"clock: {_words(fault)}")
        else:
            set_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            outcome = replace(outcome, set_at=set_at, told=told.isoformat(timespec="seconds"))
    try:
        recorder.enter_disk_mode()
        outcome = replace(outcome, disk=True)
    except (DriverFault, OSError) as fault:
        faults.append(f"disk: {_words(fault)}")
    return replace(outcome, fault="; ".join(faults) or None)


def _words(fault: DriverFault | OSError) -> str:
    match fault:
        case Refusal(asked=asked, said=said):
            return f"{asked}: {said!a}"
        case NotStated(ability=ability):
            return f"{ability}: not stated"
        case _:
            return str(fault)


def _device_number(path: str) -> int:
    """A node's number as sysfs has it, `189:5`. Raises Refused."""
    try:
        with open(path, encoding="ascii") as file:
            major, minor = file.read(32).split(":")
        return os.makedev(int(major), int(minor))
    except (OSError, ValueError):
        raise Refused("no-device", path) from None


def _number(path: str) -> int:
    """Raises Refused."""
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read(16))
    except (OSError, ValueError):
        raise Refused("no-device", path) from None
