"""The real transports, as far as a machine without recorders has what they speak to."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from dockd.drivers import sgio, usbfs


def test_the_codes_of_usbfs_are_those_of_the_kernel() -> None:
    # USBDEVFS_BULK, USBDEVFS_CLAIMINTERFACE and USBDEVFS_RELEASEINTERFACE on a 64-bit kernel, as strace prints them.
    assert (usbfs.BULK, usbfs.CLAIM_INTERFACE, usbfs.RELEASE_INTERFACE) == (0xC0185502, 0x8004550F, 0x80045510)


def test_a_plain_file_is_no_usb_device_and_is_left_closed(tmp_path: Path) -> None:
    (tmp_path / "node").write_bytes(b"")
    with pytest.raises(OSError) as raised:
        usbfs.UsbFs(str(tmp_path / "node"), out_endpoint=1, in_endpoint=0x81)
    assert raised.value.errno == errno.ENOTTY


def test_a_plain_file_takes_no_scsi_command(tmp_path: Path) -> None:
    (tmp_path / "node").write_bytes(b"")
    with sgio.SgIo(str(tmp_path / "node")) as device, pytest.raises(OSError) as raised:
        device.read(bytes(6), 36)
    assert raised.value.errno == errno.ENOTTY


def test_the_header_of_sg_io_has_the_kernels_size() -> None:
    # sizeof(struct sg_io_hdr) is 88 on 64-bit Linux.
    assert sgio.ctypes.sizeof(sgio._Header) == 88
