"""Rule packs where they lie: the shipped ones, and the agency's own in `packs.d/` beside the settings file."""

from __future__ import annotations

import os
from importlib import resources

from retention.pack import Pack
from retention.pack_faults import PackFaults
from retention.pack_files import load

from ..config import Home


def packs_dir(home: Home) -> str:
    """The folder of the agency's own packs, absolute; on a station `/etc/dockd/packs.d`. It need not exist."""
    return os.path.join(os.path.dirname(home.config_file), "packs.d")


def known_packs(home: Home, *files: str) -> tuple[Pack, ...] | PackFaults:
    """The shipped packs, the agency's own and those of `files`, by name; or every fault of them.

    One of the same name takes the place of an earlier one; a file that lies among the agency's own is read once. Raises
    OSError when a file or folder that is there cannot be read.
    """
    given = {os.path.realpath(path) for path in files}
    own = [path for path in _own_files(packs_dir(home)) if os.path.realpath(path) not in given]
    return load(_shipped(), [(path, _bytes(path)) for path in own], [(path, _bytes(path)) for path in files])


def _shipped() -> list[tuple[str, bytes]]:
    folder = resources.files("retention") / "packs"
    return sorted((str(one), one.read_bytes()) for one in folder.iterdir() if one.name.endswith(".toml"))


def _own_files(folder: str) -> list[str]:
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".toml"))
    except FileNotFoundError:
        return []


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
