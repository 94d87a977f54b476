"""What udev says, read: measured properties of systemd 252 and real devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dockd.usb import Seen, interfaces_of, key_of, port_of, stranger_seen, volume_seen, why_no_recorder

STICK = {
    "DEVNAME": "/dev/sdb1",
    "DEVTYPE": "partition",
    "DEVPATH": "/devices/pci0000:00/0000:00:04.0/usb2/2-3/2-3:1.0/host3/target3:0:0/3:0:0:0/block/sdb/sdb1",
    "ID_BUS": "usb",
    "ID_PATH": "pci-0000:00:04.0-usb-0:3:1.0-scsi-0:0:0:0",
    "ID_VENDOR_ID": "46f4",
    "ID_MODEL_ID": "0001",
    "ID_SERIAL_SHORT": "BWC0001",
    "ID_USB_INTERFACES": ":080650:",
    "ID_FS_TYPE": "vfat",
    "ID_FS_LABEL": "BODYCAM",
    "ID_FS_UUID": "B0D1-0001",
}


@pytest.mark.parametrize(
    ("id_path", "port"),
    [
        ("pci-0000:00:04.0-usb-0:1.3:1.0-scsi-0:0:0:0", "pci-0000:00:04.0/1.3"),
        ("pci-0000:00:04.0-usb-0:1.8.5:1.0-scsi-0:0:0:0", "pci-0000:00:04.0/1.8.5"),
        ("pci-0000:00:04.0-usbv2-0:1.3:1.0-scsi-0:0:0:0", "pci-0000:00:04.0/1.3"),
        ("pci-0000:00:04.0-usbv3-0:1.3:1.0-scsi-0:0:0:0", "pci-0000:00:04.0/1.3"),
        ("pci-0000:00:04.0-usb-0:1.3", "pci-0000:00:04.0/1.3"),
        ("platform-fd50.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-scsi-0:0:0:0", "platform-fd50.pcie-pci-0000:01:00.0/1.2"),
        ("pci-0000:00:1f.2-ata-1", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_port_is_the_same_on_both_halves_of_a_socket_and_in_every_udev(id_path: str, port: str | None) -> None:
    assert port_of(id_path) == port


def test_a_stick_is_seen_whole() -> None:
    seen = volume_seen(STICK, 4096, 7)
    assert seen == Seen(
        "sdb1", "sdb", "pci-0000:00:04.0/3", "46f4:0001:BWC0001", ("080650",), "vfat", "BODYCAM", 7, 4096
    )
    assert why_no_recorder(seen) is None


def test_a_stick_that_is_a_keyboard_as_well_is_refused() -> None:
    reason = why_no_recorder(volume_seen(STICK | {"ID_USB_INTERFACES": ":080650:030101:"}, 4096, 7))
    assert reason == "interfaces: keyboard or mouse"


def test_a_device_that_tells_no_interfaces_is_refused() -> None:
    silent = {name: value for name, value in STICK.items() if name != "ID_USB_INTERFACES"}
    assert why_no_recorder(volume_seen(silent, 4096, 7)) == "interfaces: nothing it tells"


@pytest.mark.parametrize("kind", ["ntfs", "hfsplus", "btrfs", "iso9660", None])
def test_a_file_system_nobody_asked_for_is_refused(kind: str | None) -> None:
    said = {name: value for name, value in STICK.items() if name != "ID_FS_TYPE"} | (
        {"ID_FS_TYPE": kind} if kind else {}
    )
    assert why_no_recorder(volume_seen(said, 4096, 7)) == f"file system: {kind or 'none'}"


def test_a_keyboard_alone_has_a_port_and_a_key() -> None:
    said = {
        "ID_PATH": "pci-0000:00:04.0-usb-0:3",
        "ID_VENDOR_ID": "0627",
        "ID_MODEL_ID": "0001",
        "ID_USB_INTERFACES": ":030101:",
    }
    seen = stranger_seen(said, "1-3")
    assert (seen.name, seen.port, seen.key) == ("usb:1-3", "pci-0000:00:04.0/3", "0627:0001:-")
    assert why_no_recorder(seen) == "interfaces: keyboard or mouse"


def test_a_loop_device_is_its_own_port_and_has_no_interfaces() -> None:
    said = {"DEVNAME": "/dev/loop3", "DEVTYPE": "disk", "ID_FS_TYPE": "ext4", "ID_FS_LABEL": "BWC", "ID_FS_UUID": "u-1"}
    seen = volume_seen(said, 1024, None)
    assert (seen.port, seen.key, seen.interfaces) == ("loop/loop3", "loop:BWC:u-1", None)
    assert why_no_recorder(seen) is None


def test_missing_names_are_dashes() -> None:
    assert key_of({}) == "-:-:-"
    assert interfaces_of({"ID_USB_INTERFACES": ":080650:ff0000:"}) == ("080650", "ff0000")


def test_a_recorder_that_listens_to_its_own_protocol_first_is_no_disk_yet_and_not_refused() -> None:
    control = stranger_seen({"ID_VENDOR_ID": "4255", "ID_MODEL_ID": "0001", "ID_USB_INTERFACES": ":ff0000:"}, "1-1.3")
    assert control.usb == "4255:0001" and "vendor specific" in (why_no_recorder(control) or "")
    assert why_no_recorder(replace(control, driver="ambarella")) is None
    keyboard_too = {"ID_VENDOR_ID": "4255", "ID_MODEL_ID": "0001", "ID_USB_INTERFACES": ":ff0000:030101:"}
    typing = replace(stranger_seen(keyboard_too, "1-1.3"), driver="ambarella")
    assert "keyboard" in (why_no_recorder(typing) or "")


def test_a_volume_of_that_id_with_an_interface_of_its_maker_is_refused() -> None:
    strange = {**STICK, "ID_VENDOR_ID": "4255", "ID_USB_INTERFACES": ":ff0000:"}
    assert why_no_recorder(volume_seen(strange, 4096, 7)) == "interfaces: vendor specific"


def test_vendor_and_product_are_named_as_families_name_them_and_a_loop_device_has_none() -> None:
    assert volume_seen(STICK, 4096, 7).origin.usb == "46f4:0001"
    loop = {"DEVNAME": "/dev/loop3", "DEVTYPE": "disk", "ID_FS_LABEL": "BWC1", "ID_FS_UUID": "u"}
    assert volume_seen(loop, 4096, 7).usb is None
    unnamed = {name: value for name, value in STICK.items() if name != "ID_MODEL_ID"}
    assert volume_seen(unnamed, 4096, 7).usb is None
