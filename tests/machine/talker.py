"""A recorder that is no disk yet, made inside the guest: FunctionFS behind dummy_hcd, so that the guest's own USB core,
usb-storage, sg and usbfs carry every word. Runs there, as root: `python3 talker.py ambarella|jieli SLOT SERIAL`.

It answers as the transcripts of tests/dockd/drivers have it, writes what it was told to /var/tmp/told, a line each, and
leaves its port when it is told to become a disk. Formats: Linux include/uapi/linux/usb/functionfs.h; USB Mass Storage
Class, Bulk-Only Transport 1.0.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
import time

TOLD = "/var/tmp/told"
OUT_ENDPOINTS = 4


def endpoint(address: int, size: int) -> bytes:
    return struct.pack("<BBBBHB", 7, 5, address, 2, size, 0)


def descriptors(kind: tuple[int, int, int]) -> bytes:
    """One interface. dummy_hcd gives bulk endpoints in the order 0x02, 0x07, 0x0c, 0x01: the fourth is the one that
    recorders are known by.
    """
    addresses = [*range(1, OUT_ENDPOINTS + 1), 0x81]
    interface = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, len(addresses), *kind, 0)
    parts = [interface + b"".join(endpoint(one, size) for one in addresses) for size in (64, 512)]
    count = 1 + len(addresses)
    body = struct.pack("<II", count, count) + b"".join(parts)
    return struct.pack("<III", 3, 12 + len(body), 1 | 2) + body


class Device:
    """The gadget, and the pipes to whoever speaks to it."""

    def __init__(self, slot: int, ids: tuple[int, int], serial: str, kind: tuple[int, int, int], used_out: int) -> None:
        self.gadget = f"/sys/kernel/config/usb_gadget/talker{slot}"
        mount = f"/run/talker{slot}"
        script = f"""set -e
            modprobe -a usb_f_fs usb_f_mass_storage usb_f_hid libcomposite
            [ -d /sys/bus/platform/devices/dummy_udc.0 ] || modprobe dummy_hcd num=8 is_super_speed=0 is_high_speed=1
            mkdir {self.gadget}; cd {self.gadget}; mkdir -p {mount}
            echo {ids[0]:#06x} > idVendor; echo {ids[1]:#06x} > idProduct; echo 0x0200 > bcdUSB
            mkdir strings/0x409 configs/c.1 functions/ffs.talk{slot}; echo '{serial}' > strings/0x409/serialnumber
            ln -s functions/ffs.talk{slot} configs/c.1/
            mount -t functionfs talk{slot} {mount}"""
        subprocess.run(["sh", "-c", script], check=True)
        self.ep0 = os.open(f"{mount}/ep0", os.O_RDWR)
        os.write(self.ep0, descriptors(kind))
        os.write(self.ep0, struct.pack("<IIII", 2, 16, 0, 0))
        self.taken = os.open(f"{mount}/ep{used_out}", os.O_RDWR)
        self.given = os.open(f"{mount}/ep{OUT_ENDPOINTS + 1}", os.O_RDWR)
        threading.Thread(target=self._control, daemon=True).start()
        self._bind(f"dummy_udc.{slot}")

    def _bind(self, name: str) -> None:
        with open(f"{self.gadget}/UDC", "w") as file:
            file.write(f"{name}\n")

    def _control(self) -> None:
        """Get Max LUN is the one request of a mass storage device that has to be answered: it has one."""
        while True:
            event = os.read(self.ep0, 12)
            if len(event) == 12 and event[8] == 4:
                if event[0] & 0x80:
                    os.write(self.ep0, b"\0")
                else:
                    os.read(self.ep0, 0)

    def take(self, size: int) -> bytes:
        return os.read(self.taken, size)

    def give(self, data: bytes) -> None:
        os.write(self.given, data)

    def leave(self) -> None:
        time.sleep(0.2)
        self._bind("")


def told(line: str) -> None:
    with open(TOLD, "a") as file:
        file.write(f"{line}\n")


def ambarella(slot: int, serial: str) -> None:
    device = Device(slot, (0x4255, 0x0001), serial, (0xFF, 0, 0), OUT_ENDPOINTS)
    answers = {"Ver": "@Ver;OK;#", "Gdv": "@Gdv;8;00018123;#", "Sdt": "@Sdt;OK;#", "Stm": "@Stm;OK;#"}
    while True:
        said = device.take(512).decode()
        told(said)
        if said.startswith("@ATH"):
            return device.leave()
        device.give(answers[said[1:4]].encode())


INQUIRY = bytes.fromhex("0080020220000000") + b"DV16    DEVICE V1.00    1.00"
NO_MEDIUM = bytes.fromhex("700002000000000a000000003a0000000000")
WHO = b"".join(
    field.ljust(width, b"\0")
    for field, width in ((b"4500123", 7), (b"012345", 6), ("张伟".encode("gbk"), 32), (b"130200000000", 12), (b"", 32))
)
READS = {2: b"JLDV16", 3: WHO, 8: struct.pack("<i", 88), 12: b"\1\0\0\0", 14: bytes(4)}


def jieli(slot: int, serial: str) -> None:
    """USB ids of Linux's own gadgets: those of the maker are not known. Its card is not to be seen yet."""
    device = Device(slot, (0x1D6B, 0x0104), serial, (8, 6, 0x50), 1)
    while True:
        wrapper = device.take(31)
        tag, length, flags, _lun, size = struct.unpack("<4xIIBBB", wrapper[:15])
        command = wrapper[15 : 15 + size]
        data, failed = b"", 0
        if length and not flags & 0x80:
            data = device.take(length)
        answer = b""
        if command[0] == 0x12:
            answer = INQUIRY
        elif command[0] == 0x03:
            answer = NO_MEDIUM
        elif command[0] == 0xFD:
            answer = READS[command[5]]
        elif command[0] != 0xFB:
            failed = 1
        if command[0] in (0xFB, 0xFD):
            told(f"{command.hex()} {data.hex()}".strip())
        answer = answer[:length]
        if length and flags & 0x80:
            device.give(answer)
        device.give(struct.pack("<4sIIB", b"USBS", tag, length - len(answer) - len(data), failed))
        if command[0] == 0xFB and command[5] == 6:
            return device.leave()


if __name__ == "__main__":
    {"ambarella": ambarella, "jieli": jieli}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
