"""Bulk transfers to a USB device without a driver, by ioctls of usbfs (Linux: include/uapi/linux/usbdevice_fs.h)."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from types import TracebackType

_DEVICE_DESCRIPTOR_BYTES = 18
_IOC_READ, _IOC_READ_WRITE = 2, 3


class _Transfer(ctypes.Structure):
    """struct usbdevfs_bulktransfer."""

    _fields_ = [
        ("ep", ctypes.c_uint),
        ("len", ctypes.c_uint),
        ("timeout", ctypes.c_uint),
        ("data", ctypes.c_void_p),
    ]


def _code(direction: int, number: int, size_bytes: int) -> int:
    """_IOC() of asm-generic/ioctl.h for the type 'U'."""
    return direction << 30 | size_bytes << 16 | ord("U") << 8 | number


BULK = _code(_IOC_READ_WRITE, 2, ctypes.sizeof(_Transfer))
CLAIM_INTERFACE = _code(_IOC_READ, 15, ctypes.sizeof(ctypes.c_uint))
RELEASE_INTERFACE = _code(_IOC_READ, 16, ctypes.sizeof(ctypes.c_uint))


class UsbFs:
    """One interface of a USB device, `/dev/bus/usb/001/004`.

    Raises OSError, EBUSY when a driver holds the interface.
    """

    def __init__(
        self, path: str, *, out_endpoint: int, in_endpoint: int, interface: int = 0, timeout_s: float = 3.0
    ) -> None:
        self._out, self._in, self._interface = out_endpoint, in_endpoint, interface
        self._timeout_ms = int(timeout_s * 1000)
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(self._fd, CLAIM_INTERFACE, struct.pack("I", interface))
        except BaseException:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Give the interface back; one whose device is gone needs no giving back."""
        try:
            fcntl.ioctl(self._fd, RELEASE_INTERFACE, struct.pack("I", self._interface))
        except OSError:
            pass
        finally:
            os.close(self._fd)

    def __enter__(self) -> UsbFs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def descriptor(self) -> bytes:
        """The device descriptor, which the kernel gives to whoever reads the node from its beginning."""
        return os.pread(self._fd, _DEVICE_DESCRIPTOR_BYTES, 0)

    def write(self, data: bytes) -> None:
        """Send to the OUT endpoint. Raises OSError, ETIMEDOUT when nobody takes it."""
        buffer = ctypes.create_string_buffer(data, len(data))
        self._carry(self._out, buffer, len(data))

    def read(self, limit_bytes: int) -> bytes:
        """Receive from the IN endpoint. Raises OSError, ETIMEDOUT when nothing comes."""
        buffer = ctypes.create_string_buffer(limit_bytes)
        received = self._carry(self._in, buffer, limit_bytes)
        return buffer.raw[:received]

    def _carry(self, endpoint: int, buffer: ctypes.Array[ctypes.c_char], size_bytes: int) -> int:
        transfer = _Transfer(ep=endpoint, len=size_bytes, timeout=self._timeout_ms, data=ctypes.addressof(buffer))
        moved: int = fcntl.ioctl(self._fd, BULK, transfer)
        return moved
