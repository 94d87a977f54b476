"""Disks of recorders, filled without mounting anything: vfat, exFAT or ext4; MBR, GPT or no table; several partitions.

    make(path, Volume(files), table="mbr")
    make(path, Volume(files, kind="vfat"), Volume(more, kind="ext4"), table="gpt")

vfat is filled by mtools, ext4 by mke2fs, exFAT by `exfat.py`. Images are sparse. Needs dosfstools, exfatprogs, mtools,
e2fsprogs and fdisk.
"""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.machine.exfat import ExfatWriter

MIB = 1 << 20
# Card formatters begin the first partition at 1 MiB; GPT keeps its second table in the last 33 sectors.
ALIGN = MIB
TYPES = {
    ("dos", "vfat"): "c", ("dos", "exfat"): "7", ("dos", "ext4"): "83", ("dos", "ext2"): "83",
    ("gpt", "vfat"): "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", ("gpt", "exfat"): "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
    ("gpt", "ext4"): "0FC63DAF-8483-4772-8E79-3D69D8477DE4", ("gpt", "ext2"): "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
}  # fmt: skip
# ext2 is there to be refused.
Kind = Literal["vfat", "exfat", "ext4", "ext2"]
Table = Literal["mbr", "gpt"]
SERIAL, OFFICER = "4500123", "012345"


@dataclass(frozen=True, slots=True)
class Volume:
    """One file system and what lies on it."""

    files: Mapping[str, bytes]
    kind: Kind = "vfat"
    size_mib: int = 128
    label: str = "BODYCAM"
    volume_id: int = 0xB0D10001


def recording(number: int, size_bytes: int = MIB) -> tuple[str, bytes]:
    """Name and content of a recording as a police recorder has it (GA/T 947.2); the same number gives the same one."""
    name = f"{SERIAL}/20251120/{SERIAL}_{OFFICER}_20251120{8 + number // 60:02d}{number % 60:02d}00.mp4"
    return name, random.Random(number).randbytes(size_bytes)


def recordings(count: int, size_bytes: int = MIB, first: int = 0) -> dict[str, bytes]:
    """So many of them."""
    return dict(recording(first + number, size_bytes) for number in range(count))


def make(path: Path, *volumes: Volume, table: Table | None = "mbr") -> Path:
    """The disk with these volumes in this order; without a table there is one. Raises CalledProcessError."""
    assert table is not None or len(volumes) == 1
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        at_bytes = 0 if table is None else ALIGN
        with path.open("wb") as disk:
            disk.truncate(sum(one.size_mib for one in volumes) * MIB + (0 if table is None else 2 * ALIGN))
        if table is not None:
            _partition(path, "dos" if table == "mbr" else "gpt", volumes)
        for volume in volumes:
            made = Path(folder) / "volume"
            _format(made, volume, at_bytes // 512)
            _lay_in(made, path, at_bytes)
            at_bytes += volume.size_mib * MIB
    return path


def _partition(path: Path, label: Literal["dos", "gpt"], volumes: tuple[Volume, ...]) -> None:
    lines = [f"label: {label}", "unit: sectors"]
    start = ALIGN // 512
    for volume in volumes:
        sectors = volume.size_mib * MIB // 512
        lines.append(f"start={start}, size={sectors}, type={TYPES[label, volume.kind]}")
        start += sectors
    _tool("sfdisk", "--quiet", path, stdin="\n".join(lines) + "\n")


def _format(made: Path, volume: Volume, hidden_sectors: int) -> None:
    made.unlink(missing_ok=True)
    with made.open("wb") as file:
        file.truncate(volume.size_mib * MIB)
    if volume.kind == "vfat":
        _tool(
            "mkfs.vfat", "-F", "32", "-n", volume.label, "-i", f"{volume.volume_id:08x}", "-h", hidden_sectors,
            *(["-I"] if hidden_sectors == 0 else []), made,
        )  # fmt: skip
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:
            _as_tree(Path(folder), volume.files)
            tops = sorted(Path(folder).iterdir())
            if tops:
                _tool("mcopy", "-s", "-m", "-i", made, *tops, "::")
    elif volume.kind == "exfat":
        _tool("mkfs.exfat", "-L", volume.label, made)
        with ExfatWriter(made) as exfat:
            exfat.set_serial(volume.volume_id)
            for name, data in sorted(volume.files.items()):
                exfat.add(name, data)
    else:
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:
            _as_tree(Path(folder), volume.files)
            _tool(
                "mke2fs", "-q", "-F", "-t", volume.kind, "-L", volume.label, "-E", "root_owner=0:0", "-d", folder, made
            )


def _as_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.chmod(0o755)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _tool(*command: str | int | Path, stdin: str = "") -> None:
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC", "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, text=True, input=stdin, env=environment
    )


def _lay_in(source: Path, disk: Path, at_bytes: int) -> None:
    """Copy into the disk what is data; holes stay holes."""
    with source.open("rb") as file, disk.open("r+b") as out:
        end = os.fstat(file.fileno()).st_size
        position = 0
        while True:
            try:
                position = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:
                return
            hole = os.lseek(file.fileno(), position, os.SEEK_HOLE)
            file.seek(position)
            out.seek(at_bytes + position)
            while position < hole:
                position += out.write(file.read(min(MIB, hole - position)))
            if position >= end:
                return
