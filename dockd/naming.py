"""A recorder's names made safe for a vault, a manifest and a screen.

Names on a recorder are bytes and may be anything. Here a printable name stays as it is, Chinese ones too; every byte
that could mislead a person or a tool becomes `%XX`. Two different names never become one.
"""

from __future__ import annotations

import os
import re

from hashing.digest import digest_of

# ext4, xfs and btrfs take 255 bytes a name.
NAME_LIMIT_BYTES = 255
# PATH_MAX is 4096, and the vault, its department, recorder, day and session come before.
PATH_LIMIT_BYTES = 2048
DEPTH_LIMIT = 64
DEEP_FOLDER = "deep"

# 128 bits: whoever made the card may look for two names with one shortened form; 64 bits would be an afternoon's work.
_HASH_DIGITS = 32
_EXTENSION_LIMIT_BYTES = 16
_LOOKS_SHORTENED = re.compile(rf"~(?=[0-9a-f]{{{_HASH_DIGITS}}}(?:\.[^.]*)?\Z)")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})?")

# What nearly every recorder uses, and what stays as it is: no need to look at each sign.
_ORDINARY = re.compile(rb"[A-Za-z0-9_-](?:[A-Za-z0-9_. -]{0,200}[A-Za-z0-9_-])?")

# Signs that print as nothing although Unicode counts them as letters or marks; and U+FFFD, which `b3sum --check` (1.2)
# refuses in a name.
_UNSEEN = frozenset(
    chr(code)
    for span in (
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xFFFD, 0xFFFD),
        (0xE0100, 0xE01EF),
    )
    for code in range(span[0], span[1] + 1)
)


def vault_path(path: bytes) -> str:
    """Where an entry of a recorder lies below a session's folder: relative, with `/`, UTF-8.

    Injective. Never leaves the folder, no component is longer than 255 bytes, and no line of a manifest is broken by
    it. Long names end in `~`, 32 digits of their BLAKE3 and the extension; paths that are too long or too deep become
    `deep/<32 digits of the path's BLAKE3>/<name>`.
    """
    parts = path.split(b"/")
    whole = "/".join(_shortened(part) for part in parts)
    if len(parts) > DEPTH_LIMIT or len(whole.encode()) > PATH_LIMIT_BYTES:
        return f"{DEEP_FOLDER}/{_hash(path)}/{_shortened(parts[-1])}"
    if parts[0] == DEEP_FOLDER.encode():
        # The recorder's own folder of that name must not meet ours.
        return _percent(parts[0][:1]) + whole[1:]
    return whole


def shown(path: bytes) -> str:
    """A path for screens, logs and the catalogue, in the same form as in the vault, nothing shortened. See `raw`."""
    return "/".join(part.decode() if _ORDINARY.fullmatch(part) else "".join(_tokens(part)) for part in path.split(b"/"))


def raw(text: str) -> bytes:
    """The bytes that `shown` made this text of. Raises ValueError when it never could have."""
    encoded = text.encode()
    out = bytearray()
    at = 0
    for found in _PERCENT.finditer(encoded):
        if found[1] is None:
            raise ValueError(f"a percent sign without its two digits: {text!r}")
        out += encoded[at : found.start()] + bytes([int(found[1], 16)])
        at = found.end()
    return bytes(out + encoded[at:])


def folder_name(text: str) -> str:
    """A department's or recorder's name as one folder. Injective; never empty, never `.` or `..`, no slash."""
    # Text that came from a file name may hold raw bytes as lone surrogates (PEP 383).
    return _shortened(text.encode("utf-8", "surrogateescape"))


def _shortened(name: bytes) -> str:
    """One component: escaped, and when it is too long cut before a whole sign and given its hash."""
    if _ORDINARY.fullmatch(name):
        return name.decode()
    tokens = _tokens(name)
    whole = "".join(tokens)
    if not whole:
        # No escaped name is a lone percent sign.
        return "%"
    whole = _LOOKS_SHORTENED.sub("%7E", whole)
    if len(whole.encode()) <= NAME_LIMIT_BYTES:
        return whole
    extension = os.path.splitext(whole)[1]
    if len(extension.encode()) > _EXTENSION_LIMIT_BYTES:
        extension = ""
    tail = f"~{_hash(name)}{extension}"
    room = NAME_LIMIT_BYTES - len(tail.encode())
    head: list[str] = []
    for token in tokens:
        room -= len(token.encode())
        if room < 0:
            break
        head.append(token)
    return "".join(head) + tail


def _tokens(name: bytes) -> list[str]:
    """The signs of an escaped component: one character, or one or more `%XX` that stand for one."""
    text = name.decode("utf-8", "surrogateescape")
    first = len(text) - len(text.lstrip(" ."))
    last = len(text.rstrip(" ."))
    return [
        sign if first <= place < last and _plain(sign) else _percent(sign.encode("utf-8", "surrogateescape"))
        for place, sign in enumerate(text)
    ]


def _plain(sign: str) -> bool:
    return sign.isprintable() and sign not in "%\\/" and sign not in _UNSEEN


def _percent(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)


def _hash(data: bytes) -> str:
    return digest_of(data).hex[:_HASH_DIGITS]
