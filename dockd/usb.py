"""What udev says of a device, read: which bay it sits in, what it is, and why it may be no recorder. Pure.

Measured with systemd 252: ID_PATH is the same on the USB 2 and the USB 3 half of a port, sysfs names are not; a bare
exFAT disk claims to have a partition table; cloned cards share their file system's UUID, and a recorder that comes back
may be sdb where it was sda. So a bay is known by its port, and a recorder by vendor, product and serial.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MASS_STORAGE = "08"
VENDOR_SPECIFIC = "ff"
FILE_SYSTEMS = frozenset({"vfat", "exfat", "ext4"})

# pci-0000:00:04.0-usb-0:1.3:1.0-scsi-0:0:0:0 – newer systemd writes usbv2-, usbv3-: the half is not the port.
_USB_PORT = re.compile(r"(?P<controller>.+?)-usb(?:v\d)?-\d+:(?P<port>[\d.]+):\d+\.\d+")
_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}(?=:)", re.ASCII)
# udev's way with what is no plain sign (systemd: encode_devnode_name).
_ENCODED = re.compile(r"\\x([0-9a-f]{2})", re.ASCII)
_USB_ONLY = re.compile(r"(?P<controller>.+?)-usb(?:v\d)?-\d+:(?P<port>[\d.]+)$")

# USB class codes (usb.org, Defined Class Codes) that a person would ask about.
CLASSES = {
    "01": "audio",
    "02": "communications",
    "03": "keyboard or mouse",
    "06": "still camera",
    "07": "printer",
    "08": "mass storage",
    "09": "hub",
    "0a": "data",
    "0e": "video",
    "e0": "wireless",
    "ff": "vendor specific",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A volume, or a USB device without one, that udev told of.

    `name` is the kernel's name (`sdb1`; `usb:1-1.3` for a device without a volume). `interfaces` are class, subclass
    and protocol in hex of every interface of the USB device, or None where there is no USB (loop devices). `plugged_at`
    is when it was plugged in, by the station's clock; None where nobody saw that. `inquiry` is what a SCSI device calls
    itself, of a USB device that has nothing to be mounted; `driver` speaks to one that is no disk yet (dockd.drivers).
    """

    name: str
    disk: str
    port: str | None
    key: str
    interfaces: tuple[str, ...] | None
    filesystem: str | None
    label: str | None
    diskseq: int | None
    size_bytes: int
    plugged_at: datetime | None = field(default=None, compare=False)
    inquiry: str | None = field(default=None, compare=False)
    driver: str | None = None

    @property
    def usb(self) -> str | None:
        """Vendor and product as families name them, `46f4:0001`; None where udev tells of none."""
        found = _USB_ID.match(self.key)
        return found[0] if found else None

    @property
    def origin(self) -> Origin:
        """What a docking asks of it."""
        return Origin(self.usb, self.plugged_at)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mounted volume comes from: its USB id `vvvv:pppp`, when it was plugged in, what it said before it was a
    disk; None: nobody tells.
    """

    usb: str | None = None
    plugged_at: datetime | None = None
    talked: Talked | None = None


@dataclass(frozen=True, slots=True)
class Talked:
    """What was said between us and a recorder before it became a disk. `serial` is its own word, `battery` a number
    whose unit only its family can know; `set_at` is when its clock was set (None: it was not) and `told` the local time
    that it was told.
    """

    driver: str
    serial: str | None = None
    battery: int | None = None
    set_at: datetime | None = None
    told: str | None = None

    def is_of(self, recorder: str) -> bool:
        """Whether the recorder that is docked now is the one that was spoken to, as far as it said who it is."""
        return self.serial is None or _bare(self.serial) == _bare(recorder)


@dataclass(frozen=True, slots=True)
class Gone:
    """A device that is no longer there."""

    name: str


def _bare(serial: str) -> str:
    """Makers pad with noughts."""
    return serial.casefold().lstrip("0")


def port_of(id_path: str) -> str | None:
    """The port in ID_PATH: `pci-0000:00:04.0/1.3`; None where there is none."""
    found = _USB_PORT.match(id_path) or _USB_ONLY.match(id_path)
    return f"{found['controller']}/{found['port']}" if found else None


def key_of(properties: Mapping[str, str]) -> str:
    """Vendor, product and serial: `46f4:0001:BWC0001`. Serials of cheap recorders repeat; it is a key, no proof."""
    vendor = properties.get("ID_VENDOR_ID") or properties.get("ID_USB_VENDOR_ID") or "-"
    product = properties.get("ID_MODEL_ID") or properties.get("ID_USB_MODEL_ID") or "-"
    serial = properties.get("ID_SERIAL_SHORT") or properties.get("ID_USB_SERIAL_SHORT") or "-"
    return f"{vendor}:{product}:{serial}"


def interfaces_of(properties: Mapping[str, str]) -> tuple[str, ...] | None:
    """Every interface of the USB device, `080650` each; None when udev says nothing of them."""
    listed = properties.get("ID_USB_INTERFACES")
    return tuple(part for part in listed.split(":") if part) if listed else None


def inquiry_of(properties: Mapping[str, str]) -> str | None:
    """What a SCSI device calls itself (vendor and product of its INQUIRY), as udev keeps it; None where it does not."""
    said = " ".join(properties.get(name, "") for name in ("ID_VENDOR_ENC", "ID_MODEL_ENC"))
    text = _ENCODED.sub(lambda found: chr(int(found[1], 16)), said)
    return " ".join(text.split()) or None


def volume_seen(properties: Mapping[str, str], size_bytes: int, diskseq: int | None) -> Seen:
    """What a block device's udev properties say."""
    name = properties["DEVNAME"].rsplit("/", 1)[-1]
    disk = name
    if properties.get("DEVTYPE") == "partition":
        disk = properties.get("DEVPATH", "").rstrip("/").split("/")[-2]
    loop = name.startswith("loop")
    label, uuid = properties.get("ID_FS_LABEL"), properties.get("ID_FS_UUID", "-")
    return Seen(
        name=name,
        disk=disk,
        port=f"loop/{disk}" if loop else port_of(properties.get("ID_PATH", "")),
        key=f"loop:{label or '-'}:{uuid}" if loop else key_of(properties),
        interfaces=None if loop else interfaces_of(properties) or (),
        filesystem=properties.get("ID_FS_TYPE"),
        label=label,
        diskseq=diskseq,
        size_bytes=size_bytes,
    )


