"""The text protocol of Ambarella recorders before they are a disk: USB id 4255:0001, bulk OUT 0x01 and IN 0x81.

Source: two public programs that speak it, and vendor facts. Not tried on a recorder. A message is
`@<three letters>;<number>;<text>;#`; the number says how long the text is, but of the time it says 6 where eight digits
are sent (hhmmss and `00`): it is sent as those programs send it. Nobody states how time or battery are read.
"""

from __future__ import annotations

import re
import struct
from datetime import datetime
from typing import NoReturn

from .control import Ability, Bulk, Identified, NotStated, Refusal

NAME = "ambarella"
USB_ID = (0x4255, 0x0001)
OUT_ENDPOINT, IN_ENDPOINT = 0x01, 0x81
# Those programs read up to 64 bytes and wait three seconds.
ANSWER_LIMIT_BYTES = 64
TIMEOUT_S = 3.0

# The password protects nothing: it is the same for all.
_PASSWORD = "12345678"
_LOG_IN = b"@Ver;8;00000000;#"
_LOGGED_IN = b"Ver;OK"
_ID = re.compile(rb"@Gdv;[^;]*;([0-9A-Za-z_-]{1,32})[;#]", re.ASCII)


class Ambarella:
    """A recorder of this kind behind `bulk`. Logs in with the first message."""

    abilities = frozenset({Ability.IDENTIFY, Ability.SET_CLOCK, Ability.DISK_MODE})

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self._logged_in = False

    def identify(self) -> Identified | None:
        """Who it is; None when its USB id is another. Raises OSError, Refusal."""
        descriptor = self._bulk.descriptor()
        # idVendor and idProduct (USB 2.0, table 9-8).
        if len(descriptor) < 12 or struct.unpack_from("<HH", descriptor, 8) != USB_ID:
            return None
        answer = self._ask(f"@Gdv;8;{_PASSWORD};#".encode())
        found = _ID.search(answer)
        return Identified(NAME, found[1].decode() if found else None, None, {})

    def set_clock(self, local_now: datetime) -> None:
        """Set date, then time. Whether it took, no answer is known to say: the next docking shows it. Raises OSError,
        Refusal.
        """
        self._ask(f"@Sdt;8;{local_now:%Y%m%d};#".encode())
        self._ask(f"@Stm;6;{local_now:%H%M%S}00;#".encode())

    def enter_disk_mode(self) -> None:
        """Make it a disk. It may be gone before it answers, so only the sending counts. Raises OSError, Refusal."""
        self._log_in()
        self._bulk.write(f"@ATH;8;{_PASSWORD};#".encode())

    def read_clock(self) -> NoReturn:
        """Raises NotStated."""
        raise NotStated(NAME, Ability.READ_CLOCK)

    def battery(self) -> NoReturn:
        """Raises NotStated."""
        raise NotStated(NAME, Ability.BATTERY)

    def _log_in(self) -> None:
        if not self._logged_in:
            self._bulk.write(_LOG_IN)
            answer = self._bulk.read(ANSWER_LIMIT_BYTES)
            if _LOGGED_IN not in answer:
                raise Refusal(NAME, "log-in", answer)
            self._logged_in = True

    def _ask(self, message: bytes) -> bytes:
        """Send and wait for the answer. Its text is known only for logging in; that there is one is all we ask."""
        self._log_in()
        self._bulk.write(message)
        answer = self._bulk.read(ANSWER_LIMIT_BYTES)
        if not answer or b"ERROR" in answer:
            raise Refusal(NAME, message[1:4].decode(), answer)
        return answer
