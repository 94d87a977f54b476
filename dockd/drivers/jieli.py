"""The SCSI commands of police recorders with a JieLi chip, behind the inquiry string `DV16 DEVICE V1.00`.

Source: one public library for Windows (USBJL) that implements the interface of GA/T 947 for this chip. Not tried on a
recorder. Command block, 16 bytes: [0] 0xFD reads and 0xFB writes, [1] 0x81 reads and 0x82 writes, [5] which command,
[6:8] how many bytes of data, big endian. Numbers in the data are little endian, structures packed. After a command the
device tells in four bytes whether it went well (0). The password is compared on the computer, so it protects nothing
and is not asked for. No command reads the clock.
"""

from __future__ import annotations

import struct
from datetime import datetime
from enum import IntEnum
from typing import NoReturn

from .control import Ability, Identified, NotStated, Refusal, Scsi

NAME = "jieli"
INQUIRY = "DV16 DEVICE V1.00"

# SPC-4, 6.4: INQUIRY; vendor and product are bytes 8-15 and 16-31 of 36.
_INQUIRY_BYTES = 36
_INQUIRY = bytes((0x12, 0, 0, 0, _INQUIRY_BYTES, 0))
_READ, _WRITE = (0xFD, 0x81), (0xFB, 0x82)
# Serial, officer's number, officer's name, number and name of the unit, as that library packs them: no end marks. The
# standard's own structure has one more byte for each.
_INFO = struct.Struct("<7s6s32s12s32s")
_CLOCK = struct.Struct("<H5B")


class Command(IntEnum):
    """Byte 5 of the block."""

    INIT = 1
    GET_ID_CODE = 2
    GET_INFO = 3
    SET_CLOCK = 5
    DISK_MODE = 6
    BATTERY = 8
    CARD_STATUS = 12
    STATUS = 14


class JieLi:
    """A recorder of this kind behind `scsi`."""

    abilities = frozenset({Ability.IDENTIFY, Ability.SET_CLOCK, Ability.BATTERY, Ability.DISK_MODE})

    def __init__(self, scsi: Scsi) -> None:
        self._scsi = scsi

    def identify(self) -> Identified | None:
        """Who it is; None when its inquiry string is another: no command of this chip is sent to such a device.

        Raises OSError, Refusal.
        """
        answer = self._scsi.read(_INQUIRY, _INQUIRY_BYTES)
        said = answer[8:32].decode("ascii", "replace")
        if "".join(said.split()).strip("\0").lower() != INQUIRY.replace(" ", "").lower():
            return None
        self._scsi.write(_block(_WRITE, Command.INIT, 0), b"")
        code = _text(self._ask(Command.GET_ID_CODE, 6))
        serial, officer, name, unit, unit_name = map(_text, _INFO.unpack(self._ask(Command.GET_INFO, _INFO.size)))
        details = {"id_code": code, "officer_name": name, "unit": unit, "unit_name": unit_name}
        return Identified(NAME, serial or None, officer or None, {key: text for key, text in details.items() if text})

    def set_clock(self, local_now: datetime) -> None:
        """Set the clock, and see that the device says it went well. Raises OSError, Refusal."""
        now = local_now
        data = _CLOCK.pack(now.year, now.month, now.day, now.hour, now.minute, now.second)
        self._scsi.write(_block(_WRITE, Command.SET_CLOCK, len(data)), data)
        self._check(Command.SET_CLOCK)

    def battery(self) -> int:
        """The number it gives; the library does not say of what, its example is 88. Raises OSError, Refusal."""
        (value,) = struct.unpack("<i", self._ask(Command.BATTERY, 4))
        return int(value)

    def enter_disk_mode(self) -> None:
        """Make it a disk. Raises OSError; Refusal when it has no card."""
        card = self._read(Command.CARD_STATUS, 4)
        if card[0] == 0:
            raise Refusal(NAME, "card", card)
        self._scsi.write(_block(_WRITE, Command.DISK_MODE, 0), b"")

    def read_clock(self) -> NoReturn:
        """Raises NotStated."""
        raise NotStated(NAME, Ability.READ_CLOCK)

    def _ask(self, command: Command, size_bytes: int) -> bytes:
        answer = self._read(command, size_bytes)
        self._check(command)
        return answer

    def _read(self, command: Command, size_bytes: int) -> bytes:
        answer = self._scsi.read(_block(_READ, command, size_bytes), size_bytes)
        if len(answer) < size_bytes:
            raise Refusal(NAME, command.name.lower(), answer)
        return answer

    def _check(self, command: Command) -> None:
        status = self._read(Command.STATUS, 4)
        if status[0] != 0:
            raise Refusal(NAME, command.name.lower(), status)


def _block(way: tuple[int, int], command: Command, size_bytes: int) -> bytes:
    return struct.pack(">BBxxxBH8x", *way, command, size_bytes)


def _text(field: bytes) -> str:
    """A field of fixed width, in the GBK of Chinese programs; empty when it is none or not printable."""
    raw = field.split(b"\0", 1)[0]
    try:
        text = raw.decode("gb18030").strip()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