def stranger_seen(properties: Mapping[str, str], sysname: str) -> Seen:
    """A USB device as such: what sits in a bay and has no volume, or should have none."""
    return Seen(
        name=f"usb:{sysname}",
        disk="",
        port=port_of(properties.get("ID_PATH", "")),
        key=key_of(properties),
        interfaces=interfaces_of(properties) or (),
        filesystem=None,
        label=None,
        diskseq=None,
        size_bytes=0,
    )


def why_no_recorder(seen: Seen) -> str | None:
    """Why a device must not be mounted: None when it is mass storage and nothing else, on a file system we know.

    BadUSB: a recorder that is a keyboard as well is refused, whatever its volume looks like. No interfaces told is
    refused too: silence is not permission. None also of a recorder that a driver speaks to before it is a disk.
    """
    if seen.interfaces is not None:
        kinds = {part[:2] for part in seen.interfaces}
        if seen.driver is not None and not seen.disk and kinds in ({VENDOR_SPECIFIC}, {MASS_STORAGE}):
            return None
        strange = sorted(kinds - {MASS_STORAGE})
        if strange or not seen.interfaces:
            names = ", ".join(CLASSES.get(code, f"class {code}") for code in strange) or "nothing it tells"
            return f"interfaces: {names}"
    if seen.filesystem not in FILE_SYSTEMS:
        return f"file system: {seen.filesystem or 'none'}"
    return None
