"""Files of `key=value` lines on a recorder: a station tool's binding file (`station_bind.ini`: who the recorder is and
to whom it was given), and state that a recorder writes itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .family import IniFile

# The real ones have five lines. A larger file is something else under that name.
LIMIT_BYTES = 64 * 1024
_VALUE_LIMIT = 120
_LINE = re.compile(r"\s*([^=\[;#][^=]*?)\s*=\s*(.*?)\s*")


def read_ini(data: bytes, asked: IniFile) -> Mapping[str, str]:
    """What the file says of what `asked` asks for, by its names there ("recorder", "officer", "battery_percent" …).

    Sections and comments are passed over; of a key that stands there twice the first one counts. A value that is
    empty, too long to be meant, or not printable is left out: it would end up in names and on screens.
    """
    text = _decoded(data, asked.encodings)
    stated: dict[str, str] = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is not None:
            stated.setdefault(found[1].lower(), found[2].strip('"'))
    said = {}
    for name, keys in asked.keys.items():
        value = next((stated[key] for key in keys if stated.get(key)), "")
        if value and len(value) <= _VALUE_LIMIT and value.isprintable():
            said[name] = value
    return said


def _decoded(data: bytes, encodings: tuple[str, ...]) -> str:
    """The text by the first encoding that accepts all of it; empty when none does."""
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
