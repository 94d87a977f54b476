"""The USB ports of a machine, and what is plugged into them.

A port is "3", or "1.3" behind a hub in port 1. What QEMU itself offers as a USB stick always carries the ids
46f4:0001; a stick with other ids, or with an interface too many, is made inside the guest by its own dummy_hcd
(`gadget`): a host controller and a device in one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.machine.link import MachineFault

if TYPE_CHECKING:
    from tests.machine.machine import Machine

# One report of eight bytes: the boot keyboard of USB HID 1.11, appendix B.1.
KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507"
    "190029658100c0"
)


@dataclass(slots=True)
class _Stick:
    how: dict[str, Any]
    device: str
    nodes: list[str] = field(default_factory=list)
    throttle: str = ""
    slot: int | None = None


class Ports:
    """Plugging and yanking. Every stick is known by its serial number."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._count = 0
        self.plugged: dict[str, _Stick] = {}

    def plug(
        self,
        stick: Path,
        *,
        port: str,
        serial: str,
        bytes_per_s: int = 0,
        bad_sectors: tuple[int, ...] = (),
    ) -> None:
        """Push a recorder in. `bad_sectors`: sectors of 512 bytes of the whole disk whose reading fails with EIO."""
        how = {"stick": stick, "port": port, "serial": serial, "bytes_per_s": bytes_per_s, "bad_sectors": bad_sectors}
        made = self._medium(how, stick, bytes_per_s, bad_sectors)
        self._machine.qmp.ask(
            "device_add", driver="usb-storage", id=made.device, bus="xhci.0", port=port, drive=made.nodes[0],
            serial=serial, removable=True,
        )  # fmt: skip
        self.plugged[serial] = made

    def keyboard(self, *, port: str, serial: str) -> None:
        """A plain keyboard in the bay."""
        made = _Stick({}, self._next_id())
        self._machine.qmp.ask("device_add", driver="usb-kbd", id=made.device, bus="xhci.0", port=port, serial=serial)
        self.plugged[serial] = made

    def gadget(
        self, stick: Path, *, slot: int, serial: str, ids: tuple[int, int] = (0x1D6B, 0x0104), keyboard: bool = False
    ) -> None:
        """A recorder made by the guest's dummy_hcd `slot` (0 to 7); with `keyboard` it types as well.

        Its ID_PATH is platform-dummy_hcd.<slot>-usb-0:1:1.0. It is read through a virtio disk beside it, which is no
        USB disk and must therefore never be taken for a recorder.
        """
        made = self._medium({}, stick, 0, ())
        made.slot = slot
        self._machine.qmp.ask(
            "device_add", driver="virtio-blk-pci", id=made.device, drive=made.nodes[0], serial=f"lun-{slot}",
            addr=f"{0x10 + slot:#x}",
        )  # fmt: skip
        described = "".join(f"\\x{byte:02x}" for byte in KEYBOARD)
        types = (
            "mkdir functions/hid.0; cd functions/hid.0; echo 1 > protocol; echo 1 > subclass; echo 8 > report_length; "
            f"printf '{described}' > report_desc; cd $g; ln -s functions/hid.0 configs/c.1/"
        )
        self._machine.say(
            f"""set -e
            modprobe -a usb_f_mass_storage usb_f_hid libcomposite
            [ -d /sys/bus/platform/devices/dummy_udc.0 ] || modprobe dummy_hcd num=8 is_super_speed=0 is_high_speed=1
            for i in $(seq 200); do [ -b /dev/disk/by-id/virtio-lun-{slot} ] && break; sleep .05; done
            g=/sys/kernel/config/usb_gadget/slot{slot}; mkdir $g; cd $g
            echo {ids[0]:#06x} > idVendor; echo {ids[1]:#06x} > idProduct; echo 0x0200 > bcdUSB
            mkdir strings/0x409 configs/c.1 functions/mass_storage.0; echo '{serial}' > strings/0x409/serialnumber
            echo 1 > functions/mass_storage.0/lun.0/removable
            readlink -f /dev/disk/by-id/virtio-lun-{slot} > functions/mass_storage.0/lun.0/file
            ln -s functions/mass_storage.0 configs/c.1/
            {types if keyboard else ":"}
            echo dummy_udc.{slot} > UDC"""
        )
        self.plugged[serial] = made

    def yank(self, serial: str) -> None:
        """Pull a recorder out: the guest learns of it from the port."""
        stick = self.plugged.pop(serial)
        if stick.slot is not None:
            self._machine.say(f"echo > /sys/kernel/config/usb_gadget/slot{stick.slot}/UDC")
            return
        self._machine.qmp.ask("device_del", id=stick.device)
        self._machine.qmp.wait_event("DEVICE_DELETED", device=stick.device)
        self._free(stick)

    def throttle(self, serial: str, bytes_per_s: int) -> None:
        """Slow a recorder down, or let it go with 0.

        Not below 64 KiB/s: a command is up to 1 MiB long, and after 30 s the guest resets the device while the whole
        machine stands still (QEMU 7.2).
        """
        self._machine.qmp.ask(
            "qom-set", path=f"/objects/{self.plugged[serial].throttle}", property="limits", value=_limits(bytes_per_s)
        )

    def statistics(self, serial: str) -> dict[str, int]:
        """What the guest did to a recorder: rd_bytes, wr_operations and so on (QMP, BlockDeviceStats)."""
        top = self.plugged[serial].nodes[0]
        found: list[dict[str, int]] = [
            one["stats"] for one in self._machine.qmp.ask("query-blockstats") if one.get("node-name") == top
        ]
        return found[0]

    def plug_again(self) -> None:
        """After a power cut: every recorder is still in its bay."""
        there, self.plugged = self.plugged, {}
        for stick in there.values():
            self.plug(**stick.how)

    def power_went(self) -> None:
        """Gadgets live in the guest's memory, and keyboards are nobody's recorder."""
        self.plugged = {serial: stick for serial, stick in self.plugged.items() if stick.how}

    @contextmanager
    def lent_disk(self, file: Path) -> Iterator[str]:
        """A file as a read-only disk in the guest; gives its device there."""
        qmp = self._machine.qmp
        # A disk is whole sectors long: the last one is filled up by QEMU.
        qmp.ask(
            "blockdev-add", driver="raw", node_name="lent", read_only=True,
            file={"driver": "file", "filename": str(file.resolve())},
        )  # fmt: skip
        qmp.ask("device_add", driver="virtio-blk-pci", id="lent", drive="lent", serial="lent", addr="0x1f")
        try:
            self._machine.wait_for("[ -b /dev/disk/by-id/virtio-lent ]")
            yield "/dev/disk/by-id/virtio-lent"
        finally:
            qmp.ask("device_del", id="lent")
            qmp.wait_event("DEVICE_DELETED", device="lent")
            qmp.ask("blockdev-del", node_name="lent")

    def _next_id(self) -> str:
        self._count += 1
        return f"usb{self._count}"

    def _medium(self, how: dict[str, Any], stick: Path, bytes_per_s: int, bad: tuple[int, ...]) -> _Stick:
        """file, then the bad sectors, then the form, then the brake."""
        made = _Stick(how, self._next_id())

        def add(name: str, **arguments: Any) -> None:
            node = f"{made.device}-{name}"
            self._machine.qmp.ask("blockdev-add", node_name=node, **arguments)
            made.nodes.insert(0, node)

        add("file", driver="file", filename=str(stick.resolve()))
        if bad:
            fails = [{"event": "read_aio", "sector": one, "errno": 5, "iotype": "read"} for one in bad]
            add("bad", driver="blkdebug", image=made.nodes[0], inject_error=fails)
        add("raw", driver="raw", file=made.nodes[0])
        made.throttle = f"{made.device}-brake"
        self._machine.qmp.ask("object-add", qom_type="throttle-group", id=made.throttle, limits=_limits(bytes_per_s))
        add("slow", driver="throttle", throttle_group=made.throttle, file=made.nodes[0])
        return made

    def _free(self, stick: _Stick) -> None:
        for node in stick.nodes:
            for _ in range(100):
                try:
                    self._machine.qmp.ask("blockdev-del", node_name=node)
                    break
                except MachineFault as fault:
                    if "in use" not in str(fault):
                        raise
                    time.sleep(0.05)
        if stick.throttle:
            self._machine.qmp.ask("object-del", id=stick.throttle)


def _limits(bytes_per_s: int) -> dict[str, int]:
    return {"bps-total": bytes_per_s}
