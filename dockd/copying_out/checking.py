"""Kept copies against the log: what was given is there as it was given, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from catalog.requests.model import GivenCopy
from catalog.requests.queries import copies_given_on
from hashing.digest import Algorithm, digest_of
from hashing.errors import MalformedManifest
from hashing.manifest import parse as parse_manifest
from retention.fixity import examine

from ..finding import Finding
from ..station import Station
from ..vault import Vault
from .bag import BAGIT, COPY_FILE, TAG_MANIFEST, UNFINISHED
from .kept import unknown_files
from .order import NotAsRecorded, Piece


def kept_copies(station: Station, on_bytes: Callable[[int], None] | None = None) -> Iterator[Finding]:
    """All that is wrong with copies of what was given. Raises TargetFault, CatalogFault."""
    named: set[str] = set()
    for copy in copies_given_on(station.catalog):
        if copy.kept is not None:
            yield from _copy(station, copy, copy.kept, named, on_bytes)
    for path in unknown_files(station, named):
        yield Finding("file-unknown-to-catalogue", path)


def _copy(
    station: Station, copy: GivenCopy, kept: str, named: set[str], on_bytes: Callable[[int], None] | None
) -> Iterator[Finding]:
    """One kept bag: the log names its tag manifest, that names the statement, and that every recording."""
    tag_manifest = f"{kept}/{TAG_MANIFEST}"
    # Between the entry and the end of the work a copy still says that it is unfinished.
    named |= {tag_manifest, f"{kept}/{UNFINISHED}"}
    text = _read(station.vault, tag_manifest)
    if text is None:
        yield Finding("given-missing", tag_manifest)
        return
    found = str(digest_of(text, Algorithm.SHA256))
    if found != copy.bag_digest:
        yield Finding("given-differs-from-custody", tag_manifest, copy.bag_digest, found)
        return
    statement = b""
    try:
        listed = parse_manifest(text, Algorithm.SHA256)
    except MalformedManifest as error:
        yield Finding("manifest-unreadable", tag_manifest, found=error.line)
        return
    for entry in listed:
        path = f"{kept}/{entry.path}"
        named.add(path)
        tag = _read(station.vault, path)
        if tag is None:
            yield Finding("given-missing", path)
        elif digest_of(tag, Algorithm.SHA256) != entry.digest:
            yield Finding("given-different-digest", path, str(entry.digest), str(digest_of(tag, Algorithm.SHA256)))
        elif entry.path == COPY_FILE:
            statement = tag
    for one in json.loads(statement)["files"] if statement else ():
        path = f"{kept}/{one['path']}"
        named.add(path)
        result = examine(station.files, station.vault.at(path), one["size_bytes"], {"b3": one["b3"]}, on_bytes)
        if result.damage is not None:
            yield Finding(f"given-{result.damage.value}", path, result.expected, result.found)


def _read(vault: Vault, path: str) -> bytes | None:
    try:
        return vault.read(path)
    except FileNotFoundError:
        return None


def kept_bag(station: Station, copy: GivenCopy) -> tuple[dict[str, bytes], list[Piece]]:
    """The tag files of a kept copy but `bagit.txt`, and the pieces of its payload, as they were given.

    Raises NotAsRecorded, TargetFault, CatalogFault.
    """
    tags: dict[str, bytes] = {}
    text = _same(station.vault, f"{copy.kept}/{TAG_MANIFEST}", copy.bag_digest)
    for entry in parse_manifest(text, Algorithm.SHA256):
        tags[entry.path] = _same(station.vault, f"{copy.kept}/{entry.path}", str(entry.digest))
    pieces = [
        Piece(one["path"], one["what"], station.catalog.find_clip(one["clip"]), one["size_bytes"], one["b3"])
        for one in json.loads(tags[COPY_FILE])["files"]
    ]
    tags[TAG_MANIFEST] = text
    return {path: tag for path, tag in tags.items() if path != BAGIT}, pieces


def _same(vault: Vault, path: str, digest: str) -> bytes:
    text = _read(vault, path)
    found = "" if text is None else str(digest_of(text, Algorithm.SHA256))
    if text is None or found != digest:
        raise NotAsRecorded(path, digest, found)
    return text
