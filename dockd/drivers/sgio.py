"""SCSI commands to a device node by the ioctl SG_IO (Linux: include/scsi/sg.h, interface version 3)."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from types import TracebackType

SG_IO = 0x2285
_TO_DEVICE, _FROM_DEVICE, _NONE = -2, -3, -1
_SENSE_BYTES = 32
TIMEOUT_MS = 10_000


class _Header(ctypes.Structure):
    """struct sg_io_hdr."""

    _fields_ = [
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    ]


class SgIo:
    """A SCSI device, `/dev/sdb` or `/dev/sg1`. Vendor commands need CAP_SYS_RAWIO: this is root's work."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the device."""
        os.close(self._fd)

    def __enter__(self) -> SgIo:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def read(self, command: bytes, size_bytes: int) -> bytes:
        """Send a command; what came in answer. Raises OSError."""
        buffer = ctypes.create_string_buffer(size_bytes)
        left = self._carry(command, buffer, size_bytes, _FROM_DEVICE)
        return buffer.raw[: size_bytes - left]

    def write(self, command: bytes, data: bytes) -> None:
        """Send a command with data. Raises OSError."""
        buffer = ctypes.create_string_buffer(data, max(len(data), 1))
        self._carry(command, buffer, len(data), _TO_DEVICE if data else _NONE)

    def _carry(self, command: bytes, buffer: ctypes.Array[ctypes.c_char], size_bytes: int, direction: int) -> int:
        block = ctypes.create_string_buffer(command, len(command))
        sense = ctypes.create_string_buffer(_SENSE_BYTES)
        header = _Header(
            interface_id=ord("S"),
            dxfer_direction=direction,
            cmd_len=len(command),
            mx_sb_len=_SENSE_BYTES,
            dxfer_len=size_bytes,
            dxferp=ctypes.addressof(buffer),
            cmdp=ctypes.addressof(block),
            sbp=ctypes.addressof(sense),
            timeout=TIMEOUT_MS,
        )
        fcntl.ioctl(self._fd, SG_IO, header)
        if header.status or header.host_status or header.driver_status:
            # EIO is what the kernel gives for a command that failed when it sends it itself.
            said = f"{header.status:#x}/{header.host_status:#x}/{header.driver_status:#x}"
            raise OSError(errno.EIO, f"SCSI status {said}")
        return min(max(int(header.resid), 0), size_bytes)
