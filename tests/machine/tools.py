"""Programs of the building machine for a guest that has none of them: the guest is the same release, so they run there.

Real exiftool and ffprobe with all they load, and a PostgreSQL server: some 300 MB, which only the plays that need them
pay for. Each is a tar that the guest unpacks from a disk.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

POSTGRES_DATA = "/srv/postgresql"
_PAPERS = re.compile(r"/usr/share/(doc|man|locale|lintian|info)/")


def parsers(folder: Path) -> Path:
    """exiftool with its perl, ffprobe with its libraries."""
    files = {"/usr/bin/exiftool", "/usr/bin/ffprobe", *_libraries("/usr/bin/ffprobe")}
    files.update(_of_packages("libimage-exiftool-perl", "perl", "perl-modules-5*", "libperl5*"))
    return _pack(folder / "parsers.tar", files)


def postgresql(folder: Path) -> tuple[Path, str]:
    """A server with an empty cluster in POSTGRES_DATA that trusts whoever comes, and the path of its program."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    server = str(programs / "postgres")
    files = {server, *_libraries(server), *map(str, (programs.parent / "lib").glob("*.so"))}
    files.update(str(path) for path in Path("/usr/share/postgresql", programs.parent.name).rglob("*"))
    tar = _pack(folder / "postgresql.tar", files)
    with tempfile.TemporaryDirectory() as data, tarfile.open(tar, "a") as out:
        # The server's programs refuse root.
        shutil.chown(data, "postgres", "postgres")
        command = [f"{programs}/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*command, "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd=data,
            user="postgres", group="postgres", extra_groups=[],
        )  # fmt: skip
        out.add(data, POSTGRES_DATA)
    return tar, server


def film(folder: Path) -> bytes:
    """A film of a second that parsers understand."""
    path = folder / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=1"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *picture, "-metadata", "creation_time=2025-11-20T00:00:00Z", path], check=True
    )
    return path.read_bytes()


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _of_packages(*patterns: str) -> Iterator[str]:
    """Files of installed packages, without their papers."""
    known = _said("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${binary:Package}\n", *patterns).splitlines()
    names = [line.split()[1] for line in known if line.startswith("ii ")]
    for line in _said("dpkg-query", "-L", *names).splitlines():
        if line.startswith("/usr/") and not _PAPERS.match(line):
            yield line


def _libraries(program: str) -> list[str]:
    """What the linker loads for a program, under the names it asks for."""
    return re.findall(r"=> (/\S+)", _said("ldd", program))


def _pack(tar: Path, files: Iterable[str]) -> Path:
    with tarfile.open(tar, "w") as out:
        for name in sorted(set(files)):
            if os.path.isfile(name):
                # The guest has merged /usr; and what a link leads to lies under the link's own name.
                out.add(os.path.realpath(name), name if name.startswith("/usr/") else f"/usr{name}")
    return tar
