"""Programs where recordings should be (duty D23): known by their first bytes, or by what their name promises. Pure."""

from __future__ import annotations

import re
import struct

# So many bytes of a file's head are enough for every sign looked for here.
HEAD_BYTES = 4096

# What another computer would run, or open by itself (Windows, macOS, Android, Unix).
EXTENSIONS = frozenset(
    [
        "apk",
        "app",
        "bat",
        "cmd",
        "com",
        "command",
        "cpl",
        "deb",
        "desktop",
        "dll",
        "dmg",
        "elf",
        "exe",
        "hta",
        "inf",
        "jar",
        "jnlp",
        "js",
        "jse",
        "ko",
        "lnk",
        "msi",
        "msp",
        "pif",
        "pkg",
        "ps1",
        "psm1",
        "py",
        "reg",
        "rpm",
        "scr",
        "sh",
        "so",
        "sys",
        "url",
        "vb",
        "vbe",
        "vbs",
        "wsf",
        "wsh",
    ]
)

_MACH_O = {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"}
# `#!AMR` begins a voice recording (RFC 4867, 5.1): a script names its interpreter by a path.
_SCRIPT = re.compile(rb"(?:\xef\xbb\xbf)?#![ \t]*/[ -~]{2,}")
_ZIP, _ZIP_NAME_AT = b"PK\x03\x04", 30


def program_in(head: bytes) -> str | None:
    """What kind of program begins with these bytes: "pe", "dos", "elf", "mach-o", "script", "apk", "jar", "dex", "lnk";
    None for anything else. `head` is the first HEAD_BYTES of a file, or all of a shorter one.

    Sources: PE/COFF specification (MZ, e_lfanew, PE), System V ABI (ELF identification), Mach-O headers (loader.h,
    fat.h), MS-SHLLINK 2.1, Dalvik executable format, APPNOTE 4.3.7 (ZIP). A file of random bytes or a recording passes:
    every sign but the DOS one is checked beyond its first letters.
    """
    if head[:2] in (b"MZ", b"ZM"):
        return _mz(head)
    if head[:4] == b"\x7fELF" and len(head) > 6 and head[4] in (1, 2) and head[5] in (1, 2) and head[6] == 1:
        return "elf"
    if head[:4] in _MACH_O or _fat_binary(head):
        return "mach-o"
    if _SCRIPT.match(head):
        return "script"
    if head[:4] == b"dex\n" and head[7:8] == b"\0":
        return "dex"
    if head[:8] == b"L\0\0\0\x01\x14\x02\0":
        return "lnk"
    return _archive(head)


def program_named(name: str) -> str | None:
    """The extension by which a file promises to be a program; None when it promises nothing of the kind."""
    # Windows passes over blanks and dots at the end.
    extension = name.rstrip(" .").rpartition(".")[2].lower() if "." in name else ""
    return extension if extension in EXTENSIONS else None


def _mz(head: bytes) -> str | None:
    if len(head) < 64:
        return None
    (at,) = struct.unpack_from("<I", head, 60)
    if head[at : at + 4] == b"PE\0\0":
        return "pe"
    # A DOS program says how its last page is filled (less than 512 bytes) and how many pages it has (at least one).
    last, pages = struct.unpack_from("<HH", head, 2)
    return "dos" if last < 512 and 0 < pages < 4096 else None


def _fat_binary(head: bytes) -> bool:
    """A Mach-O for several processors. Java's class files begin alike; they count their version from 45 up."""
    return head[:4] == b"\xca\xfe\xba\xbe" and len(head) >= 8 and 0 < struct.unpack_from(">I", head, 4)[0] < 45


def _archive(head: bytes) -> str | None:
    if head[:4] != _ZIP or len(head) < _ZIP_NAME_AT:
        return None
    if b"AndroidManifest.xml" in head or b"classes.dex" in head:
        return "apk"
    return "jar" if b"META-INF/" in head else None
