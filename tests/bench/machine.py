"""What the figures were measured on, in words."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from dockd import __version__


def facts(targets: Path, throttle: str) -> list[tuple[str, str]]:
    """(what, which) of machine, system and programs."""
    return [
        ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("processor", f"{os.cpu_count()} cores, {_processor()}"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"),
        ("disk", _disk(targets)),
        ("system", f"{_system()}, Linux {platform.release()}"),
        ("dockd", f"{__version__}, Python {platform.python_version()}, blake3 {_package('blake3')}"),
        ("compared with", _versions()),
        ("source rate held by", throttle),
    ]


def load_average() -> str:
    """How busy the machine is, with everything that runs on it: 1 and 5 minutes."""
    one, five, _fifteen = os.getloadavg()
    return f"{one:.2f}, {five:.2f}"


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _disk(path: Path) -> str:
    device = os.stat(path).st_dev
    lines = [line.split(" ") for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    kinds = [words[words.index("-") + 1] for words in lines if words[2] == f"{os.major(device)}:{os.minor(device)}"]
    where = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    name = os.path.basename(os.path.realpath(where))
    return f"{kinds[0] if kinds else 'unknown file system'} on {name}" + (", virtual" if name.startswith("vd") else "")


def _system() -> str:
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else "unknown system"


def _package(name: str) -> str:
    from importlib.metadata import version

    return version(name)


def _versions() -> str:
    found = []
    for command in ("cp --version", "rsync --version", "rclone version", "b3sum --version", "ffprobe -version"):
        said = subprocess.run(command.split(), stdout=subprocess.PIPE, check=True, text=True).stdout
        version = re.search(r"\d+(?:\.\d+)+", said)
        found.append(f"{command.split()[0]} {version[0] if version else '?'}")
    said = subprocess.run(["exiftool", "-ver"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return ", ".join([*found, f"exiftool {said.strip()}"])
