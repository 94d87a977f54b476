"""Fills a freshly made exFAT volume: no Linux tool does so without mounting it.

Every file is one contiguous run without a FAT chain, which is what a recorder leaves that writes one clip at a time
(exFAT file system specification, sections 3, 6 and 7; `fsck.exfat` calls the result clean).
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ENTRY = 32
BITMAP, UPCASE, FILE, STREAM, NAME = 0x81, 0x82, 0x85, 0xC0, 0xC1
FOLDER, ARCHIVE = 0x10, 0x20
ALLOCATED, CONTIGUOUS = 0x01, 0x02
UTC_OFFSET = 0x80


def _rotated_sum(data: bytes | bytearray, bits: int, skip: frozenset[int] = frozenset()) -> int:
    """The checksum of section 3.4 (32 bits), 6.3.3 and 7.6.3 (16 bits): rotate right by one, then add."""
    mask, total = (1 << bits) - 1, 0
    for place, byte in enumerate(data):
        if place not in skip:
            total = ((total >> 1) | (total << (bits - 1))) + byte & mask
    return total


class ExfatWriter:
    """Context manager: adds folders and files to the volume in `path`."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        boot = self._file.read(512)
        heap_at, self._clusters, root = struct.unpack_from("<III", boot, 88)
        self._sector_bytes: int = 1 << boot[108]
        self._cluster_bytes: int = self._sector_bytes << boot[109]
        self._heap_at: int = heap_at * self._sector_bytes
        # Path of a folder → its cluster and the bytes used in it.
        self._folders: dict[str, list[int]] = {"": [root, 0]}
        self._read_root(root)
        self._next: int = 2
        while self._bitmap[(self._next - 2) >> 3] >> ((self._next - 2) & 7) & 1:
            self._next += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._write(self._bitmap_at, bytes(self._bitmap))
        self._file.close()

    def set_serial(self, serial: int) -> None:
        """The volume serial number (blkid's UUID), in both boot regions with their checksums."""
        for first_sector in (0, 12):
            at = first_sector * self._sector_bytes
            region = bytearray(self._read(at, 11 * self._sector_bytes))
            struct.pack_into("<I", region, 100, serial)
            # VolumeFlags and PercentInUse stand outside the sum.
            total = _rotated_sum(region, 32, frozenset({106, 107, 112}))
            self._write(at, bytes(region) + struct.pack("<I", total) * (self._sector_bytes // 4))

    def add(self, name: str, data: bytes) -> None:
        """One file, with the folders it lies in. Raises ValueError when the volume or the folder is full."""
        folder, _slash, leaf = name.rpartition("/")
        self._add_folder(folder)
        first = self._allocate(-(-len(data) // self._cluster_bytes)) if data else 0
        if data:
            self._write(self._at(first), data)
        self._enter(folder, leaf, ARCHIVE, first, len(data))

    def _add_folder(self, path: str) -> None:
        if path in self._folders:
            return
        parent, _slash, leaf = path.rpartition("/")
        self._add_folder(parent)
        cluster = self._allocate(1)
        self._write(self._at(cluster), bytes(self._cluster_bytes))
        self._enter(parent, leaf, FOLDER, cluster, self._cluster_bytes)
        self._folders[path] = [cluster, 0]

    def _read_root(self, root: int) -> None:
        entries = self._read(self._at(root), self._cluster_bytes)
        for at in range(0, len(entries), ENTRY):
            cluster, length = struct.unpack_from("<IQ", entries, at + 20)
            if entries[at] == BITMAP:
                self._bitmap_at = self._at(cluster)
                self._bitmap = bytearray(self._read(self._bitmap_at, length))
            elif entries[at] == UPCASE:
                self._upcase = _upcase_table(self._read(self._at(cluster), length))
            elif entries[at] == 0:
                self._folders[""][1] = at
                return

    def _enter(self, folder: str, leaf: str, attributes: int, first: int, size: int) -> None:
        """Append an entry set (section 7.4, 7.6, 7.7) to a folder."""
        units = leaf.encode("utf-16-le")
        length = len(units) // 2
        upper = [self._upcase.get(unit, unit) for unit in struct.unpack(f"<{length}H", units)]
        name_hash = _rotated_sum(struct.pack(f"<{length}H", *upper), 16)
        names = [units[at : at + 30].ljust(30, b"\0") for at in range(0, len(units), 30)]
        now = time.gmtime()
        stamp = (now.tm_year - 1980) << 25 | now.tm_mon << 21 | now.tm_mday << 16
        stamp |= now.tm_hour << 11 | now.tm_min << 5 | now.tm_sec // 2
        entries = bytearray(struct.pack("<BBHHHIII", FILE, 1 + len(names), 0, attributes, 0, stamp, stamp, stamp))
        entries += struct.pack("<BBBBB7x", 0, 0, UTC_OFFSET, UTC_OFFSET, UTC_OFFSET)
        flags = ALLOCATED | CONTIGUOUS if size else ALLOCATED
        entries += struct.pack("<BBBBHHQIIQ", STREAM, flags, 0, length, name_hash, 0, size, 0, first, size)
        for part in names:
            entries += struct.pack("<BB30s", NAME, 0, part)
        struct.pack_into("<H", entries, 2, _rotated_sum(entries, 16, frozenset({2, 3})))
        place = self._folders[folder]
        if place[1] + len(entries) > self._cluster_bytes:
            raise ValueError(f"/{folder} has no room for one more name")
        self._write(self._at(place[0]) + place[1], bytes(entries))
        place[1] += len(entries)

    def _allocate(self, clusters: int) -> int:
        first = self._next
        if first - 2 + clusters > self._clusters:
            raise ValueError("the volume is full")
        for cluster in range(first - 2, first - 2 + clusters):
            self._bitmap[cluster >> 3] |= 1 << (cluster & 7)
        self._next += clusters
        return first

    def _at(self, cluster: int) -> int:
        return self._heap_at + (cluster - 2) * self._cluster_bytes

    def _read(self, at: int, length: int) -> bytes:
        self._file.seek(at)
        return self._file.read(length)

    def _write(self, at: int, data: bytes) -> None:
        self._file.seek(at)
        self._file.write(data)


def _upcase_table(raw: bytes) -> dict[int, int]:
    """Section 7.2.5: 0xFFFF and a count stand for so many characters that are their own upper case."""
    table: dict[int, int] = {}
    units = iter(struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2]))
    code = 0
    for unit in units:
        if unit == 0xFFFF:
            code += next(units, 0)
            continue
        if unit != code:
            table[code] = unit
        code += 1
    return table
