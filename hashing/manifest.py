"""Manifests: the text that `b3sum --check` and `sha256sum --check` read, to and from entries.

One line a file: 64 hex digits, two spaces, the path. A backslash or newline in a path is written `\\\\` or `\\n`, and a
backslash before the digest says so. `manifest.b3`, `manifest.sha256` and `manifest.sm3` share this text.

The tools differ at the edges, and an entry is fit only where all of them open the same file (measured with b3sum
1.2.0 and coreutils 9.1; b3sum 1.8 by its source): newer ones drop a carriage return at the end of a line and know the
escape `\\r`, b3sum 1.2.0 does neither; b3sum refuses U+FFFD and NUL; `-` is standard input to both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from .digest import Algorithm, Digest
from .errors import MalformedManifest, UnfitPath


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file: its path relative to the manifest's folder, with `/` between names, and its digest."""

    path: str
    digest: Digest


def render(entries: Iterable[ManifestEntry]) -> bytes:
    """The manifest's text, sorted by path.

    Raises UnfitPath for a path given twice and one that not every tool would open; ValueError when the digests are
    not all by one algorithm: a manifest's lines do not say which it is.
    """
    ordered = sorted(entries, key=lambda entry: entry.path)
    if len({entry.digest.algorithm for entry in ordered}) > 1:
        raise ValueError("digests by different algorithms in one manifest")
    for before, entry in pairwise(ordered):
        if before.path == entry.path:
            raise UnfitPath(entry.path, "given twice")
    return "".join(map(_line, ordered)).encode()


def parse(data: bytes, algorithm: Algorithm) -> list[ManifestEntry]:
    """The entries in the order of the text; `algorithm` is what the manifest's name says.

    Raises MalformedManifest for the first line that is no entry, is given twice, or has a path `render` would refuse:
    a manifest that points out of its folder is not followed.
    """
    entries: list[ManifestEntry] = []
    seen: set[str] = set()
    for number, raw in enumerate(_lines(data), start=1):
        entry = _entry(raw, algorithm)
        if entry is None or entry.path in seen:
            raise MalformedManifest(number, raw.decode(errors="backslashreplace"))
        seen.add(entry.path)
        entries.append(entry)
    return entries


def why_unfit(path: str) -> str | None:
    """Why no manifest can carry `path` for every tool, or None when it can."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    if "\0" in path:
        return "NUL"
    if "\ufffd" in path:
        return "replacement character"
    if path.endswith("\r"):
        return "carriage return at the end"
    if path == "-":
        return "means standard input"
    if any(name in ("", ".", "..") for name in path.split("/")):
        return "not a plain relative path"
    return None


_LINE = re.compile(rb"(\\?)([0-9a-f]{64})  (.+)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPED = {"n": "\n", "\\": "\\"}


def _line(entry: ManifestEntry) -> str:
    reason = why_unfit(entry.path)
    if reason is not None:
        raise UnfitPath(entry.path, reason)
    escaped = entry.path.replace("\\", "\\\\").replace("\n", "\\n")
    mark = "\\" if escaped != entry.path else ""
    return f"{mark}{entry.digest.hex}  {escaped}\n"


def _lines(data: bytes) -> list[bytes]:
    """Split at newlines only: str.splitlines would also split at characters that a path may hold."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _entry(raw: bytes, algorithm: Algorithm) -> ManifestEntry | None:
    match = _LINE.fullmatch(raw)
    if match is None:
        return None
    try:
        path = match[3].decode()
        if match[1]:
            path = _ESCAPE.sub(lambda found: _ESCAPED[found[1]], path)
    except (UnicodeDecodeError, KeyError):
        return None
    if why_unfit(path) is not None:
        return None
    return ManifestEntry(path, Digest(algorithm, bytes.fromhex(match[2].decode())))
